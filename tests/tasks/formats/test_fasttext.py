"""Models of the fastText program, those in gensim's package, read as gensim reads them; what is said of bad ones."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models.fasttext import load_facebook_vectors
from support.packing import PACKERS

from tasks.errors import InputError
from tasks.formats import fasttext
from tasks.formats.fasttext import read_model
from tasks.kernels.subwords import END_OF_LINE
from tasks.loading import load
from tasks.scoring.keyed import packaged

FILES = ["crime-and-punishment", "toy-model", "lee_fasttext_new", "lee_fasttext", "non_ascii_fasttext"]
"""Of version 12 two, of 11 one, older two."""

UNSEEN = ["birthplaces", "Zürich", "가나다라", "a", "raskolnikovian"]


@pytest.mark.parametrize("name", FILES)
def test_words_known_and_unseen_have_the_vectors_that_gensim_gives_them(name: str) -> None:
    path = packaged(f"{name}.bin")
    ours, theirs = load(path), load_facebook_vectors(str(path))
    assert ours.words == theirs.index_to_key
    rows = [row for row, word in enumerate(ours.words) if word != END_OF_LINE]  # which gensim gives n-grams
    np.testing.assert_allclose(ours.matrix[rows], theirs.vectors[rows], atol=1e-5)
    unseen = [word for word in UNSEEN if word not in theirs.key_to_index]
    assert len(unseen) >= 3
    for word in unseen:
        np.testing.assert_allclose(ours[word], theirs.get_vector(word), atol=1e-5)


@pytest.mark.parametrize("name", ["crime-and-punishment", "lee_fasttext"])
def test_the_vectors_are_those_that_the_program_wrote_beside_the_model(name: str) -> None:
    ours, theirs = load(packaged(f"{name}.bin")), load(packaged(f"{name}.vec"))
    assert ours.words == theirs.words and END_OF_LINE in ours
    np.testing.assert_allclose(ours.matrix, theirs.matrix, rtol=1e-4, atol=1e-5)  # five figures a number


@pytest.fixture(params=PACKERS)
def packing(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def packed(path: Path, folder: Path, packing: str) -> Path:
    target = folder / f"{path.name}{packing}"
    target.write_bytes(PACKERS[packing](path.read_bytes()))
    return target


@pytest.mark.parametrize("name", FILES)
def test_a_packed_model_is_the_same(name: str, packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasttext, "READ_BYTES", 7)  # words and numbers that begin in one piece and end in another
    monkeypatch.setattr(fasttext, "ROWS_AT_ONCE", 3)
    plain = load(packaged(f"{name}.bin"))
    found = load(packed(packaged(f"{name}.bin"), tmp_path, packing))
    assert found.words == plain.words
    np.testing.assert_array_equal(found.matrix, plain.matrix)
    for word in UNSEEN:
        np.testing.assert_array_equal(found[word], plain[word])


@pytest.mark.parametrize("name", FILES)
def test_only_the_wanted_words_are_kept(name: str, packing: str, tmp_path: Path) -> None:
    """Packed, the rows of their n-grams too, and no others."""
    whole = load(packaged(f"{name}.bin"))
    asked = {*whole.words[::5], *UNSEEN} - {END_OF_LINE}
    mine = [word for word in whole.words if word in asked]
    for path in packaged(f"{name}.bin"), packed(packaged(f"{name}.bin"), tmp_path, packing):
        found = load(path, words=[*sorted(asked), *mine])
        assert found.words == mine
        for word in asked:
            np.testing.assert_array_equal(found[word], whole[word])
        with pytest.raises(InputError, match=rf"'another' is not among the {len(asked)} words that were asked for"):
            found["another"]
        assert not load(path, words=["another"]).words or "another" in whole


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.999])
def test_what_was_cut_off_before_it_was_packed_is_told(share: float, packing: str, tmp_path: Path) -> None:
    content = packaged("toy-model.bin").read_bytes()
    cut = tmp_path / "cut.bin"
    cut.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=rf"cut\.bin{packing}: cut off after {int(share * len(content))} bytes"):
        load(packed(cut, tmp_path, packing), words=["comment"])


@pytest.mark.parametrize("left", [0.1, 0.9, -1])
def test_what_was_cut_off_afterwards_is_told(left: float, tmp_path: Path) -> None:
    path = packed(packaged("toy-model.bin"), tmp_path, ".gz")
    content = path.read_bytes()
    path.write_bytes(content[: left if left < 0 else int(left * len(content))])  # -1: the end of its checksum
    with pytest.raises(InputError, match=r"toy-model\.bin\.gz: damaged or cut short"):
        load(path, words=["comment"])


def test_a_word_never_seen_is_near_one_that_is_spelled_like_it() -> None:
    vectors = load(packaged("crime-and-punishment.bin"))
    word = vectors.words[50]
    assert f"{word}ly" not in vectors
    near = dict(vectors.neighbours(f"{word}ly", 20))
    assert len(near) == 20 and vectors.similarity(word, f"{word}ly") > 0.5


def test_arguments_and_counts() -> None:
    model = read_model(packaged("lee_fasttext.bin"))
    theirs = load_facebook_vectors(str(packaged("lee_fasttext.bin")))
    assert model.arguments["dim"] == theirs.vector_size and model.arguments["bucket"] == theirs.bucket
    assert (model.arguments["minn"], model.arguments["maxn"]) == (theirs.min_n, theirs.max_n)
    assert model.counts.tolist() == [theirs.get_vecattr(word, "count") for word in theirs.index_to_key]


def damaged(target: Path, start: int, new: bytes) -> Path:
    content = bytearray(packaged("toy-model.bin").read_bytes())
    content[start : start + len(new)] = new
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5])
def test_a_model_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    content = packaged("toy-model.bin").read_bytes()
    path = tmp_path / "cut.bin"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"cut\.bin: cut off after"):
        load(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"new\.bin: version 13 of fastText's format; those that can be read are 11 and"
    ):
        load(damaged(tmp_path / "new.bin", 4, b"\x0d"))


def test_words_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(InputError, match="is not UTF-8"):
        load(packaged("cp852_fasttext.bin"))


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = read_model(packaged("toy-model.bin"))
    start = packaged("toy-model.bin").read_bytes().index(model.own[0].tobytes())
    with pytest.raises(InputError, match=r"nan\.bin: row 0 holds NaN"):
        load(damaged(tmp_path / "nan.bin", start, np.float32(np.nan).tobytes()))


def test_a_word_without_an_n_gram_says_so() -> None:
    vectors = load(packaged("crime-and-punishment.bin"))
    assert len(vectors["é"]) == 5  # <é> has three characters
    with pytest.raises(InputError, match="'' is not among the 291 words, and there is no n-gram of it of 3 to 6 char"):
        vectors[""]
