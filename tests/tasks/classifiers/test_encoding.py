"""Words to ids and back; cut, padded, and how long is long enough."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.classifiers import ragged

from tasks.classifiers.encoding import (
    BOS,
    PAD,
    SPECIAL,
    UNK,
    Encoder,
    Ragged,
    Side,
    fit_length,
    frequent_words,
)
from tasks.text.vocabulary import Vocabulary

TOKENS = pa.list_(pa.string())
WORD = st.text(min_size=1, max_size=5)


def lists(texts: Ragged) -> list[list[int]]:
    return [texts.text(number).tolist() for number in range(len(texts))]


def test_the_first_ids_are_special_and_words_follow() -> None:
    words = ("the", "cat", "sat")
    assert (PAD, BOS, UNK) == (0, 1, 2)
    encoder = Encoder(words)
    found = encoder.encode(pa.array([["cat", "the", "dog"], [], ["sat"]], TOKENS))
    assert lists(found) == [[BOS, 4, 3, UNK], [BOS], [BOS, 5]]
    assert (found.flat.dtype, found.offsets.dtype, len(encoder)) == (np.int32, np.int64, 6)
    vocabulary = Vocabulary(words, np.array([3, 2, 1]))
    for word in words:
        assert lists(encoder.encode(pa.array([[word]], TOKENS))) == [[BOS, vocabulary.ids[word] + 2]]


def test_ids_become_words_again_without_padding() -> None:
    encoder = Encoder(["the", "cat"])
    assert encoder.decode([PAD, PAD, BOS, 4, UNK, 3, PAD]) == ["<BOS>", "cat", "<UNK>", "the"]
    assert encoder.decode([PAD]) == []


@given(st.lists(WORD, max_size=8, unique=True), st.lists(st.lists(WORD, max_size=6), max_size=5), st.data())
def test_what_is_known_comes_back(words: list[str], texts: list[list[str]], data: st.DataObject) -> None:
    if words:
        texts = [*texts, data.draw(st.lists(st.sampled_from(words), max_size=8))]
    encoder = Encoder(words)
    found = encoder.encode(pa.array(texts, TOKENS))
    assert len(found) == len(texts) and found.lengths.tolist() == [len(text) + 1 for text in texts]
    for number, text in enumerate(texts):
        expected = [SPECIAL[BOS], *(word if word in words else SPECIAL[UNK] for word in text)]
        assert encoder.decode(found.text(number).tolist()) == expected


def test_a_part_of_a_column_is_encoded_as_if_it_were_alone() -> None:
    tokens = pa.array([["a", "b"], ["b"], [], ["a", "a"]], TOKENS)
    encoder = Encoder(["a", "b"])
    assert lists(encoder.encode(tokens.slice(1, 3))) == lists(encoder.encode(tokens))[1:] == [[1, 4], [1], [1, 3, 3]]


def test_no_texts() -> None:
    found = Encoder(["a"]).encode(pa.array([], TOKENS))
    assert len(found) == 0 and found.flat.tolist() == [] and found.offsets.tolist() == [0]
    assert len(found.cut(3, "pre")) == 0


def test_the_most_frequent_words_first_ties_as_they_appear() -> None:
    tokens = pa.array([["b", "a", "c"], ["a", "c", "d"], ["e", "a"]], TOKENS)
    assert frequent_words(tokens, 1, None) == (["a", "c", "b", "d", "e"], [3, 2, 1, 1, 1])
    assert frequent_words(tokens, 2, None) == (["a", "c"], [3, 2])
    assert frequent_words(tokens, 1, 3) == (["a", "c", "b"], [3, 2, 1])
    assert frequent_words(tokens, 4, None) == ([], [])


@pytest.mark.parametrize(
    ("side", "cut"), [("post", [[1, 2, 3], [4], [], [5, 6, 7]]), ("pre", [[3, 4, 5], [4], [], [5, 6, 7]])]
)
def test_longer_texts_are_cut(side: Side, cut: list[list[int]]) -> None:
    assert lists(ragged([[1, 2, 3, 4, 5], [4], [], [5, 6, 7]]).cut(3, side)) == cut


def test_some_texts_in_another_order() -> None:
    texts = ragged([[1, 2], [], [3], [4, 5, 6]])
    assert lists(texts.take(np.array([3, 1, 0, 3]))) == [[4, 5, 6], [], [1, 2], [4, 5, 6]]
    assert len(texts.take(np.flatnonzero(np.zeros(4)))) == 0


def test_long_enough_is_the_mean_and_two_deviations() -> None:
    lengths = np.array([2, 4, 4, 4, 5, 5, 7, 9] * 5 + [30])
    length, covered = fit_length(lengths)
    assert length == int(lengths.mean() + 2 * lengths.std()) and 9 < length < 30
    assert covered == round(40 / 41, 4)
    assert fit_length(lengths, 5) == (5, round(30 / 41, 4))
    assert fit_length(lengths, 1000) == (30, 1.0)


def test_texts_of_one_length_are_read_whole() -> None:
    assert fit_length(np.array([7, 7, 7])) == (7, 1.0)
    assert fit_length(np.array([1])) == (1, 1.0)
