"""The vocabulary: merged exactly from any shards, read back as written, refused when broken."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InputError
from tasks.storage.parquet import write_table
from tasks.storage.schemas import VOCABULARY
from tasks.text.spelling import JAMO
from tasks.text.vocabulary import TokenError, Vocabulary, WordCounts, WordNumbers, encode, merge_counts

SHARDS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "가", "é", "zz"])), max_size=12)


def merged(shards: list[list[str]]) -> Vocabulary:
    counters = [Counter(shard) for shard in shards]
    return merge_counts(
        WordCounts(pa.array(each, pa.string()), np.array(list(each.values()), np.int64)) for each in counters
    )


@settings(deadline=None)
@given(SHARDS)
def test_merging_shards_is_counting_the_whole(shards: list[list[str]]) -> None:
    whole = Counter(word for shard in shards for word in shard)
    vocabulary = merged(shards)
    assert list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == whole.most_common()
    assert vocabulary.tokens == whole.total()


@settings(deadline=None)
@given(SHARDS, st.integers(1, 5), st.none() | st.integers(1, 5))
def test_limits_keep_the_frequent(shards: list[list[str]], min_count: int, max_size: int | None) -> None:
    whole = Counter(word for shard in shards for word in shard)
    wanted = [word for word, count in whole.most_common() if count >= min_count][:max_size]
    assert list(merged(shards).limited(min_count, max_size).words) == wanted


def test_ids_start_at_one() -> None:
    vocabulary = merged([["b", "a", "a"]])
    assert dict(vocabulary.ids) == {"a": 1, "b": 2}
    assert len(vocabulary) == 2 and vocabulary.size_with_padding == 3
    assert "a" in vocabulary and "x" not in vocabulary
    encoded = encode(pa.array(["x", "b", "a"]), pa.array(vocabulary.words))
    assert encoded.tolist() == [0, 2, 1] and encoded.dtype == np.int32


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = merged([["nan", "null", "한글", "한글", "\u200b"]])
    written.write(tmp_path / "vocabulary.parquet")
    read = Vocabulary.read(tmp_path / "vocabulary.parquet")
    assert read.words == written.words
    assert read.counts.tolist() == written.counts.tolist() and read.counts.dtype == np.int64


def test_a_file_may_hold_words_in_letters(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.parquet"
    shards = (WordCounts(pa.array(words), np.array(counts)) for words, counts in [(["ㅂㅏㅇ", "a"], [1, 2])])
    written = merge_counts(shards, JAMO)
    assert written.words == ("a", "방")
    written.write(path)
    assert pq.read_table(path)["word"].to_pylist() == ["a", "ㅂㅏㅇ"]
    read = Vocabulary.read(path)
    assert (read.words, read.spelling) == (("a", "방"), JAMO)
    assert "방" in read.limited(1, None) and read.limited(1, 1).spelling == JAMO


@pytest.mark.parametrize(("spelling", "message"), [("jamo", "no decomposed character"), ("runes", "'runes'")])
def test_a_spelling_that_does_not_fit_is_refused(tmp_path: Path, spelling: str, message: str) -> None:
    path = tmp_path / "vocabulary.parquet"
    write_table(path, pa.table([[1], ["ㅂㅏ"], [1]], schema=VOCABULARY.with_metadata({"spelling": spelling})))
    with pytest.raises(InputError, match=rf"vocabulary\.parquet: spelled {spelling}, but .*{message}"):
        Vocabulary.read(path)


@pytest.mark.parametrize(
    ("ids", "words", "counts", "message"),
    [
        ([0, 1], ["a", "b"], [2, 1], "ids should be 1, 2, 3"),
        ([1, 2], ["a", "b"], [1, 2], "counts should be positive and descending"),
        ([1, 2], ["a", "b"], [1, 0], "counts should be positive and descending"),
        ([1, 2], ["a", "a"], [2, 1], "a word stands in it twice"),
    ],
)
def test_a_broken_vocabulary_is_refused(
    tmp_path: Path, ids: list[int], words: list[str], counts: list[int], message: str
) -> None:
    path = tmp_path / "vocabulary.parquet"
    write_table(path, pa.table([ids, words, counts], schema=VOCABULARY))
    with pytest.raises(InputError, match=rf"vocabulary\.parquet: {message}"):
        Vocabulary.read(path)


@pytest.mark.parametrize("word", ["", " ", "a b", "a\n", "\u00a0", "a\u2028b"])
def test_a_word_without_a_place_in_a_file_of_vectors_is_refused(word: str) -> None:
    with pytest.raises(TokenError, match="is empty or holds white space"):
        WordNumbers().add(pa.array(["fine", word]))


@settings(deadline=None)
@given(SHARDS)
def test_words_are_numbered_and_counted_as_they_come(blocks: list[list[str]]) -> None:
    numbers = WordNumbers()
    found = [numbers.add(pa.array(block, pa.string())) for block in blocks]
    words = list(dict.fromkeys(word for block in blocks for word in block))
    assert numbers.words == words
    assert [[words[number] for number in each] for each in found] == blocks
    whole = Counter(word for block in blocks for word in block)
    assert numbers.counts.tolist() == [whole[word] for word in words]
