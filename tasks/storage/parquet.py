"""Reading and writing Parquet shards: one writer configuration, so that equal tables are equal bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.atomic import atomic_path

COMPRESSION_LEVEL = 1
"""zstd's fastest: higher levels gain a few per cent of size and cost several times the seconds."""


SHORT_LIVED = {"compression": "none", "compression_level": None, "use_dictionary": ["label", "split"]}
"""Options for files between two rounds of a stage: seconds after they are written they are read once, and removed."""


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


class CheckedFile(pq.ParquetFile):  # type: ignore[misc]
    """A Parquet file whose damage, found while reading, is an InputError that names it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._damage_is_input_error("not a whole Parquet file"):
            super().__init__(path, memory_map=True)

    def read(self, *arguments: Any, **options: Any) -> pa.Table:
        with self._damage_is_input_error("damaged"):
            return super().read(*arguments, **options)

    def read_row_group(self, group: int, *arguments: Any, **options: Any) -> pa.Table:
        with self._damage_is_input_error(f"damaged in row group {group}"):
            return super().read_row_group(group, *arguments, **options)

    def iter_batches(self, *arguments: Any, **options: Any) -> Iterator[pa.RecordBatch]:
        batches = super().iter_batches(*arguments, **options)
        while True:
            with self._damage_is_input_error("damaged"):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    @contextmanager
    def _damage_is_input_error(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise InputError(f"{self._path}: no such file; run the stage that writes it") from None
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self._path}: {what} ({reason}); run the stage that writes it again") from None


def numbers(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """A column of numbers without nulls, as an array of its own that can be written to.

    Arrow's own `to_numpy` imports pandas, a quarter of a second in each process, and what it gives is read-only, for
    which numba would compile every kernel once more.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return np.concatenate([np.empty(0, column.type.to_pandas_dtype()), *map(np.from_dlpack, chunks)])


def view(column: pa.ChunkedArray) -> NDArray[Any]:
    """The same without a copy where the column is in one piece; it cannot be written to."""
    if column.num_chunks != 1:
        return numbers(column)
    array: NDArray[Any] = np.from_dlpack(column.chunk(0))
    return array


def open_checked(path: Path, schema: pa.Schema) -> CheckedFile:
    """Opens a Parquet file (memory-mapped) and compares its columns with the declared ones.

    Raises:
        InputError: the file is absent, is not whole, or does not have the columns and types of `schema`; what is read
            from it later raises the same where the file is damaged.
    """
    file = CheckedFile(path)
    check_columns(path, file, schema)
    return file


def check_columns(path: Path, file: CheckedFile, schema: pa.Schema) -> None:
    """Compares the columns of an open file with the declared ones.

    Raises:
        InputError: they are not those of `schema`.
    """
    columns = file.schema_arrow  # made anew each time that it is asked for
    for field in schema:
        index = columns.get_field_index(field.name)
        found = columns.field(index).type if index >= 0 else None
        if found is None or not found.equals(field.type):
            raise InputError(
                f"{path}: column {field.name!r} should be {field.type}, found {found or 'none'}; "
                "run the stage that writes it again"
            )
