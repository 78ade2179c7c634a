"""Reads the vectors of some words from a file that has far more: word2vec, GloVe or fastText, as text or binary, packed
or not.

The file is streamed once; of the other words neither a string nor a number is made, so that memory holds the vectors
that are wanted and a block of the file.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from tasks.errors import InputError
from tasks.formats.glove import numbers_in
from tasks.formats.rows import LONGEST_LINE, parse_rows
from tasks.formats.sniff import Format, sniff_stream
from tasks.formats.word2vec import LONGEST_WORD, read_header
from tasks.kernels.scanning import ALL, Bytes, Lines, Places, hash_table, scan_binary, scan_lines
from tasks.progress import progress
from tasks.sources.compression import is_plain, open_plain
from tasks.storage.matrix import Matrix, check_finite

Wanted = frozenset[str] | None
"""Words, or all."""

BLOCK_BYTES = 1 << 24
"""Read at a time."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a file has of the wanted words.

    Attributes:
        words: in the order of the file; a word that stands there twice counts the first time.
        matrix: float32 [words, dim].
        total: words that the file has in all.
    """

    words: list[str]
    matrix: Matrix
    total: int


def read_wanted(path: Path, words: Collection[str] | None = None) -> Found:
    """The vectors of those of `words` that the file has; by default of all that it has.

    Args:
        path: word2vec (text or binary), GloVe text or fastText's .vec, plain or .gz, .bz2, .xz, .zst.
        words: the wanted ones.

    Raises:
        InputError: there is no such file, it is in another format, cut off or malformed; with the line or the byte.
    """
    with open_plain(path, str(path)) as stream:
        kind = sniff_stream(stream, path)
    if kind not in READERS:
        raise InputError(f"{path}: {kind} is not read word by word; load it whole")
    with open_plain(path, str(path)) as stream:
        return READERS[kind](stream, path, None if words is None else frozenset(words))


class _Gathered:
    """Words and vectors so far; no word twice."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted, self.table = wanted, ALL if wanted is None else hash_table(wanted)
        self.words: dict[str, None] = {}
        self.vectors: list[Matrix] = []

    def add(self, words: list[str], vectors: Matrix) -> None:
        """Takes what was found, and leaves out what has a wanted word's hash but is none."""
        rows = []
        for row, word in enumerate(words):
            if (self.wanted is None or word in self.wanted) and word not in self.words:
                self.words[word] = None
                rows.append(row)
        self.vectors.append(vectors[rows])

    def found(self, dim: int, total: int) -> Found:
        return Found(list(self.words), np.concatenate([np.empty((0, dim), np.float32), *self.vectors]), total)


def _read_word2vec_text(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    size, dim = read_header(stream, path)
    found = _read_lines(stream, path, dim, _Gathered(wanted), first_line=2, size=size)
    if found.total < size:
        raise InputError(f"{path}: truncated: ends after {found.total} of the {size} words that the header promises")
    return found


def _read_glove(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    head = stream.readline(LONGEST_LINE)
    gathered = _Gathered(wanted)
    return _read_lines(stream, path, numbers_in(head, path), gathered, first_line=1, rest=head)


def _read_lines(
    stream: BinaryIO,
    path: Path,
    dim: int,
    gathered: _Gathered,
    first_line: int,
    size: int | None = None,
    rest: bytes = b"",
) -> Found:
    """The rest of a stream; `rest` has been read from it before. A header says that there are `size` lines."""
    seen = 0
    with progress(f"read {path.name}", _bytes_to_come(stream, path), "B") as advance:
        for block in chain([b""], iter(lambda: stream.read(BLOCK_BYTES), b"")):  # what has been read comes first
            text = np.frombuffer(rest + block, np.uint8)
            lines = scan_lines(text, dim, ord(" "), gathered.table)
            if lines.short >= 0:
                raise InputError(
                    f"{path}: line {first_line + seen + lines.short} has fewer than {dim} numbers: wrong dimension, or "
                    "no text file of vectors"
                )
            _add_lines(gathered, text, lines, dim, path, first_line + seen)
            seen += lines.seen
            if size is not None and seen > size:
                raise InputError(f"{path}: line {size + 2}: more lines than the {size} that the header promises")
            rest = text[lines.rest :].tobytes()
            if len(rest) > LONGEST_LINE:
                raise InputError(
                    f"{path}: a line of more than {LONGEST_LINE >> 20} MB; this is no text file of vectors"
                )
            advance(len(block))
    if rest:
        shown = rest[:40].decode(errors="replace")
        raise InputError(f"{path}: truncated: the last line ({shown!a}...) has no end; fetch or export it again")
    return gathered.found(dim, seen)


def _add_lines(gathered: _Gathered, text: Bytes, lines: Lines, dim: int, path: Path, first_line: int) -> None:
    places = zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)
    wanted = pa.array([text[start:end].tobytes() for start, end in places], pa.binary())
    if not len(wanted):
        return
    try:
        gathered.add(*parse_rows(wanted, dim, " ", path, first_line))
    except InputError:
        for row, number in enumerate(lines.numbers.tolist()):  # once more, to name the right line
            parse_rows(wanted[row : row + 1], dim, " ", path, first_line + number)
        raise


def _read_word2vec_binary(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    size, dim = read_header(stream, path)
    gathered = _Gathered(wanted)
    seen, rest, offset = 0, b"", stream.tell() if is_plain(stream) else len(f"{size} {dim}\n")
    with progress(f"read {path.name}", _bytes_to_come(stream, path), "B") as advance:
        while block := stream.read(BLOCK_BYTES):
            bytes_here = np.frombuffer(rest + block, np.uint8)
            rows = scan_binary(bytes_here, dim, size - seen, LONGEST_WORD, gathered.table)
            if rows.rest < 0:
                at = seen + rows.seen + 1
                raise InputError(f"{path}: no word ends near byte {offset} (word {at} of {size}): wrong dimension")
            _add_rows(gathered, bytes_here, rows.starts, rows.ends, dim, path)
            seen += rows.seen
            offset += rows.rest
            rest = bytes_here[rows.rest :].tobytes()
            advance(len(block))
            if seen == size and rest.strip(b"\n"):
                raise InputError(f"{path}: goes on at byte {offset}, after the {size} words of the header")
    if seen < size:
        raise InputError(f"{path}: truncated: ends in word {seen + 1} of {size}, which begins at byte {offset}")
    return gathered.found(dim, size)


def _add_rows(gathered: _Gathered, block: Bytes, starts: Places, ends: Places, dim: int, path: Path) -> None:
    words: list[str] = []
    vectors = np.empty((len(starts), dim), np.float32)
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        words.append(_decoded(block[start:end].tobytes(), path))
        vectors[row] = np.frombuffer(block, "<f4", dim, end + 1)
    check_finite(vectors, path)
    gathered.add(words, vectors)


def _decoded(word: bytes, path: Path) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: the word {word[:40]!r} is not UTF-8: damaged, or wrong dimension") from None


def _bytes_to_come(stream: BinaryIO, path: Path) -> int | None:
    """None where they are packed: nobody knows."""
    return path.stat().st_size - stream.tell() if is_plain(stream) else None


READERS: Mapping[Format, Callable[[BinaryIO, Path, Wanted], Found]] = {
    "word2vec_text": _read_word2vec_text,
    "word2vec_binary": _read_word2vec_binary,
    "glove": _read_glove,
}
