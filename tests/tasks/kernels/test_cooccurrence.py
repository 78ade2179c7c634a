"""Counting by hand: the textbook's matrix, any documents by brute force, real text by scipy, symmetry, partitions."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from tasks.errors import InputError
from tasks.kernels.cooccurrence import Cells, count_cells, distance_weights, expected_cells, partitions

ROOT = Path(__file__).resolve().parents[3]
Documents = Sequence[Sequence[int]]


def laid(documents: Documents) -> NDArray[np.int32]:
    return np.array([0, *(number for document in documents for number in (*document, 0))], np.int32)


def counts_of(documents: Documents, words: int) -> NDArray[np.int64]:
    return np.bincount([number for document in documents for number in document], minlength=words + 1)[1:]


def counted(
    documents: Documents, words: int, window: int, harmonic: bool = True, symmetric: bool = True, places: int = 10**9
) -> Cells:
    """All rows, part by part, on end."""
    counts, weights = counts_of(documents, words), distance_weights(window, harmonic)
    tokens = laid(documents)
    found = [Cells(*np.empty((3, 0), np.int32))]
    for rows in partitions(counts, places):
        found += [Cells(*map(np.copy, cells)) for cells in count_cells(tokens, counts, rows, weights, symmetric)]
    return Cells(*map(np.concatenate, zip(*found, strict=True)))


def dense(cells: Cells, words: int) -> NDArray[np.float64]:
    matrix = np.zeros((words, words))
    matrix[cells.row - 1, cells.column - 1] = cells.weight
    return matrix


def brute_force(documents: Documents, window: int, harmonic: bool, symmetric: bool) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for document in documents:
        for place, word in enumerate(document):
            for other in range(max(0, place - window), min(len(document), place + window + 1 if symmetric else place)):
                if other != place:
                    found[word, document[other]] += 1 / abs(other - place) if harmonic else 1  # type: ignore[assignment]
    return found


def test_the_textbooks_matrix() -> None:
    """Window 1 over "I like deep learning", "I like NLP", "I enjoy flying"."""
    words = ["I", "like", "enjoy", "deep", "learning", "NLP", "flying"]
    texts = ["I like deep learning", "I like NLP", "I enjoy flying"]
    documents = [[1 + words.index(word) for word in text.split()] for text in texts]
    matrix = dense(counted(documents, len(words), window=1, harmonic=False), len(words))
    assert matrix.astype(int).tolist() == [
        [0, 2, 1, 0, 0, 0, 0],
        [2, 0, 0, 1, 0, 1, 0],
        [1, 0, 0, 0, 0, 0, 1],
        [0, 1, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0],
    ]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 6), max_size=8), min_size=1, max_size=6).filter(any),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
    st.integers(1, 30),
)
def test_any_documents_in_any_parts(
    documents: Documents, window: int, harmonic: bool, symmetric: bool, places: int
) -> None:
    cells = counted(documents, 6, window, harmonic, symmetric, places)
    expected = brute_force(documents, window, harmonic, symmetric)
    found = list(zip(cells.row.tolist(), cells.column.tolist(), strict=True))
    assert found == sorted(expected)
    np.testing.assert_allclose(cells.weight, [expected[cell] for cell in found], rtol=1e-6)
    if symmetric:
        matrix = dense(cells, 6)
        np.testing.assert_allclose(matrix, matrix.T, rtol=1e-6)


def by_scipy(documents: Documents, words: int, window: int) -> csr_matrix:
    """The reference: for each distance all pairs so far apart, put together by scipy."""
    tokens = laid(documents)
    whole = csr_matrix((words + 1, words + 1))
    document = np.cumsum(tokens == 0)
    for distance in range(1, window + 1):
        near = (document[distance:] == document[:-distance]) & (tokens[distance:] > 0) & (tokens[:-distance] > 0)
        pairs = tokens[:-distance][near], tokens[distance:][near]
        weights = np.full(near.sum(), 1 / distance)
        whole += coo_matrix((weights, pairs), whole.shape).tocsr()
    return whole + whole.T


@pytest.fixture(scope="module")
def posts() -> tuple[list[list[int]], int]:
    """Real text: the first 300 posts of the bundled corpus, and the size of its vocabulary."""
    texts = pq.ParquetFile(ROOT / "data" / "bundled" / "20newsgroups.parquet").read_row_group(0, ["text"])["text"]
    split = [text.as_py().lower().split() for text in texts[:300]]
    ids = {word: number for number, (word, _) in enumerate(Counter(chain(*split)).most_common(), 1)}
    return [[ids[word] for word in words] for words in split], len(ids)


@pytest.mark.parametrize("places", [1_000, 10**9])
def test_real_text_by_scipy(posts: tuple[list[list[int]], int], places: int) -> None:
    documents, words = posts
    cells = counted(documents, words, window=10, places=places)
    reference = by_scipy(documents, words, 10).tocoo()
    order = np.lexsort((reference.col, reference.row))
    assert len(cells.row) == reference.nnz > 100_000
    np.testing.assert_array_equal(cells.row, reference.row[order])
    np.testing.assert_array_equal(cells.column, reference.col[order])
    np.testing.assert_allclose(cells.weight, reference.data[order], rtol=1e-6)


def test_the_forecast_of_cells_is_above_what_comes_and_not_far(posts: tuple[list[list[int]], int]) -> None:
    documents, words = posts
    cells = len(counted(documents, words, window=10).row)
    assert cells <= expected_cells(counts_of(documents, words), 10, symmetric=True) <= 2 * cells


def test_parts_hold_all_rows_and_as_many_places_as_may_be() -> None:
    counts = np.array([9, 5, 4, 3, 2, 1, 1, 1], np.int64)
    assert partitions(counts, 6) == [range(0, 1), range(1, 2), range(2, 3), range(3, 6), range(6, 8)]
    assert partitions(counts, 100) == [range(0, 8)]


@pytest.mark.parametrize("counts", [[2, 2], [1, 1], [3, 1]])
def test_counts_that_are_not_those_of_the_text_are_refused(counts: list[int]) -> None:
    tokens, weights = laid([[1, 2, 1]]), distance_weights(2, True)
    with pytest.raises(InputError, match="counts are not those of the documents"):
        list(count_cells(tokens, np.array(counts), range(0, 2), weights, True))
    with pytest.raises(InputError, match="counts are not those of the documents"):  # each row alone
        [list(count_cells(tokens, np.array(counts), range(row, row + 1), weights, True)) for row in range(2)]
