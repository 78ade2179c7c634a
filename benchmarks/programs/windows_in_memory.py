"""Our windows, made in memory. `python -m benchmarks.programs.windows_in_memory DATA SETTINGS`

Reads the encoded documents of DATA/tokenize into memory, then draws their windows as the stage skipgrams does. SETTINGS
is a JSON object: "window", "dynamic", "subsample", "threads", "explicit" (also makes the explicit pairs of them),
"seconds" (passes go on for so long). Prints {"pairs_per_second"}, without reading and compiling.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tasks.kernels.random_streams import stream_key
from tasks.kernels.reading import Documents, read_counts, read_documents
from tasks.kernels.windows import draw_windows, expand_pairs, keep_probability, keep_thresholds
from tasks.pipeline.stage import parts
from tasks.skipgrams import BATCH_TOKENS


def main() -> None:
    """Draws windows and prints how many pairs a second."""
    data, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    counts = read_counts(data / "tokenize" / "vocabulary.parquet")
    shards = parts(data / "tokenize" / "documents")
    batches = [batch for shard in shards for batch in read_documents(shard, len(counts), BATCH_TOKENS)]
    thresholds = keep_thresholds(keep_probability(counts, settings["subsample"]))

    def draw(batch: Documents) -> int:
        windows = draw_windows(
            batch.ids, batch.offsets, thresholds, settings["window"], settings["dynamic"], stream_key(1), 0
        )
        if settings["explicit"]:
            return len(expand_pairs(windows, 0, len(windows.center))[0])
        return int(windows.left.sum(dtype=np.int64) + windows.right.sum(dtype=np.int64))

    draw(batches[0])  # compiles
    pairs = 0
    with ThreadPoolExecutor(settings["threads"]) as threads:
        started = time.monotonic()
        while (seconds := time.monotonic() - started) < settings["seconds"]:
            pairs += sum(threads.map(draw, batches))
    print(json.dumps({"pairs_per_second": round(pairs / seconds)}))


if __name__ == "__main__":
    main()
