"""The negatives of skip-gram and CBOW: from a pool that windows share and that is never all new.

The pool holds rows drawn from the noise, whose oldest is replaced every few pairs; a window takes K of them in a row,
round and round, from a random place on. So fewer rows are drawn and read from memory, what is in the pool stays in the
cache, and yet windows in a row seldom have a negative in common: three of them with the same ones cost a point or two
of analogies (docs/quality.md).

What is in the pool depends on the number of the pair in the run alone, so batches may be cut anywhere.
"""

from collections.abc import Mapping

import numpy as np

from tasks.kernels.alias import AliasTable, column_of, draw_row
from tasks.kernels.compiler import compiled_inline
from tasks.kernels.lanes import prefetch_number
from tasks.kernels.negative_sampling import Workspace, prefetch_row
from tasks.kernels.random_streams import STEP, below, mix
from tasks.kernels.tables import Table
from tasks.models import ModelName

POOL: Mapping[ModelName, int] = {"sgns": 512, "cbow": 128}
"""Rows in the pool, a power of two; docs/quality.md has other ones."""

PAIRS_A_NEGATIVE = 8
"""Pairs, of a window of each step, for which a row is drawn: for twice as many where two windows make a step. With
windows of six pairs and five negatives it serves seven steps before it goes."""

FEW = 5
"""Negatives of a window, for more of which rows are drawn the more often. For fewer they are not drawn less often: with
one negative and windows of twenty pairs, a row for two windows costs three points of WordSim-353 (docs/quality.md)."""


@compiled_inline
def drawn_before(pair: int, work: Workspace, centers: int) -> int:
    """How many rows have left the pool when this pair begins."""
    negatives = work.outputs.shape[1] - 2 * centers + 1  # of one window
    return int(pair * max(negatives, FEW) // (FEW * PAIRS_A_NEGATIVE * centers))


@compiled_inline
def begin_pool(work: Workspace, pair: int, centers: int = 1) -> None:
    """The pool is to be filled anew when this pair begins, the first of a batch. centers: how many a step has."""
    work.pooled[0] = drawn_before(pair, work, centers)


@compiled_inline
def refill_pool(
    context_vectors: Table, pair: int, key: np.uint64, noise: AliasTable, work: Workspace, centers: int
) -> None:
    """Draws what is new in the pool when this pair begins: number n of the stream goes to place n modulo the pool's
    size. For steps of one center it asks for the rows; see `take_outputs_of_two`."""
    size = len(work.pool)
    drawn = drawn_before(pair, work, centers) + size
    for number in range(work.pooled[0], drawn):
        row = draw_row(mix(key + np.uint64(number) * STEP), noise.thresholds, noise.aliases)
        work.pool[number & (size - 1)] = row
        if centers == 1:
            prefetch_row(context_vectors, row)
    work.pooled[0] = drawn


@compiled_inline
def ask_for_draw(number: int, key: np.uint64, noise: AliasTable) -> None:
    """Asks for what `draw_row` will read for this number of the stream; see docs/architecture.md for what it gains."""
    column = np.int64(column_of(mix(key + np.uint64(number) * STEP), len(noise.thresholds)))
    prefetch_number(noise.thresholds, column)
    prefetch_number(noise.aliases, column)


@compiled_inline
def place_in_pool(pair: int, key: np.uint64, size: int) -> np.int64:
    """Where the negatives of the pair begin."""
    # mixed twice: mixed once, the pool has been filled by it
    return np.int64(below(mix(mix(key + np.uint64(pair) * STEP)) >> np.uint64(32), np.uint64(size)))


@compiled_inline
def take_outputs(
    context_vectors: Table, work: Workspace, slot: int, center: int, pair: int, key: np.uint64, noise: AliasTable
) -> None:
    """outputs[slot] = the center and K negatives of the pool, in a row from a place that depends on the pair's number;
    the center is passed over, and where the pool holds nothing else, the word after it is the negative. Asks for the
    center's row."""
    refill_pool(context_vectors, pair, key, noise, work, 1)
    prefetch_row(context_vectors, center)
    work.outputs[slot, 0] = center
    size = len(work.pool)
    place = place_in_pool(pair, key, size)
    passed = 0
    for output in range(1, work.outputs.shape[1]):
        while work.pool[place & (size - 1)] == center and passed < size:
            place += 1
            passed += 1
        negative = work.pool[place & (size - 1)]
        work.outputs[slot, output] = negative if negative != center else (center + 1) % len(context_vectors)
        place += 1


@compiled_inline
def take_outputs_of_two(
    context_vectors: Table,
    work: Workspace,
    slot: int,
    centers: tuple[int, int],
    pair: int,
    key: np.uint64,
    noise: AliasTable,
) -> None:
    """The same for two windows in one step: outputs[slot] = both centers, and K + 1 negatives that are neither. Asks
    for no row: who moves the outputs of the step before does so meanwhile.

    Not one function for any number of centers: with them as a tuple, skip-gram's windows took 6 % longer."""
    refill_pool(context_vectors, pair, key, noise, work, len(centers))
    ask_for_draw(work.pooled[0], key, noise)
    one, other = centers
    work.outputs[slot, 0], work.outputs[slot, 1] = one, other
    size = len(work.pool)
    place = place_in_pool(pair, key, size)
    passed = 0
    for output in range(len(centers), work.outputs.shape[1]):
        negative = work.pool[place & (size - 1)]
        while negative in centers and passed < size:
            place += 1
            passed += 1
            negative = work.pool[place & (size - 1)]
        if negative in centers:
            negative = next_to(one, other, len(context_vectors))
        work.outputs[slot, output] = negative
        place += 1


@compiled_inline
def next_to(one: int, other: int, words: int) -> int:
    """The word after `one` that is not `other` either; of two words it is `one` itself."""
    following = (one + 1) % words
    return following if following != other else (other + 1) % words
