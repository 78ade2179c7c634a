"""The peer: gensim's Word2Vec on the documents of a tokenize stage. `python -m benchmarks.peer_gensim DATA ...`

Prints one JSON object: {"seconds" of training without reading and vocabulary, "words", and the scores}.
"""

import argparse
import json
import logging
import time
from pathlib import Path

import numpy as np

from tasks.pipeline.stage import parts
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import ENCODED
from tasks.text.vocabulary import Vocabulary


def sentences(data: Path) -> list[list[str]]:
    """The encoded documents as gensim wants them: the same tokens, as words."""
    words = np.array(["", *Vocabulary.read(data / "tokenize" / "vocabulary.parquet").words], dtype=object)
    found: list[list[str]] = []
    for path in parts(data / "tokenize" / "documents"):
        with open_checked(path, ENCODED) as file:
            for group in range(file.num_row_groups):
                found += [list(words[ids]) for ids in file.read_row_group(group, ["ids"])["ids"].to_numpy()]
    return found


def main() -> None:
    """Trains once and prints the figures."""
    from gensim.models import Word2Vec

    from benchmarks.quality import scores

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dim", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--window", type=int, required=True)
    parser.add_argument("--subsample", type=float, required=True)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    documents = sentences(options.data)
    model = Word2Vec(
        vector_size=options.dim, window=options.window, sample=options.subsample, negative=5, sg=1, min_count=1,
        workers=options.threads, epochs=options.epochs, seed=options.seed, alpha=0.025, min_alpha=1e-4,
    )  # fmt: skip
    model.build_vocab(documents)
    started = time.monotonic()
    model.train(documents, total_examples=model.corpus_count, epochs=options.epochs)
    seconds = time.monotonic() - started
    tokens = sum(map(len, documents))
    content = {"seconds": round(seconds, 3), "words": tokens * options.epochs, "scores": scores(model.wv)}
    print(json.dumps(content))


if __name__ == "__main__":
    main()
