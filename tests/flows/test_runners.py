"""Each of Prefect's task runners does a stage's jobs, and all give the same bytes."""

import json
import os
from pathlib import Path

import pytest
from support import toy_stage

from tasks.errors import InputError, WordloomError
from tasks.params import RunParams
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("runner", ["threads", "processes", "dask", "ray"])
def test_every_runner_gives_the_bytes_of_one_process(
    prefect_server: str, tmp_path: Path, runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow

    from flows.runners import FlowExecutor

    monkeypatch.setenv("PYTHONPATH", f"{TESTS}:{TESTS.parent}")  # a Dask or Ray worker must find the toy stage
    params = RunParams.model_validate({"runner": runner, "retries": 0})

    @flow(name=f"toy-{runner}", persist_result=False)
    def toy() -> dict[str, object]:
        with FlowExecutor(params, workers=2) as executor:
            context = toy_stage.context(tmp_path / runner, numbers=range(4))
            return carry_out(toy_stage.STAGE, context, executor.for_stage("toy")).report.facts

    assert toy() == {"total": 14, "numbers": 4}
    carry_out(toy_stage.STAGE, toy_stage.context(tmp_path / "serial", numbers=range(4)), serial)
    outputs = [
        json.loads((tmp_path / name / "toy" / "manifest.json").read_text())["outputs"] for name in (runner, "serial")
    ]
    assert outputs[0] == outputs[1]


def test_a_user_error_is_not_tried_again_and_keeps_its_text(prefect_server: str, tmp_path: Path) -> None:
    from prefect import flow

    from flows.runners import FlowExecutor

    tried: list[int] = []

    def refuses(job: object) -> None:
        tried.append(os.getpid())
        raise InputError("corpus.txt: line 3: not UTF-8")

    stage = toy_stage.STAGE.__class__(**{**toy_stage.STAGE.__dict__, "rounds": (_round(refuses),)})

    @flow(name="refusing", persist_result=False)
    def refusing() -> None:
        with FlowExecutor(RunParams(runner="threads", retries=3, retry_seconds=0), workers=2) as executor:
            carry_out(stage, toy_stage.context(tmp_path, numbers=(1,)), executor.for_stage("toy"))

    with pytest.raises(InputError, match="line 3: not UTF-8"):
        refusing()
    assert len(tried) == 1


def test_what_fails_by_chance_is_tried_again(prefect_server: str, tmp_path: Path) -> None:
    from prefect import flow

    from flows.runners import FlowExecutor

    tried: list[int] = []

    def works_the_second_time(job: toy_stage.ToyJob) -> object:
        tried.append(job.number)
        if len(tried) == 1:
            raise ConnectionError("by chance")
        return toy_stage.work(job)

    stage = toy_stage.STAGE.__class__(**{**toy_stage.STAGE.__dict__, "rounds": (_round(works_the_second_time),)})

    @flow(name="retrying", persist_result=False)
    def retrying() -> dict[str, object]:
        with FlowExecutor(RunParams(runner="threads", retries=1, retry_seconds=0), workers=2) as executor:
            context = toy_stage.context(tmp_path, numbers=(3,))
            return carry_out(stage, context, executor.for_stage("toy")).report.facts

    assert retrying() == {"total": 9, "numbers": 1}
    assert tried == [3, 3]


def test_a_killed_worker_is_one_clear_line(prefect_server: str, tmp_path: Path) -> None:
    from prefect import flow

    from flows.runners import FlowExecutor

    stage = toy_stage.STAGE.__class__(**{**toy_stage.STAGE.__dict__, "rounds": (_round(toy_stage.kill_worker),)})

    @flow(name="killed", persist_result=False)
    def killed() -> None:
        with FlowExecutor(RunParams(runner="processes", retries=0), workers=2) as executor:
            carry_out(stage, toy_stage.context(tmp_path, numbers=(1, 2)), executor.for_stage("toy"))

    with pytest.raises(WordloomError, match="worker processes ended abruptly"):
        killed()


def _round(work: object) -> object:
    from tasks.pipeline.stage import Round

    return Round(toy_stage.plan, work)  # type: ignore[arg-type]
