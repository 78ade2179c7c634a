"""Reads the vectors of some words from a file that has far more: word2vec, GloVe or fastText, as text or binary, packed
or not.

The file is streamed once; of the other words neither a string nor a number is made, so that memory holds the vectors
that are wanted and a block of the file.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats.glove import numbers_in
from tasks.formats.rows import LONGEST_LINE, parse_rows
from tasks.formats.sniff import Format, sniff_stream
from tasks.formats.word2vec import LONGEST_WORD, read_header
from tasks.kernels.scanning import (
    ALL,
    BinaryRows,
    Bytes,
    Lines,
    copy_numbers,
    scan_binary,
    scan_lines,
    take_new,
    word_table,
)
from tasks.progress import progress
from tasks.sources.blocks import scan_in_turns
from tasks.sources.compression import is_plain, open_plain
from tasks.storage.matrix import Matrix

Wanted = Sequence[str] | None
"""Different words, or all."""

FIRST_ROWS = 1 << 12
"""Room for so many words at first, where all are wanted."""


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
        return READERS[kind](stream, path, None if words is None else list(dict.fromkeys(words)))


class _Gathered:
    """The vectors of wanted words so far; no word twice."""

    def __init__(self, wanted: Wanted, dim: int) -> None:
        self.dim = dim
        self.table = ALL if wanted is None else word_table(wanted)
        self._words: list[str] = [] if wanted is None else list(wanted)
        self._numbers: dict[str, int] | None = {} if wanted is None else None  # where all are wanted, as they come
        self._is_there = np.zeros(FIRST_ROWS if wanted is None else len(wanted), np.bool_)
        self._matrix = np.empty((len(self._is_there), dim), np.float32)
        self._order: list[NDArray[np.int32]] = []
        self._count = 0

    def take(self, numbers: NDArray[np.int32], spelled: Callable[[], list[str]]) -> tuple[NDArray[np.int64], Matrix]:
        """Takes those of the found words that are new.

        Args:
            numbers: int32 [found], of the words, by the table.
            spelled: the words themselves, asked for if the table has none.

        Returns:
            Which of them are new, and room for their vectors, float32 [new, dim].
        """
        if self._numbers is not None:
            numbers = self._numbered(spelled())
        rows = take_new(numbers, self._is_there)
        self._order.append(numbers[rows])
        self._count += len(rows)
        if self._count > len(self._matrix):
            self._matrix = longer(self._matrix, 2 * self._count)
        return rows, self._matrix[self._count - len(rows) : self._count]

    def _numbered(self, words: list[str]) -> NDArray[np.int32]:
        assert self._numbers is not None
        found = np.array([self._numbers.setdefault(word, len(self._numbers)) for word in words], np.int32)
        if len(self._numbers) > len(self._is_there):
            self._is_there = longer(self._is_there, 2 * len(self._numbers))
        return found

    def found(self, total: int) -> Found:
        words = self._words if self._numbers is None else list(self._numbers)
        order = np.concatenate([np.empty(0, np.int32), *self._order])
        return Found([words[number] for number in order.tolist()], self._matrix[: self._count], total)


def longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    """An array with more rows, of which the first are the same, and the others 0."""
    grown = np.zeros((size, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown


def _read_word2vec_text(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    size, dim = read_header(stream, path)
    found = _read_lines(stream, path, _Gathered(wanted, dim), first_line=2, size=size)
    if found.total < size:
        raise InputError(f"{path}: truncated: ends after {found.total} of the {size} words that the header promises")
    return found


def _read_glove(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    with open_plain(path, str(path)) as again:
        dim = numbers_in(again.readline(LONGEST_LINE), path)
    return _read_lines(stream, path, _Gathered(wanted, dim), first_line=1)


def _read_lines(stream: BinaryIO, path: Path, gathered: _Gathered, first_line: int, size: int | None = None) -> Found:
    """The rest of a stream. A header says that there are `size` lines."""
    seen = 0

    def scan(block: Bytes) -> int:
        nonlocal seen
        lines = scan_lines(block, gathered.dim, ord(" "), gathered.table)
        if lines.short >= 0:
            raise InputError(
                f"{path}: line {first_line + seen + lines.short} has fewer than {gathered.dim} numbers: wrong "
                "dimension, or no text file of vectors"
            )
        _add_lines(gathered, block, lines, path, first_line + seen)
        seen += lines.seen
        if size is not None and seen > size:
            raise InputError(f"{path}: line {size + 2}: more lines than the {size} that the header promises")
        if len(block) - lines.rest > LONGEST_LINE:
            raise InputError(f"{path}: a line of more than {LONGEST_LINE >> 20} MB; this is no text file of vectors")
        return lines.rest

    rest = _scan(stream, path, scan, LONGEST_LINE)
    if len(rest):
        shown = rest[:40].tobytes().decode(errors="replace")
        raise InputError(f"{path}: truncated: the last line ({shown!a}...) has no end; fetch or export it again")
    return gathered.found(seen)


def _add_lines(gathered: _Gathered, text: Bytes, lines: Lines, path: Path, first_line: int) -> None:
    if not len(lines.starts):
        return
    places = zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)
    wanted = pa.array([text[start:end].tobytes() for start, end in places], pa.binary())
    try:
        words, vectors = parse_rows(wanted, gathered.dim, " ", path, first_line)
    except InputError:
        for row, number in enumerate(lines.lines.tolist()):  # once more, to name the right line
            parse_rows(wanted[row : row + 1], gathered.dim, " ", path, first_line + number)
        raise
    rows, room = gathered.take(lines.words, lambda: words)
    room[:] = vectors[rows]


def _read_word2vec_binary(stream: BinaryIO, path: Path, wanted: Wanted) -> Found:
    size, dim = read_header(stream, path)
    gathered = _Gathered(wanted, dim)
    seen, offset = 0, stream.tell() if is_plain(stream) else len(f"{size} {dim}\n")

    def scan(block: Bytes) -> int:
        nonlocal seen, offset
        rows = scan_binary(block, dim, size - seen, LONGEST_WORD, gathered.table)
        if rows.rest < 0:
            at = seen + rows.seen + 1
            raise InputError(f"{path}: no word ends near byte {offset} (word {at} of {size}): wrong dimension")
        _add_rows(gathered, block, rows, path)
        seen += rows.seen
        offset += rows.rest
        if seen == size and block[rows.rest :].tobytes().strip(b"\n"):
            raise InputError(f"{path}: goes on at byte {offset}, after the {size} words of the header")
        return rows.rest

    _scan(stream, path, scan, LONGEST_WORD + 4 * dim + 2)
    if seen < size:
        raise InputError(f"{path}: truncated: ends in word {seen + 1} of {size}, which begins at byte {offset}")
    return gathered.found(size)


def _add_rows(gathered: _Gathered, block: Bytes, found: BinaryRows, path: Path) -> None:
    def spelled() -> list[str]:
        places = zip(found.starts.tolist(), found.ends.tolist(), strict=True)
        return [_decoded(block[start:end].tobytes(), path) for start, end in places]

    rows, room = gathered.take(found.words, spelled)
    wrong = copy_numbers(block, found.ends[rows] + 1, room)
    if wrong >= 0:
        row = rows[wrong]
        word = block[found.starts[row] : found.ends[row]].tobytes().decode(errors="replace")
        raise InputError(f"{path}: the vector of {word!r} holds NaN or infinity: damaged")


def _decoded(word: bytes, path: Path) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: the word {word[:40]!r} is not UTF-8: damaged, or wrong dimension") from None


def _scan(stream: BinaryIO, path: Path, scan: Callable[[Bytes], int], longest_rest: int) -> Bytes:
    """`scan_in_turns` with a bar; how many bytes packed ones become nobody knows."""
    to_come = path.stat().st_size - stream.tell() if is_plain(stream) else None
    with progress(f"read {path.name}", to_come, "B") as advance:

        def scan_and_tell(block: Bytes) -> int:
            rest = scan(block)
            advance(rest)
            return rest

        return scan_in_turns(stream, scan_and_tell, longest_rest)


READERS: Mapping[Format, Callable[[BinaryIO, Path, Wanted], Found]] = {
    "word2vec_text": _read_word2vec_text,
    "word2vec_binary": _read_word2vec_binary,
    "glove": _read_glove,
}
