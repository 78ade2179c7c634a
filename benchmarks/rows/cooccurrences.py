"""Row cooccurrences: counting how often words stand near each other, beside scipy and glove-python."""

import json
import shutil

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared, stage_command
from benchmarks.peers.environment import peers_python
from benchmarks.peers.training import token_file
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row


def ours(bench: Bench, seed: int) -> Measured:
    """Our stage: reading, counting and writing."""
    data = prepared(bench, bench.whole)
    shutil.rmtree(data / "cooccurrences", ignore_errors=True)
    usage, _ = run_json(bench, module("benchmarks.programs.watched", *stage_command(bench, "cooccurrences", data)))
    ran, metrics = (json.loads((data / "cooccurrences" / f"{name}.json").read_text()) for name in ("run", "metrics"))
    measured: Measured = {"seconds": ran["seconds"], "memory_mb": usage["anonymous_mb"]}
    return measured | {name: metrics[name] for name in ("cells", "bytes_per_cell")}


def scipy(bench: Bench, seed: int) -> Measured:
    """scipy, in memory."""
    data = prepared(bench, bench.whole)
    return run_json(bench, module("benchmarks.programs.scipy_cooccurrences", data, _window(bench)))[0]


def glove_python(bench: Bench, seed: int) -> Measured:
    """glove-python, in memory."""
    file = token_file(prepared(bench, bench.whole))
    program = [peers_python(), "-m", "benchmarks.programs.glove_cooccurrences", file, str(_window(bench))]
    return run_json(bench, program)[0]


def _window(bench: Bench) -> int:
    window: int = params(bench, prepared(bench, bench.whole))["cooccurrences"]["window"]
    return window


COOCCURRENCES = Row(
    name="cooccurrences",
    title="Counting co-occurrences",
    about=(
        "Window 10, harmonic, symmetric. Ours is the whole stage, from shards to sorted shards; of the others counting "
        "in memory alone. glove-python has one half of the matrix. Memory: the anonymous one of all our processes; of "
        "the others what is resident at the highest, which has mapped libraries in it."
    ),
    contenders=(
        Contender("scipy", "scipy, sparse matrices", scipy),
        Contender("glove-python", "glove-python's `Corpus`", glove_python),
        Contender("ours", "ours", ours),
    ),
    figures=(
        Figure("seconds", "seconds", 1, "baseline / own"),
        Figure("memory_mb", "memory, MB"),
        Figure("cells", "cells"),
        Figure("bytes_per_cell", "bytes a cell on disk", 2),
    ),
    baseline=("scipy",),
    rounds=3,
    cap_seconds=3600,
    stages=("cooccurrences",),
    sources=(
        "benchmarks/ours.py",
        "benchmarks/peers/training.py",
        "benchmarks/programs/glove_cooccurrences.py",
        "benchmarks/programs/resident.py",
        "benchmarks/programs/scipy_cooccurrences.py",
        "benchmarks/programs/watched.py",
        "benchmarks/rows/cooccurrences.py",
    ),
    libraries=("numba", "numpy", "scipy", "bicleaner-ai-glove"),
    quick=True,
)
