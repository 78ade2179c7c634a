"""Row pretrained: some words out of a large file of vectors, beside gensim's reader and reading the bytes alone."""

from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row

WORDS, DIM = 3_000_000, 300
"""As many as in the vectors that were published with word2vec: 3.6 GB as binary."""

TEXT_WORDS = 200_000
"""In the text file: gensim would take minutes for more."""

WANTED = 50_000


def measure(bench: Bench, seed: int, kind: str, reader: str) -> Measured:
    """One reader, of a file that an earlier round has left, or that is made first."""
    file = bench.work / f"pretrained-{WORDS if kind == 'binary' else TEXT_WORDS}-{DIM}.{kind}"
    if not file.is_file():
        make(bench, file, kind)
    found, _ = run_json(bench, module("benchmarks.programs.read_vectors", reader, file, WANTED, "warm"))
    cold, _ = run_json(bench, module("benchmarks.programs.read_vectors", reader, file, WANTED, "cold"))
    return found | {"cold_seconds": cold["seconds"]}


def make(bench: Bench, file: Path, kind: str) -> None:
    """Writes the file."""
    words = WORDS if kind == "binary" else TEXT_WORDS
    run_json(bench, module("benchmarks.programs.write_vectors", file, kind, words, DIM))


def _row(kind: str, title: str, about: str) -> Row:
    readers = {"gensim": "gensim, `load_word2vec_format`", "bytes": "the bytes alone, in order", "ours": "ours"}
    return Row(
        name=f"pretrained-{kind}",
        title=title,
        about=about,
        contenders=tuple(
            Contender(reader, name, partial(measure, kind=kind, reader=reader)) for reader, name in readers.items()
        ),
        figures=(
            Figure("seconds", "file in memory, s", 2, "baseline / own"),
            Figure("cold_seconds", "file on disk, s", 2),
            Figure("start_seconds", "once a process, s", 2),
            Figure("anonymous_mb", "anonymous memory, MB"),
            Figure("words", "words read"),
        ),
        baseline=("gensim",),
        rounds=3,
        cap_seconds=3600,
        stages=(),
        sources=(
            "benchmarks/programs/read_vectors.py",
            "benchmarks/programs/write_vectors.py",
            "benchmarks/rows/pretrained.py",
            "tasks/kernels/scanning.py",
            "tasks/pretrained.py",
            "tasks/sources/blocks.py",
        ),
        libraries=("gensim", "numba", "numpy", "pyarrow"),
        bundled=True,
    )


PRETRAINED = (
    _row(
        "binary",
        "Reading pretrained vectors, binary",
        f"Word2vec's binary format, {WORDS:,} words, dim {DIM}, made up. Ours reads {WANTED:,} of them; gensim all.",
    ),
    _row(
        "text",
        "Reading pretrained vectors, text",
        f"Word2vec's text format, {TEXT_WORDS:,} words, dim {DIM}, made up. Ours reads {WANTED:,} of them; gensim all.",
    ),
)
