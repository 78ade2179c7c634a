from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.errors import InputError
from tasks.sources.document import MAX_DOCUMENT_BYTES, Document
from tasks.sources.shards import GROUP_BYTES, GROUP_ROWS, shard_bytes, write_shards
from tasks.storage.schemas import DOCUMENTS


def write(folder: Path, documents: list[Document], limit: int) -> list[Path]:
    written = write_shards(documents, lambda index: folder / f"part-{index:05d}.parquet", limit)
    paths = sorted(folder.glob("*.parquet"))
    assert written.documents == len(documents) == sum(pq.read_metadata(path).num_rows for path in paths)
    assert written.text_bytes == sum(len(each.text.encode()) for each in documents)
    assert written.shards == len(paths)
    return paths


def test_documents_come_back_numbered_through_all_shards(tmp_path: Path) -> None:
    documents = [Document(f"{number} ä" * 10, "x" if number % 2 else None, "train") for number in range(100)]
    paths = write(tmp_path, documents, 1000)
    assert len(paths) > 3
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    assert [row.pop("doc_id") for row in rows] == list(range(100))
    assert rows == [each._asdict() for each in documents]
    assert all(pq.read_schema(path).equals(DOCUMENTS) for path in paths)
    sizes = [sum(len(text.encode()) for text in pq.read_table(path)["text"].to_pylist()) for path in paths]
    assert all(1000 <= size < 1000 + 50 for size in sizes[:-1])


def test_row_groups_are_what_fits_in_memory(tmp_path: Path) -> None:
    long, short = Document("a" * (GROUP_BYTES // 2)), Document("b")
    (path,) = write(tmp_path, [long] * 5 + [short] * (GROUP_ROWS + 10), 1 << 30)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(index).num_rows for index in range(groups.num_row_groups)] == [2, 2, GROUP_ROWS, 11]


def test_a_document_of_a_million_tokens_has_a_row_group_of_its_own(tmp_path: Path) -> None:
    long = Document("token " * 1_000_000)
    paths = write(tmp_path, [Document("before"), long, Document("after")], 4_000_000)
    assert [pq.read_metadata(path).num_rows for path in paths] == [2, 1]
    assert pq.read_table(paths[0])["text"][1].as_py() == long.text


def test_a_document_that_is_beyond_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 64 MB"):
        write(tmp_path, [Document("a" * (MAX_DOCUMENT_BYTES + 1))], 4_000_000)
    assert list(tmp_path.iterdir()) == []


def test_empty_documents_and_no_documents(tmp_path: Path) -> None:
    assert len(write(tmp_path / "one", [Document("")] * 3, 100)) == 1
    assert write(tmp_path / "none", [], 100) == []


def test_labels_are_counted_unless_they_are_many(tmp_path: Path) -> None:
    few = [Document("a", label) for label in ("y", "x", "y", None)]
    many = [Document("a", str(number)) for number in range(51)]
    name = lambda index: tmp_path / f"{index}.parquet"  # noqa: E731
    assert write_shards(few, name, 100).labels == {"x": 1, "y": 2}
    assert write_shards(many, name, 100).labels is None


def test_equal_documents_are_equal_bytes(tmp_path: Path) -> None:
    documents = [Document(f"text {number}", "x") for number in range(500)]
    first, again = write(tmp_path / "a", documents, 1000), write(tmp_path / "b", documents, 1000)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_a_large_corpus_becomes_tens_of_shards() -> None:
    assert shard_bytes(14_000_000, 4) == 4_000_000
    assert shard_bytes(64_000_000_000, 4) == 1_000_000_000
    assert shard_bytes(0, 4) == 4_000_000
