"""The work pool on the server that PREFECT_API_URL names: its limit, its deployments, and what a kill left in it.

Prefect frees a slot when a run reports its end. A killed worker or server reports nothing, and the run would count as
running, and hold the one slot, for ever (PrefectHQ/prefect issue 16746). So `settle` ends such runs before a new
worker starts; it is right only while no worker of the pool is at work, which the lock in `flows.serve` sees to.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from flows.worker import POOL
from tasks.errors import WordloomError

logger = logging.getLogger("wordloom")

UNFINISHED = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


def prepare_pool() -> None:
    """Creates the pool, or sets it right: a process pool for one run at a time, not paused."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(POOL)
            client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=1, is_paused=False))
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=1))


def deploy(root: Path) -> None:
    """Creates or updates what prefect.yaml says.

    Raises:
        WordloomError: prefect refused; with what it said.
    """
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise WordloomError(f"{root / 'prefect.yaml'}: not deployed: {said[-500:]}")


def settle() -> list[tuple[str, str]]:
    """Ends the runs that a killed worker or server left unfinished, and frees their slots.

    Returns:
        The runs that are Crashed now: the name of the flow, the name of the run. A run that was being cancelled is
        Cancelled.
    """
    crashed: list[tuple[str, str]] = []
    with get_client(sync_client=True) as client:
        runs = _unfinished(client)
        for run in runs:
            if run.state_type == StateType.CANCELLING:
                client.set_flow_run_state(run.id, Cancelled(message="its worker is gone"), force=True)
                continue
            state: State[Any] = Crashed(message="its worker or the server was killed")
            client.set_flow_run_state(run.id, state, force=True)
            crashed.append((client.read_flow(run.flow_id).name, run.name))
            logger.warning("run %s was left unfinished by a worker that is gone: it is Crashed now", run.name)
        _free_slots(client)
    return crashed


def _unfinished(client: SyncPrefectClient) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNFINISHED)))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
    )


def _free_slots(client: SyncPrefectClient) -> None:
    """No run of the pool is at work, so none of its deployments holds a slot; leases are lost with the server."""
    deployments = client.read_deployments(work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])))
    for deployment in deployments:
        limit = deployment.global_concurrency_limit
        if limit is not None and limit.active_slots:
            client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))
