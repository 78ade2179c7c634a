"""Files that are cut off, damaged or of another kind: one line that says what, where and why, and nothing harmed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats import glove, projector, word2vec
from tasks.storage.matrix import read_matrix

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2) / 8
WORDS = ["one", "two", "three"]


def refused(read: Callable[[Path], object], path: Path, content: bytes, *said: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for text in said:
        assert text in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "bad header"),
        (b"one 0.5 0.5\n", "bad header"),
        (b"3\n", "bad header"),
        (b"3 -2\n", "bad header"),
        (b"0 2\n", "bad header"),
        (b"99999999999 300\none 0.5 0.5\n", "truncated"),
        (b"3 2\none 0 1\ntwo 0 1\n", "truncated"),
        (b"2 2\none 0.1 0.1\ntwo 0.1 0.", "truncated: the last line"),
        (b"2 2\none 0 1\ntwo 0\n", "line 3 has 1 numbers, not 2: wrong dimension"),
        (b"2 2\none 0 1\ntwo 0 1 2\n", "line 3 has 3 numbers, not 2: wrong dimension"),
        (b"2 2\none 0 1\ntwo 0 nan\n", "line 3 holds NaN"),
        (b"2 2\none 0 inf\ntwo 0 1\n", "line 2 holds NaN or infinity"),
        (b"2 2\none 0 1\ntwo 0 1,5\n", "line 3: '1,5' is no number"),
        (b"1 2\none 0 1\ntwo 0 1\n", "more lines than the 1"),
        (b"2 2\none 0 1\n\xff\xfe 0 1\n", "line 3 is not UTF-8"),
        (b"2 2\none 0 1\n 0 1\n", "line 3 has"),
        (b"3 2\none 0 1\n\ntwo 0 1 \n", "line 3 has"),
    ],
)
def test_word2vec_text(tmp_path: Path, content: bytes, said: str) -> None:
    refused(word2vec.read_text, tmp_path / "vectors.txt", content, said)


def binary(*rows: tuple[bytes, list[float]], header: bytes = b"2 2\n") -> bytes:
    return header + b"".join(word + b" " + np.array(row, "<f4").tobytes() + b"\n" for word, row in rows)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a header at all\n", "bad header"),
        (binary((b"one", [1, 2])), "truncated"),
        (binary((b"one", [1, 2]), (b"seventeen", [1, 2]))[:-5], "truncated: ends at byte"),
        (binary((b"one", [1, 2]), (b"much longer word", [1, 2]))[:20], "before word 2 of 2"),
        (binary((b"one", [1, 2]), (b"two", [1, float("nan")])), "row 1 holds NaN"),
        (binary((b"one", [1, 2]), (b"two", [1, 2]), (b"three", [1, 2])), "goes on at byte"),
        (binary((b"one", [1, 2]), (b"\xff\xff", [1, 2])), "is not UTF-8"),
        (binary((b"one", [1, 2]), (b"", [1, 2])), "is empty"),
    ],
)
def test_word2vec_binary(tmp_path: Path, content: bytes, said: str) -> None:
    refused(word2vec.read_binary, tmp_path / "vectors.bin", content, said)


def test_word2vec_binary_with_another_dimension_in_its_header(tmp_path: Path) -> None:
    word2vec.write_binary(tmp_path / "right.bin", WORDS * 1, np.random.default_rng(0).random((3, 8), np.float32))
    content = (tmp_path / "right.bin").read_bytes().replace(b"3 8\n", b"3 7\n", 1)
    refused(word2vec.read_binary, tmp_path / "wrong.bin", content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello\n", "line 1 should be a word and its numbers"),
        (b"one 0 1\ntwo 0\n", "line 2 has 1 numbers, not 2: wrong dimension"),
        (b"one 0 1\ntwo 0 1 2\n", "line 2 has 3 numbers, not 2: wrong dimension"),
        (b"one 0 1\ntwo 0 NaN\n", "line 2 holds NaN"),
        (b"one 0 1\ntwo 0 1", "truncated: the last line"),
        (b"one 0 1\n\xc3( 0 1\n", "line 2 is not UTF-8"),
    ],
)
def test_glove(tmp_path: Path, content: bytes, said: str) -> None:
    refused(glove.read, tmp_path / "vectors.txt", content, said)


def test_glove_tokens_with_spaces_and_lines_with_trailing_ones(tmp_path: Path) -> None:
    (tmp_path / "g").write_bytes(b"the 0.5 1 \n. . . 2 3\nat name@domain.com 4 5\r\n7 6 7\n")
    words, matrix = glove.read(tmp_path / "g")
    assert words == ["the", ". . .", "at name@domain.com", "7"]
    assert matrix.tolist() == [[0.5, 1], [2, 3], [4, 5], [6, 7]]


def test_word2vec_binary_without_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(binary((b"one", [1, 10]), (b"two", [3, 4])).replace(b"A\n", b"A").rstrip(b"\n"))
    words, matrix = word2vec.read_binary(tmp_path / "b")
    assert words == ["one", "two"]
    assert matrix.tolist() == [[1, 10], [3, 4]]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"0\t1\n0\n", "line 2 has 1 numbers"), (b"0\tnan\n", "line 1 holds NaN"), (b"0\t1", "truncated")],
)
def test_projector_vectors(tmp_path: Path, content: bytes, said: str) -> None:
    refused(projector.read_vectors, tmp_path / "vectors.tsv", content, said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"one\t1\n", "bad header"),
        (b"word\tcount\none\n", "line 2 should be word<TAB>count"),
        (b"word\tcount\none\tmany\n", "line 2"),
        (b"word\tcount\none\t1", "truncated: line 2"),
        (b"word\tcount\n\xff\t1\n", "not UTF-8"),
    ],
)
def test_projector_metadata(tmp_path: Path, content: bytes, said: str) -> None:
    refused(projector.read_metadata, tmp_path / "metadata.tsv", content, said)


@pytest.mark.parametrize("word", ["", "two words", "line\nbreak", "tab\tbed", "\r", "\ud800"])
def test_a_word_that_no_format_can_hold_is_refused_and_nothing_is_harmed(tmp_path: Path, word: str) -> None:
    target = tmp_path / "vectors"
    target.write_text("what stood there")
    words = ["one", word, "three"]
    for write in (
        lambda: word2vec.write_text(target, words, MATRIX),
        lambda: word2vec.write_binary(target, words, MATRIX),
        lambda: glove.write(target, words, MATRIX),
        lambda: projector.write_metadata(target, words, [3, 2, 1], MATRIX),
    ):
        with pytest.raises(InputError, match="word 1 "):
            write()
    assert target.read_text() == "what stood there"
    assert list(tmp_path.iterdir()) == [target]


def test_nan_twins_and_missing_words_are_not_written(tmp_path: Path) -> None:
    broken = MATRIX.copy()
    broken[1, 1] = np.nan
    with pytest.raises(InputError, match="row 1 holds NaN"):
        word2vec.write_text(tmp_path / "x", WORDS, broken)
    with pytest.raises(InputError, match="row 1 holds NaN"):
        projector.write_vectors(tmp_path / "x", broken)
    with pytest.raises(InputError, match="twice"):
        glove.write(tmp_path / "x", ["one", "two", "one"], MATRIX)
    with pytest.raises(InputError, match="2 words for 3 vectors"):
        glove.write(tmp_path / "x", ["one", "two"], MATRIX)
    assert not list(tmp_path.iterdir())


def test_vectors_npy(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    with pytest.raises(InputError, match="run the stage train"):
        read_matrix(path)
    np.save(path, MATRIX)
    assert np.array_equal(read_matrix(path, 3), MATRIX)
    with pytest.raises(InputError, match="3 rows for a vocabulary of 4"):
        read_matrix(path, 4)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="not a whole"):
        read_matrix(path)
    for wrong in (MATRIX.astype(np.float64), MATRIX[0], np.empty((0, 2), np.float32)):
        np.save(path, wrong)
        with pytest.raises(InputError, match="should be float32"):
            read_matrix(path)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="not a whole"):
        read_matrix(path)
    np.save(path, np.full((2, 2), np.inf, np.float32))
    with pytest.raises(InputError, match="row 0 holds NaN or infinity"):
        read_matrix(path)
