"""The process worker of the pool `wordloom`: `python -m flows.worker PARENT`. It ends with its parent in any case.

A run's process finds its worker's number in WORDLOOM_WORKER and ends with it in turn (`flows.run`), so that a killed
`wordloom serve` leaves nothing behind that still writes.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tasks.pipeline.workers import die_with

POOL = "wordloom"
"""The work pool in prefect.yaml."""

VARIABLE = "WORDLOOM_WORKER"
"""Names the worker's process to the runs that it starts."""


def worker_process() -> int | None:
    """The process that a run must not outlive; None in a run that no worker started."""
    if "PREFECT__FLOW_RUN_ID" not in os.environ:
        return None
    return int(os.environ.get(VARIABLE, os.getppid()))


async def _work() -> None:
    from prefect.workers.process import ProcessWorker

    working = asyncio.current_task()
    assert working is not None
    leaving: list[asyncio.Task[None]] = []

    def leave() -> None:
        if not leaving:
            leaving.append(asyncio.create_task(_end_runs_and(working.cancel)))

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    with contextlib.suppress(asyncio.CancelledError):
        # one run at a time; the pool and the deployments say so too
        await ProcessWorker(work_pool_name=POOL, name="wordloom-serve", limit=1, create_pool_if_not_found=False).start()


async def _end_runs_and(then: Callable[[], object]) -> None:
    """Asks the runs to stop and waits for them: left to itself, the worker drops them before they have saved."""
    for run in _children():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run, signal.SIGTERM)
    while _children():
        await asyncio.sleep(0.1)
    then()


def _children() -> list[int]:
    """The processes that this one has started and that still live; each run leads a process group of its own."""
    children = [path.read_text().split() for path in Path("/proc/self/task").glob("*/children")]
    return [int(child) for some in children for child in some]


def main(parent: int) -> None:
    """Works until told to stop."""
    die_with(parent)
    os.environ[VARIABLE] = str(os.getpid())
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_work())


if __name__ == "__main__":
    main(int(sys.argv[1]))
