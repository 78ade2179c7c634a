"""Reads word vectors from a model's folder or from a file of any format.

    vectors = load("data/train/sgns")
    vectors.neighbours("engine", 10)

Needs numpy and pyarrow only for a model's folder, and numba for a file.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tasks.errors import InputError
from tasks.formats import projector
from tasks.formats.sniff import sniff_stream
from tasks.sources.compression import is_plain, open_plain
from tasks.storage.matrix import read_matrix
from tasks.text.vocabulary import Vocabulary
from tasks.vectors import Vectors

MATRIX_NAME = "vectors.npy"
VOCABULARY_PLACE = Path("tokenize") / "vocabulary.parquet"
"""Where the words of train/<model>/vectors.npy stand, relative to the data folder."""


def load(path: str | Path, words: Collection[str] | None = None) -> Vectors:
    """Vectors with their manifest, from a model's folder or from a file.

    Args:
        words: only these, those of them that are there; of a large file no others are kept in memory. By default all.
        path: `data/train/<model>`, or a file in word2vec (text or binary), GloVe or TensorBoard projector format, or a
            model of the fastText program (.bin), which is told by its content; all but the projector's may be packed
            (.gz, .bz2, .xz, .zst). The projector's words are read from the metadata file beside it.

    Raises:
        InputError: there is nothing at `path`, or it is in no known format, cut off or damaged.
    """
    path = Path(path)
    if path.is_dir():
        path = path / MATRIX_NAME
        if not path.is_file():
            raise InputError(f"{path}: no such file; run the stage train, or name a file of vectors")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with open_plain(path, str(path)) as stream:
        kind, packed = sniff_stream(stream, path), not is_plain(stream)
    if kind in ("word2vec_text", "word2vec_binary", "glove"):
        from tasks.pretrained import read_wanted

        found = read_wanted(path, words)
        return Vectors(found.words, found.matrix, _manifest_of(path))
    if kind == "fasttext":
        from tasks.pretrained_fasttext import read_fasttext

        known, matrix, unseen = read_fasttext(path, words)
        vectors = Vectors(known, matrix, _manifest_of(path), unseen)
    elif packed:
        raise InputError(f"{path}: {kind} is not read packed; unpack it first")
    else:
        vectors = _load_own(path) if kind == "npy" else _load_projector(path)
    return vectors if words is None else vectors.only(words)


def _load_own(path: Path) -> Vectors:
    from tasks.unseen import unseen_of

    vocabulary = Vocabulary.read(_vocabulary_of(path))
    matrix = read_matrix(path, len(vocabulary))
    return Vectors(vocabulary.words, matrix, _manifest_of(path), unseen_of(path, vocabulary), vocabulary.spell)


def _vocabulary_of(matrix: Path) -> Path:
    """data/train/sgns/vectors.npy -> data/tokenize/vocabulary.parquet."""
    vocabulary = matrix.resolve().parent.parent.parent / VOCABULARY_PLACE
    if not vocabulary.is_file():
        raise InputError(
            f"{vocabulary}: the words of {matrix} are not there; run the stage tokenize, or load an export"
        )
    return vocabulary


def _load_projector(path: Path) -> Vectors:
    metadata = path.with_name(path.name.replace("vectors", "metadata"))
    if metadata == path or not metadata.is_file():
        raise InputError(f"{path}: its words are not beside it; the projector's metadata should be at {metadata}")
    words, _ = projector.read_metadata(metadata)
    matrix = projector.read_vectors(path)
    if len(words) != len(matrix):
        raise InputError(f"{metadata}: {len(words)} words for the {len(matrix)} vectors of {path}")
    return Vectors(words, matrix, _manifest_of(path))


def _manifest_of(path: Path) -> dict[str, Any] | None:
    manifest = path.with_name("manifest.json")
    try:
        content = json.loads(manifest.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise InputError(f"{manifest}: not JSON; run the stage that writes it again") from None
    return content if isinstance(content, dict) else None
