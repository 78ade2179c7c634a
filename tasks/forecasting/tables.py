"""How large the tables of a model in training are: on disk, and in memory."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.text.vocabulary import Vocabulary
from tasks.train_params import FasttextParams, GloveParams, TrainParams


def numbers_a_word(params: TrainParams) -> tuple[int, int]:
    """How many float32 numbers the results of training hold for each word, and how many a checkpoint does."""
    if isinstance(params, GloveParams):
        return params.dim * (4 if params.output == "both" else 3) + 2, 4 * params.dim + 4
    return (3 if isinstance(params, FasttextParams) else 2) * params.dim, 2 * params.dim


def bytes_a_word(params: TrainParams) -> int:
    """Of memory in training: both tables, their copies for each stream, what they start from. An n-gram takes half."""
    from tasks.kernels.tables import LANES

    columns = -(-params.dim // LANES) * LANES
    if isinstance(params, GloveParams):
        return 2 * 4 * 2 * (columns + params.dim)
    tables = params.streams + 1 if params.deterministic and params.streams > 1 else 1
    return 2 * 4 * (columns * tables + params.dim)


def used_buckets(words: Sequence[str], params: FasttextParams) -> int:
    """How many buckets the n-grams of these words fall into."""
    from tasks.kernels.subwords import subwords

    return len(np.unique(subwords(words, params.minn, params.maxn, params.bucket).buckets))


def training_bytes(params: TrainParams, vocabulary: Path) -> int:
    """Of memory, that the tables for the words of vocabulary.parquet take while they are trained."""
    words = Vocabulary.read(vocabulary).spelled
    rows = float(len(words))
    if isinstance(params, FasttextParams) and params.maxn:
        rows += used_buckets(words, params) / 2
    return int(rows * bytes_a_word(params))
