"""How good a classifier's answers are: what is right, for each class, and whether its probabilities can be believed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Of probabilities, for the calibration."""


class Bin(NamedTuple):
    """Answers of about the same probability: how many, what they claim in the mean, what share of them is right."""

    texts: int
    claimed: float
    right: float


def score(probabilities: NDArray[np.float32], labels: NDArray[np.int32], names: Sequence[str]) -> dict[str, Any]:
    """The figures of a classifier on texts that it has not learned from.

    Args:
        probabilities: float32 [texts, classes].
        labels: int32 [texts], the right ones.
        names: of the classes.

    Returns:
        accuracy, macro_f1, log_loss, calibration_error (the mean distance of what is claimed from what is right, Guo et
        al. 2017), and under "classes" precision, recall, f1 and texts of each.
    """
    confusion = confusion_matrix(probabilities, labels)
    hits = np.diag(confusion).astype(float)
    asked, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    recall = hits / np.maximum(1, asked)
    precision = hits / np.maximum(1, answered)
    f1 = 2 * hits / np.maximum(1, asked + answered)
    chosen = probabilities[np.arange(len(labels)), labels]
    bins = calibration(probabilities, labels)
    error = sum(each.texts * abs(each.claimed - each.right) for each in bins) / len(labels)
    return {
        "accuracy": round(float(hits.sum() / len(labels)), 6),
        "macro_f1": round(float(f1.mean()), 6),
        "log_loss": round(float(-np.log(np.maximum(chosen, 1e-7)).mean()), 6),
        "calibration_error": round(error, 6),
        "texts": len(labels),
        "classes": {
            name: {
                "precision": round(float(precision[number]), 6),
                "recall": round(float(recall[number]), 6),
                "f1": round(float(f1[number]), 6),
                "texts": int(asked[number]),
            }
            for number, name in enumerate(names)
        },
    }


def confusion_matrix(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """int64 [classes, classes]: of texts of the class of the row, how many were taken for the class of the column."""
    classes = probabilities.shape[1]
    pairs = labels.astype(np.int64) * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def calibration(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> list[Bin]:
    """The answers by the probability of what was chosen, in BINS equal steps from 0 to 1; empty bins are left out."""
    claimed = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((claimed * BINS).astype(int), BINS - 1)
    found = []
    for number in range(BINS):
        here = place == number
        if here.any():
            mean, share = float(claimed[here].mean()), float(right[here].mean())
            found.append(Bin(int(here.sum()), round(mean, 6), round(share, 6)))
    return found


def worst_mistakes(probabilities: NDArray[np.float32], labels: NDArray[np.int32], most: int) -> NDArray[np.int64]:
    """int64 [found]: the texts that were taken for another class, those first of which it was surest."""
    answered = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answered != labels)
    order = np.argsort(-probabilities[wrong, answered[wrong]], kind="stable")
    return wrong[order[:most]]
