"""The two embedding tables: rows padded to whole vector registers and aligned to a cache line."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.random_streams import uniform

Table = NDArray[np.float32]

LANES = 16
"""float32 numbers in a 64-byte cache line and in the widest vector register. Padding is zero and stays zero."""


def empty_table(rows: int, dim: int) -> Table:
    """Zeros, float32 [rows, dim rounded up to LANES], each row starting at a cache line."""
    width = -(-dim // LANES) * LANES
    block = np.zeros((rows * width + LANES) * 4, np.uint8)
    start = -block.ctypes.data % (4 * LANES)
    return block[start : start + rows * width * 4].view(np.float32).reshape(rows, width)


def copies_of(table: Table, number: int) -> Table:
    """That many copies of a padded table [rows, width], as float32 [number, rows, width]."""
    rows, width = table.shape
    copies = empty_table(number * rows, width).reshape(number, rows, width)
    copies[:] = table
    return copies


def aligned(table: NDArray[Any]) -> Table:
    """A copy as float32 [rows, width] whose first row starts at a cache line, and if LANES divide width every row."""
    block = empty_table(-(-table.size // LANES), LANES).reshape(-1)
    copy = block[: table.size].reshape(table.shape)
    copy[:] = table
    return copy


def padded(table: Table) -> Table:
    """A padded, aligned copy of a table [rows, dim]."""
    copy = empty_table(*table.shape)
    copy[:, : table.shape[1]] = table
    return copy


def initial_tables(rows: int, dim: int, key: np.uint64, range_by: float | None = None) -> tuple[Table, Table]:
    """The start: vectors uniform in ±0.5 / range_by, context vectors zero. float32 [rows, dim] each. range_by: dim, as
    in word2vec, if there is none."""
    numbers = uniform(key, rows * dim).reshape(rows, dim)
    return (numbers - np.float32(0.5)) / np.float32(range_by or dim), np.zeros((rows, dim), np.float32)
