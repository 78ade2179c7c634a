"""Whether words and a matrix can be written, so that word2vec, GloVe, gensim and fastText tools all read them back."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.storage.matrix import Matrix, check_finite

SEPARATORS = re.compile(r"[ \t\n\r\v\f]")
"""The characters that end a word in one of the formats or in one of their readers."""


def check_words(words: Sequence[str], matrix: Matrix, path: Path) -> None:
    """Raises InputError, naming `path`, unless the words can be written beside the rows of `matrix` and read back.

    A word must not be empty, hold a space, tab or line break, be no valid Unicode, or stand there twice.
    """
    if matrix.dtype != np.float32 or matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(f"{path}: vectors should be float32 [size, dim], found {matrix.dtype} {list(matrix.shape)}")
    if len(words) != len(matrix):
        raise InputError(f"{path}: {len(words)} words for {len(matrix)} vectors")
    seen: set[str] = set()
    for row, word in enumerate(words):
        reason = _unfit(word, seen)
        if reason:
            raise InputError(f"{path}: word {row} ({word[:40]!a}) {reason}; clean or tokenize the corpus without it")
        seen.add(word)
    check_finite(matrix, path)


def _unfit(word: str, seen: set[str]) -> str | None:
    if not word:
        return "is empty, and no format of vectors can hold that"
    if SEPARATORS.search(word):
        return "holds a space, tab or line break, and no format of vectors can hold that"
    if word in seen:
        return "stands there twice"
    try:
        word.encode()
    except UnicodeEncodeError:
        return "is no valid Unicode (a lone surrogate)"
    return None
