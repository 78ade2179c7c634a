"""Writes a stream of documents as Parquet shards; `doc_id` counts through all of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.interruption import leave_if_asked
from tasks.sources.document import Document, check_length
from tasks.storage.parquet import parquet_writer
from tasks.storage.schemas import DOCUMENTS

GROUP_BYTES = 4 << 20
GROUP_ROWS = 32_768
"""A row group closes when its texts reach GROUP_BYTES or its rows GROUP_ROWS: what a reader holds in memory at once."""

MAX_LABELS = 50
"""Sources with more labels than this (ratings, ids) are not counted label by label."""

SHARDS = 64
"""About the most shards that the files of a corpus become, by their size as they lie."""


@dataclass(frozen=True)
class Written:
    """What `write_shards` wrote: numbers of documents, of text bytes (UTF-8), of shards; documents a label."""

    documents: int
    text_bytes: int
    shards: int
    labels: dict[str, int] | None


def shard_bytes(raw_bytes: int, shard_mb: float) -> int:
    """Bytes of text in a shard: `shard_mb`, or more where files of `raw_bytes` would become more than SHARDS."""
    return max(int(shard_mb * 1e6), raw_bytes // SHARDS, 1)


def write_shards(
    documents: Iterable[Document],
    name_shard: Callable[[int], Path],
    limit: int,
    advance: Callable[[float], None] = lambda amount: None,
) -> Written:
    """Writes documents in their order, `doc_id` from 0, each shard atomically.

    Args:
        documents: the corpus.
        name_shard: the path of the shard of a number.
        limit: a shard closes with the document that brings its text to so many bytes.
        advance: told of the documents that were written.

    Raises:
        Interrupted: the process was asked to stop.
    """
    count = total = shards = filled = 0
    labels: Counter[str] | None = Counter()
    writer: pq.ParquetWriter | None = None
    with ExitStack() as stack:
        for group, size in _row_groups(documents, limit):
            leave_if_asked()
            if writer is None:
                writer = stack.enter_context(
                    parquet_writer(name_shard(shards), DOCUMENTS, use_dictionary=["label", "split"])
                )
                shards += 1
            texts, group_labels, splits = zip(*group, strict=True)
            ids = range(count, count + len(group))
            table = pa.Table.from_arrays(
                [pa.array(ids, pa.int64()), *(pa.array(each, pa.string()) for each in (texts, group_labels, splits))],
                schema=DOCUMENTS,
            )
            writer.write_table(table, row_group_size=len(group))
            if labels is not None:
                labels.update(label for label in group_labels if label is not None)
                labels = labels if len(labels) <= MAX_LABELS else None
            count += len(group)
            total += size
            filled += size
            if filled >= limit:
                stack.close()
                writer, filled = None, 0
            advance(len(group))
    return Written(count, total, shards, None if labels is None else dict(sorted(labels.items())))


def _row_groups(documents: Iterable[Document], limit: int) -> Iterator[tuple[list[Document], int]]:
    """Documents in groups, each with the bytes of its texts; a group never reaches over the end of a shard by much."""
    most = min(limit, GROUP_BYTES)
    group: list[Document] = []
    size = 0
    for document in documents:
        length = len(document.text.encode())
        check_length(length, "corpus.sources")
        group.append(document)
        size += length
        if size >= most or len(group) >= GROUP_ROWS:
            yield group, size
            group, size = [], 0
    if group:
        yield group, size
