"""Stage tokenize: the exact merge over shards, ids, limits, bad tokens, and the figures of the reference study."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import clean
from tasks.errors import InputError
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import Executor, perform, serial
from tasks.pipeline.stage import Context, Report
from tasks.storage.parquet import write_table
from tasks.storage.schemas import DOCUMENTS, ENCODED
from tasks.text.vocabulary import Vocabulary
from tasks.tokenize import STAGE, TokenizeParams

ROOT = Path(__file__).resolve().parents[2]


def write_clean(data: Path, shards: Sequence[Sequence[str]]) -> None:
    """Writes what the clean stage would: doc_ids 100, 101, 102, ..., each with a label and a split of its own."""
    start = 100
    for number, texts in enumerate(shards):
        ids = list(range(start, start + len(texts)))
        columns = [ids, list(texts), [f"label {each}" for each in ids], [None if each % 2 else "train" for each in ids]]
        table = pa.table(columns, schema=DOCUMENTS)
        write_table(data / "clean" / "documents" / f"part-{number:05d}.parquet", table)
        start += len(texts)


def run(data: Path, execute: Executor = serial, **params: Any) -> Report:
    context = Context(data, data / ".work", {"tokenize": TokenizeParams(**{"min_count": 1} | params)})
    return carry_out(STAGE, context, execute).report


def vocabulary(data: Path) -> list[tuple[str, int]]:
    read = Vocabulary.read(data / "tokenize" / "vocabulary.parquet")
    return list(zip(read.words, read.counts.tolist(), strict=True))


def encoded(data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((data / "tokenize" / "documents").glob("part-*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def test_documents_become_ids(tmp_path: Path) -> None:
    write_clean(tmp_path, [["b a c", "a"], ["d b a"]])
    facts = run(tmp_path).facts
    assert vocabulary(tmp_path) == [("a", 3), ("b", 2), ("c", 1), ("d", 1)]
    assert encoded(tmp_path) == [
        {"doc_id": 100, "ids": [2, 1, 3], "label": "label 100", "split": "train"},
        {"doc_id": 101, "ids": [1], "label": "label 101", "split": None},
        {"doc_id": 102, "ids": [4, 2, 1], "label": "label 102", "split": "train"},
    ]
    assert facts == {
        "documents": 3,
        "documents_without_tokens": 0,
        "tokens": 7,
        "tokens_out_of_vocabulary": 0,
        "vocabulary": 4,
        "vocabulary_with_padding": 5,
        "distinct_words": 4,
        "shards": 2,
    }
    assert pq.read_schema(tmp_path / "tokenize" / "documents" / "part-00000.parquet").equals(ENCODED)


def test_min_count_leaves_rare_words_out_and_drops_documents_of_none_else(tmp_path: Path) -> None:
    write_clean(tmp_path, [["rare a b", "lonely", ""], ["b other a"], ["single"]])
    facts = run(tmp_path, min_count=2).facts
    assert [(row["doc_id"], row["ids"]) for row in encoded(tmp_path)] == [(100, [1, 2]), (103, [2, 1])]
    assert facts["documents"] == 2 and facts["documents_without_tokens"] == 3
    assert facts["tokens"] == 4 and facts["tokens_out_of_vocabulary"] == 4
    assert facts["vocabulary"] == 2 and facts["distinct_words"] == 6 and facts["shards"] == 3


def test_max_size_keeps_the_most_frequent(tmp_path: Path) -> None:
    write_clean(tmp_path, [["c b b a a a"]])
    assert run(tmp_path, max_size=2).facts["vocabulary_with_padding"] == 3
    assert vocabulary(tmp_path) == [("a", 3), ("b", 2)]
    assert encoded(tmp_path)[0]["ids"] == [2, 2, 1, 1, 1]


def test_stopwords_of_tokens(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("의\n는\n")
    write_clean(tmp_path, [["하늘 의 별", "는 의"], ["별 는 하늘 별"]])
    facts = run(tmp_path, stopwords=str(tmp_path / "list.txt")).facts
    assert vocabulary(tmp_path) == [("별", 3), ("하늘", 2)]
    assert facts["documents_without_tokens"] == 1 and facts["tokens_out_of_vocabulary"] == 0
    with pytest.raises(InputError, match=r"tokenize\.stopwords: 'no such list' is neither"):
        run(tmp_path, stopwords="no such list")


def test_another_list_makes_the_tokens_stale(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a\n")
    write_clean(tmp_path, [["a b c"]])
    run(tmp_path, stopwords=str(tmp_path / "list.txt"))
    (tmp_path / "list.txt").write_text("b\n")
    run(tmp_path, stopwords=str(tmp_path / "list.txt"))
    assert vocabulary(tmp_path) == [("a", 1), ("c", 1)]


def test_words_in_letters_are_read_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("그\n")
    write_clean(tmp_path, [["그 별 별 a_b"]])
    run(tmp_path, tokenizer={"kind": "jamo"}, stopwords=str(tmp_path / "list.txt"))
    file = tmp_path / "tokenize" / "vocabulary.parquet"
    assert pq.read_table(file)["word"].to_pylist() == ["ㅂㅕㄹ", "a___b"]
    assert vocabulary(tmp_path) == [("별", 2), ("a_b", 1)]


WORDS = st.sampled_from(["a", "b", "c", "d", "e", "가", "é", "\u200b"])
CORPORA = st.lists(st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=5), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(CORPORA.filter(lambda shards: any(text for shard in shards for text in shard)))
def test_the_merged_vocabulary_is_that_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[str]]
) -> None:
    data = tmp_path_factory.mktemp("corpus")
    write_clean(data, shards)
    run(data)
    texts = [text for shard in shards for text in shard]
    assert vocabulary(data) == Counter(word for text in texts for word in text.split()).most_common()
    words = [word for word, _ in vocabulary(data)]
    decoded = [" ".join(words[number - 1] for number in row["ids"]) for row in encoded(data)]
    assert decoded == [text for text in texts if text]


def corpus(documents: int) -> list[str]:
    draw = random.Random(3)
    return [
        " ".join(f"w{int(draw.paretovariate(0.7)) % 500}" for _ in range(draw.randrange(30))) for _ in range(documents)
    ]


def test_the_order_in_which_shards_are_done_changes_no_byte(tmp_path: Path) -> None:
    texts = corpus(1000)
    shards = [texts[start : start + 170] for start in range(0, 1000, 170)]
    results = []
    for order in range(3):
        data = tmp_path / f"{order}"
        write_clean(data, shards)
        shuffle = random.Random(order).shuffle

        def any_order(assignments: Any, shuffle: Any = shuffle) -> Any:
            mixed = list(assignments)
            shuffle(mixed)
            return ((each, perform(each)) for each in mixed)

        run(data, any_order, min_count=2)
        folder = data / "tokenize"
        results.append({path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))})
    assert len(results[0]) == 7
    assert results[0] == results[1] == results[2]


def test_how_the_corpus_is_split_changes_no_id(tmp_path: Path) -> None:
    texts = corpus(1000)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    write_clean(whole, [texts])
    write_clean(parts, [texts[:1], texts[1:300], [], texts[300:]])
    facts, facts_of_parts = run(whole, min_count=3).facts, run(parts, min_count=3).facts
    assert facts | {"shards": 4} == facts_of_parts
    assert vocabulary(whole) == vocabulary(parts)
    assert encoded(whole) == encoded(parts)


def test_unicode_words(tmp_path: Path) -> None:
    write_clean(tmp_path, [["한글 Straße 한글 naïve 🚗"]])
    run(tmp_path)
    assert vocabulary(tmp_path) == [("한글", 2), ("Straße", 1), ("naïve", 1), ("🚗", 1)]


def test_a_corpus_of_one_word(tmp_path: Path) -> None:
    write_clean(tmp_path, [["word"]])
    assert run(tmp_path).facts["vocabulary"] == 1
    assert encoded(tmp_path)[0]["ids"] == [1]


def test_a_document_of_a_million_tokens(tmp_path: Path) -> None:
    write_clean(tmp_path, [["short one", "a b " * 500_000, "short two"]])
    assert run(tmp_path, min_count=2).facts["tokens"] == 1_000_002
    assert [len(row["ids"]) for row in encoded(tmp_path)] == [1, 1_000_000, 1]


def test_regex_tokens(tmp_path: Path) -> None:
    write_clean(tmp_path, [["don't, stop!"]])
    run(tmp_path, tokenizer={"kind": "regex", "pattern": "[a-z']+"})
    assert vocabulary(tmp_path) == [("don't", 1), ("stop", 1)]


@pytest.mark.parametrize("pattern", ["[a-z ]+", "(?=[a-z])"])
def test_a_token_that_no_file_of_vectors_could_hold_names_its_document(tmp_path: Path, pattern: str) -> None:
    write_clean(tmp_path, [["..."], ["...", "two words"]])
    message = r"part-00001\.parquet: document 102: the token '(two words)?' is empty or holds white space"
    with pytest.raises(InputError, match=message):
        run(tmp_path, tokenizer={"kind": "regex", "pattern": pattern})


def test_a_changed_tokenizer_is_a_changed_stage(tmp_path: Path) -> None:
    write_clean(tmp_path, [["aab ab"]])
    run(tmp_path, tokenizer={"kind": "regex", "pattern": "[a]+"})
    assert vocabulary(tmp_path) == [("aa", 1), ("a", 1)]
    run(tmp_path, tokenizer={"kind": "regex", "pattern": "[b]+"})
    assert vocabulary(tmp_path) == [("b", 2)]


def test_a_corpus_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no documents to tokenize; run the clean stage"):
        run(tmp_path)
    write_clean(tmp_path, [[], ["", " "]])
    with pytest.raises(InputError, match="no document has a token"):
        run(tmp_path)


def test_an_empty_vocabulary_is_refused(tmp_path: Path) -> None:
    write_clean(tmp_path, [["a b b"]])
    with pytest.raises(InputError, match=r"no word is seen 5 times .*'b', is seen 2 times.* lower tokenize.min_count"):
        run(tmp_path, min_count=5)
    assert not (tmp_path / "tokenize").exists()


def test_the_counts_and_ids_of_the_reference_study(tmp_path: Path) -> None:
    golden = json.loads((ROOT / "tests" / "data" / "20newsgroups.json").read_text("utf-8"))
    downloaded = tmp_path / "download" / "documents" / "part-00000.parquet"
    downloaded.parent.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "bundled" / "20newsgroups.parquet", downloaded)
    params = clean.CleanParams.model_validate(
        {
            "unicode": None,
            "replace": [{"pattern": "[^a-zA-Z]", "replacement": " "}],
            "min_token_length": 4,
            "stopwords": "english",
            "min_tokens": 2,
            "duplicates": False,
        }
    )
    cleaned = carry_out(clean.STAGE, Context(tmp_path, tmp_path, {"clean": params}), serial).report.facts
    assert cleaned["documents_in"] == golden["documents"]["loaded"] == 11314
    assert cleaned["documents_after"]["empty"] == golden["documents"]["after_empty"] == 10995
    assert cleaned["documents_after"]["min_tokens"] == golden["documents"]["after_short"] == 10940

    facts = run(tmp_path, min_count=1, max_size=None).facts
    assert facts["documents"] == cleaned["documents_out"] == 10940
    assert facts["tokens"] == cleaned["tokens"] == golden["tokens"] == 954954
    assert facts["vocabulary"] == golden["distinct_words"] == 64276
    assert facts["vocabulary_with_padding"] == golden["vocabulary_with_padding"]
    first, second = encoded(tmp_path)[:2]
    assert first["ids"] == golden["first_document_ids"] and second["ids"] == golden["second_document_ids"]
    assert vocabulary(tmp_path)[:20] == [tuple(entry) for entry in golden["top_words"]]
