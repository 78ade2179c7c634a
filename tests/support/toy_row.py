"""A row of the benchmarks that measures nothing but who was asked when, and a project to measure it in.

`python -m support.toy_row ROOT CORPUS` runs it; where ROOT/kill names a contender and a seed, that one is killed.
"""

import os
import signal
import sys
from functools import partial
from pathlib import Path

from support.runs import ROOT

from benchmarks.bench import Bench
from benchmarks.corpus import Corpus
from benchmarks.processes import MeasurementError
from benchmarks.row import Contender, Figure, Measured, Row
from benchmarks.runner import run_row


def measure(bench: Bench, seed: int, name: str, seconds: float, score: float) -> Measured:
    """Writes "name seed" to a log, and measures what it was told, a little more with each seed."""
    line = f"{name} {seed}"
    with open(bench.root / "log.txt", "a") as log:
        log.write(f"{line}\n")
    if (bench.root / "kill").is_file() and (bench.root / "kill").read_text() == line:
        os.kill(os.getpid(), signal.SIGKILL)
    if (bench.root / "fail").is_file() and (bench.root / "fail").read_text() == line:
        raise MeasurementError(f"{bench.root}/engine: it is broken")
    return {
        "seconds": seconds * seed,
        "sha256": f"{seed:064x}",
        "scores": {"wordsim353": score + seed, "simlex999": score, "google_analogies": None},
    }


TOY = Row(
    name="toy",
    title="A toy",
    about="Counts.",
    contenders=(
        Contender("peer", "the peer", partial(measure, name="peer", seconds=4.0, score=50.0)),
        Contender("ours", "ours", partial(measure, name="ours", seconds=2.0, score=48.5)),
    ),
    figures=(Figure("seconds", "seconds", 1, "baseline / own"), Figure("sha256", "hash")),
    baseline=("peer",),
    rounds=3,
    cap_seconds=1e9,
    stages=("train",),
    sources=("benchmarks/textbook_skipgrams.py",),
    libraries=("numpy", "fasttext-wheel"),
    same="sha256",
    chart=True,
)


def make_bench(folder: Path, lines: int = 3) -> Bench:
    """A project in `folder` whose corpus has so many lines."""
    (folder / "profiles").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml", "profiles/large.yaml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "corpus.txt").write_text("one two three\n" * lines)
    return Bench(folder, Corpus(folder / "corpus.txt"))


def asked(bench: Bench) -> list[str]:
    """Who has been asked, in order."""
    return (bench.root / "log.txt").read_text().splitlines()


if __name__ == "__main__":
    root, corpus = map(Path, sys.argv[1:])
    run_row(Bench(root, Corpus(corpus)), TOY)
