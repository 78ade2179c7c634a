"""Keras 2's `skipgrams` with its defaults. `python -m benchmarks.programs.keras_skipgrams FILE SECONDS`

Runs in the peers' environment. Walks through a text file of tokens, a document a line, for about so many seconds. Its
defaults are a window of 4 to each side, a negative for each pair, and shuffling; a call gets one document. Prints
{"pairs_per_second"}: pairs and negatives together.
"""

import json
import sys
import time

from keras_preprocessing.sequence import skipgrams


def main() -> None:
    """Makes pairs and prints how many a second."""
    file, limit = sys.argv[1], float(sys.argv[2])
    numbers: dict[str, int] = {}
    with open(file, encoding="utf-8") as lines:
        documents = [[numbers.setdefault(word, len(numbers) + 1) for word in line.split()] for line in lines]
    pairs = 0
    seconds = 0.0
    for ids in documents:
        started = time.perf_counter()
        couples, _ = skipgrams(ids, len(numbers) + 1)
        seconds += time.perf_counter() - started
        pairs += len(couples)
        if seconds >= limit:
            break
    print(json.dumps({"pairs_per_second": round(pairs / seconds)}))


if __name__ == "__main__":
    main()
