"""Arrays in NumPy's own format, written with little memory."""

from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tasks.storage.atomic import atomic_file

ROWS_A_WRITE = 1024


def write_npy(path: Path, array: NDArray[Any]) -> None:
    """Writes an array [rows, ...] to a file, atomically."""
    with atomic_file(path) as file:
        write_npy_into(file, array)


def write_npy_into(file: IO[bytes], array: NDArray[Any]) -> None:
    """Writes the bytes that `np.save` writes for an array [rows, ...] in C order.

    Where rows do not follow one another in memory, as those of a padded table, `np.save` copies 16 MB at a time or
    writes number by number; this copies some rows.
    """
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(file, header)
    for first in range(0, len(array), ROWS_A_WRITE):
        file.write(np.ascontiguousarray(array[first : first + ROWS_A_WRITE]).data)
