"""Shards as streams: row groups of a useful size, no null where none may be."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import InputError
from tasks.storage.parquet import parquet_writer, write_table
from tasks.storage.schemas import DOCUMENTS
from tasks.text.shards import BATCH_DOCUMENTS, ROW_GROUP_BYTES, read_batches, row_groups


def documents(texts: list[str]) -> pa.Table:
    nothing = [None] * len(texts)
    return pa.table([range(len(texts)), texts, nothing, nothing], schema=DOCUMENTS)


def test_batches_are_small_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.parquet"
    write_table(path, documents([f"text {number}" for number in range(1000)]))
    batches = list(read_batches(path, DOCUMENTS))
    assert max(batch.num_rows for batch in batches) <= BATCH_DOCUMENTS
    assert pa.Table.from_batches(batches)["text"].to_pylist() == [f"text {number}" for number in range(1000)]


def test_batches_are_gathered_into_row_groups(tmp_path: Path) -> None:
    table = documents(["x" * 1000] * 40_000)
    path = tmp_path / "part-00000.parquet"
    with parquet_writer(path, DOCUMENTS) as writer:
        for group in row_groups(table.to_batches(max_chunksize=100), DOCUMENTS):
            writer.write_table(group)
    metadata = pq.ParquetFile(path).metadata
    sizes = [metadata.row_group(number).num_rows * 1000 for number in range(metadata.num_row_groups)]
    assert len(sizes) == 3 and sizes[0] == pytest.approx(ROW_GROUP_BYTES, rel=0.05)
    assert pq.read_table(path)["doc_id"].to_pylist() == list(range(40_000))


def test_no_document_is_no_row_group() -> None:
    nothing = pa.RecordBatch.from_pylist([], schema=DOCUMENTS)
    assert list(row_groups([nothing, nothing], DOCUMENTS)) == []


def test_a_null_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.parquet"
    nullable = pa.schema([field.with_nullable(True) for field in DOCUMENTS])
    pq.write_table(pa.table([[1], [None], [None], [None]], schema=nullable), path)
    with pytest.raises(InputError, match=r"part-00000\.parquet: column 'text' holds a null"):
        list(read_batches(path, DOCUMENTS))
