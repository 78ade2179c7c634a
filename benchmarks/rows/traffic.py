"""Row traffic: training beside the floor that memory sets, moving the same rows without arithmetic."""

import json
from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.pipeline.workers import cores

PAIRS = 20_000_000
"""A round's; seconds of training, and more rows than any cache holds."""

ROUNDS = 5


def traffic(bench: Bench, seed: int, dim: int, all_cores: bool) -> Measured:
    """Both in turn, in one process."""
    data = prepared(bench, bench.whole)
    train = params(bench, data)["train"]
    settings = {name: train[name] for name in ("negatives", "negative_power")}
    settings |= {"dim": dim, "threads": cores() if all_cores else 1, "rounds": ROUNDS, "pairs": PAIRS}
    return run_json(bench, module("benchmarks.programs.row_traffic", data, json.dumps(settings)))[0]


TRAFFIC = Row(
    name="traffic",
    title="How far from the floor of memory",
    about=(
        "Skip-gram, free-running, from windows in memory; beside it the same windows with their rows only read and "
        "written, once each, and no arithmetic: what a trainer that takes a window as one step cannot beat. Bytes a "
        "pair: of these rows, both ways."
    ),
    contenders=tuple(
        Contender(f"dim{dim}-{name}", f"dim {dim}, {title}", partial(traffic, dim=dim, all_cores=all_cores))
        for dim in (100, 300)
        for name, title, all_cores in (("1", "1 thread", False), ("all", "all cores", True))
    ),
    figures=(
        Figure("pairs_per_second", "training, pairs/s"),
        Figure("floor_pairs_per_second", "rows alone, pairs/s"),
        Figure("share_of_floor", "share of the floor", 2),
        Figure("bytes_per_pair", "bytes a pair"),
        Figure("gigabytes_per_second", "rows alone, GB/s", 1),
    ),
    rounds=3,
    cap_seconds=1800,
    stages=("skipgrams", "train"),
    sources=(
        "benchmarks/ours.py", "benchmarks/training_in_memory.py", "benchmarks/programs/row_traffic.py",
        "benchmarks/rows/traffic.py",
    ),
    libraries=("numba", "numpy"),
)  # fmt: skip
