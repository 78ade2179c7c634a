"""Exact duplicates in a corpus: a 16-byte hash of each document, and which documents are the first of their kind."""

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DIGEST_BYTES = 16
"""At 128 bits, 100 million different documents collide with a probability of about 1e-23."""

_BUCKETS = 16
"""Digests are compared bucket by bucket, so that sorting needs memory for a sixteenth of them at a time."""


def digest(text: str) -> bytes:
    """The 16-byte BLAKE2b hash of a text."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=DIGEST_BYTES).digest()


def digests(texts: pa.StringArray) -> pa.FixedSizeBinaryArray:
    """binary(16) [n_documents]: the hash of each text of string [n_documents]."""
    return pa.array(map(digest, texts.to_pylist()), pa.binary(DIGEST_BYTES), size=len(texts))


def first_occurrences(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which documents are the first with their text.

    Args:
        digests: uint8 [n_documents, 16], in corpus order.

    Returns:
        bool [n_documents]. Besides `digests` it takes about 5 bytes a document.
    """
    first = np.ones(len(digests), dtype=np.bool_)
    halves = np.ascontiguousarray(digests).view(np.uint64)
    bucket = digests[:, 0] % _BUCKETS
    for number in range(_BUCKETS):
        rows = np.flatnonzero(bucket == number)
        high, low = halves[rows, 0], halves[rows, 1]
        order = np.lexsort((low, high))  # stable: equal digests stay in corpus order
        high, low = high[order], low[order]
        repeated = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
        first[rows[order[1:][repeated]]] = False
    return first
