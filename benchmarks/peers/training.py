"""The peers that train word vectors, on the tokens of a prepared folder, with the settings that ours has there.

All but the learning rate, which is word2vec's.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.bench import Bench
from benchmarks.ours import params, score, tokens
from benchmarks.peers.environment import peers_python
from benchmarks.processes import module, run_json
from benchmarks.row import Measured
from tasks.errors import InputError
from tasks.pipeline.stage import parts
from tasks.pipeline.workers import cores
from tasks.storage.atomic import atomic_file
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import ENCODED
from tasks.text.vocabulary import Vocabulary

LEARNING_RATE = 0.025
"""Word2vec's, and gensim's own. Ours has the profile's, which is higher (docs/quality.md says why)."""

FASTTEXT_RATE = 0.05
"""fastText's own, with n-grams."""

LONGEST_LINE = 10_000
"""Tokens. gensim leaves out what follows in a longer line; fastText goes on with it as with another line."""


def gensim(
    bench: Bench,
    data: Path,
    seed: int,
    *changed: str,
    mode: Literal["list", "file"] = "list",
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """gensim's Word2Vec: skip-gram or CBOW, as `train.model` says. See `ours.train` for what is measured."""
    settings = gensim_settings(params(bench, data, *changed), seed) | {"mode": mode}
    program = module("benchmarks.programs.gensim_word2vec", token_file(data))
    return _measured(bench, data, program, settings, environment)


def gensim_settings(raw: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Our params as gensim's own arguments, but for the learning rate."""
    skipgrams, train = raw["skipgrams"], raw["train"]
    return {
        "sg": int(train["model"] == "sgns"),
        "cbow_mean": 1,
        "vector_size": train["dim"],
        "window": skipgrams["window"],
        "shrink_windows": skipgrams["dynamic"],
        "sample": skipgrams["subsample"],
        "negative": train["negatives"],
        "ns_exponent": train["negative_power"],
        "alpha": LEARNING_RATE,
        "min_alpha": train["min_learning_rate"],
        "epochs": train["epochs"],
        "seed": seed,
        "min_count": 1,
        "workers": cores(),
    }


def fasttext(bench: Bench, data: Path, seed: int, *changed: str) -> Measured:
    """The fastText program; skip-gram, with n-grams if `train.model` is fasttext. It measures what `ours.train` does.

    Raises:
        MeasurementError: it cannot be installed here.
    """
    raw = params(bench, data, *changed)
    skipgrams, train = raw["skipgrams"], raw["train"]
    ngrams = {name: train.get(name, 0) for name in ("minn", "maxn", "bucket")}
    settings = {
        "model": "skipgram",
        "dim": train["dim"],
        "ws": skipgrams["window"],
        "t": skipgrams["subsample"],
        "neg": train["negatives"],
        "lr": FASTTEXT_RATE if ngrams["maxn"] else LEARNING_RATE,
        "epoch": train["epochs"],
        "seed": seed,
        "minCount": 1,
        **ngrams,
        "thread": cores(),
    }
    program = [str(peers_python()), "-m", "benchmarks.programs.fasttext_program", str(token_file(data))]
    return _measured(bench, data, program, settings)


def token_file(data: Path) -> Path:
    """The tokens of a prepared folder as text, a document a line; a longer document goes on in the next line.

    It is written once for each tokenization.
    """
    mark = json.loads((data / "tokenize" / "manifest.json").read_text())["fingerprint"]
    target = data / "peers" / f"tokens-{mark}.txt"
    if target.is_file():
        return target
    words = np.array(["", *Vocabulary.read(data / "tokenize" / "vocabulary.parquet").words], dtype=object)
    shards = parts(data / "tokenize" / "documents")
    if not shards:
        raise InputError(f"{data / 'tokenize' / 'documents'}: no shards; run the stage tokenize")
    with atomic_file(target, "w") as out:
        for shard in shards:
            file = open_checked(shard, ENCODED)
            for batch in file.iter_batches(256, columns=["ids"]):
                for ids in batch["ids"].to_numpy(zero_copy_only=False):
                    for start in range(0, len(ids), LONGEST_LINE):
                        out.write(" ".join(words[ids[start : start + LONGEST_LINE]]) + "\n")
    return target


def _measured(
    bench: Bench,
    data: Path,
    program: list[str],
    settings: dict[str, Any],
    environment: Mapping[str, str] | None = None,
) -> Measured:
    with tempfile.TemporaryDirectory(dir=data, prefix="peer-") as folder:
        vectors = Path(folder) / "vectors.bin"
        found, process_seconds = run_json(bench, [*program, json.dumps(settings), vectors], environment)
        scores = score(bench, vectors)
    seconds = found["training_seconds"]
    epochs = settings.get("epochs") or settings["epoch"]
    return {
        "seconds": seconds,
        "training_seconds": seconds,
        "process_seconds": round(process_seconds, 3),
        "words_per_second": round(tokens(data) * epochs / seconds),
        "scores": scores,
    }
