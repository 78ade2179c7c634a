import hashlib
import io
import pickle
import tarfile
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sklearn.datasets import _base, _twenty_newsgroups

from tasks.errors import InputError
from tasks.sources.newsgroups import fetch_newsgroups


class LeavesATrace:
    """Unpickling it runs code of its author's choice, as any pickle can."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


POST = "From: someone@somewhere\nSubject: number {0}\n\nother@else writes:\n> quoted\nThe text number {0}.\n"


@pytest.fixture
def archive(server, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small archive in the layout of 20news-bydate, and scikit-learn told to fetch it from localhost."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as file:
        for half in ("train", "test"):
            for number, group in enumerate(["rec.autos", "rec.autos", "sci.med"]):
                content = POST.format(f"{half} {number}").encode()
                info = tarfile.TarInfo(f"20news-bydate-{half}/{group}/{1000 + number}")
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
    server.body = packed.getvalue()
    remote = _base.RemoteFileMetadata(
        filename="20news-bydate.tar.gz",
        url=f"{server.url}/20news-bydate.tar.gz",
        checksum=hashlib.sha256(server.body).hexdigest(),
    )
    monkeypatch.setattr(_twenty_newsgroups, "ARCHIVE", remote)
    return server.body


def test_the_training_half_by_scikit_learn_itself(server, archive: bytes, tmp_path: Path) -> None:
    target, cache = tmp_path / "posts.parquet", tmp_path / "cache"
    sha256 = fetch_newsgroups(target, cache, ("headers", "quotes"), retries=1, backoff=0.01)
    assert sha256 == hashlib.sha256(archive).hexdigest()
    rows = pq.read_table(target).to_pylist()
    assert {(row["text"].strip(), row["label"], row["split"]) for row in rows} == {
        ("The text number train 0.", "rec.autos", "train"),
        ("The text number train 1.", "rec.autos", "train"),
        ("The text number train 2.", "sci.med", "train"),
    }
    assert not cache.exists()


def test_a_cache_that_lies_there_is_not_read(server, archive: bytes, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "20news-bydate_py3.pkz").write_bytes(zlib.compress(pickle.dumps(LeavesATrace(tmp_path / "trace"))))
    fetch_newsgroups(tmp_path / "posts.parquet", cache, (), retries=1, backoff=0.01)
    assert not (tmp_path / "trace").exists()
    assert server.answers == [200]
    assert "Subject: number train" in pq.read_table(tmp_path / "posts.parquet")["text"][0].as_py()


@pytest.mark.parametrize("fault", ["wrong bytes", "server down"])
def test_a_failed_download_is_one_clear_line(server, archive: bytes, tmp_path: Path, fault: str) -> None:
    if fault == "wrong bytes":
        server.body = archive[:-8] + b"damaged!"
    else:
        server.fail = [500] * 10
    with pytest.raises(InputError, match=r"20newsgroups: scikit-learn's download fails .*kind: bundled") as caught:
        fetch_newsgroups(tmp_path / "posts.parquet", tmp_path / "cache", (), retries=1, backoff=0.01)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "posts.parquet").exists()
