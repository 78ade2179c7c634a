"""Co-occurrences by glove-python's `Corpus`. `python -m benchmarks.programs.glove_cooccurrences FILE WINDOW`

Runs in the peers' environment. FILE: tokens, a document a line. It counts 1 / distance, each pair of words once, in the
upper half of the matrix. Prints {"seconds", "cells", "memory_mb"}: reading the file does not count for the first.
"""

import json
import sys
import time

from glove import Corpus

from benchmarks.programs.resident import highest_resident_mb


def main() -> None:
    """Counts once and prints the figures."""
    with open(sys.argv[1], encoding="utf-8") as file:
        documents = [line.split() for line in file]
    corpus = Corpus()
    started = time.monotonic()
    corpus.fit(documents, window=int(sys.argv[2]))
    seconds = time.monotonic() - started
    content = {"seconds": round(seconds, 3), "cells": int(corpus.matrix.nnz), "memory_mb": highest_resident_mb()}
    print(json.dumps(content))


if __name__ == "__main__":
    main()
