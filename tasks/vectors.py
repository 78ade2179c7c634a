"""Word vectors to work with: load them from a model's folder or a file of any format, ask for neighbours, analogies.

    vectors = load("data/train/sgns")
    vectors.neighbours("engine", 10)

Needs numpy and pyarrow only. A tie in similarity goes to the more frequent word, and no answer depends on threads.
"""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats import glove, projector, word2vec
from tasks.formats.sniff import sniff
from tasks.storage.matrix import BLOCK_ROWS, Matrix, read_matrix
from tasks.text.vocabulary import Vocabulary

MATRIX_NAME = "vectors.npy"
VOCABULARY_PLACE = Path("tokenize") / "vocabulary.parquet"
"""Where the words of train/<model>/vectors.npy stand, relative to the data folder."""

WORDS_TO_SUGGEST_FROM = 50_000
"""The most frequent words, among which close spellings are looked for."""


class Vectors:
    """Words and their vectors.

    Attributes:
        words: one a row, most frequent first.
        matrix: float32 [size, dim]; memory-mapped if it came from a model's folder.
        manifest: what made them (params, input hashes, code digest), if the stage that did left it beside them.
    """

    def __init__(self, words: Sequence[str], matrix: Matrix, manifest: dict[str, Any] | None = None) -> None:
        self.words = list(words)
        self.matrix = matrix
        self.manifest = manifest
        # the first of two equal words wins: the more frequent one
        self._rows = {word: row for row, word in reversed(list(enumerate(self.words)))}
        self._norms: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word: float32 [dim].

        Raises:
            InputError: the word is unknown; names close spellings.
        """
        return np.asarray(self.matrix[self.row(word)])

    def __repr__(self) -> str:
        return f"<Vectors: {len(self.words)} words, {self.dim} dimensions>"

    @property
    def dim(self) -> int:
        """The dimension of the vectors."""
        return int(self.matrix.shape[1])

    def row(self, word: str) -> int:
        """The row of a word.

        Raises:
            InputError: the word is unknown; names close spellings.
        """
        try:
            return self._rows[word]
        except KeyError:
            close = self.close_spellings(word)
            remedy = f"; did you mean {', '.join(close)}?" if close else ""
            raise InputError(f"{word!r} is not among the {len(self.words)} words{remedy}") from None

    def close_spellings(self, word: str, count: int = 3) -> list[str]:
        """Known words that are written like `word`."""
        if word.lower() in self._rows:
            return [word.lower()]
        return difflib.get_close_matches(word.lower(), self.words[:WORDS_TO_SUGGEST_FROM], n=count, cutoff=0.75)

    def similarity(self, first: str, second: str) -> float:
        """The cosine of two words' vectors, -1 to 1; 0 if one of them is zero."""
        return float(self._unit(self.row(first)) @ self._unit(self.row(second)))

    def neighbours(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """The `k` words nearest to `word` by cosine, nearest first, each with its cosine.

        Raises:
            InputError: the word is unknown.
        """
        row = self.row(word)
        return self._nearest(self._unit(row), k, {row})

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[tuple[str, float]]:
        """What is to `c` as `b` is to `a`: the `k` words nearest to b - a + c, without the three (Mikolov et al. 2013).

        Raises:
            InputError: one of the words is unknown.
        """
        rows = [self.row(word) for word in (a, b, c)]
        target = self._unit(rows[1]) - self._unit(rows[0]) + self._unit(rows[2])
        length = np.linalg.norm(target)
        return self._nearest(target / length if length else target, k, set(rows))

    def _unit(self, row: int) -> NDArray[np.float32]:
        vector = np.asarray(self.matrix[row])
        length = np.linalg.norm(vector)
        return vector / length if length else vector

    def _nearest(self, target: NDArray[np.float32], k: int, without: set[int]) -> list[tuple[str, float]]:
        if self._norms is None:
            norms = np.empty(len(self.words), np.float32)
            for start in range(0, len(norms), BLOCK_ROWS):
                norms[start : start + BLOCK_ROWS] = np.linalg.norm(self.matrix[start : start + BLOCK_ROWS], axis=1)
            norms[norms == 0] = np.inf
            self._norms = norms
        # not BLAS: how it splits a product over threads changes the last bits, and with them the order of near ties
        cosines = np.einsum("ij,j->i", self.matrix, target) / self._norms
        cosines[list(without)] = -np.inf
        k = max(0, min(k, len(self.words) - len(without)))
        if k == 0:
            return []
        least = np.partition(cosines, -k)[-k]
        candidates = np.flatnonzero(cosines >= least)
        order = candidates[np.argsort(-cosines[candidates], kind="stable")][:k]
        return [(self.words[row], float(cosines[row])) for row in order]


def load(path: str | Path) -> Vectors:
    """Vectors with their manifest, from a model's folder or from a file.

    Args:
        path: `data/train/<model>`, or a file in word2vec (text or binary), GloVe or TensorBoard projector format, which
            is told by its content; the projector's words are read from the metadata file beside it.

    Raises:
        InputError: there is nothing at `path`, or it is in no known format, cut off or damaged.
    """
    path = Path(path)
    if path.is_dir():
        path = path / MATRIX_NAME
        if not path.is_file():
            raise InputError(f"{path}: no such file; run the stage train, or name a file of vectors")
    kind = sniff(path)
    if kind == "npy":
        words = list(Vocabulary.read(_vocabulary_of(path)).words)
        matrix = read_matrix(path, len(words))
    elif kind == "word2vec_text":
        words, matrix = word2vec.read_text(path)
    elif kind == "word2vec_binary":
        words, matrix = word2vec.read_binary(path)
    elif kind == "glove":
        words, matrix = glove.read(path)
    else:
        words, matrix = _load_projector(path)
    return Vectors(words, matrix, _manifest_of(path))


def _vocabulary_of(matrix: Path) -> Path:
    """data/train/sgns/vectors.npy -> data/tokenize/vocabulary.parquet."""
    vocabulary = matrix.resolve().parent.parent.parent / VOCABULARY_PLACE
    if not vocabulary.is_file():
        raise InputError(
            f"{vocabulary}: the words of {matrix} are not there; run the stage tokenize, or load an export"
        )
    return vocabulary


def _load_projector(path: Path) -> tuple[list[str], Matrix]:
    metadata = path.with_name(path.name.replace("vectors", "metadata"))
    if metadata == path or not metadata.is_file():
        raise InputError(f"{path}: its words are not beside it; the projector's metadata should be at {metadata}")
    words, _ = projector.read_metadata(metadata)
    matrix = projector.read_vectors(path)
    if len(words) != len(matrix):
        raise InputError(f"{metadata}: {len(words)} words for the {len(matrix)} vectors of {path}")
    return words, matrix


def _manifest_of(path: Path) -> dict[str, Any] | None:
    manifest = path.with_name("manifest.json")
    try:
        content = json.loads(manifest.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise InputError(f"{manifest}: not JSON; run the stage that writes it again") from None
    return content if isinstance(content, dict) else None
