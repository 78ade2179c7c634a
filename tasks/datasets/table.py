"""Tables of one's own: csv, tsv, jsonl or parquet files with columns of texts, labels and perhaps splits."""

from collections.abc import Iterator
from typing import NamedTuple

from tasks.datasets.params import SPLITS, TEST, TRAIN, VALIDATION, TableDataset
from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.sources.document import Document, SourceFile
from tasks.sources.matching import match_files
from tasks.sources.params import ReadableSource
from tasks.sources.reading import format_of, read_documents


class TableFile(NamedTuple):
    """A file, and the split that it is named for; None if its rows say."""

    file: SourceFile
    split: str | None


def find_tables(dataset: TableDataset, folder: str) -> list[TableFile]:
    """The files that the dataset means: train, validation, test, each in sorted order.

    Raises:
        InputError: there is none, or its format is not known.
    """
    named = {None: dataset.path, TRAIN: dataset.train, VALIDATION: dataset.validation, TEST: dataset.test}
    tables = [TableFile(file, split) for split, path in named.items() if path for file in match_files(folder, path)]
    for file, _ in tables:
        if dataset.format == "auto" and format_of(file.name) == "text":
            raise InputError(
                f"{file.name}: its name does not tell its format; set format: csv, tsv, jsonl or parquet of this "
                "dataset, or leave the file out of path"
            )
    return tables


def read_table(table: TableFile, dataset: TableDataset) -> Iterator[Document]:
    """The rows of one file.

    Raises:
        InputError: a row has no label, or no split although the dataset's splits are the given ones; damage.
    """
    file, split = table
    columns = dataset.columns
    reading = ReadableSource.model_validate(columns.model_dump() | {"format": dataset.format, "errors": dataset.errors})
    for number, document in enumerate(read_documents(file, reading), start=1):
        leave_if_asked()
        if not (document.label or "").strip():
            raise InputError(
                f"{file.name}, row {number}: no label in {columns.label!r}; give the row one, or take it out"
            )
        of_row = split or (document.split or "").casefold()
        if dataset.split.by == "given" and of_row not in SPLITS:
            raise InputError(
                f"{file.name}, row {number}: the split is {document.split!r}, not train, validation or test; name its "
                "column in columns.split, or files in train and test, or set split: {by: stratified}"
            )
        yield Document(document.text, document.label, of_row)
