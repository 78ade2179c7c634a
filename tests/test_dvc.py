"""DVC, the real one, in a copy of the project with a tiny corpus: what it runs, what it leaves, what it brings back.

The tests follow one another on the same copy, each from where the one before has left it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.classifiers import sentences
from support.project import change_params, environment_of, make_project
from support.runs import RAN

IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))
}
SPY = """
import atexit, os, sys
def _leave():
    if sys.argv and sys.argv[0].endswith(os.path.join("tasks", "__main__.py")):
        with open(os.environ["IMPORTS_OF_STAGES"], "a") as file:
            file.write(" ".join([sys.argv[1], *sorted({name.partition(".")[0] for name in sys.modules})]) + "\\n")
atexit.register(_leave)
"""


class Project:
    """The copy, and the commands in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imports = folder.parent / "imports"
        spy = folder.parent / "spy"
        spy.mkdir()
        (spy / "sitecustomize.py").write_text(SPY)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = environment_of(
            folder, PATH=path, PYTHONPATH=str(spy), IMPORTS_OF_STAGES=str(self.imports), **IDENTITY
        )

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.dvc(*arguments, "--json"))

    def commit(self, message: str) -> None:
        self.run("git", "add", "-A")
        self.run("git", "commit", "--quiet", "-m", message)

    def ran(self, output: str) -> list[str]:
        """The stages that dvc has run, from what it said."""
        found = re.findall(r"Running stage '(\w+)(?:@(\w+))?'", output)
        return [name for name in RAN if name in {stage for stage, model in found if model in ("", "sgns")}]

    def imported(self) -> dict[str, set[str]]:
        """What each stage's process imported since the last call."""
        lines = self.imports.read_text().splitlines() if self.imports.is_file() else []
        self.imports.unlink(missing_ok=True)
        return {line.split()[0]: set(line.split()[1:]) for line in lines}


def tree(folder: Path) -> dict[str, str]:
    """The hash of every artifact."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).as_posix().startswith((".", "bundled", "raw"))
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The whole pipeline run once by `dvc repro`, with the result in git and a remote folder at hand."""
    folder = make_project(tmp_path_factory.mktemp("dvc") / "project")
    above = {"run": {"runner": "threads"}, "evaluate": {"map_words": 20, "neighbours": ["space"]}}
    change_params(folder, above | {"clean": {"min_token_length": 2}})
    project = Project(folder)
    project.dvc("remote", "add", "--default", "folder", str(folder.parent / "remote"))
    assert project.ran(project.dvc("repro")) == list(RAN)
    project.commit("The first vectors")
    return project


def test_repro_does_the_whole_job_without_prefect(project: Project) -> None:
    data = project.folder / "data"
    for file in (
        "train/sgns/vectors.npy", "export/sgns/vectors.w2v.bin", "evaluate/sgns/report.md",
        "evaluate/sgns/metrics.json",
    ):  # fmt: skip
        assert (data / file).stat().st_size > 0
    imported = project.imported()
    assert set(imported) == set(RAN)
    for name, modules in imported.items():
        assert "tasks" in modules
        assert not modules & {"prefect", "dvc", "flows"}, name
    assert "Data and pipelines are up to date" in project.dvc("status")


def test_repro_again_runs_nothing(project: Project) -> None:
    before = tree(project.folder / "data")
    said = project.dvc("repro")
    assert "Data and pipelines are up to date" in said
    assert project.ran(said) == []
    assert project.imported() == {}
    assert tree(project.folder / "data") == before


def test_run_has_nothing_to_do_after_repro_and_starts_no_server(project: Project) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "wordloom.cli", "run"]
    done = subprocess.run(command, cwd=project.folder, env=project.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert said == ["nothing has changed: every stage is fresh"]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "tasks" in imported and not imported & {"prefect", "tensorflow", "gensim", "matplotlib", "sklearn"}
    assert not (project.folder / ".prefect").exists()
    assert "Neighbours" in done.stdout and "data/evaluate/sgns/report.md" in done.stdout
    assert "Data and pipelines are up to date" in project.dvc("status")


def test_a_new_file_in_the_corpus_folder_is_seen(project: Project) -> None:
    new = project.folder / "data" / "raw" / "new.txt"
    new.write_text("one document more\n")
    assert project.json("status") == {"download": [{"changed deps": {"data/raw": "modified"}}]}
    new.unlink()
    assert project.json("status") == {}


def test_plots_of_loss_and_speed(project: Project) -> None:
    shown = project.json("plots", "show")["data"]
    (loss,) = [plot for name, plot in shown.items() if name.endswith("data/train/sgns/history.csv")]
    assert {"epoch", "loss"} <= set(loss[0]["content"]["data"]["values"][0])
    assert "words_per_second" in shown["speed"][0]["content"]["data"]["values"][0]
    page = Path(project.dvc("plots", "show").strip().removeprefix("file://"))
    assert "Loss a pair" in page.read_text()


def test_push_and_pull_restore_a_deleted_model(project: Project) -> None:
    data = project.folder / "data"
    before = tree(data)
    assert "pushed" in project.dvc("push")
    shutil.rmtree(data / "train")
    shutil.rmtree(data / "export")
    shutil.rmtree(project.folder / ".dvc" / "cache" / "files")
    project.run("git", "checkout", "--", "data/train", "data/export")  # metrics.json is in git
    project.dvc("pull")
    after = tree(data)
    gone = set(before) - set(after)
    assert gone == {"train/sgns/run.json", "export/sgns/run.json"}  # seconds, dates: of the machine that ran
    assert after == {name: sha256 for name, sha256 in before.items() if name not in gone}
    assert project.json("status") == {}
    assert project.ran(project.dvc("repro")) == []
    words = project.run(sys.executable, "-c", "import wordloom; v = wordloom.load('data/train/sgns'); print(len(v))")
    assert int(words) == json.loads((data / "train" / "sgns" / "metrics.json").read_text())["words"]
    summary = project.run(sys.executable, "-m", "wordloom.cli", "run")
    assert "a pair in the last epoch" in summary and "words/s" not in summary


def test_the_vectors_are_a_registered_artifact(project: Project, tmp_path: Path) -> None:
    project.run("git", "tag", "--annotate", "--message", "The first vectors", "vectors@v1.0.0")
    code = "import json, dvc.api; print(json.dumps(dvc.api.artifacts_show('vectors')))"
    shown = json.loads(project.run(sys.executable, "-c", code).splitlines()[-1])
    assert shown["path"] == "data/train/sgns/vectors.npy"
    target = tmp_path / "vectors.npy"
    project.dvc("artifacts", "get", str(project.folder), "vectors", "-o", str(target))
    assert target.read_bytes() == (project.folder / shown["path"]).read_bytes()
    code = "import dvc.repo; print(*sorted(dvc.repo.Repo().artifacts.read()['dvc.yaml']))"
    assert project.run(sys.executable, "-c", code).split() == ["context-vectors", "vectors"]


def test_a_changed_knob_reruns_its_stage_and_what_follows(project: Project) -> None:
    download = tree(project.folder / "data" / "download")
    change_params(project.folder, {"clean": {"min_token_length": 3}})
    assert list(project.json("status")) == ["clean"]
    said = project.dvc("repro")
    assert project.ran(said) == list(RAN[1:])
    assert set(project.imported()) == set(RAN[1:])
    assert tree(project.folder / "data" / "download") == download
    assert project.json("params", "diff") == {
        "params.yaml": {"clean.min_token_length": {"old": 2, "new": 3, "diff": 1}}
    }
    tokens = project.json("metrics", "diff")["data/clean/metrics.json"]["tokens"]
    assert tokens["new"] < tokens["old"]
    project.commit("Words of three letters")
    assert project.json("metrics", "diff") == {}


def test_a_dataset_is_classified_and_another_changes_nothing_of_it(project: Project) -> None:
    data, before = project.folder / "data", (project.folder / "params.yaml").read_text()
    lines = [json.dumps(row | {"text": f"{row['text']} from space"}) for row in sentences(60)]
    (data / "labelled").mkdir()
    (data / "labelled" / "tiny.jsonl").write_text("\n".join(lines))
    tiny = {"tiny": {"kind": "table", "path": "tiny.jsonl"}}
    few = {"models": ["tfidf", "average"], "vectors": ["ours-tuned"], "seeds": [1], "epochs": 1}
    change_params(project.folder, {"classify": few | {"datasets": tiny}})
    assert list(project.json("status")) == ["classify@tiny"]
    project.imported()
    said = project.dvc("repro", "classify@tiny")
    assert re.findall(r"Running stage '(\S+)'", said) == ["classify@tiny"]
    imported = project.imported()["classify"]
    assert "tasks" in imported and not imported & {"prefect", "dvc", "flows"}
    assert project.json("status") == {}
    folder = data / "classify" / "tiny"
    assert (folder / "average" / "ours-tuned-1" / "model.keras").is_file() and (folder / "report.md").is_file()
    assert project.json("metrics", "show")[""]["data"]["data/classify/tiny/metrics.json"]["data"]["trained"] == 2
    plots = project.json("plots", "show", "data/classify/tiny/curves.csv", "data/classify/tiny/confusion.csv")["data"]
    assert len(plots) == 2 and all(plot for plot in plots.values())
    change_params(project.folder, {"classify": {"datasets": tiny | {"bundled": {"kind": "sms"}}}})
    assert list(project.json("status")) == ["classify@bundled"]
    (project.folder / "params.yaml").write_text(before)
    assert project.json("status") == {}


def test_an_experiment_with_another_dimension(project: Project) -> None:
    said = project.dvc("exp", "run", "--name", "wide", "-S", "train.dim=50", "train")
    assert project.ran(said) == ["train"]
    assert project.json("params", "diff") == {"params.yaml": {"train.dim": {"old": 8, "new": 50, "diff": 42}}}
    dim = project.json("metrics", "diff")["data/train/sgns/metrics.json"]["dim"]
    assert dim == {"old": 8, "new": 50, "diff": 42}
    assert "wide" in project.dvc("exp", "list")
    assert yaml.safe_load((project.folder / "params.yaml").read_text())["train"]["dim"] == 50
    assert set(project.json("status")) == {"export@sgns", "evaluate@sgns"}


def test_another_model_reruns_nothing_of_the_first(project: Project) -> None:
    project.dvc("repro")
    project.imported()
    before = tree(project.folder / "data")
    change_params(project.folder, {"train": {"model": {"cbow": "skipgrams"}}})
    assert set(project.json("status")) == {"train@cbow", "export@cbow", "evaluate@cbow"}
    said = project.dvc("repro")
    assert re.findall(r"Running stage '(\S+)'", said) == ["train@cbow", "export@cbow", "evaluate@cbow"]
    after = tree(project.folder / "data")
    assert {name: after[name] for name in before} == before | {
        "evaluate/comparison.md": after["evaluate/comparison.md"]
    }
    assert after["train/cbow/vectors.npy"] != after["train/sgns/vectors.npy"]
    comparison = (project.folder / "data" / "evaluate" / "comparison.md").read_text()
    assert "| model | sgns | cbow |" in comparison and "| wordsim353 |" in comparison
    project.commit("CBOW beside it")
    change_params(project.folder, {"train": {"cbow": {"learning_rate": 0.1}}})
    assert set(project.json("status")) == {"train@cbow"}
    summary = project.run(sys.executable, "-m", "wordloom.cli", "run", "--data", str(project.folder.parent / "both"))
    assert "Training, sgns" in summary and "Training, cbow" in summary


def test_a_flow_refuses_to_run_inside_a_stage(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wordloom.cli", "run"], cwd=project.folder,
        env=project.environment | {"DVC_STAGE": "train"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "wordloom: a flow cannot run inside the DVC stage train; DVC stages call python -m tasks NAME\n"
    )
