"""Words of many documents at once: a list<string> array, one list a document, split as `str.split` does."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

UNKNOWN_WHITE_SPACE = r"[\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
"""What Python takes for white space and Arrow's `ascii_split_whitespace` does not, as a pattern of RE2.

`utf8_split_whitespace` knows them, but Arrow 26 may take several of them at the end of a text for a word.
"""


def split_words(texts: pa.StringArray) -> pa.ListArray:
    """The pieces between white space, as of `str.split`: list<string> [n_documents], for string [n_documents]."""
    if not _is_plain(texts):
        texts = pc.replace_substring_regex(texts, UNKNOWN_WHITE_SPACE, " ")
    words = pc.ascii_split_whitespace(pc.ascii_trim_whitespace(texts))
    return keep_words(words, pc.greater(pc.binary_length(words.flatten()), 0))  # "" is split into one empty piece


def keep_words(words: pa.ListArray, stays: pa.BooleanArray) -> pa.ListArray:
    """The lists without some of their words.

    Args:
        words: list<string> [n_documents].
        stays: bool [n_words of all documents].
    """
    if pc.all(stays, min_count=0).as_py():
        return words
    kept_before = np.concatenate([[0], np.cumsum(stays.to_numpy(zero_copy_only=False))])
    starts = words.offsets.to_numpy()
    offsets = pa.array(kept_before[starts - starts[0]], pa.int32())
    return pa.ListArray.from_arrays(offsets, words.flatten().filter(stays))


def count_words(words: pa.ListArray) -> NDArray[np.int64]:
    """int64 [n_documents]: how many words each document has."""
    return np.asarray(pc.list_value_length(words), np.int64)


def join_words(words: pa.ListArray) -> pa.StringArray:
    """string [n_documents]: the words of each document, one space between two."""
    return pc.binary_join(words, " ")


def _is_plain(texts: pa.StringArray) -> bool:
    """Whether none of `UNKNOWN_WHITE_SPACE` can be there: all is ASCII, without \\x1c to \\x1f."""
    characters = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    return bool(characters.max(initial=0) < 0x80 and not (characters - np.uint8(0x1C) < 4).any())
