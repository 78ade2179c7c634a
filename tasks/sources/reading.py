"""Reads the documents of one file, in any format, as a stream: never the whole file, except where it is one text.

Formats: `text` (the file is one document), `lines` (one document a line, empty lines too: line n stays document n),
`jsonl`, `csv` and `tsv` (with a header line; quoting in csv only, as the two are published), `parquet`. A null text is
an empty document, to be counted where empty documents are dropped (clean).
"""

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.errors import InputError
from tasks.sources.compression import is_plain, open_plain, plain_name
from tasks.sources.document import MAX_DOCUMENT_BYTES, Document, SourceFile, check_length, decode
from tasks.sources.params import ReadableSource

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}

BATCH_ROWS = 256
"""Rows of a Parquet file that are turned into Python strings at a time."""

MAX_UNPACKED_PARQUET = 4 << 30
"""Bytes of temporary file that a compressed Parquet file may become; Parquet compresses itself, so it is rare."""


def format_of(name: str) -> str:
    """What format: auto takes a file for, by its name without compression."""
    return FORMATS.get(PurePosixPath(plain_name(name)).suffix.lower(), "text")


def read_documents(file: SourceFile, params: ReadableSource) -> Iterator[Document]:
    """The documents of one file, in its order.

    Raises:
        InputError: the file is damaged, not of that format, has no such column, or is not UTF-8 (`errors: strict`).
    """
    kind = format_of(file.name) if params.format == "auto" else params.format
    with open_plain(file.path, file.name) as stream:
        if kind == "text":
            yield _whole(stream, file.name, params)
        elif kind == "lines":
            yield from (Document(line) for _, line in _lines(stream, file.name, params.errors))
        elif kind == "jsonl":
            yield from _json_lines(stream, file.name, params)
        elif kind == "parquet":
            yield from _parquet(stream, file.name, params)
        else:
            yield from _delimited(stream, file.name, params, kind)


def _whole(stream: BinaryIO, name: str, params: ReadableSource) -> Document:
    data = stream.read(MAX_DOCUMENT_BYTES + 1)
    check_length(len(data), name)
    return Document(decode(data, name, 0, params.errors))


def _lines(stream: BinaryIO, name: str, errors: str) -> Iterator[tuple[int, str]]:
    """The number of each line, from 1, and the line without its end; lines end at LF or CR LF and nothing else."""
    offset = number = 0
    while data := stream.readline(MAX_DOCUMENT_BYTES + 1):
        number += 1
        check_length(len(data), f"{name}, line {number}")
        yield number, decode(data.removesuffix(b"\n").removesuffix(b"\r"), name, offset, errors)
        offset += len(data)


def _json_lines(stream: BinaryIO, name: str, params: ReadableSource) -> Iterator[Document]:
    for number, line in _lines(stream, name, params.errors):
        if not line.strip():
            continue
        place = f"{name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{place}: not JSON ({error}); each line should be one JSON object") from None
        if not isinstance(row, dict):
            raise InputError(f"{place}: should be a JSON object, found {type(row).__name__}")
        _check_columns(params, row, place)
        text = row[params.text]
        if not isinstance(text, str | None):
            raise InputError(f"{place}: {params.text!r} should be a string, found {type(text).__name__}")
        text = _without_surrogates(text or "", place, params.errors)
        label, split = (
            None if value is None else _without_surrogates(_as_text(value), place, params.errors)
            for value in (row.get(params.label or "label"), row.get(params.split or "split"))
        )
        yield Document(text, label, split)


def _without_surrogates(text: str, place: str, errors: str) -> str:
    """JSON can spell half of a surrogate pair ("\\ud800"), which is no character and cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        if errors == "strict":
            raise InputError(
                f"{place}: half of a surrogate pair (\\ud800-\\udfff); mend it, or set errors: replace for this source"
            ) from None
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _delimited(stream: BinaryIO, name: str, params: ReadableSource, kind: str) -> Iterator[Document]:
    rows = _csv_rows(stream, name, params.errors) if kind == "csv" else _tsv_rows(stream, name, params.errors)
    _, header = next(rows, (0, None))
    if header is None:
        raise InputError(f"{name}: empty; the first line should name the columns")
    _check_columns(params, header, f"{name}, line 1")
    text_at = header.index(params.text)
    label_at, split_at = (
        header.index(column) if column in header else None
        for column in (params.label or "label", params.split or "split")
    )
    for number, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{name}, line {number}: {len(row)} fields where the header names {len(header)}; "
                "quote fields that hold the delimiter (csv), or take it out of them (tsv)"
            )
        label, split = (None if at is None else row[at] or None for at in (label_at, split_at))
        yield Document(row[text_at], label, split)


def _csv_rows(stream: BinaryIO, name: str, errors: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_DOCUMENT_BYTES)  # csv's own limit of 128 KB a field is less than a long document
    rows = csv.reader((f"{line}\n" for _, line in _lines(stream, name, errors)), strict=True)
    try:
        yield from ((rows.line_num, row) for row in rows if row)
    except csv.Error as error:
        raise InputError(f"{name}, line {rows.line_num}: not CSV ({error}); check its quotes") from None


def _tsv_rows(stream: BinaryIO, name: str, errors: str) -> Iterator[tuple[int, list[str]]]:
    yield from ((number, line.split("\t")) for number, line in _lines(stream, name, errors) if line)


def _parquet(stream: BinaryIO, name: str, params: ReadableSource) -> Iterator[Document]:
    if is_plain(stream):
        yield from _parquet_rows(stream, name, params)
        return
    with tempfile.TemporaryFile() as unpacked:  # Parquet is read from its end, and an unpacked stream has none
        while piece := stream.read(1 << 20):
            if unpacked.tell() > MAX_UNPACKED_PARQUET:
                raise InputError(f"{name}: unpacks to more than {MAX_UNPACKED_PARQUET >> 30} GB; unpack it yourself")
            unpacked.write(piece)
        unpacked.seek(0)
        yield from _parquet_rows(unpacked, name, params)


def _parquet_rows(seekable: BinaryIO, name: str, params: ReadableSource) -> Iterator[Document]:
    try:
        file = pq.ParquetFile(seekable)
        _check_columns(params, file.schema_arrow.names, name)
        names = [params.text, params.label or "label", params.split or "split"]
        present = list(dict.fromkeys(column for column in names if column in file.schema_arrow.names))
        for batch_number, batch in enumerate(file.iter_batches(BATCH_ROWS, columns=present)):
            place = f"{name}, from row {batch_number * BATCH_ROWS}"
            columns = {column: _strings(batch.column(column), column, place, params.errors) for column in present}
            nothing: Sequence[str | None] = [None] * batch.num_rows
            rows = zip(*(columns.get(column, nothing) for column in names), strict=True)
            for text, label, split in rows:
                yield Document(text or "", label, split)
    except pa.ArrowException as error:
        raise InputError(f"{name}: not a whole Parquet file ({_one_line(error)}); fetch it again") from None


def _strings(column: pa.Array, name: str, place: str, errors: str) -> list[str | None]:
    """A column as Python strings; numbers and truth values as they are written, nulls as None."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            column = pc.cast(column, pa.string())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            raise InputError(f"{place}: column {name!r} should hold strings, it holds {column.type}") from None
    for size in pc.binary_length(column).to_pylist():
        check_length(size or 0, place)
    try:
        strings: list[str | None] = column.to_pylist()
    except UnicodeDecodeError as error:
        if errors == "strict":
            raise InputError(
                f"{place}: column {name!r} holds bytes that are not UTF-8 ({error.reason}); "
                "mend it, or set errors: replace for this source"
            ) from None
        values = column.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "replace") for value in values]
    return strings


def _check_columns(params: ReadableSource, found: Iterable[str], place: str) -> None:
    """The text's column must be there, and the label's and split's if params name them."""
    for wanted in (params.text, params.label, params.split):
        if wanted is not None and wanted not in found:
            known = ", ".join(repr(name) for name in found) or "none"
            raise InputError(f"{place}: no column {wanted!r}, found {known}; set text, label, split of this source")


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200]
