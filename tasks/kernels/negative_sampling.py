"""What every model with negative sampling shares: a window's contexts, its outputs, the slopes of its loss, the sum.

The outputs of a window are its center and K negatives for the window as a whole, from tasks.kernels.negative_pool;
fastText draws its own (tasks.kernels.fasttext_numba). With inputs v and outputs u its loss is the sum over inputs of
-log σ(v · u_center) - Σ_k log σ(-v · u_k)  (Mikolov et al., "Distributed Representations of Words and Phrases", 2013).
A sign, -1 for the center and +1 for a negative, makes one formula of both: with z = sign * score an output adds
log(1 + e^z), whose slope is sign * σ(z).

All is compiled into the kernel that calls it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_inline
from tasks.kernels.engines import Schedule
from tasks.kernels.lanes import (
    WIDTH,
    decay,
    load,
    logistic,
    multiply,
    multiply_add,
    numbers_stored,
    positive_part,
    prefetch,
    spread,
    store,
)
from tasks.kernels.tables import Table, aligned

Rows = NDArray[np.int64]

MOST_CONTEXTS = 2 * 255
"""What a window can hold: `left` and `right` are uint8."""

DRAWN_AHEAD = 2
"""The outputs of a window are drawn, and their rows asked for, while the windows before it are trained."""

SLOTS = 4
"""Windows whose outputs are kept at a time; a power of two above DRAWN_AHEAD."""

FACTORS = 100
"""Factors 1 + e^-|z|, each at most 2, that a float32 product can take; a logarithm for each of them would be dear."""


class Workspace(NamedTuple):
    """What one thread writes on while it trains. Tables begin at a cache line: Lanes across two would cost two reads.

    Attributes:
        contexts: int64 [inputs + 1, groups], rows of the window's inputs, such as its contexts; of two windows that
            make a step, as CBOW has them, in three groups: those of one alone, of both, of the other alone.
        outputs: int64 [slots, outputs], rows of the centers and the negatives of some steps.
        pool: int64 [rows], for the negatives of many windows; see `tasks.kernels.negative_pool`.
        pooled: int64 [1], how many rows have been drawn for the pool in the run.
        slopes: float32 [MOST_CONTEXTS + WIDTH, stored], scores, then slopes, a row an input.
        signs: float32 [1, period], -1 for the center, +1 for a negative, 0 for what is another window's alone and for
            what only pads; for all inputs whose numbers fill whole Lanes together, or that make a step.
        present: float32 [inputs in a period + 1, period]; row n has a 1 for each output of the first n inputs.
        hidden: float32 [2 * windows + 1, width], the mean of each window's inputs, what moves those of each, and room
            for the model's own use.
        sums: float32 [2, WIDTH], of max(z, 0), and the product of 1 + e^-|z|: together the loss.
        loss: float64 [2], what was in the sums before; how many factors are in them.
    """

    contexts: Rows
    outputs: Rows
    pool: Rows
    pooled: Rows
    slopes: Table
    signs: Table
    present: Table
    hidden: Table
    sums: Table
    loss: NDArray[np.float64]


Kernel = Callable[[Table, Table, Batch, int, np.uint64, AliasTable, Schedule, Workspace], float]
"""train(vectors, context_vectors, batch, first_pair, key, noise, schedule, work) -> loss.

vectors, context_vectors: float32 [words, columns], columns a multiple of WIDTH, changed in place.
first_pair: the number in the whole run of the batch's first pair. What is drawn, and the learning rate, depend on a
    pair's number alone; a window has that of its first.
key: of the random stream of the negatives.
work: this thread's own.
loss: the sum over inputs, before each step, in float64.
"""


def workspace(
    outputs: int, width: int, inputs: int = MOST_CONTEXTS, slots: int = SLOTS, pool: int = 0, windows: int = 1
) -> Workspace:
    """An empty one for steps of so many outputs, and inputs a window at the most, and tables of so many columns.

    Args:
        pool: rows in the pool of negatives.
        windows: of a step. Each has a center of its own, which come first among the outputs, and all but windows - 1
            of the negatives; those of each begin one later than those of the window before.
    """
    stored = numbers_stored(outputs)
    repeats = max(windows, WIDTH // stored)
    signs = np.zeros((repeats, stored), np.float32)
    for window in range(windows):
        signs[window::windows, window] = -1
        signs[window::windows, windows + window : outputs - windows + window + 1] = 1
    first = np.tril(np.ones((repeats + 1, repeats), np.float32), -1)
    return Workspace(
        contexts=np.zeros((inputs + 1, 2 * windows - 1), np.int64),
        outputs=np.zeros((slots, outputs), np.int64),
        pool=np.zeros(pool, np.int64),
        pooled=np.zeros(1, np.int64),
        slopes=aligned(np.zeros((MOST_CONTEXTS + WIDTH, stored))),
        signs=aligned(signs.reshape(1, -1)),
        present=aligned((first[:, :, None] * np.abs(signs)).reshape(repeats + 1, -1)),
        hidden=aligned(np.zeros((2 * windows + 1, width))),
        sums=aligned(np.stack([np.zeros(WIDTH), np.ones(WIDTH)])),
        loss=np.zeros(2),
    )


rate_at = compiled_inline(Schedule.rate)
"""The learning rate of a schedule at the example of a number."""


@compiled_inline
def prefetch_row(table: Table, row: int) -> None:
    """Asks for a row that is going to be changed."""
    for column in range(0, table.shape[1], WIDTH):
        prefetch(table, row, column)


@compiled_inline
def widest_reach(batch: Batch) -> int:
    """How far a window of the batch sees ahead at most: the word that far ahead is new to all windows so far."""
    reach = 0
    for window in range(batch.start, batch.stop):
        reach = max(reach, int(batch.right[window]))
    return reach


@compiled_inline
def pairs_of(batch: Batch, window: int) -> int:
    """How many pairs a window has: none at a context of explicit pairs, and at a word alone."""
    return int(batch.left[window]) + int(batch.right[window])


@compiled_inline
def ask_for_context(vectors: Table, batch: Batch, window: int, reach: int) -> None:
    """Asks for the row of the word `reach` ahead of a window; see `widest_reach`."""
    if window + reach < len(batch.words):
        prefetch_row(vectors, int(batch.words[window + reach]))


@compiled_inline
def gather_contexts(
    words: NDArray[np.int32],
    left: NDArray[np.uint8],
    right: NDArray[np.uint8],
    window: int,
    contexts: Rows,
) -> int:
    """Writes the rows of a window's contexts and returns how many there are. Without a branch: it would be guessed."""
    count = 0
    for position in range(window - int(left[window]), window + int(right[window]) + 1):
        contexts[count, 0] = words[position]
        count += int(position != window)
    return count


@compiled_inline
def score_to_slope(work: Workspace, inputs: int, rate: np.float32) -> None:
    """Turns the scores of so many inputs into -rate * d loss / d score, and adds up the loss."""
    stored = work.slopes.shape[1]
    period = work.signs.shape[1]
    repeats = len(work.present) - 1
    down, one = spread(-rate), spread(np.float32(1))
    total, product = load(work.sums, 0, 0), load(work.sums, 1, 0)
    for start in range(0, inputs, repeats):
        started = min(inputs - start, repeats)  # the rest of the Lanes holds what an earlier window left
        for column in range(0, period, WIDTH):
            sign, present = load(work.signs, 0, column), load(work.present, started, column)
            z = multiply(load(work.slopes, start, column), sign)
            tail = decay(z)
            store(work.slopes, start, column, multiply(multiply(logistic(z, tail), sign), down))
            total = multiply_add(positive_part(z), present, total)
            product = multiply(product, multiply_add(tail, present, one))
    store(work.sums, 0, 0, total)
    store(work.sums, 1, 0, product)
    work.loss[1] += inputs * stored // WIDTH + 1
    if work.loss[1] > FACTORS:
        settle_loss(work)


@compiled_inline
def settle_loss(work: Workspace) -> None:
    """Moves what the sums hold to loss[0]: log(1 + e^z) = max(z, 0) + log(1 + e^-|z|)."""
    for lane in range(WIDTH):
        work.loss[0] += np.float64(work.sums[0, lane]) + np.log(np.float64(work.sums[1, lane]))
        work.sums[0, lane] = 0
        work.sums[1, lane] = 1
    work.loss[1] = 0
