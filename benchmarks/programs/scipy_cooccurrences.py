"""Co-occurrences by scipy. `python -m benchmarks.programs.scipy_cooccurrences DATA WINDOW`

For each distance all pairs of words so far apart become a sparse matrix, which scipy adds to the others: what one
writes who has no loop that is fast. Symmetric, 1 / distance. Prints {"seconds", "cells", "memory_mb"};
reading does not count for the first.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from benchmarks.programs.resident import highest_resident_mb
from tasks.kernels.cooccurrence import lay_out
from tasks.kernels.reading import read_counts


def count(tokens: NDArray[np.int32], words: int, window: int) -> csr_matrix:
    """The matrix, rows and columns by id. tokens: int32 [n], a 0 between two documents."""
    whole = csr_matrix((words + 1, words + 1), dtype=np.float32)
    document = np.cumsum(tokens == 0, dtype=np.int32)
    for distance in range(1, window + 1):
        near = (document[distance:] == document[:-distance]) & (tokens[distance:] > 0) & (tokens[:-distance] > 0)
        first, second = tokens[:-distance][near], tokens[distance:][near]
        weights = np.full(len(first), 1 / distance, np.float32)
        whole += coo_matrix((weights, (first, second)), whole.shape).tocsr()
    return whole + whole.T


def main() -> None:
    """Counts once and prints the figures."""
    data, window = Path(sys.argv[1]), int(sys.argv[2])
    words = len(read_counts(data / "tokenize" / "vocabulary.parquet"))
    shards = sorted((data / "tokenize" / "documents").glob("part-*.parquet"))
    tokens = np.concatenate([lay_out(shard, words) for shard in shards])
    started = time.monotonic()
    matrix = count(tokens, words, window)
    seconds = time.monotonic() - started
    content = {"seconds": round(seconds, 3), "cells": int(matrix.nnz), "memory_mb": highest_resident_mb()}
    print(json.dumps(content))


if __name__ == "__main__":
    main()
