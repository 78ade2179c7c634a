"""Markup goes, text stays: also text that only looks like markup."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.text.markup import remove_markup


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("good<br />film", "good film"),
        ("good<br><br/>film", "good film"),
        ("w<b>or</b>d", "word"),
        ("<p>one<p>two", "one two"),
        ("<ul><li>x<li>y</ul>", "x y"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ('see <a href="http://x/?a=1&amp;b=2" title="a > b">this</a>.', "see this."),
        ("<h1>T</h1><body class=x>b", "T b"),
        ("a<script>if (x < y) z()</script>b<style>p {}</style>c", "a b c"),
        ("a<!-- <b>x</b> > y -->b", "ab"),
        ("<!DOCTYPE html><title>T</title>b", "T b"),
        ("AT&amp;T caf&eacute; &#39;x&#x27; &lt;b&gt;", "AT&T café 'x' <b>"),
        ("<한글>", "<한글>"),
    ],
)
def test_markup_is_removed(text: str, words: str) -> None:
    assert remove_markup(text).split() == words.split()


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "a < b and c > d",
        "a <b and so on to the end",
        "I <3 you",
        "1<2>0",
        "R&D",
        "a & b",
        "x <!-- open",
        "",
        "plain  text\n",
    ],
)
def test_what_is_no_markup_stays(text: str) -> None:
    assert remove_markup(text) == text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="<&")))
def test_text_without_brackets_and_ampersands_comes_back(text: str) -> None:
    assert remove_markup(text) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<", ">", "</", "<!--", "-->", "<b", "<p>", "word", " ", "&lt;", "&", '"', "<?x>"])))
def test_words_outside_tags_survive_any_tag_soup(pieces: list[str]) -> None:
    text = "before " + "".join(pieces)
    assert remove_markup(text).startswith("before")


@pytest.mark.parametrize("piece", ["<", "<b>", "<!--", '<a "', "&", "</"])
def test_a_long_row_of_brackets_takes_no_long_time(piece: str) -> None:
    started = time.monotonic()
    remove_markup(piece * 200_000)
    assert time.monotonic() - started < 5
