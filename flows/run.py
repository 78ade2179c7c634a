"""One run inside a flow: the setting, the lock, the workers, and what was made so far."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import replace
from pathlib import Path

from prefect.exceptions import TerminationSignal
from prefect.logging.handlers import APILogHandler

from flows import artifacts, ledger
from flows.branches import branches_at_once
from flows.runners import FlowExecutor
from flows.worker import worker_process
from tasks.interruption import request_stop
from tasks.pipeline.carry_out import Outcome, carry_out, facts_by_stage
from tasks.pipeline.locking import exclusive
from tasks.pipeline.workers import die_with
from tasks.progress import labelled
from tasks.request import Request, request
from tasks.stages import stage

logger = logging.getLogger("wordloom")

_together: ContextVar[int] = ContextVar("together", default=1)
"""Among how many branches the cores are shared here."""


class Run:
    """What `flows.train` is written in."""

    def __init__(self, asked: Request, executor: FlowExecutor) -> None:
        self._asked = asked
        self._executor = executor
        self._before = ledger.snapshot(asked) if asked.tracked else None
        self._outcomes: list[Outcome] = []

    @property
    def models(self) -> tuple[str, ...]:
        """Which models are trained."""
        return self._asked.models

    def stage(self, name: str, variant: str | None = None) -> None:
        """Carries out one stage, for one model or dataset if it is a stage for each; shows its facts on Prefect's page.

        A stage that nobody wants is passed over.
        """
        declared = stage(name)
        if not self._asked.wants(declared):
            return
        model, dataset = (None, variant) if declared.per_dataset else (variant, None)
        context = self._asked.context(declared, model, dataset)
        context = replace(context, threads=max(1, context.threads // _together.get()))
        outcome = carry_out(declared, context, self._executor.for_stage(name))
        artifacts.stage_table(outcome)
        self._outcomes.append(outcome)

    def branches(self, work: Callable[["Run", str], None]) -> None:
        """`work` for each model, side by side where cores and memory allow, else one after the other.

        Side by side, each has its share of the cores. Asked to stop, each saves what it has first.
        """
        together = branches_at_once(self._asked)
        if together == 1:
            for model in self.models:
                work(self, model)
            return
        logger.info("%d models side by side", together)
        with ThreadPoolExecutor(together, thread_name_prefix="branch") as pool:
            started = [pool.submit(copy_context().run, self._branch, work, model, together) for model in self.models]
            try:
                for branch in started:
                    branch.result()
            except TerminationSignal as stop:
                request_stop(stop.signal)
                wait(started)
                raise

    def _branch(self, work: Callable[["Run", str], None], model: str, together: int) -> None:
        _together.set(together)
        with labelled(model):
            work(self, model)

    def each_dataset(self, work: Callable[["Run", str], None]) -> None:
        """`work` for each labelled dataset; its own jobs are side by side."""
        for dataset in self._asked.datasets:
            work(self, dataset)

    def show_report(self, stage: str, variant: str) -> None:
        """The report of a model, or of a dataset, as an artifact."""
        outcome = next(each for each in self._outcomes if (each.stage, each.variant) == (stage, variant))
        name = variant if stage == "evaluate" else f"{stage}-{variant}"
        artifacts.report(f"report-{name}".replace("_", "-").lower(), outcome.folder / "report.md")

    def record(self) -> None:
        """Tells DVC what was made; a run that differs from params.yaml leaves DVC alone."""
        if self._before is not None:
            ledger.record(self._asked, self._before)

    def facts(self) -> dict[str, object]:
        """See `facts_by_stage`."""
        return facts_by_stage(self._outcomes)


@contextmanager
def opened(
    profile: str | None,
    overrides: Sequence[str],
    data: str | None,
    wait: bool,
    before: Callable[[Request], object] | None = None,
) -> Iterator[Run]:
    """A run with the lock on its data folder, its workers at hand and its log on Prefect's page.

    Args:
        profile, overrides, data, wait: see `flows.train.train`.
        before: what is done first, with the lock held.
    """
    ledger.refuse_inside_dvc()
    worker = worker_process()
    if worker is not None:  # a killed worker leaves no run behind
        die_with(worker)
    asked = request(profile, tuple(overrides), Path(data) if data else None)
    to_page = APILogHandler()
    logger.addHandler(to_page)
    logger.setLevel(logging.INFO)
    try:
        with exclusive(asked.data, wait), FlowExecutor(asked.run, asked.workers) as executor, artifacts.bars():
            if before is not None:
                before(asked)
            yield Run(asked, executor)
    finally:
        logger.removeHandler(to_page)
