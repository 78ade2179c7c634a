"""The compiled walk over windows, and what each model does at one: skip-gram, and CBOW with the corrected gradient.

Skip-gram takes a window as one step (Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016): its
contexts are the inputs, rows of `vectors`; its center and K negatives, drawn once for the window, the outputs, rows of
`context_vectors`. Two small matrix products take the place of 2 (K + 1) dot products a pair, and the K + 1 output rows
are read and written once a window instead of once a pair.

CBOW has one input, the mean of the contexts, and so one score an output. Each context moves by the gradient of the
mean, that is the hidden vector's divided by their number (İrsoy, Benton, Stratos, "Corrected CBOW Performs as well as
Skip-gram", 2021, arXiv 2012.15332); word2vec.c and gensim leave the division out, and so does `corrected=False`.

What is drawn, and the learning rate, depend on a pair's number in the whole run alone; a window has that of its first.
"""

import functools
from collections.abc import Callable
from typing import Any

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
    add_tiles,
    empty_block,
    load_block,
    load_columns,
    load_rows,
    scale_tile,
    spread,
    spread_numbers,
    store_columns,
    store_sums,
    zeros,
)
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Workspace,
    gather_contexts,
    prepare_window,
    rate_at,
    score_to_slope,
    settle_loss,
    widest_reach,
)
from tasks.kernels.tables import Table
from tasks.models import ModelName

BAND = 4
"""Lanes of a row that CBOW takes at once: few enough for the sixteen registers of AVX2, where each is two."""

CBOW_PAIRS_A_DRAW = 16
"""Windows that begin among the same so many pairs of the run share their negatives: some three do. A window of CBOW has
one input only, so that a draw still serves fewer inputs than one of skip-gram, and the rows are near. docs/quality.md
tells what it costs."""

Kernel = Callable[[Table, Table, Batch, int, np.uint64, AliasTable, Schedule, Workspace], float]


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


@compiled_inline
def score_cbow(vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, blank: Any) -> None:
    """The scores of a window of CBOW."""
    average_rows(vectors, work, contexts)
    score_outputs(context_vectors, work, slot, blank)


@compiled_inline
def move_cbow(
    vectors: Table,
    context_vectors: Table,
    work: Workspace,
    contexts: int,
    slot: int,
    rate: np.float32,
    blank: Any,
    corrected: bool,
) -> None:
    """Moves the rows of that window by its scores."""
    score_to_slope(work, 1, rate)
    move_outputs(context_vectors, work, slot, blank)
    move_rows_by(vectors, work, contexts, np.float32(1) / np.float32(contexts if corrected else 1))


@compiled_inline
def average_rows(vectors: Table, work: Workspace, number: int) -> None:
    """hidden[0] = the mean of the first rows in `work.contexts`; hidden[1], by which they are going to move, = 0."""
    in_bands(average_band, vectors, work, number, spread(np.float32(1) / np.float32(number)))


@compiled_inline
def move_rows_by(vectors: Table, work: Workspace, number: int, factor: np.float32) -> None:
    """Adds factor * hidden[1] to the first rows in `work.contexts`."""
    in_bands(move_band, vectors, work, number, spread(factor))


@compiled_inline
def in_bands(band: Any, vectors: Table, work: Workspace, number: int, factor: Any) -> None:
    """Calls `band` for as few bands of columns as can be, BAND Lanes each and one with what is left: the rows pass once
    a band, and a loop over some six of them costs more to enter and to leave than to go round."""
    rest = vectors.shape[1] % (BAND * WIDTH)
    wide = vectors.shape[1] - rest
    for column in range(0, wide, BAND * WIDTH):
        band(vectors, work, number, column, factor, zeros(BAND))
    if rest == 3 * WIDTH:
        band(vectors, work, number, wide, factor, zeros(3))
    elif rest == 2 * WIDTH:
        band(vectors, work, number, wide, factor, zeros(2))
    elif rest == WIDTH:
        band(vectors, work, number, wide, factor, zeros(1))


@compiled_inline
def average_band(vectors: Table, work: Workspace, number: int, column: int, share: Any, band: Any) -> None:
    """Of `average_rows`, as many Lanes of columns, from `column` on, as `band`, which is zero, has."""
    total = band
    for place in range(number):
        total = add_tiles(total, load_columns(band, vectors, work.contexts[place, 0], column))
    store_columns(work.hidden, 0, column, scale_tile(total, share))
    store_columns(work.hidden, 1, column, band)


@compiled_inline
def move_band(vectors: Table, work: Workspace, number: int, column: int, factor: Any, band: Any) -> None:
    """Of `move_rows_by`, as many Lanes of columns, from `column` on, as `band` has."""
    change = scale_tile(load_columns(band, work.hidden, 1, column), factor)
    for place in range(number):
        row = work.contexts[place, 0]
        store_columns(vectors, row, column, add_tiles(load_columns(band, vectors, row, column), change))


@compiled_inline
def train_outputs(context_vectors: Table, work: Workspace, slot: int, rate: np.float32, blank: Any) -> None:
    """Moves the outputs by their scores with hidden[0], and adds to hidden[1] what moves it."""
    score_outputs(context_vectors, work, slot, blank)
    score_to_slope(work, 1, rate)
    move_outputs(context_vectors, work, slot, blank)


@compiled_inline
def score_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """The scores of the outputs with hidden[0]."""
    alone = zeros(1)
    scores = empty_block(blank, alone)
    for column in range(0, context_vectors.shape[1], WIDTH):
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer(scores, outputs, load_columns(alone, work.hidden, 0, column))
    store_sums(blank, alone, scores, work.slopes, 0)


@compiled_inline
def move_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """Moves the outputs by their slopes, and adds to hidden[1] what moves hidden[0]."""
    alone = zeros(1)
    slopes = spread_numbers(blank, work.slopes, 0)
    for column in range(0, context_vectors.shape[1], WIDTH):
        before = load_block(blank, alone, context_vectors, work.outputs, slot, column)
        hidden = load_columns(alone, work.hidden, 0, column)
        changes = add_outer(empty_block(blank, alone), slopes, hidden)
        add_block(blank, alone, context_vectors, work.outputs, slot, column, changes)
        change = load_columns(alone, work.hidden, 1, column)
        store_columns(work.hidden, 1, column, add_inner(change, slopes, before))


@functools.cache
def window_kernel(model: ModelName, negatives: int, corrected: bool) -> Kernel:
    """The kernel of a model for windows of so many negatives; compiled at its first call. For `corrected`: `Settings`.

    The number of negatives is a constant of the machine code, since a tile must have a known size; that of columns is
    not, so one kernel serves every dimension.

    Returns:
        train(vectors, context_vectors, batch, first_pair, key, noise, schedule, work) -> loss.
            vectors, context_vectors: float32 [words, columns], columns a multiple of WIDTH, changed in place.
            first_pair: the number in the whole run of the batch's first pair.
            key: of the random stream of the negatives.
            work: this thread's own.
            loss: the sum over inputs, before each step, in float64.
    """
    outputs = negatives + 1
    is_cbow = model == "cbow"
    pairs_a_draw = CBOW_PAIRS_A_DRAW if is_cbow else 1

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
        reach = widest_reach(batch)
        for ahead in range(batch.start, batch.stop + DRAWN_AHEAD):
            window = ahead - DRAWN_AHEAD
            slot = window % SLOTS
            contexts = 0
            if window >= batch.start:
                contexts = gather_contexts(words, left, right, window, work.contexts)
            if contexts > 0:
                if is_cbow:
                    score_cbow(vectors, context_vectors, work, contexts, slot, blank)
                else:
                    score_skip_gram(vectors, context_vectors, work, contexts, slot, blank)
            if ahead < batch.stop:  # here, since on the way from scores to slopes each number waits for the one before
                draw = drawn_pair // pairs_a_draw
                drawn_pair += prepare_window(vectors, context_vectors, batch, ahead, reach, draw, key, noise, work)
            if contexts > 0:
                rate = np.float32(rate_at(schedule, pair))
                if is_cbow:
                    move_cbow(vectors, context_vectors, work, contexts, slot, rate, blank, corrected)
                else:
                    move_skip_gram(vectors, context_vectors, work, contexts, slot, rate, blank)
                pair += contexts
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return train
