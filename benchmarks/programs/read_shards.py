"""Reads our skip-gram shards as training does. `python -m benchmarks.programs.read_shards DATA PASSES`

Prints {"pairs_per_second", "bytes_per_pair"}: of so many passes over all shards, step by step, with every
check and without training; and what a pair takes on disk.
"""

import json
import sys
import time
from pathlib import Path

from tasks.kernels.batches import Place, read_steps
from tasks.kernels.reading import read_counts
from tasks.kernels.window_learner import MOST_PAIRS


def main() -> None:
    """Reads and prints the figures."""
    data, passes = Path(sys.argv[1]), int(sys.argv[2])
    counts = read_counts(data / "tokenize" / "vocabulary.parquet")
    documents = data / "tokenize" / "documents"
    shards = sorted((data / "skipgrams" / "shards").glob("draw-*/part-*.parquet"))

    def pairs_of(shard: Path) -> int:
        return sum(sum(step.pairs) for step in read_steps(shard, documents, counts, MOST_PAIRS, 1, Place()))

    pairs_of(shards[0])  # compiles
    started = time.monotonic()
    pairs = sum(pairs_of(shard) for _ in range(passes) for shard in shards)
    seconds = time.monotonic() - started
    size = sum(shard.stat().st_size for shard in shards)
    content = {
        "pairs_per_second": round(pairs / seconds),
        "bytes_per_pair": round(size * passes / pairs, 4),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
