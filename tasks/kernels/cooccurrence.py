"""How often words stand near each other, row by row of the matrix, from an index of where each word stands.

A row is added up in an array as long as the vocabulary, which the cache holds, by going to every place of its word. So
no pair is ever written down or sorted, and a row's numbers are added in the order of the corpus: no result depends on
how the rows are shared out. Rows of frequent words first, the index of a few million places at a time is all that is
held, however long the text, which is one array of ids on disk. A word with more places needs no index: it is alone, and
its places are met on the way through the text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.kernels.compiler import compiled, compiled_inline, compiled_kernel
from tasks.kernels.reading import read_documents

BORDER = 0
"""What stands before and after each document: the id that no word has."""

TOKENS_AT_ONCE = 1 << 20

CELLS_AT_ONCE = 1 << 20
"""That a row group has at the least, but for the last."""

Ids = NDArray[np.int32]

Bits = NDArray[np.uint64]

Places = NDArray[Any]
"""Of `place_type`."""


class Cells(NamedTuple):
    """Cells of the matrix, by row, then by column.

    Attributes:
        row, column: int32 [cells], ids.
        weight: float32 [cells].
    """

    row: Ids
    column: Ids
    weight: NDArray[np.float32]


class Line(NamedTuple):
    """A row of the matrix while it is added up. All of it is zero before and after.

    Attributes:
        sums: float64 [words + 1], by column.
        marks: a bit for each column that has a sum.
        marked: a bit for each 64 columns of which one has.
    """

    sums: NDArray[np.float64]
    marks: Bits
    marked: Bits


def lay_out(documents: Path, words: int) -> Ids:
    """The documents of a shard on end, each followed by BORDER: int32 [tokens + documents].

    Raises:
        InputError: the shard is not what it should be.
    """
    laid = [np.empty(0, np.int32)]
    for some in read_documents(documents, words, TOKENS_AT_ONCE):
        laid.append(np.insert(some.ids, some.offsets[1:], BORDER))
    return np.concatenate(laid)


def distance_weights(window: int, harmonic: bool) -> NDArray[np.float64]:
    """float64 [window + 1]: what a word at each distance adds: 1 / distance, as for GloVe (Pennington, Socher, Manning,
    2014, section 4.2), or 1. Number 0 is of no use.
    """
    distances = np.arange(window + 1, dtype=np.float64)
    distances[0] = 1
    return 1 / distances if harmonic else np.ones(window + 1)


def count_cells(
    tokens: Ids, counts: NDArray[np.int64], rows: range, weights: NDArray[np.float64], symmetric: bool
) -> Iterator[Cells]:
    """The cells of some rows, some whole rows at a time.

    Args:
        tokens: int32 [n], the corpus: documents with BORDER before, between and after them.
        counts: int64 [words], how often each word stands there.
        rows: of the matrix: row r is the word with id r + 1. One that comes alone needs no index.
        weights: see `distance_weights`.
        symmetric: count the words before and after; else those before alone.

    Raises:
        InputError: the counts are not those of the corpus.
    """
    words = len(counts)
    blocks = words // 64 + 1
    line = Line(np.zeros(words + 1), np.zeros(blocks, np.uint64), np.zeros(blocks // 64 + 1, np.uint64))
    room = words + 1 + (CELLS_AT_ONCE if len(rows) > 1 else 0)
    cells = Cells(np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32))
    if len(rows) == 1:
        filled, found = _add_up_alone(tokens, rows.start, weights, symmetric, line, cells)
        _check_counts(found == counts[rows.start])
        if filled:
            yield Cells(cells.row[:filled], cells.column[:filled], cells.weight[:filled])
        return
    starts = np.concatenate([[0], np.cumsum(counts[rows.start : rows.stop])])
    places, ends = np.empty(starts[-1], place_type(len(tokens))), starts[:-1].copy()
    _check_counts(_find_places(tokens, rows.start, starts, ends, places) and np.array_equal(ends, starts[1:]))
    row = 0
    while row < len(rows):
        row, filled = _add_up(tokens, places, starts, row, rows.start, weights, symmetric, line, cells)
        if filled:
            yield Cells(cells.row[:filled], cells.column[:filled], cells.weight[:filled])


def _check_counts(right: bool) -> None:
    if not right:
        raise InputError("the vocabulary's counts are not those of the documents; run the stage tokenize again")


def place_type(tokens: int) -> np.dtype[Any]:
    """What holds a place in so many tokens."""
    return np.dtype(np.uint32 if tokens <= 1 << 32 else np.uint64)


def expected_cells(counts: NDArray[np.int64], window: int, symmetric: bool) -> float:
    """About how many cells there will be at the most: as if words stood in any order.

    Of n words drawn by their frequencies, Σ_v 1 - (1 - p_v)^n are different; texts, which keep to their subject, have
    fewer. Computed for some n, and in between on the straight line between them on a scale of logarithms.
    """
    reach = window * (2 if symmetric else 1)
    unlikely = np.log1p(-np.minimum(counts / counts.sum(), 1 - 1e-12))
    drawn = np.unique(np.geomspace(reach, reach * counts[0], 48))
    different = np.array([-np.expm1(number * unlikely).sum() for number in drawn])
    return float(np.interp(np.log(reach * counts), np.log(drawn), different).sum())


def partitions(counts: NDArray[np.int64], places: int) -> list[range]:
    """All rows, in ranges of at most so many places; a word that has more is alone. counts: int64 [words]."""
    found: list[range] = []
    first = held = 0
    for row, count in enumerate(counts.tolist()):
        if row > first and held + count > places:
            found.append(range(first, row))
            first, held = row, 0
        held += count
    return [*found, range(first, len(counts))]


@compiled_kernel
def _find_places(tokens: Ids, first: int, starts: NDArray[np.int64], ends: NDArray[np.int64], places: Places) -> bool:
    """places[starts[r] : ends[r]] = where the word of row first + r stands; False if it is found too often."""
    for place in range(len(tokens)):
        row = np.uint32(tokens[place] - 1 - first)  # which makes a large number of a negative one
        if row < len(ends):
            if ends[row] == starts[row + 1]:
                return False
            places[ends[row]] = place
            ends[row] += 1
    return True


@compiled
def _add_up(
    tokens: Ids,
    places: Places,
    starts: NDArray[np.int64],
    row: int,
    first: int,
    weights: NDArray[np.float64],
    symmetric: bool,
    line: Line,
    cells: Cells,
) -> tuple[int, int]:
    """Fills `cells` with whole rows, from `row` on, while one more is sure to fit.

    Returns:
        The row that comes next, and the number of cells.
    """
    rows, words = len(starts) - 1, len(line.sums) - 1
    filled = 0
    while row < rows and filled + words < len(cells.row):
        begin = filled
        for number in range(starts[row], starts[row + 1]):
            filled = _add_near(tokens, int(places[number]), weights, symmetric, line.sums, cells.column, filled)
        _write(first + row + 1, line, cells, begin, filled)
        row += 1
    return row, filled


@compiled
def _add_up_alone(
    tokens: Ids,
    row: int,
    weights: NDArray[np.float64],
    symmetric: bool,
    line: Line,
    cells: Cells,
) -> tuple[int, int]:
    """Fills `cells` with one row, whose places it finds as it goes.

    Returns:
        The number of cells, and of places.
    """
    filled = found = 0
    for place in range(len(tokens)):
        if tokens[np.uint64(place)] == row + 1:
            filled = _add_near(tokens, place, weights, symmetric, line.sums, cells.column, filled)
            found += 1
    _write(row + 1, line, cells, 0, filled)
    return filled, found


@compiled_inline
def _add_near(
    tokens: Ids,
    place: int,
    weights: NDArray[np.float64],
    symmetric: bool,
    sums: NDArray[np.float64],
    column_ids: Ids,
    filled: int,
) -> int:
    """Adds to `sums` what stands near a place; a column that is met for the first time goes to column_ids[filled]."""
    for direction in range(-1, 2 if symmetric else 0, 2):
        near = place
        for distance in range(1, len(weights)):
            near += direction
            token = np.uint32(tokens[np.uint64(near)])  # an index that may be negative takes longer
            if token == BORDER:
                break
            column_ids[np.uint64(filled)] = token
            filled += int(sums[token] == 0)  # without a branch, which would be guessed
            sums[token] += weights[np.uint64(distance)]
    return filled


@compiled_inline
def _write(row: int, line: Line, cells: Cells, begin: int, filled: int) -> None:
    """Puts the columns that were met, cells.column[begin:filled], in order, and writes their cells there.

    By a bit for each column, and one for each 64 of which one is set, which is faster than sorting.
    """
    one, low, six = np.uint64(1), np.uint64(63), np.uint64(6)
    marks, marked = line.marks, line.marked
    for met in range(np.uint64(begin), np.uint64(filled)):
        column = np.uint64(cells.column[met])
        block = column >> six
        marks[block] |= one << (column & low)
        marked[block >> six] |= one << (block & low)
    cell = np.uint64(begin)
    for at in range(np.uint64(len(marked))):
        blocks = marked[at]
        marked[at] = 0
        while blocks:
            block = at * np.uint64(64) + _lowest(blocks)
            blocks &= blocks - one
            columns = marks[block]
            marks[block] = 0
            while columns:
                column = block * np.uint64(64) + _lowest(columns)
                columns &= columns - one
                cells.row[cell] = row
                cells.column[cell] = column
                cells.weight[cell] = line.sums[column]
                line.sums[column] = 0
                cell += one


@compiled_inline
def _lowest(bits: Any) -> Any:
    """The number of the lowest bit that is set; one is."""
    return trailing_zeros(bits)  # type: ignore[call-arg]
