"""The vocabulary: words, their ids and their counts; how it is counted shard by shard, merged exactly, kept on disk.

Ids start at 1 and go by descending count; words with equal counts stay in the order of their first appearance in the
corpus. 0 is padding and no word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.parquet import open_checked, write_table
from tasks.storage.schemas import VOCABULARY
from tasks.text.spelling import PLAIN, SPELLINGS

SPELLING = "spelling"
"""The key in the file's metadata."""

MERGED_TOGETHER = 4
"""The words of new shards that are merged at once, as a multiple of the words merged before."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words by id.

    Attributes:
        words: the word of id `i` is `words[i - 1]`, as people write it; all different.
        counts: int64 [n_words], descending; how often each word stands in the corpus.
        spelling: how the words stand in the file; see `tasks.text.spelling`.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    spelling: str = PLAIN

    def __len__(self) -> int:
        """The number of words, without padding."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Whether `word` has an id."""
        return word in self.ids

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """The id of each word."""
        return {word: number for number, word in enumerate(self.words, start=1)}

    @property
    def spelled(self) -> tuple[str, ...]:
        """The words as they stand in the file: what n-grams are made of."""
        return tuple(map(self.spell, self.words))

    def spell(self, word: str) -> str:
        """How a word, known or not, would stand there."""
        return SPELLINGS[self.spelling].spell(word)

    @property
    def size_with_padding(self) -> int:
        """The number of rows of an embedding table that has a row for id 0."""
        return len(self.words) + 1

    @property
    def tokens(self) -> int:
        """How many tokens of the corpus are in the vocabulary."""
        return int(self.counts.sum())

    def limited(self, min_count: int, max_size: int | None) -> "Vocabulary":
        """The words seen at least `min_count` times, and of those the `max_size` first (None: all)."""
        size = int(np.searchsorted(-self.counts, -min_count, side="right"))
        size = size if max_size is None else min(size, max_size)
        return Vocabulary(self.words[:size], self.counts[:size], self.spelling)

    def write(self, path: Path) -> None:
        """Writes the vocabulary as Parquet (`schemas.VOCABULARY`), atomically; the spelling is in its metadata."""
        ids = pa.array(np.arange(1, len(self) + 1, dtype=np.int32))
        words = pa.array(self.spelled, pa.string())
        columns = [ids, words, pa.array(self.counts)]
        metadata = None if self.spelling == PLAIN else {SPELLING: self.spelling}
        write_table(path, pa.Table.from_arrays(columns, schema=VOCABULARY.with_metadata(metadata)))

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Reads what `write` wrote.

        Raises:
            InputError: the file is missing or broken, or its ids, counts or words are not those of a vocabulary.
        """
        with open_checked(path, VOCABULARY) as file:
            table = file.read(VOCABULARY.names)
            spelling = (file.schema_arrow.metadata or {}).get(SPELLING.encode(), PLAIN.encode()).decode()
        if any(column.null_count for column in table.columns):
            raise InputError(f"{path}: holds a null; run the stage tokenize again")
        ids = table["id"].to_numpy()
        counts = table["count"].to_numpy().astype(np.int64)
        words = tuple(table["word"].to_pylist())
        if not np.array_equal(ids, np.arange(1, len(ids) + 1)):
            raise InputError(f"{path}: ids should be 1, 2, 3, ...; run the stage tokenize again")
        if len(counts) and (counts[-1] < 1 or (np.diff(counts) > 0).any()):
            raise InputError(f"{path}: counts should be positive and descending; run the stage tokenize again")
        if len(table["word"].unique()) < len(words):
            raise InputError(f"{path}: a word stands in it twice; run the stage tokenize again")
        try:
            return cls(tuple(map(SPELLINGS[spelling].read, words)), counts, spelling)
        except (KeyError, ValueError) as error:
            raise InputError(f"{path}: spelled {spelling}, but {error}; run the stage tokenize again") from None


def encode(words: pa.StringArray, vocabulary: pa.StringArray) -> NDArray[np.int32]:
    """int32 [len(words)]: the id of each word, 0 for a word that is not there; `vocabulary` has the words by id."""
    rows = pc.index_in(words, value_set=vocabulary)
    return np.asarray(pc.add(rows, 1).fill_null(0), np.int32)


class WordCounts(NamedTuple):
    """The different words of a part of the corpus.

    Attributes:
        words: string [n_words], in order of first appearance.
        counts: int64 [n_words]: how often each stands there.
    """

    words: pa.StringArray
    counts: NDArray[np.int64]


class WordNumbers:
    """Numbers the words of a shard from 0 in the order in which they are first seen, and counts them.

    Attributes:
        counts: int64 [n_words]: how often each word was seen, by number.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)
        self._numbers = _CheckedNumbers()

    @property
    def words(self) -> list[str]:
        """The words, by number."""
        return list(self._numbers)

    def add(self, tokens: pa.StringArray) -> NDArray[np.int32]:
        """int32 [n_tokens]: the number of each token. Python's dictionary is asked once for each different one.

        Raises:
            TokenError: a token is empty or holds white space, which no file of vectors could hold.
        """
        different = tokens.dictionary_encode()
        words = different.dictionary.to_pylist()
        numbers = np.fromiter(map(self._numbers.__getitem__, words), np.int32, len(words))
        found: NDArray[np.int32] = numbers[different.indices.to_numpy()]
        counts = np.bincount(found, minlength=len(self._numbers))
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        return found


class _CheckedNumbers(dict[str, int]):
    def __missing__(self, word: str) -> int:
        if word.split() != [word]:
            raise TokenError(word)
        number = len(self)
        self[word] = number
        return number


class TokenError(ValueError):
    """A token that is empty or holds white space.

    Attributes:
        token: what the tokenizer made.
    """

    def __init__(self, token: str) -> None:
        super().__init__(f"the token {token!r} is empty or holds white space")
        self.token = token


def merge_counts(shards: Iterable[WordCounts], spelling: str = PLAIN) -> Vocabulary:
    """The vocabulary of a corpus from those of its shards, which come in corpus order and in this spelling.

    Shards wait until they hold `MERGED_TOGETHER` times as many words as were merged before: so few words are looked at
    twice, and memory holds so many times the words of the corpus, however many shards there are.
    """
    whole = WordCounts(pa.array([], pa.string()), np.zeros(0, np.int64))
    waiting: list[WordCounts] = []
    for shard in shards:
        waiting.append(shard)
        if sum(len(each.words) for each in waiting) >= MERGED_TOGETHER * len(whole.words):
            whole, waiting = _summed([whole, *waiting]), []
    words, counts = _summed([whole, *waiting])
    order = np.argsort(-counts, kind="stable")
    read = SPELLINGS[spelling].read
    return Vocabulary(tuple(map(read, words.take(pa.array(order)).to_pylist())), counts[order], spelling)


def _summed(parts: Sequence[WordCounts]) -> WordCounts:
    words = pa.concat_arrays([part.words for part in parts]).dictionary_encode()
    counts = np.zeros(len(words.dictionary), np.int64)
    np.add.at(counts, words.indices.to_numpy(), np.concatenate([part.counts for part in parts]))
    return WordCounts(words.dictionary, counts)
