import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tasks.errors import InputError
from tasks.sources.lock import refresh_source_lock
from tasks.sources.params import Source
from tasks.sources.transfer import TransferOptions

QUICK = TransferOptions(retries=1, backoff=0.01, timeout=5.0)


def source(**fields: object) -> Source:
    return TypeAdapter(Source).validate_python(fields)


def test_a_changed_file_changes_the_lock(server, tmp_path: Path) -> None:
    lock, sources = tmp_path / "data" / "source.lock", [source(kind="url", url=f"{server.url}/a.txt")]
    server.body = b"first"
    assert refresh_source_lock(lock, sources, QUICK)
    first = json.loads(lock.read_text())
    assert first[f"{server.url}/a.txt"]["etag"] == server.etag
    assert first[f"{server.url}/a.txt"]["size"] == 5
    assert not refresh_source_lock(lock, sources, QUICK)
    assert set(server.requests) == {"HEAD"}

    server.body = b"again"  # as many bytes
    assert refresh_source_lock(lock, sources, QUICK)
    assert json.loads(lock.read_text()) != first


def test_a_server_without_validators_is_read_and_hashed(server, tmp_path: Path) -> None:
    lock, sources = tmp_path / "source.lock", [source(kind="url", url=f"{server.url}/a.txt")]
    server.body, server.validators = b"first", False
    refresh_source_lock(lock, sources, QUICK)
    server.body = b"again"
    assert refresh_source_lock(lock, sources, QUICK)
    assert len(json.loads(lock.read_text())[f"{server.url}/a.txt"]["sha256"]) == 64
    assert list((tmp_path / ".work").iterdir()) == []


def test_a_local_file_is_hashed_and_a_pinned_one_not_asked_for(server, tmp_path: Path) -> None:
    local = tmp_path / "a.txt"
    local.write_text("first")
    pinned = source(kind="url", url=f"{server.url}/b", sha256="a" * 64)
    sources = [source(kind="url", url=local.as_uri()), pinned, source(kind="bundled")]
    lock = tmp_path / "source.lock"
    refresh_source_lock(lock, sources, QUICK)
    assert set(json.loads(lock.read_text())) == {local.as_uri(), f"{server.url}/b"}
    local.write_text("again")
    assert refresh_source_lock(lock, sources, QUICK)
    assert server.requests == []


def test_a_server_that_is_down_leaves_the_lock_as_it_was(server, tmp_path: Path) -> None:
    lock, sources = tmp_path / "source.lock", [source(kind="url", url=f"{server.url}/a.txt")]
    refresh_source_lock(lock, sources, QUICK)
    before = lock.read_bytes()
    server.fail = [503, 503]
    with pytest.raises(InputError, match="no answer in 2 tries"):
        refresh_source_lock(lock, sources, QUICK)
    assert lock.read_bytes() == before
