"""Bad input, by real processes: one line that names the file, the place and the remedy, and what was written stands."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.runs import Project, make_project, published, results, tree

from .conftest import STAGES, Unbroken

TINY = {"tokenize": {"min_count": 1}, "train": {"dim": 4, "epochs": 1}, "evaluate": {"neighbours": [], "map_words": 5}}


def archive(name: str, text: bytes = b"some words") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        member = tarfile.TarInfo(name)
        member.size = len(text)
        file.addfile(member, io.BytesIO(text))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "source", "says"),
    [
        ("empty.txt", b"", {}, ["no document came out", "check the files"]),
        ("latin.txt", b"caf\xe9 and more\n", {}, ["latin.txt", "byte 3 (0xe9) is not UTF-8", "errors: replace"]),
        ("changed.txt", b"words\n", {"sha256": "0" * 64}, ["changed.txt: sha256 is", "pin its sum"]),
        ("cut.tar.gz", archive("a.txt", bytes(Random(1).randbytes(9999)))[:5000], {}, ["cut.tar.gz", "fetch it again"]),
        ("climbs.tar.gz", archive("../climbed.txt"), {}, ["climbs.tar.gz", "'../climbed.txt'", "pack it again"]),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_corpus_that_cannot_be_used(
    unbroken: Unbroken, tmp_path: Path, name: str, content: bytes, source: dict[str, str], says: list[str]
) -> None:
    project = make_project(tmp_path / "project", b"", TINY)
    path = project.folder / name
    path.write_bytes(content)
    form = "auto" if "tar" in name else "lines"
    project.change({"corpus": {"sources": [{"kind": "url", "url": path.as_uri(), "format": form} | source]}})
    data = tmp_path / "data"
    (data / "download").mkdir(parents=True)
    for file, bytes_ in tree(unbroken.data / "download").items():
        (data / "download" / file).parent.mkdir(exist_ok=True)
        (data / "download" / file).write_bytes(bytes_)

    done = project.run(["download"], data)
    assert done.code == 1, done.said
    for fragment in says:
        assert fragment in done.complaint()
    assert tree(data / "download") == tree(unbroken.data / "download")
    assert not list(tmp_path.rglob("climbed*"))


def test_a_corpus_of_one_word(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", b"word word word\n" * 3, TINY)
    data = tmp_path / "data"
    done = project.run(STAGES, data)
    assert done.code == 1
    assert "not one pair of words" in done.complaint() and "skipgrams.subsample" in done.complaint()
    assert (data / "tokenize" / "manifest.json").exists() and not (data / "skipgrams").exists()

    project.change({"skipgrams": {"subsample": 0}})
    done = project.run(STAGES, data)
    assert done.code == 1
    assert "vocabulary.parquet: one word only" in done.complaint() and "give more text" in done.complaint()
    assert (data / "skipgrams" / "manifest.json").exists() and not (data / "train").exists()


def test_fewer_words_than_negatives(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", b"one two three two one three\n" * 2, TINY)
    project.change({"train": {"negatives": 20}, "skipgrams": {"subsample": 0}})
    done = project.run(STAGES, tmp_path / "data")
    assert done.code == 0, done.said
    assert results(tmp_path / "data", ["export"])["export"][1]["words"] == 3


def test_a_document_of_a_million_tokens_passes_the_whole_chain(tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [first + second for first in letters for second in letters]
    draw = Random(1)
    corpus = " ".join(draw.choices(words, k=1_000_000)) + "\nand a short one, and another short one\n"
    project = make_project(tmp_path / "project", corpus.encode(), TINY)
    project.change({"skipgrams": {"window": 2}, "train": {"negatives": 1}})
    done = project.run(STAGES, tmp_path / "data")
    assert done.code == 0, done.said
    assert results(tmp_path / "data", ["skipgrams"])["skipgrams"][1]["tokens"] > 1_000_000


@pytest.mark.parametrize("pattern", ["[a-z]+ [a-z]+", "(?s)[a-z]+.."])
def test_a_token_with_white_space(data_before: Callable[[str], Path], project: Project, tmp_path: Path, pattern: str):
    data = data_before("tokenize")
    other = make_project(tmp_path / "project", (project.folder / "corpus.txt").read_bytes(), {})
    other.change({"tokenize": {"tokenizer": {"kind": "regex", "pattern": pattern}}})
    done = other.run(["tokenize"], data)
    assert done.code == 1
    complaint = done.complaint()
    assert "part-00000.parquet: document 0: the token" in complaint and "change tokenize.tokenizer" in complaint


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def scratch(path: Path) -> None:
    """Damages the pages and leaves the footer whole."""
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(255 - byte for byte in content[4:200])
    path.write_bytes(content)


def other_columns(path: Path) -> None:
    pq.write_table(pa.table({"center": ["a", "b"]}), path)


def foreign_ids(path: Path) -> None:
    table = pq.read_table(path)
    index = table.schema.get_field_index("ids")
    lists = [[9_999_999 for _ in ids] for ids in table["ids"].to_pylist()]
    field = table.schema.field("ids")
    pq.write_table(table.set_column(index, field, pa.array(lists, field.type)), path)


def not_a_number(path: Path) -> None:
    vectors = np.load(path)
    vectors[17, 3] = np.nan
    np.save(path, vectors)


@pytest.mark.parametrize(
    ("name", "file", "damage", "says"),
    [
        ("clean", "download/documents/part-00001.parquet", scratch, ["damaged", "run the stage that writes it again"]),
        ("tokenize", "clean/documents/part-00001.parquet", cut, ["not a whole Parquet file", "run the stage that"]),
        ("skipgrams", "tokenize/documents/part-00001.parquet", other_columns, ["column 'doc_id' should be int64"]),
        ("skipgrams", "tokenize/documents/part-00001.parquet", foreign_ids, ["holds id 9999999", "run tokenize again"]),
        ("train", "skipgrams/shards/draw-000/part-00001.parquet", cut, ["not a whole Parquet file", "run the stage"]),
        ("train", "skipgrams/shards/draw-000/part-00001.parquet", other_columns, ["column 'center' should be int32"]),
        ("export", "train/sgns/vectors.npy", cut, ["not a whole .npy file", "run the stage train again"]),
        ("export", "train/sgns/vectors.npy", not_a_number, ["row 17 holds NaN", "smaller learning rate"]),
        ("export", "tokenize/vocabulary.parquet", cut, ["not a whole Parquet file", "run the stage that writes it"]),
    ],
)
def test_an_artifact_that_was_damaged_between_two_stages(
    project: Project,
    data_before: Callable[[str], Path],
    name: str,
    file: str,
    damage: Callable[[Path], None],
    says: list[str],
) -> None:
    data = data_before(name)
    damage(data / file)
    done = project.run([name], data)
    assert done.code == 1, done.said
    complaint = done.complaint()
    assert str(data / file) in complaint
    for fragment in says:
        assert fragment in complaint
    assert not published(data, name).exists()
