"""GloVe on CPU cores: a compiled walk over the cells of a tile, and the engine that walks over a round's tiles at once.

The loss of a cell with weight X in row i and column j is f(X) (w_i · w̃_j + b_i + b̃_j - log X)² with
f(X) = min(1, (X / x_max)^α) (Pennington, Socher, Manning, "GloVe: Global Vectors for Word Representation", 2014,
equations 8 and 9). AdaGrad (Duchi et al. 2011), as in the authors' program: with a step t = rate * gradient / 2 each
number moves by -t / √S and S, which begins at 1, grows by t². (It is the rate times the gradient that is squared:
without the rate, vectors would be at rest too early.)

A row of a table holds the numbers of a vector and, after them, their sums S. Half of what a cell needs is so where the
other half is.
"""

import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled_inline, compiled_kernel
from tasks.kernels.lanes import (
    WIDTH,
    decay,
    divide,
    load,
    logarithm,
    multiply,
    multiply_add,
    positive_part,
    prefetch,
    spread,
    square_root,
    store,
    subtract,
    total,
)
from tasks.kernels.random_streams import STEP, below, mix
from tasks.kernels.tables import Table, aligned, empty_table
from tasks.kernels.tiles import Tiles

CELLS_AHEAD = 4
"""The rows of a cell are asked for while the cells before it are trained."""

BIAS, BIAS_SUM, CONTEXT_BIAS, CONTEXT_BIAS_SUM = range(4)
"""The columns of the table of biases."""


class Weighing(NamedTuple):
    """rate: of learning. x_max, alpha: of f."""

    rate: float
    x_max: float
    alpha: float


class Workspace(NamedTuple):
    """What one thread writes on: the cells of a tile in the order in which they are trained.

    Attributes:
        order: int32 [most cells].
        rows, columns: int32 [most cells].
        targets: float32 [1, most cells], X, then log X.
        shares: float32 [1, most cells], f(X).
    """

    order: NDArray[np.int32]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    targets: Table
    shares: Table


def workspace(most: int) -> Workspace:
    """Room for so many cells, in whole Lanes."""
    room = -(-most // WIDTH) * WIDTH
    order, rows, columns = (np.zeros(room, np.int32) for _ in range(3))
    return Workspace(order, rows, columns, aligned(np.ones((1, room))), aligned(np.ones((1, room))))


@compiled_kernel
def train_tile(
    vectors: Table,
    context_vectors: Table,
    biases: Table,
    cells: NDArray[np.int32],
    key: np.uint64,
    weighing: Weighing,
    work: Workspace,
) -> float:
    """Trains every cell of a tile once, in a random order.

    Args:
        vectors, context_vectors: float32 [words, 2 * columns], each row a vector and its sums of squares.
        biases: float32 [words, 4]; see BIAS.
        cells: int32 [n, 3]; see `Tiles`.
        key: of the random order.
        weighing: rate and f.
        work: this thread's own.

    Returns:
        The loss, summed over the cells, each before its step.
    """
    number = len(cells)
    _shuffle(number, key, work.order)
    weights = cells.view(np.float32)
    for place in range(number):
        cell = work.order[place]
        work.rows[place] = cells[cell, 0]
        work.columns[place] = cells[cell, 1]
        work.targets[0, place] = weights[cell, 2]
    _weigh(number, weighing, work)
    loss = 0.0
    for place in range(min(CELLS_AHEAD, number)):
        _ask_for(vectors, work.rows[place])
        _ask_for(context_vectors, work.columns[place])
    for place in range(number):
        if place + CELLS_AHEAD < number:
            _ask_for(vectors, work.rows[place + CELLS_AHEAD])
            _ask_for(context_vectors, work.columns[place + CELLS_AHEAD])
        row, column = work.rows[place], work.columns[place]
        difference = _score(vectors, context_vectors, row, column) - work.targets[0, place]
        difference += biases[row, BIAS] + biases[column, CONTEXT_BIAS]
        slope = work.shares[0, place] * difference
        loss += np.float64(slope) * np.float64(difference)
        slope *= np.float32(weighing.rate)
        _move(vectors, context_vectors, row, column, slope)
        square = slope * slope
        biases[row, BIAS] -= slope / np.sqrt(biases[row, BIAS_SUM])
        biases[row, BIAS_SUM] += square
        biases[column, CONTEXT_BIAS] -= slope / np.sqrt(biases[column, CONTEXT_BIAS_SUM])
        biases[column, CONTEXT_BIAS_SUM] += square
    return loss


@compiled_inline
def _shuffle(number: int, key: np.uint64, order: NDArray[np.int32]) -> None:
    """order[:number] = 0 .. number - 1 in a random order (Fisher and Yates)."""
    place = key
    for last in range(number):
        place += STEP
        other = int(below(mix(place) >> np.uint64(32), np.uint64(last + 1)))
        order[last] = order[other]
        order[other] = last


@compiled_inline
def _weigh(number: int, weighing: Weighing, work: Workspace) -> None:
    """Turns the weights in `targets` into logarithms, and sets the shares: (X / x_max)^α = e^(α log(X / x_max))."""
    alpha, most = spread(np.float32(weighing.alpha)), spread(np.float32(np.log(weighing.x_max)))
    for start in range(0, number, WIDTH):
        logs = logarithm(load(work.targets, 0, start))
        store(work.targets, 0, start, logs)
        store(work.shares, 0, start, decay(positive_part(multiply(alpha, subtract(most, logs)))))


@compiled_inline
def _ask_for(table: Table, row: int) -> None:
    for column in range(0, table.shape[1], WIDTH):
        prefetch(table, row, column)


@compiled_inline
def _score(vectors: Table, context_vectors: Table, row: int, column: int) -> Any:
    """w_i · w̃_j"""
    score = spread(np.float32(0))
    for at in range(0, vectors.shape[1] // 2, WIDTH):
        score = multiply_add(load(vectors, row, at), load(context_vectors, column, at), score)
    return total(score)


@compiled_inline
def _move(vectors: Table, context_vectors: Table, row: int, column: int, slope: np.float32) -> None:
    """Moves both rows, each by what the other was."""
    down = spread(-slope)
    half = vectors.shape[1] // 2
    for at in range(0, half, WIDTH):
        one, other = load(vectors, row, at), load(context_vectors, column, at)
        one_sum, other_sum = load(vectors, row, half + at), load(context_vectors, column, half + at)
        step, other_step = multiply(down, other), multiply(down, one)
        store(vectors, row, at, multiply_add(step, divide(spread(np.float32(1)), square_root(one_sum)), one))
        store(
            context_vectors,
            column,
            at,
            multiply_add(other_step, divide(spread(np.float32(1)), square_root(other_sum)), other),
        )
        store(vectors, row, half + at, multiply_add(step, step, one_sum))
        store(context_vectors, column, half + at, multiply_add(other_step, other_step, other_sum))


class GloveTables(NamedTuple):
    """As they are kept: vectors and their sums, float32 [words, dim] each; biases float32 [words, 4], see BIAS."""

    vectors: Table
    context_vectors: Table
    sums: Table
    context_sums: Table
    biases: Table


class GloveEngine:
    """Holds the tables while they are trained. What is trained does not depend on the number of threads."""

    settled = True

    def __init__(self, tables: Sequence[Table], tiles: Tiles, weighing: Weighing, threads: int) -> None:
        vectors, context_vectors, sums, context_sums, biases = tables
        self.dim = vectors.shape[1]
        self.vectors, self.context_vectors = _beside(vectors, sums), _beside(context_vectors, context_sums)
        self.biases = aligned(biases)
        self.tiles, self.weighing = tiles, weighing
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="train")
        self.idle: queue.SimpleQueue[Workspace] = queue.SimpleQueue()
        for _ in range(threads):
            self.idle.put(workspace(int(np.diff(tiles.starts).max())))

    def prepare(self) -> None:
        self._train_tile(0, np.uint64(0), cells=0)

    def train(self, numbers: Sequence[int], keys: Sequence[np.uint64]) -> float:
        """Trains the tiles of these numbers, which have no rows in common, each with the key of its order."""
        return sum(self.pool.map(self._train_tile, numbers, keys))

    def tables(self) -> GloveTables:
        half = self.vectors.shape[1] // 2
        vectors, sums = (self.vectors[:, start : start + self.dim] for start in (0, half))
        context_vectors, context_sums = (self.context_vectors[:, start : start + self.dim] for start in (0, half))
        return GloveTables(vectors, context_vectors, sums, context_sums, self.biases)

    def _train_tile(self, number: int, key: np.uint64, cells: int | None = None) -> float:
        first, last = self.tiles.starts[number : number + 2].tolist()
        found = self.tiles.cells[first : last if cells is None else first + cells]
        work = self.idle.get()
        try:
            return train_tile(self.vectors, self.context_vectors, self.biases, found, key, self.weighing, work)
        finally:
            self.idle.put(work)


def _beside(vectors: Table, sums: Table) -> Table:
    """Each vector with its sums after it, both padded; sums that are padding are 1, since they are divided by."""
    rows, dim = vectors.shape
    half = empty_table(1, dim).shape[1]
    table = empty_table(rows, 2 * half)
    table[:, :dim] = vectors
    table[:, half:] = 1
    table[:, half : half + dim] = sums
    return table
