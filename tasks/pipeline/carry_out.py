"""Carries out one stage: says whether it is fresh, takes up what an earlier run left, runs the rest, publishes the set.

Unfinished work lies in `data/.work/<stage>/<fingerprint>/`, or `<stage>-<model>/`: each job's output, and beside it,
under `receipts/`, what the job reported and the hash of what it wrote. A job with a matching receipt is done;
everything else is done (again). The finished set is first laid beside the standing one, then put in place by renaming,
the manifest last: a full disk leaves the standing set as it is, and a kill between two renames costs only the
publishing, since a folder without a manifest that matches is not fresh.
"""

import errno
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasks.errors import WordloomError
from tasks.pipeline.environment import describe
from tasks.pipeline.executors import Assignment, Executor
from tasks.pipeline.fingerprint import fingerprint, provenance
from tasks.pipeline.stage import Context, Job, Report, Round, Stage
from tasks.progress import human, progress
from tasks.storage.atomic import TEMPORARY, sync, write_json
from tasks.storage.hashing import file_sha256

logger = logging.getLogger("wordloom")

RECEIPTS = "receipts"

REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room, or ask for a larger quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EACCES: "give this user the right to write there",
    errno.EPERM: "give this user the right to write there",
    errno.EROFS: "use a folder that can be written",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}
"""What to do when the system refuses."""


@dataclass(frozen=True)
class Outcome:
    """What came of a stage, or of one model's or dataset's: its report, and whether anything had to be done."""

    stage: str
    variant: str | None
    folder: Path
    report: Report
    ran: bool


def fresh(stage: Stage, context: Context) -> Outcome | None:
    """The stage's standing result if it is whole and made from today's params, inputs and code; else None."""
    folder = context.data / stage.folder(context)
    manifest = _read_json(folder / "manifest.json")
    if manifest is None:
        return None
    try:
        wanted = fingerprint(provenance(stage, context))
    except WordloomError:
        return None
    if manifest.get("fingerprint") != wanted or manifest.get("outputs") != _hashes(
        {name: folder / name for name in stage.writes}
    ):
        return None
    metrics, run = _read_json(folder / "metrics.json"), _read_json(folder / "run.json")
    if metrics is None:
        return None
    return Outcome(stage.name, stage.variant(context), folder, Report(metrics, run or {}), ran=False)


def carry_out(stage: Stage, context: Context, execute: Executor) -> Outcome:
    """Runs what is not done of `stage` and publishes it; a fresh stage is left as it is.

    Args:
        stage: what is to be done.
        context: where; its `work` is set here, from the fingerprint.
        execute: who runs the jobs.

    Raises:
        WordloomError: something that the user can put right. What was published before stands unharmed.
    """
    standing = fresh(stage, context)
    if standing is not None:
        logger.info("%s: nothing to do", stage.name)
        shutil.rmtree(_unfinished(stage, context), ignore_errors=True)  # of a run killed after its last rename
        return standing
    with _refusals_in_one_line(stage.name, context.data):
        return _carry_out(stage, context, execute)


def _carry_out(stage: Stage, context: Context, execute: Executor) -> Outcome:
    started = time.monotonic()
    made_from = provenance(stage, context)
    mark = fingerprint(made_from)
    work = _unfinished(stage, context) / mark
    context = replace(context, work=work)
    work.mkdir(parents=True, exist_ok=True)
    reports: Sequence[Report] = ()
    resumed = 0
    for number, one_round in enumerate(stage.rounds):
        reports, taken_up = _run_round(stage, context, one_round, number, reports, execute)
        resumed += taken_up
    report = stage.finish(context, reports)
    folder = context.data / stage.folder(context)
    seconds = round(time.monotonic() - started, 3)
    report = replace(report, run={"seconds": seconds, "jobs_resumed": resumed} | report.run)
    _publish(stage, work, folder, report, made_from, mark)
    shutil.rmtree(work.parent)
    if stage.beside is not None:
        stage.beside(context, folder)
    logger.info("%s: %s", stage.name, summary_line(report))
    return Outcome(stage.name, stage.variant(context), folder, report, ran=True)


def facts_by_stage(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The facts of each stage by its name; of a stage for each model or dataset, by that one's name below."""
    found: dict[str, Any] = {}
    for each in outcomes:
        if each.variant is None:
            found[each.stage] = each.report.facts
        else:
            found.setdefault(each.stage, {})[each.variant] = each.report.facts
    return found


def _unfinished(stage: Stage, context: Context) -> Path:
    return context.data / ".work" / "-".join(stage.folder(context).parts)


@contextmanager
def _refusals_in_one_line(name: str, data: Path) -> Iterator[None]:
    """Turns what the system refuses (a full disk, no rights) into one line with the place and the remedy."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else " ".join(str(error).split())
        remedy = REMEDIES.get(number)
        where = error.filename if isinstance(error.filename, str | Path) else data
        raise WordloomError(
            f"{name}: {where}: {reason}{f'; {remedy}' if remedy else ''}; "
            "what was published before is unharmed, and the same command goes on from here"
        ) from error


def summary_line(report: Report) -> str:
    """The top-level numbers of a report, on one line."""
    numbers = [(name, value) for name, value in report.facts.items() if isinstance(value, int | float)]
    shown = [
        f"{name.replace('_', ' ')} {human(value) if isinstance(value, int) else f'{value:.4g}'}"
        for name, value in numbers
    ]
    return ", ".join([*shown[:8], f"{report.run.get('seconds', 0):.1f} s"])


def _run_round(
    stage: Stage, context: Context, one_round: Round, number: int, before: Sequence[Report], execute: Executor
) -> tuple[list[Report], int]:
    """All reports of a round, in the order of its jobs, and how many of them an earlier run had left."""
    jobs = one_round.plan(context, before)
    reports: dict[Path, Report] = {}
    pending: list[Assignment] = []
    for job in jobs:
        name = job.output.relative_to(context.work)
        receipt = context.work / RECEIPTS / f"{number}" / f"{name}.json"
        found = _take_up(job, receipt)
        if found is None:
            pending.append(Assignment(one_round.work, job, receipt))
        else:
            reports[job.output] = found
    taken_up = len(reports)
    if taken_up:
        logger.info(
            "%s: going on where an earlier run stopped, %d of %d jobs are done", stage.name, taken_up, len(jobs)
        )
    if len(pending) == 1:  # a job that is alone has a bar of its own
        reports |= {assignment.job.output: report for assignment, report in execute(pending)}
    elif pending:
        with progress(stage.name, sum(each.job.size for each in pending), stage.unit) as advance:
            for assignment, report in execute(pending):
                reports[assignment.job.output] = report
                advance(assignment.job.size)
    return [reports[job.output] for job in jobs], taken_up


def _take_up(job: Job, receipt: Path) -> Report | None:
    """The report of a job that an earlier run finished, if its output is still what it was then."""
    content = _read_json(receipt)
    if content is None or not job.output.is_file() or file_sha256(job.output) != content["sha256"]:
        return None
    return Report(content["facts"], content["run"])


def _publish(stage: Stage, work: Path, folder: Path, report: Report, made_from: Mapping[str, Any], mark: str) -> None:
    """Puts the finished set in place: the manifest goes first and comes last, so half a set is never fresh."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (*stage.writes, "metrics.json", "run.json", "manifest.json")
    staged = {name: folder / f".{name}.new" for name in names}
    try:  # all that takes room comes before the first change
        outputs = _hashes({name: work / name for name in stage.writes})
        write_json(work / "metrics.json", report.facts)
        write_json(work / "run.json", report.run | describe())
        write_json(work / "manifest.json", {"fingerprint": mark, "outputs": outputs} | dict(made_from))
        for name in names:
            _remove(staged[name])
            _link_tree(work / name, staged[name])  # links, so that the work stays takeable until all is in place
    except OSError:
        for path in staged.values():
            _remove(path)
        raise
    (folder / "manifest.json").unlink(missing_ok=True)
    sync(folder)
    for name in names:
        if name == "manifest.json":
            sync(folder)
        _remove(folder / name)
        os.replace(staged[name], folder / name)
    sync(folder)


def _hashes(paths: Mapping[str, Path]) -> dict[str, str]:
    """The SHA-256 of every file of a set, given by the name of each of its files and folders."""
    hashes: dict[str, str] = {}
    for name, path in paths.items():
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not file.match(TEMPORARY):
                hashes[(Path(name) / file.relative_to(path)).as_posix()] = file_sha256(file)
    return hashes


def _link_tree(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link, ignore=shutil.ignore_patterns(TEMPORARY))
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
