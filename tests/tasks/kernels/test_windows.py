"""Windows against a naive reference in plain Python, the golden document, and the chances that they should follow."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from tasks.kernels.random_streams import STEP, mix_numbers, stream_key
from tasks.kernels.windows import (
    BLOCK,
    document_pairs,
    draw_windows,
    expand_pairs,
    keep_probability,
    keep_thresholds,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "20newsgroups.json").read_text())


def naive_pairs(
    documents: list[list[int]], thresholds: list[int], window: int, dynamic: bool, key: int
) -> list[tuple[int, int]]:
    """The textbook: thin out a document, give each token its reach, pair it with what it reaches."""
    pairs: list[tuple[int, int]] = []
    token = 0
    for document in documents:
        kept: list[tuple[int, int]] = []
        for word in document:
            number = int(mix_numbers(np.array([(key + token * int(STEP)) % 2**64], np.uint64))[0])
            token += 1
            if number >> 32 <= thresholds[word - 1]:
                kept.append((word, 1 + ((number % 2**32) * window >> 32) if dynamic else window))
        for place, (word, reach) in enumerate(kept):
            for other in range(max(0, place - reach), min(len(kept), place + reach + 1)):
                if other != place:
                    pairs.append((word, kept[other][0]))
    return pairs


def as_arrays(documents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return np.array([word for document in documents for word in document], np.int32), offsets


ragged = st.lists(st.lists(st.integers(1, 6), max_size=12), max_size=8)


@settings(deadline=None)
@given(ragged, st.integers(1, 255), st.booleans(), st.sampled_from([0.0, 0.05, 0.5]), st.integers(0, 2**32))
def test_windows_of_ragged_documents_are_the_textbooks(
    documents: list[list[int]], window: int, dynamic: bool, subsample: float, seed: int
) -> None:
    thresholds = keep_thresholds(keep_probability(np.array([50, 20, 9, 4, 2, 1]), subsample))
    key = stream_key(seed)
    windows = draw_windows(*as_arrays(documents), thresholds, window, dynamic, key, 0)
    found = list(zip(*map(np.ndarray.tolist, expand_pairs(windows, 0, len(windows.center))), strict=True))
    assert found == naive_pairs(documents, thresholds.tolist(), window, dynamic, int(key))


def test_long_documents_are_the_textbooks_too() -> None:
    lengths = (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7)
    documents = [np.random.default_rng(length).integers(1, 7, length).tolist() for length in lengths]
    thresholds, key = keep_thresholds(np.full(6, 0.7)), stream_key(4)
    windows = draw_windows(*as_arrays(documents), thresholds, 5, True, key, 0)
    found = list(zip(*map(np.ndarray.tolist, expand_pairs(windows, 0, len(windows.center))), strict=True))
    assert found == naive_pairs(documents, thresholds.tolist(), 5, True, int(key))


def test_batches_of_documents_do_not_change_the_windows() -> None:
    rng = np.random.default_rng(0)
    documents = [rng.integers(1, 7, size=size).tolist() for size in (30, 1, 0, 55, 8)]
    thresholds, key = keep_thresholds(np.full(6, 0.6)), stream_key(9)
    whole = draw_windows(*as_arrays(documents), thresholds, 4, True, key, 0)
    first = draw_windows(*as_arrays(documents[:2]), thresholds, 4, True, key, 0)
    second = draw_windows(*as_arrays(documents[2:]), thresholds, 4, True, key, 31)
    for column, one, other in zip(whole, first, second, strict=True):
        np.testing.assert_array_equal(column, np.concatenate([one, other]))


def test_the_golden_document_has_the_studys_pairs() -> None:
    ids = np.array(GOLDEN["first_document_ids"], np.int32)
    center, context = document_pairs(ids, GOLDEN["training"]["window"])
    assert len(ids) == 61
    assert len(center) == len(context) == GOLDEN["skipgrams_window_10"]["first_document_positive_pairs"] == 1110
    assert sorted(zip(center, context, strict=True)) == sorted(zip(context, center, strict=True))


@pytest.mark.parametrize("length", [0, 1])
def test_a_document_of_at_most_one_word_has_no_pairs(length: int) -> None:
    center, context = document_pairs(np.ones(length, np.int32), 5)
    assert len(center) == len(context) == 0


def test_the_keep_probability_is_word2vecs() -> None:
    counts = np.array([900_000, 99_000, 999, 1])
    share = counts / 1_000_000
    np.testing.assert_allclose(
        keep_probability(counts, 1e-3), np.minimum(1, (np.sqrt(share / 1e-3) + 1) * 1e-3 / share)
    )
    assert keep_probability(counts, 0).tolist() == [1, 1, 1, 1]


def test_words_are_kept_as_often_as_they_should_be() -> None:
    ids = np.tile(np.array([1, 2, 3, 4], np.int32), 25_000)
    chances = np.array([0.05, 0.3, 0.7, 1.0])
    windows = draw_windows(ids, np.array([0, len(ids)]), keep_thresholds(chances), 5, True, stream_key(5), 0)
    kept = np.bincount(windows.center, minlength=5)[1:]
    assert kept[3] == 25_000
    for found, chance in zip(kept[:3], chances, strict=False):
        assert chisquare([found, 25_000 - found], [25_000 * chance, 25_000 * (1 - chance)]).pvalue > 1e-4


def test_reaches_are_even_and_independent_of_what_was_kept() -> None:
    ids = np.ones(100_000, np.int32)
    windows = draw_windows(ids, np.array([0, len(ids)]), keep_thresholds(np.array([0.5])), 5, True, stream_key(6), 0)
    inner = windows.left[5:-5]
    np.testing.assert_array_equal(inner, windows.right[5:-5])
    assert chisquare(np.bincount(inner, minlength=6)[1:]).pvalue > 1e-4
