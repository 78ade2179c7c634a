"""`wordloom classify`: what it answers, from arguments and from stdin; what it says of what is not there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.classifiers import NOISE, TELLING, network
from support.project import environment_of
from typer.testing import CliRunner, Result

from tasks.classifiers.saved import TextSide, read_classifier, write_classifier
from tasks.errors import InputError
from tasks.stages import NAMES
from tasks.text.treatment import TextTreatment
from wordloom.answers import best_classifier
from wordloom.cli import app

ROOT = Path(__file__).resolve().parents[1]

LABELS = ("ham", "spam")

TEXTS = ["goal! tune", "", "[bold]unheard[/bold] of\n\tthings " + "tune " * 30]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project's params, and a classifier as the stage leaves one, untrained."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("params.yaml", "dvc.yaml", "profiles/sms.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    words = (*TELLING.values(), *(f"word{number}" for number in range(NOISE - 1)))
    side = TextSide(treatment=TextTreatment(), words=words, labels=LABELS, length=20, truncation="post", padding="post")
    place = folder / "data" / "classify" / "sms" / "cnn" / "ours-tuned-1"
    write_classifier(place, network("cnn"), side)
    best = {"best": {"model": "cnn", "vectors": "ours-tuned", "accuracy": 0.9}}
    (folder / "data" / "classify" / "sms" / "metrics.json").write_text(json.dumps(best))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDLOOM_ROOT", str(folder))
        yield folder


@pytest.fixture(scope="module")
def model(project: Path) -> Path:
    return project / "data" / "classify" / "sms" / "cnn" / "ours-tuned-1"


def wordloom(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), input=given, env={"COLUMNS": "120"})


def expected(model: Path, texts: list[str]) -> list[dict[str, Any]]:
    found = read_classifier(model).probabilities(texts).tolist()
    return [
        {"text": text, "classes": dict(zip(LABELS, row, strict=True))} for text, row in zip(texts, found, strict=True)
    ]


def test_each_text_has_a_line_with_its_class(model: Path) -> None:
    said = wordloom("classify", "--model", model, *TEXTS)
    assert said.exit_code == 0, said.output
    lines = [line.split("│")[1:-1] for line in said.stdout.splitlines() if line.startswith("│")]
    assert len(lines) == len(TEXTS)
    for (label, percent, text), answer in zip(lines, expected(model, TEXTS), strict=True):
        best = max(LABELS, key=lambda name: answer["classes"][name])
        assert label.strip() == best and float(percent) == round(100 * answer["classes"][best], 1)
        assert text.strip() == " ".join(answer["text"].split()) or text.strip().endswith("…")
    assert "[bold]unheard[/bold] of things tune" in said.stdout


def test_as_json_with_the_probability_of_every_class(model: Path) -> None:
    said = wordloom("classify", "--model", model, "--json", *TEXTS)
    found = json.loads(said.stdout)
    assert [each["text"] for each in found] == TEXTS
    for one, other in zip(found, expected(model, TEXTS), strict=True):
        assert one["classes"] == pytest.approx(other["classes"], abs=1e-6)
        assert sum(one["classes"].values()) == pytest.approx(1, abs=1e-6)


def test_without_a_model_it_is_the_best_of_the_only_dataset(model: Path) -> None:
    named, found = wordloom("classify", "--model", model, "--json", "tune"), wordloom("classify", "--json", "tune")
    assert found.exit_code == 0 and found.stdout == named.stdout


def test_no_line_is_no_answer(model: Path) -> None:
    said = wordloom("classify", "--model", model, "--json", given="")
    assert said.exit_code == 0 and json.loads(said.stdout) == []
    assert wordloom("classify", "--model", model, given="").exit_code == 0


def test_lines_from_stdin_in_a_process_of_its_own(project: Path, model: Path) -> None:
    given = "goal goal\n\n영화 tune\n"
    done = subprocess.run(
        [sys.executable, "-m", "wordloom.cli", "classify", "--model", str(model), "--json"],
        cwd=ROOT, env=environment_of(project), input=given, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert [each["text"] for each in found] == ["goal goal", "", "영화 tune"]
    for one, other in zip(found, expected(model, ["goal goal", "", "영화 tune"]), strict=True):
        assert one["classes"] == pytest.approx(other["classes"], abs=1e-6)


def test_what_is_not_there_is_one_line(project: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wordloom.cli", "classify", "--model", str(tmp_path), "goal"],
        cwd=ROOT, env=environment_of(project), capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"wordloom: {tmp_path / 'text.json'}: no such file; name the folder of a network, such as "
        "data/classify/sms/cnn/ours-tuned-1\n"
    )


def test_a_damaged_classifier_is_an_input_error(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "model")
    (tmp_path / "model" / "model.keras").write_bytes(b"PK not whole")
    said = wordloom("classify", "--model", tmp_path / "model", "goal")
    assert isinstance(said.exception, InputError) and "model.keras: not a whole Keras model" in str(said.exception)


def write_best(data: Path, dataset: str, model: str, vectors: str) -> Path:
    (data / "classify" / dataset / model).mkdir(parents=True)
    path = data / "classify" / dataset / "metrics.json"
    path.write_text(json.dumps({"best": {"model": model, "vectors": vectors, "accuracy": 0.5}}))
    return path.parent


def test_the_best_classifier_is_found_or_it_is_said_why_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the datasets classified here are none; name a classifier with --model"):
        best_classifier(tmp_path)
    folder = write_best(tmp_path, "a", "kim", "ours-tuned")
    with pytest.raises(InputError, match="its best classifier is no network; name one with --model"):
        best_classifier(tmp_path)
    for name in ("ours-tuned-5", "ours-tuned-2", "ours-frozen-1"):
        (folder / "kim" / name).mkdir()
        (folder / "kim" / name / "text.json").touch()
    assert best_classifier(tmp_path) == folder / "kim" / "ours-tuned-2"
    write_best(tmp_path, "b", "cnn", "random")
    with pytest.raises(InputError, match="the datasets classified here are a, b; name a classifier"):
        best_classifier(tmp_path)


def test_stages_without_datasets_and_with_some(project: Path, tmp_path: Path) -> None:
    said = wordloom("stages", "--data", tmp_path)
    assert said.exit_code == 0, said.output
    rows = json.loads(wordloom("stages", "--json", "--data", tmp_path).stdout)
    assert "classify" not in {row["stage"] for row in rows} and rows[-1]["stage"] == NAMES[-2] == "evaluate"
    rows = json.loads(wordloom("stages", "--json", "--data", tmp_path, "--profile", "sms").stdout)
    assert {key: rows[-1][key] for key in ("stage", "variant", "state", "folder")} == {
        "stage": "classify", "variant": "sms", "state": "missing", "folder": str(tmp_path / "classify" / "sms"),
    }  # fmt: skip
    said = wordloom("stages", "--data", tmp_path, "--profile", "sms")
    assert re.search(r"classify +│ sms +│ missing", said.stdout)


def test_the_stage_alone_without_datasets_and_with_another_is_one_line(project: Path, tmp_path: Path) -> None:
    from tasks.__main__ import _contexts
    from tasks.request import request
    from tasks.stages import stage

    asked = request(data=tmp_path)
    with pytest.raises(InputError, match=r"^classify: classify\.datasets in params\.yaml names none$"):
        _contexts(asked, stage("classify"), None, None)
    asked = request("sms", data=tmp_path)
    with pytest.raises(InputError, match=r"^classify: there is none for the dataset 'smss'; its datasets are sms$"):
        _contexts(asked, stage("classify"), None, "smss")
    with pytest.raises(InputError, match=r"^train: there is none for the dataset 'sms'; it is the same for"):
        _contexts(asked, stage("train"), None, "sms")
