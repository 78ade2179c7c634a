"""Reads our skip-gram shards as training does. `python -m benchmarks.programs.read_shards DATA PASSES`

Prints {"seconds", "pairs_per_second", "bytes_per_pair"}: of so many passes over all shards, batch by batch, with every
check and without training; and what a pair takes on disk.
"""

import json
import sys
import time
from pathlib import Path

from tasks.kernels.batches import Place, read_batches
from tasks.kernels.reading import read_counts
from tasks.kernels.training import BATCH_PAIRS


def main() -> None:
    """Reads and prints the figures."""
    data, passes = Path(sys.argv[1]), int(sys.argv[2])
    words = len(read_counts(data / "tokenize" / "vocabulary.parquet"))
    shards = sorted((data / "skipgrams" / "shards").glob("draw-*/part-*.parquet"))
    next(read_batches(shards[0], words, BATCH_PAIRS, Place()))  # compiles
    started = time.monotonic()
    pairs = sum(
        len(batch.contexts)
        for _ in range(passes)
        for shard in shards
        for batch, _ in read_batches(shard, words, BATCH_PAIRS, Place())
    )
    seconds = time.monotonic() - started
    size = sum(shard.stat().st_size for shard in shards)
    content = {
        "seconds": round(seconds, 3),
        "pairs_per_second": round(pairs / seconds),
        "bytes_per_pair": round(size * passes / pairs, 4),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
