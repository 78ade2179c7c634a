"""Rows classifier-cnn and -lstm: a classifier on IMDB as notebooks train it, and as the stage classify does."""

import json
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.ours import run_stage
from benchmarks.processes import MeasurementError, module, run_json
from benchmarks.row import Contender, Figure, Measured, Row

EPOCHS = 2
"""The first one has the compiling in it; the last one's seconds are compared."""

WAYS = {
    "keras": "plain Keras: every text padded to one length, `fit` *",
    "ours": "ours",
    "exact": "ours, in float32 wherever it runs",
}


def measure(bench: Bench, seed: int, network: str, way: str) -> Measured:
    """Trains one."""
    found, _ = run_json(bench, module("benchmarks.programs.keras_classifier", texts(bench), network, EPOCHS, seed, way))
    epochs = found["epoch_seconds"]
    return {
        "epoch_seconds": epochs[-1],
        "first_seconds": epochs[0],
        "seconds": found["seconds"],
        "accuracy": round(100 * found["accuracy"], 2),
    }


def texts(bench: Bench) -> Path:
    """The encoded reviews; the stage makes them together with a small classifier."""
    if bench.reviews is None:
        raise MeasurementError("name IMDB's archive: make bench ROWS=classifier-cnn REVIEWS=path/aclImdb_v1.tar.gz")
    data = bench.work / "reviews"
    dataset = {"kind": "imdb", "path": str(bench.reviews.resolve())}
    values = {
        "datasets": {"imdb": dataset}, "models": ["average"], "vectors": ["random"], "seeds": [1], "epochs": 1,
        "max_words": 10_000,
    }  # fmt: skip
    run_stage(bench, "classify", data, *(f"classify.{name}={json.dumps(value)}" for name, value in values.items()))
    return data / "classify" / "imdb" / "texts"


def _row(network: str, title: str) -> Row:
    return Row(
        name=f"classifier-{network}",
        title=title,
        about="IMDB, 22,500 reviews, the 10,000 most frequent words, a tuned embedding of 100 numbers that starts at "
        f"random, batches of 64, {EPOCHS} epochs; on all cores.",
        contenders=tuple(
            Contender(way, name.removesuffix(" *"), partial(measure, network=network, way=way))
            for way, name in WAYS.items()
        ),
        figures=(
            Figure("epoch_seconds", "an epoch, s", 1, "baseline / own"),
            Figure("first_seconds", "the first, s", 1),
            Figure("seconds", "all with the start, s", 0),
            Figure("accuracy", "right on the test texts, %", 1),
        ),
        baseline=("keras",),
        rounds=3,
        cap_seconds=3600,
        stages=("classify",),
        sources=("benchmarks/programs/keras_classifier.py", "benchmarks/rows/classifiers.py"),
        libraries=("keras", "tensorflow"),
        bundled=True,
        optional=True,
    )


CLASSIFIERS = (
    _row("cnn", "A convolutional classifier"),
    _row("lstm", "An LSTM classifier"),
)
