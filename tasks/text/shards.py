"""Document shards as streams: checked batches in, row groups of a useful size out, never a whole shard in memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.storage.parquet import open_checked

BATCH_DOCUMENTS = 256
"""Documents handled at a time; small, since one document may have a million tokens."""

ROW_GROUP_BYTES = 16 << 20
"""Batches are gathered into row groups of at least this size."""


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


def row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Gathers batches into tables of about `ROW_GROUP_BYTES`, one a row group; none for no row."""
    gathered: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if batch.num_rows:
            gathered.append(batch)
            size += batch.nbytes
        if size >= ROW_GROUP_BYTES:
            yield pa.Table.from_batches(gathered, schema)
            gathered, size = [], 0
    if gathered:
        yield pa.Table.from_batches(gathered, schema)
