"""What every network stands beside: a linear classifier of weighted word counts, tuned on the validation texts."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.interruption import leave_if_asked

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
"""The C of scikit-learn's LinearSVC that are tried."""

LONGEST = (1, 2)
"""Words of the longest sequences that are counted, that are tried: words alone, and pairs of neighbours too."""

Tokens = Sequence[Sequence[str]]


class Linear(NamedTuple):
    """A tuned linear classifier's answers.

    Attributes:
        probabilities: float32 [texts, classes]: a softmax of its margins, scaled as suits the validation texts.
        penalty: the C that was best.
        longest: words of the longest sequences counted.
        terms: different words and sequences.
        validation_accuracy: of the best, before it learned from the validation texts too.
    """

    probabilities: NDArray[np.float32]
    penalty: float
    longest: int
    terms: int
    validation_accuracy: float


def fit_and_answer(
    train_on: tuple[Tokens, NDArray[np.int32]], validate_on: tuple[Tokens, NDArray[np.int32]], ask: Tokens, seed: int
) -> Linear:
    """Tunes the classifier, lets it learn from all texts with a label, and answers.

    TF-IDF with logarithmic counts, terms in at least two texts; a support vector machine with squared hinge loss (Fan
    et al. 2008, "LIBLINEAR").

    Args:
        train_on: tokens and classes, int32 [texts].
        validate_on: the same of texts that decide between settings.
        ask: the texts to answer.
        seed: of the solver.
    """
    tried: list[tuple[float, int, float, float]] = []
    for longest in LONGEST:
        vectorizer = _vectorizer(longest)
        known, asked = vectorizer.fit_transform(train_on[0]), vectorizer.transform(validate_on[0])
        for penalty in PENALTIES:
            leave_if_asked()
            margins = _margins(_fitted(known, train_on[1], penalty, seed), asked)
            right = float((margins.argmax(axis=1) == validate_on[1]).mean())
            tried.append((right, longest, penalty, _temperature(margins, validate_on[1])))
    accuracy, longest, penalty, temperature = max(tried, key=lambda each: each[0])
    vectorizer = _vectorizer(longest)
    everything = vectorizer.fit_transform([*train_on[0], *validate_on[0]])
    machine = _fitted(everything, np.concatenate([train_on[1], validate_on[1]]), penalty, seed)
    margins = _margins(machine, vectorizer.transform(ask))
    return Linear(_softmax(margins / temperature), penalty, longest, everything.shape[1], round(accuracy, 6))


class _Terms:
    """Turns tokens into the terms that are counted."""

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def __call__(self, tokens: Sequence[str]) -> Iterator[str]:
        yield from tokens
        if self._longest > 1:
            yield from (f"{first} {second}" for first, second in pairwise(tokens))


def _vectorizer(longest: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer=_Terms(longest), sublinear_tf=True, min_df=2, dtype=np.float32)


def _fitted(features: Any, labels: NDArray[np.int32], penalty: float, seed: int) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(C=penalty, random_state=seed).fit(features, labels)


def _margins(machine: Any, features: Any) -> NDArray[np.float64]:
    """float64 [texts, classes]; of two classes scikit-learn gives one margin."""
    found: NDArray[np.float64] = machine.decision_function(features)
    return np.stack([-found, found], axis=1) if found.ndim == 1 else found


def _temperature(margins: NDArray[np.float64], labels: NDArray[np.int32]) -> float:
    """What margins are divided by so that their softmax fits best (Guo et al. 2017, "On Calibration ...")."""
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        chosen = _softmax(margins / np.exp(logarithm))[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(chosen, 1e-9)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 3.0), method="bounded").x))


def _softmax(margins: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy.special import softmax

    found: NDArray[np.float32] = softmax(margins, axis=1).astype(np.float32)
    return found
