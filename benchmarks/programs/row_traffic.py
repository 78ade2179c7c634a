"""How far training is from the floor that memory sets. `python -m benchmarks.programs.row_traffic DATA SETTINGS`

Trains free-running on windows held in memory, and in turn only moves the rows that this training moves: the same
windows, the same negatives, prefetched alike; every Lanes of a row is read and written once a window, and all
arithmetic is left out but an addition that keeps the compiler from leaving out the rest. No trainer that takes a window
as one step can be faster.

SETTINGS is a JSON object: "dim", "negatives", "negative_power", "threads", "rounds", "pairs" (about so many a round).
Prints {"pairs_per_second", "floor_pairs_per_second", "share_of_floor", "bytes_per_pair", "gigabytes_per_second"}: the
medians of all rounds. The bytes are those of the rows that a window reads and writes, each way once, whichever cache
they come from; the gigabytes a second are the floor's.
"""

import json
import statistics
import sys
from pathlib import Path

import numpy as np

from benchmarks.training_in_memory import make_engine, read_windows, train_once
from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.lanes import WIDTH, add, load, spread, store
from tasks.kernels.negative_pool import begin_pool, take_outputs
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Workspace,
    ask_for_context,
    gather_contexts,
    pairs_of,
    widest_reach,
)
from tasks.kernels.tables import Table


@compiled_kernel
def move_rows(
    vectors: Table,
    context_vectors: Table,
    batch: Batch,
    first_pair: int,
    key: np.uint64,
    noise: AliasTable,
    schedule: Schedule,
    work: Workspace,
) -> float:
    """Adds nothing to all rows of every window; takes what a `Kernel` takes."""
    outputs = work.outputs.shape[1]
    nothing = spread(np.float32(schedule.first - schedule.first))
    pair = first_pair
    drawn = batch.start
    begin_pool(work, first_pair)
    reach = widest_reach(batch)
    for window in range(batch.start, batch.stop):
        while drawn < min(window + DRAWN_AHEAD + 1, batch.stop):
            if pairs_of(batch, drawn) > 0:
                take_outputs(context_vectors, work, drawn % SLOTS, int(batch.words[drawn]), pair, key, noise)
                ask_for_context(vectors, batch, drawn, reach)
                pair += pairs_of(batch, drawn)
            drawn += 1
        contexts = gather_contexts(batch.words, batch.left, batch.right, window, work.contexts)
        if contexts == 0:
            continue
        for column in range(0, vectors.shape[1], WIDTH):
            for number in range(contexts):
                row = work.contexts[number, 0]
                store(vectors, row, column, add(load(vectors, row, column), nothing))
            for number in range(outputs):
                row = work.outputs[window % SLOTS, number]
                store(context_vectors, row, column, add(load(context_vectors, row, column), nothing))
    return 0.0


def main() -> None:
    """Measures and prints the figures."""
    data, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    counts, steps = read_windows(data, settings["threads"], settings["pairs"])
    pairs, windows = sum(sum(step.pairs) for step in steps), sum(step.windows for step in steps)
    training, moving = (make_engine(counts, settings, pairs) for _ in range(2))
    moving.kernel = move_rows
    for engine in (training, moving):
        train_once(engine, steps)  # compiles, and takes the tables away from their start
    rounds = [(train_once(training, steps)[0], train_once(moving, steps)[0]) for _ in range(settings["rounds"])]
    rows = (pairs + windows * (settings["negatives"] + 1)) / pairs
    per_pair = 2 * rows * training.columns * np.float32().itemsize
    floor = statistics.median(pairs / moved for _, moved in rounds)
    content = {
        "pairs_per_second": round(statistics.median(pairs / trained for trained, _ in rounds)),
        "floor_pairs_per_second": round(floor),
        "share_of_floor": round(statistics.median(moved / trained for trained, moved in rounds), 3),
        "bytes_per_pair": round(per_pair),
        "gigabytes_per_second": round(per_pair * floor / 1e9, 2),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
