"""Stage clean: what is dropped and why, exact duplicates across shards, the same bytes whoever runs the shards."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tasks.clean import STAGE, CleanParams
from tasks.errors import InputError
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import Executor, perform, serial
from tasks.pipeline.stage import Context, Report
from tasks.storage.parquet import write_table
from tasks.storage.schemas import DOCUMENTS

OFF: dict[str, Any] = {
    "unicode": None,
    "replace": [],
    "lowercase": False,
    "min_token_length": 0,
    "empty": False,
    "min_tokens": 0,
    "duplicates": False,
}
"""All knobs off, for tests of one of them."""


def download(data: Path, shards: Sequence[Sequence[str]]) -> None:
    """Writes what the download stage would: doc_ids 0, 1, 2, ..., each with a label and a split of its own."""
    start = 0
    for number, texts in enumerate(shards):
        ids = list(range(start, start + len(texts)))
        columns = [ids, list(texts), [f"label {each}" for each in ids], [None if each % 2 else "train" for each in ids]]
        table = pa.table(columns, schema=DOCUMENTS)
        write_table(data / "download" / "documents" / f"part-{number:05d}.parquet", table)
        start += len(texts)


def run(data: Path, execute: Executor = serial, **params: Any) -> Report:
    context = Context(data, data / ".work", {"clean": CleanParams(**params)})
    return carry_out(STAGE, context, execute).report


def cleaned(data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((data / "clean" / "documents").glob("part-*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def texts(data: Path) -> list[str]:
    return [row["text"] for row in cleaned(data)]


def test_documents_pass_through_with_their_labels(tmp_path: Path) -> None:
    download(tmp_path, [["The Engine's oil!", "x"], ["A cafe\u0301 ..."]])
    facts = run(tmp_path, **OFF | {"unicode": "NFC", "lowercase": True}).facts
    assert cleaned(tmp_path) == [
        {"doc_id": 0, "text": "the engine's oil!", "label": "label 0", "split": "train"},
        {"doc_id": 1, "text": "x", "label": "label 1", "split": None},
        {"doc_id": 2, "text": "a café ...", "label": "label 2", "split": "train"},
    ]
    assert facts == {
        "documents_in": 3,
        "documents_out": 3,
        "bytes_in": 30,
        "bytes_out": 29,
        "tokens": 7,
        "duplicates": 0,
        "dropped": {},
        "documents_after": {},
    }
    schema = pq.read_schema(tmp_path / "clean" / "documents" / "part-00000.parquet")
    assert schema.equals(DOCUMENTS)


def test_every_dropped_document_has_one_reason(tmp_path: Path) -> None:
    download(tmp_path, [["", "123", "the of", "engine", "engine oil"], ["Engine oil", " \n", "engine oil"]])
    facts = run(tmp_path, stopwords="english", min_tokens=2).facts
    assert texts(tmp_path) == ["engine oil"]
    assert facts["dropped"] == {"empty": 3, "min_tokens": 2, "duplicates": 2}
    assert facts["documents_after"] == {"empty": 5, "min_tokens": 3, "duplicates": 1}
    assert facts["documents_in"] - sum(facts["dropped"].values()) == facts["documents_out"] == 1
    assert json.loads((tmp_path / "clean" / "dropped.json").read_text("utf-8")) == {
        "empty": {
            "count": 3,
            "samples": [{"doc_id": 0, "text": ""}, {"doc_id": 1, "text": "123"}, {"doc_id": 6, "text": " \n"}],
        },
        "min_tokens": {"count": 2, "samples": [{"doc_id": 2, "text": "the of"}, {"doc_id": 3, "text": "engine"}]},
        "duplicates": {
            "count": 2,
            "samples": [{"doc_id": 5, "text": "engine oil"}, {"doc_id": 7, "text": "engine oil"}],
        },
    }


def test_samples_are_few_short_and_the_first(tmp_path: Path) -> None:
    download(tmp_path, [["1" * 1000] * 4, ["2" * 1000] * 4, ["some words"]])
    run(tmp_path, samples=5)
    samples = json.loads((tmp_path / "clean" / "dropped.json").read_text())["empty"]["samples"]
    assert [sample["doc_id"] for sample in samples] == [0, 1, 2, 3, 4]
    assert samples[0]["text"] == "1" * 200


def test_of_duplicates_in_several_shards_the_first_stays(tmp_path: Path) -> None:
    download(tmp_path, [["bb bb", "aa aa", "bb bb"], [], ["AA aa", "cc cc"], ["cc cc", "bb bb", "dd dd"]])
    facts = run(tmp_path).facts
    assert [(row["doc_id"], row["text"]) for row in cleaned(tmp_path)] == [
        (0, "bb bb"),
        (1, "aa aa"),
        (4, "cc cc"),
        (7, "dd dd"),
    ]
    assert facts["duplicates"] == facts["dropped"]["duplicates"] == 4


def test_duplicates_may_stay_and_are_counted_all_the_same(tmp_path: Path) -> None:
    download(tmp_path, [["aa aa", "bb bb"], ["aa aa"]])
    facts = run(tmp_path, duplicates=False).facts
    assert texts(tmp_path) == ["aa aa", "bb bb", "aa aa"]
    assert facts["duplicates"] == 1 and "duplicates" not in facts["dropped"]


def files(data: Path) -> dict[str, bytes]:
    folder = data / "clean"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("part-*")} | {
        name: (folder / name).read_bytes() for name in ("dropped.json", "metrics.json")
    }


def test_the_order_in_which_shards_are_done_changes_nothing(tmp_path: Path) -> None:
    draw = random.Random(1)
    words = ["engine", "oil", "the", "7", "", "Brake", "가나"]
    shards = [[" ".join(draw.choices(words, k=draw.randrange(4))) for _ in range(300)] for _ in range(5)]
    results = []
    for order in range(3):
        data = tmp_path / f"{order}"
        download(data, shards)
        shuffle = random.Random(order).shuffle

        def any_order(assignments: Any, shuffle: Any = shuffle) -> Any:
            mixed = list(assignments)
            shuffle(mixed)
            return ((each, perform(each)) for each in mixed)

        run(data, any_order)
        results.append(files(data))
    assert results[0] == results[1] == results[2]


def test_how_the_corpus_is_split_changes_no_document_and_no_count(tmp_path: Path) -> None:
    draw = random.Random(2)
    corpus = [" ".join(draw.choices(["engine", "oil", "7", "Brake"], k=draw.randrange(4))) for _ in range(600)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    download(whole, [corpus])
    download(parts, [corpus[:7], corpus[7:400], [], corpus[400:]])
    assert run(whole).facts == run(parts).facts
    assert cleaned(whole) == cleaned(parts)
    assert (whole / "clean" / "dropped.json").read_bytes() == (parts / "clean" / "dropped.json").read_bytes()


def test_a_document_of_a_million_tokens(tmp_path: Path) -> None:
    download(tmp_path, [["word " * 1_000_000, "two words"]])
    assert run(tmp_path).facts["tokens"] == 1_000_002
    assert len(texts(tmp_path)[0]) == 4_999_999


def test_stopwords_by_file_are_an_input(tmp_path: Path) -> None:
    download(tmp_path, [["alpha beta gamma"]])
    listed = tmp_path / "list.txt"
    listed.write_text("beta\n")
    run(tmp_path, stopwords=str(listed))
    assert texts(tmp_path) == ["alpha gamma"]
    listed.write_text("alpha\n")
    run(tmp_path, stopwords=str(listed))
    assert texts(tmp_path) == ["beta gamma"]


def test_a_missing_stopword_list_is_named(tmp_path: Path) -> None:
    download(tmp_path, [["alpha beta"]])
    with pytest.raises(InputError, match=r"clean\.stopwords: 'nowhere\.txt' is neither"):
        run(tmp_path, stopwords="nowhere.txt")


def test_steps_go_in_the_order_of_the_params(tmp_path: Path) -> None:
    download(tmp_path, [["Engine Oil"]])
    knobs = OFF | {"lowercase": True, "replace": [{"pattern": "[^a-z]", "replacement": ""}]}
    run(tmp_path, **knobs, steps=["replace", "lowercase"])
    assert texts(tmp_path) == ["ngineil"]
    run(tmp_path, **knobs, steps=["lowercase", "replace"])
    assert texts(tmp_path) == ["engineoil"]


def test_full_lines_of_uuencoded_files_go(tmp_path: Path) -> None:
    download(tmp_path, [["see the file\nM" + "AX>'" * 15 + "\nend of file"]])
    run(tmp_path)
    assert texts(tmp_path) == ["see the file end of file"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"steps": ["lowercase", "lower"]}, "there is no step 'lower'; the steps are unicode, markup, replace"),
        ({"steps": ["empty", "empty"]}, "a step stands in it twice"),
        ({"steps": ["unicode"]}, "is on but does not stand in steps"),
        ({"replace": [{"pattern": "("}]}, "is no regular expression"),
        ({"min_token_len": 3}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_params_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CleanParams(**params)


def test_a_corpus_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no documents to clean; run the download stage"):
        run(tmp_path)
    download(tmp_path, [[], []])
    with pytest.raises(InputError, match="the corpus has no document"):
        run(tmp_path)


def test_a_corpus_that_cleans_to_nothing_is_refused_with_the_reasons(tmp_path: Path) -> None:
    download(tmp_path, [["1", "one"], ["2"]])
    with pytest.raises(InputError, match=r"no document is left of 3 .*dropped 2 by empty, 1 by min_tokens.*loosen"):
        run(tmp_path)
    assert not (tmp_path / "clean").exists()


def test_a_shard_that_is_no_documents_is_named(tmp_path: Path) -> None:
    path = tmp_path / "download" / "documents" / "part-00000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"doc_id": [1]}), path)
    with pytest.raises(InputError, match=r"part-00000\.parquet: column 'text' should be string"):
        run(tmp_path)
