"""Texts as numbers of one length: a classifier's own ids, padding, and how long is long enough.

0 is padding, 1 stands before every text (so that an empty one is not nothing), 2 is any word that is not known; then
come the words of the vocabulary: its id n (from 1, most frequent first) is n + 2 here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

PAD, BOS, UNK = 0, 1, 2

SPECIAL = ("<PAD>", "<BOS>", "<UNK>")
"""By id."""

Side = Literal["pre", "post"]
"""Of a text: its beginning or its end."""

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Ragged:
    """Texts as ids, one after the other.

    Attributes:
        flat: int32 [tokens].
        offsets: int64 [texts + 1], where each begins.
    """

    flat: Ids
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64 [texts]."""
        return np.diff(self.offsets)

    def text(self, number: int) -> Ids:
        """int32 [length]: one of them."""
        return self.flat[self.offsets[number] : self.offsets[number + 1]]

    def take(self, rows: NDArray[np.int64]) -> "Ragged":
        """Some of them, in this order."""
        return self._parts(self.offsets[rows], self.lengths[rows])

    def cut(self, length: int, side: Side) -> "Ragged":
        """Each without what is more than `length`, at its beginning ("pre") or its end ("post")."""
        lengths = np.minimum(self.lengths, length)
        return self._parts(self.offsets[:-1] if side == "post" else self.offsets[1:] - lengths, lengths)

    def _parts(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> "Ragged":
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return Ragged(self.flat[np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)], offsets)


class Encoder:
    """Words to ids and back.

    Attributes:
        words: most frequent first; the first has the id 3.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    def __len__(self) -> int:
        """Ids that there are, so the rows of an embedding."""
        return len(SPECIAL) + len(self.words)

    @cached_property
    def _values(self) -> pa.StringArray:
        return pa.array(self.words, pa.string())

    def encode(self, tokens: pa.ListArray) -> Ragged:
        """Tokens, list<string> [texts], as ids, each text behind BOS."""
        flat = pc.index_in(tokens.flatten(), value_set=self._values).fill_null(UNK - len(SPECIAL))
        ids = np.asarray(flat, np.int32) + np.int32(len(SPECIAL))
        starts = tokens.offsets.to_numpy().astype(np.int64)
        starts = starts - starts[0]
        return Ragged(np.insert(ids, starts[:-1], BOS).astype(np.int32), starts + np.arange(len(starts)))

    def decode(self, ids: Sequence[int]) -> list[str]:
        """The words of one text; padding is left out, what is special is written as in SPECIAL."""
        names = (*SPECIAL, *self.words)
        return [names[number] for number in ids if number != PAD]


def frequent_words(tokens: pa.ListArray, min_count: int, most: int | None) -> tuple[list[str], list[int]]:
    """The words of texts, list<string> [texts], that stand there at least `min_count` times, and how often: most
    frequent first, ties by first appearance, the first `most` of them.
    """
    counted = pc.value_counts(tokens.flatten())
    words, counts = counted.field(0).to_pylist(), counted.field(1).to_pylist()
    ranked = Counter(dict(zip(words, counts, strict=True))).most_common(most)
    kept = [(word, count) for word, count in ranked if count >= min_count]
    return [word for word, _ in kept], [count for _, count in kept]


class Fit(NamedTuple):
    """A length, and the share of texts that are no longer than it."""

    length: int
    covered: float


def fit_length(lengths: NDArray[np.int64], wanted: int | None = None) -> Fit:
    """How much of a text is read: the mean length and two standard deviations, as is usual, or `wanted`."""
    length = wanted or max(1, int(lengths.mean() + 2 * lengths.std()))
    return Fit(min(length, int(lengths.max())), round(float((lengths <= length).mean()), 4))
