"""What naming the registers gains in a window's step. `python -m benchmarks.programs.plain_loops DATA SETTINGS`

Trains skip-gram free-running on windows held in memory, and in turn with another kernel: the same walk and pool of
negatives, prefetched alike, the same arithmetic from scores to slopes; but scores, and the moves of the rows, in plain
loops that LLVM turns into vector instructions. One such kernel may reorder sums and take other liberties of fast math,
one may not: without, LLVM cannot make vectors of a dot product.

SETTINGS is a JSON object: "dim", "negatives", "negative_power", "threads", "rounds", "pairs" (about so many a round).
Prints {"pairs_per_second", "plain_pairs_per_second", "ordered_pairs_per_second", "times_plain", "times_ordered"}:
medians over all rounds.
"""

import functools
import json
import statistics
import sys
from pathlib import Path
from typing import cast

import numba
import numpy as np

from benchmarks.training_in_memory import make_engine, read_windows, train_once
from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import NOT_COUNTED
from tasks.kernels.engine_numba import NumbaEngine
from tasks.kernels.engines import Schedule
from tasks.kernels.negative_pool import begin_pool, take_outputs
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Kernel,
    Workspace,
    ask_for_context,
    gather_contexts,
    pairs_of,
    rate_at,
    score_to_slope,
    settle_loss,
    widest_reach,
)
from tasks.kernels.tables import Table, aligned


def walk(
    vectors: Table,
    context_vectors: Table,
    batch: Batch,
    first_pair: int,
    key: np.uint64,
    noise: AliasTable,
    schedule: Schedule,
    work: Workspace,
) -> float:
    """Trains a batch; takes and gives what a `Kernel` does. work.hidden has a row for each output."""
    outputs, columns, changes = work.outputs.shape[1], vectors.shape[1], work.hidden
    pair = drawn_pair = first_pair
    begin_pool(work, first_pair)
    reach = widest_reach(batch)
    for ahead in range(batch.start, batch.stop + DRAWN_AHEAD):
        if ahead < batch.stop and pairs_of(batch, ahead) > 0:
            take_outputs(context_vectors, work, ahead % SLOTS, int(batch.words[ahead]), drawn_pair, key, noise)
            ask_for_context(vectors, batch, ahead, reach)
            drawn_pair += pairs_of(batch, ahead)
        window = ahead - DRAWN_AHEAD
        slot = window % SLOTS
        contexts = 0
        if window >= batch.start:
            contexts = gather_contexts(batch.words, batch.left, batch.right, window, work.contexts)
        if contexts == 0:
            continue
        for number in range(contexts):
            vector = vectors[work.contexts[number, 0]]
            for output in range(outputs):
                context_vector = context_vectors[work.outputs[slot, output]]
                score = np.float32(0)
                for column in range(columns):
                    score += vector[column] * context_vector[column]
                work.slopes[number, output] = score
        score_to_slope(work, contexts, np.float32(rate_at(schedule, pair)))
        for output in range(outputs):
            for column in range(columns):
                changes[output, column] = 0
        for number in range(contexts):
            vector = vectors[work.contexts[number, 0]]
            for output in range(outputs):
                slope = work.slopes[number, output]
                for column in range(columns):
                    changes[output, column] += slope * vector[column]
            for output in range(outputs):
                slope = work.slopes[number, output]
                context_vector = context_vectors[work.outputs[slot, output]]
                for column in range(columns):
                    vector[column] += slope * context_vector[column]
        for output in range(outputs):
            context_vector = context_vectors[work.outputs[slot, output]]
            for column in range(columns):
                context_vector[column] += changes[output, column]
        pair += contexts
    settle_loss(work)
    loss = float(work.loss[0])
    work.loss[0] = 0
    return loss


@functools.cache
def plain_kernel(reordered: bool) -> Kernel:
    """The walk, compiled at its first call; `reordered` lets LLVM reorder sums."""
    compile_it = numba.njit(nogil=True, error_model="numpy", fastmath=reordered, **NOT_COUNTED)
    return cast(Kernel, compile_it(walk))


def with_plain_loops(engine: NumbaEngine, reordered: bool) -> NumbaEngine:
    """Gives an engine that kernel, and the room that it needs."""
    engine.kernel = plain_kernel(reordered)
    engine.work = [
        each._replace(hidden=aligned(np.zeros((each.outputs.shape[1], engine.columns)))) for each in engine.work
    ]
    return engine


def main() -> None:
    """Measures and prints the figures."""
    data, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    counts, steps = read_windows(data, settings["threads"], settings["pairs"])
    pairs = sum(sum(step.pairs) for step in steps)
    ours, plain, ordered = (make_engine(counts, settings, pairs) for _ in range(3))
    engines = (ours, with_plain_loops(plain, reordered=True), with_plain_loops(ordered, reordered=False))
    for engine in engines:
        train_once(engine, steps)  # compiles, and takes the tables away from their start
    rounds = [[train_once(engine, steps)[0] for engine in engines] for _ in range(settings["rounds"])]
    rates = [round(statistics.median(pairs / seconds for seconds in each)) for each in zip(*rounds, strict=True)]
    times = [round(statistics.median(each[other] / each[0] for each in rounds), 2) for other in (1, 2)]
    names = ("pairs_per_second", "plain_pairs_per_second", "ordered_pairs_per_second", "times_plain", "times_ordered")
    print(json.dumps(dict(zip(names, rates + times, strict=True))))


if __name__ == "__main__":
    main()
