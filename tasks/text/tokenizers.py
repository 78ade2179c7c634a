"""Tokenizers: what splits a cleaned document into tokens, registered under the `kind` that params.yaml names.

A tokenizer is any function from text to a list of tokens. What is registered is the model of its settings, which
`build` turns into that function; a library that a tokenizer needs is imported there, so that naming it costs nothing.
`build_for_many` is there to be overridden where many documents together go faster than one by one:

    @register
    class Letters(TokenizerSettings):
        kind: Literal["letters"] = "letters"

        def build(self) -> Tokenizer:
            return lambda text: list("".join(text.split()))
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tasks.text.hangul import normalize
from tasks.text.spelling import JAMO, PLAIN, SPELLINGS
from tasks.text.words import split_words


class Tokenizer(Protocol):
    """Splits a text into tokens: not empty, and without white space, which separates words in the files of vectors."""

    def __call__(self, text: str, /) -> list[str]:
        """The tokens of `text`, in order."""
        ...


NO_BLANK = "_"
"""In place of the blanks in an entry of kiwi's dictionary that is several words."""

TokenizerForMany = Callable[[pa.StringArray], pa.ListArray]
"""Splits many texts, string [n_documents], into their tokens, list<string> [n_documents]."""


class TokenizerSettings(BaseModel, ABC):
    """The settings of one kind of tokenizer; small and picklable, since they travel to the workers.

    Attributes:
        spelling: how its tokens are written; see `tasks.text.spelling`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spelling: ClassVar[str] = PLAIN

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


@register
class SyllablesTokenizer(TokenizerSettings):
    """Each Hangul syllable is a token; what stands between them, up to white space, is one too."""

    kind: Literal["syllables"] = "syllables"

    def build(self) -> Tokenizer:
        """`findall` of a pattern."""
        return re.compile(r"[가-힣]|[^\s가-힣]+").findall


@register
class JamoTokenizer(TokenizerSettings):
    """Words between white space, every syllable as its letters, so that a model of parts of words sees letters."""

    spelling: ClassVar[str] = JAMO

    kind: Literal["jamo"] = "jamo"

    def build(self) -> Tokenizer:
        """`str.split` of the text in letters."""
        spell = SPELLINGS[self.spelling].spell
        return lambda text: spell(text).split()


@register
class KiwiTokenizer(TokenizerSettings):
    """Korean morphemes, as kiwipiepy finds them with the model that comes with it. An optional dependency.

    Its tags are those of the Sejong corpus with a few more (https://github.com/bab2min/kiwipiepy): NNG is a common
    noun, VV a verb's stem, and all that begin with J are particles. An ending that is a letter, as in 신다, is written
    as keyboards do: ㄴ다.
    """

    kind: Literal["kiwi"] = "kiwi"
    keep: tuple[str, ...] = Field((), description="beginnings of the tags to keep, such as [N, V, MA]; []: all")
    tagged: bool = Field(False, description="write the tag behind each morpheme, 가/VV")

    @model_validator(mode="after")
    def _is_installed(self) -> "KiwiTokenizer":
        if find_spec("kiwipiepy") is None:
            raise ValueError("the tokenizer kiwi needs the package kiwipiepy; pip install -e '.[korean]'")
        return self

    def build(self) -> Tokenizer:
        """One text at a time."""
        tokenize = self._morphemes()
        return lambda text: next(tokenize(iter([text])))

    def build_for_many(self) -> TokenizerForMany:
        """All texts through one call."""
        tokenize = self._morphemes()
        return lambda texts: pa.array(tokenize(iter(texts.to_pylist())), pa.list_(pa.string()), size=len(texts))

    def _morphemes(self) -> Callable[[Iterator[str]], Iterator[list[str]]]:
        from kiwipiepy import Kiwi

        kiwi = Kiwi(num_workers=1)  # the stage has a process a core

        def found(texts: Iterator[str]) -> Iterator[list[str]]:
            for tokens in kiwi.tokenize(texts):
                kept = (token for token in tokens if not self.keep or token.tag.startswith(self.keep))
                forms = ((NO_BLANK.join(normalize(token.form).split()), token.tag) for token in kept)
                yield [f"{form}/{tag}" if self.tagged else form for form, tag in forms if form]

        return found
