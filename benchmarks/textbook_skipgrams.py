"""The textbook loop over windows: for each token, each neighbour; plain Python, fixed windows, no negatives.

`python -m benchmarks.textbook_skipgrams FILE WINDOW SECONDS` walks through a text of tokens, a document a line, for
about so many seconds and prints {"pairs_per_second"}; what is timed is making the pairs alone.
"""

import json
import sys
import time
from collections.abc import Sequence

Pair = tuple[int, int]


def skipgrams(ids: Sequence[int], window: int) -> list[Pair]:
    """The pairs (center, context) of one document, in order, `window` tokens to each side."""
    pairs: list[Pair] = []
    for position, center in enumerate(ids):
        first = max(0, position - window)
        last = min(len(ids), position + window + 1)
        for other in range(first, last):
            if other != position:
                pairs.append((center, ids[other]))
    return pairs


def main() -> None:
    """Makes pairs and prints how many a second."""
    file, window, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    numbers: dict[str, int] = {}
    pairs = 0
    seconds = 0.0
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            ids = [numbers.setdefault(word, len(numbers) + 1) for word in line.split()]
            started = time.perf_counter()
            pairs += len(skipgrams(ids, window))
            seconds += time.perf_counter() - started
            if seconds >= limit:
                break
    print(json.dumps({"pairs_per_second": round(pairs / seconds)}))


if __name__ == "__main__":
    main()
