from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.sources.bundled import PROJECT_ROOT
from tasks.sources.matching import match_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "deep/c.txt", "deep/er/d.csv", ".hidden", "deep/.hidden.txt", "[odd] name.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def names(folder: Path, pattern: str) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in match_files("data/raw", pattern)]


def test_a_file_a_folder_and_globs(folder: Path) -> None:
    assert names(folder, f"{folder}/b.txt") == ["b.txt"]
    assert names(folder, f"{folder}") == ["[odd] name.txt", "a.txt", "b.txt", "deep/c.txt", "deep/er/d.csv"]
    assert names(folder, f"{folder}/") == names(folder, f"{folder}")
    assert names(folder, f"{folder}/?.txt") == ["a.txt", "b.txt"]
    assert names(folder, f"{folder}/**/*.txt") == ["[odd] name.txt", "a.txt", "b.txt", "deep/c.txt"]
    assert names(folder, f"{folder}/[odd] name.txt") == ["[odd] name.txt"]


def test_relative_paths_start_at_the_folder_wherever_one_stands(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder)
    for pattern in ("20newsgroups.parquet", "*.parquet"):
        (file,) = match_files("data/bundled", pattern)
        assert file.path == PROJECT_ROOT / "data" / "bundled" / "20newsgroups.parquet"
        assert file.name == "data/bundled/20newsgroups.parquet"


def test_the_whole_folder_is_the_default_whatever_its_name(tmp_path: Path) -> None:
    odd = tmp_path / "texts [2]*"
    odd.mkdir()
    (odd / "a.txt").write_text("a")
    for pattern in (".", "*.txt", "a.txt"):
        (file,) = match_files(str(odd), pattern)
        assert file.path == odd / "a.txt"


def test_nothing_matches(folder: Path) -> None:
    with pytest.raises(InputError, match=r"nothing/\*\.txt: no such file"):
        match_files(str(folder), "nothing/*.txt")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "A.TAR.ZST"])
def test_an_archive_is_sent_to_the_source_that_reads_them(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(
        InputError, match=r"an archive; unpack it, or in corpus.sources name it as kind: url, url: file:///"
    ):
        match_files(str(folder), ".")
