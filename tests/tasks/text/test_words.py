"""Words of many documents at once: the same as Python's, one document at a time."""

import sys

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.text.words import count_words, join_words, keep_words, split_words

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def test_white_space_is_what_python_takes_for_it() -> None:
    words = split_words(pa.array([f"a{character}b" for character in CHARACTERS]))
    apart = count_words(words) == 2
    assert [each for each, parted in zip(CHARACTERS, apart, strict=True) if parted != each.isspace()] == []


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab \n\x1c\x1f\x85é\u3000")))
@example(["", " ", " a  b ", "a"])
def test_texts_are_split_as_by_python(texts: list[str]) -> None:
    for some in (texts, [text for text in texts if text.isascii()]):
        words = split_words(pa.array(some, pa.string()))
        assert words.to_pylist() == [text.split() for text in some]
        assert join_words(words).to_pylist() == [" ".join(text.split()) for text in some]
        assert count_words(words).tolist() == [len(text.split()) for text in some]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "a", "bb", "가"]))), st.integers(0, 3))
def test_words_that_stay_stay_in_their_documents(documents: list[list[str]], start: int) -> None:
    words = pa.array(documents, pa.list_(pa.string()))[start:]
    flat = words.flatten().to_pylist()
    kept = keep_words(words, pa.array([word != "a" for word in flat], pa.bool_()))
    assert kept.to_pylist() == [[word for word in document if word != "a"] for document in documents[start:]]


def test_counts_are_numbers_that_numpy_can_hold() -> None:
    assert count_words(pa.array([["a"], []], pa.list_(pa.string()))).dtype == np.int64
