"""Document shards as streams: checked batches in, row groups of a useful size out, never a whole shard in memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.storage.parquet import open_checked

BATCH_DOCUMENTS = 256
"""Documents handled at a time; small, since one document may have a million tokens."""

BLOCK_BYTES = 4 << 20
"""Batches are worked on together until they hold this much: many words share one look into a dictionary."""

ROW_GROUP_BYTES = 16 << 20
"""Batches are gathered into row groups of at least this size."""


class Shard(NamedTuple):
    """A shard to read: its file, and how many documents it has."""

    path: Path
    documents: int


def shards_in(folder: Path, schema: pa.Schema) -> list[Shard]:
    """The shards of a folder, in order.

    Raises:
        InputError: one is not what `schema` says.
    """
    return [Shard(path, open_checked(path, schema).metadata.num_rows) for path in sorted(folder.glob("part-*.parquet"))]


def read_batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a shard in order, with the columns of `schema`.

    Raises:
        InputError: the file is not what `schema` says, or holds a null where none may be.
        Interrupted: the process was asked to stop.
    """
    with open_checked(path, schema) as file:
        for batch in file.iter_batches(batch_size=BATCH_DOCUMENTS, columns=schema.names):
            leave_if_asked()
            ordered = batch.select(schema.names)
            for field, column in zip(schema, ordered.columns, strict=True):
                if not field.nullable and column.null_count:
                    raise InputError(f"{path}: column {field.name!r} holds a null; run the stage that writes it again")
            yield pa.RecordBatch.from_arrays(ordered.columns, schema=schema)


def blocks(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The same rows in larger batches, of about `BLOCK_BYTES`."""
    return (table.combine_chunks().to_batches()[0] for table in _gathered(batches, schema, BLOCK_BYTES))


def row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of about `ROW_GROUP_BYTES`, one a row group; none for no row."""
    return _gathered(batches, schema, ROW_GROUP_BYTES)


def _gathered(batches: Iterable[pa.RecordBatch], schema: pa.Schema, least: int) -> Iterator[pa.Table]:
    gathered: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if batch.num_rows:
            gathered.append(batch)
            size += batch.nbytes
        if size >= least:
            yield pa.Table.from_batches(gathered, schema)
            gathered, size = [], 0
    if gathered:
        yield pa.Table.from_batches(gathered, schema)
