"""The forecast of a generated corpus against the real run of the stages on it."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from support.runs import RAN, Project, make_project, published

from tasks.errors import InputError
from tasks.forecasting.forecast import forecast
from tasks.forecasting.rehearsal import Act, Script, folder_bytes, rehearse
from tasks.forecasting.result import Forecast, StageForecast
from tasks.forecasting.room import free_memory
from tasks.kernels.cache import VARIABLE
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.request import Request, request
from tasks.stages import stage

SAMPLE = 500_000
"""Bytes; the corpus has some six times as many."""

ABOVE: dict[str, Any] = {
    "download": {"shard_mb": 0.3},
    "tokenize": {"min_count": 3},
    "train": {"dim": 20, "epochs": 1},
    "evaluate": {"neighbours": [], "map_words": 20},
}


def zipf_corpus(documents: int) -> bytes:
    """Documents of 10 to 190 words, whose words follow Zipf's law and are spelled in letters only."""
    random = np.random.default_rng(7)
    cumulated = np.cumsum((np.arange(1, 400_001) + 2.0) ** -1.3)
    lengths = random.integers(10, 190, documents)
    ranks = np.searchsorted(cumulated, random.random(lengths.sum()) * cumulated[-1])
    words = np.array([f"{number:x}".translate(str.maketrans("0123456789", "ghijklmnop")) for number in range(400_001)])
    texts = np.split(np.char.add("zz", words[ranks]), np.cumsum(lengths)[:-1])
    return "\n".join(" ".join(text) for text in texts).encode()


@dataclass(frozen=True)
class Both:
    """A forecast, and the folder of what the run made."""

    forecast: Forecast
    data: Path

    def stage(self, name: str) -> StageForecast:
        return next(each for each in self.forecast.stages if each.stage == name)

    def facts(self, name: str) -> dict[str, Any]:
        return json.loads((published(self.data, name) / "metrics.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("plan") / "project", zipf_corpus(4000), ABOVE)


def asked_of(project: Project, monkeypatch: pytest.MonkeyPatch, *overrides: str) -> Request:
    monkeypatch.setenv("WORDLOOM_ROOT", str(project.folder))
    return request(overrides=overrides, data=project.folder.parent / "data")


@pytest.fixture(scope="module")
def both(project: Project) -> Both:
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = forecast(asked_of(project, monkeypatch), free_memory(), SAMPLE)
    data = project.folder.parent / "data"
    assert not data.exists(), "a plan changes nothing"
    assert project.run(RAN, data).code == 0
    return Both(found, data)


def test_documents_words_tokens_and_pairs(both: Both) -> None:
    assert 0.1 < both.forecast.sampled < 0.3
    tokenized, drawn = both.facts("tokenize"), both.facts("skipgrams")
    assert both.stage("clean").makes["documents"] == pytest.approx(both.facts("clean")["documents_out"], rel=0.03)
    assert both.stage("tokenize").makes["words"] == pytest.approx(tokenized["vocabulary"], rel=0.1)
    assert both.stage("tokenize").makes["tokens"] == pytest.approx(tokenized["tokens"], rel=0.03)
    assert both.stage("skipgrams").makes["pairs"] == pytest.approx(drawn["pairs"], rel=0.03)
    assert both.stage("train").makes["pairs"] == pytest.approx(both.facts("train")["pairs"], rel=0.03)


@pytest.mark.parametrize("name", RAN)
def test_disk_of_each_stage(both: Both, name: str) -> None:
    assert both.stage(name).disk == pytest.approx(folder_bytes(published(both.data, name)), rel=0.2)


def test_disk_in_all_covers_the_run(both: Both) -> None:
    standing = sum(folder_bytes(published(both.data, name)) for name in RAN)
    assert both.forecast.disk >= 0.9 * standing
    assert all(each.work >= each.disk for each in both.forecast.stages)


def test_every_stage_takes_time_and_memory(both: Both) -> None:
    for each in both.forecast.stages:
        assert each.seconds > 0.1 and 20e6 < each.memory < 4e9


def test_what_stands_already_is_counted_as_replaced(
    both: Both, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = forecast(asked_of(project, monkeypatch), free_memory(), SAMPLE)
    assert [each.standing for each in again.stages] == [folder_bytes(published(both.data, name)) for name in RAN]
    assert again.disk == pytest.approx(max(each.work for each in again.stages), rel=0.05)
    assert again.disk < 0.7 * both.forecast.disk


def test_a_corpus_that_is_hardly_larger_than_a_sample_is_not_sampled(
    both: Both, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(both, forecast=forecast(asked_of(project, monkeypatch), free_memory(), 4 * SAMPLE))
    assert whole.forecast.sampled == 1.0
    assert whole.stage("clean").makes["documents"] == both.facts("clean")["documents_out"]
    assert whole.stage("tokenize").makes["words"] == both.facts("tokenize")["vocabulary"]
    assert whole.stage("tokenize").makes["tokens"] == both.facts("tokenize")["tokens"]
    assert whole.stage("skipgrams").makes["pairs"] == both.facts("skipgrams")["pairs"]
    for name in ("download", "clean", "tokenize", "skipgrams", "train"):
        assert whole.stage(name).disk == pytest.approx(folder_bytes(published(both.data, name)), rel=0.01)


def test_what_the_rehearsal_compiles_does_not_count(
    both: Both, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)  # put back after the test
    monkeypatch.setenv(VARIABLE, str(tmp_path / "compiled"))
    raw = asked_of(project, monkeypatch).raw
    found = []
    for turn in ("cold", "warm"):
        folders = [tmp_path / turn / name for name in ("first", "second")]
        for folder in folders:
            shutil.copytree(both.data, folder, ignore=shutil.ignore_patterns("skipgrams", "train", "e*", ".*"))
        first, second = (Act(data=folder, raw=raw) for folder in folders)
        found.append(rehearse(Script(stage="skipgrams", acts=(first, second))))
    cold, warm = found
    assert any((tmp_path / "compiled").rglob("*.nbc"))
    assert cold.second_bytes == pytest.approx(warm.second_bytes, rel=0.1)
    jobs = [name for name, _ in warm.second.rounds[0]]
    assert jobs and [name for name, _ in cold.second.rounds[0]] == jobs


def test_draws_and_epochs_multiply(both: Both, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    more = forecast(asked_of(project, monkeypatch, "skipgrams.draws=3", "train.epochs=4"), free_memory(), SAMPLE)
    drawn, trained = both.stage("skipgrams"), both.stage("train")
    assert more.stages[3].makes["pairs"] == pytest.approx(3 * drawn.makes["pairs"], rel=0.01)
    assert more.stages[3].disk == pytest.approx(3 * drawn.disk, rel=0.01)
    assert more.stages[4].makes["pairs"] == pytest.approx(4 * trained.makes["pairs"], rel=0.01)


def test_cooccurrences_if_they_are_wanted(both: Both, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found = forecast(asked_of(project, monkeypatch, "cooccurrences.wanted_by=[ratios]"), free_memory(), SAMPLE)
    (counted,) = [each for each in found.stages if each.stage == "cooccurrences"]
    assert project.run(["cooccurrences"], both.data).code == 0
    assert counted.makes["cells"] == pytest.approx(both.facts("cooccurrences")["cells"], rel=0.15)
    assert counted.disk == pytest.approx(folder_bytes(published(both.data, "cooccurrences")), rel=0.2)
    assert counted.work >= counted.disk and counted.seconds > 0.1 and 20e6 < counted.memory < 4e9


def test_models_that_learn_from_something_else_or_keep_more(
    both: Both, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = ("train.model=[glove, fasttext]", "train.glove.epochs=2", "train.fasttext.bucket=30000")
    asked = asked_of(project, monkeypatch, *others)
    found = forecast(asked, free_memory(), SAMPLE)
    rows = {(each.stage, each.variant): each for each in found.stages}
    for name in ("cooccurrences", "train", "export"):
        for context in asked.contexts(stage(name)):
            carry_out(stage(name), replace(context, data=both.data), serial)
    cells = both.facts("cooccurrences")["cells"]
    assert rows["train", "glove"].makes["cells"] == pytest.approx(2 * cells, rel=0.15)
    assert rows["train", "glove"].work == pytest.approx(rows["train", "glove"].disk + 12 * cells, rel=0.2)
    assert ("skipgrams", None) in rows
    for model in ("glove", "fasttext"):
        for name in ("train", "export"):
            assert rows[name, model].disk == pytest.approx(folder_bytes(both.data / name / model), rel=0.2)
        assert rows["train", model].seconds > 0.1 and 20e6 < rows["train", model].memory < 4e9


def test_a_source_that_is_not_here_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = "corpus.sources=[{kind: url, url: 'https://example.org/corpus.txt'}]"
    with pytest.raises(InputError, match=r"corpus\.txt.*wordloom stage download"):
        forecast(asked_of(project, monkeypatch, remote), free_memory())
