"""Word vectors to ask for neighbours, similarities, analogies; `tasks.loading` reads them from files.

A tie in similarity goes to the more frequent word, and no answer depends on threads.
"""

import difflib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.matrix import BLOCK_ROWS, Matrix
from tasks.text.slips import one_slip_apart
from tasks.unseen import Unseen

WORDS_TO_SUGGEST_FROM = 50_000
"""The most frequent words, among which close spellings are looked for."""


class Vectors:
    """Words and their vectors.

    Attributes:
        words: one a row, most frequent first.
        matrix: float32 [size, dim]; memory-mapped if it came from a model's folder.
        manifest: what made them (params, input hashes, code digest), if the stage that did left it beside them.
        unseen: gives a word that is not there a vector, where the model has n-grams; else None.
        spell: how a word is written in the letters that n-grams are made of.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Matrix,
        manifest: dict[str, Any] | None = None,
        unseen: Unseen | None = None,
        spell: Callable[[str], str] = str,
    ) -> None:
        self.words = list(words)
        self.matrix = matrix
        self.manifest = manifest
        self.unseen = unseen
        self.spell = spell
        # the first of two equal words wins: the more frequent one
        self._rows = {word: row for row, word in reversed(list(enumerate(self.words)))}
        self._norms: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word: float32 [dim]; of one that is not there, where the model has n-grams, what they say.

        Raises:
            InputError: the word is unknown; names close spellings, or says that it has no n-gram.
        """
        if self.unseen is not None and word not in self._rows:
            return self.unseen(word)
        return np.asarray(self.matrix[self.row(word)])

    def __repr__(self) -> str:
        return f"<Vectors: {len(self.words)} words, {self.dim} dimensions>"

    @property
    def dim(self) -> int:
        """The dimension of the vectors."""
        return int(self.matrix.shape[1])

    def row(self, word: str) -> int:
        """The row of a word.

        Raises:
            InputError: the word is unknown; names close spellings.
        """
        try:
            return self._rows[word]
        except KeyError:
            close = self.close_spellings(word)
            remedy = f"; did you mean {', '.join(close)}?" if close else ""
            raise InputError(f"{word!r} is not among the {len(self.words)} words{remedy}") from None

    def only(self, words: Collection[str]) -> "Vectors":
        """Those of `words` that are there, in the order in which they stand here; where the model has n-grams, with an
        answer for the others of `words`. For any other word there is none: it may be one that the model knows.
        """
        rows = sorted(self._known(words))
        unseen = None if self.unseen is None else _answer_only(frozenset(words), self.unseen)
        return Vectors(
            [self.words[row] for row in rows], np.asarray(self.matrix[rows]), self.manifest, unseen, self.spell
        )

    def close_spellings(self, word: str, count: int = 3) -> list[str]:
        """Known words that are written like `word`."""
        if word.lower() in self._rows:
            return [word.lower()]
        return difflib.get_close_matches(word.lower(), self.words[:WORDS_TO_SUGGEST_FROM], n=count, cutoff=0.75)

    def similarity(self, first: str, second: str) -> float:
        """The cosine of two words' vectors, -1 to 1; 0 if one of them is zero."""
        return float(_unit(self[first]) @ _unit(self[second]))

    def neighbours(self, word: str, k: int = 10, slips: bool = True) -> list[tuple[str, float]]:
        """The `k` words nearest to `word` by cosine, nearest first, each with its cosine.

        Args:
            word: one of the words; where the model has n-grams any.
            k: how many.
            slips: a word that is not there may be a misspelled one: those that it may be meant for (`one_slip_away`)
                come first, most frequent first, then the others. A short word shares few n-grams with its misspelling.

        Raises:
            InputError: the word is unknown.
        """
        target = _unit(self[word])
        meant = self._known(self.one_slip_away(word)) if slips else set()
        return self._nearest(target, k, self._known([word]), sorted(meant))

    def one_slip_away(self, word: str, among: Sequence[str] | None = None) -> list[str]:
        """The words, or those `among` them, that one wrong, missing, superfluous or misplaced letter makes `word` of,
        as they stand there; none if it is one of the words itself.
        """
        if word in self._rows:
            return []
        spelled = self.spell(word)
        candidates = self.words if among is None else among
        return [known for known in candidates if one_slip_apart(self.spell(known), spelled)]

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[tuple[str, float]]:
        """What is to `c` as `b` is to `a`: the `k` words nearest to b - a + c, without the three (Mikolov et al. 2013).

        Raises:
            InputError: one of the words is unknown.
        """
        target = _unit(self[b]) - _unit(self[a]) + _unit(self[c])
        return self._nearest(_unit(target), k, self._known([a, b, c]))

    def _known(self, words: Collection[str]) -> set[int]:
        return {self._rows[word] for word in words if word in self._rows}

    def _nearest(
        self, target: NDArray[np.float32], k: int, without: set[int], first: Sequence[int] = ()
    ) -> list[tuple[str, float]]:
        if self._norms is None:
            norms = np.empty(len(self.words), np.float32)
            for start in range(0, len(norms), BLOCK_ROWS):
                norms[start : start + BLOCK_ROWS] = np.linalg.norm(self.matrix[start : start + BLOCK_ROWS], axis=1)
            norms[norms == 0] = np.inf
            self._norms = norms
        # not BLAS: how it splits a product over threads changes the last bits, and with them the order of near ties
        cosines = np.einsum("ij,j->i", self.matrix, target) / self._norms
        free = np.ones(len(cosines), bool)
        free[[*without, *first]] = False
        others = np.flatnonzero(free)
        order = [*first, *_largest(cosines[others], others, k - len(first))][: max(0, k)]
        return [(self.words[row], float(cosines[row])) for row in order]


def _largest(cosines: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> list[int]:
    """The `k` rows with the largest cosines, largest first, equal ones in their order; fewer where there are fewer."""
    k = min(k, len(rows))
    if k <= 0:
        return []
    candidates = np.flatnonzero(cosines >= np.partition(cosines, -k)[-k])
    found: list[int] = rows[candidates[np.argsort(-cosines[candidates], kind="stable")][:k]].tolist()
    return found


def _answer_only(asked: Collection[str], unseen: Unseen) -> Unseen:
    def answer(word: str) -> NDArray[np.float32]:
        if word not in asked:
            raise InputError(f"{word!r} is not among the {len(asked)} words that were asked for")
        return unseen(word)

    return answer


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vector)
    return vector / length if length else vector
