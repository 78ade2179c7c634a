"""The profile `reference` on the bundled corpus: every count and id that the reference study prints.

Figures: tests/data/20newsgroups.json. Training is left out, since the study's random draws are nobody's to repeat; the
README shows its neighbours beside ours.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.request import request
from tasks.stages import stage
from tasks.text.vocabulary import Vocabulary
from tasks.train_params import TrainParams

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "20newsgroups.json").read_text("utf-8"))
    return figures


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the stages up to skipgrams."""
    data = tmp_path_factory.mktemp("reference")
    asked = request("reference", data=data, root=ROOT)
    for name in ("download", "clean", "tokenize", "skipgrams"):
        declared = stage(name)
        carry_out(declared, asked.context(declared), serial)
    return data


def metrics(data: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / name / "metrics.json").read_text())
    return found


def test_documents(data: Path, study: dict[str, Any]) -> None:
    assert metrics(data, "download")["documents"] == study["documents"]["loaded"] == 11_314
    clean = metrics(data, "clean")
    assert clean["documents_in"] == 11_314
    assert clean["documents_after"]["empty"] == study["documents"]["after_empty"] == 10_995
    assert clean["documents_after"]["min_tokens"] == study["documents"]["after_short"] == 10_940
    assert clean["documents_out"] == metrics(data, "tokenize")["documents"] == 10_940


def test_tokens_and_vocabulary(data: Path, study: dict[str, Any]) -> None:
    facts = metrics(data, "tokenize")
    assert facts["tokens"] == study["tokens"] == 954_954
    assert facts["vocabulary"] == study["distinct_words"] == 64_276
    assert facts["vocabulary_with_padding"] == study["vocabulary_with_padding"] == 64_277
    vocabulary = Vocabulary.read(data / "tokenize" / "vocabulary.parquet")
    top = zip(vocabulary.words[:20], vocabulary.counts[:20].tolist(), strict=True)
    assert list(top) == [tuple(entry) for entry in study["top_words"]]


def test_ids_of_the_first_two_documents(data: Path, study: dict[str, Any]) -> None:
    ids = pq.read_table(data / "tokenize" / "documents" / "part-00000.parquet")["ids"]
    assert ids[0].as_py() == study["first_document_ids"]
    assert ids[1].as_py() == study["second_document_ids"]


def test_positive_pairs_of_the_first_document(data: Path, study: dict[str, Any]) -> None:
    shard = data / "skipgrams" / "shards" / "draw-000" / "part-00000.parquet"
    expected = study["skipgrams_window_10"]
    first = pq.ParquetFile(shard).read_row_group(0).slice(0, expected["first_document_tokens"])
    left, right = first["left"].to_pylist(), first["right"].to_pylist()
    assert first["center"].to_pylist() == study["first_document_ids"]
    assert (left[0], right[0], left[-1], right[-1]) == (0, 10, 10, 0)
    assert sum(left) + sum(right) == expected["first_document_positive_pairs"] == 1_110
    facts = metrics(data, "skipgrams")
    assert facts["kept_tokens"] == facts["tokens"] == 954_954


def test_training_is_asked_for_as_the_study_trained(study: dict[str, Any]) -> None:
    asked = request("reference", root=ROOT, data=ROOT / "data" / ".runs" / "reference")
    declared = stage("train")
    params = asked.context(declared).section(TrainParams)
    training = study["training"]
    assert (params.dim, params.epochs, params.negatives) == (100, 5, 1)
    assert (params.dim, params.epochs) == (training["dim"], training["epochs"])
    assert params.negatives == training["negatives_per_positive"]
    assert params.negative_power == 0 and training["negative_distribution"] == "uniform"
