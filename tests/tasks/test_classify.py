"""The stage classify on a tiny table: every file, every figure; the same bytes however it is run, or killed."""

import csv
import json
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.classifiers import NOISE_WORDS, TELLING, sentences, write_sentences
from support.runs import Project, kill_alone, make_project, tree, wait_for

from tasks.classifiers.grid import STEPS, Row, rows_of_step
from tasks.classifiers.rows import Texts
from tasks.classify import STAGE, inputs
from tasks.classify_params import CLASSIFIERS
from tasks.datasets.params import TEST, TRAIN, VALIDATION
from tasks.errors import InputError
from tasks.formats import word2vec
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.pipeline.stage import Context
from tasks.request import request
from tasks.text.vocabulary import Vocabulary

MODELS = ("tfidf", "average", "cnn")
VECTORS = ("random", "ours-tuned", "tiny-frozen")
SEEDS = (1, 2)

CLASSIFY: dict[str, Any] = {
    "datasets": {"tiny": {"kind": "table", "path": "tiny.jsonl"}},
    "folder": "labelled",
    "pretrained": {"tiny": "labelled/tiny.txt"},
    "models": list(MODELS), "vectors": list(VECTORS), "seeds": list(SEEDS),
    "validation": 0.2, "dim": 8, "units": 8, "dropout": 0.1, "epochs": 8, "patience": 4, "batch": 8,
    "precision": "float32",  # so that the same rows are the best on every machine
    "learning_rate": 0.03, "buckets": 3,
}  # fmt: skip

VALIDATED = "validation_accuracy"

NETWORK_FILES = {
    "model.keras", "text.json", "history.csv", "curves.png", "confusion.csv", "confusion.png", "calibration.csv",
    "calibration.png", "mistakes.csv", "metrics.json",
}  # fmt: skip
BASELINE_FILES = NETWORK_FILES - {"model.keras", "text.json", "history.csv", "curves.png"}


def write_vectors(data: Path, words: list[str], dim: int = 6) -> None:
    """What the stages train and tokenize leave."""
    Vocabulary(tuple(words), np.arange(len(words), 0, -1)).write(data / "tokenize" / "vocabulary.parquet")
    (data / "train" / "sgns").mkdir(parents=True)
    matrix = np.random.default_rng(0).normal(size=(len(words), dim)).astype(np.float32)
    np.save(data / "train" / "sgns" / "vectors.npy", matrix)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with the dataset and pretrained vectors; it is where relative paths start."""
    project = make_project(tmp_path_factory.mktemp("classify") / "project", b"", {"classify": CLASSIFY})
    write_sentences(project.folder / "labelled" / "tiny.jsonl")
    words = [*TELLING.values(), *NOISE_WORDS[::2]]
    matrix = np.random.default_rng(1).normal(size=(len(words), 5)).astype(np.float32)
    word2vec.write_text(project.folder / "labelled" / "tiny.txt", words, matrix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDLOOM_ROOT", str(project.folder))
        patch.chdir(project.folder)
        yield project


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of vectors of our own, before the stage has run."""
    data = tmp_path_factory.mktemp("learned")
    write_vectors(data, [".", *TELLING.values(), "elsewhere", *NOISE_WORDS[4:]])
    return data


@dataclass(frozen=True)
class Done:
    """What a run of the stage left, and its facts."""

    folder: Path
    facts: dict[str, Any]


def context(data: Path, *overrides: str) -> Context:
    return request(None, overrides, data).context(STAGE, dataset="tiny")


def run(project: Project, learned: Path, data: Path, *more: str) -> Done:
    """The stage in a process of its own: how many cores TensorFlow has is settled when it starts."""
    shutil.copytree(learned, data)
    ended = project.run(["classify"], data, more=["--dataset", "tiny", *more])
    assert ended.code == 0, ended.said
    folder = data / "classify" / "tiny"
    return Done(folder, json.loads((folder / "metrics.json").read_text()))


@pytest.fixture(scope="module")
def done(project: Project, learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The whole grid, one row after the other in one process."""
    return run(project, learned, tmp_path_factory.mktemp("done") / "data", "--set", "run.workers=1")


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of each row by its folder."""
    return {
        path.parent.relative_to(folder).as_posix(): json.loads(path.read_text())
        for path in sorted(folder.glob("*/*/metrics.json"))
    }


def table(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def networks() -> list[str]:
    return [f"{model}/{vectors}-{seed}" for model in MODELS[1:] for vectors in VECTORS for seed in SEEDS]


def test_every_file_is_there(done: Done) -> None:
    made = {*STAGE.writes, "metrics.json", "run.json", "manifest.json"}
    assert {path.name for path in done.folder.iterdir()} == made
    assert set(rows(done.folder)) == {"tfidf/terms-1", *networks()}
    for name in rows(done.folder):
        expected = BASELINE_FILES if name.startswith("tfidf") else NETWORK_FILES
        assert {path.name for path in (done.folder / name).iterdir()} == expected
    for model in set(CLASSIFIERS) - set(MODELS):
        assert list((done.folder / model).iterdir()) == []
    for path in done.folder.rglob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 3000
    texts = {"documents.parquet", "encoded.parquet", "vocabulary.parquet", "dataset.json", "encoding.json"}
    assert {path.name for path in (done.folder / "texts").iterdir()} == texts | {"embeddings.json"}


def test_the_texts_and_what_is_said_of_them(done: Done) -> None:
    facts = done.facts
    given = sentences()
    documents = pq.read_table(done.folder / "texts" / "documents.parquet").to_pylist()
    assert [each["text"] for each in documents] == [row["text"] for row in given]
    encoding = facts["encoding"]
    assert encoding["labels"] == sorted(TELLING)
    tests = sum(row["split"] == "test" for row in given)
    assert facts["documents"] == {"train": 120 - tests, "test": tests}
    assert encoding["texts"][TEST] == tests and encoding["texts"][TRAIN] + encoding["texts"][VALIDATION] == 120 - tests
    words = set(NOISE_WORDS) | set(TELLING.values()) | {"!", "."}
    vocabulary = Vocabulary.read(done.folder / "texts" / "vocabulary.parquet")
    assert set(vocabulary.words) == words and encoding["words"] == len(words)
    assert 0 < encoding["length"] < 20 and 0.9 < encoding["covered"] <= 1 and encoding["known"] == 1.0


def test_a_share_of_each_class_is_for_validation(done: Done) -> None:
    texts = Texts.read(done.folder / "texts")
    learned, kept = (np.bincount(texts.classes[texts.rows(split)]) for split in (TRAIN, VALIDATION))
    for count, all_of_it in zip(kept.tolist(), (learned + kept).tolist(), strict=True):
        assert count == round(0.2 * all_of_it)


def test_balanced_weights_give_each_class_the_same(done: Done) -> None:
    texts = Texts.read(done.folder / "texts")
    plain, balanced = texts.of(TRAIN, "post"), texts.of(TRAIN, "post", balanced=True)
    assert set(plain.weights.tolist()) == {1.0} and len(set(np.bincount(plain.labels).tolist())) > 1
    sums = np.bincount(balanced.labels, balanced.weights)
    np.testing.assert_allclose(sums, len(plain) / 3, rtol=1e-5)


def test_what_the_vectors_cover(done: Done) -> None:
    found = done.facts["embeddings"]
    vocabulary = Vocabulary.read(done.folder / "texts" / "vocabulary.parquet")
    for name, known in (
        ("ours", {".", *TELLING.values(), *NOISE_WORDS[4:]}),
        ("tiny", {*TELLING.values(), *NOISE_WORDS[::2]}),
    ):
        hits = [count for word, count in zip(vocabulary.words, vocabulary.counts, strict=True) if word in known]
        assert found[name]["hits"] == len(hits) and found[name]["missing"] == len(vocabulary) - len(hits)
        assert found[name]["covered"] == round(sum(hits) / vocabulary.tokens, 4)
        assert found[name]["missing_filled"] == "random" and "!" in found[name]["examples"]


def test_the_figures_of_a_row_agree_with_its_tables(done: Done) -> None:
    tests = done.facts["encoding"]["texts"][TEST]
    for name, figures in rows(done.folder).items():
        cells = table(done.folder / name / "confusion.csv")
        hits = sum(int(cell["texts"]) for cell in cells if cell["actual"] == cell["predicted"])
        assert len(cells) == 9 and sum(int(cell["texts"]) for cell in cells) == figures["texts"] == tests
        assert figures["accuracy"] == round(hits / tests, 6)
        for label, of_class in figures["classes"].items():
            asked = {cell["predicted"]: int(cell["texts"]) for cell in cells if cell["actual"] == label}
            assert of_class["texts"] == sum(asked.values())
            assert of_class["recall"] == pytest.approx(asked[label] / sum(asked.values()), abs=1e-6)
        mistakes = table(done.folder / name / "mistakes.csv")
        assert len(mistakes) == tests - hits > 0 and all(each["label"] != each["taken_for"] for each in mistakes)
        sure = [float(each["probability"]) for each in mistakes]
        assert sure == sorted(sure, reverse=True)
        bins = table(done.folder / name / "calibration.csv")
        assert sum(int(each["texts"]) for each in bins) == tests
        assert sum(int(each["texts"]) * float(each["right"]) for each in bins) == pytest.approx(hits, abs=1e-3)


def test_the_curves_of_a_network_agree_with_its_figures(done: Done) -> None:
    together = table(done.folder / "curves.csv")
    assert len(together) == sum(rows(done.folder)[name]["epochs"] for name in networks())
    for name in networks():
        figures, epochs = rows(done.folder)[name], table(done.folder / name / "history.csv")
        assert [int(each["epoch"]) for each in epochs] == list(range(1, figures["epochs"] + 1))
        losses = [float(each["validation_loss"]) for each in epochs]
        assert losses.index(min(losses)) + 1 == figures["best_epoch"]
        assert float(epochs[figures["best_epoch"] - 1]["validation_accuracy"]) == figures["validation_accuracy"]
        its = [each for each in together if f"{each['model']}/{each['vectors']}-{each['seed']}" == name]
        assert [{key: each[key] for key in epochs[0]} for each in its] == epochs


def test_the_comparison_agrees_with_the_rows(done: Done) -> None:
    found = rows(done.folder)
    for line in table(done.folder / "rows.csv"):
        figures = found.pop(f"{line['model']}/{line['vectors']}-{line['seed']}")
        for key in ("accuracy", "macro_f1", "log_loss", "calibration_error", "validation_accuracy"):
            assert float(line[key]) == figures[key]
    assert not found
    facts, found = done.facts, rows(done.folder)
    assert facts["trained"] == len(found) == 1 + 2 * 3 * 2
    means = {}
    for model in MODELS:
        for vectors, cell in facts["rows"][model].items():
            seeds = [figures for name, figures in found.items() if name.startswith(f"{model}/{vectors}-")]
            for key, of_rows in (("accuracy", "accuracy"), ("macro_f1", "macro_f1"), ("validation", VALIDATED)):
                assert cell[key] == pytest.approx(np.mean([figures[of_rows] for figures in seeds]), abs=1e-6)
            means[model, vectors] = cell["validation"]
    best = facts["best"]["model"], facts["best"]["vectors"]
    assert means[best] == max(value for (model, _), value in means.items() if model != "tfidf")
    assert facts["best"]["accuracy"] == facts["rows"][best[0]][best[1]]["accuracy"] > 0.6
    json.dumps(facts, allow_nan=False)


def test_the_report_tells_what_there_is_to_know(done: Done) -> None:
    text, facts = (done.folder / "report.md").read_text(), done.facts
    best, rows_of_best = facts["best"], facts["rows"][facts["best"]["model"]][facts["best"]["vectors"]]
    for expected in (
        "# Classifiers: tiny",
        "- texts: 80 train, 40 test; 3 classes",
        f"| {best['model']} * | {best['vectors']} | {100 * rows_of_best['accuracy']:.2f} ± ",
        "| tfidf | terms | ",
        f"## The best: {best['model']}, {best['vectors']}",
        f"({best['model']}/{best['vectors']}-1/confusion.png)",
        "## Taken for another class with the greatest certainty",
        "- vectors tiny: ",
    ):
        assert expected in text
    for line in text.splitlines():
        for picture in line.split("](")[1:]:
            assert (done.folder / picture.split(")")[0]).is_file()
    confusion = f"{best['model']}/{best['vectors']}-1/confusion.csv"
    assert (done.folder / "confusion.csv").read_bytes() == (done.folder / confusion).read_bytes()


def test_a_classifier_answers_raw_texts_as_it_did_in_training(done: Done) -> None:
    from tasks.classifiers.saved import read_classifier

    asked = [row for row in sentences() if row["split"] == "test"]
    for name in ("average/ours-tuned-1", "cnn/tiny-frozen-2", "cnn/random-1"):
        classifier = read_classifier(done.folder / name)
        found = classifier.probabilities([row["text"] for row in asked])
        chosen = [classifier.labels[each] for each in found.argmax(axis=1)]
        right = [one == row["label"] for one, row in zip(chosen, asked, strict=True)]
        assert round(float(np.mean(right)), 6) == rows(done.folder)[name]["accuracy"]
        mistakes = table(done.folder / name / "mistakes.csv")
        alone = np.concatenate([classifier.probabilities([each["text"]]) for each in mistakes])
        np.testing.assert_allclose(alone.max(axis=1), [float(each["probability"]) for each in mistakes], atol=6e-5)
        assert [classifier.labels[each] for each in alone.argmax(axis=1)] == [each["taken_for"] for each in mistakes]


def test_again_it_is_fresh(done: Done) -> None:
    again = carry_out(STAGE, context(done.folder.parents[1]), serial)
    assert not again.ran and again.report.facts == done.facts


def outputs(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "manifest.json").read_text())["outputs"]
    return found


CROSSED = ("random", "ours-frozen", "tiny-frozen")

CROSS = (
    "--set", "classify.grid=cross", "--set", "classify.seeds=[1]", "--set",
    f"classify.vectors=[{', '.join(CROSSED)}]",
)  # fmt: skip
"""A smaller comparison."""


@pytest.fixture(scope="module")
def crossed(project: Project, learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The smaller comparison, row beside row in threads."""
    data = tmp_path_factory.mktemp("crossed") / "data"
    return run(project, learned, data, *CROSS, "--set", "run.runner=threads", "--set", "run.workers=3")


def test_a_cross_has_the_rows_it_should(crossed: Done) -> None:
    validation: dict[tuple[str, str], float] = {}
    expected: list[Row] = []
    for step in range(STEPS):
        added = rows_of_step(step, "cross", MODELS, CROSSED, (1,), validation)
        for row in added:
            validation[row.model, row.vectors] = rows(crossed.folder)[f"{row.model}/{row.name}"][VALIDATED]
        expected += added
    assert set(rows(crossed.folder)) == {f"{row.model}/{row.name}" for row in expected}
    assert crossed.facts["trained"] == len(expected) < 1 + len(CROSSED) * 2
    assert crossed.facts["best"]["vectors"] in CROSSED


def test_a_row_depends_on_no_other_and_not_on_who_runs_it(done: Done, crossed: Done) -> None:
    shared = rows(crossed.folder).keys() & rows(done.folder).keys()
    assert len(shared) >= 4
    for name in ("texts", *shared):
        assert tree(crossed.folder / name) == tree(done.folder / name), name


def test_frozen_vectors_are_in_the_network_as_they_were_found(crossed: Done, learned: Path) -> None:
    from tasks.classifiers.embedding import embedding_matrix
    from tasks.classifiers.saved import read_classifier
    from tasks.loading import load

    vocabulary = Vocabulary.read(crossed.folder / "texts" / "vocabulary.parquet")
    for name, source in (("ours", learned / "train" / "sgns"), ("tiny", Path("labelled/tiny.txt"))):
        expected = embedding_matrix(vocabulary.words, vocabulary.counts.tolist(), load(source), "random", SEEDS[0])
        network = read_classifier(crossed.folder / "average" / f"{name}-frozen-1").network
        np.testing.assert_array_equal(network.get_weights()[0], expected.matrix)


def test_killed_while_a_row_is_saved_it_goes_on_and_ends_with_the_same_bytes(
    crossed: Done, project: Project, learned: Path, tmp_path: Path
) -> None:
    data, folder = tmp_path / "data", tmp_path / "data" / "classify" / "tiny"
    shutil.copytree(learned, data)
    unfinished = data / ".work" / "classify-tiny"
    laid_over = ["--dataset", "tiny", *CROSS]
    process = project.start(["classify"], data, more=[*laid_over, "--set", "run.workers=1"])

    def amid() -> bool:
        saved = list(unfinished.glob("*/*/*/metrics.json"))
        return process.poll() is not None or (len(saved) > 1 and any(unfinished.glob("*/*/*/.model.keras*")))

    wait_for(amid)
    kill_alone(process)
    assert process.returncode == -signal.SIGKILL and not folder.exists()
    left = len(list(unfinished.glob("*/receipts/*/*/*/metrics.json.json")))
    assert 1 <= left < len(rows(crossed.folder))

    ended = project.run(["classify"], data, more=[*laid_over, "--set", "run.workers=2"])
    assert ended.code == 0, ended.said
    assert f"classify: going on where an earlier run stopped, {left} of 4 jobs are done" in ended.said
    assert "tensorflow" not in ended.said.lower() and "onednn" not in ended.said.lower()
    assert json.loads((folder / "run.json").read_text())["jobs_resumed"] > left
    assert outputs(folder) == outputs(crossed.folder)
    assert json.loads((folder / "metrics.json").read_text()) == crossed.facts


def refused(data: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as told:
        carry_out(STAGE, context(data, *overrides), serial)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_what_is_missing_is_one_line(project: Project, learned: Path, tmp_path: Path) -> None:
    vectors = tmp_path / "train" / "sgns" / "vectors.npy"
    absent = "the input of stage classify is not there; run the stage that writes it"
    assert refused(tmp_path) == f"{vectors}: {absent}"
    assert refused(learned, "classify.pretrained.tiny=nowhere.txt") == f"nowhere.txt: {absent}"
    assert "nothing.csv: no such file" in refused(learned, "classify.datasets.tiny.path=nothing.csv")
    baseline = context(learned, "classify.models=[tfidf]")
    assert inputs(baseline) == [project.folder / "labelled" / "tiny.jsonl"]


def test_vectors_and_words_that_do_not_meet_are_one_line(project: Project, tmp_path: Path) -> None:
    write_vectors(tmp_path, ["비", "해"])
    said = refused(tmp_path)
    assert said.startswith("none of the 35 words of the dataset (") and "has a vector; take vectors of its" in said
    said = refused(tmp_path, "classify.min_count=1000")
    assert said == "tiny: no word stands in the training texts 1000 times; lower min_count"
