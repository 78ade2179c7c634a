"""What every file of vectors holds: words and a float32 matrix, one row a word. Checks them, and reads vectors.npy.

The checks guarantee that what is written can be read by word2vec, GloVe, gensim and fastText tools alike.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError

Matrix = NDArray[np.float32]
"""float32 [size, dim]: the vector of one word a row, most frequent word first."""

SEPARATORS = re.compile(r"[ \t\n\r\v\f]")
"""The characters that end a word in one of the formats or in one of their readers."""

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


def check_words(words: Sequence[str], matrix: Matrix, path: Path) -> None:
    """Raises InputError, naming `path`, unless the words can be written beside the rows of `matrix` and read back.

    A word must not be empty, hold a space, tab or line break, be no valid Unicode, or stand there twice.
    """
    if matrix.dtype != np.float32 or matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(f"{path}: vectors should be float32 [size, dim], found {matrix.dtype} {list(matrix.shape)}")
    if len(words) != len(matrix):
        raise InputError(f"{path}: {len(words)} words for {len(matrix)} vectors")
    seen: set[str] = set()
    for row, word in enumerate(words):
        reason = _unfit(word, seen)
        if reason:
            raise InputError(f"{path}: word {row} ({word[:40]!a}) {reason}; clean or tokenize the corpus without it")
        seen.add(word)
    check_finite(matrix, path)


def _unfit(word: str, seen: set[str]) -> str | None:
    if not word:
        return "is empty, and no format of vectors can hold that"
    if SEPARATORS.search(word):
        return "holds a space, tab or line break, and no format of vectors can hold that"
    if word in seen:
        return "stands there twice"
    try:
        word.encode()
    except UnicodeEncodeError:
        return "is no valid Unicode (a lone surrogate)"
    return None
