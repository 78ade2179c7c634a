"""Row memory: the peak memory of every stage on the corpus and on ten times as much."""

import shutil
from functools import partial

from benchmarks.bench import Bench
from benchmarks.corpus import Sample
from benchmarks.ours import stage_command
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from benchmarks.tenfold import settings_of
from tasks.stages import NAMES

CHANGED = ("clean.duplicates=false", "train.epochs=1")
"""So that the repeated documents stay on both sides; one epoch needs as much memory as five."""


def of_stage(bench: Bench, seed: int, name: str) -> Measured:
    """One stage on both sizes; the stages before it have left their artifacts."""
    sizes: tuple[tuple[str, Sample], ...] = (("", bench.whole), ("tenfold_", "tenfold"))
    measured: Measured = {}
    for prefix, sample in sizes:
        changed = (*CHANGED, *settings_of(bench, sample))
        data = bench.work / f"memory-{sample}"
        if name == NAMES[0]:
            shutil.rmtree(data, ignore_errors=True)
        command = stage_command(bench, name, data, bench.corpus.source(sample), *changed)
        usage, _ = run_json(bench, module("benchmarks.programs.watched", *command))
        measured |= {f"{prefix}{figure}": value for figure, value in usage.items()}
        if name == NAMES[-1]:
            shutil.rmtree(data)
    return measured | {"times": round(measured["tenfold_anonymous_mb"] / measured["anonymous_mb"], 3)}


MEMORY = Row(
    name="memory",
    title="Memory",
    about=(
        "The highest sum of anonymous memory (RssAnon, looked at every 20 ms) over the processes of a stage, on the "
        "corpus and on ten times as much; beside it the greatest resident size of its largest process (ru_maxrss), "
        "mapped files included. One epoch; repeated documents stay; in ten times the corpus words have to be ten times "
        "as frequent, so that the tables are as large."
    ),
    contenders=tuple(Contender(name, name, partial(of_stage, name=name)) for name in NAMES),
    figures=(
        Figure("anonymous_mb", "anonymous, MB"),
        Figure("tenfold_anonymous_mb", "ten times the corpus, MB"),
        Figure("times", "times as much", 2),
        Figure("largest_mb", "ru_maxrss, MB"),
        Figure("tenfold_largest_mb", "ten times the corpus, MB"),
        Figure("seconds", "seconds", 1),
        Figure("tenfold_seconds", "ten times the corpus, s", 1),
    ),
    rounds=1,
    cap_seconds=3 * 3600,
    stages=NAMES,
    sources=(
        "benchmarks/ours.py",
        "benchmarks/programs/watched.py",
        "benchmarks/rows/memory.py",
        "benchmarks/tenfold.py",
    ),
    libraries=("numba", "numpy", "pyarrow"),
    changed=CHANGED,
)
