"""The stage export: five files that give back what was trained, or a refusal."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from tasks import export
from tasks.errors import InputError
from tasks.export import FILES, STAGE, ExportParams, compare, finish, plan, work
from tasks.formats import glove, projector
from tasks.pipeline.stage import Context, Report
from tasks.storage.hashing import file_sha256
from tasks.text.vocabulary import Vocabulary

WORDS = tuple(f"word{row}" for row in range(40))
MATRIX = np.random.default_rng(1).normal(size=(40, 5)).astype(np.float32)


def context(data: Path, params: ExportParams | None = None, words: tuple[str, ...] = WORDS) -> Context:
    (data / "train" / "sgns").mkdir(parents=True, exist_ok=True)
    np.save(data / "train" / "sgns" / "vectors.npy", MATRIX)
    Vocabulary(words, np.arange(len(words), 0, -1)).write(data / "tokenize" / "vocabulary.parquet")
    return Context(data, data / "work", {"export": params or ExportParams()})


def run(given: Context) -> Report:
    return finish(given, [work(job) for job in plan(given, ())])


def test_every_file_gives_back_what_was_trained(tmp_path: Path) -> None:
    given = context(tmp_path)
    report = run(given)
    assert {path.name for path in given.work.iterdir()} == set(STAGE.writes)
    assert report.facts["words"] == 40
    assert report.facts["dim"] == 5
    for kind, name in FILES.items():
        path = given.work / name
        assert report.facts["files"][kind] == {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    text = KeyedVectors.load_word2vec_format(str(given.work / "vectors.w2v.txt"))
    binary = KeyedVectors.load_word2vec_format(str(given.work / "vectors.w2v.bin"), binary=True)
    for keyed in (text, binary):
        assert tuple(keyed.index_to_key) == WORDS
        assert np.array_equal(keyed.vectors, MATRIX)
    assert np.array_equal(glove.read(given.work / "vectors.glove.txt")[1], MATRIX)
    assert np.array_equal(projector.read_vectors(given.work / "projector_vectors.tsv"), MATRIX)
    assert projector.read_metadata(given.work / "projector_metadata.tsv") == (list(WORDS), list(range(40, 0, -1)))


def test_equal_vectors_are_equal_bytes(tmp_path: Path) -> None:
    assert run(context(tmp_path / "a")) == run(context(tmp_path / "b"))


def test_only_the_most_frequent_words(tmp_path: Path) -> None:
    given = context(tmp_path, ExportParams(max_words=7))
    assert run(given).facts["words"] == 7
    words, matrix = glove.read(given.work / "vectors.glove.txt")
    assert tuple(words) == WORDS[:7]
    assert np.array_equal(matrix, MATRIX[:7])


def test_more_words_than_there_are(tmp_path: Path) -> None:
    assert run(context(tmp_path, ExportParams(max_words=99))).facts["words"] == 40


def test_what_is_not_given_back_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    counts = list(range(40))
    changed = MATRIX.copy()
    changed[3, 2] = np.nextafter(changed[3, 2], np.float32(9))
    zero, minus = np.zeros((40, 5), np.float32), np.full((40, 5), -0.0, np.float32)
    for kind in ("word2vec_text", "word2vec_binary", "glove", "projector_vectors"):
        export.write(kind, path, WORDS, counts, MATRIX)
        compare(kind, path, WORDS, counts, MATRIX)
        with pytest.raises(InputError, match="the numbers differ"):
            compare(kind, path, WORDS, counts, changed)
        export.write(kind, path, WORDS, counts, minus)
        with pytest.raises(InputError, match="the numbers differ"):
            compare(kind, path, WORDS, counts, zero)
    other = (*WORDS[:5], "other", *WORDS[6:])
    for kind in ("word2vec_text", "word2vec_binary", "glove", "projector_metadata"):
        export.write(kind, path, WORDS, counts, MATRIX)
        with pytest.raises(InputError, match="word 5 of 40 differs"):
            compare(kind, path, other, counts, MATRIX)
    with pytest.raises(InputError, match="the counts differ"):
        compare("projector_metadata", path, WORDS, counts[::-1], MATRIX)


def test_a_difference_is_seen_in_rows_that_gensim_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "GENSIM_ROWS", 10)
    changed = MATRIX.copy()
    changed[30, 2] = np.nextafter(changed[30, 2], np.float32(9))
    for kind in ("word2vec_text", "glove"):
        export.write(kind, tmp_path / kind, WORDS, range(40), MATRIX)
        compare(kind, tmp_path / kind, WORDS, range(40), MATRIX)
        with pytest.raises(InputError, match="the numbers differ"):
            compare(kind, tmp_path / kind, WORDS, range(40), changed)


def test_a_bad_word_leaves_no_file(tmp_path: Path) -> None:
    given = context(tmp_path, words=("two words", *WORDS[1:]))
    job = plan(given, ())[0]
    with pytest.raises(InputError, match="holds a space"):
        work(job)
    assert list(given.work.iterdir()) == []


def test_the_vectors_must_fit_the_vocabulary(tmp_path: Path) -> None:
    given = context(tmp_path, words=WORDS[:39])
    with pytest.raises(InputError, match="40 rows for a vocabulary of 39"):
        plan(given, ())
