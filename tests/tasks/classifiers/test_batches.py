"""Texts of like length together: each once, hardly any padding, an order that the seed decides, and what comes out."""

import numpy as np
import pytest
from numpy.typing import NDArray
from support.classifiers import pad, planted, ragged

from tasks.classifiers.batches import Batch, Labelled, bucket_lengths, dataset, padding_share, plan_batches
from tasks.classifiers.encoding import BOS, Side


@pytest.fixture(scope="module")
def lengths() -> NDArray[np.int64]:
    """As lengths of texts are: many short ones, few long ones."""
    return np.minimum(np.random.default_rng(1).lognormal(3.0, 0.8, 3000).astype(np.int64) + 1, 150)


def plan(lengths: NDArray[np.int64], buckets: int = 12, size: int = 32, shuffled: int | None = 1) -> list[Batch]:
    return plan_batches(lengths, bucket_lengths(lengths, buckets), size, shuffled)


def order(batches: list[Batch]) -> list[int]:
    return [row for batch in batches for row in batch.rows.tolist()]


@pytest.mark.parametrize("buckets", [1, 2, 12, 64])
@pytest.mark.parametrize("shuffled", [None, 1])
def test_every_text_is_there_once(lengths: NDArray[np.int64], buckets: int, shuffled: int | None) -> None:
    batches = plan(lengths, buckets, shuffled=shuffled)
    assert sorted(order(batches)) == list(range(3000))
    assert all(1 <= len(batch.rows) <= 32 for batch in batches)


@pytest.mark.parametrize("buckets", [1, 2, 12, 64])
def test_no_text_is_longer_than_its_batch(lengths: NDArray[np.int64], buckets: int) -> None:
    bounds = bucket_lengths(lengths, buckets)
    assert bounds == sorted(set(bounds)) and len(bounds) <= buckets and bounds[-1] == lengths.max()
    shorter = {bound: ([0, *bounds])[number] for number, bound in enumerate(bounds)}
    for rows, length in plan(lengths, buckets):
        assert length in bounds
        assert lengths[rows].max() <= length and lengths[rows].min() > shorter[length]


def test_buckets_hold_about_as_many_texts(lengths: NDArray[np.int64]) -> None:
    bounds = bucket_lengths(lengths, 4)
    held = np.bincount(np.searchsorted(bounds, lengths), minlength=4) / len(lengths)
    assert len(bounds) == 4 and held.min() > 0.1 and held.max() < 0.45


def test_hardly_anything_is_padding(lengths: NDArray[np.int64]) -> None:
    plain, some, many = (padding_share(lengths, plan(lengths, buckets)) for buckets in (1, 12, 64))
    assert plain == pytest.approx(1 - lengths.mean() / lengths.max())
    assert plain > 0.8 and some < 0.25 and many < 0.15


def test_the_seed_decides_the_order(lengths: NDArray[np.int64]) -> None:
    first, again, other = (order(plan(lengths, shuffled=seed)) for seed in (1, 1, 2))
    assert first == again != other
    batches = plan(lengths, shuffled=None)
    assert [batch.length for batch in batches] == sorted(batch.length for batch in batches)
    assert all((np.diff(batch.rows) > 0).all() for batch in batches)
    batches = plan(lengths, shuffled=1)
    bounds = [batch.length for batch in batches]
    assert bounds != sorted(bounds), "short texts are not all learned from before long ones"
    assert not any((np.diff(batch.rows) > 0).all() for batch in batches if len(batch.rows) == 32)


def test_texts_of_one_length_are_one_bucket() -> None:
    assert bucket_lengths(np.array([5, 5, 5]), 12) == [5]
    assert bucket_lengths(np.array([1]), 3) == [1]
    assert bucket_lengths(np.array([1, 5]), 1, 9) == [9] and bucket_lengths(np.array([1, 5]), 1) == [5]


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(
    ("side", "padded"),
    [
        ("post", [[[5, 6, 7, 0], [4, 0, 0, 0]], [[0, 0]]]),
        ("pre", [[[0, 5, 6, 7], [0, 0, 0, 4]], [[0, 0]]]),
    ],
)
def test_shorter_texts_are_padded(side: Side, padded: list[list[list[int]]]) -> None:
    texts = Labelled(ragged([[1, 2, 3], [4], [], [5, 6, 7]]), np.zeros(4, np.int32), np.ones(4, np.float32))
    batches = [Batch(np.array([3, 1]), 4), Batch(np.array([2]), 2)]
    assert [ids.numpy().tolist() for ids, _, _ in dataset(texts, batches, side)] == padded


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("side", ["post", "pre"])
def test_the_dataset_is_what_was_planned(side: Side) -> None:
    texts = planted(50, seed=2, longest=40)
    batches = plan(texts.texts.lengths, buckets=3, size=8)
    given = [tuple(each.numpy() for each in batch) for batch in dataset(texts, batches, side)]
    assert len(given) == len(batches)
    for (ids, labels, weights), (rows, length) in zip(given, batches, strict=True):
        assert (ids.dtype, labels.dtype, weights.dtype) == (np.int32, np.int32, np.float32)
        assert ids.shape == (len(rows), length)
        for text, row in zip(ids, rows.tolist(), strict=True):
            expected = texts.texts.text(row)
            rest = length - len(expected)
            whole = [*expected, *[0] * rest] if side == "post" else [*[0] * rest, *expected]
            assert text.tolist() == whole and BOS in text
        np.testing.assert_array_equal(labels, texts.labels[rows])
        np.testing.assert_array_equal(weights, texts.weights[rows])


@pytest.mark.usefixtures("tensorflow")
def test_one_bucket_is_the_plain_way() -> None:
    texts = planted(20, seed=3, longest=30)
    longest = int(texts.texts.lengths.max())
    batches = plan(texts.texts.lengths, buckets=1, size=8, shuffled=None)
    ids = np.concatenate([ids.numpy() for ids, _, _ in dataset(texts, batches, "post")])
    np.testing.assert_array_equal(ids, pad(texts.texts, np.arange(20), longest, "post"))


@pytest.mark.usefixtures("tensorflow")
def test_no_thread_of_its_own_keeps_the_end_of_a_pass_waiting() -> None:
    texts = planted(5, seed=2)
    assert dataset(texts, plan(texts.texts.lengths, buckets=1, size=8), "post").options().autotune.enabled is False
