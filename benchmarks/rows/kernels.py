"""Rows on the kernel of skip-gram in memory: beside the floor that memory sets, and beside plain loops."""

import json
from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.pipeline.workers import cores

STAGES = ("skipgrams", "train")

SOURCES = ("benchmarks/ours.py", "benchmarks/training_in_memory.py", "benchmarks/rows/kernels.py")

LIBRARIES = ("numba", "numpy")


def in_memory(bench: Bench, seed: int, program: str, dim: int, all_cores: bool, pairs: int, rounds: int) -> Measured:
    """What a program measures that runs its kernels in turn, in one process, `rounds` times on about so many pairs."""
    data = prepared(bench, bench.whole)
    train = params(bench, data)["train"]
    settings = {name: train[name] for name in ("negatives", "negative_power")}
    settings |= {"dim": dim, "threads": cores() if all_cores else 1, "rounds": rounds, "pairs": pairs}
    return run_json(bench, module(f"benchmarks.programs.{program}", data, json.dumps(settings)))[0]


def contenders(program: str, pairs: int, rounds: int) -> tuple[Contender, ...]:
    """One for each dimension on one thread and on all cores."""
    return tuple(
        Contender(
            f"dim{dim}-{name}", f"dim {dim}, {title}",
            partial(in_memory, program=program, dim=dim, all_cores=all_cores, pairs=pairs, rounds=rounds),
        )
        for dim in (100, 300)
        for name, title, all_cores in (("1", "1 thread", False), ("all", "all cores", True))
    )  # fmt: skip


TRAFFIC = Row(
    name="traffic",
    title="How far from the floor of memory",
    about=(
        "Skip-gram, free-running, from windows in memory; beside it the same windows with their rows only read and "
        "written, once each, and no arithmetic: what a trainer that takes a window as one step cannot beat. Bytes a "
        "pair: of these rows, both ways."
    ),
    contenders=contenders("row_traffic", pairs=20_000_000, rounds=5),
    figures=(
        Figure("pairs_per_second", "training, pairs/s"),
        Figure("floor_pairs_per_second", "rows alone, pairs/s"),
        Figure("share_of_floor", "share of the floor", 2),
        Figure("bytes_per_pair", "bytes a pair"),
        Figure("gigabytes_per_second", "rows alone, GB/s", 1),
    ),
    rounds=3,
    cap_seconds=1800,
    stages=STAGES,
    sources=(*SOURCES, "benchmarks/programs/row_traffic.py"),
    libraries=LIBRARIES,
)

REGISTERS = Row(
    name="registers",
    title="Registers by name, beside plain loops",
    about=(
        "Skip-gram, free-running, from windows in memory, and the same walk over them with plain loops over the rows, "
        "which LLVM makes vector instructions of: free to reorder sums, and not. The slopes are ours in all of them."
    ),
    contenders=contenders("plain_loops", pairs=10_000_000, rounds=1),
    figures=(
        Figure("pairs_per_second", "ours, pairs/s"),
        Figure("plain_pairs_per_second", "plain loops, pairs/s"),
        Figure("ordered_pairs_per_second", "plain loops, sums in order, pairs/s"),
        Figure("times_plain", "ours, times plain", 2),
        Figure("times_ordered", "ours, times in order", 2),
    ),
    rounds=3,
    cap_seconds=1800,
    stages=STAGES,
    sources=(*SOURCES, "benchmarks/programs/plain_loops.py"),
    libraries=LIBRARIES,
)
