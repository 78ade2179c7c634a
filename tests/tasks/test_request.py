"""A run's setting: which folder its artifacts go to, whether DVC keeps their ledger, what a stage is told."""

import os
import shutil
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.pipeline.workers import cores
from tasks.project import project_root
from tasks.request import request
from tasks.stages import stage
from tasks.train_params import TrainParams

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's params, with nothing else."""
    root = tmp_path / "project"
    (root / "profiles").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml", "profiles/reference.yaml"):
        shutil.copy(ROOT / name, root / name)
    return root


def test_params_as_they_stand_go_to_data_which_dvc_tracks(root: Path) -> None:
    for data in (None, root / "data", root / "data" / ".." / "data"):
        asked = request(root=root, data=data)
        assert asked.data == root / "data" and asked.tracked
    elsewhere = request(root=root, data=root.parent / "elsewhere")
    assert elsewhere.data == root.parent / "elsewhere" and not elsewhere.tracked


def test_a_data_folder_that_is_a_link_is_still_tracked(root: Path) -> None:
    disk = root.parent / "disk"
    disk.mkdir()
    (root / "data").symlink_to(disk)
    assert request(root=root).tracked
    with pytest.raises(InputError, match=r"belongs to params\.yaml as it stands"):
        request("reference", root=root, data=root / "data")


@pytest.mark.parametrize(
    ("profile", "overrides", "name"),
    [
        (None, ("train.dim=50",), "train.dim=50"),
        ("reference", (), "reference"),
        ("reference", ("train.seed=2", "train.dim=50"), "reference,train.dim=50,train.seed=2"),
        (None, ("train.dim=7", "train.dim=50"), "train.dim=50"),
        (None, ("clean.stopwords=",), "clean.stopwords=null"),
    ],
)
def test_what_differs_goes_to_a_folder_named_for_it(
    root: Path, profile: str | None, overrides: tuple[str, ...], name: str
) -> None:
    asked = request(profile, overrides, root=root)
    assert asked.data == root / "data" / ".runs" / name and not asked.tracked


def test_a_name_that_no_folder_could_have_is_a_digest(root: Path) -> None:
    overrides = ("evaluate.neighbours=[king, queen]", "clean.stopwords=../../etc/words")
    name = request(None, overrides, root=root).data.name
    assert len(name) == 8 and int(name, 16) >= 0
    assert request(None, overrides[::-1], root=root).data.name == name
    assert request("reference", overrides, root=root).data.name == f"reference-{name}"
    assert request(None, overrides[:1], root=root).data.name != name
    assert request(None, overrides, root=root).data.parent == root / "data" / ".runs"


def test_what_belongs_to_params_yaml_is_refused_to_others(root: Path) -> None:
    for profile, overrides in (("reference", ()), (None, ("train.dim=50",))):
        with pytest.raises(InputError, match="give a run with --profile or --set another --data"):
            request(profile, overrides, root / "data", root)
    for inside in ("train", "train/sgns", ".work", ".runs"):
        with pytest.raises(InputError, match="lies among the artifacts"):
            request(root=root, data=root / "data" / inside)
    assert not request(root=root, data=root / "data" / ".runs" / "mine").tracked


def test_all_params_are_checked_before_anything_runs(root: Path) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml with --set train\.dim=0: train\.dim is 0: "):
        request(None, ("train.dim=0",), root=root)
    (root / "profiles" / "odd.yaml").write_text("trian: {}\n")
    with pytest.raises(InputError, match=r"^params\.yaml with profile odd: there is no section 'trian'"):
        request("odd", root=root)
    with (root / "params.yaml").open("a") as file:
        file.write("\nodd: {}\n")
    with pytest.raises(InputError, match=r"^params\.yaml: there is no section 'odd'"):
        request(root=root)


def test_the_context_of_a_stage(root: Path) -> None:
    asked = request("reference", ("run.workers=3",), root=root)
    context = asked.context(stage("train"))
    assert context.data == asked.data
    assert set(context.sections) == {"train"}
    assert context.section(TrainParams).negative_power == 0
    assert context.workers == 3 and context.threads == cores()
    assert request(root=root).workers == cores()


def test_a_stage_has_a_context_for_each_model(root: Path) -> None:
    asked = request(None, ("train.model=[cbow, sgns]", "train.cbow.dim=7"), root=root)
    assert asked.models == ("cbow", "sgns")
    contexts = asked.contexts(stage("train"))
    assert [(each.model, each.section(TrainParams).dim) for each in contexts] == [("cbow", 7), ("sgns", 100)]
    assert [stage("train").folder(each).as_posix() for each in contexts] == ["train/cbow", "train/sgns"]
    assert len(asked.contexts(stage("clean"))) == 1
    assert asked.context(stage("export"), "sgns").model == "sgns"


def test_the_project_is_found_from_below_or_by_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = root / "profiles"
    monkeypatch.delenv("WORDLOOM_ROOT", raising=False)
    monkeypatch.chdir(below)
    assert project_root() == root
    monkeypatch.chdir(root.parent)
    assert project_root() == ROOT, "outside any project, the one that the command was installed from"
    monkeypatch.setenv("WORDLOOM_ROOT", os.path.relpath(root))
    assert project_root() == root
    monkeypatch.setenv("WORDLOOM_ROOT", str(below))
    with pytest.raises(InputError, match=r"no params\.yaml here or above"):
        project_root()
