"""A classifier as notebooks have it: `python -m benchmarks.programs.keras_classifier TEXTS NETWORK EPOCHS SEED WAY`

TEXTS: the folder texts/ that the stage classify makes. NETWORK: cnn or lstm, with units and batches as in params.yaml.
WAY: keras pads every text to one length and calls `fit`; with ours the same texts go through our own training as
params.yaml has it, with exact in float32. Prints
{"epoch_seconds": of each epoch, "seconds": of all, with the start, "accuracy": on the test texts}.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tasks.classifiers.batches import Labelled
from tasks.classifiers.rows import Texts
from tasks.pipeline.workers import cores

UNITS, BATCH, DIM, LEARNING_RATE, DROPOUT, BUCKETS = 128, 64, 100, 1e-3, 0.5, 12


def main() -> None:
    """Trains one and prints the figures."""
    folder, name, epochs, seed, way = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    texts = Texts.read(folder)
    learned, asked = (texts.of(split, "post") for split in ("train", "test"))
    rows = 3 + len(texts.words)
    started = time.monotonic()
    ways: dict[str, Callable[..., tuple[list[float], float]]] = {
        "keras": with_keras,
        "ours": partial(with_ours, precision="auto"),
        "exact": partial(with_ours, precision="float32"),
    }
    seconds, accuracy = ways[way](learned, asked, rows, texts.length, name, epochs, seed)
    content = {
        "epoch_seconds": seconds,
        "seconds": round(time.monotonic() - started, 2),
        "accuracy": round(accuracy, 4),
    }
    print(json.dumps(content))


def with_keras(
    learned: Labelled, asked: Labelled, rows: int, length: int, name: str, epochs: int, seed: int
) -> tuple[list[float], float]:
    """`pad_sequences`, `Sequential`, `fit`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    keras.utils.set_random_seed(seed)

    def padded(labelled: Labelled) -> Any:
        return keras.utils.pad_sequences([labelled.texts.text(row) for row in range(len(labelled))], length)

    readers = {
        "cnn": lambda: [
            keras.layers.Conv1D(UNITS, 5, activation="relu"),
            keras.layers.MaxPooling1D(5),
            keras.layers.Conv1D(UNITS, 5, activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
        ],
        "lstm": lambda: [keras.layers.LSTM(UNITS // 2)],
    }
    network = keras.Sequential(
        [
            keras.Input((length,)), keras.layers.Embedding(rows, DIM), keras.layers.SpatialDropout1D(DROPOUT / 2),
            *readers[name](), keras.layers.Dropout(DROPOUT), keras.layers.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip
    network.compile(keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = _Clock(keras)
    network.fit(padded(learned), learned.labels, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[clock.callback])
    found = network.predict(padded(asked), batch_size=256, verbose=0)
    return clock.seconds, float((found.argmax(axis=1) == asked.labels).mean())


class _Clock:
    """Seconds of each epoch of a `fit`."""

    def __init__(self, keras: Any) -> None:
        self.seconds: list[float] = []
        self._started = 0.0
        self.callback = keras.callbacks.LambdaCallback(on_epoch_begin=self._begin, on_epoch_end=self._end)

    def _begin(self, *_: Any) -> None:
        self._started = time.monotonic()

    def _end(self, *_: Any) -> None:
        self.seconds.append(round(time.monotonic() - self._started, 2))


def with_ours(
    learned: Labelled, asked: Labelled, rows: int, length: int, name: str, epochs: int, seed: int, precision: str
) -> tuple[list[float], float]:
    """Buckets, masks, one compiled step; no validation, as there."""
    from tasks.classifiers import runtime

    runtime.start(cores())
    runtime.begin(runtime.best_precision(precision))  # type: ignore[arg-type]
    from tasks.classifiers import networks, training
    from tasks.classifiers.embedding import random_matrix

    shape = networks.NetworkSettings(name, 2, UNITS, DROPOUT, mask=True)  # type: ignore[arg-type]
    network = networks.build(shape, random_matrix(rows - 3, DIM, seed), tuned=True, seed=seed)
    how = training.TrainingSettings(epochs, epochs, BATCH, LEARNING_RATE, BUCKETS, length, "post", seed)
    seconds: list[float] = []
    step = training.make_step(network, LEARNING_RATE)
    for epoch in range(1, epochs + 1):
        begun = time.monotonic()
        training.one_epoch(step, learned, how, epoch)
        seconds.append(round(time.monotonic() - begun, 2))
    found = training.answers(training.make_answer(network), asked.texts, BUCKETS, "post")
    return seconds, float((found.argmax(axis=1) == asked.labels).mean())


if __name__ == "__main__":
    main()
