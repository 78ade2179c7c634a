"""The linear classifier: better than the greatest class, pairs of words where they tell, probabilities that fit."""

import os
import signal

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.classifiers.baseline import LONGEST, PENALTIES, Linear, fit_and_answer
from tasks.errors import Interrupted

Set = tuple[list[list[str]], NDArray[np.int32]]


def in_pairs(texts: int, seed: int) -> Set:
    """Every text has the words "not" and "good", and which of them comes first is all that tells its class."""
    random = np.random.default_rng(seed)
    labels = random.integers(2, size=texts).astype(np.int32)
    found = []
    for label in labels.tolist():
        words = random.choice([f"word{number}" for number in range(12)], 5).tolist()
        place = int(random.integers(len(words) + 1))
        words[place:place] = ["not", "good"] if label else ["good", "not"]
        found.append(words)
    return found, labels


def single(texts: int, seed: int, classes: int, doubt: float = 0.0) -> Set:
    """A word of the class, or with the probability `doubt` of another, among others."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=texts).astype(np.int32)
    told = np.where(random.random(texts) < doubt, random.integers(classes, size=texts), labels)
    noise = [random.choice([f"word{number}" for number in range(12)], 4).tolist() for _ in labels]
    return [[*words, f"class{one}"] for words, one in zip(noise, told.tolist(), strict=True)], labels


def right(found: Linear, labels: NDArray[np.int32]) -> float:
    return float((found.probabilities.argmax(axis=1) == labels).mean())


def test_pairs_of_words_are_chosen_where_they_tell() -> None:
    asked, labels = in_pairs(100, seed=3)
    found = fit_and_answer(in_pairs(200, seed=1), in_pairs(60, seed=2), asked, 1)
    assert found.longest == 2 and found.penalty in PENALTIES
    greatest = max(labels.mean(), 1 - labels.mean())
    assert right(found, labels) > 0.95 > greatest + 0.2
    assert found.validation_accuracy > 0.95


def test_words_alone_are_chosen_where_they_suffice() -> None:
    asked, labels = single(60, seed=3, classes=3)
    found = fit_and_answer(single(90, seed=1, classes=3), single(30, seed=2, classes=3), asked, 1)
    assert found.longest == LONGEST[0] == 1 and right(found, labels) == 1.0
    assert found.terms == 12 + 3 and found.probabilities.shape == (60, 3)


def test_answers_are_distributions_that_fit() -> None:
    asked, labels = single(400, seed=3, classes=2, doubt=0.4)
    found = fit_and_answer(
        single(300, seed=1, classes=2, doubt=0.4), single(200, seed=2, classes=2, doubt=0.4), asked, 1
    )
    assert found.probabilities.dtype == np.float32 and (found.probabilities > 0).all()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    claimed = float(found.probabilities.max(axis=1).mean())
    assert right(found, labels) == pytest.approx(0.8, abs=0.05) and claimed == pytest.approx(0.8, abs=0.06)


def test_it_is_the_same_again_and_needs_no_known_word() -> None:
    asked = [["word1", "class0"], [], ["never", "seen"]]
    sets = single(90, seed=1, classes=2), single(30, seed=2, classes=2)
    first, again = (fit_and_answer(*sets, asked, 1) for _ in range(2))
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert first[1:] == again[1:] and np.isfinite(first.probabilities).all()


@pytest.mark.usefixtures("command_handlers")
def test_asked_to_stop_it_leaves() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Interrupted):
        fit_and_answer(single(30, seed=1, classes=2), single(10, seed=2, classes=2), [["word1"]], 1)
