"""The words of the project's own vectors.npy: vocabulary.parquet, whose row r belongs to row r of the matrix."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import VOCABULARY


def read_vocabulary(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """The words in order of their ids, and how often each occurs: int64 [size].

    Raises:
        InputError: the file is absent or damaged, or its ids do not run from 1.
    """
    table = open_checked(path, VOCABULARY).read(columns=["id", "word", "count"])
    ids = table["id"].to_numpy()
    if not np.array_equal(ids, np.arange(1, len(ids) + 1)):
        raise InputError(f"{path}: ids do not run from 1 to {len(ids)}; run the stage tokenize again")
    words: list[str] = table["word"].to_pylist()
    counts: NDArray[np.int64] = table["count"].to_numpy()
    return words, counts
