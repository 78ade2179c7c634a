"""Stage train with GloVe: it learns what is planted, ends with the same bytes after any stop, keeps its tables."""

import csv
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.planted import WORDS, clustered, outputs, purity, write_documents

from tasks.cooccurrences import STAGE as COOCCURRENCES
from tasks.cooccurrences import CooccurrencesParams
from tasks.errors import InputError, Interrupted
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.pipeline.stage import Context, Report
from tasks.train import STAGE, finish, plan, work
from tasks.train_params import GloveParams, TrainParams

pytestmark = pytest.mark.usefixtures("command_handlers")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Co-occurrences of documents that each speak of one cluster's words."""
    data = tmp_path_factory.mktemp("planted")
    write_documents(data, [clustered(seed, 200) for seed in range(3)], WORDS)
    carry_out(COOCCURRENCES, Context(data, data / ".work", {"cooccurrences": CooccurrencesParams(window=5)}), serial)
    return data


def params(**values: Any) -> TrainParams:
    return TrainParams(model="glove", dim=16, epochs=values.pop("epochs", 5), **{"glove": {"x_max": 10.0} | values},
                       ).for_model("glove")  # fmt: skip


def run(data: Path, folder: Path, threads: int = 1, **values: Any) -> Report:
    context = Context(data, folder, {"train": params(**values)}, model="glove", threads=threads)
    return finish(context, [work(job) for job in plan(context, ())])


@pytest.mark.parametrize("engine", ["numba", "tensorflow"])
def test_the_planted_clusters_are_found_again(planted: Path, tmp_path: Path, engine: str) -> None:
    report = run(planted, tmp_path, epochs=30, engine=engine)
    assert purity(np.load(tmp_path / "vectors.npy")) > 0.95
    losses = report.facts["loss_per_epoch"]
    assert len(losses) == 30 and losses[-1] < 0.5 * losses[0]
    assert report.run["cells_per_second"] > 0
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert list(rows[0]) == ["epoch", "cells", "loss", "learning_rate"]
    assert int(rows[-1]["cells"]) == report.facts["cells"] and float(rows[-1]["epoch"]) == 30


def test_what_comes_of_it_is_the_sum_or_one_or_both(planted: Path, tmp_path: Path) -> None:
    for output in ("sum", "vectors", "both"):
        facts = run(planted, tmp_path / output, output=output).facts
        assert facts["dim"] == (32 if output == "both" else 16)
    kept = {path.stem: np.load(path) for path in (tmp_path / "sum").rglob("*.npy") if path.parent.name != "tiles"}
    assert kept.pop("vectors").shape == (WORDS, 16)
    assert {name: table.shape for name, table in kept.items()} == {
        "words": (WORDS, 16), "context_vectors": (WORDS, 16), "biases": (WORDS, 2)
    }  # fmt: skip
    one, other = kept["words"], kept["context_vectors"]
    for output, wanted in (("sum", one + other), ("vectors", one), ("both", np.hstack([one, other]))):
        np.testing.assert_array_equal(np.load(tmp_path / output / "vectors.npy"), wanted)


def test_a_run_that_is_asked_to_stop_again_and_again_ends_with_the_same_bytes(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.kernels.tiles.CELLS_A_TILE", 20)
    whole = run(planted, tmp_path / "whole", threads=2)
    shutil.copytree(
        tmp_path / "whole" / "tiles", tmp_path / "broken" / "tiles"
    )  # else it would stop before they are laid
    os.kill(os.getpid(), signal.SIGTERM)  # stays up: every attempt stops after its first round
    stops = 0
    for _ in range(500):
        try:
            broken = run(planted, tmp_path / "broken")
            break
        except Interrupted:
            stops += 1
    assert stops > 15 and broken.run["resumed"] == stops
    assert broken.facts == whole.facts and outputs(tmp_path / "broken") == outputs(tmp_path / "whole")
    assert set(outputs(tmp_path / "whole")) > {"vectors.npy", "tables/biases.npy", "history.csv"}


def test_the_seed_decides_and_what_it_does_not_read_changes_nothing(planted: Path, tmp_path: Path) -> None:
    for name, values in (("a", {}), ("b", {"seed": 2}), ("c", {"negatives": 9, "streams": 7})):
        run(planted, tmp_path / name, **values)
    assert outputs(tmp_path / "a") == outputs(tmp_path / "c") != outputs(tmp_path / "b")
    assert params(negatives=9, streams=7).determining() == params().determining()
    assert {"x_max", "alpha", "output"} < params().determining().keys()


def test_no_shards_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no shards; run the stage cooccurrences"):
        run(tmp_path, tmp_path / "work")


def test_its_own_values_are_checked_and_are_nobody_elses() -> None:
    assert isinstance(params(), GloveParams)
    with pytest.raises(ValueError, match=r"glove\.alpha"):
        TrainParams(model=["sgns", "glove"], glove={"alpha": 2.0})
    with pytest.raises(ValueError, match=r"sgns\.x_max"):
        TrainParams(model=["sgns", "glove"], sgns={"x_max": 2.0})


def test_the_stage_lists_its_inputs(planted: Path, tmp_path: Path) -> None:
    context = Context(planted, tmp_path, {"train": params()}, model="glove")
    names = {path.parent.name for path in STAGE.inputs(context)}
    assert names == {"tokenize", "shards"} and all("skipgrams" not in str(path) for path in STAGE.inputs(context))
