"""`wordloom plan`: what it says of a run that fits, that is tight, that does not fit; and the command itself."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.project import environment_of
from support.runs import RAN

from tasks.forecasting.result import Forecast, StageForecast
from tasks.pipeline.workers import cores
from tasks.request import request
from tasks.stages import stage
from tasks.train_params import TrainParams
from wordloom.plan import Room, hint_streams, judge

ROOT = Path(__file__).resolve().parents[1]
DATA = Path("/somewhere/data")

FORECAST = Forecast(
    stages=[
        StageForecast("tokenize", None, {"words": 10}, disk=100, work=250, memory=300, seconds=2.0, standing=0),
        StageForecast("train", "sgns", {"words": 10}, disk=50, work=100, memory=900, seconds=5.0, standing=0),
    ],
    absent=[],
    remote=[],
    sampled=0.1,
    workers=2,
    cache=0,
)


def test_disk_in_all_is_the_most_that_lies_there_at_once() -> None:
    assert FORECAST.disk == 250  # while tokenize works; then 100 + 100
    tokenize, train = FORECAST.stages
    assert replace(FORECAST, stages=[tokenize, replace(train, work=400)]).disk == 100 + 400
    assert replace(FORECAST, cache=150).disk == 100 + 50 + 150
    assert replace(FORECAST, stages=[replace(tokenize, standing=90), replace(train, work=400)]).disk == 10 + 400


def test_a_run_that_fits_has_no_line() -> None:
    assert judge(FORECAST, Room(disk=1000, memory=2000), DATA) == ([], [])


def test_what_is_not_there_is_refused_with_its_figures_and_a_remedy() -> None:
    (line,) = judge(FORECAST, Room(disk=249, memory=2000), DATA).refusals
    assert line.startswith("/somewhere/data: the run will take 250B of disk and 249B are free; make room")
    (line,) = judge(FORECAST, Room(disk=1000, memory=899), DATA).refusals
    assert line.startswith("train: will take 900B of memory and 899B are free; ") and "train.dim" in line
    greedy = StageForecast("classify", "sms", {}, disk=1, work=1, memory=1000, seconds=1.0, standing=0)
    (line,) = judge(replace(FORECAST, stages=[greedy]), Room(disk=1000, memory=999), DATA).refusals
    assert line.startswith("classify: will take") and "classify.batch" in line and "train.dim" not in line


def test_what_is_tight_is_a_warning() -> None:
    verdict = judge(FORECAST, Room(disk=300, memory=1000), DATA)
    assert not verdict.refusals and ["tight" in line for line in verdict.warnings] == [True, True]


def test_sources_that_are_left_out_are_named() -> None:
    (line,) = judge(replace(FORECAST, absent=["corpus.tar.gz"]), Room(1000, 2000), DATA).warnings
    assert "corpus.tar.gz" in line and "wordloom stage download" in line


def test_datasets_of_the_network_are_named() -> None:
    (line,) = judge(replace(FORECAST, remote=["imdb"]), Room(1000, 2000), DATA).warnings
    assert "imdb" in line and "path" in line


BOTH = "train.model={sgns: skipgrams, cbow: skipgrams}"


@pytest.mark.parametrize(
    ("cores", "changed", "streams"),
    [(4, (), 4), (7, (), 4), (8, (), 8), (64, (), 8), (8, ("train.sgns.streams=4",), 8), (3, ("train.streams=1",), 2)],
)
def test_cores_that_have_no_stream_are_named(cores: int, changed: tuple[str, ...], streams: int) -> None:
    hint = hint_streams(request(None, (BOTH, *changed), DATA, ROOT), cores)
    assert hint is not None and f"of {cores} cores" in hint
    (given,) = re.findall(r"train\.\S+=\d+", hint)
    taken = request(None, (BOTH, *changed, given), DATA, ROOT)  # what it says can be said to the command
    assert hint_streams(taken, cores) is None
    values = {name: taken.context(stage("train"), name).section(TrainParams) for name in ("sgns", "cbow")}
    assert values["sgns"].streams == streams and values["cbow"].streams == taken.raw["train"]["streams"]


@pytest.mark.parametrize(
    ("cores", "changed"),
    [
        (1, ()),
        (3, ()),
        (8, ("train.sgns.streams=8",)),
        (8, ("train.deterministic=false",)),
        (8, ("train.model=sgns", "train.engine=tensorflow")),
        (8, ("train.model=cbow",)),
    ],
)
def test_where_no_more_cores_help_there_is_no_hint(cores: int, changed: tuple[str, ...]) -> None:
    assert hint_streams(request(None, (BOTH, *changed), DATA, ROOT), cores) is None


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("plan")
    return environment_of(folder, WORDLOOM_ROOT=str(ROOT), COLUMNS="160")


def plan(environment: dict[str, str], *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "wordloom.cli", "plan", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_the_command_on_the_bundled_corpus(environment: dict[str, str], tmp_path: Path) -> None:
    done = plan(environment, "--json", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [each["stage"] for each in found["stages"]] == list(RAN)
    for each in found["stages"]:
        assert each.keys() == {"stage", "variant", "makes", "disk", "work", "memory", "seconds", "standing"}
        assert each["disk"] > 0 and each["memory"] > 0 and each["seconds"] > 0 and each["standing"] == 0
    assert found["total"].keys() == {"disk", "memory", "seconds"}
    assert found["free"]["disk"] > found["total"]["disk"] and found["refusals"] == []
    assert found["hint"] == hint_streams(request(None, (), None, ROOT), cores())
    metrics = {name: json.loads((ROOT / "data" / name / "metrics.json").read_text()) for name in RAN[:4]}
    makes = {each["stage"]: each["makes"] for each in found["stages"]}
    assert makes["download"]["documents"] == pytest.approx(metrics["download"]["documents"], rel=0.05)
    assert makes["tokenize"]["words"] == pytest.approx(metrics["tokenize"]["vocabulary"], rel=0.15)
    assert makes["skipgrams"]["pairs"] == pytest.approx(metrics["skipgrams"]["pairs"], rel=0.1)
    assert not (tmp_path / "data").exists()


def test_a_run_that_the_disk_cannot_hold_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "corpus.txt"
    source.write_text("\n".join("the loom weaves a long thread of many words today" for _ in range(9)) + "\nmore words")
    corpus = f"corpus.sources=[{{kind: files, path: {source}, format: lines}}]"
    done = plan(
        environment, "--data", tmp_path / "data", "--set", corpus, "--set", "skipgrams.draws=1000000000000",
        "--set", "clean.duplicates=false", "--set", "tokenize.min_count=1",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("not enough: ")]
    assert "of disk" in line and "make room" in line and not (tmp_path / "data").exists()
