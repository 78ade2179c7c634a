"""The matrix of co-occurrences cut into tiles, so that several can be trained at once and nothing has to be locked.

Rows and columns are cut into as many blocks, each with about the same number of cells. A round is one tile of each
block of rows with another block of columns each: they have no row of either table in common, so whoever trains them, in
whatever order, does the same (Gemulla et al., "Large-Scale Matrix Factorization with Distributed Stochastic Gradient
Descent", 2011). The cells of a tile need few rows of the tables, which the cache holds.

All cells are laid in one file, tile by tile, and read from there through a memory map.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.kernels.compiler import compiled_kernel
from tasks.storage.atomic import atomic_path
from tasks.storage.npy import write_npy
from tasks.storage.parquet import numbers, open_checked
from tasks.storage.room import new_mapped
from tasks.storage.schemas import COOCCURRENCES

CELLS_A_TILE = 8192
"""About so many, while there are fewer than MOST_BLOCKS: 100 kB, a part of the second cache."""

MOST_BLOCKS = 128

CELL_BYTES = 12
"""A row, a column, a weight."""

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Tiles:
    """The cells, tile by tile.

    Attributes:
        cells: int32 [cells, 3], mapped from a file: row and column, from 0, and the bits of the float32 weight.
        starts: int64 [blocks * blocks + 1]; tile (r, c) is cells[starts[n] : starts[n + 1]], n = r * blocks + c.
        blocks: of rows, and of columns.
    """

    cells: Ids
    starts: NDArray[np.int64]
    blocks: int

    def round(self, number: int) -> list[int]:
        """The tiles of a round, from 0 to blocks - 1."""
        return [row * self.blocks + (row + number) % self.blocks for row in range(self.blocks)]

    def round_cells(self) -> NDArray[np.int64]:
        """How many cells each round has, int64 [blocks]."""
        sizes = np.diff(self.starts)
        return np.array([sizes[self.round(number)].sum() for number in range(self.blocks)])


def lay_tiles(shards: Sequence[Path], words: int, folder: Path, threads: int) -> Tiles:
    """Lays the cells of all shards in tiles; finds them there if that has been done before.

    Args:
        shards: of the stage cooccurrences.
        words: the size of the vocabulary.
        folder: where the file is written.
        threads: that read.

    Raises:
        InputError: there is no cell, or a shard holds an id outside 1 .. words or a weight that is not positive.
    """
    file, index = folder / "cells.npy", folder / "starts.npy"
    if not index.exists():
        with ThreadPoolExecutor(threads) as pool:
            starts = _lay(shards, words, file, pool)
        write_npy(index, starts)  # last: where it is, the cells are whole
    starts = np.load(index, allow_pickle=False)
    cells = np.load(file, mmap_mode="r", allow_pickle=False)
    return Tiles(np.asarray(cells), starts, int(np.sqrt(len(starts) - 1)))


def _lay(shards: Sequence[Path], words: int, file: Path, pool: ThreadPoolExecutor) -> NDArray[np.int64]:
    per_row, per_column = np.zeros(words, np.int64), np.zeros(words, np.int64)
    for rows, columns in pool.map(lambda path: _count(path, words), shards):
        per_row += rows
        per_column += columns
    cells = int(per_row.sum())
    if not cells:
        raise InputError("train: there are no co-occurrences; run the stage cooccurrences, or give longer documents")
    blocks = max(1, min(MOST_BLOCKS, words, int(np.sqrt(cells / CELLS_A_TILE))))
    row_blocks, column_blocks = _blocks(per_row, blocks), _blocks(per_column, blocks)

    def count_tiles(path: Path) -> NDArray[np.int64]:
        rows, columns, _ = _read(path, words)
        return np.bincount(row_blocks[rows] * np.int32(blocks) + column_blocks[columns], minlength=blocks * blocks)

    in_shards = np.array(list(pool.map(count_tiles, shards)))
    starts = np.concatenate([[0], np.cumsum(in_shards.sum(0))])
    places = starts[:-1] + np.cumsum(in_shards, 0) - in_shards  # of each shard's first cell in each tile
    with atomic_path(file) as temporary:
        laid = new_mapped(temporary, np.int32, (cells, 3))

        def lay(shard: int) -> None:
            leave_if_asked()
            rows, columns, weights = _read(shards[shard], words)
            _place(rows, columns, weights.view(np.int32), row_blocks, column_blocks, blocks, places[shard], laid)

        list(pool.map(lay, range(len(shards))))
        laid.flush()
    return starts


def _count(path: Path, words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, columns, _ = _read(path, words)
    return np.bincount(rows, minlength=words), np.bincount(columns, minlength=words)


def _blocks(cells: NDArray[np.int64], blocks: int) -> Ids:
    """The block of each row, so that all have about as many cells. int32 [words]."""
    before = np.cumsum(cells) - cells
    return (before * blocks // max(1, int(cells.sum()))).astype(np.int32)


def _read(path: Path, words: int) -> tuple[Ids, Ids, NDArray[np.float32]]:
    """The rows and columns, from 0, and weights of a shard."""
    table = open_checked(path, COOCCURRENCES).read(COOCCURRENCES.names)
    rows, columns, weights = (numbers(table[name]) for name in COOCCURRENCES.names)
    for name, ids in (("row", rows), ("column", columns)):
        if len(ids) and not 1 <= ids.min() <= ids.max() <= words:
            raise InputError(
                f"{path}: {name}s from {ids.min()} to {ids.max()}, where the vocabulary's ids are 1 .. {words}; "
                "run the stage cooccurrences again"
            )
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= np.finfo(np.float32).tiny)))
    if len(wrong):
        raise InputError(
            f"{path}: cell {wrong[0]} has the weight {weights[wrong[0]]:g}, which should be positive; "
            "run the stage cooccurrences again"
        )
    rows -= 1
    columns -= 1
    return rows, columns, weights


@compiled_kernel
def _place(
    rows: Ids, columns: Ids, bits: Ids, row_blocks: Ids, column_blocks: Ids, blocks: int,
    places: NDArray[np.int64], cells: Ids,
) -> None:  # fmt: skip
    """Puts each cell at the next place of its tile; `places` moves on."""
    for number in range(len(rows)):
        tile = row_blocks[rows[number]] * blocks + column_blocks[columns[number]]
        place = places[tile]
        places[tile] += 1
        cells[place, 0] = rows[number]
        cells[place, 1] = columns[number]
        cells[place, 2] = bits[number]
