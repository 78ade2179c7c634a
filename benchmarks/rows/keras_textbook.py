"""Row keras-textbook: the model that tutorials build, for the record."""

import json

from benchmarks.bench import Bench
from benchmarks.ours import params, prepared, train
from benchmarks.peers.training import token_file
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row

FIT_SECONDS = 300.0
BATCH = 1024
ONE_EPOCH = "train.epochs=1"


def ours(bench: Bench, seed: int) -> Measured:
    """One epoch of ours on the head."""
    return train(bench, prepared(bench, "head"), f"train.seed={seed}", ONE_EPOCH, scored=False)


def keras(bench: Bench, seed: int) -> Measured:
    """As much of one epoch on the head as the time allows."""
    data = prepared(bench, "head")
    raw = params(bench, data)
    settings = {
        "window": raw["skipgrams"]["window"],
        "negatives": raw["train"]["negatives"],
        "dim": raw["train"]["dim"],
        "seed": seed,
        "batch": BATCH,
        "seconds": FIT_SECONDS,
    }
    found, _ = run_json(bench, module("benchmarks.programs.keras_textbook", token_file(data), json.dumps(settings)))
    return found


KERAS_TEXTBOOK = Row(
    name="keras-textbook",
    title="The textbook Keras model",
    about=(
        "Two Embedding layers, dot product, sigmoid, binary cross-entropy, Adam; pairs from the textbook loop, as many "
        f"negatives as ours, `fit` with batches of {BATCH}, on the head of the corpus for {FIT_SECONDS:.0f} s at most. "
        "Windows are fixed and nothing is subsampled, so it makes more pairs of a word than ours. For the record."
    ),
    contenders=(Contender("ours", "ours, one epoch", ours), Contender("keras", "Keras", keras)),
    figures=(Figure("words_per_second", "words/s", 0, "own / baseline"), Figure("seconds", "seconds", 1)),
    baseline=("keras",),
    rounds=1,
    cap_seconds=1200,
    stages=("skipgrams", "train"),
    sources=(
        "benchmarks/ours.py",
        "benchmarks/programs/keras_textbook.py",
        "benchmarks/rows/keras_textbook.py",
        "benchmarks/textbook_skipgrams.py",
    ),
    libraries=("numba", "numpy", "tensorflow", "keras"),
)
