"""Row small-corpus: the bundled corpus, where compiling the kernels weighs most; with and without numba's cache."""

import tempfile
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.ours import prepared, train
from benchmarks.peers.training import gensim
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.kernels.cache import VARIABLE


def with_empty_cache(bench: Bench, seed: int) -> Measured:
    """Compiles every kernel that training needs."""
    with tempfile.TemporaryDirectory(dir=bench.work, prefix="empty-cache-") as folder:
        return _train(bench, seed, Path(folder))


def with_filled_cache(bench: Bench, seed: int) -> Measured:
    """Finds every kernel compiled; a training that is not counted sees to that."""
    with tempfile.TemporaryDirectory(dir=bench.work, prefix="filled-cache-") as folder:
        _train(bench, seed, Path(folder), scored=False)
        return _train(bench, seed, Path(folder))


def _train(bench: Bench, seed: int, cache: Path, scored: bool = True) -> Measured:
    data = prepared(bench, bench.whole)
    return train(bench, data, f"train.seed={seed}", environment={VARIABLE: str(cache)}, scored=scored)


def train_gensim(bench: Bench, seed: int) -> Measured:
    """gensim on the same tokens."""
    return gensim(bench, prepared(bench, bench.whole), seed)


SMALL_CORPUS = Row(
    name="small-corpus",
    title="A small corpus, compilation included",
    about="The bundled 20 Newsgroups with the profile large. An empty cache is what the first training ever meets.",
    contenders=(
        Contender("empty-cache", "ours, numba's cache empty", with_empty_cache),
        Contender("filled-cache", "ours, numba's cache filled", with_filled_cache),
        Contender("gensim-list", "gensim, list of sentences", train_gensim),
    ),
    figures=(
        Figure("seconds", "whole stage, s", 1, "baseline / own"),
        Figure("training_seconds", "training and compiling alone, s", 1, "baseline / own"),
        Figure("process_seconds", "whole process, s", 1, "baseline / own"),
    ),
    baseline=("gensim-list",),
    rounds=3,
    cap_seconds=1800,
    stages=("skipgrams", "train"),
    sources=(
        "benchmarks/ours.py",
        "benchmarks/peers/training.py",
        "benchmarks/programs/gensim_word2vec.py",
        "benchmarks/quality.py",
        "benchmarks/rows/small_corpus.py",
    ),
    libraries=("gensim", "numba", "numpy"),
    bundled=True,
    quick=True,
    chart=True,
)
