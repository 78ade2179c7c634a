"""CBOW's walk over windows, two of which make a step.

The contexts of a window make one hidden vector, which is to tell the center from the negatives. Each context moves by
the gradient of what it had a share in (İrsoy, Benton, Stratos, "Corrected CBOW Performs as well as Skip-gram", 2021,
arXiv 2012.15332): by its share of the gradient of the hidden vector. word2vec.c and gensim leave the share out, and so
does `corrected=False`.

The hidden vector is the sum of n contexts divided by √n. The paper divides by n, which makes it the shorter the more
contexts there are: words that have little to do with each other add up to about √n times the length of one. With the
gradient corrected, that keeps the analogies back (docs/quality.md). `corrected=False` has word2vec's mean.

A hidden vector meets each row of its window once, so what takes the time is to read rows and to write them. Two windows
in a row have most of their contexts in common and, here, all negatives but one of each; as one step they read and write
them once for both. The contexts of both are added up once, and so is what moves them: that is half as many operations
as products of each context with its shares. With rows U of the outputs (both centers, and the negatives) and the hidden
vectors H [2, dim], the scores are H Uᵀ; by their slopes S, U moves by Sᵀ H, and the contexts by their shares of S U.
What is one window's alone has no slope of the other's, and no product is made for it (`outer_parts`, `inner_parts`).

The rows of the next step are asked for in the loops over columns, at each of them one cache line of each row. Asked for
whole, nine rows of 19 lines (dim 300) are more than a core can wait for at once, and it stands still meanwhile
(docs/architecture.md).
"""

import functools
from typing import Any, cast

import numpy as np

from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_inline, compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.hidden_vector import add_to_rows, in_bands, sum_of_rows
from tasks.kernels.lanes import (
    WIDTH,
    add_at,
    add_outer_parts,
    add_tiles,
    empty_block,
    inner_parts,
    load_at,
    load_below,
    load_columns,
    load_rows,
    outer_parts,
    prefetch,
    prefetch_at,
    row_starts,
    scale_tile,
    spread,
    spread_block,
    store_below,
    store_columns,
    store_sums,
    zeros,
)
from tasks.kernels.negative_pool import begin_pool, take_outputs_of_two
from tasks.kernels.negative_sampling import (
    Kernel,
    Workspace,
    pairs_of,
    rate_at,
    score_to_slope,
    settle_loss,
    widest_reach,
)
from tasks.kernels.tables import Table

WINDOWS = 2
"""Windows of a step, each with a center among the outputs and a hidden vector."""

Counts = tuple[int, int, int]
"""Of the contexts of one window alone, of both, of the other alone: the groups of `Workspace.contexts`."""

Shares = tuple[Any, Any]
"""A context's part in the hidden vector of each window, in all lanes."""


@functools.cache
def cbow_kernel(negatives: int, corrected: bool) -> Kernel:
    """The kernel for steps of so many negatives; compiled at its first call. For `corrected`: `Settings`.

    The first two windows of a batch that have pairs are its first step, so a batch begins one anew. Where one window is
    left, the step has a second one without contexts, and its hidden vector, zero, moves nothing.
    """
    outputs = outputs_of_step(negatives)

    @compiled_kernel
    def train(
        vectors: Table,
        context_vectors: Table,
        batch: Batch,
        first_pair: int,
        key: np.uint64,
        noise: AliasTable,
        schedule: Schedule,
        work: Workspace,
    ) -> float:
        words = batch.words
        blank = zeros(outputs)
        pair = first_pair
        slot = 0
        begin_pool(work, first_pair, WINDOWS)
        reach = widest_reach(batch)
        one, other = next_step(batch, batch.start)
        if one < batch.stop:
            centers = int(words[one]), int(words[other])
            take_outputs_of_two(context_vectors, work, slot, centers, pair, key, noise)
        while one < batch.stop:
            contexts = gather_step(batch, one, other, work)
            pairs, other_pairs = contexts[0] + contexts[1], contexts[1] + contexts[2]
            shares = spread(share_of(pairs, corrected)), spread(share_of(other_pairs, corrected))
            in_bands(add_up_band, vectors, work, contexts, shares)
            next_pair = pair + pairs + other_pairs
            next_one, next_other = next_step(batch, other + 1)
            coming = new_context(batch, next_one, reach), new_context(batch, next_other, reach)
            score_outputs(context_vectors, vectors, work, slot, coming, blank)
            # here, since on the way from scores to slopes each number waits for the one before
            if next_one < batch.stop:
                centers = int(words[next_one]), int(words[next_other])
                take_outputs_of_two(context_vectors, work, 1 - slot, centers, next_pair, key, noise)
            score_to_slope(work, 1 + int(other != one), np.float32(rate_at(schedule, pair)))
            move_outputs(context_vectors, work, slot, blank)
            moving = shares if corrected else (spread(np.float32(1)), spread(np.float32(1)))
            in_bands(move_band, vectors, work, contexts, moving)
            one, other, pair, slot = next_one, next_other, next_pair, 1 - slot
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return cast(Kernel, train)


def outputs_of_step(negatives: int) -> int:
    """How many outputs a step has: of each window the center, and one negative more than a window has."""
    return WINDOWS + negatives + WINDOWS - 1


@compiled_inline
def next_step(batch: Batch, window: int) -> tuple[int, int]:
    """The next two windows from `window` on that have pairs; the first twice if it is the last one, and batch.stop or
    more if there is none."""
    one = next_window(batch, window)
    other = next_window(batch, one + 1)
    return one, (other if other < batch.stop else one)


@compiled_inline
def next_window(batch: Batch, window: int) -> int:
    """The first window from `window` on that has pairs; batch.stop or more if there is none."""
    while window < batch.stop and pairs_of(batch, window) == 0:
        window += 1
    return window


@compiled_inline
def new_context(batch: Batch, window: int, reach: int) -> int:
    """The word `reach` ahead of a window, which is new to all windows so far; the last one if there is none."""
    return int(batch.words[min(window + reach, len(batch.words) - 1)])


@compiled_inline
def gather_step(batch: Batch, one: int, other: int, work: Workspace) -> Counts:
    """Writes the rows of the contexts of a step: those of window `one` alone, of both windows, of `other` alone, each
    in the order of the text. Returns how many there are of each. Without a branch: it would be guessed."""
    words, left, right = batch.words, batch.left, batch.right
    start, stop = one - int(left[one]), one + int(right[one]) + 1
    other_start, other_stop = other - int(left[other]), other + int(right[other]) + 1
    alone = both = other_alone = 0
    for position in range(min(start, other_start), max(stop, other_stop)):
        in_one = (start <= position) & (position < stop) & (position != one)
        in_other = (other_start <= position) & (position < other_stop) & (position != other) & (other != one)
        work.contexts[alone, 0] = work.contexts[both, 1] = work.contexts[other_alone, 2] = words[position]
        alone += int(in_one & (not in_other))
        both += int(in_one & in_other)
        other_alone += int(in_other & (not in_one))
    return alone, both, other_alone


@compiled_inline
def share_of(contexts: int, corrected: bool) -> np.float32:
    """A context's part in the hidden vector of so many."""
    number = np.float32(max(contexts, 1))
    return np.float32(1) / (np.sqrt(number) if corrected else number)


@compiled_inline
def add_up_band(vectors: Table, work: Workspace, contexts: Counts, column: int, shares: Shares, band: Any) -> None:
    """H of as many Lanes of columns, from `column` on, as `band` has; see `in_bands`."""
    alone = sum_of_rows(vectors, work.contexts, 0, contexts[0], column, band)
    both = sum_of_rows(vectors, work.contexts, 1, contexts[1], column, band)
    other_alone = sum_of_rows(vectors, work.contexts, 2, contexts[2], column, band)
    store_columns(work.hidden, 0, column, scale_tile(add_tiles(alone, both), shares[0]))
    store_columns(work.hidden, 1, column, scale_tile(add_tiles(other_alone, both), shares[1]))


@compiled_inline
def score_outputs(
    context_vectors: Table, vectors: Table, work: Workspace, slot: int, coming: tuple[int, int], blank: Any
) -> None:
    """The scores H Uᵀ, those of each window in a row of `slopes`; what is the other window's alone goes for naught
    (`Workspace.signs`). Meanwhile it asks for the rows `coming` of the vectors."""
    both = zeros(WINDOWS)
    scores = empty_block(blank, both)
    one, other = coming
    for column in range(0, context_vectors.shape[1], WIDTH):
        prefetch(vectors, one, column)
        prefetch(vectors, other, column)
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer_parts(scores, outputs, load_below(both, work.hidden, 0, column))
    store_sums(blank, both, scores, work.slopes, 0)


@compiled_inline
def move_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """Moves U by Sᵀ H, and writes S U, before that, to hidden[2] and [3]. Meanwhile it asks for the next outputs."""
    both = zeros(WINDOWS)
    slopes = spread_block(blank, both, work.slopes, 0)
    starts = row_starts(blank, context_vectors, work.outputs, slot)
    coming = row_starts(blank, context_vectors, work.outputs, 1 - slot)
    for column in range(0, context_vectors.shape[1], WIDTH):
        prefetch_at(coming, column)
        before = load_at(blank, starts, column)
        add_at(starts, column, outer_parts(blank, slopes, load_below(both, work.hidden, 0, column)))
        store_below(work.hidden, WINDOWS, column, inner_parts(both, slopes, before))


@compiled_inline
def move_band(vectors: Table, work: Workspace, contexts: Counts, column: int, shares: Shares, band: Any) -> None:
    """Moves the contexts by their shares of S U, as many Lanes of columns, from `column` on, as `band` has."""
    change = scale_tile(load_columns(band, work.hidden, 2, column), shares[0])
    other_change = scale_tile(load_columns(band, work.hidden, 3, column), shares[1])
    add_to_rows(vectors, work.contexts, 0, contexts[0], column, change)
    add_to_rows(vectors, work.contexts, 1, contexts[1], column, add_tiles(change, other_change))
    add_to_rows(vectors, work.contexts, 2, contexts[2], column, other_change)
