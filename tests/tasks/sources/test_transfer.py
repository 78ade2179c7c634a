import hashlib
import json
import random
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.sources.transfer import TransferOptions, fetch

QUICK = TransferOptions(retries=3, backoff=0.01, timeout=5.0)
FILE = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(server, tmp_path: Path) -> None:
    server.body = FILE
    target = tmp_path / "deep" / "file.txt"
    assert fetch(f"{server.url}/file.txt", target, digest(FILE), QUICK) == digest(FILE)
    assert target.read_bytes() == FILE
    assert list(target.parent.iterdir()) == [target]


def test_a_cut_connection_goes_on_where_it_broke(server, tmp_path: Path) -> None:
    server.body, server.cut = FILE, [100_000, 50_000]
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == FILE
    assert server.requests == ["GET", "GET bytes=100000-", "GET bytes=150000-"]
    assert server.answers == [200, 206, 206]


def test_a_killed_run_is_taken_up_by_the_next_one(server, tmp_path: Path) -> None:
    server.body, server.cut = FILE, [100_000]
    with pytest.raises(InputError, match="not fetched in 1 tries"):
        fetch(f"{server.url}/file", tmp_path / "file", None, TransferOptions(0, 0.01, 5.0))
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.partial").read_bytes() == FILE[:100_000]
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == FILE
    assert server.requests[-1] == "GET bytes=100000-"


def test_a_partial_file_of_another_url_is_not_taken_up(server, tmp_path: Path) -> None:
    server.body, server.cut = FILE, [100_000]
    with pytest.raises(InputError):
        fetch(f"{server.url}/one", tmp_path / "file", None, TransferOptions(0, 0.01, 5.0))
    fetch(f"{server.url}/two", tmp_path / "file", None, QUICK)
    assert server.requests[-1] == "GET"
    assert (tmp_path / "file").read_bytes() == FILE


def test_a_whole_partial_file_needs_no_further_byte(server, tmp_path: Path) -> None:
    note = {"url": f"{server.url}/file", "etag": '"x"', "last_modified": None, "size": len(FILE)}
    (tmp_path / "file.partial").write_bytes(FILE)
    (tmp_path / "file.partial.json").write_text(json.dumps(note))
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == FILE
    assert server.requests == []


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_an_overloaded_server_is_asked_again(server, tmp_path: Path, status: int) -> None:
    server.body, server.fail = FILE, [status, status]
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == FILE
    assert server.answers == [status, status, 200]


def test_a_server_that_never_recovers_ends_after_the_retries(server, tmp_path: Path) -> None:
    server.fail = [500] * 10
    with pytest.raises(InputError, match=r"not fetched in 4 tries, the last: 500 Internal Server Error"):
        fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_not_asked_again(server, tmp_path: Path, status: int) -> None:
    server.fail = [status] * 3
    with pytest.raises(InputError, match=rf"file: the server answers {status}"):
        fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert len(server.requests) == 1


def test_a_server_that_ignores_range_sends_it_whole_again(server, tmp_path: Path) -> None:
    server.body, server.cut, server.ranges = FILE, [100_000], False
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == FILE
    assert server.requests == ["GET", "GET bytes=100000-"]
    assert server.answers == [200, 200]


@pytest.mark.parametrize("honest", [True, False], ids=["honours If-Range", "ignores If-Range"])
@pytest.mark.parametrize("size", [300_000, 200_000, 50_000], ids=["same size", "smaller", "smaller than the part"])
def test_a_file_that_changed_is_never_glued_together(server, tmp_path: Path, honest: bool, size: int) -> None:
    server.body, server.cut, server.then, server.if_range = FILE, [100_000], OTHER[:size], honest
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert (tmp_path / "file").read_bytes() == OTHER[:size]


def test_without_validators_nothing_is_resumed(server, tmp_path: Path) -> None:
    server.body, server.cut, server.then, server.validators = FILE, [100_000], OTHER, False
    fetch(f"{server.url}/file", tmp_path / "file", None, QUICK)
    assert server.requests == ["GET", "GET"]
    assert (tmp_path / "file").read_bytes() == OTHER


def test_a_pinned_sum_allows_resuming_without_validators_and_catches_glue(server, tmp_path: Path) -> None:
    server.body, server.cut, server.validators = FILE, [100_000], False
    fetch(f"{server.url}/file", tmp_path / "good", digest(FILE), QUICK)
    assert server.requests == ["GET", "GET bytes=100000-"]

    server.requests.clear()
    server.cut, server.then = [100_000], OTHER
    fetch(f"{server.url}/file", tmp_path / "changed", digest(OTHER), QUICK)
    assert server.requests == ["GET", "GET bytes=100000-", "GET"]
    assert (tmp_path / "changed").read_bytes() == OTHER


def test_a_wrong_checksum_names_both_sums_and_leaves_nothing(server, tmp_path: Path) -> None:
    server.body = OTHER
    with pytest.raises(InputError) as caught:
        fetch(f"{server.url}/file", tmp_path / "file", digest(FILE), QUICK)
    assert digest(FILE) in str(caught.value)
    assert digest(OTHER) in str(caught.value)
    assert "pin its sum" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_content_length_is_no_trouble(server, tmp_path: Path) -> None:
    server.body, server.length = FILE, False
    fetch(f"{server.url}/file", tmp_path / "file", digest(FILE), QUICK)
    assert (tmp_path / "file").read_bytes() == FILE


def test_nobody_at_that_address(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not fetched in 2 tries"):
        fetch("http://127.0.0.1:9/file", tmp_path / "file", None, TransferOptions(1, 0.01, 2.0))


def test_a_password_is_not_shown(server, tmp_path: Path) -> None:
    server.fail = [404]
    url = server.url.replace("http://", "http://someone:secret@")
    with pytest.raises(InputError) as caught:
        fetch(f"{url}/file", tmp_path / "file", None, QUICK)
    assert "secret" not in str(caught.value)
