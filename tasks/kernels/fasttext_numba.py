"""fastText's compiled walks over windows: a word is the mean of its own row and those of its n-grams (Bojanowski et
al., "Enriching Word Vectors with Subword Information", 2017).

Skip-gram: the center's rows are the input; each context, with negatives of its own, is an output, and so is a pair. The
program averages and moves the rows at every pair. Here they are read and written once a window: where all rows move by
a change, so does their mean, and the next pair needs no more than the mean.

CBOW: the rows of all contexts are the input, the center the output. As in the program, each row moves by the whole
gradient of the mean, in both: it is not divided by their number.
"""

import functools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.alias import AliasTable, draw_row
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_inline, compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.hidden_vector import add_up_rows, move_rows_by, train_outputs
from tasks.kernels.lanes import WIDTH, add, load, store, zeros
from tasks.kernels.negative_sampling import (
    MOST_CONTEXTS,
    Workspace,
    prefetch_row,
    rate_at,
    settle_loss,
    widest_reach,
)
from tasks.kernels.random_streams import STEP, mix
from tasks.kernels.tables import Table

Architecture = Literal["skipgram", "cbow"]

SLOTS = 2 * MOST_CONTEXTS
"""Of outputs: those of a window's pairs, and of the next window's."""

DRAWS_UNTIL_NEIGHBOUR = 64
"""A negative that keeps coming out as the center gives way to the row after it: one word may hold all but all mass."""

BEFORE = 2
"""The row of `Workspace.hidden` with the mean at the start of a window."""

Starts = NDArray[np.int64]
InputRows = NDArray[np.int32]


@compiled_inline
def ask_for_word(inputs: Table, starts: Starts, rows: InputRows, word: int) -> None:
    """Asks for all rows of a word."""
    for place in range(starts[word], starts[word + 1]):
        prefetch_row(inputs, rows[place])


@compiled_inline
def gather_word(starts: Starts, rows: InputRows, word: int, work: Workspace, count: int) -> int:
    """Writes the rows of a word after the first `count` inputs; returns how many there are then."""
    for place in range(starts[word], starts[word + 1]):
        work.contexts[count, 0] = rows[place]
        count += 1
    return count


@compiled_inline
def draw_outputs(
    context_vectors: Table, work: Workspace, slot: int, center: int, pair: int, key: np.uint64, noise: AliasTable
) -> None:
    """outputs[slot] = the center and its negatives, which depend on the pair's number; the center is passed over. Asks
    for their rows."""
    outputs = work.outputs
    outputs[slot, 0] = center
    place = mix(key + np.uint64(pair) * STEP)
    for output in range(1, outputs.shape[1]):
        place += STEP
        drawn = draw_row(mix(place), noise.thresholds, noise.aliases)
        tries = 1
        while drawn == center:
            if tries == DRAWS_UNTIL_NEIGHBOUR:
                drawn = (center + 1) % len(context_vectors)
                break
            place += STEP
            drawn = draw_row(mix(place), noise.thresholds, noise.aliases)
            tries += 1
        outputs[slot, output] = drawn
    for output in range(outputs.shape[1]):
        prefetch_row(context_vectors, outputs[slot, output])


@compiled_inline
def draw_pairs(
    context_vectors: Table, batch: Batch, window: int, pair: int, key: np.uint64, noise: AliasTable, work: Workspace
) -> None:
    """Makes the outputs of each pair of a window and asks for their rows."""
    slot = (window % 2) * MOST_CONTEXTS
    pairs = 0
    for position in range(window - int(batch.left[window]), window + int(batch.right[window]) + 1):
        if position == window:
            continue
        context = int(batch.words[position])
        draw_outputs(context_vectors, work, slot + pairs, context, pair + pairs, key, noise)
        pairs += 1


@compiled_inline
def skip_gram_window(
    starts: Starts, rows: InputRows, inputs: Table, context_vectors: Table, batch: Batch, window: int, pairs: int,
    pair: int, schedule: Schedule, work: Workspace, blank: Any,
) -> None:  # fmt: skip
    """One window, pair by pair."""
    count = gather_word(starts, rows, int(batch.words[window]), work, 0)
    add_up_rows(inputs, work, count, np.float32(1) / np.float32(count))
    slot = (window % 2) * MOST_CONTEXTS
    for column in range(0, inputs.shape[1], WIDTH):
        store(work.hidden, BEFORE, column, load(work.hidden, 0, column))
    for number in range(pairs):
        train_outputs(context_vectors, work, slot + number, np.float32(rate_at(schedule, pair + number)), blank)
        for column in range(0, inputs.shape[1], WIDTH):
            moved = add(load(work.hidden, BEFORE, column), load(work.hidden, 1, column))
            store(work.hidden, 0, column, moved)
    move_rows_by(inputs, work, count, np.float32(1))


@compiled_inline
def cbow_window(
    starts: Starts, rows: InputRows, inputs: Table, context_vectors: Table, batch: Batch, window: int,
    rate: np.float32, work: Workspace, blank: Any,
) -> None:  # fmt: skip
    """One window, whose outputs are drawn and stand first."""
    count = 0
    for position in range(window - int(batch.left[window]), window + int(batch.right[window]) + 1):
        if position != window:
            count = gather_word(starts, rows, int(batch.words[position]), work, count)
    add_up_rows(inputs, work, count, np.float32(1) / np.float32(count))
    train_outputs(context_vectors, work, 0, rate, blank)
    move_rows_by(inputs, work, count, np.float32(1))


@functools.cache
def fasttext_kernel(architecture: Architecture, negatives: int) -> Callable[..., float]:
    """The kernel for so many negatives; compiled at its first call.

    Returns:
        train(starts, rows, inputs, context_vectors, batch, first_pair, key, noise, schedule, work) -> loss.
            starts, rows: int64 [words + 1] and int32; the input rows of word w are rows[starts[w] : starts[w + 1]].
            inputs: float32 [rows of words and n-grams, columns], changed in place.
            work: with room for the inputs of a window and for SLOTS outputs.
            The others, and the loss, as in `tasks.kernels.negative_sampling.Kernel`.
    """
    outputs = negatives + 1
    is_cbow = architecture == "cbow"

    @compiled_kernel
    def train(
        starts: Starts,
        rows: InputRows,
        inputs: Table,
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
        pair = first_pair
        reach = widest_reach(batch)
        if batch.start < batch.stop and not is_cbow:
            draw_pairs(context_vectors, batch, batch.start, pair, key, noise, work)
        for window in range(batch.start, batch.stop):
            pairs = int(left[window]) + int(right[window])
            if is_cbow:
                if window + reach < len(words):
                    ask_for_word(inputs, starts, rows, int(words[window + reach]))
                if pairs > 0:
                    draw_outputs(context_vectors, work, 0, int(words[window]), pair, key, noise)
                    rate = np.float32(rate_at(schedule, pair))
                    cbow_window(starts, rows, inputs, context_vectors, batch, window, rate, work, blank)
            else:
                if window + 1 < batch.stop:
                    ask_for_word(inputs, starts, rows, int(words[window + 1]))
                    draw_pairs(context_vectors, batch, window + 1, pair + pairs, key, noise, work)
                if pairs > 0:
                    skip_gram_window(
                        starts, rows, inputs, context_vectors, batch, window, pairs, pair, schedule, work, blank
                    )
            pair += pairs
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return train
