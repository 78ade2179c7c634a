"""Some words out of a large file: the same as reading it whole, in every format, packed or not; damage is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.packing import PACKERS_AND_NONE

from tasks import pretrained
from tasks.errors import InputError
from tasks.formats import glove, word2vec
from tasks.kernels.scanning import scan_lines, word_table
from tasks.pretrained import read_wanted
from tasks.sources import blocks

RNG = np.random.default_rng(0)
WORDS = [f"wort{number}ü" if number % 3 else f"w{number}" for number in range(5000)]
MATRIX = RNG.normal(size=(5000, 7)).astype(np.float32)
MATRIX[3, :] = np.frombuffer(b" \n  " * 7, "<f4")  # bytes that look like the ends of words and rows

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters=" \n\r\t\x00")

WRITERS: dict[str, Callable[[Path], None]] = {
    "text": lambda path: word2vec.write_text(path, WORDS, MATRIX),
    "binary": lambda path: word2vec.write_binary(path, WORDS, MATRIX),
    "glove": lambda path: glove.write(path, WORDS, MATRIX),
}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1009)


def written(folder: Path, kind: str, packing: str = "") -> Path:
    path = folder / f"vectors.{kind}{packing}"
    WRITERS[kind](path)
    path.write_bytes(PACKERS_AND_NONE[packing](path.read_bytes()))
    return path


@pytest.mark.parametrize("packing", PACKERS_AND_NONE)
@pytest.mark.parametrize("kind", WRITERS)
def test_the_wanted_words_come_as_they_stand_there(tmp_path: Path, kind: str, packing: str) -> None:
    rows = sorted({0, 3, 4999, *RNG.integers(0, 5000, 100).tolist()})
    wanted = [WORDS[row] for row in rows]
    found = read_wanted(written(tmp_path, kind, packing), ["not there", "wort", *reversed(wanted)])
    assert found.words == wanted and found.total == 5000
    np.testing.assert_array_equal(found.matrix, MATRIX[rows])


@pytest.mark.parametrize("kind", WRITERS)
def test_no_word_and_all_words(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind)
    assert read_wanted(path, ["nothing"]).matrix.shape == (0, 7)
    found = read_wanted(path, WORDS)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.matrix, MATRIX)


def test_rows_without_line_breaks_as_gensim_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    rows = (word.encode() + b" " + vector.tobytes() for word, vector in zip(WORDS, MATRIX, strict=True))
    path.write_bytes(b"5000 7\n" + b"".join(rows))
    found = read_wanted(path, WORDS[10:20])
    assert found.words == WORDS[10:20]
    np.testing.assert_array_equal(found.matrix, MATRIX[10:20])


def test_words_with_blanks_in_them_are_parsed_from_the_right(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n. . . 3 4\nat name@domain.com 5 6\nthe 7 8 \r\n")
    found = read_wanted(path, [". . .", "the", "at name@domain.com", "."])
    assert found.words == ["the", ". . .", "at name@domain.com"]
    np.testing.assert_array_equal(found.matrix, [[1, 2], [3, 4], [5, 6]])


def test_a_file_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n")
    assert read_wanted(path).words == ["the"] and read_wanted(path, ["a"]).words == []


def test_what_only_has_the_hash_of_a_wanted_word_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = word_table([WORDS[9]])
    letters = np.frombuffer(WORDS[6].encode() + b"\0", np.uint8)
    assert len(letters) == len(other.text)

    monkeypatch.setattr(pretrained, "word_table", lambda words: other._replace(text=letters))
    for kind in WRITERS:
        assert read_wanted(written(tmp_path, kind), [WORDS[6]]).words == []


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n\r\t\x00"), min_size=1),
        min_size=1,
        unique=True,
    )
)
def test_every_word_is_in_the_table_of_them(words: list[str]) -> None:
    text = "".join(f"{word} 1 2\n" for word in words).encode()
    lines = scan_lines(np.frombuffer(text, np.uint8), 2, ord(" "), word_table(words))
    assert lines.words.tolist() == list(range(len(words)))
    assert len(lines.starts) == lines.seen == text.count(b"\n") and lines.rest == len(text)


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        ("text", 50_000, r"truncated: the last line \('.*'\.\.\.\) has no end"),
        ("glove", 50_000, "truncated: the last line"),
        ("binary", 50_000, r"truncated: ends in word \d+ of 5000, which begins at byte 49\d\d\d"),
    ],
)
def test_a_file_that_was_cut_off_is_told(tmp_path: Path, kind: str, size: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_wanted(cut(written(tmp_path, kind), size), WORDS[:3])


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_packed_file_that_was_cut_off_is_told(tmp_path: Path, packing: str) -> None:
    path = written(tmp_path, "text", packing)
    with pytest.raises(InputError, match=r"vectors\.text\.\w+: damaged or cut short"):
        read_wanted(cut(path, path.stat().st_size // 2), WORDS[:3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 2\na 1 2\nb 1\nc 1 2\n", "line 3 has fewer than 2 numbers"),
        ("3 2\na 1 2\nb 1 2\n", "ends after 2 of the 3 words that the header promises"),
        ("1 2\na 1 2\nb 1 2\n", "line 3: more lines than the 1"),
        ("a 1 2\nx 1 2\nb 1 2 3\n", "line 3 has 3 numbers, not 2: wrong dimension"),
        ("a 1 2\nx 1 2\nb 1 x\n", "line 3: 'x' is no number"),
        ("a 1 2\nx 1 2\nb 1 nan\n", "line 3 holds NaN"),
    ],
)
def test_what_is_malformed_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_wanted(path, ["a", "b", "b 1"])


def test_a_wrong_dimension_in_a_binary_header_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "binary")
    path.write_bytes(path.read_bytes().replace(b"5000 7\n", b"5000 6\n"))
    with pytest.raises(InputError, match=r"vectors\.binary: "):
        read_wanted(path, WORDS)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", MATRIX)
    with pytest.raises(InputError, match="npy is not read word by word"):
        read_wanted(tmp_path / "vectors.npy", WORDS)
