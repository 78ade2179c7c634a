"""Each cleaning step, alone and in company."""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.text.cleaner import Cleaner
from tasks.text.steps import STEPS, Replacement, Step


class Cleaned(NamedTuple):
    """What became of one document: its text (empty if it was dropped), its number of words, what dropped it."""

    text: str
    tokens: int
    dropped: str | None


def step(name: str, value: object) -> Step:
    built = STEPS[name](value)
    assert built is not None
    return built


def clean_all(texts: list[str], *steps: tuple[str, object]) -> list[Cleaned]:
    built = [(name, step(name, value)) for name, value in steps]
    found = Cleaner(built)(pa.array(texts, pa.string()))
    reasons = {row: name for name, rows in found.dropped.items() for row in rows.tolist()}
    stays = zip(found.rows.tolist(), found.texts.to_pylist(), found.tokens.tolist(), strict=True)
    kept = {row: Cleaned(text, tokens, None) for row, text, tokens in stays}
    assert sorted([*kept, *reasons]) == list(range(len(texts)))
    return [kept.get(row) or Cleaned("", 0, reasons[row]) for row in range(len(texts))]


def clean(text: str, *steps: tuple[str, object]) -> Cleaned:
    (cleaned,) = clean_all([text], *steps)
    return cleaned


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_unicode_gives_the_named_form(form: str) -> None:
    text = "cafe\u0301 ﬁn ｆｕｌｌ 한글 \u1112\u1161\u11ab"
    assert clean(text, ("unicode", form)).text == unicodedata.normalize(form, text)  # type: ignore[arg-type]


def test_unicode_forms_differ() -> None:
    assert clean("ﬁ e\u0301", ("unicode", "NFC")).text == "ﬁ é"
    assert clean("ﬁ e\u0301", ("unicode", "NFKC")).text == "fi é"


def test_lowercase_is_that_of_unicode() -> None:
    assert clean("ÄÖÜ ΑΒΓ Straße", ("lowercase", True)).text == "äöü αβγ straße"


def test_min_token_length_keeps_words_of_that_many_characters() -> None:
    assert clean("a ab abc 가나 가나다", ("min_token_length", 3)) == Cleaned("abc 가나다", 2, None)


def test_stopwords_drops_the_words_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("the\nof\n", "utf-8")
    assert clean("the end of The theme", ("stopwords", str(path))).text == "end The theme"


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0\u2003"])
def test_empty_drops_documents_without_a_word(text: str) -> None:
    assert clean(text, ("empty", True)) == Cleaned("", 0, "empty")


def test_min_tokens_drops_shorter_documents() -> None:
    assert clean("one two", ("min_tokens", 3)).dropped == "min_tokens"
    assert clean("one two three", ("min_tokens", 3)) == Cleaned("one two three", 3, None)


def test_replacements_follow_each_other() -> None:
    rules = (Replacement(pattern="b+", replacement="c"), Replacement(pattern="(c)(a)", replacement=r"\2\1"))
    assert clean("abba ca", ("replace", rules)).text == "aac ac"


def test_the_order_of_the_steps_matters() -> None:
    letters = ("replace", (Replacement(pattern="[^a-z]", replacement=" "),))
    assert clean("Engine Oil", letters, ("lowercase", True)).text == " ngine  il"
    assert clean("Engine Oil", ("lowercase", True), letters).text == "engine oil"


def test_text_steps_may_follow_word_steps() -> None:
    joined = ("replace", (Replacement(pattern="ab cd", replacement="abcd"),))
    assert clean("ab x cd", ("min_token_length", 2), joined, ("min_tokens", 1)) == Cleaned("abcd", 1, None)


def test_without_word_steps_white_space_stays_as_it_is() -> None:
    assert clean(" A  b\n", ("lowercase", True)) == Cleaned(" a  b\n", 2, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unicode", None),
        ("markup", False),
        ("replace", ()),
        ("lowercase", False),
        ("min_token_length", 0),
        ("empty", False),
        ("stopwords", None),
        ("min_tokens", 0),
    ],
)
def test_a_knob_that_is_off_makes_no_step(name: str, value: object) -> None:
    assert STEPS[name](value) is None


@settings(deadline=None)
@given(st.text(), st.sampled_from(["[^a-zA-Z]", "[a-c]", r"[\]x]", "[]x]", "[^]x]", r"[\W_]", r"[\n\\]", "[é-ü가-힣]"]))
@example("İıſK", "[^a-zA-Z]")
def test_a_character_class_is_replaced_as_by_re(text: str, pattern: str) -> None:
    for replacement in (" ", "é", "", r"<\g<0>>"):
        rule = Replacement(pattern=pattern, replacement=replacement)
        assert clean(text, ("replace", (rule,))).text == re.sub(pattern, replacement, text)


@settings(deadline=None)
@given(st.text(alphabet="ab]x[1 "), st.sampled_from(["[a]+", "[a][b]", "[]x][a]", "a|[b]", "[^a]*", "(?i)[A]"]))
def test_what_only_looks_like_a_character_class_is_replaced_as_by_re(text: str, pattern: str) -> None:
    rule = Replacement(pattern=pattern, replacement="-")
    assert clean(text, ("replace", (rule,))).text == re.sub(pattern, "-", text)


@settings(deadline=None)
@given(
    st.text(alphabet="Mm2 \n-"),
    st.sampled_from(
        ["(?m)^M[ -]{2,3}$", "(?m)^M+-", "(?m)^M", "(?m)^M?-", "(?m)^M*", "(?m)^M{0,1}2", "(?m)^M|2", "(?m)^2"]
    ),
)
@example("-M-\nM--", "(?m)^M[ -]{2,3}$")
def test_what_begins_a_line_is_replaced_as_by_re(text: str, pattern: str) -> None:
    rule = Replacement(pattern=pattern, replacement="x")
    assert clean(text, ("replace", (rule,))).text == re.sub(pattern, "x", text)


def one_by_one(text: str, listed: frozenset[str]) -> Cleaned:
    """The steps of the test below, a document at a time in plain Python."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    words = [word for word in words if len(word) >= 2]
    if not words:
        return Cleaned("", 0, "empty")
    words = [word for word in words if word not in listed]
    text = re.sub("[0-9]", " ", " ".join(words))
    words = text.split()
    return Cleaned(" ".join(words), len(words), None) if len(words) >= 2 else Cleaned("", 0, "min_tokens")


@settings(deadline=None)
@given(st.lists(st.text(alphabet="aAé가ﬁ１2b \n\u00a0\u2028\x1c\x1f\t"), max_size=6))
@example(["", " ", "\x1c", "aa\x1fbb", " bb  aa\n", "a1b bb"])
@example(["a bb", "aa\x1dbb cc"])
def test_documents_together_are_cleaned_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    listed = tmp_path_factory.mktemp("listed") / "list.txt"
    listed.write_text("ab\nbb\n")
    digits = Replacement(pattern="[0-9]", replacement=" ")
    found = clean_all(
        texts,
        ("unicode", "NFKC"),
        ("lowercase", True),
        ("min_token_length", 2),
        ("empty", True),
        ("stopwords", str(listed)),
        ("replace", (digits,)),
        ("min_tokens", 2),
    )
    assert found == [one_by_one(text, frozenset({"ab", "bb"})) for text in texts]


@pytest.mark.parametrize(("pattern", "replacement"), [("(", ""), ("[z-a]", ""), ("a", r"\1"), ("a", r"\g<name>")])
def test_a_broken_rule_is_refused_with_its_text(pattern: str, replacement: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(repr(pattern))):
        Replacement(pattern=pattern, replacement=replacement)
