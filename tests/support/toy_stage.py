"""A stage small enough to see through: squares numbers, a file each, and sums them. For the tests of the machinery."""

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams
from tasks.storage.atomic import write_json


class ToyParams(StageParams):
    power: int = 2
    seconds: float = 0.0


@dataclass(frozen=True)
class ToyJob(Job):
    number: int
    power: int
    seconds: float
    started: Path


def plan(context: Context, _before: Sequence[Report]) -> list[ToyJob]:
    params = context.section(ToyParams)
    numbers = json.loads((context.data / "numbers.json").read_text())
    (context.work / "started").mkdir(parents=True, exist_ok=True)
    return [
        ToyJob(context.work / "powers" / f"{n}.json", 1, n, params.power, params.seconds, context.work / "started")
        for n in numbers
    ]


def work(job: ToyJob) -> Report:
    (job.started / f"{job.number}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(job.seconds)
    write_json(job.output, job.number**job.power)
    return Report({"value": job.number**job.power})


def kill_worker(job: ToyJob) -> Report:
    """The kernel's out-of-memory killer, as far as the pool can tell."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


def finish(context: Context, reports: Sequence[Report]) -> Report:
    total = sum(report.facts["value"] for report in reports)
    write_json(context.work / "total.json", total)
    return Report({"total": total, "numbers": len(reports)})


STAGE = Stage(
    name="toy",
    about="squares",
    sections={"toy": ToyParams},
    folder=lambda _context: Path("toy"),
    inputs=lambda context: [context.data / "numbers.json"],
    writes=("powers", "total.json"),
    rounds=(Round(plan, work),),
    finish=finish,
    code=("tests/support/toy_stage.py",),
    unit="numbers",
)


def context(data: Path, numbers: Sequence[int] = (1, 2, 3), **params: float) -> Context:
    """A context on `data`, with the numbers written there."""
    write_json(data / "numbers.json", list(numbers))
    return Context(data, data / ".work" / "toy", {"toy": ToyParams(**params)})
