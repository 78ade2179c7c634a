"""Tokenizers: what splits a cleaned document into tokens, registered under the `kind` that params.yaml names.

A tokenizer is any function from text to a list of tokens. What is registered is the model of its settings, which
`build` turns into that function; a library that a tokenizer needs is imported there, so that naming it costs nothing.
`build_for_many` is there to be overridden where many documents together go faster than one by one:

    @register
    class Syllables(TokenizerSettings):
        kind: Literal["syllables"] = "syllables"

        def build(self) -> Tokenizer:
            return list
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, field_validator

from tasks.text.words import split_words


class Tokenizer(Protocol):
    """Splits a text into tokens: not empty, and without white space, which separates words in the files of vectors."""

    def __call__(self, text: str, /) -> list[str]:
        """The tokens of `text`, in order."""
        ...


TokenizerForMany = Callable[[pa.StringArray], pa.ListArray]
"""Splits many texts, string [n_documents], into their tokens, list<string> [n_documents]."""


class TokenizerSettings(BaseModel, ABC):
    """The settings of one kind of tokenizer; small and picklable, since they travel to the workers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str

    @abstractmethod
    def build(self) -> Tokenizer:
        """The tokenizer with these settings."""

    def build_for_many(self) -> TokenizerForMany:
        """The same for many documents at once."""
        tokenize = self.build()
        return lambda texts: pa.array(map(tokenize, texts.to_pylist()), pa.list_(pa.string()), size=len(texts))


TOKENIZERS: dict[str, type[TokenizerSettings]] = {}
"""The settings of every known tokenizer, by kind."""

Settings = TypeVar("Settings", bound=TokenizerSettings)


def register(settings: type[Settings]) -> type[Settings]:
    """Makes a tokenizer known under the default of its `kind`."""
    TOKENIZERS[settings.model_fields["kind"].default] = settings
    return settings


def tokenizer_settings(value: Any) -> TokenizerSettings:
    """The validated settings for a mapping with a `kind`, as params.yaml has it.

    Raises:
        ValueError: it is no such mapping, or a setting is wrong.
    """
    if isinstance(value, TokenizerSettings):
        return value
    kinds = ", ".join(TOKENIZERS)
    if not isinstance(value, dict) or "kind" not in value:
        raise ValueError(f"should be a mapping with a kind, one of {kinds}")
    if value["kind"] not in TOKENIZERS:
        raise ValueError(f"there is no tokenizer {value['kind']!r}; the tokenizers are {kinds}")
    return TOKENIZERS[value["kind"]].model_validate(value)


@register
class WhitespaceTokenizer(TokenizerSettings):
    """Tokens are the pieces between white space (Unicode's, as in `str.split`)."""

    kind: Literal["whitespace"] = "whitespace"

    def build(self) -> Tokenizer:
        """`str.split`."""
        return str.split

    def build_for_many(self) -> TokenizerForMany:
        """`split_words`."""
        return split_words


@register
class RegexTokenizer(TokenizerSettings):
    """Tokens are the matches of a regular expression, from left to right."""

    kind: Literal["regex"] = "regex"
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _usable(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        if compiled.groups:
            raise ValueError(f"{pattern!r} has a capturing group; write (?:...) instead of (...)")
        if compiled.match(""):
            raise ValueError(f"{pattern!r} matches the empty string; a token has at least one character")
        return pattern

    def build(self) -> Tokenizer:
        """`findall` of the compiled pattern."""
        return re.compile(self.pattern).findall
