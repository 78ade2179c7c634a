"""The number of words of a corpus, told from a part of it, against the corpus itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.forecasting.growth import extrapolate

LENGTH = 40
"""Tokens of a document."""


def zipf_text(tokens: int, power: float, seed: int = 3) -> NDArray[np.int32]:
    """Tokens whose words have a probability of 1 / (rank + 2)^power."""
    ranks = np.arange(1, 2_000_001, dtype=np.float64)
    cumulated = np.cumsum((ranks + 2) ** -power)
    drawn = np.random.default_rng(seed).random(tokens) * cumulated[-1]
    return np.searchsorted(cumulated, drawn).astype(np.int32)


def counted(ids: NDArray[np.int32], min_count: int) -> tuple[int, int]:
    """Words seen at least so often, and their tokens."""
    counts = np.bincount(ids)
    kept = counts[counts >= min_count]
    return len(kept), int(kept.sum())


@pytest.mark.parametrize("min_count", [1, 2, 5, 20])
@pytest.mark.parametrize("power", [1.0, 1.1, 1.3, 1.7])
def test_a_tenth_tells_the_words_of_the_whole(power: float, min_count: int) -> None:
    corpus = zipf_text(2_000_000, power)
    sample = corpus[:200_000]
    words, tokens = counted(corpus, min_count)
    found = extrapolate(sample, np.arange(0, len(sample) + 1, LENGTH), 10.0, min_count)
    assert found.words == pytest.approx(words, rel=0.05)
    assert found.tokens == pytest.approx(tokens, rel=0.01)


@pytest.mark.parametrize("min_count", [2, 5, 20])
def test_words_that_keep_to_one_document_are_told_too(min_count: int) -> None:
    """Each token stands three times in a row, so that a word seen three times may come from one document."""
    corpus = np.repeat(zipf_text(700_000, 1.1), 3)
    sample = corpus[:210_000]
    words, tokens = counted(corpus, min_count)
    found = extrapolate(sample, np.arange(0, len(sample) + 1, 3 * LENGTH), 10.0, min_count)
    assert found.words == pytest.approx(words, rel=0.05)
    assert found.tokens == pytest.approx(tokens, rel=0.01)


@pytest.mark.parametrize("min_count", [1, 2, 5])
def test_the_whole_is_told_exactly(min_count: int) -> None:
    corpus = zipf_text(50_000, 1.1)
    found = extrapolate(corpus, np.arange(0, len(corpus) + 1, LENGTH), 1.0, min_count)
    assert (found.words, found.tokens) == counted(corpus, min_count)
    assert found.distinct == len(np.unique(corpus))


def test_a_smaller_corpus_than_the_sample_is_counted_within_it() -> None:
    sample = zipf_text(100_000, 1.1)
    found = extrapolate(sample, np.arange(0, len(sample) + 1, LENGTH), 0.5, 1)
    assert found.words == pytest.approx(len(np.unique(sample[:50_000])), rel=0.05)


def test_no_word_is_frequent_enough() -> None:
    found = extrapolate(np.arange(50, dtype=np.int32), np.array([0, 20, 50]), 10.0, 2)
    assert (found.words, found.tokens) == (0, 0)
