"""Parquet artifacts as the arrays that the kernels take, batch by batch, checked on the way in.

Compiled loops do not check bounds: every id and every reach is compared with what it may be before it gets there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.parquet import numbers, open_checked
from tasks.storage.schemas import ENCODED, VOCABULARY

DOCUMENTS_A_BATCH = 256
"""Small, so that a batch of long documents is still no burden; Arrow reads it in some tens of microseconds."""


class Documents(NamedTuple):
    """Some documents on end: document d is ids[offsets[d]:offsets[d + 1]].

    Attributes:
        ids: int32 [tokens], each in 1 .. size of the vocabulary.
        offsets: int64 [documents + 1], from 0.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]


def read_counts(vocabulary: Path) -> NDArray[np.int64]:
    """How often each word occurs, in the order of the ids: row r is id r + 1. int64 [words].

    Raises:
        InputError: no such file, no words, ids that are not 1, 2, 3, ..., or a count below 1.
    """
    table = open_checked(vocabulary, VOCABULARY).read(["id", "count"])
    ids, counts = (numbers(table[name]).astype(np.int64) for name in ("id", "count"))
    if len(ids) == 0:
        raise InputError(f"{vocabulary}: no words; lower tokenize.min_count or give more text")
    wrong = np.flatnonzero((ids != np.arange(1, len(ids) + 1)) | (counts < 1))
    if len(wrong):
        raise InputError(
            f"{vocabulary}: row {wrong[0]} has id {ids[wrong[0]]} and count {counts[wrong[0]]}; ids should run from 1 "
            "without a gap and counts be at least 1; run tokenize again"
        )
    return counts


def count_tokens(path: Path) -> int:
    """The tokens of one shard of encoded documents, from the file's footer (an empty document counts as one)."""
    file = open_checked(path, ENCODED)
    column = next(number for number, leaf in enumerate(file.schema) if leaf.path.startswith("ids."))
    groups = (file.metadata.row_group(group).column(column) for group in range(file.num_row_groups))
    return sum(group.num_values for group in groups)


def read_documents(path: Path, words: int, tokens: int) -> Iterator[Documents]:
    """The documents of one shard in batches of at least `tokens` tokens, which end where a document ends.

    Args:
        path: a shard of encoded documents.
        words: the size of the vocabulary.
        tokens: how many tokens make a batch.

    Raises:
        InputError: a document holds an id outside 1 .. words.
    """
    waiting: list[Documents] = []
    for batch in open_checked(path, ENCODED).iter_batches(DOCUMENTS_A_BATCH, columns=["doc_id", "ids"]):
        waiting.append(_documents(path, batch, words))
        if sum(len(each.ids) for each in waiting) >= tokens:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _documents(path: Path, batch: pa.RecordBatch, words: int) -> Documents:
    lists = batch["ids"]
    if lists.null_count or lists.flatten().null_count:
        raise InputError(f"{path}: a document without ids, or an id without a value; run tokenize again")
    offsets = numbers(lists.offsets).astype(np.int64)
    documents = Documents(numbers(lists.flatten()), offsets - offsets[0])
    outside = np.flatnonzero((documents.ids < 1) | (documents.ids > words))
    if len(outside):
        row = int(np.searchsorted(documents.offsets, outside[0], side="right")) - 1
        raise InputError(
            f"{path}: document {batch['doc_id'][row].as_py()} holds id {documents.ids[outside[0]]}, which is not in "
            f"1 .. {words}, the vocabulary's ids; run tokenize again"
        )
    return documents


def _joined(parts: list[Documents]) -> Documents:
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
    return Documents(np.concatenate([part.ids for part in parts]), np.concatenate([starts[:1], *offsets]))
