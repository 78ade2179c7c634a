"""Reading and writing Parquet shards: one writer configuration, so that equal tables are equal bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import InputError
from tasks.storage.atomic import atomic_path

COMPRESSION_LEVEL = 1
"""zstd's fastest: higher levels gain a few per cent of size and cost several times the seconds."""


@contextmanager
def parquet_writer(target: Path, schema: pa.Schema, **options: Any) -> Iterator[pq.ParquetWriter]:
    """An atomic Parquet file, written batch by batch. `options` go to `pyarrow.parquet.ParquetWriter`."""
    settings = {"compression": "zstd", "compression_level": COMPRESSION_LEVEL} | options
    with atomic_path(target) as temporary, pq.ParquetWriter(temporary, schema, **settings) as writer:
        yield writer


def write_table(target: Path, table: pa.Table, **options: Any) -> None:
    """Writes `table` atomically in one call."""
    with parquet_writer(target, table.schema, **options) as writer:
        writer.write_table(table)


def open_checked(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    """Opens a Parquet file (memory-mapped) and compares its columns with the declared ones.

    Raises:
        InputError: the file is absent, is not whole, or does not have the columns and types of `schema`.
    """
    try:
        file = pq.ParquetFile(path, memory_map=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the stage that writes it") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a whole Parquet file ({error}); run the stage that writes it again") from None
    for field in schema:
        index = file.schema_arrow.get_field_index(field.name)
        found = file.schema_arrow.field(index).type if index >= 0 else None
        if found is None or not found.equals(field.type):
            raise InputError(f"{path}: column {field.name!r} should be {field.type}, found {found}")
    return file
