"""The stage evaluate on a small model: every file, every figure, the report; and what it says of a missing input."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.evaluate import STAGE, EvaluateParams, finish, inputs, plan, work
from tasks.pipeline.stage import Context, Report
from tasks.scoring.keyed import packaged
from tasks.scoring.similarity import read_pairs
from tasks.text.vocabulary import Vocabulary


def make_data(data: Path, words: list[str] | None = None) -> None:
    """A trained model, and what the stages before it leave."""
    if words is None:
        pairs = read_pairs(packaged("wordsim353.tsv"))
        words = list(dict.fromkeys(word.lower() for pair in pairs[:200] for word in (pair.first, pair.second)))
        words += ["good", "bad", "better", "worse", "odd|word*"]
    (data / "train" / "sgns").mkdir(parents=True)
    matrix = np.random.default_rng(0).normal(size=(len(words), 10)).astype(np.float32)
    np.save(data / "train" / "sgns" / "vectors.npy", matrix)
    (data / "train" / "sgns" / "history.csv").write_text("epoch,loss,learning_rate\n1,0.5,0.02\n2,0.25,0.01\n")
    Vocabulary(tuple(words), np.arange(len(words), 0, -1)).write(data / "tokenize" / "vocabulary.parquet")
    facts: dict[str, Any] = {
        "download": {"documents": 11314},
        "clean": {"documents_in": 11314, "documents_out": 10940, "dropped": {"min_tokens": 55}},
        "tokenize": {"words": len(words)},
        "skipgrams": {"pairs": 1234567, "bytes": 2_500_000},
        "train/sgns": {"loss": 0.25},
    }
    for name, content in facts.items():
        (data / name).mkdir(parents=True, exist_ok=True)
        (data / name / "metrics.json").write_text(json.dumps(content))
    dropped = {"min_tokens": {"count": 55, "samples": [{"doc_id": 7, "text": "A <b>|bold|</b>\nword"}]}}
    (data / "clean" / "dropped.json").write_text(json.dumps(dropped))


def context(data: Path, params: EvaluateParams, work_folder: str = "work") -> Context:
    return Context(data, data / work_folder, {"evaluate": params})


def run(given: Context) -> Report:
    return finish(given, [work(job) for job in plan(given, ())])


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Report]:
    data = tmp_path_factory.mktemp("data")
    make_data(data)
    own = data / "own.tsv"
    own.write_text("word\tword\tscore\nlove\tsex\t5\ntiger\tcat\t6\nbook\tpaper\t7\nnosuch\tword\t8\n")
    given = context(data, EvaluateParams(neighbours=("tiger", "absentword"), neighbour_count=3, pairs={"own": own}))
    return given, run(given)


def test_it_writes_what_it_declares(evaluated: tuple[Context, Report]) -> None:
    given, _ = evaluated
    assert {path.name for path in given.work.iterdir()} == set(STAGE.writes)
    sets = {"wordsim353", "simlex999", "own", "google_analogies_30k", "google_analogies"}
    assert {path.stem for path in (given.work / "scores").iterdir()} == sets
    assert all(path.is_file() for path in inputs(given))


def test_every_score_has_its_coverage(evaluated: tuple[Context, Report]) -> None:
    _, report = evaluated
    facts = report.facts
    for name in ("wordsim353", "simlex999", "own"):
        assert set(facts[name]) >= {"spearman", "coverage"}
    for name in ("google_analogies_30k", "google_analogies"):
        assert set(facts[name]) >= {"accuracy", "coverage"}
    assert -1 <= facts["wordsim353"]["spearman"] <= 1
    assert facts["wordsim353"]["coverage"] >= 200 / 353
    assert facts["own"]["coverage"] == 0.75
    assert facts["google_analogies"]["answered"] == facts["google_analogies_30k"]["answered"] == 2
    json.dumps(facts, allow_nan=False)


def test_neighbours_with_a_word_that_is_unknown(evaluated: tuple[Context, Report]) -> None:
    given, _ = evaluated
    found = json.loads((given.work / "neighbours.json").read_text())
    assert found["absentword"] is None
    assert len(found["tiger"]) == 3
    assert found["tiger"][0]["cosine"] >= found["tiger"][2]["cosine"]


def test_the_report_tells_the_whole_story(evaluated: tuple[Context, Report]) -> None:
    given, report = evaluated
    text = (given.work / "report.md").read_text()
    for expected in (
        "documents in 11,314, documents out 10,940",
        r"| min tokens | 55 | document 7: A &lt;b>\|bold\|&lt;/b> word |",
        "pairs 1,234,567, bytes 2.5 MB",
        f"| wordsim353 | spearman | {report.facts['wordsim353']['spearman']:.3f} |",
        "| own | spearman |",
        "| capital-common-countries | 506 | - |",
        "| **total** | **19,544** |",
        "| **absentword** | (not in the vocabulary) |",
        "0.5000 at first, 0.2500 after 2 epochs",
        "](loss.png)",
        "](map.png)",
    ):
        assert expected in text
    assert "nan" not in text.lower().split()


def test_again_gives_equal_bytes(evaluated: tuple[Context, Report]) -> None:
    given, report = evaluated
    again = context(given.data, given.section(EvaluateParams), "again")
    assert run(again) == report
    for path in given.work.rglob("*.*"):
        assert path.read_bytes() == (again.work / path.relative_to(given.work)).read_bytes()


def test_a_vocabulary_with_nothing_to_score(tmp_path: Path) -> None:
    make_data(tmp_path, ["안녕", "세계"])
    given = context(tmp_path, EvaluateParams())
    facts = run(given).facts
    assert facts["wordsim353"]["spearman"] is None
    assert "only 0 of 353" in facts["wordsim353"]["reason"]
    assert facts["google_analogies"]["accuracy"] is None
    assert facts["google_analogies"]["coverage"] == 0.0
    assert "only 0 of 353" in (given.work / "report.md").read_text()
    json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("clean/dropped.json", "clean"),
        ("download/metrics.json", "download"),
        ("train/sgns/history.csv", "train"),
        ("train/sgns/metrics.json", "train"),
    ],
)
def test_a_missing_input_names_the_stage_to_run(tmp_path: Path, name: str, stage: str) -> None:
    make_data(tmp_path, ["one", "two", "three"])
    (tmp_path / name).unlink()
    given = context(tmp_path, EvaluateParams(neighbours=()))
    reports = [work(job) for job in plan(given, ())]
    with pytest.raises(InputError, match=f"{name}: no such file; run the stage {stage}"):
        finish(given, reports)


@pytest.mark.parametrize("name", ["wordsim353", "google_analogies", "../up", "with space", ""])
def test_names_of_own_sets_are_checked(name: str) -> None:
    with pytest.raises(ValidationError):
        EvaluateParams(pairs={name: Path("x")})
