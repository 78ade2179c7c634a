"""The cleaning steps: each a small function, registered under the name of its knob in the clean section of params.yaml.

A registered function takes the knob's value and returns the step, or None where the knob is off. A step changes the
text, changes the list of words (pieces between white space), or is a filter that says whether a document stays; the
name of the filter is the reason that is counted. A new step is a function here and a knob in `tasks.clean.CleanParams`.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from tasks.text.markup import remove_markup
from tasks.text.stopwords import read_list

UnicodeForm = Literal["NFC", "NFD", "NFKC", "NFKD"]


@dataclass(frozen=True)
class TextStep:
    """Changes the text of a document."""

    change: Callable[[str], str]


@dataclass(frozen=True)
class WordStep:
    """Changes the words of a document."""

    change: Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class Filter:
    """Says whether a document stays, from its words."""

    keeps: Callable[[list[str]], bool]


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
    """One spelling for characters that Unicode can spell in several ways (Unicode Standard Annex 15)."""
    if form is None:
        return None
    return TextStep(lambda text: unicodedata.normalize(form, text))


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
    return WordStep(lambda words: [word for word in words if len(word) >= length])


@register
def empty(wanted: bool) -> Filter | None:
    """Drops documents without a word."""
    return Filter(bool) if wanted else None


@register
def stopwords(path: str | None) -> WordStep | None:
    """Drops the words of a list; `path` is the file (`tasks.text.stopwords.find_list` finds it by language)."""
    if path is None:
        return None
    dropped = read_list(Path(path))
    return WordStep(lambda words: [word for word in words if word not in dropped])


@register
def min_tokens(count: int) -> Filter | None:
    """Drops documents of fewer than `count` words."""
    if count <= 0:
        return None
    return Filter(lambda words: len(words) >= count)


_CHARACTER_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)
"""A pattern that is one character class and nothing else, such as `[^a-zA-Z]`."""


class _CharacterTable(dict[int, str]):
    """What a substitution makes of each character, found out when it is first met; for `str.translate`."""

    def __init__(self, rule: Replacement) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        changed = re.sub(self._rule.pattern, self._rule.replacement, chr(code))
        self[code] = changed
        return changed


def _substitution(rule: Replacement) -> Callable[[str], str]:
    """The function that applies one rule.

    A pattern that is one character class maps characters one by one, which `str.translate` does at twice the speed
    of `re.sub` and with the same result.
    """
    if _CHARACTER_CLASS.fullmatch(rule.pattern):
        table = _CharacterTable(rule)
        return lambda text: text.translate(table)
    compiled = re.compile(rule.pattern)
    return lambda text: compiled.sub(rule.replacement, text)
