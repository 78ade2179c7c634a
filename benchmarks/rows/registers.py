"""Row registers: the step of skip-gram that names its registers, beside plain loops."""

import json
from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.pipeline.workers import cores

PAIRS = 10_000_000
"""A round's, or a shard more; the slowest of the kernels makes half a million a second."""

ROUNDS = 3


def registers(bench: Bench, seed: int, dim: int, all_cores: bool) -> Measured:
    """All kernels in turn, in one process."""
    data = prepared(bench, bench.whole)
    train = params(bench, data)["train"]
    settings = {name: train[name] for name in ("negatives", "negative_power")}
    settings |= {"dim": dim, "threads": cores() if all_cores else 1, "rounds": ROUNDS, "pairs": PAIRS}
    return run_json(bench, module("benchmarks.programs.plain_loops", data, json.dumps(settings)))[0]


REGISTERS = Row(
    name="registers",
    title="Registers by name, beside plain loops",
    about=(
        "Skip-gram, free-running, from windows in memory, and the same walk over them with plain loops over the rows, "
        "which LLVM makes vector instructions of: free to reorder sums, and not. The slopes are ours in all of them."
    ),
    contenders=tuple(
        Contender(f"dim{dim}-{name}", f"dim {dim}, {title}", partial(registers, dim=dim, all_cores=all_cores))
        for dim in (100, 300)
        for name, title, all_cores in (("1", "1 thread", False), ("all", "all cores", True))
    ),
    figures=(
        Figure("pairs_per_second", "ours, pairs/s"),
        Figure("plain_pairs_per_second", "plain loops, pairs/s"),
        Figure("ordered_pairs_per_second", "plain loops, sums in order, pairs/s"),
        Figure("times_plain", "ours, times plain", 2),
        Figure("times_ordered", "ours, times in order", 2),
    ),
    rounds=3,
    cap_seconds=1800,
    stages=("skipgrams", "train"),
    sources=(
        "benchmarks/ours.py", "benchmarks/training_in_memory.py", "benchmarks/programs/plain_loops.py",
        "benchmarks/rows/registers.py",
    ),
    libraries=("numba", "numpy"),
)  # fmt: skip
