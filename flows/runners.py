"""Who runs the jobs in a flow: threads, processes, Dask or Ray, all by Prefect's task runners, all with one executor.

Each job is a Prefect task run named for its stage. A job that is alone in its round runs in the flow's own process,
with all cores, its bar and its checkpoints, in a thread beside the flow's own: Prefect tells the flow of SIGTERM, and
of a cancelled run, by an exception in the main thread, which must not tear the job to pieces.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, suppress
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import TerminationSignal
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff

from tasks.errors import InputError, Interrupted, WordloomError
from tasks.interruption import request_stop
from tasks.params import RunParams
from tasks.pipeline.executors import Assignment, Executor, perform, worker_ended
from tasks.pipeline.stage import Report
from tasks.pipeline.workers import cores, enter_worker


def task_runner(run: RunParams, workers: int) -> TaskRunner[Any]:
    """The task runner that params name, with `workers` jobs side by side and the cores shared among them.

    Raises:
        InputError: the runner's extra is not installed.
    """
    threads = max(1, cores() // workers)
    if run.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=workers)
    if run.runner == "processes":
        return ProcessPoolTaskRunner(max_workers=workers, initializer=enter_worker, initargs=(os.getpid(), threads))
    if run.runner == "dask":
        try:
            from prefect_dask.task_runners import DaskTaskRunner
        except ImportError:
            raise InputError("run.runner: dask needs its extra; install it with pip install -e '.[dask]'") from None
        # a nanny keeps each worker in a process of its own, and ends it when this process is gone
        return DaskTaskRunner(
            cluster_kwargs={
                "n_workers": workers, "threads_per_worker": 1, "processes": True,
                "dashboard_address": None, "host": "127.0.0.1",
            }
        )  # fmt: skip
    try:
        from prefect_ray.task_runners import RayTaskRunner
    except ImportError:
        raise InputError("run.runner: ray needs its extra; install it with pip install -e '.[ray]'") from None
    settings = {
        "num_cpus": workers,
        "include_dashboard": False,
        "_node_ip_address": "127.0.0.1",
        "log_to_driver": False,
    }
    ray: TaskRunner[Any] = RayTaskRunner(init_kwargs=settings)
    return ray


class FlowExecutor(AbstractContextManager["FlowExecutor"]):
    """Makes stage executors of one task runner, which is started at the first round that has jobs to share out."""

    def __init__(self, run: RunParams, workers: int) -> None:
        self._run = run
        self._workers = workers
        self._started: TaskRunner[Any] | None = None
        self._starting = threading.Lock()

    def __exit__(self, *error: object) -> None:
        if self._started is not None:
            self._started.__exit__(*error)

    def for_stage(self, name: str) -> Executor:
        """The executor for a stage's rounds: its jobs become task runs with the stage's name."""
        work = self._task(name)

        def execute(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
            if len(assignments) == 1:
                yield assignments[0], _alone(work, assignments[0])
                return
            runner = self._runner()
            futures: dict[PrefectFuture[Report], Assignment] = {
                runner.submit(work, {"assignment": each}): each for each in assignments
            }
            try:
                for future in as_completed(list(futures)):
                    yield futures[future], future.result()
            except BrokenExecutor as error:
                raise worker_ended(self._workers) from error

        return execute

    def _runner(self) -> TaskRunner[Any]:
        with self._starting:  # branches ask for it side by side
            if self._started is None:
                self._started = task_runner(self._run, self._workers).__enter__()
        return self._started

    def _task(self, name: str) -> Task[[Assignment], Report]:
        return work_on.with_options(
            name=name,
            retries=self._run.retries,
            retry_delay_seconds=exponential_backoff(self._run.retry_seconds) if self._run.retry_seconds else 0,
        )


def _alone(work: Task[[Assignment], Report], assignment: Assignment) -> Report:
    """Does one job; asked to stop, lets it save what it has first."""
    threads: ThreadPoolTaskRunner[Report] = ThreadPoolTaskRunner(max_workers=1)
    with threads as runner:
        future: PrefectFuture[Report] = runner.submit(work, {"assignment": assignment})
        try:
            return future.result()
        except TerminationSignal as stop:
            request_stop(stop.signal)
            with suppress(Interrupted):
                future.wait()
            raise


def _failed_by_chance(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether to try again: what the user must put right does not mend itself."""
    try:
        state.result()
    except WordloomError:
        return False
    except Exception:
        return True
    return False


@task(cache_policy=NO_CACHE, persist_result=False, retry_condition_fn=_failed_by_chance)
def work_on(assignment: Assignment) -> Report:
    """One job of a stage."""
    return perform(assignment)
