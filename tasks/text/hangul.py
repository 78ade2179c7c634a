"""Hangul: syllables written as their letters and back, and one spelling for what Unicode spells in several ways.

A syllable is an initial consonant, a vowel and perhaps a final consonant (초성, 중성, 종성); its code is a number
made of the three (Unicode Standard, section 3.12). The letters on their own, as in ㅋㅋ, have codes of their own: those
of the compatibility block, which is what keyboards send.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
NO_LETTER = "_"
FINALS = NO_LETTER + "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

FIRST_SYLLABLE = 0xAC00
FIRST_INITIAL, FIRST_VOWEL, FIRST_FINAL = 0x1100, 0x1161, 0x11A8
"""Of the conjoining letters, which old systems and decomposed text have in place of syllables."""

_UNIT = re.compile(f"[ㄱ-ㅣ{NO_LETTER}]{{1,3}}")
_NO_LETTERS = re.compile("[^\u3131-\u318e]+")
_FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters that show nothing; where one stands, people meant a blank."""


def decompose(text: str) -> str:
    """Every syllable as three characters, `_` where it has no final consonant: 자연 is ㅈㅏ_ㅇㅕㄴ.

    A letter on its own and `_` become three characters too, ㅋ__ and ___, so that `compose` gives back any text as it
    was. Everything else stays.
    """
    return text if text.isascii() and NO_LETTER not in text else text.translate(_units())


def compose(letters: str) -> str:
    """The text that `decompose` made this of.

    Raises:
        ValueError: `decompose` makes no such text; with the place.
    """

    def whole(match: re.Match[str]) -> str:
        found = _characters().get(match[0])
        if found is None:
            raise ValueError(f"{letters!r} has {match[0]!r} at {match.start()}, which is no decomposed character")
        return found

    return _UNIT.sub(whole, letters)


def normalize(text: str) -> str:
    """One spelling: NFKC, but letters that stand alone are always those of the compatibility block.

    NFKC itself turns ㅋ into a conjoining letter, which then joins a vowel that follows. Half-width and circled
    letters, and conjoining ones that make no syllable, become those that keyboards send; what shows nothing becomes a
    blank.
    """
    if text.isascii():
        return text
    text = text.translate(_keyboard_letters())
    joined = _NO_LETTERS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return joined.translate(_alone())


@cache
def _units() -> Mapping[int, str]:
    """What each character is decomposed to, by code."""
    units = {ord(NO_LETTER): 3 * NO_LETTER}
    units |= {ord(letter): 2 * NO_LETTER + letter for letter in FINALS[1:]}
    units |= {ord(letter): NO_LETTER + letter + NO_LETTER for letter in VOWELS}
    units |= {ord(letter): letter + 2 * NO_LETTER for letter in INITIALS}
    syllables = (i + v + f for i in INITIALS for v in VOWELS for f in FINALS)
    return units | dict(enumerate(syllables, FIRST_SYLLABLE))


@cache
def _characters() -> Mapping[str, str]:
    return {unit: chr(code) for code, unit in _units().items()}


@cache
def _keyboard_letters() -> Mapping[int, str]:
    """Half-width letters as whole ones; Unicode's own table says which."""
    half_width = (code for code in range(0xFFA1, 0xFFDD) if unicodedata.decomposition(chr(code)))
    letters = {code: chr(int(unicodedata.decomposition(chr(code)).split()[1], 16)) for code in half_width}
    return letters | dict.fromkeys(map(ord, _FILLERS), " ")


@cache
def _alone() -> Mapping[int, str]:
    """Conjoining letters that have joined nothing."""
    blocks = ((FIRST_INITIAL, INITIALS), (FIRST_VOWEL, VOWELS), (FIRST_FINAL, FINALS[1:]))
    return {code: letter for first, letters in blocks for code, letter in enumerate(letters, first)}
