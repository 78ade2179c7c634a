"""Row memory-vs-shards: how much of training is reading its shards, which is what holding them in memory could save."""

from benchmarks.bench import Bench
from benchmarks.ours import FREE, params, prepared, train
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row


def training(bench: Bench, seed: int) -> Measured:
    """Training from the shards, on all cores."""
    measured = train(bench, prepared(bench, bench.whole), f"train.seed={seed}", FREE, scored=False)
    return {"seconds": measured["training_seconds"]}


def reading(bench: Bench, seed: int) -> Measured:
    """Reading the same shards as often, with the same checks, and nothing else."""
    data = prepared(bench, bench.whole)
    raw = params(bench, data)
    passes = max(1, raw["train"]["epochs"] // raw["skipgrams"]["draws"])  # over all draws
    found, _ = run_json(bench, module("benchmarks.programs.read_shards", data, passes))
    return {"seconds": found["seconds"]}


SHARDS = Row(
    name="memory-vs-shards",
    title="Reading the shards",
    about=(
        "Training on all cores reads its windows from Parquet in every epoch. The second line reads the same shards as "
        "often, without training: the share of the time that training from memory could save at most."
    ),
    contenders=(
        Contender("training", "training from shards", training),
        Contender("reading", "reading alone", reading),
    ),
    figures=(Figure("seconds", "seconds", 1, "own / baseline"),),
    baseline=("training",),
    rounds=3,
    cap_seconds=3600,
    stages=("skipgrams", "train"),
    sources=("benchmarks/ours.py", "benchmarks/programs/read_shards.py", "benchmarks/rows/shards.py"),
    libraries=("numba", "numpy", "pyarrow"),
)
