"""What is foretold of the stage classify, against the stage itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.runs import Project, make_project

from tasks.classifiers.grid import BASELINE, STEPS, Row, rows_of_step
from tasks.classify_params import DatasetParams
from tasks.forecasting import classifying
from tasks.forecasting.classifying import expected_epochs, expected_rows, foretell, is_here
from tasks.forecasting.rehearsal import folder_bytes
from tasks.request import Request, request
from tasks.stages import stage

TEXTS = 900

CLASSIFY: dict[str, Any] = {
    "datasets": {"made": {"kind": "table", "path": "made.jsonl", "split": {"by": "stratified"}}},
    "folder": "labelled", "models": ["tfidf", "average", "kim"], "vectors": ["random"], "seeds": [1, 2],
    "dim": 24, "units": 8, "epochs": 2, "precision": "float32",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two kinds of texts that share most of their words, which follow Zipf's law."""
    project = make_project(tmp_path_factory.mktemp("classifying") / "project", b"", {"classify": CLASSIFY})
    random = np.random.default_rng(3)
    shares = 1 / np.arange(1, 2001)
    texts = []
    for number in range(TEXTS):
        words = random.choice(2000, random.integers(10, 60), p=shares / shares.sum())
        label = ("calm", "wild")[number % 2]
        texts.append({"text": " ".join([label, *(f"word{word}" for word in words)]), "label": label})
    folder = project.folder / "labelled"
    folder.mkdir()
    (folder / "made.jsonl").write_text("\n".join(map(json.dumps, texts)), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDLOOM_ROOT", str(project.folder))
        patch.chdir(project.folder)
        yield project


def asked_of(project: Project, *overrides: str) -> Request:
    return request(overrides=overrides, data=project.folder.parent / "data")


def params_of(asked: Request) -> DatasetParams:
    return asked.context(stage("classify"), dataset="made").section(DatasetParams)


def test_a_third_of_the_texts_tells_what_the_whole_takes(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifying, "CHARACTERS", TEXTS * 0.8 / 3 * 300)
    asked = asked_of(project)
    found = foretell(asked, "made", tmp_path)
    assert not asked.data.exists(), "a forecast changes nothing"
    done = project.run(["classify"], asked.data)
    assert done.code == 0, done.said
    made = asked.data / "classify" / "made"
    assert found.classifiers == json.loads((made / "metrics.json").read_text())["trained"] == 5
    assert found.disk == pytest.approx(folder_bytes(made), rel=0.2)
    assert found.work >= found.disk and found.seconds > 1 and 100e6 < found.memory < 8e9


def test_the_rows_of_a_grid_are_counted(project: Project) -> None:
    for grid in ("full", "cross"):
        params = params_of(asked_of(project, f"classify.grid={grid}", "classify.vectors=[random, ours-tuned]"))
        results: dict[tuple[str, str], float] = {}
        rows: list[Row] = []
        for step in range(STEPS):
            rows += rows_of_step(step, params.grid, params.models, params.vectors, params.seeds, results)
            results |= {(row.model, row.vectors): float(row.vectors != "random") for row in rows}
        expected = expected_rows(params)
        assert expected[BASELINE] == 1
        assert sum(expected.values()) == pytest.approx(len(rows), abs=len(params.seeds))


def test_epochs_are_as_many_as_steps_allow(project: Project) -> None:
    params = params_of(asked_of(project, "classify.epochs=20", "classify.patience=2", "classify.batch=64"))
    assert expected_epochs(params, 64) == 20
    assert expected_epochs(params, 1_000_000_000) == 3
    assert expected_epochs(params, 10_000) > expected_epochs(params, 50_000)


def test_what_comes_from_the_network_is_not_here(project: Project) -> None:
    remote = "classify.datasets={far: {kind: imdb}}"
    assert is_here(asked_of(project), "made") and not is_here(asked_of(project, remote), "far")
