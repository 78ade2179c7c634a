"""Skip-gram's walk over windows: the contexts of one, the outputs of a later one, the step.

A window is one step (Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016): its contexts are the
inputs, rows of `vectors`; its center and K negatives, drawn once for the window, the outputs, rows of
`context_vectors`. Two small matrix products take the place of 2 (K + 1) dot products a pair, and the K + 1 output rows
are read and written once a window instead of once a pair.
"""

import functools
from typing import Any, cast

import numpy as np

from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_inline, compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.lanes import (
    AT_ONCE,
    WIDTH,
    add_block,
    add_inner,
    add_outer,
    empty_block,
    load_block,
    load_columns,
    load_rows,
    spread_numbers,
    store_columns,
    store_sums,
    zeros,
)
from tasks.kernels.negative_pool import begin_pool, take_outputs
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Kernel,
    Workspace,
    ask_for_context,
    gather_contexts,
    pairs_of,
    rate_at,
    score_to_slope,
    settle_loss,
    widest_reach,
)
from tasks.kernels.tables import Table


@functools.cache
def skip_gram_kernel(negatives: int) -> Kernel:
    """The kernel for windows of so many negatives; compiled at its first call.

    The number of negatives is a constant of the machine code, since a tile must have a known size; that of columns is
    not, so one kernel serves every dimension.
    """
    outputs = negatives + 1

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
        words, left, right = batch.words, batch.left, batch.right
        blank = zeros(outputs)
        pair = drawn_pair = first_pair
        begin_pool(work, first_pair)
        reach = widest_reach(batch)
        for ahead in range(batch.start, batch.stop + DRAWN_AHEAD):
            window = ahead - DRAWN_AHEAD
            slot = window % SLOTS
            contexts = 0
            if window >= batch.start:
                contexts = gather_contexts(words, left, right, window, work.contexts)
            if contexts > 0:
                score_skip_gram(vectors, context_vectors, work, contexts, slot, blank)
            # here, since on the way from scores to slopes each number waits for the one before
            if ahead < batch.stop and pairs_of(batch, ahead) > 0:
                take_outputs(context_vectors, work, ahead % SLOTS, int(words[ahead]), drawn_pair, key, noise)
                ask_for_context(vectors, batch, ahead, reach)
                drawn_pair += pairs_of(batch, ahead)
            if contexts > 0:
                rate = np.float32(rate_at(schedule, pair))
                move_skip_gram(vectors, context_vectors, work, contexts, slot, rate, blank)
                pair += contexts
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return cast(Kernel, train)


@compiled_inline
def score_skip_gram(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, blank: Any
) -> None:
    """The scores of a window of skip-gram, all of them before any row moves.

    With AVX-512 they are made for two contexts at a time, so that each output is read once for both; the last of an odd
    number goes alone.
    """
    alone, together = zeros(1), zeros(AT_ONCE)
    paired = contexts - contexts % AT_ONCE
    for number in range(0, paired, AT_ONCE):
        make_scores(vectors, context_vectors, work, number, slot, blank, together)
    for number in range(paired, contexts):
        make_scores(vectors, context_vectors, work, number, slot, blank, alone)


@compiled_inline
def move_skip_gram(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, rate: np.float32, blank: Any
) -> None:
    """Moves the rows of that window by its scores.

    With AVX-512 they move by two columns of Lanes at a time, so that each slope is read once for both.
    """
    alone, together = zeros(1), zeros(AT_ONCE)
    columns = vectors.shape[1]
    score_to_slope(work, contexts, rate)
    paired = columns - columns % (AT_ONCE * WIDTH)
    for column in range(0, paired, AT_ONCE * WIDTH):
        move_rows(vectors, context_vectors, work, contexts, slot, column, blank, together)
    for column in range(paired, columns, WIDTH):
        move_rows(vectors, context_vectors, work, contexts, slot, column, blank, alone)


@compiled_inline
def make_scores(
    vectors: Table, context_vectors: Table, work: Workspace, number: int, slot: int, blank: Any, side: Any
) -> None:
    """The scores of as many contexts, from context `number` on, as `side` has Lanes; their sums stay in registers."""
    scores = empty_block(blank, side)
    for column in range(0, vectors.shape[1], WIDTH):
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer(scores, outputs, load_rows(side, vectors, work.contexts, number, column))
    store_sums(blank, side, scores, work.slopes, number)


@compiled_inline
def move_rows(
    vectors: Table,
    context_vectors: Table,
    work: Workspace,
    contexts: int,
    slot: int,
    column: int,
    blank: Any,
    side: Any,
) -> None:
    """Moves all rows of the window in as many columns, from `column` on, as `side` has Lanes.

    The outputs before the step, and what is going to be added to them, stay in registers while the contexts pass. A
    word that is a context twice has moved once when it comes again; its scores are from before.
    """
    before = load_block(blank, side, context_vectors, work.outputs, slot, column)
    changes = empty_block(blank, side)
    for number in range(contexts):
        row = work.contexts[number, 0]
        vector = load_columns(side, vectors, row, column)
        slopes = spread_numbers(blank, work.slopes, number)
        changes = add_outer(changes, slopes, vector)
        store_columns(vectors, row, column, add_inner(vector, slopes, before))
    add_block(blank, side, context_vectors, work.outputs, slot, column, changes)
