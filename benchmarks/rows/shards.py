"""Row memory-vs-shards: whether training waits for its shards."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import prepared
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row


def training(bench: Bench, seed: int, where: str) -> Measured:
    """Training alone, from "memory" or from "shards"."""
    data = prepared(bench, bench.whole)
    program = module("benchmarks.programs.training_from", where, data, *bench.changed, f"train.seed={seed}")
    return run_json(bench, program)[0]


SHARDS = Row(
    name="memory-vs-shards",
    title="Reading the shards",
    about=(
        "Training on all cores, the seconds of training alone: from the Parquet shards, which are read, checked and "
        "cut into batches meanwhile; and from memory, where all of that is done beforehand."
    ),
    contenders=(
        Contender("memory", "from memory", partial(training, where="memory")),
        Contender("shards", "from the shards", partial(training, where="shards")),
    ),
    figures=(
        Figure("seconds", "seconds", 1, "own / baseline"),
        Figure("sha256", "SHA-256 of vectors.npy"),
    ),
    baseline=("memory",),
    rounds=7,
    cap_seconds=3600,
    stages=("skipgrams", "train"),
    sources=("benchmarks/ours.py", "benchmarks/programs/training_from.py", "benchmarks/rows/shards.py"),
    libraries=("numba", "numpy", "pyarrow"),
    same="sha256",
)
