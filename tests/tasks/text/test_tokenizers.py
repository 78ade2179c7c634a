"""Tokenizers by kind: those that are there, their settings, and one registered from outside."""

import pickle
import sys
from typing import Literal

import pyarrow as pa
import pytest

from tasks.text.tokenizers import TOKENIZERS, Tokenizer, TokenizerSettings, register, tokenizer_settings


def test_whitespace() -> None:
    assert tokenizer_settings({"kind": "whitespace"}).build()(" a\u00a0b\n\u2003가나  c ") == ["a", "b", "가나", "c"]


def test_regex() -> None:
    tokenize = tokenizer_settings({"kind": "regex", "pattern": r"[a-z]+(?:'[a-z]+)?"}).build()
    assert tokenize("don't stop, 'me'!") == ["don't", "stop", "me"]


def test_syllables() -> None:
    assert tokenizer_settings({"kind": "syllables"}).build()(" 한국은 K리그ㅋㅋ 1부 ") == [
        *("한", "국", "은", "K", "리", "그", "ㅋㅋ", "1", "부")
    ]


def test_jamo() -> None:
    tokenize = tokenizer_settings({"kind": "jamo"}).build()
    assert tokenize("자연어 처리 a_b") == ["ㅈㅏ_ㅇㅕㄴㅇㅓ_", "ㅊㅓ_ㄹㅣ_", "a___b"]


def test_kiwi_finds_morphemes() -> None:
    text = "아버지가 방에 들어가신다"
    assert tokenizer_settings({"kind": "kiwi"}).build()(text) == ["아버지", "가", "방", "에", "들어가", "시", "ㄴ다"]
    nouns = tokenizer_settings({"kind": "kiwi", "keep": ["NN"]})
    assert nouns.build()(text) == ["아버지", "방"]
    tagged = tokenizer_settings({"kind": "kiwi", "keep": ["NNG", "VV"], "tagged": True}).build_for_many()
    assert tagged(pa.array([text, "", "방"])).to_pylist() == [["아버지/NNG", "방/NNG", "들어가/VV"], [], ["방/NNG"]]


def test_kiwi_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    with pytest.raises(ValueError, match=r"needs the package kiwipiepy; pip install -e '\.\[korean\]'"):
        tokenizer_settings({"kind": "kiwi"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"kind": "regex", "pattern": "("}, "is no regular expression"),
        ({"kind": "regex", "pattern": "(a)(b)"}, "capturing group"),
        ({"kind": "regex", "pattern": r"\w*"}, "matches the empty string"),
        ({"kind": "regex"}, "pattern"),
        ({"kind": "whitespace", "pattern": "a"}, "pattern"),
        ({"kind": "nonsense"}, "the tokenizers are whitespace, regex, syllables, jamo, kiwi"),
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
    class Letters(TokenizerSettings):
        kind: Literal["letters"] = "letters"

        def build(self) -> Tokenizer:
            return list

    assert tokenizer_settings({"kind": "letters"}).build()("ab") == ["a", "b"]
