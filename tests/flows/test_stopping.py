"""A flow that is asked to stop: the job that is alone saves what it has before the flow ends."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from support import toy_stage

from tasks import interruption
from tasks.errors import Interrupted
from tasks.params import RunParams
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.stage import Report, Round


def _work_until_asked(job: toy_stage.ToyJob) -> Report:
    """Like training: works on until the flag is up, then saves and leaves."""
    (job.started / "begun").touch()
    give_up = time.monotonic() + 30
    while interruption.stop_requested() is None and time.monotonic() < give_up:
        time.sleep(0.05)
    time.sleep(0.5)
    (job.started / "saved").write_text(str(interruption.stop_requested()))
    raise Interrupted(interruption.stop_requested() or 0)


@pytest.mark.usefixtures("command_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_lone_job_saves_before_the_flow_ends(prefect_server: str, tmp_path: Path, number: signal.Signals) -> None:
    from prefect import flow
    from prefect.exceptions import TerminationSignal

    from flows.runners import FlowExecutor

    stage = toy_stage.STAGE.__class__(
        **{**toy_stage.STAGE.__dict__, "rounds": (Round(toy_stage.plan, _work_until_asked),)}
    )

    @flow(name="stopped", persist_result=False)
    def stopped() -> None:
        with FlowExecutor(RunParams(runner="processes", retries=0), workers=2) as executor:
            carry_out(stage, toy_stage.context(tmp_path, numbers=(1,)), executor.for_stage("toy"))

    sign = "*/*/started/begun"
    threading.Thread(target=_send_when, args=(number, tmp_path, sign), daemon=True).start()
    with pytest.raises((TerminationSignal, Interrupted)):
        stopped()
    (saved,) = tmp_path.glob(".work/toy/*/started/saved")
    assert saved.read_text() == str(int(number))
    assert interruption.stop_requested() == number


def _send_when(number: int, folder: Path, sign: str) -> None:
    while not list((folder / ".work").glob(sign)):
        time.sleep(0.05)
    os.kill(os.getpid(), number)
