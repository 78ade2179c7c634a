"""One bar for whatever takes long: rich on a terminal, a plain line every few seconds elsewhere.

with progress("train", total=tokens, unit="words") as advance:
    advance(4096, note="loss 0.213")
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

logger = logging.getLogger("wordloom")

PLAIN_INTERVAL = 5.0
"""Seconds between two lines where there is no terminal."""


class Advance(Protocol):
    def __call__(self, amount: float, note: str = "") -> None: ...


Observer = Callable[[str, float, str], None]
_observers: list[Observer] = []

_about: ContextVar[str] = ContextVar("about", default="")


@contextmanager
def labelled(about: str) -> Iterator[None]:
    """While the body runs, in this thread and those that it starts, the labels of bars say what they are about too."""
    token = _about.set(about)
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def progress(label: str, total: float | None, unit: str) -> Iterator[Advance]:
    """Yields a function that is told how much more is done, and an optional note (the loss, a file name).

    Shows done, share, speed in `unit` a second and the time left. `total` None means that it is not known.
    """
    label = f"{label} {_about.get()}".rstrip()
    console = Console(stderr=True)
    shown = _on_terminal(console, label, total, unit) if console.is_terminal else _in_lines(label, total, unit)
    with shown as advance:
        done = 0.0

        def advance_all(amount: float, note: str = "") -> None:
            nonlocal done
            done += amount
            advance(amount, note)
            for observer in _observers:
                observer(label, min(1.0, done / total) if total else 0.0, note)

        yield advance_all
    for observer in _observers:  # whole, whatever rounding has left
        observer(label, 1.0, "")


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """While the body runs, `observer` is told of every bar: its label, the share that is done, the note."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


class _Bars:
    """The bars that a terminal shows now, one below the other: rich draws one display at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: Progress | None = None
        self._users = 0

    @contextmanager
    def opened(self, console: Console) -> Iterator[Progress]:
        with self._lock:
            if self._shown is None:
                self._shown = Progress(*_columns(), console=console, transient=True)
                self._shown.start()
            shown = self._shown
            self._users += 1
        try:
            yield shown
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    shown.stop()
                    self._shown = None


_bars = _Bars()


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% {task.fields[speed]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )


@contextmanager
def _on_terminal(console: Console, label: str, total: float | None, unit: str) -> Iterator[Advance]:
    started = time.monotonic()
    with _bars.opened(console) as bar:
        task = bar.add_task(label, total=total, speed="", note="")
        done = 0.0

        def advance(amount: float, note: str = "") -> None:
            nonlocal done
            done += amount
            speed = _speed(done, time.monotonic() - started, unit)
            bar.update(task, advance=amount, speed=speed, note=note)

        try:
            yield advance
        finally:
            bar.remove_task(task)


@contextmanager
def _in_lines(label: str, total: float | None, unit: str) -> Iterator[Advance]:
    started = last = time.monotonic()
    done = 0.0

    def advance(amount: float, note: str = "") -> None:
        nonlocal last, done
        done += amount
        now = time.monotonic()
        if now - last < PLAIN_INTERVAL:
            return
        last = now
        parts = [_speed(done, now - started, unit)]
        if total and done:
            parts = [f"{done / total:.0%}", *parts, f"{(total - done) * (now - started) / done:.0f} s left"]
        logger.info("%s: %s", label, ", ".join([*parts, note] if note else parts))

    yield advance


def _speed(done: float, seconds: float, unit: str) -> str:
    return f"{human(done / max(seconds, 1e-9))} {unit}/s"


def human(number: float) -> str:
    """1234567 -> "1.2 M": three figures are what a person reads."""
    for limit, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(number) >= limit:
            return f"{number / limit:.1f}{suffix}"
    return f"{number:.0f}"


def log_to_stderr() -> None:
    """Sends the project's log lines to stderr, one plain line each."""
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
