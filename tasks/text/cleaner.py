"""Takes documents through the cleaning steps: as texts or as words, whichever the next step asks for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.text.steps import Filter, Step, TextStep
from tasks.text.words import count_words, join_words, split_words


class Cleaned(NamedTuple):
    """What became of some documents, of which n stay.

    Attributes:
        rows: int64 [n], ascending: which documents stay.
        texts: string [n]: what is left of them.
        tokens: int64 [n]: how many words (pieces between white space) each has.
        dropped: by the name of each filter that dropped any, int64: which documents.
    """

    rows: NDArray[np.int64]
    texts: pa.StringArray
    tokens: NDArray[np.int64]
    dropped: dict[str, NDArray[np.int64]]


class Cleaner:
    """The steps of one run, in order."""

    def __init__(self, steps: Sequence[tuple[str, Step]]) -> None:
        """`steps`: name and step each."""
        self._steps = tuple(steps)

    def __call__(self, texts: pa.StringArray) -> Cleaned:
        """Cleans documents: string [n_documents]. White space is normalised if any step asked for words."""
        rows = np.arange(len(texts))
        dropped: dict[str, NDArray[np.int64]] = {}
        documents: list[str] = texts.to_pylist()
        words: pa.ListArray | None = None
        for name, step in self._steps:
            if isinstance(step, TextStep):
                if words is not None:
                    documents, words = join_words(words).to_pylist(), None
                documents = [step.change(text) for text in documents]
                continue
            if words is None:
                words = split_words(pa.array(documents, pa.string()))
            if not isinstance(step, Filter):
                words = step.change(words)
                continue
            stays = step.keeps(count_words(words))
            if not stays.all():
                dropped[name] = rows[~stays]
                rows, words = rows[stays], words.filter(pa.array(stays))
        if words is not None:
            return Cleaned(rows, join_words(words), count_words(words), dropped)
        unsplit = pa.array(documents, pa.string())
        return Cleaned(rows, unsplit, count_words(split_words(unsplit)), dropped)
