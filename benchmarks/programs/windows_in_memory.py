"""Our windows, made in memory. `python -m benchmarks.programs.windows_in_memory DATA SETTINGS`

Reads the encoded documents of DATA/tokenize into memory, then draws their windows as the stage skipgrams does. SETTINGS
is a JSON object: "window", "dynamic", "subsample", "threads", "explicit" (also makes the explicit pairs of them),
"seconds" (passes go on for so long). Prints {"pairs_per_second"}, without reading and compiling.
"""

import json
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tasks.kernels.random_streams import stream_key
from tasks.kernels.reading import Documents, read_counts, read_documents
from tasks.kernels.shards import GROUP_TOKENS
from tasks.kernels.windows import Windows, draw_windows, expand_pairs, keep_probability, keep_thresholds
from tasks.pipeline.stage import parts


def main() -> None:
    """Draws windows and prints how many pairs a second."""
    data, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    counts = read_counts(data / "tokenize" / "vocabulary.parquet")
    shards = parts(data / "tokenize" / "documents")
    batches = [batch for shard in shards for batch in read_documents(shard, len(counts), GROUP_TOKENS)]
    thresholds = keep_thresholds(keep_probability(counts, settings["subsample"]))

    def draw(batch: Documents) -> Windows:
        windows = draw_windows(
            batch.ids, batch.offsets, thresholds, settings["window"], settings["dynamic"], stream_key(1), 0
        )
        if settings["explicit"]:
            expand_pairs(windows, 0, len(windows.center))
        return windows

    # Each pass has the same pairs, so they are counted in this one; and now all is compiled.
    pairs = sum(int(w.left.sum(dtype=np.int64) + w.right.sum(dtype=np.int64)) for w in map(draw, batches))
    passes = 0
    with ThreadPoolExecutor(settings["threads"]) as threads:
        started = time.monotonic()
        while (seconds := time.monotonic() - started) < settings["seconds"]:
            deque(threads.map(draw, batches), maxlen=0)
            passes += 1
    print(json.dumps({"pairs_per_second": round(pairs * passes / seconds)}))


if __name__ == "__main__":
    main()
