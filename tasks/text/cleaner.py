"""Takes a document through the cleaning steps: as text or as words, whichever the next step asks for."""

from collections.abc import Sequence
from typing import NamedTuple

from tasks.text.steps import Filter, Step, TextStep


class Cleaned(NamedTuple):
    """What became of a document.

    Attributes:
        text: what is left of it; empty where it was dropped.
        tokens: how many words (pieces between white space) `text` has.
        dropped: the name of the filter that dropped it, or None where it stays.
    """

    text: str
    tokens: int
    dropped: str | None


class Cleaner:
    """The steps of one run, in order."""

    def __init__(self, steps: Sequence[tuple[str, Step]]) -> None:
        """`steps`: name and step each."""
        self._steps = tuple(steps)

    def __call__(self, text: str) -> Cleaned:
        """Cleans one document. White space is normalised if any step asked for words."""
        words: list[str] | None = None
        for name, step in self._steps:
            if isinstance(step, TextStep):
                if words is not None:
                    text, words = " ".join(words), None
                text = step.change(text)
                continue
            if words is None:
                words = text.split()
            if isinstance(step, Filter):
                if not step.keeps(words):
                    return Cleaned("", 0, name)
            else:
                words = step.change(words)
        if words is None:
            return Cleaned(text, len(text.split()), None)
        return Cleaned(" ".join(words), len(words), None)
