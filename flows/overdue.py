"""When the vectors were last known to be fresh, and whether that is too long ago."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from flows.notify import notify
from tasks.params import RetrainParams, sections
from tasks.request import Request
from tasks.storage.atomic import write_json


def success_file(data: Path) -> Path:
    """Where the last success is noted: volatile, so beside the artifacts and no artifact itself."""
    return data / ".work" / "last-success.json"


def note_success(data: Path) -> None:
    """Notes that a retraining has just succeeded."""
    write_json(success_file(data), {"succeeded": datetime.now(UTC).isoformat(timespec="seconds")})


def hours_since_success(data: Path) -> float | None:
    """The hours since the last success; None if there was none yet."""
    try:
        succeeded = datetime.fromisoformat(json.loads(success_file(data).read_text())["succeeded"])
    except (OSError, ValueError, KeyError):
        return None
    return (datetime.now(UTC) - succeeded).total_seconds() / 3600


def retrain_params(asked: Request) -> RetrainParams:
    """The section retrain of the params."""
    section = sections(asked.raw, {"retrain": RetrainParams})["retrain"]
    assert isinstance(section, RetrainParams)
    return section


def notify_if_overdue(asked: Request) -> bool:
    """Whether the last success is older than params allow, or there never was one; if so, notifies."""
    retrain = retrain_params(asked)
    hours = hours_since_success(asked.data)
    if hours is not None and hours <= retrain.overdue_hours:
        return False
    since = "there was no successful retraining yet" if hours is None else f"the last success was {hours:.1f} hours ago"
    notify(retrain, "overdue", f"{asked.data}: {since}; it should be at most {retrain.overdue_hours:g} hours old")
    return True


class OverdueWatch:
    """Looks from time to time whether the retraining is overdue, and notifies once until it has succeeded again.

    Where there never was a success, the hours count from the start of the watch: the first run gets its chance.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._told = False

    def look(self, asked: Request) -> None:
        """Notifies if it is time to."""
        hours = hours_since_success(asked.data)
        if hours is None:
            hours = (time.monotonic() - self._started) / 3600
        if hours <= retrain_params(asked).overdue_hours:
            self._told = False
        elif not self._told:
            self._told = notify_if_overdue(asked)
