import hashlib

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tasks.sources.bundle_20newsgroups import scikit_learn_order, strip
from tasks.sources.bundled import BUNDLED
from tasks.sources.shards import MAX_LABELS
from tasks.storage.hashing import file_sha256
from tasks.storage.schemas import DOCUMENTS


def test_the_bundled_corpus_is_the_whole_training_split() -> None:
    table = pq.read_table(BUNDLED)
    assert table.schema.equals(DOCUMENTS)
    assert table["doc_id"].to_pylist() == list(range(11_314))
    assert set(table["split"].to_pylist()) == {"train"}
    labels = {row["values"]: row["counts"] for row in pc.value_counts(table["label"]).to_pylist()}
    assert len(labels) == 20 <= MAX_LABELS
    assert (labels["rec.autos"], labels["talk.religion.misc"]) == (594, 377)
    assert BUNDLED.stat().st_size <= 6_000_000


def test_its_texts_are_stripped_and_in_the_order_of_scikit_learn() -> None:
    texts = pq.read_table(BUNDLED)["text"].to_pylist()
    assert texts[0].startswith("Well i'm not sure about the story nad it did seem biased.")
    assert texts[1].startswith("\n\n\n\n\n\n\nYeah, do you expect people to read the FAQ")
    assert sum(not text.strip() for text in texts) == 300
    assert sum(len(text.encode()) for text in texts) == 13_782_021
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    assert digest == "bc98b306ebf181740953fdc9591f30bec80e140882070bec80c21a3f8e4a8806"


def test_its_readme_names_its_source_terms_and_checksum() -> None:
    readme = BUNDLED.with_name("README.md").read_text()
    assert file_sha256(BUNDLED) in readme
    assert "http://qwone.com/~jason/20Newsgroups/" in readme
    assert "NewsWeeder" in readme
    assert "No explicit licence" in readme


def test_the_order_is_two_permutations_one_after_the_other() -> None:
    order = scikit_learn_order(11_314)
    assert sorted(order) == list(range(11_314))
    assert order[:3].tolist() == [10179, 349, 10387]


@pytest.mark.parametrize("part", ["From: a@b\nSubject: x", "a@b writes:\n> quoted", "--\nsignature"])
def test_headers_quotes_and_signatures_go(part: str) -> None:
    header = part if part.startswith("From") else "From: a@b"
    body = "" if part.startswith("From") else part
    post = f"{header}\n\nThe text itself.\n\n{body}\n"
    assert strip(post).strip() == "The text itself."
