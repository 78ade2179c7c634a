"""Overdue: who is told, when, and how often."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.overdue import OverdueWatch, hours_since_success, note_success, notify_if_overdue, success_file
from tasks.request import Request


def _request(data: Path, overdue_hours: float = 48.0) -> Request:
    """A setting whose notices are lines in `told`."""
    append = f"import sys; open({str(data / 'told')!r}, 'a').write(sys.stdin.read() + '\\n')"
    retrain = {"overdue_hours": overdue_hours, "command": [sys.executable, "-c", append]}
    return Request(data, data, {"retrain": retrain}, tracked=False)


def _told(data: Path) -> list[dict[str, str]]:
    path = data / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def _succeeded(data: Path, hours_ago: float) -> None:
    note_success(data)
    moment = datetime.now(UTC) - timedelta(hours=hours_ago)
    success_file(data).write_text(json.dumps({"succeeded": moment.isoformat()}))


def test_a_late_success_is_overdue(tmp_path: Path) -> None:
    _succeeded(tmp_path, hours_ago=50)
    assert notify_if_overdue(_request(tmp_path))
    (told,) = _told(tmp_path)
    assert told["event"] == "overdue"
    assert "the last success was 50.0 hours ago; it should be at most 48 hours old" in told["message"]


def test_a_fresh_success_is_not(tmp_path: Path) -> None:
    note_success(tmp_path)
    hours = hours_since_success(tmp_path)
    assert hours is not None and hours < 0.1
    assert not notify_if_overdue(_request(tmp_path))
    assert _told(tmp_path) == []


def test_the_watch_tells_once_until_the_next_success(tmp_path: Path) -> None:
    watch, asked = OverdueWatch(), _request(tmp_path)
    _succeeded(tmp_path, hours_ago=50)
    watch.look(asked)
    watch.look(asked)
    assert len(_told(tmp_path)) == 1
    note_success(tmp_path)
    watch.look(asked)
    _succeeded(tmp_path, hours_ago=60)
    watch.look(asked)
    assert len(_told(tmp_path)) == 2


def test_the_watch_gives_the_first_run_its_chance(tmp_path: Path) -> None:
    watch = OverdueWatch()
    watch.look(_request(tmp_path, overdue_hours=1))
    assert _told(tmp_path) == []
    watch.look(_request(tmp_path, overdue_hours=1e-9))
    (told,) = _told(tmp_path)
    assert "there was no successful retraining yet" in told["message"]
