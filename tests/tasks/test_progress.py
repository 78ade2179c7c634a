"""Bars on a terminal: several at once, each with its label; whoever looks on is told of all."""

import io
import threading

import pytest
from rich.console import Console

from tasks import progress
from tasks.progress import labelled, observed


def test_bars_that_run_side_by_side_are_shown_together(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda stderr: console)
    seen: list[str] = []
    barrier = threading.Barrier(2)

    def train(model: str) -> None:
        with labelled(model), progress.progress("train", 10, "words") as advance:
            barrier.wait(10)
            advance(5, note=f"half of {model}")
            barrier.wait(10)
            advance(5)

    with observed(lambda label, share, note: seen.append(f"{label} {share:.0%}")):
        threads = [threading.Thread(target=train, args=(model,)) for model in ("sgns", "cbow")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for model in ("sgns", "cbow"):
        assert {f"train {model} 50%", f"train {model} 100%"} <= set(seen)
    assert "train sgns" in screen.getvalue() and "train cbow" in screen.getvalue()
    with progress.progress("clean", 1, "documents") as advance:
        advance(1)
    assert "clean" in screen.getvalue()
