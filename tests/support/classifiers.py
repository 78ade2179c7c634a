"""Texts whose class is told by a word planted in them, as ids and as a table; networks over such ids."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.classifiers.batches import Labelled
from tasks.classifiers.encoding import BOS, PAD, SPECIAL, Ragged, Side
from tasks.classifiers.grid import NetworkName
from tasks.classifiers.runtime import Precision

NOISE = 30
"""Words that say nothing about the class."""

NOISE_WORDS = tuple(f"{first}{second}{last}" for first in "bdfgk" for second in "aou" for last in "lm")

TELLING = {"music": "tune", "space": "orbit", "sport": "goal"}
"""By class: the word that tells it."""


def ragged(texts: Sequence[Sequence[int]]) -> Ragged:
    """Texts as ids."""
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return Ragged(np.array([number for text in texts for number in text], np.int32), offsets)


def pad(texts: Ragged, rows: NDArray[np.int64], length: int, side: Side) -> NDArray[np.int32]:
    """Some texts, none longer than `length`, as int32 [rows, length]; zeros at their beginning ("pre") or end."""
    padded = np.full((len(rows), length), PAD, np.int32)
    for line, row in zip(padded, rows.tolist(), strict=True):
        ids = texts.text(row)
        start = 0 if side == "post" else length - len(ids)
        line[start : start + len(ids)] = ids
    return padded


def planted(texts: int, seed: int, classes: int = 2, longest: int = 20) -> Labelled:
    """Texts of BOS, words that say nothing (ids behind those of the classes), and the class's own word among them."""
    random = np.random.default_rng(seed)
    found, labels = [], random.integers(classes, size=texts)
    for label in labels.tolist():
        noise = random.integers(len(SPECIAL) + classes, len(SPECIAL) + classes + NOISE, random.integers(1, longest - 1))
        place = int(random.integers(len(noise) + 1))
        found.append([BOS, *noise[:place].tolist(), len(SPECIAL) + label, *noise[place:].tolist()])
    return Labelled(ragged(found), labels.astype(np.int32), np.ones(texts, np.float32))


def network(
    name: NetworkName,
    *,
    mask: bool = True,
    tuned: bool = True,
    dropout: float = 0.0,
    classes: int = 2,
    seed: int = 1,
    precision: Precision = "float32",
) -> Any:
    """A small network for what `planted` makes."""
    from tasks.classifiers import networks, runtime
    from tasks.classifiers.embedding import random_matrix

    runtime.start(1)
    runtime.begin(precision)
    settings = networks.NetworkSettings(name, classes, units=8, dropout=dropout, mask=mask)
    return networks.build(settings, random_matrix(classes + NOISE, 8, seed), tuned, seed)


def sentences(texts: int = 120, longest: int = 9) -> list[dict[str, str]]:
    """Texts of three classes with their splits; every tenth has the word of another class: nobody is always right."""
    random = np.random.default_rng(0)
    labels = list(TELLING)
    rows = []
    for number in range(texts):
        label = labels[number % len(labels)]
        told = labels[(number + 1) % len(labels)] if number % 10 == 9 else label
        words = random.choice(NOISE_WORDS, random.integers(2, longest)).tolist()
        words.insert(int(random.integers(len(words) + 1)), TELLING[told])
        text = f"{' '.join(words).capitalize()}{'!' if number % 2 else '.'}"
        rows.append({"text": text, "label": label, "split": "test" if number % 3 == number // 3 % 3 else "train"})
    return rows


def write_sentences(path: Path, texts: int = 120) -> Path:
    """The same as a table for a dataset of kind table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in sentences(texts)), "utf-8")
    return path
