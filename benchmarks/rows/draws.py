"""Row draws: whether drawing windows and subsampling anew for each epoch is worth its room on disk."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import train_seeded
from benchmarks.row import Contender, Figure, Measured, Row

WAYS = {
    "draws-1": ("1 draw", ("skipgrams.draws=1",)),
    "draws-2": ("2 draws", ("skipgrams.draws=2",)),
    "draws-5": ("5 draws", ("skipgrams.draws=5",)),
    "on-the-fly": ("5 draws, on the fly", ("skipgrams.draws=5", "skipgrams.materialize=false")),
}
"""Names, titles, and what is laid over the profile."""


def with_windows(bench: Bench, seed: int, changed: tuple[str, ...]) -> Measured:
    """Trains on windows drawn that way."""
    return train_seeded(bench, bench.whole, seed, windows=changed)


DRAWS = Row(
    name="draws",
    title="Draws of windows",
    about="`skipgrams.draws`: how many draws the epochs cycle through. On the fly: `skipgrams.materialize: false`.",
    contenders=tuple(
        Contender(name, title, partial(with_windows, changed=changed)) for name, (title, changed) in WAYS.items()
    ),
    figures=(Figure("seconds", "whole stage, s", 1, "baseline / own"),),
    baseline=("draws-1",),
    rounds=3,
    cap_seconds=2 * 3600,
    stages=("skipgrams", "train"),
    sources=("benchmarks/ours.py", "benchmarks/quality.py", "benchmarks/rows/draws.py"),
    libraries=("gensim", "numba", "numpy"),
)
