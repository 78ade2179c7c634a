"""The runner: it resumes after a kill, measures anew what is outdated, leaves out who fails, and stops at the cap."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.runs import ROOT
from support.toy_row import TOY, asked, make_bench

from benchmarks.bench import Bench
from benchmarks.result import OWN_CODE, dependencies, read_result, result_file, state
from benchmarks.row import Contender, Row
from benchmarks.runner import run_row
from tasks.errors import InputError
from tasks.models import MODELS
from tasks.pipeline.fingerprint import code_digest
from tasks.stages import stage


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "project")


def content(bench: Bench, row: Row = TOY) -> dict[str, Any]:
    found = read_result(result_file(bench, row))
    assert found is not None
    return found


def test_the_rounds_are_interleaved_and_a_finished_row_is_left_alone(bench: Bench) -> None:
    assert state(bench, TOY) == "missing"
    run_row(bench, TOY)
    assert asked(bench) == ["peer 1", "ours 1", "peer 2", "ours 2", "peer 3", "ours 3"]
    assert state(bench, TOY) == "fresh"
    run_row(bench, TOY)
    assert len(asked(bench)) == 6
    found = content(bench)
    assert found["summary"]["contenders"]["ours"]["ratios"]["seconds"] == {"median": 2.0, "min": 2.0, "max": 2.0}
    assert found["summary"]["same"] is True
    assert [one["machine"]["cores"] for one in found["rounds"]] == [len(os.sched_getaffinity(0))] * 3


def test_a_row_that_is_killed_goes_on_with_the_next_round(bench: Bench) -> None:
    command = [sys.executable, "-m", "support.toy_row", str(bench.root), str(bench.corpus.file)]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    (bench.root / "kill").write_text("ours 2")
    killed = subprocess.run(command, env=environment, cwd=bench.root, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert asked(bench) == ["peer 1", "ours 1", "peer 2", "ours 2"]
    assert state(bench, TOY) == "1 of 3 rounds"
    (bench.root / "kill").unlink()
    run_row(bench, TOY)
    assert asked(bench)[4:] == ["peer 2", "ours 2", "peer 3", "ours 3"]
    unbroken = make_bench(bench.root.with_name("unbroken"))
    run_row(unbroken, TOY)
    rounds = [[one["measured"] for one in content(each)["rounds"]] for each in (bench, unbroken)]
    assert rounds[0] == rounds[1]


def test_where_three_seeds_leave_it_open_there_are_five(bench: Bench) -> None:
    peer, ours = TOY.contenders
    near = partial(ours.measure, score=49.5)  # half a point lower, on a set that scatters by more
    row = replace(TOY, contenders=(peer, replace(ours, measure=near)))
    run_row(bench, row)
    assert [one["seed"] for one in content(bench)["rounds"]] == [1, 2, 3, 4, 5] and state(bench, row) == "fresh"
    kept = content(bench) | {"rounds": content(bench)["rounds"][:3]}
    result_file(bench, row).write_text(json.dumps(kept))
    assert state(bench, row) == "3 of 5 rounds"
    run_row(bench, row)
    assert len(asked(bench)) == 2 * (5 + 2)


def test_more_rounds_are_added_to_those_that_there_are(bench: Bench) -> None:
    run_row(bench, replace(TOY, rounds=1))
    run_row(bench, TOY)
    assert asked(bench) == ["peer 1", "ours 1", "peer 2", "ours 2", "peer 3", "ours 3"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda bench, row: replace(row, changed=("train.dim=50",)), "changed"),
        (lambda bench, row: replace(row, sources=("benchmarks/quality.py",)), "sources"),
        (lambda bench, row: replace(row, stages=("clean",)), "stages"),
        (lambda bench, row: replace(row, libraries=("numpy",)), "libraries"),
    ],
)
def test_a_row_that_depends_on_something_else_is_outdated(bench: Bench, change: Any, named: str) -> None:
    run_row(bench, replace(TOY, rounds=2))
    changed = change(bench, TOY)
    assert state(bench, changed) == f"outdated ({named})"
    run_row(bench, changed)
    assert asked(bench)[4:6] == ["peer 1", "ours 1"] and len(content(bench)["rounds"]) == 3


def test_only_a_row_on_tensorflow_depends_on_its_engines(bench: Bench) -> None:
    row = replace(TOY, stages=("clean", "train"), models=MODELS)
    without, with_them = (
        dependencies(bench, replace(row, on_tensorflow=measured))["stages"] for measured in (False, True)
    )
    assert without["clean"] == with_them["clean"]
    assert with_them["train"] == code_digest(stage("train")) != without["train"]


def test_only_a_row_that_trains_a_model_depends_on_its_own_code(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row trains skip-gram; what else it depends on is what neither model has for itself."""

    def digests() -> list[dict[str, str]]:
        row = replace(TOY, stages=("clean", "train"), on_tensorflow=True)
        rows = (row, replace(row, models=("cbow",)), replace(row, models=MODELS))
        return [dependencies(bench, each)["stages"] for each in rows]

    sgns, cbow, every = digests()
    assert sgns["clean"] == cbow["clean"] == every["clean"]
    assert len({each["train"] for each in (sgns, cbow, every)}) == 3 and every["train"] == code_digest(stage("train"))
    own = {file: models for file, models in OWN_CODE.items() if "cbow" not in models}
    monkeypatch.setattr("benchmarks.result.OWN_CODE", own)
    changed_sgns, changed_cbow, _ = digests()
    assert changed_sgns["train"] != sgns["train"] and changed_cbow["train"] == cbow["train"]


def test_code_of_some_models_is_reached_only_from_their_own_and_from_where_models_are_told_apart() -> None:
    """Else a row would not notice a change of code that it runs."""
    chooses = {"tasks/train.py", "tasks/kernels/engine_numba.py"}
    for file, models in OWN_CODE.items():
        name = file.removesuffix(".py").replace("/", ".")
        importing = {
            other for other in stage("train").code if re.search(rf"from {name} import", (ROOT / other).read_text())
        }
        assert importing and file in stage("train").code
        for other in importing - chooses:
            assert set(OWN_CODE[other]) <= set(models), f"{other} imports {file}"


def test_changed_params_outdate_unless_they_only_say_how_it_is_run(bench: Bench) -> None:
    run_row(bench, TOY)
    params = bench.root / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("checkpoint_seconds: 30.0", "checkpoint_seconds: 10.0"))
    assert params.read_text() != text and state(bench, TOY) == "fresh"
    params.write_text(text.replace("dim: 100", "dim: 90"))
    assert params.read_text() != text and state(bench, TOY) == "outdated (params)"


def test_values_of_a_model_outdate_the_rows_that_train_it(bench: Bench) -> None:
    rows = {
        "sgns": TOY,
        "glove": replace(TOY, name="glove", changed=("train.model=glove",)),
        "both": replace(TOY, name="both", models=("sgns", "glove")),
        "none": replace(TOY, name="none", stages=()),
    }
    for row in rows.values():
        run_row(bench, row)
    params = bench.root / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("glove: {epochs: 15", "glove: {epochs: 14"))
    outdated = {"glove", "both"}
    assert params.read_text() != text and outdated == {name for name in rows if state(bench, rows[name]) != "fresh"}
    params.write_text(text.replace("dim: 100", "dim: 90"))
    assert {name for name in rows if state(bench, rows[name]) == "fresh"} == {"none"}


def test_another_text_of_the_same_name_outdates(bench: Bench, tmp_path: Path) -> None:
    run_row(bench, TOY)
    other = make_bench(tmp_path / "other", lines=4)
    assert dependencies(other, TOY)["corpus"] != dependencies(bench, TOY)["corpus"]
    assert state(replace(bench, corpus=other.corpus), TOY) == "outdated (corpus)"


def test_what_is_outdated_stands_until_a_round_replaces_it(bench: Bench) -> None:
    run_row(bench, TOY)
    before = result_file(bench, TOY).read_bytes()
    (bench.root / "kill").write_text("ours 1")
    command = [sys.executable, "-m", "support.toy_row", str(bench.root), str(bench.corpus.file)]
    (bench.root / "params.yaml").write_text((bench.root / "params.yaml").read_text().replace("dim: 100", "dim: 90"))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    assert subprocess.run(command, env=environment, cwd=bench.root, timeout=60).returncode == -signal.SIGKILL
    assert asked(bench)[-1] == "ours 1" and result_file(bench, TOY).read_bytes() == before


def test_who_fails_is_left_out_with_the_reason_and_no_path(bench: Bench) -> None:
    (bench.root / "fail").write_text("peer 2")
    run_row(bench, TOY)
    assert asked(bench) == ["peer 1", "ours 1", "peer 2", "ours 2", "ours 3"]
    found = content(bench)
    assert found["failed"] == {"peer": "engine: it is broken"}
    assert found["summary"]["baseline"] is None and list(found["summary"]["contenders"]) == ["ours"]
    assert len(found["rounds"]) == 3 and state(bench, TOY) == "fresh"


def test_no_round_starts_after_the_cap_and_the_result_says_so(bench: Bench) -> None:
    def slow(bench: Bench, seed: int) -> dict[str, Any]:
        time.sleep(0.2)
        return {"seconds": 0.2}

    row = replace(TOY, contenders=(Contender("peer", "", slow),), same=None, cap_seconds=0.3)
    for _ in range(2):
        run_row(bench, row)
        assert len(content(bench, row)["rounds"]) == 2 and content(bench, row)["capped"]
        assert state(bench, row) == "capped"
    run_row(bench, replace(row, cap_seconds=10.0))
    assert len(content(bench, row)["rounds"]) == 3 and not content(bench, row)["capped"]


def test_force_measures_anew(bench: Bench) -> None:
    run_row(bench, replace(TOY, rounds=1))
    run_row(bench, replace(TOY, rounds=1), force=True)
    assert asked(bench) == ["peer 1", "ours 1"] * 2


def test_a_quick_look_has_one_round_and_leaves_the_results_alone(bench: Bench) -> None:
    quick = replace(bench, quick=True)
    run_row(quick, TOY)
    assert asked(bench) == ["peer 1", "ours 1"] and state(quick, TOY) == "fresh"
    assert state(bench, TOY) == "missing" and not (bench.root / "benchmarks").exists()


def test_a_damaged_result_is_said(bench: Bench) -> None:
    run_row(bench, replace(TOY, rounds=1))
    result_file(bench, TOY).write_text('{"rounds": [')
    with pytest.raises(InputError, match=r"toy.json: not a result file .* delete it"):
        run_row(bench, TOY)
