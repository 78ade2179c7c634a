"""The figures of a classifier: as scikit-learn has them, calibration by hand, the worst mistakes first."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

from tasks.classifiers import scores
from tasks.classifiers.scores import Bin, calibration, score, worst_mistakes

NAMES = ("a", "b", "c", "never asked")


@pytest.fixture(scope="module")
def answered() -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Better than chance, and one class that no text has."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 400).astype(np.int32)
    numbers = random.normal(size=(400, 4)) + 1.5 * np.eye(4)[labels]
    probabilities = np.exp(numbers) / np.exp(numbers).sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), labels


def test_the_figures_are_those_of_scikit_learn(answered: tuple[NDArray[np.float32], NDArray[np.int32]]) -> None:
    probabilities, labels = answered
    chosen = probabilities.argmax(axis=1)
    found = score(probabilities, labels, NAMES)
    known = range(4)
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, chosen), abs=1e-6)
    assert found["macro_f1"] == pytest.approx(
        f1_score(labels, chosen, labels=known, average="macro", zero_division=0), abs=1e-6
    )
    assert found["log_loss"] == pytest.approx(log_loss(labels, probabilities.astype(float), labels=known), abs=1e-5)
    assert found["texts"] == 400 and 0.5 < found["accuracy"] < 0.95
    each = precision_recall_fscore_support(labels, chosen, labels=known, zero_division=0)
    for number, name in enumerate(NAMES):
        of_class = found["classes"][name]
        expected = [float(column[number]) for column in each]
        figures = [of_class[key] for key in ("precision", "recall", "f1", "texts")]
        assert figures == pytest.approx(expected, abs=1e-6)
    assert found["classes"]["never asked"]["texts"] == 0
    json.dumps(found, allow_nan=False)
    np.testing.assert_array_equal(
        scores.confusion_matrix(probabilities, labels), confusion_matrix(labels, chosen, labels=known)
    )


def test_the_certain_and_wrong_has_a_finite_loss() -> None:
    found = score(np.array([[1.0, 0.0]], np.float32), np.array([1], np.int32), ("a", "b"))
    assert found["log_loss"] == pytest.approx(-np.log(1e-7), abs=1e-4) and found["accuracy"] == 0


def test_calibration_by_hand() -> None:
    claimed = [0.55, 0.58, 0.91, 0.95, 1.0, 0.6]
    probabilities = np.array([[each, 1 - each] for each in claimed], np.float32)
    labels = np.array([0, 1, 0, 0, 1, 0], np.int32)
    bins = calibration(probabilities, labels)
    expected = [Bin(2, 0.565, 0.5), Bin(1, 0.6, 1.0), Bin(3, 0.953333, 0.666667)]
    assert [each.texts for each in bins] == [2, 1, 3]
    for one, other in zip(bins, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    error = (2 * 0.065 + 1 * 0.4 + 3 * (0.953333 - 0.666667)) / 6
    assert score(probabilities, labels, ("a", "b"))["calibration_error"] == pytest.approx(error, abs=2e-6)


def test_what_claims_what_is_right_has_no_error() -> None:
    probabilities = np.tile(np.array([[0.75, 0.25]], np.float32), (400, 1))
    labels = (np.arange(400) % 4 == 0).astype(np.int32)
    assert calibration(probabilities, labels) == [Bin(400, 0.75, 0.75)]
    assert score(probabilities, labels, ("a", "b"))["calibration_error"] == 0


def test_the_surest_mistakes_come_first() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.8, 0.2], [0.1, 0.9], [0.5, 0.5]], np.float32)
    labels = np.array([1, 0, 0, 1, 1, 1], np.int32)
    assert worst_mistakes(probabilities, labels, 10).tolist() == [0, 1, 3, 5]
    assert worst_mistakes(probabilities, labels, 2).tolist() == [0, 1]
    assert worst_mistakes(probabilities[2:3], labels[2:3], 5).tolist() == []
