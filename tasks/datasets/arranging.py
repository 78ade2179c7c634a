"""From the documents of a dataset to its table: splits, repeated texts, a smaller draw, and the figures of each."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.datasets.params import SPLITS, TEST, TRAIN, Dataset, NsmcDataset, TableDataset
from tasks.datasets.repeats import find_repeats
from tasks.datasets.splitting import assign_splits, sample_splits
from tasks.errors import InputError
from tasks.sources.document import Document
from tasks.storage.schemas import DOCUMENTS


def arrange(documents: Sequence[Document], dataset: Dataset) -> tuple[pa.Table, dict[str, Any]]:
    """Splits what was read, takes out what is not wanted, and counts.

    Args:
        documents: all that the files hold, each with a label.
        dataset: its section.

    Returns:
        The table and the facts that `Loaded` describes.

    Raises:
        InputError: a split is empty, or has a label that train has not; there are fewer than two labels.
    """
    read = len(documents)
    if isinstance(dataset, NsmcDataset | TableDataset):  # a post that is empty when stripped stays a post
        documents = [document for document in documents if document.text]
    texts = [document.text for document in documents]
    labels = [document.label or "" for document in documents]
    splits = assign_splits(labels, [document.split or "" for document in documents], dataset.split)

    repeats = find_repeats(texts, splits)
    dropped = set(repeats.train_rows if dataset.duplicates == "drop" else ())
    rows = [row for row in range(len(documents)) if row not in dropped]
    if dataset.limit is not None:
        kept = sample_splits([splits[row] for row in rows], dataset.limit, dataset.split.seed)
        rows = [rows[place] for place in kept]
    counts = Counter((labels[row], splits[row]) for row in rows)
    _check(dataset, counts)

    facts = {
        "documents": _in_order({split: _sum(counts, split) for split in SPLITS}),
        "labels": {
            label: _in_order({split: counts[label, split] for split in SPLITS})
            for label in sorted({label for label, _ in counts})
        },
        "empty": {"left_out": read - len(documents), "kept": sum(not texts[row].strip() for row in rows)},
        "duplicates": {
            "train_and_test": repeats.train_and_test,
            "train_documents": len(repeats.train_rows),
            "dropped": len(dropped),
            "within_train": repeats.within_train,
            "within_test": repeats.within_test,
        },
    }
    columns = [pa.array([each[row] for row in rows], pa.string()) for each in (texts, labels, splits)]
    return pa.Table.from_arrays([pa.array(range(len(rows)), pa.int64()), *columns], schema=DOCUMENTS), facts


def _check(dataset: Dataset, counts: Counter[tuple[str, str]]) -> None:
    """What a classifier cannot do without; `counts` by label and split."""
    if dataset.limit is not None:
        remedy = "raise limit"
    elif dataset.split.by == "given":
        remedy = "mark documents of train and of test, or set split: {by: stratified}"
    else:
        remedy = "set split: {by: stratified}, or change split.test"
    labels = {split: {label for label, its in counts if its == split} for split in SPLITS}
    for split in (TRAIN, TEST):
        if not labels[split]:
            raise InputError(f"{dataset.kind} dataset: no document in the {split} split; {remedy}")
    for split in SPLITS:
        unknown = sorted(labels[split] - labels[TRAIN])
        if unknown:
            raise InputError(
                f"{dataset.kind} dataset: the label {unknown[0]!r} is in the {split} split and not in train, "
                f"where it would be learnt; {remedy}"
            )
    if len(labels[TRAIN]) < 2:
        (only,) = labels[TRAIN]
        raise InputError(f"{dataset.kind} dataset: train has the label {only!r} alone, and needs two; {remedy}")


def _sum(counts: Counter[tuple[str, str]], split: str) -> int:
    return sum(count for (_, its), count in counts.items() if its == split)


def _in_order(by_split: dict[str, int]) -> dict[str, int]:
    """Without the splits that are not there."""
    return {split: count for split, count in by_split.items() if count}
