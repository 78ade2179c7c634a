"""The Korean profiles on a slice of NSMC (tests/data/nsmc.tsv: the first 300 reviews of ratings_train.txt, CC0)."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import wordloom
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.request import request
from tasks.stages import stage
from tasks.text.hangul import compose, decompose
from tasks.text.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parents[1]
REVIEWS = ROOT / "tests" / "data" / "nsmc.tsv"
SOURCE = f"corpus.sources=[{{kind: files, path: {REVIEWS}, format: tsv, text: document}}]"


def run(data: Path, profile: str, stages: tuple[str, ...], *changed: str) -> None:
    asked = request(profile, (SOURCE, *changed), data, ROOT)
    for name in stages:
        declared = stage(name)
        carry_out(declared, asked.context(declared), serial)


def metrics(data: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / name / "metrics.json").read_text())
    return found


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the reviews as morphemes."""
    data = tmp_path_factory.mktemp("nsmc")
    run(data, "nsmc", ("download", "clean", "tokenize"))
    return data


def test_cleaning_keeps_hangul(reviews: Path) -> None:
    assert metrics(reviews, "download")["documents"] == 300
    documents = pq.read_table(reviews / "clean" / "documents" / "part-00000.parquet")
    texts = documents["text"].to_pylist()
    assert texts[0] == "아 더빙 진짜 짜증나네요 목소리"
    assert "골때리네ㅋㅋ 걸스데이 이혜리 잘 되라" in texts
    assert not any(re.search(r"([ㄱ-ㅣ])\1\1|[^가-힣ㄱ-ㅣa-z0-9 ]", text) for text in texts)
    assert set(documents["label"].to_pylist()) == {"0", "1"}


def test_tokens_are_morphemes(reviews: Path) -> None:
    vocabulary = Vocabulary.read(reviews / "tokenize" / "vocabulary.parquet")
    assert {"영화", "하", "이", "는", "ㄴ다", "ㅋㅋ"} <= set(vocabulary.words)
    assert vocabulary.words.index("영화") < 15
    assert not any(re.search(r"[\u1100-\u11ff]", word) for word in vocabulary.words)


def test_a_list_drops_morphemes(reviews: Path, tmp_path: Path) -> None:
    run(tmp_path, "korean", ("download", "clean", "tokenize"), "tokenize.min_count=1")
    words = set(Vocabulary.read(tmp_path / "tokenize" / "vocabulary.parquet").words)
    assert "영화" in words and not {"이", "을", "를", "의"} & words


def test_vectors_of_words_in_letters_answer_to_words(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("word1\tword2\tscore\n영화\t드라마\t8\n영화\t정말\t2\n연기\t영화\t6\n재미\t없는말이다\t1\n")
    data = tmp_path / "data"
    everything = ("download", "clean", "tokenize", "skipgrams", "train", "export", "evaluate")
    changed = ("tokenize.tokenizer.kind=jamo", "tokenize.min_count=2", "train.dim=8", "train.epochs=1")
    run(data, "nsmc", everything, *changed, "evaluate.neighbours=[영화]", f"evaluate.pairs.own={pairs}")
    vectors = wordloom.load(data / "train" / "sgns")
    assert all(re.fullmatch("[가-힣ㄱ-ㅣa-z0-9]+", word) for word, _ in vectors.neighbours("영화"))
    own = metrics(data, "evaluate/sgns")["own"]
    assert own["pairs"] == 4 and 0 < own["coverage"] < 1
    assert "영화" in (data / "evaluate" / "sgns" / "report.md").read_text("utf-8")
    exported = (data / "export" / "sgns" / "vectors.w2v.txt").read_text("utf-8").splitlines()
    assert any(line.startswith("영화 ") for line in exported)


def test_a_word_is_near_to_what_one_wrong_letter_makes_of_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    changed = ("tokenize.tokenizer.kind=jamo", "tokenize.min_count=2", "train.model=fasttext", "train.dim=8")
    run(data, "nsmc", ("download", "clean", "tokenize", "skipgrams", "train"), *changed, "train.epochs=1")
    vectors = wordloom.load(data / "train" / "fasttext")
    frequent = [word for word in vectors.words if re.fullmatch("[가-힣]{2,}", word)][:100]
    misspelled = {compose(decompose(word)[:-1] + "ㅋ"): word for word in frequent}
    assert len(misspelled) > 90 and not any(word in vectors for word in misspelled)
    assert all(word in dict(vectors.neighbours(other, 10)) for other, word in misspelled.items())
    assert not all(word in dict(vectors.neighbours(other, 10, slips=False)) for other, word in misspelled.items())
