"""What a person sees of a run on Prefect's page: a table a stage, a bar for what is long, the report."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from tasks.pipeline.carry_out import Outcome
from tasks.progress import observed

UPDATE_SECONDS = 2.0
"""Between two updates of a bar: each is a request to the server."""


def stage_table(outcome: Outcome) -> None:
    """The stage's facts and seconds, as a table."""
    rows = [{"what": name, "value": _short(value)} for name, value in outcome.report.facts.items()]
    rows.append({"what": "seconds", "value": _short(outcome.report.run.get("seconds"))})
    name = outcome.stage if outcome.variant is None else f"{outcome.stage}-{outcome.variant}"
    create_table_artifact(rows, key=name.replace("_", "-").lower(), description=f"Stage {name}: {outcome.folder}")


def report(key: str, path: Path) -> None:
    """The report page."""
    create_markdown_artifact(path.read_text("utf-8"), key=key, description=f"From {path}")


@contextmanager
def bars() -> Iterator[None]:
    """While the body runs, whatever shows a bar on the terminal shows it on Prefect's page too."""
    shown: dict[str, UUID] = {}
    last: dict[str, float] = {}

    def show(label: str, share: float, note: str) -> None:
        now = time.monotonic()
        if now - last.get(label, 0.0) < UPDATE_SECONDS and share < 1:
            return
        last[label] = now
        if label in shown:
            update_progress_artifact(shown[label], progress=100 * share, description=note)
        else:
            key = re.sub("[^a-z0-9]+", "-", f"{label} progress".lower())  # Prefect takes no other characters
            created = create_progress_artifact(100 * share, key=key, description=note)
            assert isinstance(created, UUID)
            shown[label] = created

    with observed(show):
        yield


def _short(value: Any) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if len(text) <= 300 else text[:300] + "…"
