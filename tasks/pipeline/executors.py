"""Who runs the jobs of a round: this process, threads, or processes. Prefect's runners are in `flows.runners`.

Every executor has one shape: it takes assignments and yields each with its report, in whatever order they end.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tasks.errors import WordloomError
from tasks.interruption import leave_if_asked
from tasks.pipeline.stage import Job, Report
from tasks.pipeline.workers import enter_worker
from tasks.storage.atomic import write_json
from tasks.storage.hashing import file_sha256

RunnerName = Literal["serial", "threads", "processes"]


@dataclass(frozen=True)
class Assignment:
    """A job, who does it, and where its receipt goes: {"sha256" of the output, "facts", "run"}."""

    work: Callable[[Any], Report]
    job: Job
    receipt: Path


Executor = Callable[[Sequence[Assignment]], Iterator[tuple[Assignment, Report]]]


def perform(assignment: Assignment) -> Report:
    """Does one job and, after its output is whole on disk, writes the receipt that a later run goes by."""
    started = time.monotonic()
    report = assignment.work(assignment.job)
    report = replace(report, run={"seconds": round(time.monotonic() - started, 3)} | report.run)
    write_json(assignment.receipt, {"sha256": file_sha256(assignment.job.output)} | asdict(report))
    return report


def serial(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
    """One after the other, in this process."""
    for assignment in assignments:
        leave_if_asked()
        yield assignment, perform(assignment)


def pooled(kind: RunnerName, workers: int, threads: int) -> Executor:
    """The executor that `python -m tasks` uses.

    Args:
        kind: "serial", "threads" or "processes" (spawned, never forked: numba and TensorFlow do not survive a fork).
        workers: how many jobs side by side.
        threads: the cores of each job.
    """
    if kind == "serial" or workers == 1:
        return serial

    def execute(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
        if len(assignments) == 1:  # nothing to share out: spare the start of a worker
            yield from serial(assignments)
            return
        pool: ProcessPoolExecutor | ThreadPoolExecutor
        if kind == "threads":
            pool = ThreadPoolExecutor(workers)
        else:
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(workers, spawn, enter_worker, (os.getpid(), threads))
        try:
            futures: dict[Future[Report], Assignment] = {pool.submit(perform, each): each for each in assignments}
            pending = set(futures)
            while pending:
                # woken every so often, to see whether it is asked to stop
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                leave_if_asked()
                for future in done:
                    yield futures[future], future.result()
        except BaseException as error:
            if isinstance(pool, ProcessPoolExecutor):
                for process in multiprocessing.active_children():
                    process.terminate()
            # waited for: a pool that is still winding up when the interpreter ends prints a traceback of its own
            pool.shutdown(cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                leave_if_asked()  # a SIGTERM to the whole group ends the workers before this process has looked at it
                raise worker_ended(workers) from error
            raise
        pool.shutdown()

    return execute


def worker_ended(workers: int) -> WordloomError:
    """What to say when a process of the pool is gone without a word."""
    return WordloomError(
        f"one of {workers} worker processes ended abruptly, perhaps killed for want of memory (lower run.workers or "
        "download.shard_mb then); the same command goes on from here"
    )
