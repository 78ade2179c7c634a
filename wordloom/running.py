"""`wordloom run`: asks first, without Prefect, whether there is work; only then starts a server and the flow."""

import logging
from collections.abc import Sequence
from importlib import import_module

from flows import ledger, settings
from tasks.errors import Interrupted
from tasks.pipeline.carry_out import Outcome, facts_by_stage, fresh
from tasks.pipeline.locking import exclusive
from tasks.request import Request

logger = logging.getLogger("wordloom")


def run_pipeline(asked: Request, profile: str | None, overrides: Sequence[str]) -> dict[str, object]:
    """Runs what is stale and returns the facts; see `facts_by_stage`."""
    settings.apply(asked.root)
    ledger.refuse_inside_dvc()
    with exclusive(asked.data):
        standing = _standing(asked)
        if standing is not None:
            if asked.tracked and not ledger.is_clean(asked.root):
                ledger.record(asked, ledger.snapshot(asked))
            logger.info("nothing has changed: every stage is fresh")
            return facts_by_stage(standing)
    from flows.server import own_server

    with own_server(meanwhile=lambda: import_module("flows.train")):
        from prefect.exceptions import TerminationSignal

        from flows.train import train

        try:
            facts: dict[str, object] = train(profile, list(overrides), str(asked.data), wait=False)
        except TerminationSignal as stop:
            raise Interrupted(stop.signal) from None
    return facts


def _standing(asked: Request) -> list[Outcome] | None:
    """The outcomes of all stages if all are fresh."""
    outcomes: list[Outcome] = []
    for stage in asked.stages:
        for context in asked.contexts(stage):
            outcome = fresh(stage, context)
            if outcome is None:
                return None
            outcomes.append(outcome)
    return outcomes
