"""GloVe by TensorFlow: cells of a round in chunks, each chunk one step of AdaGrad.

The cells of a chunk come from all tiles of the round, so that a row is met as seldom as can be: within a chunk its
changes are made from the same numbers, and add up. A chunk is so small that even the most frequent word is met
MOST_MEETINGS times in it, on average. See `glove_numba` for the loss and for AdaGrad.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.glove_numba import BIAS, BIAS_SUM, CONTEXT_BIAS, CONTEXT_BIAS_SUM, GloveTables, Weighing
from tasks.kernels.random_streams import shuffled
from tasks.kernels.tables import Table
from tasks.kernels.tensorflow_loop import compiled_loop, import_tensorflow
from tasks.kernels.tiles import Tiles

MOST_CELLS, FEWEST_CELLS = 2048, 16
"""Of a chunk."""

MOST_MEETINGS = 8

CHUNKS = 64
"""Handed over at once."""


class TensorflowGlove:
    """The engine; determined on one machine. A variable has for each word a vector, its bias, and the sums of both."""

    settled = True

    def __init__(self, tables: Sequence[Table], tiles: Tiles, weighing: Weighing, threads: int) -> None:
        tf = import_tensorflow(threads)
        vectors, context_vectors, sums, context_sums, biases = tables
        self.dim = vectors.shape[1]
        self.tiles, self.weighing = tiles, weighing
        columns = (vectors, biases[:, BIAS], sums, biases[:, BIAS_SUM])
        context_columns = (context_vectors, biases[:, CONTEXT_BIAS], context_sums, biases[:, CONTEXT_BIAS_SUM])
        self.variables = [tf.Variable(np.column_stack(each)) for each in (columns, context_columns)]
        self.chunk = _chunk(tiles)
        self.step = make_step(self.variables, self.chunk, weighing.rate)

    def prepare(self) -> None:
        self.step(*empty_chunks(self.chunk), np.int32(0))

    def train(self, numbers: Sequence[int], keys: Sequence[np.uint64]) -> float:
        """Trains the tiles of these numbers, all their cells in an order of the first key."""
        starts = self.tiles.starts
        cells = np.concatenate([self.tiles.cells[starts[number] : starts[number + 1]] for number in numbers])
        cells = cells[shuffled(keys[0], len(cells))]
        logs = np.log(np.ascontiguousarray(cells[:, 2]).view(np.float32), dtype=np.float64)
        shares = np.exp(self.weighing.alpha * np.minimum(logs - np.log(self.weighing.x_max), 0))
        loss, at_once = 0.0, CHUNKS * self.chunk
        for first in range(0, len(cells), at_once):
            count = min(at_once, len(cells) - first)
            some = slice(first, first + count)
            room = empty_chunks(self.chunk)
            for target, column in zip(room, (cells[:, 0], cells[:, 1], logs, shares), strict=True):
                target.reshape(-1)[:count] = column[some]
            loss += float(self.step(*room, np.int32(-(-count // self.chunk))))
        return loss

    def tables(self) -> GloveTables:
        dim = self.dim
        one, other = (variable.numpy() for variable in self.variables)
        biases = np.column_stack([one[:, dim], one[:, -1], other[:, dim], other[:, -1]])
        vectors, context_vectors, sums, context_sums = (
            np.ascontiguousarray(table[:, first : first + dim]) for first in (0, dim + 1) for table in (one, other)
        )
        return GloveTables(vectors, context_vectors, sums, context_sums, biases)


def _chunk(tiles: Tiles) -> int:
    """How many cells a chunk has."""
    most = max(int(np.bincount(tiles.cells[:, side]).max()) for side in (0, 1))
    return max(FEWEST_CELLS, min(MOST_CELLS, MOST_MEETINGS * len(tiles.cells) // most))


def empty_chunks(chunk: int) -> list[NDArray[Any]]:
    """Room for the rows, columns, logs and shares of CHUNKS chunks: int32, int32, float32, float32 [CHUNKS, chunk]."""
    return [np.zeros((CHUNKS, chunk), kind) for kind in (np.int32, np.int32, np.float32, np.float32)]


def make_step(variables: Sequence[Any], chunk: int, rate: float) -> Callable[..., Any]:
    """The compiled step over chunks: (rows, columns, logs, shares, used) -> loss, float64, summed over cells.

    Args:
        variables: tf.Variable, float32 [words, 2 * (dim + 1)], of rows and of columns; changed in place.
        chunk: cells of a chunk; rows, columns int32, logs, shares float32 [CHUNKS, chunk]. A share of 0: no cell.
        rate: of learning.
    """
    import tensorflow as tf

    half = variables[0].shape[1] // 2
    dim = half - 1

    def train_chunk(rows: Any, columns: Any, logs: Any, shares: Any) -> Any:
        one, other = (tf.gather(table, at) for table, at in zip(variables, (rows, columns), strict=True))
        difference = tf.reduce_sum(one[:, :dim] * other[:, :dim], 1) + one[:, dim] + other[:, dim] - logs
        slopes = shares * difference
        down = -rate * slopes[:, None]
        ones = tf.ones([chunk, 1])
        for table, at, own, partner in ((variables[0], rows, one, other), (variables[1], columns, other, one)):
            step = down * tf.concat([partner[:, :dim], ones], 1)
            change = tf.concat([step / tf.sqrt(own[:, half:]), step * step], 1)
            tf.raw_ops.ResourceScatterAdd(resource=table.handle, indices=at, updates=change)
        return tf.cast(tf.reduce_sum(slopes * difference), tf.float64)

    return compiled_loop(train_chunk, empty_chunks(chunk))
