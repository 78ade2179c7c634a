"""Vectors: loading from every place, neighbours and analogies against a plain computation, what is said of mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats import glove, projector, word2vec
from tasks.loading import load
from tasks.text.hangul import decompose
from tasks.text.vocabulary import Vocabulary
from tasks.vectors import Vectors

WORDS = ("king", "queen", "man", "woman", "apple", "zero")
MATRIX = np.array([[1, 1, 0], [1, -1, 0], [0, 2, 0], [0, -2, 0], [0, 0.1, 3], [0, 0, 0]], np.float32)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a model in it."""
    folder = tmp_path / "train" / "sgns"
    folder.mkdir(parents=True)
    np.save(folder / "vectors.npy", MATRIX)
    (folder / "manifest.json").write_text(json.dumps({"stage": "train"}))
    Vocabulary(WORDS, np.arange(6, 0, -1)).write(tmp_path / "tokenize" / "vocabulary.parquet")
    return tmp_path


def test_a_models_folder(data: Path) -> None:
    for path in (data / "train" / "sgns", str(data / "train" / "sgns"), data / "train" / "sgns" / "vectors.npy"):
        vectors = load(path)
        assert vectors.words == list(WORDS)
        assert np.array_equal(vectors.matrix, MATRIX)
        assert vectors.manifest == {"stage": "train"}
        assert vectors["king"].tolist() == [1, 1, 0]
        assert "king" in vectors
        assert len(vectors) == 6
        assert vectors.dim == 3


def test_an_exported_file_of_every_format(tmp_path: Path) -> None:
    word2vec.write_text(tmp_path / "a", WORDS, MATRIX)
    word2vec.write_binary(tmp_path / "b", WORDS, MATRIX)
    glove.write(tmp_path / "c", WORDS, MATRIX)
    projector.write_vectors(tmp_path / "projector_vectors.tsv", MATRIX)
    projector.write_metadata(tmp_path / "projector_metadata.tsv", WORDS, range(6), MATRIX)
    for name in ("a", "b", "c", "projector_vectors.tsv"):
        vectors = load(tmp_path / name)
        assert vectors.words == list(WORDS)
        assert np.array_equal(vectors.matrix, MATRIX)
        assert vectors.manifest is None


def test_neighbours_and_analogies() -> None:
    vectors = Vectors(WORDS, MATRIX)
    assert [word for word, _ in vectors.neighbours("king", 2)] == ["man", "apple"]
    assert vectors.neighbours("king", 1)[0][1] == pytest.approx(0.5**0.5)
    assert vectors.analogy("man", "king", "woman", 1)[0][0] == "queen"
    assert vectors.neighbours("king", 0) == []
    assert len(vectors.neighbours("king", 99)) == 5
    assert vectors.neighbours("zero", 2) == [("king", 0.0), ("queen", 0.0)]  # a tie goes to the more frequent
    assert vectors.similarity("king", "queen") == pytest.approx(0)


def test_neighbours_are_those_of_a_plain_computation() -> None:
    matrix = np.random.default_rng(5).normal(size=(500, 20)).astype(np.float32)
    vectors = Vectors([f"w{row}" for row in range(500)], matrix)
    exact = matrix.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    cosines = exact @ exact[7]
    expected = [row for row in np.argsort(-cosines) if row != 7][:25]
    found = vectors.neighbours("w7", 25)
    assert [word for word, _ in found] == [f"w{row}" for row in expected]
    assert np.allclose([cosine for _, cosine in found], cosines[expected], atol=1e-6)


def by_letters(word: str) -> np.ndarray:
    """As a model with n-grams answers for words that it never saw."""
    return np.array([len(word), 1, 0], np.float32)


def test_what_a_misspelled_word_may_be_meant_for_comes_first() -> None:
    vectors = Vectors(["sea", "king", "men", "man", "apple"], MATRIX[:5], unseen=by_letters)
    assert vectors.one_slip_away("mn") == ["men", "man"]
    assert vectors.one_slip_away("man") == vectors.one_slip_away("queen") == []
    nearest = vectors.neighbours("mn", 4, slips=False)
    assert [word for word, _ in nearest] == ["sea", "men", "king", "apple"]
    found = vectors.neighbours("mn", 4)
    assert [word for word, _ in found] == ["men", "man", "sea", "king"]
    assert found[0] == nearest[1] and found[1][1] == pytest.approx(-(0.2**0.5))
    assert vectors.neighbours("mn", 1) == found[:1] and vectors.neighbours("mn", 0) == []
    assert len(vectors.neighbours("mn", 99)) == 5
    assert vectors.only(["men", "apple"]).one_slip_away("mn") == ["men"]


def test_slips_are_of_the_letters_that_ngrams_are_made_of() -> None:
    words, matrix = ["영화", "영어"], np.eye(2, dtype=np.float32)
    assert Vectors(words, matrix, unseen=by_letters, spell=decompose).one_slip_away("영호") == ["영화"]
    assert Vectors(words, matrix, unseen=by_letters).one_slip_away("영호") == words


def test_the_first_of_two_equal_words_wins() -> None:
    assert Vectors(["a", "b", "a"], np.eye(3, dtype=np.float32))["a"].tolist() == [1, 0, 0]


def test_mistakes_are_explained(data: Path, tmp_path: Path) -> None:
    vectors = load(data / "train" / "sgns")
    with pytest.raises(InputError, match="did you mean queen"):
        vectors.neighbours("quen")
    with pytest.raises(InputError, match="did you mean king"):
        vectors.analogy("King", "man", "woman")
    with pytest.raises(InputError, match=r"'xyz' is not among the 6 words$"):
        vectors["xyz"]
    with pytest.raises(InputError, match="run the stage train"):
        load(data / "train")
    with pytest.raises(InputError, match="no such file"):
        load(data / "absent")
    projector.write_vectors(tmp_path / "numbers.tsv", MATRIX)
    with pytest.raises(InputError, match="metadata"):
        load(tmp_path / "numbers.tsv")
    Vocabulary(WORDS[:3], np.array([3, 2, 1])).write(data / "tokenize" / "vocabulary.parquet")
    with pytest.raises(InputError, match="6 rows for a vocabulary of 3"):
        load(data / "train" / "sgns")
    (data / "tokenize" / "vocabulary.parquet").unlink()
    with pytest.raises(InputError, match="the words of"):
        load(data / "train" / "sgns")


def test_loading_imports_nothing_heavy() -> None:
    heavy = "{'gensim', 'scipy', 'sklearn', 'matplotlib', 'pandas', 'numba', 'tensorflow'}"
    code = f"import sys, tasks.loading; sys.exit(repr({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
