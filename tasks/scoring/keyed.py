"""The project's vectors as gensim's KeyedVectors, without a copy, and the test sets that gensim's package carries."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.errors import InputError
from tasks.storage.matrix import Matrix

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

EVERY_WORD = 1 << 62
"""gensim's `restrict_vocab` for no restriction; its own default leaves out what comes after 300,000 words."""


def packaged(name: str) -> Path:
    """The path of a test set in gensim's package: "wordsim353.tsv", "simlex999.txt", "questions-words.txt".

    Raises:
        InputError: this gensim does not carry it.
    """
    with as_file(files("gensim") / "test" / "test_data" / name) as path:
        if not path.is_file():
            raise InputError(f"{path}: gensim's package has lost this test set; install the locked dependencies again")
        return path


def keyed_vectors(words: Sequence[str], matrix: Matrix, kind: "type[KeyedVectors] | None" = None) -> "KeyedVectors":
    """A KeyedVectors (or a subclass) over `words` and float32 [size, dim] `matrix`, which it shares."""
    from gensim.models import KeyedVectors

    keyed = (kind or KeyedVectors)(int(matrix.shape[1]))
    keyed.vectors = matrix
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    return keyed


def rows_by_upper_case(words: Sequence[str]) -> dict[str, int]:
    """The row of each word, looked up in upper case; of several case variants the first, the most frequent, wins."""
    return {words[row].upper(): row for row in range(len(words) - 1, -1, -1)}
