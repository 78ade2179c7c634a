"""GloVe by glove-python. `python -m benchmarks.programs.glove_training FILE SETTINGS OUT FOUND`

Runs in the peers' environment. FILE: tokens, a document a line; SETTINGS: a JSON object with window, dim, rate, epochs,
threads and seed. It counts, then trains on one half of the matrix: a pair of words once. Writes the vectors, most
frequent word first, to OUT in word2vec's binary format, and to FOUND {"training_seconds", "cells"}.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from glove import Corpus, Glove


def main() -> None:
    """Trains once and writes the figures."""
    file, settings, target, found = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]
    with open(file, encoding="utf-8") as lines:
        documents = [line.split() for line in lines]
    counts = Counter(word for document in documents for word in document)
    corpus = Corpus()
    corpus.fit(documents, window=settings["window"])
    model = Glove(no_components=settings["dim"], learning_rate=settings["rate"], random_state=settings["seed"])
    started = time.monotonic()
    model.fit(corpus.matrix, epochs=settings["epochs"], no_threads=settings["threads"])
    seconds = time.monotonic() - started
    words = [word for word, _ in counts.most_common()]
    with open(target, "wb") as out:
        out.write(f"{len(words)} {settings['dim']}\n".encode())
        for word in words:
            vector = np.asarray(model.word_vectors[corpus.dictionary[word]], np.float32)
            out.write(word.encode() + b" " + vector.tobytes() + b"\n")
    content = {"training_seconds": round(seconds, 3), "cells": int(corpus.matrix.nnz)}
    Path(found).write_text(json.dumps(content))


if __name__ == "__main__":
    main()
