"""The matrix of an embedding layer: found, spelled, filled; what its rows and its figures are."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.classifiers.embedding import RANDOM_SPREAD, SPREAD, embedding_matrix, random_matrix
from tasks.classifiers.encoding import BOS, PAD, SPECIAL, UNK
from tasks.errors import InputError
from tasks.loading import load
from tasks.scoring.keyed import packaged
from tasks.vectors import Vectors

KNOWN = ["rain", "sun", "wind", "never asked for"]
ASKED = ("sun", "fog", "rain", "raining", "wind", "?")
COUNTS = (40, 30, 20, 5, 4, 1)
MATRIX = np.random.default_rng(3).normal(2.0, 7.0, (4, 6)).astype(np.float32)


def by_ngrams(word: str) -> NDArray[np.float32]:
    """As a model with n-grams answers: from known beginnings, or not at all."""
    if not word.startswith("rain"):
        raise InputError(f"{word!r} has no n-gram that is known")
    return MATRIX[0] / 2


def vectors(unseen: Callable[[str], NDArray[np.float32]] | None = None) -> Vectors:
    return Vectors(KNOWN, MATRIX, unseen=unseen)


def test_rows_are_the_vectors_with_another_spread() -> None:
    found = embedding_matrix(ASKED, COUNTS, vectors(), "zeros", 1)
    assert found.matrix.shape == (len(SPECIAL) + 6, 6) and found.matrix.dtype == np.float32
    known = MATRIX[[1, 0, 2]]
    np.testing.assert_allclose(found.matrix[[3, 5, 7]], known * (SPREAD / known.std()), rtol=1e-5)
    assert found.matrix[[3, 5, 7]].std() == pytest.approx(SPREAD, rel=1e-5)


def test_what_has_a_vector_is_counted() -> None:
    found = embedding_matrix(ASKED, COUNTS, vectors(), "zeros", 1)
    assert (found.hits, found.spelled, found.missing) == (3, 0, 3)
    assert found.covered == 0.64 and found.examples == ("fog", "raining", "?")
    assert found.facts("zeros") == {
        "hits": 3, "spelled": 0, "missing": 3, "missing_filled": "zeros", "covered": 0.64,
        "examples": ["fog", "raining", "?"],
    }  # fmt: skip


def test_words_without_a_vector_are_zeros() -> None:
    matrix = embedding_matrix(ASKED, COUNTS, vectors(), "zeros", 1).matrix
    assert not matrix[[PAD, BOS, UNK, 4, 6, 8]].any() and matrix[[3, 5, 7]].all()


def test_words_without_a_vector_are_random_of_the_same_spread() -> None:
    many = [*ASKED, *(f"word{number}" for number in range(2000))]
    counts = [1] * len(many)
    first, again, other = (embedding_matrix(many, counts, vectors(), "random", seed).matrix for seed in (1, 1, 2))
    filled = np.ones(len(first), bool)
    filled[[PAD, 3, 5, 7]] = False
    assert first[filled].std() == pytest.approx(SPREAD, rel=0.02) and abs(first[filled].mean()) < 0.02
    assert not first[PAD].any() and first[BOS].all() and first[UNK].all()
    np.testing.assert_array_equal(first, again)
    assert (first[filled] != other[filled]).mean() > 0.99
    np.testing.assert_array_equal(first[~filled], other[~filled])


def test_words_are_spelled_where_the_model_has_ngrams() -> None:
    found = embedding_matrix(ASKED, COUNTS, vectors(by_ngrams), "zeros", 1)
    assert (found.hits, found.spelled, found.missing) == (3, 1, 2)
    assert found.covered == 0.69 and found.examples == ("fog", "?")
    np.testing.assert_allclose(found.matrix[6], found.matrix[5] / 2, rtol=1e-5)
    assert not found.matrix[[4, 8]].any()


def test_a_model_of_fasttext_spells_what_it_never_saw() -> None:
    words = ("ощущение,", "ощущения")
    model = load(packaged("crime-and-punishment.bin"), words=words)
    found = embedding_matrix(words, (2, 1), model, "zeros", 1)
    assert (found.hits, found.spelled, found.missing, found.covered) == (1, 1, 0, 1.0)
    assert found.matrix[4].any()


@pytest.mark.parametrize("unseen", [None, by_ngrams])
def test_vectors_of_another_language_are_refused(unseen: Callable[[str], NDArray[np.float32]] | None) -> None:
    with pytest.raises(InputError, match=r"none of the 2 words of the dataset \(비, 해, \.\.\.\) has a vector; take"):
        embedding_matrix(["비", "해"], [2, 1], vectors(unseen), "random", 1)


def test_vectors_that_are_all_alike_stay_finite() -> None:
    found = embedding_matrix(["sun"], [1], Vectors(["sun"], np.ones((1, 4), np.float32)), "zeros", 1)
    assert np.isfinite(found.matrix).all()


def test_a_random_matrix_has_its_spread_and_no_padding() -> None:
    matrix = random_matrix(1000, 20, 5)
    assert matrix.shape == (1003, 20) and matrix.dtype == np.float32
    assert not matrix[PAD].any() and matrix[1:].std() == pytest.approx(RANDOM_SPREAD, rel=0.02)
    np.testing.assert_array_equal(matrix, random_matrix(1000, 20, 5))
