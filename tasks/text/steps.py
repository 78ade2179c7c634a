"""The cleaning steps: each a small function, registered under the name of its knob in the clean section of params.yaml.

A registered function takes the knob's value and returns the step, or None where the knob is off. A step changes the
text of a document, changes the words of many documents (pieces between white space), or is a filter that says which
documents stay; the name of the filter is the reason that is counted. A new step is a function here and a knob in
`tasks.clean.CleanParams`.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from tasks.text import hangul
from tasks.text.markup import remove_markup
from tasks.text.stopwords import read_list
from tasks.text.words import keep_words

UnicodeForm = Literal["NFC", "NFD", "NFKC", "NFKD", "korean"]


@dataclass(frozen=True)
class TextStep:
    """Changes the text of a document."""

    change: Callable[[str], str]


@dataclass(frozen=True)
class WordStep:
    """Changes the words of documents: list<string> [n_documents] in and out."""

    change: Callable[[pa.ListArray], pa.ListArray]


@dataclass(frozen=True)
class Filter:
    """Says which documents stay, from their numbers of words: int64 [n_documents] in, bool [n_documents] out."""

    keeps: Callable[[NDArray[np.int64]], NDArray[np.bool_]]


Step = TextStep | WordStep | Filter

STEPS: dict[str, Callable[[Any], Step | None]] = {}
"""What makes each step from the value of its knob, by name."""


def register(build: Callable[[Any], Step | None]) -> Callable[[Any], Step | None]:
    """Makes a step known under the name of the function that builds it."""
    STEPS[build.__name__] = build
    return build


class Replacement(BaseModel):
    """One regular expression and what stands in place of its matches (Python's `re`, with \\1 and the like)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    replacement: str = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _fits(self) -> "Replacement":
        try:
            re.sub(self.pattern, self.replacement, "")
        except (re.error, IndexError) as error:
            raise ValueError(f"replacement {self.replacement!r} does not fit {self.pattern!r}: {error}") from None
        return self


@register
def unicode(form: UnicodeForm | None) -> TextStep | None:
    """One spelling for characters that Unicode can spell in several ways (Unicode Standard Annex 15).

    korean: NFKC that leaves letters such as ㅋㅋ alone; see `tasks.text.hangul`.
    """
    if form is None:
        return None
    if form == "korean":
        return TextStep(hangul.normalize)
    return TextStep(lambda text: text if text.isascii() else unicodedata.normalize(form, text))


@register
def markup(wanted: bool) -> TextStep | None:
    """HTML tags and entities out; see `tasks.text.markup`."""
    return TextStep(remove_markup) if wanted else None


@register
def replace(rules: Sequence[Replacement]) -> TextStep | None:
    """Regular expressions, each applied to what the one before it left."""
    if not rules:
        return None
    changes = [_substitution(rule) for rule in rules]

    def change(text: str) -> str:
        for each in changes:
            text = each(text)
        return text

    return TextStep(change)


@register
def lowercase(wanted: bool) -> TextStep | None:
    """Lower case, by Unicode's rules."""
    return TextStep(str.lower) if wanted else None


@register
def min_token_length(length: int) -> WordStep | None:
    """Keeps words of at least `length` characters."""
    if length <= 1:
        return None
    return WordStep(lambda words: keep_words(words, pc.greater_equal(pc.utf8_length(words.flatten()), length)))


@register
def empty(wanted: bool) -> Filter | None:
    """Drops documents without a word."""
    return Filter(lambda counts: counts > 0) if wanted else None


@register
def stopwords(path: str | None) -> WordStep | None:
    """Drops the words of a list; `path` is the file (`tasks.text.stopwords.find_list` finds it by language)."""
    if path is None:
        return None
    dropped = pa.array(sorted(read_list(Path(path))), pa.string())
    return WordStep(lambda words: keep_words(words, pc.invert(pc.is_in(words.flatten(), value_set=dropped))))


@register
def min_tokens(count: int) -> Filter | None:
    """Drops documents of fewer than `count` words."""
    if count <= 0:
        return None
    return Filter(lambda counts: counts >= count)


_CHARACTER_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)
"""A pattern that is one character class and nothing else, such as `[^a-zA-Z]`."""

_LINE_START = re.compile(r"\(\?m\)\^([a-zA-Z0-9])(?![*?{])[^|]*")
"""A pattern whose every match begins with one known letter or digit, at the start of a line."""


def _substitution(rule: Replacement) -> Callable[[str], str]:
    """The function that applies one rule: `re.sub`, or what has the same result in less time."""
    substitute = re.compile(rule.pattern).sub
    if _CHARACTER_CLASS.fullmatch(rule.pattern):
        return _character_map(rule) if len(rule.replacement) == 1 else _translation(rule)
    line_start = _LINE_START.fullmatch(rule.pattern)
    if line_start is None:
        return lambda text: substitute(rule.replacement, text)
    # `re` tries `^` at every character; most documents have no such line at all
    first, later = line_start[1], f"\n{line_start[1]}"
    return lambda text: substitute(rule.replacement, text) if text.startswith(first) or later in text else text


class _CharacterTable(dict[int, str]):
    """What a substitution makes of each character, found out when it is first met; for `str.translate`."""

    def __init__(self, rule: Replacement) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        changed = re.sub(self._rule.pattern, self._rule.replacement, chr(code))
        self[code] = changed
        return changed


def _translation(rule: Replacement) -> Callable[[str], str]:
    """Replaces the characters of a class by `str.translate`, at twice the speed of `re.sub`."""
    table = _CharacterTable(rule)
    return lambda text: text.translate(table)


def _character_map(rule: Replacement) -> Callable[[str], str]:
    """Replaces each character of a class by one other.

    `str.translate` is fast where a text is ASCII and asks for every character where it is not; there NumPy looks all
    of them up at once.
    """
    translate = _translation(rule)

    def change(text: str) -> str:
        if text.isascii():
            return translate(text)
        replaced = _replaced_codes(rule.pattern, rule.replacement)
        return replaced[np.frombuffer(text.encode("utf-32-le"), np.uint32)].tobytes().decode("utf-32-le")

    return change


@cache
def _replaced_codes(character_class: str, replacement: str) -> NDArray[np.uint32]:
    """uint32 [0x110000]: the code of the character that stands in the place of each character."""
    codes = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    everything = codes.tobytes().decode("utf-32-le", "surrogatepass")
    for run in re.finditer(f"{character_class}+", everything):
        codes[run.start() : run.end()] = ord(replacement)
    return codes
