"""One row of a comparison: a classifier is trained and asked about the test texts; all about it is written down."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.classifiers.batches import Labelled
from tasks.classifiers.encoding import Ragged, Side
from tasks.classifiers.figures import plot_calibration, plot_confusion, plot_curves
from tasks.classifiers.grid import NetworkName, Row
from tasks.classifiers.history import Epoch, best_epoch
from tasks.classifiers.results import csv_text
from tasks.classifiers.scores import calibration, confusion_matrix, score, worst_mistakes
from tasks.classifiers.settings import RowSettings
from tasks.datasets.params import TEST, TRAIN, VALIDATION
from tasks.progress import progress
from tasks.storage.atomic import atomic_file
from tasks.storage.matrix import Matrix
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import DOCUMENTS
from tasks.text.vocabulary import Vocabulary

MISTAKES = 50
"""That mistakes.csv has."""

SHOWN_CHARACTERS = 300
"""Of a text in it."""


LABELLED = pa.schema(
    [
        pa.field("doc_id", pa.int64(), nullable=False),
        pa.field("ids", pa.list_(pa.field("item", pa.int32(), nullable=False)), nullable=False),
        pa.field("label", pa.int32(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
    ]
)
"""texts/encoded.parquet: one row a text, whole; ids as in tasks.classifiers.encoding, the number of its class."""


@dataclass(frozen=True, eq=False)
class Texts:
    """The encoded texts of a dataset, whole.

    Attributes:
        folder: where they lie.
        ids: of all.
        classes: int32 [texts].
        splits: str [texts].
        names: of the classes, by number.
        length: ids that are read of a text.
    """

    folder: Path
    ids: Ragged
    classes: NDArray[np.int32]
    splits: NDArray[np.str_]
    names: tuple[str, ...]
    length: int

    @classmethod
    def read(cls, folder: Path) -> "Texts":
        """Reads what the stage classify laid down before its rows."""
        with open_checked(folder / "encoded.parquet", LABELLED) as file:
            table = file.read().combine_chunks()
        lists = table["ids"].chunk(0) if table["ids"].num_chunks else pa.array([], LABELLED.field("ids").type)
        ids = Ragged(lists.flatten().to_numpy(), lists.offsets.to_numpy().astype(np.int64))
        encoding = json.loads((folder / "encoding.json").read_text("utf-8"))
        splits = np.array(table["split"].to_pylist())
        return cls(folder, ids, table["label"].to_numpy(), splits, tuple(encoding["labels"]), encoding["length"])

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return Vocabulary.read(self.folder / "vocabulary.parquet").words

    def rows(self, split: str) -> NDArray[np.int64]:
        """Which texts are of a split."""
        return np.flatnonzero(self.splits == split)

    def of(self, split: str, truncation: Side, balanced: bool = False) -> Labelled:
        """The texts of a split, cut; `balanced`: each class counts as much as any other."""
        rows = self.rows(split)
        classes = self.classes[rows]
        counts = np.maximum(1, np.bincount(classes, minlength=len(self.names)))
        shares = len(rows) / (len(self.names) * counts) if balanced else np.ones(len(self.names))
        return Labelled(self.ids.take(rows).cut(self.length, truncation), classes, shares.astype(np.float32)[classes])

    def raw(self, rows: NDArray[np.int64]) -> list[str]:
        """Some texts as they came."""
        with open_checked(self.folder / "documents.parquet", DOCUMENTS) as file:
            found: list[str] = file.read(["text"])["text"].take(pa.array(rows)).to_pylist()
        return found


def network_row(
    texts: Texts, row: Row, matrix: Matrix | None, folder: Path, settings: RowSettings, show: bool
) -> dict[str, Any]:
    """Trains a network and writes its folder.

    Args:
        texts: the dataset.
        row: which network, how its embedding starts.
        matrix: float32 [ids, dim]; None: random.
        folder: where its files go.
        settings: see there.
        show: whether a bar is shown.

    Returns:
        Its figures.
    """
    from tasks.classifiers import runtime

    runtime.start(settings.threads)
    from tasks.classifiers import networks, training  # which import Keras
    from tasks.classifiers.embedding import random_matrix
    from tasks.classifiers.saved import TextSide, write_classifier

    name: NetworkName = row.model  # type: ignore[assignment]  # the other is the baseline
    runtime.begin(networks.precision_of(name, settings.precision))
    words = texts.words
    shape = networks.NetworkSettings(name, len(texts.names), settings.units, settings.dropout, settings.mask)
    start = random_matrix(len(words), settings.dim, row.seed) if matrix is None else matrix
    network = networks.build(shape, start, row.tuned, row.seed)
    learned, validation, asked = (
        texts.of(split, settings.truncation, balanced=split == TRAIN and settings.class_weights == "balanced")
        for split in (TRAIN, VALIDATION, TEST)
    )
    how = training.TrainingSettings(
        settings.epochs, settings.patience, settings.batch, settings.learning_rate,
        settings.buckets if settings.mask else 1, texts.length, settings.padding, row.seed,
    )  # fmt: skip
    answer = training.make_answer(network)
    label = f"{name} {row.name}"
    with progress(label, len(learned) * settings.epochs, "texts") if show else nullcontext(_quiet) as advance:
        history = training.train(network, answer, learned, validation, how, advance)
    probabilities = training.answers(answer, asked.texts, how.buckets, how.padding, how.length)
    side = TextSide(
        treatment=settings.treatment, words=words, labels=texts.names, length=texts.length,
        truncation=settings.truncation, padding=settings.padding,
    )  # fmt: skip
    write_classifier(folder, network, side)
    _write(folder / "history.csv", [Epoch._fields, *history])
    plot_curves(history, folder / "curves.png")
    best = best_epoch(history)
    return _judge(texts, probabilities, folder) | {
        "epochs": len(history),
        "best_epoch": best,
        "validation_accuracy": history[best - 1].validation_accuracy,
        "parameters": int(network.count_params()),
    }


def baseline_row(texts: Texts, tokens: pa.ListArray, folder: Path, seed: int) -> dict[str, Any]:
    """Tunes the linear classifier of word counts and writes its folder; `tokens`: list<string> [all texts]."""
    from tasks.classifiers.baseline import fit_and_answer

    def of(split: str) -> tuple[Sequence[Sequence[str]], NDArray[np.int32]]:
        rows = texts.rows(split)
        return tokens.take(pa.array(rows)).to_pylist(), texts.classes[rows]

    found = fit_and_answer(of(TRAIN), of(VALIDATION), of(TEST)[0], seed)
    return _judge(texts, found.probabilities, folder) | {
        "validation_accuracy": found.validation_accuracy,
        "penalty": found.penalty,
        "longest": found.longest,
        "terms": found.terms,
    }


def _judge(texts: Texts, probabilities: NDArray[np.float32], folder: Path) -> dict[str, Any]:
    """Writes what is the same for all classifiers; returns the figures."""
    rows = texts.rows(TEST)
    classes = texts.classes[rows]
    confusion = confusion_matrix(probabilities, classes)
    cells = [
        [name, other, int(confusion[number, column])]
        for number, name in enumerate(texts.names)
        for column, other in enumerate(texts.names)
    ]
    _write(folder / "confusion.csv", [("actual", "predicted", "texts"), *cells])
    plot_confusion(confusion, texts.names, folder / "confusion.png")
    bins = calibration(probabilities, classes)
    _write(folder / "calibration.csv", [("texts", "claimed", "right"), *bins])
    plot_calibration(bins, folder / "calibration.png")
    wrong = worst_mistakes(probabilities, classes, MISTAKES)
    lines = [
        [
            int(rows[each]), texts.names[classes[each]], texts.names[int(probabilities[each].argmax())],
            round(float(probabilities[each].max()), 4), " ".join(text.split())[:SHOWN_CHARACTERS],
        ]
        for each, text in zip(wrong, texts.raw(rows[wrong]), strict=True)
    ]  # fmt: skip
    _write(folder / "mistakes.csv", [("doc_id", "label", "taken_for", "probability", "text"), *lines])
    return score(probabilities, classes, texts.names)


def _write(target: Path, rows: Sequence[Sequence[object]]) -> None:
    with atomic_file(target, "w") as file:
        file.write(csv_text(rows))


def _quiet(amount: float, note: str = "") -> None:
    """Shows nothing."""
