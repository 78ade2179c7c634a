"""Reads vectors from a model of the fastText program: a word's is the mean of its own row and those of its n-grams."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.formats.fasttext import read_model, read_model_from
from tasks.kernels.subwords import END_OF_LINE, SubwordTable, subwords
from tasks.sources.compression import is_plain, open_plain
from tasks.storage.matrix import Matrix, check_finite
from tasks.unseen import Unseen


def read_fasttext(path: Path, words: Collection[str] | None = None) -> tuple[tuple[str, ...], Matrix, Unseen | None]:
    """The vectors of those of `words` that the model has, by default of all that it has, and what answers for others.

    An unpacked file is memory-mapped. A packed one is streamed once, and the rows that `words` and their n-grams need
    are kept: ask for no others then.

    Args:
        path: a .bin, plain or .gz, .bz2, .xz, .zst.
        words: the wanted ones.

    Returns:
        The words, most frequent first; their vectors, float32 [words, dim]; None if the model has no n-grams.

    Raises:
        InputError: the file is of another version, quantised, cut off or damaged.
    """
    asked = None if words is None else list(dict.fromkeys(words))

    def buckets_of_asked(arguments: Mapping[str, int], old: bool) -> NDArray[np.int32]:
        minn, maxn, buckets = (arguments[name] for name in ("minn", "maxn", "bucket"))
        return np.unique(subwords(asked or [], minn, maxn, buckets, _bare(old)).buckets).astype(np.int32)

    with open_plain(path, str(path)) as stream:
        if is_plain(stream):
            model = read_model(path, asked)
        else:
            model = read_model_from(stream, path, asked, None if asked is None else buckets_of_asked)
    minn, maxn, buckets = (model.arguments[name] for name in ("minn", "maxn", "bucket"))
    table = SubwordTable(model.own, model.ngrams, model.words, minn, maxn, buckets, model.used, _bare(model.old))
    matrix = table.known()
    check_finite(matrix, path)
    return model.words, matrix, table.unseen if maxn else None


def _bare(old: bool) -> str | None:
    """The word that has no n-grams; before version 11 every word had some."""
    return None if old else END_OF_LINE
