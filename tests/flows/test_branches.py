"""Models side by side in a flow: the same bytes as one after the other, all saved when asked to stop, room for them."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from support.classifiers import write_sentences
from support.project import make_project

from tasks import interruption
from tasks.errors import Interrupted
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.request import request

CHOSEN = ["train.model=[sgns, glove]", "train.glove.epochs=2"]

CLASSIFIED = [
    "classify.datasets.tiny={kind: table, path: tiny.jsonl}",
    "classify.vectors=[random]",
    "classify.models=[average]",
    "classify.seeds=[1]",
    "classify.epochs=1",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_project(tmp_path_factory.mktemp("branches") / "project")
    write_sentences(folder / "data" / "labelled" / "tiny.jsonl", texts=60)
    return folder


@pytest.fixture
def two_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDLOOM_ROOT", str(project))
    monkeypatch.setattr("flows.run.branches_at_once", lambda asked: 2)


@pytest.mark.usefixtures("two_at_once", "prefect_server")
def test_side_by_side_gives_the_bytes_of_one_after_the_other(tmp_path: Path) -> None:
    from prefect.artifacts import Artifact

    from flows.train import train

    facts = train(None, CHOSEN + CLASSIFIED, str(tmp_path / "flow"))
    assert set(facts["train"]) == set(facts["evaluate"]) == {"sgns", "glove"}
    assert set(facts["classify"]) == {"tiny"} and facts["classify"]["tiny"]["trained"] == 1
    page = Artifact.get("report-classify-tiny")
    assert page is not None and page.data == (tmp_path / "flow" / "classify" / "tiny" / "report.md").read_text()
    assert Artifact.get("classify-tiny") is not None
    asked = request(overrides=(*CHOSEN, *CLASSIFIED), data=tmp_path / "serial")
    for stage in asked.stages:
        for context in asked.contexts(stage):
            carry_out(stage, context, serial)
    models = [f"{stage}/{model}" for stage in ("train", "export", "evaluate") for model in ("sgns", "glove")]
    for place in (*models, "classify/tiny"):
        one, other = (
            json.loads((tmp_path / name / place / "manifest.json").read_text())["outputs"]
            for name in ("flow", "serial")
        )
        assert one == other, place
    for model in ("sgns", "glove"):
        assert json.loads((tmp_path / "flow" / "train" / model / "run.json").read_text())["threads"] >= 1
    assert (tmp_path / "flow" / "evaluate" / "comparison.md").read_text().startswith("# The models beside each other")


@pytest.mark.usefixtures("two_at_once", "prefect_server", "command_handlers")
def test_asked_to_stop_each_saves_what_it_has(tmp_path: Path) -> None:
    from prefect.exceptions import TerminationSignal

    from flows.train import train

    long = [
        "train.model=[sgns, cbow]",
        "train.epochs=100000",
        "train.cbow.epochs=100000",
        "train.checkpoint_seconds=0.2",
    ]
    threading.Thread(target=_stop_when_both_have_begun, args=(tmp_path,), daemon=True).start()
    with pytest.raises((TerminationSignal, Interrupted)):
        train(None, long, str(tmp_path))
    assert interruption.stop_requested() == signal.SIGTERM
    assert len(list(tmp_path.glob(".work/train-*/*/checkpoint.npz"))) == 2


def _stop_when_both_have_begun(data: Path) -> None:
    while len(list(data.glob(".work/train-*/*/checkpoint.npz"))) < 2:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


def test_cores_and_memory_say_how_many(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.branches
    from flows.branches import branches_at_once

    monkeypatch.setenv("WORDLOOM_ROOT", str(project))
    asked = request(overrides=("train.model=[sgns, cbow, fasttext]", "train.dim=100"), data=tmp_path)
    for name in ("download", "clean", "tokenize"):
        (stage,) = [each for each in asked.stages if each.name == name]
        carry_out(stage, asked.context(stage), serial)
    found = []
    for cores, gigabytes in ((2, 8), (4, 8), (16, 8), (16, 0.03), (16, 0.001)):
        monkeypatch.setattr(flows.branches, "cores", lambda cores=cores: cores)
        monkeypatch.setattr(flows.branches, "free_memory", lambda size=gigabytes: int(size * 1e9))
        found.append(branches_at_once(asked))
    assert found[:3] == [1, 2, 3] and 1 <= found[3] < 3 and found[4] == 1
    assert branches_at_once(request(data=tmp_path / "one")) == 1
