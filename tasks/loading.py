"""Reads word vectors from a model's folder or from a file of any format.

    vectors = load("data/train/sgns")
    vectors.neighbours("engine", 10)

Needs numpy and pyarrow only, and numba for a model of fastText's.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats import glove, projector, word2vec
from tasks.formats.sniff import sniff
from tasks.storage.matrix import Matrix, check_finite, read_matrix
from tasks.text.vocabulary import Vocabulary
from tasks.vectors import Vectors

MATRIX_NAME = "vectors.npy"
VOCABULARY_PLACE = Path("tokenize") / "vocabulary.parquet"
"""Where the words of train/<model>/vectors.npy stand, relative to the data folder."""


def load(path: str | Path) -> Vectors:
    """Vectors with their manifest, from a model's folder or from a file.

    Args:
        path: `data/train/<model>`, or a file in word2vec (text or binary), GloVe or TensorBoard projector format, or a
            model of the fastText program (.bin), which is told by its content; the projector's words are read from the
            metadata file beside it.

    Raises:
        InputError: there is nothing at `path`, or it is in no known format, cut off or damaged.
    """
    path = Path(path)
    if path.is_dir():
        path = path / MATRIX_NAME
        if not path.is_file():
            raise InputError(f"{path}: no such file; run the stage train, or name a file of vectors")
    kind = sniff(path)
    if kind == "fasttext":
        return _load_fasttext(path)
    if kind == "npy":
        vocabulary = Vocabulary.read(_vocabulary_of(path))
        matrix = read_matrix(path, len(vocabulary))
        return Vectors(vocabulary.words, matrix, _manifest_of(path), _unseen_of(path, vocabulary))
    if kind == "word2vec_text":
        words, matrix = word2vec.read_text(path)
    elif kind == "word2vec_binary":
        words, matrix = word2vec.read_binary(path)
    elif kind == "glove":
        words, matrix = glove.read(path)
    else:
        words, matrix = _load_projector(path)
    return Vectors(words, matrix, _manifest_of(path))


def _load_fasttext(path: Path) -> Vectors:
    from tasks.formats.fasttext import read_model
    from tasks.kernels.subwords import END_OF_LINE, SubwordTable

    model = read_model(path)
    minn, maxn, buckets = (model.arguments[name] for name in ("minn", "maxn", "bucket"))
    own, ngrams = np.split(model.inputs, [len(model.words)])
    bare = None if model.old else END_OF_LINE
    table = SubwordTable(own, ngrams, model.words, minn, maxn, buckets, bare=bare)
    matrix = table.known()
    check_finite(matrix, path)
    return Vectors(model.words, matrix, _manifest_of(path), table.unseen if maxn else None)


def _unseen_of(matrix: Path, vocabulary: Vocabulary) -> Callable[[str], NDArray[np.float32]] | None:
    """What answers for unseen words, of vectors that were trained with n-grams (`tasks.kernels.fasttext_learner`)."""
    tables = matrix.parent / "tables"
    if not (tables / "ngrams.npy").is_file():
        return None
    from tasks.kernels.subwords import SubwordTable

    own, ngrams, buckets, hashing = (
        np.load(tables / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in ("words", "ngrams", "buckets", "hashing")
    )
    minn, maxn, number = hashing.tolist()
    if not maxn:
        return None
    used = np.asarray(buckets)
    return SubwordTable(own, ngrams, vocabulary.words, minn, maxn, number, used, spell=vocabulary.spell).unseen


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
