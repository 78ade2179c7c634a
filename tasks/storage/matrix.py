"""vectors.npy, read without trust: memory-mapped, never unpickled; float32 [size, dim], one row a word, no NaN."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError

Matrix = NDArray[np.float32]
"""float32 [size, dim]: the vector of one word a row, most frequent word first."""

BLOCK_ROWS = 16_384
"""Rows looked at in one go, so that a memory-mapped matrix is never in memory whole."""


def read_matrix(path: Path, size: int | None = None) -> Matrix:
    """A vectors.npy, memory-mapped and checked.

    Args:
        path: a .npy file, float32 [size, dim]; never unpickled.
        size: the number of rows that it must have, if that is known.

    Raises:
        InputError: the file is absent, cut off, of another type or shape, or holds NaN or infinity.
    """
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the stage train") from None
    except (ValueError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a whole .npy file ({reason}); run the stage train again") from None
    if not isinstance(matrix, np.ndarray) or matrix.dtype != np.float32 or matrix.ndim != 2 or 0 in matrix.shape:
        found = f"{getattr(matrix, 'dtype', type(matrix).__name__)} {list(getattr(matrix, 'shape', []))}"
        raise InputError(f"{path}: should be float32 [size, dim], found {found}; run the stage train again")
    if size is not None and len(matrix) != size:
        raise InputError(f"{path}: has {len(matrix)} rows for a vocabulary of {size} words; run the stage train again")
    check_finite(matrix, path)
    return matrix


def check_finite(matrix: Matrix, path: Path) -> None:
    """Raises InputError, naming `path` and the row, if `matrix` holds NaN or infinity."""
    for start in range(0, len(matrix), BLOCK_ROWS):
        finite = np.isfinite(matrix[start : start + BLOCK_ROWS]).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise InputError(f"{path}: row {row} holds NaN or infinity; train again with a smaller learning rate")
