"""Skip-gram in this process, free-running, from windows held in memory: what the programs on kernels measure."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.batches import Place, Step, read_steps
from tasks.kernels.engine_numba import NumbaEngine
from tasks.kernels.engines import Schedule
from tasks.kernels.random_streams import stream_key
from tasks.kernels.reading import read_counts
from tasks.kernels.settings import Settings
from tasks.kernels.tables import initial_tables
from tasks.kernels.window_learner import MOST_PAIRS
from tasks.pipeline.stage import parts

RATE = 0.025
"""The learning rate, the same for all pairs."""


def read_windows(data: Path, threads: int, pairs: int) -> tuple[NDArray[np.int64], list[Step]]:
    """The counts of the vocabulary, and so many pairs of the first draw or a shard more, in batches for the threads."""
    counts = read_counts(data / "tokenize" / "vocabulary.parquet")
    steps: list[Step] = []
    held = 0
    for shard in parts(data / "skipgrams" / "shards" / "draw-000"):
        for step in read_steps(shard, data / "tokenize" / "documents", counts, MOST_PAIRS // threads, threads, Place()):
            steps.append(step)
            held += sum(step.pairs)
        if held >= pairs:
            break
    return counts, steps


def make_engine(counts: NDArray[np.int64], settings: Mapping[str, Any], pairs: int) -> NumbaEngine:
    """One for so many pairs; settings: {"dim", "negatives", "negative_power", "threads"}."""
    wanted = Settings(
        "sgns", counts, settings["negatives"], settings["negative_power"], Schedule(RATE, RATE, float(pairs)),
        stream_key(1), 0, settings["threads"], MOST_PAIRS,
    )  # fmt: skip
    return NumbaEngine(*initial_tables(len(counts), settings["dim"], stream_key(1)), wanted)


def train_once(engine: NumbaEngine, steps: Sequence[Step]) -> tuple[float, float]:
    """The seconds and the summed loss of one pass; the numbers of its pairs begin anew at each step."""
    loss = 0.0
    started = time.monotonic()
    for step in steps:
        loss += engine.train(step.batches, np.cumsum([0, *step.pairs[:-1]]).tolist())
    return time.monotonic() - started, loss
