"""Rows streams: speed and quality of the determined training against its number of streams, by size of the corpus."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.corpus import Sample
from benchmarks.ours import FREE, train_seeded
from benchmarks.row import Contender, Figure, Measured, Row
from benchmarks.tenfold import settings_of

COUNTS = (1, 2, 4, 8)


def with_streams(bench: Bench, seed: int, sample: Sample, changed: str) -> Measured:
    """Trains on a sample of the corpus."""
    return train_seeded(bench, sample, seed, changed, windows=settings_of(bench, sample))


def row(name: str, title: str, sample: Sample, rounds: int, hours: float, optional: bool = False) -> Row:
    """The row for one size."""
    measure = partial(with_streams, sample=sample)
    return Row(
        name=name,
        title=title,
        about="`train.streams` and the free-running mode, all cores each.",
        contenders=(
            *(
                Contender(f"streams-{count}", f"streams: {count}", partial(measure, changed=f"train.streams={count}"))
                for count in COUNTS
            ),
            Contender("free", f"`{FREE}`", partial(measure, changed=FREE)),
        ),
        figures=(Figure("words_per_second", "words/s"), Figure("seconds", "whole stage, s", 1, "baseline / own")),
        baseline=("free",),
        rounds=rounds,
        cap_seconds=hours * 3600,
        stages=("skipgrams", "train"),
        sources=("benchmarks/ours.py", "benchmarks/quality.py", "benchmarks/rows/streams.py", "benchmarks/tenfold.py"),
        libraries=("gensim", "numba", "numpy"),
        optional=optional,
    )


STREAMS = (
    row("streams-head", "Streams, on a million words", "head", 3, 1.0),
    row("streams", "Streams, on the whole corpus", "whole", 3, 3.0),
    row("streams-tenfold", "Streams, on ten times the corpus", "tenfold", 1, 6.0, optional=True),
)
