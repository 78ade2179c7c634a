"""The compiled walk over windows, and what each model does at one: skip-gram, and CBOW with the corrected gradient.

Skip-gram takes a window as one step (Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016): its
contexts are the inputs, rows of `vectors`; its center and K negatives, drawn once for the window, the outputs, rows of
`context_vectors`. Two small matrix products take the place of 2 (K + 1) dot products a pair, and the K + 1 output rows
are read and written once a window instead of once a pair. Both tables move by the exact gradient at the tables before.

CBOW has one input, the mean of the contexts, and so one score an output. Each context moves by the gradient of the
mean, that is the hidden vector's divided by their number (İrsoy, Benton, Stratos, "Corrected CBOW Performs as well as
Skip-gram", 2021, arXiv 2012.15332); word2vec.c and gensim leave the division out.

What is drawn, and the learning rate, depend on a pair's number in the whole run alone.
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
    WIDTH,
    add,
    add_combined,
    add_products,
    add_scaled,
    add_to_rows,
    load,
    load_rows,
    multiply,
    spread,
    store,
    store_sums,
    zeros,
)
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Workspace,
    draw_outputs,
    gather_contexts,
    prefetch_row,
    score_to_slope,
    settle_loss,
)
from tasks.kernels.tables import Table
from tasks.models import ModelName

Kernel = Callable[[Table, Table, Batch, int, np.uint64, AliasTable, Schedule, Workspace], float]


@compiled_inline
def skip_gram_step(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, rate: np.float32, blank: Any
) -> None:
    """One window of skip-gram. All its scores come before any row moves, so a word that stands twice in it is the same
    both times.

    The products go 16 columns at a time with the window's outputs in registers: with six outputs all fits into the
    sixteen registers of AVX2. A context's Lanes are then read once for six multiply-adds, and no sum goes to memory.
    """
    outputs = work.outputs
    columns = vectors.shape[1]
    for number in range(contexts):
        scores = blank
        row = work.contexts[number]
        for column in range(0, columns, WIDTH):
            scores = add_products(scores, context_vectors, outputs, slot, column, load(vectors, row, column))
        store_sums(scores, work.slopes, number)
    score_to_slope(work, contexts, rate)
    for column in range(0, columns, WIDTH):
        changes = blank
        for number in range(contexts):
            changes = add_scaled(changes, load(vectors, work.contexts[number], column), work.slopes, number)
        before = load_rows(blank, context_vectors, outputs, slot, column)
        add_to_rows(context_vectors, outputs, slot, column, changes)
        for number in range(contexts):
            row = work.contexts[number]
            store(vectors, row, column, add_combined(load(vectors, row, column), before, work.slopes, number))


@compiled_inline
def cbow_step(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, rate: np.float32, blank: Any
) -> None:
    """One window of CBOW."""
    outputs = work.outputs
    columns = vectors.shape[1]
    share = spread(np.float32(1) / np.float32(contexts))
    scores = blank
    for column in range(0, columns, WIDTH):
        total = spread(np.float32(0))
        for number in range(contexts):
            total = add(total, load(vectors, work.contexts[number], column))
        mean = multiply(total, share)
        store(work.hidden, 0, column, mean)
        scores = add_products(scores, context_vectors, outputs, slot, column, mean)
    store_sums(scores, work.slopes, 0)
    score_to_slope(work, 1, rate)
    for column in range(0, columns, WIDTH):
        before = load_rows(blank, context_vectors, outputs, slot, column)
        add_to_rows(
            context_vectors, outputs, slot, column, add_scaled(blank, load(work.hidden, 0, column), work.slopes, 0)
        )
        change = multiply(add_combined(spread(np.float32(0)), before, work.slopes, 0), share)
        for number in range(contexts):
            row = work.contexts[number]
            store(vectors, row, column, add(load(vectors, row, column), change))


@functools.cache
def window_kernel(model: ModelName, negatives: int) -> Kernel:
    """The kernel of a model for windows of so many negatives; compiled at its first call.

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
        drawn = batch.start
        reach = 0  # of the widest window: the word that far ahead is new to all windows so far
        for window in range(batch.start, batch.stop):
            reach = max(reach, int(right[window]))
        for window in range(batch.start, batch.stop):
            while drawn < min(window + DRAWN_AHEAD + 1, batch.stop):
                pairs = int(left[drawn]) + int(right[drawn])
                if pairs == 0:  # a context of explicit pairs, or a word alone
                    drawn += 1
                    continue
                draw_outputs(work.outputs, drawn % SLOTS, int(words[drawn]), drawn_pair, key, noise, len(vectors))
                for output in range(outputs):
                    prefetch_row(context_vectors, work.outputs[drawn % SLOTS, output])
                if drawn + reach < len(words):
                    prefetch_row(vectors, int(words[drawn + reach]))
                drawn_pair += pairs
                drawn += 1
            contexts = gather_contexts(words, left, right, window, work.contexts)
            if contexts == 0:
                continue
            rate = np.float32(schedule.first + (schedule.last - schedule.first) * (pair / schedule.pairs))
            pair += contexts
            if is_cbow:
                cbow_step(vectors, context_vectors, work, contexts, window % SLOTS, rate, blank)
            else:
                skip_gram_step(vectors, context_vectors, work, contexts, window % SLOTS, rate, blank)
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return train
