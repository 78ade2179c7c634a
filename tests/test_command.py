"""The command `wordloom`, and `python -m tasks`: what they print, how they leave, what they import."""

import hashlib
import json
import logging
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.project import change_params, environment_of, make_project
from support.runs import RAN

from tasks.scoring.keyed import packaged
from tasks.stages import NAMES
from wordloom import cli

ROOT = Path(__file__).resolve().parents[1]

RUN = "train.dim=6"
"""What the one real run of this module lays over params.yaml."""

PYARROW_BRINGS = {"pandas"}
"""pyarrow imports it, where it is installed, with the first table that it makes."""

COMMANDS = (
    "run", "plan", "stage", "stages", "neighbours", "analogy", "classify", "ratios", "info", "overdue", "serve",
)  # fmt: skip

HEAVY = {"tensorflow", "numba", "gensim", "pandas", "matplotlib", "sklearn", "scipy", "prefect", "dvc"}


@dataclass(frozen=True)
class Left:
    """How a command left."""

    code: int
    out: str
    err: str

    def complaint(self) -> str:
        """The one line of an error, with exit code 1 and nothing on stdout."""
        assert (self.code, self.out) == (1, "")
        assert self.err.count("\n") == 1 and self.err.startswith("wordloom: "), self.err
        return self.err.removeprefix("wordloom: ").rstrip("\n")


Command = Callable[..., Left]


def started(project: Path, *arguments: str | Path) -> Left:
    """The command as a process of its own, with the code of the copy: where what is made depends on the code."""
    command = [sys.executable, "-m", "wordloom.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=project, env=environment_of(project), capture_output=True, text=True)
    return Left(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a tiny corpus; nothing has run in it."""
    folder = make_project(tmp_path_factory.mktemp("command") / "project")
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    above = {"run": {"runner": "threads"}, "evaluate": {"map_words": 20, "neighbours": ["space"]}}
    change_params(folder, above | {"clean": {"stopwords": None, "min_token_length": 2}})
    return folder


@pytest.fixture(scope="module")
def ran(project: Path) -> Left:
    """`wordloom run --set … --json`, through Prefect."""
    return started(project, "run", "--set", RUN, "--json")


@pytest.fixture(scope="module")
def data(project: Path, ran: Left) -> Path:
    """The artifacts of that run."""
    assert ran.code == 0, ran.err
    return project / "data" / ".runs" / RUN


@pytest.fixture
def wordloom(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """The command's own entry point, in this process: arguments in, exit code and output out."""
    logger = logging.getLogger("wordloom")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.chdir(project)
    monkeypatch.delenv("WORDLOOM_ROOT", raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*arguments: str | Path) -> Left:
        logger.handlers.clear()  # so that the log goes to this test's stderr
        monkeypatch.setattr(sys, "argv", ["wordloom", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        assert isinstance(left.value.code, int | None)
        return Left(left.value.code or 0, out, err)

    yield invoke
    logger.handlers[:], logger.level, logger.propagate = handlers, level, propagate
    for number, handler in signals.items():
        signal.signal(number, handler)


def test_help_names_every_command_and_the_exit_codes(wordloom: Command) -> None:
    said = wordloom("--help")
    assert said.code == 0
    for name in COMMANDS:
        assert re.search(rf"^│ {name} ", said.out, re.MULTILINE)
    assert "3 another run holds the data folder" in " ".join(said.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_explains_each_argument(wordloom: Command, name: str) -> None:
    said = wordloom(name, "--help")
    assert said.code == 0
    lines = [line.strip("│ ").removeprefix("*").split() for line in said.out.splitlines() if line.startswith("│")]
    options = [words for words in lines if words and (words[0].startswith("--") or words[0].isupper())]
    assert options
    for words in options:
        assert len(words) >= 4, f"{name}: {words} is not explained"


def test_a_run_with_another_value_has_a_folder_of_its_own(project: Path, ran: Left, data: Path) -> None:
    facts = json.loads(ran.out)
    assert list(facts) == list(RAN)
    assert ran.err.splitlines()[-1].startswith("evaluate: "), "nothing is sent to the server after its end"
    assert facts["train"]["sgns"]["dim"] == 6
    assert (data / "evaluate" / "sgns" / "report.md").is_file()
    assert not (project / "dvc.lock").exists()
    assert {path.name for path in (project / "data").iterdir()} <= {"bundled", "raw", "source.lock", ".runs", ".work"}


def test_neighbours(wordloom: Command, data: Path) -> None:
    model = data / "train" / "sgns"
    said = wordloom("neighbours", "space", "from", "--vectors", model, "-k", "3")
    assert said.code == 0
    assert said.out.count("cosine") == 2 and len(re.findall(r"-?\d\.\d{3}", said.out)) == 6
    found = json.loads(wordloom("neighbours", "space", "--vectors", model, "--count", "3", "--json").out)
    (nearest,) = found.values()
    assert list(found) == ["space"] and len(nearest) == 3
    assert [cosine for _, cosine in nearest] == sorted((cosine for _, cosine in nearest), reverse=True)
    exported = wordloom(
        "neighbours", "space", "--vectors", data / "export" / "sgns" / "vectors.w2v.bin", "-k", "3", "--json"
    )
    assert json.loads(exported.out) == found


def test_an_analogy(wordloom: Command, data: Path) -> None:
    asked = ["analogy", "one", "two", "three", "--vectors", data / "train" / "sgns"]
    (nearest,) = json.loads(wordloom(*asked, "--json").out).values()
    assert len(nearest) == 10 and not {"one", "two", "three"} & {word for word, _ in nearest}
    assert wordloom(*asked).out.startswith("one : two = three : ?\n")


def test_ratios(wordloom: Command, project: Path, tmp_path: Path, data: Path) -> None:
    complaint = wordloom("ratios", "from", "the", "space", "--data", data).complaint()
    assert complaint.endswith("no shards; run the stage cooccurrences: wordloom stage cooccurrences")
    shutil.copytree(data / "tokenize", tmp_path / "tokenize")
    shutil.copytree(data / "clean", tmp_path / "clean")
    assert started(project, "stage", "cooccurrences", "--data", tmp_path).code == 0
    said = wordloom("ratios", "from", "the", "space", "in", "--data", tmp_path)
    assert said.code == 0 and "P(k | from)" in said.out and "space" in said.out
    found = json.loads(wordloom("ratios", "from", "the", "space", "in", "--data", tmp_path, "--json").out)
    assert [each["probe"] for each in found] == ["space", "in"]
    assert all(0 <= each["first"] <= 1 and 0 <= each["second"] <= 1 for each in found)
    assert "'nonsense' is not among" in wordloom("ratios", "from", "the", "nonsense", "--data", tmp_path).complaint()


def test_a_model_of_fasttext_answers_for_words_that_it_never_saw(wordloom: Command) -> None:
    model = packaged("crime-and-punishment.bin")
    (nearest,) = json.loads(
        wordloom("neighbours", "Раскольниковы", "--vectors", model, "-k", "3", "--json").out
    ).values()
    assert len(nearest) == 3


def test_an_unknown_word_of_a_model_with_ngrams(wordloom: Command) -> None:
    model = packaged("crime-and-punishment.bin")
    said = wordloom("neighbours", "landladyy", "zandladies", "--vectors", model, "-k", "3")
    assert "landladyy is unknown; one slip away: landlady, landlady,\n" in said.out
    assert "zandladies is unknown; by its n-grams:\n" in said.out


def test_an_unknown_word_names_close_spellings(wordloom: Command, data: Path) -> None:
    model = data / "train" / "sgns"
    assert "did you mean space" in wordloom("neighbours", "spce", "--vectors", model).complaint()
    assert "did you mean space?" in wordloom("analogy", "one", "two", "Space", "--vectors", model).complaint()


def test_without_vectors_the_remedy_is_named(wordloom: Command, project: Path) -> None:
    assert "no vectors yet; make run trains them" in wordloom("neighbours", "space").complaint()
    assert wordloom("neighbours", "space", "--vectors", "none.txt").complaint().startswith("none.txt")


def test_info_without_vectors_tells_params_and_versions(wordloom: Command, project: Path) -> None:
    said = wordloom("info", "--set", "train.epochs=3")
    assert said.code == 0
    assert re.search(r"^  train\.epochs +3$", said.out, re.MULTILINE)
    assert re.search(r"^  wordloom +\d", said.out, re.MULTILINE)
    assert "No vectors yet" in said.out
    content = json.loads(wordloom("info", "--json").out)
    assert content["vectors"] is None
    assert content["params"]["train"]["dim"] == 8
    assert {"python", "wordloom", "dvc", "prefect", "numpy", "numba", "tensorflow"} <= set(content["versions"])


def test_info_goes_from_a_vector_file_back_to_the_corpus(wordloom: Command, project: Path, data: Path) -> None:
    file = data / "export" / "sgns" / "vectors.w2v.bin"
    corpus = hashlib.sha256((project / "data" / "raw" / "corpus.txt").read_bytes()).hexdigest()
    chain = json.loads(wordloom("info", file, "--json").out)["vectors"]["made_from"]
    assert [link["stage"] for link in chain] == ["export", "train", "skipgrams", "tokenize", "clean", "download"]
    assert all(link["current"] for link in chain)
    assert list(chain[-1]["given"].values()) == [corpus]
    assert not any(link["given"] for link in chain[:-1])
    assert chain[1]["params"]["train"]["dim"] == 6
    said = wordloom("info", file)
    assert said.code == 0
    assert corpus in said.out and "train.dim" in said.out and "CHANGED" not in said.out


def test_info_of_what_the_pipeline_did_not_write(wordloom: Command, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("1 1\nword 0.5\n")
    assert "only what the pipeline wrote can be traced" in wordloom("info", foreign).complaint()
    assert wordloom("info", tmp_path / "absent.bin").complaint() == f"{tmp_path / 'absent.bin'}: no such file or folder"


def test_stages_and_their_states(project: Path, data: Path) -> None:
    def states(*arguments: str | Path) -> dict[str, str]:
        said = started(project, "stages", "--json", *arguments)
        assert said.code == 0, said.err
        return {row["stage"]: row["state"] for row in json.loads(said.out)}

    unwanted = {"cooccurrences": "unwanted"}
    assert states() == dict.fromkeys(RAN, "missing") | unwanted
    assert states("--set", RUN) == dict.fromkeys(RAN, "fresh") | unwanted
    behind = {"train": "stale", "export": "waiting", "evaluate": "waiting"}
    assert states("--data", data) == dict.fromkeys(RAN[:4], "fresh") | behind | unwanted
    said = started(project, "stages", "--data", data).out
    assert all(name in said for name in NAMES if name != "classify"), "there is one row for each dataset: none"
    assert "waiting: its inputs are going to be made anew" in said


def test_one_stage(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    said = started(project, "stage", "download", "--data", folder)
    assert said.code == 0 and said.err.startswith("download: documents 200")
    again = started(project, "stage", "download", "--data", folder)
    assert (again.code, again.err) == (0, "download: nothing to do\n")
    complaint = started(project, "stage", "train", "--data", folder).complaint()
    assert complaint == (
        f"{folder / 'tokenize' / 'vocabulary.parquet'}: "
        "the input of stage train is not there; run the stage that writes it"
    )


def test_one_model_of_a_stage(project: Path, tmp_path: Path) -> None:
    run = [sys.executable, "-m", "tasks", "export", "--data", tmp_path, "--set", "train.model=[cbow, sgns]"]
    for model, complaint in (
        ("cbow", f"{tmp_path / 'train' / 'cbow' / 'vectors.npy'}: the input of stage export is not there"),
        ("glove", "export: there is none for the model 'glove'; its models are cbow, sgns"),
    ):
        done = subprocess.run(
            [*map(str, run), "--model", model], cwd=project, env=environment_of(project), capture_output=True, text=True
        )
        assert done.returncode == 1 and complaint in done.stderr


def test_stages_are_listed_for_each_model(wordloom: Command) -> None:
    rows = json.loads(wordloom("stages", "--json", "--set", "train.model=[sgns, cbow]").out)
    assert [(row["stage"], row["variant"]) for row in rows][5:] == [
        (stage, model) for stage in ("train", "export", "evaluate") for model in ("sgns", "cbow")
    ]
    assert [row["variant"] for row in rows[:5]] == [None] * 5


def test_an_unknown_stage_names_the_stages(wordloom: Command) -> None:
    said = wordloom("stage", "trian")
    assert said.code == 2
    assert "download, clean, tokenize" in " ".join(said.err.split())


@pytest.mark.parametrize("command", [["run"], ["stage", "download"], ["stages"], ["info"]])
@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("train.dim=fifty", "train.dim is 'fifty': Input should be a valid integer"),
        ("train.dim=0", "train.dim is 0: Input should be greater than or equal to 1"),
        ("train.dimm=5", "train.dimm: there is no such key; did you mean dim?"),
        ("trian.dim=5", "there is no section 'trian'; did you mean train?"),
        ("train=5", "write it as section.key=value, for example train.dim=50"),
        ("train.dim", "write it as section.key=value"),
        ("train.dim=[", "--set train.dim=[: the value is not YAML"),
        ("corpus.sources=[{kind: fils}]", "corpus.sources.0 is {'kind': 'fils'}: Input tag 'fils'"),
        ("clean.steps=[lowercase, tidy]", "there is no step 'tidy'; the steps are"),
    ],
)
def test_wrong_values_are_one_line_that_names_the_place(
    wordloom: Command, command: list[str], override: str, complaint: str
) -> None:
    assert complaint in wordloom(*command, "--set", override).complaint()


def test_an_unknown_profile_names_the_profiles(wordloom: Command) -> None:
    known = ", ".join(sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml")))
    assert "reference" in known
    assert wordloom("run", "--profile", "nope").complaint() == f"there is no profile 'nope'; the profiles are {known}"


def test_what_belongs_to_params_yaml_is_not_overwritten(wordloom: Command, project: Path) -> None:
    ledger = project / "data"
    complaint = wordloom("run", "--data", "data", "--set", "train.dim=5").complaint()
    assert complaint.startswith(f"{ledger} belongs to params.yaml as it stands")
    assert wordloom("stage", "download", "--data", "data", "--profile", "reference").complaint() == complaint
    assert "lies among the artifacts of params.yaml" in wordloom("run", "--data", "data/train").complaint()
    assert not (ledger / "download").exists()


def test_outside_a_project(wordloom: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDLOOM_ROOT", str(tmp_path))
    assert "no params.yaml here or above; run inside a clone" in wordloom("stages").complaint()


def test_a_params_file_that_is_no_yaml(wordloom: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text("train: [\n")
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert wordloom("run").complaint().startswith(f"{tmp_path / 'params.yaml'}: not YAML (")
    (tmp_path / "params.yaml").write_text("- train\n")
    assert wordloom("run").complaint() == f"{tmp_path / 'params.yaml'}: should be a mapping of sections"


def test_two_lines_of_python(data: Path) -> None:
    import wordloom

    vectors = wordloom.load(data / "train" / "sgns")
    assert vectors.manifest is not None and vectors.manifest["params"]["train"]["dim"] == 6
    assert vectors["space"].shape == (6,)


def test_a_stage_starts_without_what_it_does_not_need(project: Path) -> None:
    code = """
import runpy, sys
sys.argv = ["tasks", *sys.argv[1:]]
try:
    runpy.run_module("tasks", run_name="__main__", alter_sys=True)
except SystemExit as left:
    print(left.code or 0, *sorted({name.partition(".")[0] for name in sys.modules}))
"""

    def imported(*arguments: str) -> set[str]:
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=project, env=environment_of(project), capture_output=True, text=True)
        exit_code, *modules = done.stdout.splitlines()[-1].split()
        assert exit_code == "0", done.stderr
        return set(modules)

    assert not imported("download", "--help") & HEAVY
    modules = imported("download", "--data", "data/.runs/start")
    assert "pyarrow" in modules and not modules & HEAVY - PYARROW_BRINGS


def test_the_command_answers_without_what_trains(project: Path, data: Path) -> None:
    for arguments in (["--help"], ["stages"], ["neighbours", "space", "--vectors", str(data / "train" / "sgns")]):
        command = [sys.executable, "-X", "importtime", "-m", "wordloom.cli", *arguments]
        done = subprocess.run(command, cwd=project, env=environment_of(project), capture_output=True, text=True)
        assert done.returncode == 0
        modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "tasks" in modules and not modules & HEAVY - PYARROW_BRINGS


def test_make_refuses_another_python(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'import sys; sys.version_info = (3, 9, 1); exec(sys.argv[1])' \"$2\"\n"
    )
    old.chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path / "Makefile")
    done = subprocess.run(["make", f"PYTHON={old}", "run"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "wordloom needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()
