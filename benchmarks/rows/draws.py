"""Row draws: whether drawing windows and subsampling anew for each epoch is worth its room on disk."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import prepared, train
from benchmarks.row import Contender, Figure, Measured, Row

NUMBERS = (1, 2, 5)


def with_draws(bench: Bench, seed: int, draws: int) -> Measured:
    """Trains on so many draws, through which the epochs cycle."""
    return train(bench, prepared(bench, bench.whole, f"skipgrams.draws={draws}"), f"train.seed={seed}")


DRAWS = Row(
    name="draws",
    title="Draws of windows",
    about="`skipgrams.draws`: how many times windows and subsampling are drawn for the epochs to cycle through.",
    contenders=tuple(
        Contender(f"draws-{draws}", f"{draws} draw{'s' if draws > 1 else ''}", partial(with_draws, draws=draws))
        for draws in NUMBERS
    ),
    figures=(Figure("seconds", "whole stage, s", 1, "baseline / own"),),
    baseline=("draws-1",),
    rounds=3,
    cap_seconds=2 * 3600,
    stages=("skipgrams", "train"),
    sources=("benchmarks/ours.py", "benchmarks/quality.py", "benchmarks/rows/draws.py"),
    libraries=("gensim", "numba", "numpy"),
)
