"""The textbook skip-gram model in Keras. `python -m benchmarks.programs.keras_textbook FILE SETTINGS`

Two Embedding layers, their dot product, a sigmoid; binary cross-entropy, Adam with its defaults. The pairs are those of
`benchmarks.textbook_skipgrams`, with negatives drawn evenly from the vocabulary. FILE is a text file of tokens, a
document a line; SETTINGS a JSON object: "window", "negatives", "dim", "seed", "batch", "seconds" (no further document
block is begun after so long). Prints {"seconds", "words_per_second", "loss"}: of making the pairs and fitting on them,
in one pass over as many words as the time allows; building and tracing the model beforehand does not count.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.textbook_skipgrams import skipgrams

BLOCK_WORDS = 10_000
"""Words whose pairs are fitted in one call, so that the clock is looked at in between."""

Inputs = list[NDArray[np.int32]]


def build(words: int, dim: int) -> Any:
    """The model, compiled; its inputs are the ids of centers and of contexts."""
    center, context = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
    vectors = keras.layers.Embedding(words, dim)(center)
    context_vectors = keras.layers.Embedding(words, dim)(context)
    score = keras.layers.Flatten()(keras.layers.Dot(axes=2)([vectors, context_vectors]))
    model = keras.Model([center, context], keras.layers.Activation("sigmoid")(score))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model


def examples(
    documents: list[list[int]], words: int, settings: dict[str, Any], draw: np.random.Generator
) -> tuple[Inputs, NDArray[np.float32]]:
    """The pairs of some documents and their negatives: centers, contexts, int32 [n, 1]; labels, float32 [n, 1]."""
    pairs = [pair for ids in documents for pair in skipgrams(ids, settings["window"])]
    center, context = np.array(pairs, np.int32).reshape(-1, 2).T
    negatives = draw.integers(1, words, len(pairs) * settings["negatives"], dtype=np.int32)
    centers = np.concatenate([center, np.repeat(center, settings["negatives"])])
    contexts = np.concatenate([context, negatives])
    labels = np.concatenate([np.ones(len(pairs), np.float32), np.zeros(len(negatives), np.float32)])
    return [centers[:, None], contexts[:, None]], labels[:, None]


def blocks(documents: list[list[int]]) -> Iterator[list[list[int]]]:
    """The documents, some at a time."""
    block: list[list[int]] = []
    for ids in documents:
        block.append(ids)
        if sum(map(len, block)) >= BLOCK_WORDS:
            yield block
            block = []
    if block:
        yield block


def main() -> None:
    """Fits for a while and prints the figures."""
    file, settings = sys.argv[1], json.loads(sys.argv[2])
    keras.utils.set_random_seed(settings["seed"])
    draw = np.random.default_rng(settings["seed"])
    numbers: dict[str, int] = {}
    with open(file, encoding="utf-8") as lines:
        documents = [[numbers.setdefault(word, len(numbers) + 1) for word in line.split()] for line in lines]
    words = len(numbers) + 1
    model = build(words, settings["dim"])
    model.fit(*examples([[1, 2]], words, settings, draw), batch_size=settings["batch"], verbose=0)
    done = 0
    started = time.monotonic()
    for block in blocks(documents):
        history = model.fit(*examples(block, words, settings, draw), batch_size=settings["batch"], verbose=0)
        done += sum(map(len, block))
        if time.monotonic() - started >= settings["seconds"]:
            break
    seconds = time.monotonic() - started
    content = {
        "seconds": round(seconds, 3),
        "words_per_second": round(done / seconds),
        "loss": round(float(history.history["loss"][-1]), 4),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
