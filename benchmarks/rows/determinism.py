"""Row determinism: the same bytes on one core and on all of them."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import prepared, train
from benchmarks.row import Contender, Figure, Measured, Row


def on_cores(bench: Bench, seed: int, cores: int | None) -> Measured:
    """Trains with the default, deterministic mode on so many cores; None: all."""
    return train(bench, prepared(bench, bench.whole), f"train.seed={seed}", cores=cores, scored=False)


DETERMINISM = Row(
    name="determinism",
    title="The same bytes on any number of cores",
    about="The deterministic mode, which is the default. The rows above have it beside the free-running one.",
    contenders=(
        Contender("one-core", "one core", partial(on_cores, cores=1)),
        Contender("all-cores", "all cores", partial(on_cores, cores=None)),
    ),
    figures=(
        Figure("seconds", "whole stage, s", 1, "baseline / own"),
        Figure("sha256", "SHA-256 of vectors.npy"),
    ),
    baseline=("one-core",),
    rounds=2,
    cap_seconds=3600,
    stages=("skipgrams", "train"),
    sources=("benchmarks/ours.py", "benchmarks/processes.py", "benchmarks/rows/determinism.py"),
    libraries=("numba", "numpy"),
    same="sha256",
)
