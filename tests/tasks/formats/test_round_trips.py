"""What is written is read again, word for word and bit for bit, by us, by gensim and by pandas."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tasks.errors import InputError
from tasks.formats import glove, projector, word2vec
from tasks.formats import rows as rows_module
from tasks.formats.sniff import sniff
from tasks.loading import load
from tasks.storage.matrix import Matrix

NASTY = [
    ":",
    '"',
    "'",
    "#",
    "\\",
    "1",
    "-0.5",
    "nan",
    "</s>",
    "word" * 2000,
    "\u00a0",
    "a\u2028b",
    "\x85",
    "\x1c",
    "\x00",
    "안녕",
    "e\u0301",
    "\ufeff",
    "😀",
]

words_of_any_kind = st.lists(
    st.one_of(
        st.sampled_from(NASTY),
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters=" \t\n\r\v\f"), min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=6,
    unique=True,
)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def vectors(draw: st.DrawFn) -> tuple[list[str], Matrix]:
    words = draw(words_of_any_kind)
    dim = draw(st.integers(1, 5))
    return words, draw(hnp.arrays(np.float32, (len(words), dim), elements=finite))


def same_bits(found: Matrix, wanted: Matrix) -> bool:
    return found.dtype == np.float32 and np.array_equal(found.view(np.uint32), wanted.view(np.uint32))


@given(vectors())
@settings(max_examples=150, deadline=None)
def test_every_format_restores_words_and_bits(given_vectors: tuple[list[str], Matrix]) -> None:
    words, matrix = given_vectors
    with TemporaryDirectory() as folder:
        text, binary, plain = Path(folder, "t"), Path(folder, "b"), Path(folder, "g")
        numbers, metadata = Path(folder, "n"), Path(folder, "m")
        word2vec.write_text(text, words, matrix)
        word2vec.write_binary(binary, words, matrix)
        glove.write(plain, words, matrix)
        projector.write_vectors(numbers, matrix)
        projector.write_metadata(metadata, words, range(len(words)), matrix)
        for found_words, found in (
            word2vec.read_text(text),
            word2vec.read_binary(binary),
            glove.read(plain),
            (projector.read_metadata(metadata)[0], projector.read_vectors(numbers)),
        ):
            assert found_words == words
            assert same_bits(found, matrix)
        assert projector.read_metadata(metadata)[1] == list(range(len(words)))


@given(vectors())
@settings(max_examples=50, deadline=None)
def test_gensim_reads_ours(given_vectors: tuple[list[str], Matrix]) -> None:
    words, matrix = given_vectors
    with TemporaryDirectory() as folder:
        path = Path(folder, "vectors")
        for write, options in (
            (word2vec.write_text, {}),
            (word2vec.write_binary, {"binary": True}),
            (glove.write, {"no_header": True}),
        ):
            write(path, words, matrix)
            keyed = KeyedVectors.load_word2vec_format(str(path), **options)
            assert keyed.index_to_key == words
            assert same_bits(keyed.vectors, matrix)


@pytest.fixture
def small() -> tuple[list[str], Matrix]:
    matrix = np.random.default_rng(3).normal(size=(300, 7)).astype(np.float32)
    return [f"word{row}" for row in range(300)], matrix


def test_we_read_gensims(small: tuple[list[str], Matrix], tmp_path: Path) -> None:
    words, matrix = small
    keyed = KeyedVectors(7)
    keyed.add_vectors(words, matrix)
    for name, options in (("t", {}), ("b", {"binary": True}), ("g", {"write_header": False})):
        keyed.save_word2vec_format(str(tmp_path / name), **options)
        found = load(tmp_path / name)
        assert found.words == words
        assert same_bits(found.matrix, matrix)


def test_pandas_reads_the_projectors_files(small: tuple[list[str], Matrix], tmp_path: Path) -> None:
    words, matrix = small
    words = ['"quoted', "#", "NA", *words[3:]]
    projector.write_vectors(tmp_path / "v.tsv", matrix)
    projector.write_metadata(tmp_path / "m.tsv", words, range(300), matrix)
    table = pandas.read_csv(tmp_path / "v.tsv", sep="\t", header=None, dtype=np.float32, float_precision="round_trip")
    assert same_bits(np.ascontiguousarray(table.to_numpy()), matrix)
    named = pandas.read_csv(tmp_path / "m.tsv", sep="\t", quoting=3, keep_default_na=False)
    assert list(named["word"]) == words
    assert list(named["count"]) == list(range(300))


def test_blocks_end_anywhere(small: tuple[list[str], Matrix], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words, matrix = small
    monkeypatch.setattr(rows_module, "BYTES_A_BLOCK", 37)
    monkeypatch.setattr(rows_module, "VALUES_A_BLOCK", 20)
    word2vec.write_text(tmp_path / "t", words, matrix)
    glove.write(tmp_path / "g", words, matrix)
    projector.write_vectors(tmp_path / "v", matrix)
    for found in (
        word2vec.read_text(tmp_path / "t")[1],
        glove.read(tmp_path / "g")[1],
        projector.read_vectors(tmp_path / "v"),
    ):
        assert same_bits(found, matrix)


def test_text_is_the_shortest_that_restores_a_float32(tmp_path: Path) -> None:
    matrix = np.array([[0.1, -0.0, 1e-45, 3.4028235e38, 16777216.0]], np.float32)
    glove.write(tmp_path / "g", ["w"], matrix)
    assert (tmp_path / "g").read_text() == "w 0.1 -0 1e-45 3.4028235e+38 16777216\n"


def test_a_matrix_that_is_not_contiguous_is_written(small: tuple[list[str], Matrix], tmp_path: Path) -> None:
    words, matrix = small
    part = matrix[::3, 1:6:2]
    word2vec.write_binary(tmp_path / "b", words[:100], part)
    word2vec.write_text(tmp_path / "t", words[:100], part)
    assert np.array_equal(word2vec.read_binary(tmp_path / "b")[1], part)
    assert np.array_equal(word2vec.read_text(tmp_path / "t")[1], part)


def test_every_format_is_told_by_its_content(small: tuple[list[str], Matrix], tmp_path: Path) -> None:
    words, matrix = small
    word2vec.write_text(tmp_path / "t", words, matrix)
    word2vec.write_binary(tmp_path / "b", words, matrix)
    glove.write(tmp_path / "g", words, matrix)
    projector.write_vectors(tmp_path / "p", matrix)
    np.save(tmp_path / "n.npy", matrix)
    assert [sniff(tmp_path / name) for name in ("t", "b", "g", "p", "n.npy")] == [
        "word2vec_text",
        "word2vec_binary",
        "glove",
        "projector",
        "npy",
    ]
    (tmp_path / "x").write_text("Dear reader,\nthis is a letter.\n")
    with pytest.raises(InputError, match="not a file of vectors"):
        sniff(tmp_path / "x")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        sniff(tmp_path / "empty")
    with pytest.raises(InputError, match="no such file"):
        sniff(tmp_path / "absent")


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_binary_numbers_that_look_like_text_are_no_text(tmp_path: Path, dim: int) -> None:
    matrix = np.frombuffer(b"abc?defAghi=" * dim, "<f4").reshape(3, dim)
    word2vec.write_binary(tmp_path / "vectors", ["one", "two", "three"], matrix)
    assert (tmp_path / "vectors").read_bytes().isascii() and sniff(tmp_path / "vectors") == "word2vec_binary"
    np.testing.assert_array_equal(load(tmp_path / "vectors").matrix, matrix)
