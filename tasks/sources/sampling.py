"""Takes a sample of source files, spread over all of them, and writes it as files of the same formats.

Plain files of one document a line (lines, jsonl, tsv) give blocks from evenly spread places, Parquet gives evenly
spread row groups, files that are one text each give every n-th file. A csv, whose fields may hold line ends, and what
is compressed can only be read from the start. How much of the whole the sample stands for is told in bytes.
"""

import bz2
import lzma
import shutil
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import zstandard

from tasks.sources.compression import damage_is_input_error, plain_name
from tasks.sources.document import SourceFile
from tasks.sources.params import ReadableSource
from tasks.sources.reading import format_of

MOST_FILES = 32
"""Of one source that are opened, where a file holds many documents."""

BLOCK_BYTES = 1 << 18
"""Read from one place of a file: enough documents to be worth the seek."""

UNPACKERS: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    "bz2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
    "zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
"""These, and not `open_plain`, give all that can be unpacked of a file that was cut; bz2 in blocks of 0.9 MB only."""


class Sampled(NamedTuple):
    """A sample of some files.

    Attributes:
        taken: the bytes of the files, as they lie, that it stands for.
        whole: the bytes of all the files.
    """

    taken: float
    whole: int


def sample_files(files: Sequence[SourceFile], reading: ReadableSource, budget: int, folder: Path) -> Sampled:
    """Writes about `budget` bytes of documents into `folder`; everything, if the files are no larger.

    Args:
        files: all files of a source.
        reading: how they are read.
        budget: bytes of text.
        folder: empty; gets files that are read in the same way.

    Raises:
        InputError: a file is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [file.path.stat().st_size for file in files]
    whole = sum(sizes)
    if sum(map(_text_bytes, files)) <= budget:
        for number, file in enumerate(files):
            shutil.copyfile(file.path, folder / _name(number, file))
        return Sampled(whole, whole)
    one_text = [_kind(file, reading) == "text" for file in files]
    if all(one_text):
        return _every_nth(files, budget, folder)
    chosen = _spread(len(files), MOST_FILES)
    share = budget / sum(_text_bytes(files[number]) for number in chosen)
    taken = 0.0
    for number in chosen:
        taken += _sample_file(files[number], reading, share, folder / _name(number, files[number]))
    return Sampled(taken, whole)


def _every_nth(files: Sequence[SourceFile], budget: int, folder: Path) -> Sampled:
    sizes = [file.path.stat().st_size for file in files]
    whole = sum(sizes)
    chosen = _spread(len(files), max(1, int(len(files) * min(1.0, budget / whole))))
    for number in chosen:
        shutil.copyfile(files[number].path, folder / _name(number, files[number]))
    return Sampled(sum(sizes[number] for number in chosen), whole)


def _sample_file(file: SourceFile, reading: ReadableSource, share: float, target: Path) -> float:
    """Samples one file; returns the bytes of it that the sample stands for."""
    kind = _kind(file, reading)
    size = file.path.stat().st_size
    if kind == "text" or share >= 1:
        shutil.copyfile(file.path, target)
        return size
    if plain_name(file.name) != file.name:
        return _sample_start_of_packed(file, int(size * share), kind == "csv", target)
    if kind == "parquet":
        return size * _sample_row_groups(file, share, target)
    if kind == "csv":
        with open(file.path, "rb") as source:
            piece = _whole_records(source.read(int(size * share)), quoted=True)
        target.write_bytes(piece)
        return len(piece)
    return _sample_blocks(file, int(size * share), kind == "tsv", target)


def _sample_blocks(file: SourceFile, budget: int, has_header: bool, target: Path) -> float:
    """The lines that begin in evenly spread blocks, so that long lines are as likely as they are frequent."""
    size = file.path.stat().st_size
    count = max(1, budget // BLOCK_BYTES)
    length = budget // count
    taken = 0
    with open(file.path, "rb") as source, open(target, "wb") as output:
        if has_header:
            output.write(source.readline())
        first = source.tell()
        for number in range(count):
            start = first + int((size - first) * (number + 0.5) / count) - length // 2
            source.seek(max(first, start))
            if start > first:
                source.readline()  # began before the block
            end = max(first, start) + length
            while source.tell() < end and (line := source.readline()):
                output.write(line if line.endswith(b"\n") else line + b"\n")
                taken += len(line)
    return taken


def _sample_start_of_packed(file: SourceFile, budget: int, quoted: bool, target: Path) -> float:
    """What the first `budget` packed bytes hold, unpacked."""
    with open(file.path, "rb") as source:
        packed = source.read(budget)
    pieces = []
    with damage_is_input_error(file.name):
        while packed:
            unpacker = UNPACKERS[file.name.rpartition(".")[2].lower()]()
            pieces.append(unpacker.decompress(packed))
            packed = unpacker.unused_data
    target.with_name(plain_name(target.name)).write_bytes(_whole_records(b"".join(pieces), quoted))
    return budget


def _sample_row_groups(file: SourceFile, share: float, target: Path) -> float:
    """Rows from evenly spread row groups; returns the share of all rows."""
    source = pq.ParquetFile(file.path, memory_map=True)
    groups = source.num_row_groups
    rows = 0
    with pq.ParquetWriter(target, source.schema_arrow) as writer:
        chosen = _spread(groups, max(1, round(groups * share)))
        wanted = max(1, int(source.metadata.num_rows * share / len(chosen)))
        for group in chosen:
            table = source.read_row_group(group).slice(0, wanted)
            writer.write_table(table)
            rows += table.num_rows
    return rows / max(1, int(source.metadata.num_rows))


def _whole_records(data: bytes, quoted: bool) -> bytes:
    """`data` up to its last line end; with quotes, up to the last one that is in no field."""
    end = data.rfind(b"\n") + 1
    while quoted and end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
    return data[:end]


def _spread(number: int, wanted: int) -> list[int]:
    """At most `wanted` of 0 .. number - 1, evenly spread."""
    wanted = min(number, wanted)
    return [int((place + 0.5) * number / wanted) for place in range(wanted)]


def _text_bytes(file: SourceFile) -> int:
    """About how many bytes of text a file holds: Parquet knows, of other packed files a third is a common ratio."""
    if plain_name(file.name) != file.name:
        return 3 * file.path.stat().st_size
    if format_of(file.name) == "parquet":
        metadata = pq.read_metadata(file.path)
        return sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    return file.path.stat().st_size


def _kind(file: SourceFile, reading: ReadableSource) -> str:
    return format_of(file.name) if reading.format == "auto" else reading.format


def _name(number: int, file: SourceFile) -> str:
    """Unique, in the same order, with the suffixes that the format goes by."""
    return f"{number:08d}{''.join(file.path.suffixes[-2:])}"
