import gzip
import hashlib
from pathlib import Path

import pytest
from support.labelled import Loads, dataset, packed

from tasks.datasets.loading import downloads, load, local_files
from tasks.errors import InputError
from tasks.sources.transfer import TransferOptions, fetch

QUICK = TransferOptions(retries=1, backoff=0.01, timeout=5.0)


def test_a_limit_draws_from_both_classes_of_a_sorted_collection(loads: Loads) -> None:
    everything, small, again = (loads("sms", limit=limit) for limit in (None, 100, 100))
    assert small.facts["documents"] == {"train": 100, "test": 100}
    assert small.table.equals(again.table)
    assert small.table["doc_id"].to_pylist() == list(range(200))
    assert small.facts["duplicates"] == everything.facts["duplicates"]
    assert small.facts["labels"]["spam"]["train"] > 2
    other = loads("sms", limit=100, split={"by": "last", "seed": 2})
    assert not small.table.equals(other.table)
    whole = iter(everything.table["text"].to_pylist())
    assert all(text in whole for text in small.table["text"].to_pylist()), "not in the collection's order"


def test_a_limit_that_leaves_one_label(loads: Loads) -> None:
    with pytest.raises(InputError, match=r"sms dataset: .*; raise limit$"):
        loads("sms", limit=1)


def test_another_split_than_the_given_one(imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
    (tmp_path / "a.tar.gz").write_bytes(packed(imdb))
    given = loads("imdb", path="a.tar.gz").table
    drawn = loads("imdb", path="a.tar.gz", split={"by": "stratified", "test": 0.5, "seed": 2})
    assert drawn.table.drop("split").equals(given.drop("split")) and not drawn.table.equals(given)
    assert drawn.facts["labels"] == {"neg": {"train": 3, "test": 3}, "pos": {"train": 3, "test": 3}}


def test_the_last_of_what_is_sorted_by_label(tmp_path: Path, loads: Loads) -> None:
    (tmp_path / "a.csv").write_text("text,label\none,a\ntwo,a\nthree,b\nfour,c\n")
    with pytest.raises(
        InputError, match=r"table dataset: the label 'c' is in the test split .* set split: \{by: strat"
    ):
        loads("table", path="a.csv", split={"by": "last"})


def test_what_is_to_be_fetched() -> None:
    ((imdb, pin),) = downloads(dataset("imdb"))
    assert imdb.endswith("/aclImdb_v1.tar.gz") and pin is not None
    assert [url.rpartition("/")[2] for url, _ in downloads(dataset("nsmc"))] == [
        "ratings_train.txt",
        "ratings_test.txt",
    ]
    assert [pin for _, pin in downloads(dataset("nsmc", sha256=None))] == [None, None]
    assert len(downloads(dataset("20newsgroups"))) == 1
    for local in (dataset("imdb", path="a"), dataset("nsmc", path="a"), dataset("sms"), dataset("table", path="a.csv")):
        assert downloads(local) == []
    for remote in ("imdb", "nsmc", "20newsgroups"):
        assert local_files(dataset(remote), "nowhere") == []


def test_an_archive_from_a_server(server, imdb: dict[str, bytes], tmp_path: Path) -> None:
    server.body = packed(imdb)
    sha256 = hashlib.sha256(server.body).hexdigest()
    params = dataset("imdb", url=f"{server.url}/aclImdb_v1.tar.gz", sha256=sha256.upper())
    ((url, pin),) = downloads(params)
    target = tmp_path / "fetched" / "000"
    assert fetch(url, target, pin, QUICK) == sha256
    loaded = load(params, "nowhere", [target], tmp_path / "unpacked")
    assert loaded.facts["documents"] == {"train": 6, "test": 6}
    assert loaded.files == [{"name": url, "bytes": len(server.body), "sha256": sha256}]
    assert not (tmp_path / "unpacked").exists() and target.is_file()


def test_an_old_archive_at_an_address_that_does_not_tell(server, newsgroups: dict[str, bytes], tmp_path: Path) -> None:
    server.body = gzip.compress(without_marks(gzip.decompress(packed(newsgroups))))
    params = dataset("20newsgroups", url=f"{server.url}/files/5975967", sha256=None)
    fetch(params.url, tmp_path / "a", None, QUICK)
    loaded = load(params, "nowhere", [tmp_path / "a"], tmp_path / "unpacked")
    assert loaded.facts["documents"] == {"train": 9, "test": 4}


def without_marks(archive: bytes) -> bytes:
    """A tar as of 1979: no "ustar" in the headers, whose checksums are made anew."""
    blocks = [bytearray(archive[start : start + 512]) for start in range(0, len(archive), 512)]
    for block in blocks:
        if block[257:262] == b"ustar":
            block[257:] = bytes(255)
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


def test_two_files_from_a_server(server, nsmc: dict[str, bytes], tmp_path: Path) -> None:
    params = dataset("nsmc", url=[f"{server.url}/{name}" for name in nsmc], sha256=None)
    fetched = []
    for (url, pin), content in zip(downloads(params), nsmc.values(), strict=True):
        server.body = content
        fetched.append(tmp_path / url.rpartition("/")[2])
        fetch(url, fetched[-1], pin, QUICK)
    loaded = load(params, "nowhere", fetched, tmp_path / "unpacked")
    assert loaded.facts["documents"] == {"train": 201, "test": 100}
    assert [file["name"] for file in loaded.files] == list(params.url)


def test_a_server_with_another_archive(server, imdb: dict[str, bytes], tmp_path: Path) -> None:
    server.body = packed(imdb)
    ((url, pin),) = downloads(dataset("imdb", url=f"{server.url}/aclImdb_v1.tar.gz"))
    with pytest.raises(InputError, match=f"sha256 is .* pins {pin}"):
        fetch(url, tmp_path / "a", pin, QUICK)
