"""The character n-grams of words, as fastText hashes them into buckets (Bojanowski et al., "Enriching Word Vectors with
Subword Information", 2017).

A word stands between `<` and `>`. Its n-grams are all runs of minn to maxn of its characters, the marks among them, but
not a mark alone. The hash is FNV-1a over their bytes in UTF-8, each byte taken for a signed number first, as fastText's
program does it: files would not be exchangeable otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.kernels.compiler import compiled
from tasks.kernels.tables import Table

OFFSET_BASIS, PRIME = 2166136261, 16777619
"""Of FNV-1a with 32 bits."""

END_OF_LINE = "</s>"
"""fastText's word for the end of a line, the only one without n-grams; before version 11 it had some too."""

WORDS_AT_ONCE = 1_000
"""Whose vectors are made together."""


class Subwords(NamedTuple):
    """The n-grams of some words: those of word w are buckets[starts[w] : starts[w + 1]].

    Attributes:
        starts: int64 [words + 1].
        buckets: int64 [n-grams].
    """

    starts: NDArray[np.int64]
    buckets: NDArray[np.int64]


def subwords(words: Sequence[str], minn: int, maxn: int, buckets: int, bare: str | None = END_OF_LINE) -> Subwords:
    """The buckets of all n-grams of `minn` to `maxn` characters, in fastText's order; the word `bare` has none, and
    where `maxn` is 0 no word has.
    """
    marked = [f"<{word}>".encode() if word != bare else b"" for word in words]
    offsets = np.cumsum([0, *map(len, marked)])
    return Subwords(*_hashed(np.frombuffer(b"".join(marked), np.uint8).copy(), offsets, minn, maxn, buckets))


@dataclass(frozen=True, eq=False)
class SubwordTable:
    """Trained tables, from which words get their vectors: the mean of their own row and those of their n-grams.

    Attributes:
        own: float32 [words, dim], the row of each word.
        ngrams: float32 [buckets or used buckets, dim], the row of each bucket.
        words: all words, by row.
        minn, maxn: characters of an n-gram; maxn 0: there are none.
        buckets: that n-grams are hashed into.
        used: int32 [used buckets], ascending, the buckets that have a row; None: all have. The others are zero.
        bare: the word that has no n-grams.
        spell: how a word that is asked for is written in n-grams.
    """

    own: Table
    ngrams: Table
    words: Sequence[str]
    minn: int
    maxn: int
    buckets: int
    used: NDArray[np.int32] | None = None
    bare: str | None = END_OF_LINE
    spell: Callable[[str], str] = str

    def known(self) -> Table:
        """The vectors of all words, float32 [words, dim]."""
        found = np.empty((len(self.words), self.own.shape[1]), np.float32)
        for first in range(0, len(found), WORDS_AT_ONCE):
            rows = slice(first, first + WORDS_AT_ONCE)
            grams = subwords(self.words[rows], self.minn, self.maxn, self.buckets, self.bare)
            sizes = np.diff(grams.starts)
            # the word's own row, then its n-grams', added up in this order
            own = np.asarray(self.own[rows])
            table = np.insert(self._rows(grams.buckets), grams.starts[:-1], own, axis=0)
            sums = np.add.reduceat(table, grams.starts[:-1] + np.arange(len(own)), axis=0)
            found[rows] = np.divide(sums, (1 + sizes)[:, None], dtype=np.float32)
        return found

    def unseen(self, word: str) -> NDArray[np.float32]:
        """The vector of a word that is not among them, float32 [dim]: the mean of the rows of its n-grams.

        Raises:
            InputError: it has no n-gram, or none that any of the words has.
        """
        found = subwords([self.spell(word)], self.minn, self.maxn, self.buckets).buckets
        if not len(found):
            reason = f"of {self.minn} to {self.maxn} characters" if self.maxn else "in this model"
            raise InputError(
                f"{word!r} is not among the {len(self.words)} words, and there is no n-gram of it {reason}"
            )
        if self.used is not None and not np.isin(found, self.used).any():
            raise InputError(
                f"{word!r} is not among the {len(self.words)} words, and none of its n-grams is in any of them"
            )
        vector: NDArray[np.float32] = self._rows(found).sum(0)
        return vector / np.float32(len(found))

    def _rows(self, buckets: NDArray[np.int64]) -> Table:
        if self.used is None:
            return np.asarray(self.ngrams[buckets])
        places = np.minimum(np.searchsorted(self.used, buckets), len(self.used) - 1)
        rows: Table = np.asarray(self.ngrams[places]) * (self.used[places] == buckets)[:, None]
        return rows


@compiled
def _hashed(
    text: NDArray[np.uint8], offsets: NDArray[np.int64], minn: int, maxn: int, buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts = np.zeros(len(offsets), np.int64)
    found = np.empty(max(1, len(text) * max(0, maxn - minn + 1)), np.int64)
    count = 0
    for word in range(len(offsets) - 1):
        first, end = offsets[word], offsets[word + 1]
        for start in range(first, end):
            if _goes_on(text[start]):
                continue
            hashed: Any = np.uint32(OFFSET_BASIS)
            place = start
            for length in range(1, maxn + 1):
                if place == end:
                    break
                hashed = _with_byte(hashed, text[place])
                place += 1
                while place < end and _goes_on(text[place]):
                    hashed = _with_byte(hashed, text[place])
                    place += 1
                mark = length == 1 and (start == first or place == end)
                if length >= minn and not mark:
                    found[count] = hashed % np.uint32(buckets)
                    count += 1
        starts[word + 1] = count
    return starts, found[:count].copy()


@compiled
def _goes_on(byte: int) -> bool:
    """Whether a byte belongs to the character before it."""
    return byte & 0xC0 == 0x80


@compiled
def _with_byte(hashed: Any, byte: int) -> Any:
    return np.uint32((hashed ^ np.uint32(np.int8(byte))) * np.uint32(PRIME))
