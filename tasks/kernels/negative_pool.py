"""CBOW's negatives: from a pool that windows share and that is never all new.

The pool holds POOL rows drawn from the noise, and every PAIRS_A_NEGATIVE pairs the oldest is replaced; a window takes K
of them in a row, round and round, from a random place on. So few rows are drawn and read from memory, what is in the
pool stays in the cache, and yet windows in a row seldom have a negative in common: three of them with the same ones
cost a point or two of analogies (docs/quality.md).

What is in the pool depends on the number of the pair in the run alone, so batches may be cut anywhere.
"""

import numpy as np

from tasks.kernels.alias import AliasTable, draw_row
from tasks.kernels.compiler import compiled_inline
from tasks.kernels.negative_sampling import POOL, Workspace, prefetch_row
from tasks.kernels.random_streams import STEP, below, mix
from tasks.kernels.tables import Table

PAIRS_A_NEGATIVE = 8
"""So a row that is drawn serves some seven windows before it goes."""


@compiled_inline
def begin_pool(work: Workspace, pair: int) -> None:
    """The pool is to be filled anew when this pair begins, the first of a batch."""
    work.pooled[0] = pair // PAIRS_A_NEGATIVE


@compiled_inline
def refill_pool(context_vectors: Table, pair: int, key: np.uint64, noise: AliasTable, work: Workspace) -> None:
    """Draws what is new in the pool when this pair begins, and asks for its rows: number n of the stream goes to place
    n % POOL, and POOL + pair // PAIRS_A_NEGATIVE have been drawn."""
    for number in range(work.pooled[0], POOL + pair // PAIRS_A_NEGATIVE):
        row = draw_row(mix(key + np.uint64(number) * STEP), noise.thresholds, noise.aliases)
        work.pool[number % POOL] = row
        prefetch_row(context_vectors, row)
    work.pooled[0] = POOL + pair // PAIRS_A_NEGATIVE


@compiled_inline
def take_outputs(
    context_vectors: Table, work: Workspace, slot: int, center: int, pair: int, key: np.uint64, noise: AliasTable
) -> None:
    """As `tasks.kernels.negative_sampling.draw_outputs`, from the pool. Where it holds the center alone, the word after
    it is the negative."""
    refill_pool(context_vectors, pair, key, noise, work)
    prefetch_row(context_vectors, center)
    work.outputs[slot, 0] = center
    # mixed twice: mixed once, the pool has been filled by it
    place = np.int64(below(mix(mix(key + np.uint64(pair) * STEP)) >> np.uint64(32), np.uint64(POOL)))
    passed = 0
    for output in range(1, work.outputs.shape[1]):
        while work.pool[place % POOL] == center and passed < POOL:
            place += 1
            passed += 1
        negative = work.pool[place % POOL]
        work.outputs[slot, output] = negative if negative != center else (center + 1) % len(context_vectors)
        place += 1
