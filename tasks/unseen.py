"""What a model that was trained with n-grams says of words that it never saw."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.text.vocabulary import Vocabulary

Unseen = Callable[[str], NDArray[np.float32]]
"""The vector of a word, float32 [dim]; raises InputError where there is none."""


def unseen_of(matrix: Path, vocabulary: Vocabulary) -> Unseen | None:
    """What answers for words outside the vocabulary; None where the model has no n-grams.

    Args:
        matrix: its vectors.npy; the other tables lie in tables/ beside it (`tasks.kernels.fasttext_learner`).
        vocabulary: its words.
    """
    tables = matrix.parent / "tables"
    if not (tables / "ngrams.npy").is_file():
        return None
    from tasks.kernels.subwords import SubwordTable

    own, ngrams, buckets, hashing = (
        np.load(tables / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in ("words", "ngrams", "buckets", "hashing")
    )
    minn, maxn, number = hashing.tolist()
    if not maxn:
        return None
    used = np.asarray(buckets)
    return SubwordTable(own, ngrams, vocabulary.words, minn, maxn, number, used, spell=vocabulary.spell).unseen
