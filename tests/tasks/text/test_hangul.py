"""Hangul as letters and back, and its one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.hangul import FINALS, INITIALS, VOWELS, compose, decompose, normalize

HANGUL = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
LETTERS = st.sampled_from(sorted({*INITIALS, *VOWELS, *FINALS}))
TEXTS = st.text(HANGUL | LETTERS | st.characters(exclude_categories=["Cs"]))
SPELLINGS = st.text(st.characters(min_codepoint=0x1100, max_codepoint=0x11FF) | LETTERS | HANGUL | st.characters())


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("자연어처리", "ㅈㅏ_ㅇㅕㄴㅇㅓ_ㅊㅓ_ㄹㅣ_"),
        ("값 abc", "ㄱㅏㅄ abc"),
        ("ㅋㅋ ㅠ ㄳ", "ㅋ__ㅋ__ _ㅠ_ __ㄳ"),
        ("-_-", "-___-"),
        ("ㅈㅏ_", "ㅈ___ㅏ____"),
        ("", ""),
    ],
)
def test_letters(text: str, letters: str) -> None:
    assert decompose(text) == letters
    assert compose(letters) == text


def test_all_syllables_differ_and_come_back() -> None:
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))
    letters = decompose(syllables)
    units = [letters[start : start + 3] for start in range(0, len(letters), 3)]
    assert len(set(units)) == len(syllables) == 19 * 21 * 28
    assert compose(letters) == syllables


@given(TEXTS)
def test_any_text_comes_back(text: str) -> None:
    assert compose(decompose(text)) == text


@pytest.mark.parametrize("letters", ["ㅈ", "ㅈㅏ", "ㅏㅈ_", "aㅈㅏ_ㅁ", "_"])
def test_what_decompose_never_gives_is_refused(letters: str) -> None:
    with pytest.raises(ValueError, match="no decomposed character"):
        compose(letters)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ㅋㅋㅋㅏ", "ㅋㅋㅋㅏ"),
        ("ﾡﾢ ￂ", "ㄱㄲ ㅏ"),
        ("㉠㈀㉮", "ㄱ(ㄱ)가"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("\u1100 \u1161\u11a8", "ㄱ ㅏㄱ"),
        ("ＡＢＣ １２ ﬁ", "ABC 12 fi"),
        ("가\u3164나", "가 나"),
        ("plain", "plain"),
    ],
)
def test_one_spelling(text: str, normal: str) -> None:
    assert normalize(text) == normal


@given(SPELLINGS)
def test_what_is_normal_stays(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
