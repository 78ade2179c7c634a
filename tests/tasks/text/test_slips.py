"""One slip apart: what is, what is not, and all that one slip can make of a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.slips import one_slip_apart

WORD = st.text("abㄱ", max_size=5)


def slipped(word: str) -> set[str]:
    """All that one slip makes of a word, with the letters of WORD."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(head + letter + tail for head, tail in cuts for letter in "abㄱ"),
        *(head + tail[1:] for head, tail in cuts),
        *(head + letter + tail[1:] for head, tail in cuts if tail for letter in "abㄱ"),
        *(head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1),
    }


@pytest.mark.parametrize("misspelled", ["appple", "aple", "apqle", "aplpe", "apple", "applee", "pple"])
def test_apple_is_meant(misspelled: str) -> None:
    assert one_slip_apart(misspelled, "apple") and one_slip_apart("apple", misspelled)


@pytest.mark.parametrize("other", ["apples!", "ppale", "aqqle", "elppa", "", "le", "bpplf"])
def test_apple_is_not_meant(other: str) -> None:
    assert not one_slip_apart(other, "apple") and not one_slip_apart("apple", other)


@given(WORD, WORD)
def test_as_by_making_all_slips(first: str, second: str) -> None:
    assert one_slip_apart(first, second) == (second in slipped(first))


@given(WORD, st.data())
def test_every_slip_is_seen(word: str, data: st.DataObject) -> None:
    assert one_slip_apart(word, data.draw(st.sampled_from(sorted(slipped(word)))))
