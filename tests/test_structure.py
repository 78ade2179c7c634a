"""The shape of the project: one name in every place, code lists against real imports, dvc.yaml against the stages."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tasks.classify_params import ClassifyParams
from tasks.params import validate
from tasks.pipeline.stage import Stage
from tasks.request import request
from tasks.stages import NAMES, stage, stages
from tasks.train_params import TrainParams

ROOT = Path(__file__).resolve().parents[1]

CARRIES = ("tasks/pipeline/", "tasks/errors.py", "tasks/progress.py", "tasks/interruption.py")
"""What carries a stage out, shows its progress or words its errors: decides no byte of a result."""


@pytest.fixture(scope="module")
def dvc() -> dict[str, dict[str, object]]:
    """The stages; of those that are there for each model, or if somebody wants them, what each does."""
    found = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    several = {name: entry["foreach"] for name, entry in found.items() if "foreach" in entry}
    models = {each.name: "${train.model}" for each in stages() if each.per_model}
    datasets = {each.name: "${classify.datasets}" for each in stages() if each.per_dataset}
    assert several == {"cooccurrences": "${cooccurrences.wanted_by}"} | models | datasets
    return {name: entry.get("do", entry) for name, entry in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_has_one_name_in_eight_places(name: str, dvc: dict[str, dict[str, object]]) -> None:
    declared = stage(name)
    asked = request(root=ROOT)
    assert declared.name == name
    assert (ROOT / "tasks" / f"{name}.py").is_file()
    assert name in declared.sections
    assert name in yaml.safe_load((ROOT / "params.yaml").read_text())
    for_each = " --model ${key}" * declared.per_model + " --dataset ${key}" * declared.per_dataset
    assert dvc[name]["cmd"] == f"python -m tasks {name}" + for_each
    assert declared.folder(asked.context(declared)).parts[0] == name
    assert f'run.stage("{name}"' in (ROOT / "flows" / "train.py").read_text()
    assert (ROOT / "tests" / "tasks" / f"test_{name}.py").is_file()
    assert re.search(rf"^\| `?{name}`? \|", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_the_flow_and_dvc_have_the_stages_in_the_same_order(dvc: dict[str, dict[str, object]]) -> None:
    flow = re.findall(r'run\.stage\("(\w+)"', (ROOT / "flows" / "train.py").read_text())
    assert tuple(flow) == NAMES == tuple(dvc)


@pytest.mark.parametrize("declared", stages(), ids=lambda declared: declared.name)
def test_the_code_of_a_stage_is_what_it_imports(declared: Stage) -> None:
    imported = {name for name in _imported(f"tasks/{declared.name}.py") if not name.startswith(CARRIES)}
    assert imported == set(declared.code)
    assert len(declared.code) == len(set(declared.code))


@pytest.mark.parametrize("declared", stages(), ids=lambda declared: declared.name)
def test_dvc_yaml_mirrors_the_stage(declared: Stage, dvc: dict[str, dict[str, object]]) -> None:
    asked = request(root=ROOT)
    folder = Path("data") / declared.folder(asked.context(declared)) / ("${key}" * declared.per_dataset)
    entry = dvc[declared.name]
    assert set(_names(entry["params"])) == _params(declared)

    outs = {_resolved(str(folder / name)) for name in (*declared.writes, "manifest.json")}
    assert {_resolved(each) for each in _names(entry["outs"])} | {
        _resolved(each) for each in _names(entry.get("plots", []))
    } == outs
    assert {_resolved(each) for each in _names(entry["metrics"])} == {_resolved(str(folder / "metrics.json"))}

    deps = {_resolved(each) for each in _names(entry["deps"])}
    assert {each for each in deps if each.startswith("tasks/") and not each.endswith(".txt")} == set(declared.code)
    upstream = {
        each
        for each in deps
        if each.startswith("data/") and not each.startswith(("data/bundled", "data/raw", "data/labelled"))
    }
    made = {
        str(Path("data") / each.folder(asked.context(each)) / name)
        for each in stages()
        for name in (*each.writes, "metrics.json")
    } | {"data/source.lock"}
    assert upstream <= made, "a dep that no stage writes"
    if declared.name != "download":
        assert upstream


def test_the_params_are_valid() -> None:
    validate(request(root=ROOT).raw)


def test_every_profile_is_valid() -> None:
    for path in sorted((ROOT / "profiles").glob("*.yaml")):
        validate(request(path.stem, root=ROOT).raw)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_files_name_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text and "--index" not in text
    packages = re.findall(r"^[A-Za-z0-9_.-]+==\S+", text, re.MULTILINE)
    assert len(packages) > 100
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(packages)


def _imported(start: str) -> set[str]:
    """The project's own files that `start` imports, directly or not, and itself; read from the source, at any depth."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name in seen or name.startswith("tasks/pipeline/"):
            continue
        seen.add(name)
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for module in modules:
                path = Path(*module.split("."))
                for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                    holds_code = _has_code if candidate.stem == "__init__" else Path.is_file
                    if module.startswith("tasks.") and holds_code(ROOT / candidate):
                        pending.append(candidate.as_posix())
    return seen


def _has_code(package: Path) -> bool:
    """Whether a package's __init__.py is there and holds more than its docstring."""
    return package.is_file() and len(ast.parse(package.read_text()).body) > 1


def _params(declared: Stage) -> set[str]:
    """The sections that a stage depends on; of train the values for all models that matter, and the model's own; of
    classify those for all datasets, and the dataset's own.
    """
    if declared.name == "classify":
        return {f"classify.{key}" for key in ClassifyParams.model_fields if key != "datasets"} | {
            "classify.datasets.${key}"
        }
    if declared.name != "train":
        return set(declared.sections)
    common = TrainParams(model="sgns").determining().keys() - {"model"}  # type: ignore[arg-type]
    return {f"train.{key}" for key in (*common, "${key}")}


def _names(entries: object) -> list[str]:
    assert isinstance(entries, list)
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def _resolved(name: str) -> str:
    """`${corpus.folder}` and the like, from params.yaml; of the first model, its name and what it reads."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params |= zip(("key", "item"), next(iter(params["train"]["model"].items())), strict=True)

    def value(match: re.Match[str]) -> str:
        found = params
        for key in match[1].split("."):
            found = found[key]
        return str(found)

    return re.sub(r"\$\{([\w.]+)\}", value, name)
