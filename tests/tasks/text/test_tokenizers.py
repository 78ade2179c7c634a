"""Tokenizers by kind: the two that are there, their settings, and one registered from outside."""

import pickle
from typing import Literal

import pytest

from tasks.text.tokenizers import TOKENIZERS, Tokenizer, TokenizerSettings, register, tokenizer_settings


def test_whitespace() -> None:
    assert tokenizer_settings({"kind": "whitespace"}).build()(" a\u00a0b\n\u2003가나  c ") == ["a", "b", "가나", "c"]


def test_regex() -> None:
    tokenize = tokenizer_settings({"kind": "regex", "pattern": r"[a-z]+(?:'[a-z]+)?"}).build()
    assert tokenize("don't stop, 'me'!") == ["don't", "stop", "me"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"kind": "regex", "pattern": "("}, "is no regular expression"),
        ({"kind": "regex", "pattern": "(a)(b)"}, "capturing group"),
        ({"kind": "regex", "pattern": r"\w*"}, "matches the empty string"),
        ({"kind": "regex"}, "pattern"),
        ({"kind": "whitespace", "pattern": "a"}, "pattern"),
        ({"kind": "nonsense"}, "the tokenizers are whitespace, regex"),
        ("whitespace", "should be a mapping with a kind"),
    ],
)
def test_wrong_settings_are_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tokenizer_settings(value)


def test_settings_travel_to_workers() -> None:
    settings = tokenizer_settings({"kind": "regex", "pattern": "[a-z]+"})
    assert pickle.loads(pickle.dumps(settings)).build()("ab1c") == ["ab", "c"]  # noqa: S301


def test_a_tokenizer_of_ones_own_is_known_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.text.tokenizers.TOKENIZERS", dict(TOKENIZERS))

    @register
    class Syllables(TokenizerSettings):
        kind: Literal["syllables"] = "syllables"

        def build(self) -> Tokenizer:
            return list

    assert tokenizer_settings({"kind": "syllables"}).build()("가나") == ["가", "나"]
