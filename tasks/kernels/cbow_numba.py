"""CBOW's walk over windows, two of which make a step.

The contexts of a window make one hidden vector, which is to tell the center from the negatives. Each context moves by
the gradient of what it had a share in (İrsoy, Benton, Stratos, "Corrected CBOW Performs as well as Skip-gram", 2021,
arXiv 2012.15332): by its share of the gradient of the hidden vector. word2vec.c and gensim leave the share out, and so
does `corrected=False`.

The hidden vector is the sum of n contexts divided by √n. The paper divides by n, which makes it the shorter the more
contexts there are: words that have little to do with each other add up to about √n times the length of one. With the
gradient corrected, that keeps the analogies back (docs/quality.md). `corrected=False` has word2vec's mean.

A hidden vector meets each row of its window once, so what takes the time is to read rows and to write them. Two windows
in a row have most of their contexts in common and, here, all their negatives; as one step they read and write them once
for both. With rows X of the contexts, their shares W [contexts, 2], and rows U of the outputs (both centers, and the
negatives), the hidden vectors are H = Wᵀ X and the scores H Uᵀ; by their slopes S, U moves by Sᵀ H and X by W S U.

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
from tasks.kernels.hidden_vector import in_bands
from tasks.kernels.lanes import (
    WIDTH,
    add_block,
    add_inner,
    add_outer,
    empty_block,
    load_columns,
    load_rows,
    prefetch,
    prefetch_rows,
    scale_tile,
    spread,
    spread_numbers,
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
"""Windows of a step, each with a center among the outputs and a hidden vector: in `Workspace.hidden` the Lanes of both
for a column stand side by side."""


@functools.cache
def cbow_kernel(negatives: int, corrected: bool) -> Kernel:
    """The kernel for steps of so many negatives; compiled at its first call. For `corrected`: `Settings`.

    The first two windows of a batch that have pairs are its first step, so a batch begins one anew. Where one window is
    left, the step has a second one without contexts, and its hidden vector, zero, moves nothing.
    """
    outputs = WINDOWS + negatives

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
            contexts = gather_step(batch, one, other, work, corrected)
            in_bands(add_up_band, vectors, work, contexts, zeros(WINDOWS))
            next_pair = pair + pairs_of(batch, one) + (pairs_of(batch, other) if other != one else 0)
            next_one, next_other = next_step(batch, other + 1)
            coming = new_context(batch, next_one, reach), new_context(batch, next_other, reach)
            score_outputs(context_vectors, vectors, work, slot, coming, blank)
            # here, since on the way from scores to slopes each number waits for the one before
            if next_one < batch.stop:
                centers = int(words[next_one]), int(words[next_other])
                take_outputs_of_two(context_vectors, work, 1 - slot, centers, next_pair, key, noise)
            score_to_slope(work, 1 + int(other != one), np.float32(rate_at(schedule, pair)))
            move_outputs(context_vectors, work, slot, blank)
            if not corrected:
                take_no_share(work, pairs_of(batch, one), pairs_of(batch, other))
            in_bands(move_band, vectors, work, contexts, zeros(WINDOWS))
            one, other, pair, slot = next_one, next_other, next_pair, 1 - slot
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return cast(Kernel, train)


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
def share_of(contexts: int, corrected: bool) -> np.float32:
    """A context's part in the hidden vector."""
    number = np.float32(contexts)
    return np.float32(1) / (np.sqrt(number) if corrected else number)


@compiled_inline
def gather_step(batch: Batch, one: int, other: int, work: Workspace, corrected: bool) -> int:
    """Writes the rows of the contexts of a step, in the order of the text, and their shares; returns how many there
    are."""
    words, left, right = batch.words, batch.left, batch.right
    start, stop = one - int(left[one]), one + int(right[one]) + 1
    other_start, other_stop = other - int(left[other]), other + int(right[other]) + 1
    share, nothing = share_of(pairs_of(batch, one), corrected), np.float32(0)
    other_share = share_of(pairs_of(batch, other), corrected) if other != one else nothing
    count = 0
    for position in range(min(start, other_start), max(stop, other_stop)):
        in_one = (start <= position) & (position < stop) & (position != one)
        in_other = (other_start <= position) & (position < other_stop) & (position != other)
        work.contexts[count, 0] = words[position]
        work.shares[count, 0] = share if in_one else nothing
        work.shares[count, 1] = other_share if in_other else nothing
        count += int(in_one | in_other)
    return count


@compiled_inline
def add_up_band(vectors: Table, work: Workspace, contexts: int, column: int, both: Any, band: Any) -> None:
    """H of as many Lanes of columns, from `column` on, as `band` has; see `in_bands`."""
    hidden = empty_block(both, band)
    for place in range(contexts):
        row = load_columns(band, vectors, work.contexts[place, 0], column)
        hidden = add_outer(hidden, spread_numbers(both, work.shares, place), row)
    store_columns(work.hidden, 0, WINDOWS * column, hidden)


@compiled_inline
def score_outputs(
    context_vectors: Table, vectors: Table, work: Workspace, slot: int, coming: tuple[int, int], blank: Any
) -> None:
    """The scores H Uᵀ, those of each window in a row of `slopes`; those with the other window's center go for naught
    (`Workspace.signs`). Meanwhile it asks for the rows `coming` of the vectors."""
    both = zeros(WINDOWS)
    scores = empty_block(blank, both)
    one, other = coming
    for column in range(0, context_vectors.shape[1], WIDTH):
        prefetch(vectors, one, column)
        prefetch(vectors, other, column)
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer(scores, outputs, load_columns(both, work.hidden, 0, WINDOWS * column))
    store_sums(blank, both, scores, work.slopes, 0)


@compiled_inline
def move_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """Moves U by Sᵀ H, and writes S U, before that, to hidden[1]. Meanwhile it asks for the next outputs."""
    alone = zeros(1)
    slopes, other_slopes = spread_numbers(blank, work.slopes, 0), spread_numbers(blank, work.slopes, 1)
    for column in range(0, context_vectors.shape[1], WIDTH):
        prefetch_rows(blank, context_vectors, work.outputs, 1 - slot, column)
        place, other_place = WINDOWS * column, WINDOWS * column + WIDTH
        before = load_rows(blank, context_vectors, work.outputs, slot, column)
        changes = add_outer(empty_block(blank, alone), slopes, load_columns(alone, work.hidden, 0, place))
        changes = add_outer(changes, other_slopes, load_columns(alone, work.hidden, 0, other_place))
        add_block(blank, alone, context_vectors, work.outputs, slot, column, changes)
        store_columns(work.hidden, 1, place, add_inner(alone, slopes, before))
        store_columns(work.hidden, 1, other_place, add_inner(alone, other_slopes, before))


@compiled_inline
def take_no_share(work: Workspace, contexts: int, other_contexts: int) -> None:
    """Makes up in hidden[1] for the share, 1 / n, by which the contexts are going to move."""
    alone = zeros(1)
    for place in range(0, work.hidden.shape[1], WINDOWS * WIDTH):
        for half, number in ((place, contexts), (place + WIDTH, other_contexts)):
            change = load_columns(alone, work.hidden, 1, half)
            store_columns(work.hidden, 1, half, scale_tile(change, spread(np.float32(number))))


@compiled_inline
def move_band(vectors: Table, work: Workspace, contexts: int, column: int, both: Any, band: Any) -> None:
    """Moves X by W S U, as many Lanes of columns, from `column` on, as `band` has."""
    changes = load_columns(empty_block(both, band), work.hidden, 1, WINDOWS * column)
    for place in range(contexts):
        row = work.contexts[place, 0]
        before, shares = load_columns(band, vectors, row, column), spread_numbers(both, work.shares, place)
        store_columns(vectors, row, column, add_inner(before, shares, changes))
