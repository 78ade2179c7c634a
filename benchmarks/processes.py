"""Runs what is measured in processes of its own, both sides alike: the same cores, the same settings of BLAS."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.bench import CODE_ROOT, Bench
from benchmarks.programs.parents import end_with_parent
from tasks.errors import WordloomError
from tasks.exits import BUSY
from tasks.pipeline.workers import THREAD_VARIABLES, cores

BLAS_SETTINGS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Some machines set them for old builds of BLAS; they slow a current one, so neither side has them."""

STOPPED = (130, 143)
"""The exit codes of a command that was asked to stop."""


class MeasurementError(Exception):
    """A contender could not measure; the text is one line that says why."""


def run(
    bench: Bench, command: Sequence[object], count: int | None = None, more: Mapping[str, str] | None = None
) -> tuple[str, float]:
    """Runs a command; returns what it printed, and the seconds from its start to its end.

    Args:
        bench: says where.
        command: the program and its arguments.
        count: the cores that it may use; None: all that there are.
        more: variables to set besides.

    Raises:
        MeasurementError: it ended with an error.
        WordloomError: it was stopped, or another run holds its data.
    """
    started = time.monotonic()
    with on_cores(count):
        done = subprocess.run(
            [str(each) for each in command], cwd=bench.root, env=environment() | dict(more or {}),
            capture_output=True, text=True, preexec_fn=end_with_parent,
        )  # fmt: skip
    seconds = time.monotonic() - started
    if done.returncode == 0:
        return done.stdout, seconds
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    last = said[-1].removeprefix("wordloom: ") if said else "it said nothing"
    if done.returncode == BUSY or done.returncode in STOPPED:
        raise WordloomError(f"benchmarks: {last}")
    raise MeasurementError(last if done.returncode > 0 else f"ended by signal {-done.returncode}; {last}")


def run_json(
    bench: Bench, command: Sequence[object], more: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], float]:
    """The same for a program that prints one JSON object; returns it, and the seconds."""
    printed, seconds = run(bench, command, more=more)
    try:
        found: dict[str, Any] = json.loads(printed)
    except ValueError:
        raise MeasurementError(f"printed no JSON object: {printed[:60]!a}") from None
    return found, seconds


def module(name: str, *arguments: object) -> list[str]:
    """The command that runs a module with this Python."""
    return [sys.executable, "-m", name, *map(str, arguments)]


def environment() -> dict[str, str]:
    """What both sides run in; the numeric libraries get as many threads as this thread has cores."""
    kept = {name: value for name, value in os.environ.items() if name not in BLAS_SETTINGS}
    path = os.pathsep.join([str(CODE_ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | dict.fromkeys(THREAD_VARIABLES, str(cores())) | {"PYTHONPATH": path}


@contextlib.contextmanager
def on_cores(count: int | None) -> Iterator[None]:
    """Within it this thread, and what it starts, has `count` of the cores; None leaves it all of them."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, mine if count is None else sorted(mine)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
