from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.datasets.params import Split
from tasks.datasets.splitting import assign_splits, sample_splits

LABELS = ["ham"] * 4827 + ["spam"] * 747


def split_of(by: str, labels: list[str], test: float = 0.2, seed: int = 1) -> list[str]:
    return assign_splits(labels, [""] * len(labels), Split(by=by, test=test, seed=seed))  # type: ignore[arg-type]


def test_given_is_what_the_collection_says() -> None:
    said = ["train", "test", "validation", "train"]
    assert assign_splits(["a"] * 4, said, Split(by="given", test=0.2, seed=1)) == said


@pytest.mark.parametrize(
    ("count", "test", "train"), [(5574, 0.2, 4459), (10, 0.1, 9), (10, 0.9, 1), (10, 0.7, 3), (3, 0.2, 2), (1, 0.2, 0)]
)
def test_last_begins_where_the_share_as_it_is_written_says(count: int, test: float, train: int) -> None:
    assert split_of("last", ["a"] * count, test) == ["train"] * train + ["test"] * (count - train)


@pytest.mark.parametrize("test", [0.1, 0.2, 0.5])
def test_stratified_keeps_the_shares_of_the_labels(test: float) -> None:
    counts = Counter(zip(LABELS, split_of("stratified", LABELS, test), strict=True))
    for label, count in Counter(LABELS).items():
        assert abs(counts[label, "test"] - count * test) <= 0.5
        assert counts[label, "train"] + counts[label, "test"] == count


def test_stratified_draws_by_the_seed_alone() -> None:
    first, again, other = (split_of("stratified", LABELS, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert Counter(first) == Counter(other)
    places = [place for place, split in enumerate(first[:4827]) if split == "test"]
    assert abs(sum(places) / len(places) - 2413) < 150  # five standard deviations of the mean's: 45


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.floats(0.01, 0.99), st.integers(0, 9))
def test_every_label_stays_in_train(labels: list[str], test: float, seed: int) -> None:
    splits = split_of("stratified", labels, test, seed)
    assert len(splits) == len(labels)
    assert {label for label, split in zip(labels, splits, strict=True) if split == "train"} == set(labels)


def test_a_sample_is_drawn_from_each_split_in_corpus_order() -> None:
    splits = ["train"] * 3000 + ["test"] * 1000 + ["validation"] * 5
    rows = sample_splits(splits, 400, seed=1)
    assert rows == sorted(set(rows)) and rows == sample_splits(splits, 400, seed=1) != sample_splits(splits, 400, 2)
    assert Counter(splits[row] for row in rows) == {"train": 400, "test": 400, "validation": 5}
    assert abs(sum(row < 1500 for row in rows[:400]) - 200) < 50


def test_a_sample_of_a_stratified_train_split_does_not_favour_a_label() -> None:
    splits = split_of("stratified", LABELS)
    rows = [row for row in sample_splits(splits, 1000, seed=1) if splits[row] == "train"]
    assert abs(sum(LABELS[row] == "spam" for row in rows) - 134) < 50
