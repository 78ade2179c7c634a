"""One real stage on a small corpus and then on a larger one, in a process of its own, which it tells about.

The first pass brings what every run pays once: imports, the compilation of kernels. The second costs what the corpus
costs. `python -m tasks.forecasting.rehearsal` takes a `Script` on stdin and prints a line a pass, both JSON; jobs run
one after the other, so that what one job takes can be told. Where the larger corpus is the whole one, its pass comes
first and has workers: that is the run itself.
"""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.errors import WordloomError
from tasks.exits import leaving
from tasks.forecasting.memory import MemoryWatch
from tasks.interruption import leave_if_asked
from tasks.kernels.cache import use_cache_folder
from tasks.params import validate
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import Assignment, pooled
from tasks.pipeline.stage import Context, Report, Stage
from tasks.pipeline.workers import cores, die_with
from tasks.progress import Observer, log_to_stderr, observed
from tasks.project import project_root
from tasks.request import Request
from tasks.stages import stage


class Act(BaseModel):
    """One pass: into which folder, with which params, after how many seconds of work it is cut short, and how many jobs
    run side by side.
    """

    data: Path
    raw: dict[str, Any]
    seconds: float | None = None
    workers: int = 1


class Script(BaseModel):
    """What is rehearsed: the stage, for which dataset if it has several; the small corpus and the larger one, or the
    whole one and then the small one, for the sake of what it makes.
    """

    stage: str
    acts: tuple[Act, Act]
    dataset: str | None = None
    whole: bool = False


class Passed(BaseModel):
    """What one pass took.

    Attributes:
        began, ended: moments of the monotonic clock.
        rounds: of each round, the name of what every job wrote, and its seconds.
        work_bytes: of the unfinished work, when it was largest.
        published_bytes: of the artifact.
        facts: what the stage reported.
        share, share_seconds: of a pass that was cut short: how much of its work it did in how many seconds.
    """

    began: float
    ended: float
    rounds: list[list[tuple[str, float]]]
    work_bytes: int = 0
    published_bytes: int = 0
    facts: dict[str, Any] = {}
    share: float = 1.0
    share_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def job_seconds(self) -> float:
        return sum(seconds for one_round in self.rounds for _, seconds in one_round)

    @property
    def other_seconds(self) -> float:
        """Spent on planning, finishing and publishing."""
        return max(0.0, self.seconds - self.job_seconds)


class Rehearsal(BaseModel):
    """What a stage took.

    Attributes:
        start_seconds: from nothing to a process that could begin.
        first, second: the passes; if the whole corpus was tried out, both are the one that did.
        bare_bytes: memory before the first pass.
        second_bytes: the most in the second.
        whole: it was the run itself: nothing has to be told from it, it has been seen.
    """

    start_seconds: float
    first: Passed
    second: Passed
    bare_bytes: int
    second_bytes: int
    whole: bool


class _EnoughError(Exception):
    """The pass has gone on long enough: no failure, but what a loop deep inside can be left by."""


def rehearse(script: Script) -> Rehearsal:
    """Runs a script in a process of its own; anew if that one compiled kernels, which the run will find compiled.

    Raises:
        WordloomError: what the stage raised there.
    """
    compiled = _compiled_kernels()
    found = _watched(script)
    if _compiled_kernels() == compiled:
        return found
    for act in script.acts:
        context = _context(script.stage, act, script.dataset)
        shutil.rmtree(act.data / stage(script.stage).folder(context), ignore_errors=True)
        shutil.rmtree(act.data / ".work", ignore_errors=True)
    return _watched(script)


def _compiled_kernels() -> int:
    """How many numba has kept."""
    return sum(1 for _ in use_cache_folder().rglob("*.nbc"))


def _watched(script: Script) -> Rehearsal:
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tasks.forecasting.rehearsal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=_environment(),
    )  # fmt: skip
    watch = MemoryWatch(process.pid)
    try:
        printed, said = process.communicate(script.model_dump_json())
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        watch.close()
    leave_if_asked()  # Ctrl-C reaches the rehearsal too, and says nothing of use
    if process.returncode:
        lines = said.strip().splitlines() or ["it said nothing"]
        raise WordloomError(f"the rehearsal of {script.stage}: {lines[-1].removeprefix('wordloom: ')}")
    first, second = (Passed.model_validate_json(line) for line in printed.splitlines()[-2:])
    if script.whole:
        second = first
    return Rehearsal(
        start_seconds=first.began - started,
        first=first,
        second=second,
        bare_bytes=watch.peak(0.0, first.began),
        second_bytes=watch.peak(second.began, second.ended),
        whole=script.whole,
    )


def _environment() -> dict[str, str]:
    """This one, with the project's code in the path, wherever the command was started."""
    code = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH")]))}


def _context(name: str, act: Act, dataset: str | None) -> Context:
    return Request(project_root(), act.data, act.raw, tracked=False).context(stage(name), dataset=dataset)


def perform(name: str, act: Act, dataset: str | None) -> Passed:
    """One pass, in this process and its workers."""
    declared = stage(name)
    jobs = pooled("processes", act.workers, max(1, cores() // act.workers))
    context = _context(name, act, dataset)
    rounds: list[list[tuple[str, float]]] = []
    work_bytes = 0

    def execute(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
        rounds.append([])
        started = time.monotonic()
        for assignment, report in jobs(assignments):
            rounds[-1].append((assignment.job.output.stem, time.monotonic() - started))
            yield assignment, report
            started = time.monotonic()

    def finish(context: Context, reports: Sequence[Report]) -> Report:
        nonlocal work_bytes
        report = declared.finish(context, reports)
        work_bytes = folder_bytes(context.work)
        return report

    watched: Stage = replace(declared, finish=finish)
    began = time.monotonic()
    cut: list[float] = []
    try:
        with observed(_until(act.seconds, cut)):
            outcome = carry_out(watched, context, execute)
    except _EnoughError:
        return Passed(began=began, ended=time.monotonic(), rounds=rounds, share=cut[0], share_seconds=cut[1])
    ended = time.monotonic()
    return Passed(
        began=began,
        ended=ended,
        rounds=rounds,
        work_bytes=work_bytes,
        published_bytes=folder_bytes(outcome.folder),
        facts=outcome.report.facts | {"run": dict(outcome.report.run)},
    )


def _until(seconds: float | None, cut: list[float]) -> Observer:
    """An observer of bars that raises _EnoughError when the bar of the work has moved for so long.

    The first step, which may wait for something to be compiled, only starts the clock.
    """
    begun: list[tuple[float, float]] = []

    def observe(label: str, share: float, note: str) -> None:
        if seconds is None:
            return
        now = time.monotonic()
        begun.append((now, share))
        passed = now - begun[0][0]
        if passed >= seconds and share < 1.0:
            cut[:] = share - begun[0][1], passed
            raise _EnoughError

    return observe


def folder_bytes(folder: Path) -> int:
    """The bytes that the files below a folder take on disk; a file with two names counts once."""
    sizes = {}
    for place, _, names in os.walk(folder):  # which passes over a folder that is gone meanwhile
        for name in names:
            with suppress(FileNotFoundError):
                found = Path(place, name).lstat()
                sizes[found.st_ino] = found.st_size
    return sum(sizes.values())


def main() -> int:
    """Performs both acts and prints a line of JSON about each."""
    log_to_stderr()
    logging.getLogger("wordloom").setLevel(logging.WARNING)
    die_with(os.getppid())
    with leaving() as exit_code:
        script = Script.model_validate_json(sys.stdin.read())
        for act in script.acts:
            validate(act.raw)  # imports what a run imports before it begins
            print(perform(script.stage, act, script.dataset).model_dump_json(), flush=True)
    return exit_code()


if __name__ == "__main__":
    sys.exit(main())
