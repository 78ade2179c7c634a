"""The promises of the machinery: fresh or not, resumed, published whole, unharmed by a fault."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support import toy_stage

from tasks.errors import WordloomError
from tasks.pipeline.carry_out import _remove, carry_out, fresh
from tasks.pipeline.executors import Assignment, perform, pooled, serial
from tasks.pipeline.stage import Report

ROOT = Path(__file__).resolve().parents[3]


def test_a_stage_publishes_its_set_with_metrics_manifest_and_run(tmp_path: Path) -> None:
    outcome = carry_out(toy_stage.STAGE, toy_stage.context(tmp_path), serial)

    assert outcome.ran and outcome.report.facts == {"total": 14, "numbers": 3}
    folder = tmp_path / "toy"
    assert json.loads((folder / "powers" / "3.json").read_text()) == 9
    assert json.loads((folder / "metrics.json").read_text()) == {"total": 14, "numbers": 3}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["outputs"]) == {"powers/1.json", "powers/2.json", "powers/3.json", "total.json"}
    assert list(manifest["inputs"]) == ["data/numbers.json"] and manifest["params"] == {
        "toy": {"power": 2, "seconds": 0}
    }
    assert "seconds" in json.loads((folder / "run.json").read_text())
    assert not (tmp_path / ".work" / "toy").exists()


def test_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    context = toy_stage.context(tmp_path)
    first = carry_out(toy_stage.STAGE, context, serial)
    stamp = (tmp_path / "toy" / "manifest.json").stat().st_mtime_ns
    second = carry_out(toy_stage.STAGE, context, _nobody)
    assert not second.ran and second.report.facts == first.report.facts
    assert (tmp_path / "toy" / "manifest.json").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("change", ["params", "input", "output", "missing", "manifest"])
def test_whatever_changes_makes_it_stale(tmp_path: Path, change: str) -> None:
    carry_out(toy_stage.STAGE, toy_stage.context(tmp_path), serial)
    context = toy_stage.context(tmp_path)
    assert fresh(toy_stage.STAGE, context) is not None
    if change == "params":
        context = toy_stage.context(tmp_path, power=3)
    elif change == "input":
        context = toy_stage.context(tmp_path, numbers=(1, 2, 4))
    elif change == "output":
        (tmp_path / "toy" / "powers" / "2.json").write_text("5")
    elif change == "missing":
        (tmp_path / "toy" / "powers" / "2.json").unlink()
    else:
        (tmp_path / "toy" / "manifest.json").unlink()
    assert fresh(toy_stage.STAGE, context) is None
    assert carry_out(toy_stage.STAGE, context, serial).ran


def test_code_is_part_of_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "code"
    shutil.copytree(ROOT / "tests" / "support", code / "tests" / "support")
    monkeypatch.setattr("tasks.pipeline.fingerprint.CODE_ROOT", code)
    context = toy_stage.context(tmp_path / "data")
    carry_out(toy_stage.STAGE, context, serial)
    assert fresh(toy_stage.STAGE, context) is not None
    with open(code / "tests" / "support" / "toy_stage.py", "a") as file:
        file.write("# mended\n")
    assert fresh(toy_stage.STAGE, context) is None


def test_finished_jobs_are_not_done_again(tmp_path: Path) -> None:
    context = toy_stage.context(tmp_path)
    with pytest.raises(RuntimeError, match="power cut"):
        carry_out(toy_stage.STAGE, context, _stops_after(2))
    done: list[int] = []
    outcome = carry_out(toy_stage.STAGE, context, _noting(done))
    assert done == [3]
    assert outcome.report.facts == {"total": 14, "numbers": 3} and outcome.report.run["jobs_resumed"] == 2


def test_a_damaged_leftover_is_done_again(tmp_path: Path) -> None:
    context = toy_stage.context(tmp_path)
    with pytest.raises(RuntimeError):
        carry_out(toy_stage.STAGE, context, _stops_after(2))
    leftover = next((tmp_path / ".work" / "toy").glob("*/powers/1.json"))
    leftover.write_text("7")
    done: list[int] = []
    assert carry_out(toy_stage.STAGE, context, _noting(done)).report.facts["total"] == 14
    assert done == [1, 3]


def test_leftovers_of_other_params_are_not_taken_up(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        carry_out(toy_stage.STAGE, toy_stage.context(tmp_path), _stops_after(2))
    done: list[int] = []
    outcome = carry_out(toy_stage.STAGE, toy_stage.context(tmp_path, power=3), _noting(done))
    assert done == [1, 2, 3] and outcome.report.facts["total"] == 36


def test_a_kill_while_publishing_costs_only_the_publishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry_out(toy_stage.STAGE, toy_stage.context(tmp_path, power=3), serial)
    context = toy_stage.context(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("tasks.pipeline.carry_out._remove", _power_cut_at_the_metrics)
        with pytest.raises(RuntimeError):
            carry_out(toy_stage.STAGE, context, serial)
    assert json.loads((tmp_path / "toy" / "total.json").read_text()) == 14  # it had got this far
    assert json.loads((tmp_path / "toy" / "metrics.json").read_text())["total"] == 36
    assert not (tmp_path / "toy" / "manifest.json").exists()
    assert fresh(toy_stage.STAGE, context) is None
    done: list[int] = []
    assert carry_out(toy_stage.STAGE, context, _noting(done)).report.facts["total"] == 14
    assert done == []
    assert {path.name for path in (tmp_path / "toy").iterdir()} == {
        "powers", "total.json", "metrics.json", "run.json", "manifest.json"
    }  # fmt: skip


def test_what_a_killed_worker_left_half_written_is_not_published(tmp_path: Path) -> None:
    context = toy_stage.context(tmp_path)
    with pytest.raises(RuntimeError):
        carry_out(toy_stage.STAGE, context, _stops_after(2))
    powers = next((tmp_path / ".work" / "toy").glob("*/powers"))
    (powers / ".3.json.abcd.part").write_text("9")  # the name that `atomic_path` gives
    carry_out(toy_stage.STAGE, context, serial)
    assert sorted(path.name for path in (tmp_path / "toy" / "powers").iterdir()) == ["1.json", "2.json", "3.json"]
    assert len(json.loads((tmp_path / "toy" / "manifest.json").read_text())["outputs"]) == 4


def test_a_full_disk_is_one_line_and_harms_nothing(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the disk "full" for real: the kernel refuses the write."""
    carry_out(toy_stage.STAGE, toy_stage.context(tmp_path), serial)
    before = (tmp_path / "toy" / "total.json").read_bytes()
    script = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from support import toy_stage\n"
        "from tasks.exits import leaving\n"
        "from tasks.pipeline.carry_out import carry_out\n"
        "from tasks.pipeline.executors import serial\n"
        "from tasks.progress import log_to_stderr\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "log_to_stderr()\n"
        "with leaving() as code:\n"
        "    context = toy_stage.context(Path(sys.argv[1]), power=60000)\n"
        "    carry_out(toy_stage.STAGE, context, serial)\n"
        "sys.exit(code())\n"
    )

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    (tmp_path / "numbers.json").write_text("[1, 2, 3]")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], preexec_fn=little_room, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}", "PYTHONINTMAXSTRDIGITS": "0"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr and "toy:" in done.stderr and len(done.stderr.strip().splitlines()) <= 2
    assert (tmp_path / "toy" / "total.json").read_bytes() == before


def test_processes_give_the_same_bytes_as_one(tmp_path: Path) -> None:
    hashes = []
    for name, execute in (("one", serial), ("two", pooled("processes", 2, 1)), ("threads", pooled("threads", 2, 1))):
        carry_out(toy_stage.STAGE, toy_stage.context(tmp_path / name, numbers=range(6)), execute)
        hashes.append(json.loads((tmp_path / name / "toy" / "manifest.json").read_text())["outputs"])
    assert hashes[0] == hashes[1] == hashes[2]


def test_kill_nine_leaves_no_worker_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Only the parent is killed; its workers must not go on, and what they had finished is taken up."""
    toy_stage.context(tmp_path, numbers=range(8), seconds=0.4)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from support import toy_stage\n"
        "from tasks.pipeline.carry_out import carry_out\n"
        "from tasks.pipeline.executors import pooled\n"
        "if __name__ == '__main__':\n"
        "    context = toy_stage.context(Path(sys.argv[1]), numbers=range(8), seconds=0.4)\n"
        "    carry_out(toy_stage.STAGE, context, pooled('processes', 2, 1))\n"
    )
    (tmp_path / "main.py").write_text(script)
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "main.py"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"},
    )
    _wait_for(lambda: len(list(tmp_path.glob(".work/toy/*/receipts/0/powers/*.json"))) >= 2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    workers = {int(path.name.split("-")[1]) for path in tmp_path.glob(".work/toy/*/started/*")}
    assert workers and running.pid not in workers
    _wait_for(lambda: not any(_alive(pid) for pid in workers))
    finished = len(list(tmp_path.glob(".work/toy/*/receipts/0/powers/*.json")))

    done: list[int] = []
    context = toy_stage.context(tmp_path, numbers=range(8), seconds=0.4)
    outcome = carry_out(toy_stage.STAGE, context, _noting(done))
    assert outcome.report.facts["total"] == sum(n * n for n in range(8))
    assert len(done) == 8 - finished


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _wait_for(condition: object, seconds: float = 20.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.05)


def _nobody(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
    raise AssertionError("no job should have run")
    yield


def _power_cut_at_the_metrics(path: Path) -> None:
    if path.name == "metrics.json":
        raise RuntimeError("power cut")
    _remove(path)


def _stops_after(count: int):  # type: ignore[no-untyped-def]
    def execute(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
        for assignment in assignments[:count]:
            yield assignment, perform(assignment)
        raise RuntimeError("power cut")

    return execute


def _noting(done: list[int]):  # type: ignore[no-untyped-def]
    def execute(assignments: Sequence[Assignment]) -> Iterator[tuple[Assignment, Report]]:
        for assignment in assignments:
            done.append(assignment.job.number)  # type: ignore[attr-defined]
            yield assignment, perform(assignment)

    return execute


def test_a_missing_input_says_which_and_what_to_do(tmp_path: Path) -> None:
    context = toy_stage.context(tmp_path)
    (tmp_path / "numbers.json").unlink()
    with pytest.raises(WordloomError, match=r"numbers\.json.*run the stage"):
        carry_out(toy_stage.STAGE, context, serial)
