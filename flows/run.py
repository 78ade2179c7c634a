"""One run inside a flow: the setting, the lock, the workers, and what was made so far."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prefect.logging.handlers import APILogHandler

from flows import artifacts, ledger
from flows.runners import FlowExecutor
from flows.worker import worker_process
from tasks.pipeline.carry_out import Outcome, carry_out, facts_by_stage
from tasks.pipeline.locking import exclusive
from tasks.pipeline.workers import die_with
from tasks.request import Request, request
from tasks.stages import stage

logger = logging.getLogger("wordloom")


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

    def stage(self, name: str, model: str | None = None) -> None:
        """Carries out one stage, for one model if it is a stage for each; shows its facts on Prefect's page.

        A stage that nobody wants is passed over.
        """
        declared = stage(name)
        if not self._asked.wants(declared):
            return
        outcome = carry_out(declared, self._asked.context(declared, model), self._executor.for_stage(name))
        artifacts.stage_table(outcome)
        self._outcomes.append(outcome)

    def show_report(self) -> None:
        """The report of the last model as an artifact."""
        last = self._outcomes[-1]
        artifacts.report(f"report-{last.model}", last.folder / "report.md")

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
