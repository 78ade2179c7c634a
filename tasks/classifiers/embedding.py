"""The matrix of an embedding layer: the vectors of a dataset's words, from wherever they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tasks.classifiers.encoding import PAD, SPECIAL
from tasks.errors import InputError
from tasks.storage.matrix import Matrix
from tasks.vectors import Vectors

Missing = Literal["zeros", "random"]
"""What stands for a word that has no vector: nothing, or numbers of the same spread as the vectors'."""

SPREAD = 0.1
"""The standard deviation that the numbers of vectors are given: they come with any, and Adam's steps have one size."""

RANDOM_SPREAD = 0.03
"""That of an embedding that starts at random: nothing in it is worth keeping, and what is small is soon forgotten."""


@dataclass(frozen=True, eq=False)
class EmbeddingMatrix:
    """An embedding matrix and where its rows come from.

    Attributes:
        matrix: float32 [ids, dim]; row 0, of padding, is zero.
        hits: words that have a vector.
        spelled: words whose vector is made of their n-grams.
        missing: the others.
        covered: the share of the texts' tokens that have a vector.
        examples: the most frequent words without one.
    """

    matrix: Matrix
    hits: int
    spelled: int
    missing: int
    covered: float
    examples: tuple[str, ...]

    def facts(self, fill: Missing) -> dict[str, Any]:
        """All but the matrix, as JSON."""
        return {
            "hits": self.hits,
            "spelled": self.spelled,
            "missing": self.missing,
            "missing_filled": fill,
            "covered": self.covered,
            "examples": list(self.examples),
        }


def embedding_matrix(
    words: Sequence[str], counts: Sequence[int], vectors: Vectors, fill: Missing, seed: int
) -> EmbeddingMatrix:
    """The matrix for a classifier's ids (`tasks.classifiers.encoding`).

    Args:
        words: of the dataset, by id.
        counts: how often each stands in the texts.
        vectors: theirs, and perhaps others'; of a model with n-grams also of words that it never saw.
        fill: what stands for a word without one. What is special (padding apart) is filled alike.
        seed: of random numbers.

    Raises:
        InputError: no word has a vector, so these are vectors of another language or of other cleaning.
    """
    rows: dict[int, NDArray[np.float32]] = {}
    hits = 0
    for number, word in enumerate(words):
        if word in vectors:
            rows[number] = vectors[word]
            hits += 1
        elif vectors.unseen is not None and (vector := _spelled(vectors, word)) is not None:
            rows[number] = vector
    if not hits:
        raise InputError(
            f"none of the {len(words)} words of the dataset ({', '.join(words[:3])}, ...) has a vector; take vectors "
            "of its language, and clean alike"
        )
    known = np.stack(list(rows.values()))
    deviation = float(known.std()) or 1.0
    matrix = random_matrix(len(words), known.shape[1], seed, SPREAD if fill == "random" else 0.0)
    matrix[np.fromiter(rows, np.int64) + len(SPECIAL)] = known * np.float32(SPREAD / deviation)
    found = sum(counts[number] for number in rows)
    absent = [word for number, word in enumerate(words) if number not in rows]
    return EmbeddingMatrix(
        matrix, hits, len(rows) - hits, len(absent), round(found / max(1, sum(counts)), 4), tuple(absent[:20])
    )


def random_matrix(words: int, dim: int, seed: int, spread: float = RANDOM_SPREAD) -> Matrix:
    """float32 [ids, dim]: normal numbers with the deviation `spread`, zeros for padding."""
    drawn = np.random.default_rng(seed).standard_normal((len(SPECIAL) + words, dim), np.float32)
    matrix: Matrix = drawn * np.float32(spread)
    matrix[PAD] = 0
    return matrix


def _spelled(vectors: Vectors, word: str) -> NDArray[np.float32] | None:
    try:
        return vectors[word]
    except InputError:  # it has no n-gram that is known
        return None
