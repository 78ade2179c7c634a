"""Texts that stand in a dataset more than once: above all in train and in test, where a classifier may know them."""

from collections.abc import Sequence
from typing import NamedTuple

from tasks.datasets.params import TEST, TRAIN
from tasks.text.duplicates import digest


class Repeats(NamedTuple):
    """Repeated texts; case and white space make no difference, and blank texts are not compared.

    Attributes:
        train_and_test: number of different texts in both.
        train_rows: the documents of train that have such a text.
        within_train: documents of train that repeat one before them in train.
        within_test: the same of test.
    """

    train_and_test: int
    train_rows: list[int]
    within_train: int
    within_test: int


def find_repeats(texts: Sequence[str], splits: Sequence[str]) -> Repeats:
    """Compares the texts of train and of test; `splits` is the split of each text."""
    rows: dict[str, list[int]] = {TRAIN: [], TEST: []}
    for row, split in enumerate(splits):
        if split in rows and texts[row].strip():
            rows[split].append(row)
    keys = {split: [digest(" ".join(texts[row].split()).casefold()) for row in rows[split]] for split in rows}
    train, test = set(keys[TRAIN]), set(keys[TEST])
    both = train & test
    return Repeats(
        len(both),
        [row for row, key in zip(rows[TRAIN], keys[TRAIN], strict=True) if key in both],
        len(keys[TRAIN]) - len(train),
        len(keys[TEST]) - len(test),
    )
