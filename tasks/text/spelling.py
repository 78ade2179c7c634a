"""How tokens are written in the files of tokenize, where that is not as people write them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tasks.text import hangul


class Spelling(NamedTuple):
    """From a word, or a text, to how it is written, and back; `read` raises ValueError for what `spell` never gives."""

    spell: Callable[[str], str]
    read: Callable[[str], str]


PLAIN = "plain"

JAMO = "jamo"

SPELLINGS: Mapping[str, Spelling] = {
    PLAIN: Spelling(str, str),
    JAMO: Spelling(hangul.decompose, hangul.compose),
}
"""By name. plain: as people write; jamo: Hangul syllables as their letters."""
