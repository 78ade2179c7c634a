"""kill -9, SIGTERM, Ctrl-C, a dying worker: at moments seen on disk or drawn from a seed; it goes on and ends equal."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.runs import (
    Project,
    alive,
    descendants,
    finished,
    kill_alone,
    make_project,
    published,
    results,
    tree,
    wait_for,
)

from .conftest import STAGES, Unbroken, lines


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project with some twenty shards and a pool of two, where download has run: long enough to be met at work."""
    folder = tmp_path_factory.mktemp("crowd")
    above = {"download": {"shard_mb": 0.08}, "run": {"workers": 2}}
    project = make_project(folder / "project", lines(4000), above)
    done = project.run(["download"], folder / "data")
    assert done.code == 0, done.said
    return project, folder / "data"


def receipts(data: Path, name: str) -> list[Path]:
    return list(data.glob(f".work/{name}/*/receipts/**/part-*.json"))


def test_skipgrams_killed_alone_leave_no_worker_and_go_on(
    side_by_side: Project, unbroken: Unbroken, data_before: Callable[[str], Path]
) -> None:
    data = data_before("skipgrams")
    process = side_by_side.start(["skipgrams"], data)
    wait_for(lambda: len(receipts(data, "skipgrams")) >= 6)
    assert len(descendants(process.pid)) >= 2
    kill_alone(process)
    left = tree(data)
    assert not (data / "skipgrams").exists()
    time.sleep(0.3)
    assert tree(data) == left, "somebody goes on writing"

    done = side_by_side.run(["skipgrams"], data)
    assert done.code == 0, done.said
    assert "going on where an earlier run stopped" in done.said
    run = json.loads((data / "skipgrams" / "run.json").read_text())
    assert run["jobs_resumed"] >= 6
    assert results(data, ["skipgrams"])["skipgrams"] == unbroken.results["skipgrams"]
    assert not (data / ".work" / "skipgrams").exists()


def test_training_killed_goes_on_from_its_checkpoint(
    project: Project, unbroken: Unbroken, data_before: Callable[[str], Path]
) -> None:
    data = data_before("train")
    process = project.start(["train"], data)
    wait_for(lambda: list(data.glob(".work/train-sgns/*/checkpoint.npz")))
    kill_alone(process)
    done = project.run(["train"], data)
    assert done.code == 0, done.said
    assert "going on from the checkpoint" in done.said
    assert json.loads((published(data, "train") / "run.json").read_text())["resumed"] == 1
    assert results(data, ["train"])["train"] == unbroken.results["train"]


@pytest.mark.parametrize(("workers", "stages", "kills", "seed"), [(1, STAGES, 4, 1), (2, STAGES[:3], 2, 2)])
def test_a_chain_killed_at_random_moments_ends_equal(
    project: Project,
    side_by_side: Project,
    unbroken: Unbroken,
    tmp_path: Path,
    workers: int,
    stages: tuple[str, ...],
    kills: int,
    seed: int,
) -> None:
    chosen = project if workers == 1 else side_by_side
    moments = random.Random(seed)
    killed = 0
    for _ in range(kills):
        process = chosen.start(stages, tmp_path)
        with suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0.2, 0.5) * unbroken.seconds)
        killed += process.poll() is None
        kill_alone(process)
    done = chosen.run(stages, tmp_path)
    assert done.code == 0, done.said
    assert killed
    assert results(tmp_path, stages) == {name: unbroken.results[name] for name in stages}
    assert not list((tmp_path / ".work").iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_training_asked_to_stop_leaves_a_checkpoint(
    project: Project, unbroken: Unbroken, data_before: Callable[[str], Path], number: int, code: int
) -> None:
    data = data_before("train")
    process = project.start(["train"], data)
    wait_for(lambda: list(data.glob(".work/train-sgns/*/checkpoint.npz")))
    process.send_signal(number)
    stopped = finished(process, 20)
    assert stopped.code == code, stopped.said
    assert "goes on from here" in stopped.complaint()
    assert list(data.glob(".work/train-sgns/*/checkpoint.npz")) and not (data / "train").exists()
    if number == signal.SIGTERM:  # the checkpoint is written in the same way
        done = project.run(["train"], data)
        assert done.code == 0 and "going on from the checkpoint" in done.said
        assert results(data, ["train"])["train"] == unbroken.results["train"]


@pytest.mark.parametrize(
    ("number", "code", "whole_group"),
    [(signal.SIGTERM, 143, False), (signal.SIGTERM, 143, True), (signal.SIGINT, 130, True)],
)
def test_a_pool_asked_to_stop_leaves_at_once_without_orphans(
    crowd: tuple[Project, Path], tmp_path: Path, number: int, code: int, whole_group: bool
) -> None:
    """A terminal sends Ctrl-C to the whole group, and so do some supervisors with SIGTERM."""
    project, downloaded = crowd
    shutil.copytree(downloaded, tmp_path, dirs_exist_ok=True)
    process = project.start(["clean"], tmp_path)
    wait_for(lambda: receipts(tmp_path, "clean"))
    workers = descendants(process.pid)
    assert len(workers) >= 2
    started = time.monotonic()
    if whole_group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    stopped = finished(process, 30)
    assert time.monotonic() - started < 4  # half a second where the cores are free
    assert stopped.code == code, stopped.said
    assert "goes on from here" in stopped.complaint()
    wait_for(lambda: not any(map(alive, workers)), 3)
    assert not (tmp_path / "clean").exists()


def test_a_worker_that_dies_is_one_line_and_the_next_run_goes_on(crowd: tuple[Project, Path], tmp_path: Path) -> None:
    project, downloaded = crowd
    for name in ("broken", "unbroken"):
        shutil.copytree(downloaded, tmp_path / name)
    data = tmp_path / "broken"
    process = project.start(["clean"], data)
    wait_for(lambda: receipts(data, "clean"))
    victim = next(pid for pid in descendants(process.pid) if _is_pool_worker(pid))
    os.kill(victim, signal.SIGKILL)
    done = finished(process)
    assert done.code == 1, done.said
    assert "worker processes ended abruptly" in done.complaint() and "goes on from here" in done.complaint()
    again = project.run(["clean"], data)
    assert again.code == 0 and "going on where an earlier run stopped" in again.said
    assert project.run(["clean"], tmp_path / "unbroken").code == 0
    assert results(data, ["clean"]) == results(tmp_path / "unbroken", ["clean"])


def test_the_second_of_two_runs_says_so_and_leaves(project: Project, data_before: Callable[[str], Path]) -> None:
    data = data_before("train")
    first = project.start(["train"], data)
    wait_for(lambda: list(data.glob(".work/train-sgns/*/checkpoint.npz")))
    first.send_signal(signal.SIGSTOP)  # however long the second one takes to start
    second = project.run(["skipgrams"], data)
    first.send_signal(signal.SIGCONT)
    assert second.code == 3, second.said
    assert f"process {first.pid}" in second.complaint() and "--data" in second.complaint()
    assert finished(first).code == 0


def _is_pool_worker(pid: int) -> bool:
    """multiprocessing's resource tracker is a child too."""
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
