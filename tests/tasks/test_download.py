import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.download import STAGE, CorpusParams, DownloadParams
from tasks.errors import InputError
from tasks.pipeline.stage import Context, Report, parts
from tasks.sources.bundled import BUNDLED, LICENCE
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import DOCUMENTS

QUICK = {"retries": 2, "backoff": 0.01, "timeout": 5.0}


def context(folder: Path, *sources: dict[str, object], seed: int = 1, **download: object) -> Context:
    sections = {
        "corpus": CorpusParams.model_validate({"sources": sources, "seed": seed}),
        "download": DownloadParams.model_validate(QUICK | download),
    }
    return Context(folder / "data", folder / "data" / ".work" / "download" / "x", sections)


def run(where: Context) -> Report:
    reports: list[Report] = []
    for one_round in STAGE.rounds:
        reports = [one_round.work(job) for job in one_round.plan(where, reports)]
    return STAGE.finish(where, reports)


def rows(where: Context) -> list[dict[str, object]]:
    paths = parts(where.work / "documents")
    return [row for path in paths for row in open_checked(path, DOCUMENTS).read().to_pylist()]


def texts(where: Context) -> list[object]:
    assert [row["doc_id"] for row in rows(where)] == list(range(len(rows(where))))
    return [row["text"] for row in rows(where)]


def origin(where: Context) -> list[dict[str, object]]:
    sources: list[dict[str, object]] = json.loads((where.work / "source.json").read_text())["sources"]
    return sources


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_the_default_is_the_bundled_corpus(tmp_path: Path) -> None:
    sections = {"corpus": CorpusParams.model_validate({}), "download": DownloadParams.model_validate({})}
    where = Context(tmp_path / "elsewhere", tmp_path / "work", sections)
    assert STAGE.inputs(where) == [BUNDLED]
    report = run(where)
    assert report.facts == {
        "documents": 11_314,
        "bytes": 13_782_021,
        "shards": 4,
        "sources": {"0-bundled": 11_314},
    }
    found = pq.read_table(where.work / "documents")
    assert found.equals(pq.read_table(BUNDLED))
    (source,) = origin(where)
    assert source["licence"] == LICENCE
    assert source["files"] == [
        {
            "name": "data/bundled/20newsgroups.parquet",
            "bytes": BUNDLED.stat().st_size,
            "sha256": digest(BUNDLED.read_bytes()),
        }
    ]


def test_several_sources_follow_each_other(tmp_path: Path) -> None:
    write(tmp_path / "a" / "2.txt", "two")
    write(tmp_path / "a" / "1.txt", "one")
    write(tmp_path / "b.jsonl", '{"text": "three", "label": "x"}\n{"text": "never", "split": "test"}\n')
    where = context(
        tmp_path,
        {"kind": "files", "path": str(tmp_path / "a"), "weight": 2},
        {"kind": "files", "path": str(tmp_path / "gone"), "weight": 0},
        {"kind": "files", "path": str(tmp_path / "*.jsonl"), "licence": "CC0"},
    )
    report = run(where)
    assert texts(where) == ["one", "one", "two", "two", "three"]
    assert [row["label"] for row in rows(where)] == [None] * 4 + ["x"]
    assert report.facts["sources"] == {"0-files": 4, "2-files": 1}
    assert [source["licence"] for source in origin(where)] == [None, "CC0"]
    assert [len(source["files"]) for source in origin(where)] == [2, 1]  # type: ignore[arg-type]


def test_a_new_file_in_the_folder_is_an_input(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.txt", "one")
    where = context(tmp_path, {"kind": "files", "path": str(tmp_path / "a")})
    assert STAGE.inputs(where) == [tmp_path / "a" / "1.txt"]
    write(tmp_path / "a" / "deep" / "0.txt", "new")
    assert STAGE.inputs(where) == [tmp_path / "a" / "1.txt", tmp_path / "a" / "deep" / "0.txt"]


def test_the_source_lock_is_an_input_of_urls_only(server, tmp_path: Path) -> None:
    url = {"kind": "url", "url": f"{server.url}/a.txt"}
    assert STAGE.inputs(context(tmp_path, url)) == []
    lock = write(tmp_path / "data" / "source.lock", "{}")
    assert STAGE.inputs(context(tmp_path, url)) == [lock]
    assert STAGE.inputs(context(tmp_path, {"kind": "bundled"})) == [BUNDLED]
    assert server.requests == []


def test_half_of_a_source_depends_on_the_seed_only(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "".join(f"{number}\n" for number in range(1000)))
    half = {"kind": "files", "path": str(tmp_path / "a.txt"), "format": "lines", "weight": 0.5}
    chosen = []
    for name, seed, shard_mb in (("x", 1, 4.0), ("y", 1, 0.0001), ("z", 2, 4.0)):
        where = context(tmp_path / name, half, seed=seed, shard_mb=shard_mb)
        run(where)
        chosen.append(texts(where))
    assert chosen[0] == chosen[1] != chosen[2]
    assert 420 < len(chosen[0]) < 580


def test_a_url_is_fetched_in_spite_of_a_cut_and_an_error(server, tmp_path: Path) -> None:
    content = gzip.compress(b"one\ntwo\n" * 5000, mtime=0)
    server.body, server.fail, server.cut = content, [503], [20]
    url = f"{server.url}/deep/corpus.txt.gz"
    where = context(tmp_path, {"kind": "url", "url": f"{url}?version=3", "format": "lines", "sha256": digest(content)})
    report = run(where)
    assert report.facts["documents"] == 10_000
    assert server.answers == [503, 200, 206]
    (source,) = origin(where)
    assert source["url"] == f"{url}?version=3"
    assert source["files"] == [{"name": url, "bytes": len(content), "sha256": digest(content)}]


def test_a_download_that_was_killed_is_resumed_by_the_next_run(server, tmp_path: Path) -> None:
    server.body = b"word " * 20_000
    where = context(tmp_path, {"kind": "url", "url": f"{server.url}/a.txt"}, retries=0)
    server.cut = [60_000]
    with pytest.raises(InputError, match="the same command goes on from where it stopped"):
        run(where)
    run(where)
    assert server.requests == ["GET", "GET bytes=60000-"]
    assert texts(where) == ["word " * 20_000]


def test_wrong_bytes_are_never_used(server, tmp_path: Path) -> None:
    server.body = b"not what was pinned"
    where = context(tmp_path, {"kind": "url", "url": f"{server.url}/a.txt", "sha256": digest(b"pinned")})
    with pytest.raises(InputError, match=f"sha256 is {digest(server.body)}, params.yaml pins {digest(b'pinned')}"):
        run(where)
    assert not any(path.is_file() for path in where.work.rglob("*"))


def tar_gz(members: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            file.addfile(info, io.BytesIO(content.encode()))
    return packed.getvalue()


def zipped(members: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return packed.getvalue()


MEMBERS = {
    "set/b.csv": "text,split\nthird,train\nnever,test\nfourth,\n",
    "set/a.jsonl": '{"text": "first"}\n{"text": "second"}\n',
    "set/README": "not a document",
    "set/._a.jsonl": "what macOS adds",
    "__MACOSX/a.jsonl": "what macOS adds",
}


@pytest.mark.parametrize("pack", [tar_gz, zipped])
@pytest.mark.parametrize("local", [True, False], ids=["file:", "http:"])
def test_an_archive_by_url(server, tmp_path: Path, pack, local: bool) -> None:
    server.body = pack(MEMBERS)
    (tmp_path / "a%20b.pack").write_bytes(server.body)
    url = (tmp_path / "a%20b.pack").as_uri() if local else f"{server.url}/download"
    where = context(tmp_path, {"kind": "url", "url": url, "pattern": "*.*", "sha256": digest(server.body)})
    run(where)
    assert texts(where) == ["first", "second", "third", "fourth"]
    assert origin(where)[0]["members"] == 2
    assert not (where.work / "unpacked").exists()
    assert STAGE.inputs(where) == ([tmp_path / "a%20b.pack"] if local else [])


def test_a_message_names_the_archive_and_the_member(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"deep/a.jsonl": '{"text": 1}'}))
    url = (tmp_path / "a.zip").as_uri()
    with pytest.raises(InputError, match=r"a\.zip!/deep/a\.jsonl, line 1: 'text' should be a string"):
        run(context(tmp_path, {"kind": "url", "url": url}))
    with pytest.raises(InputError, match=r"a\.zip: no member matches '\*\.csv'"):
        run(context(tmp_path, {"kind": "url", "url": url, "pattern": "*.csv"}))
    with pytest.raises(InputError, match="pins"):
        run(context(tmp_path, {"kind": "url", "url": url, "sha256": "0" * 64}))


def test_the_limits_of_unpacking_come_from_params(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"a.txt": "x" * 2000, "b.txt": "x"}))
    source = {"kind": "url", "url": (tmp_path / "a.zip").as_uri()}
    with pytest.raises(
        InputError, match=r"unpacks to more than 1e-06 GB .*; if you trust it, raise download\.max_unpacked_gb or"
    ):
        run(context(tmp_path, source, max_unpacked_gb=1e-6))
    with pytest.raises(
        InputError, match=r"more than 1 members; if you trust it, raise download\..* or download\.max_members"
    ):
        run(context(tmp_path, source, max_members=1))


@pytest.mark.parametrize(
    "source",
    [
        {"path": "empty.jsonl"},
        {"path": "a.txt", "splits": ["train"]},
        {"path": "a.txt", "weight": 0},
        {"path": "tests.jsonl"},
    ],
    ids=["empty file", "no such split", "weight 0", "test split only"],
)
def test_an_empty_corpus_is_an_error(tmp_path: Path, source: dict[str, object]) -> None:
    write(tmp_path / "empty.jsonl", "")
    write(tmp_path / "a.txt", "text")
    write(tmp_path / "tests.jsonl", '{"text": "a", "split": "test"}\n')
    where = context(tmp_path, {"kind": "files"} | source | {"path": str(tmp_path / str(source["path"]))})
    with pytest.raises(InputError, match=r"corpus\.sources .*: no document came out"):
        run(where)


def test_what_a_killed_finish_left_does_not_get_in(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "text")
    where = context(tmp_path, {"kind": "files", "path": str(tmp_path / "a.txt")})
    write(where.work / "documents" / "part-00007.parquet", "left behind")
    write(where.work / "unpacked" / "000" / "a.txt", "left behind")
    run(where)
    assert texts(where) == ["text"]
    assert [path.name for path in parts(where.work / "documents")] == ["part-00000.parquet"]


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "".join(f"line {number}\n" for number in range(2000)))
    source = {"kind": "files", "path": str(tmp_path / "a.txt"), "format": "lines"}
    contents = []
    for name in ("x", "y"):
        where = context(tmp_path / name, source, shard_mb=0.01)
        run(where)
        files = sorted(path for path in where.work.rglob("*") if path.is_file())
        contents.append([(path.name, path.read_bytes()) for path in files])
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3  # two shards and source.json


def test_a_password_in_a_url_is_not_written_down(server, tmp_path: Path) -> None:
    server.body = b"text"
    where = context(tmp_path, {"kind": "url", "url": server.url.replace("//", "//me:secret@") + "/a.txt"})
    run(where)
    assert "secret" not in (where.work / "source.json").read_text()
