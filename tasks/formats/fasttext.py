"""Models of Facebook's fastText program: words, and a table of vectors of words and of buckets of n-grams.

The layout is that of fastText's `FastText::saveModel` (https://github.com/facebookresearch/fastText): a magic number,
the version, the arguments, the dictionary, and the two tables, all little-endian. Before version 11 there were no magic
number, no version, and no notes on pruning and quantisation.
"""

import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats.sniff import FASTTEXT_ARGUMENTS, FASTTEXT_MAGIC
from tasks.progress import Advance, progress
from tasks.storage.matrix import Matrix

VERSIONS = (11, 12)

ARGUMENTS = (
    *("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model"),
    *("bucket", "minn", "maxn", "lr_update_rate"),
)
DEFAULTS = {
    "ws": 5, "epoch": 5, "min_count": 1, "neg": 5, "word_ngrams": 1, "loss": 2, "model": 2,
    "lr_update_rate": 100,
}  # fmt: skip
"""The program's own; for training alone: the loss is negative sampling, the model skip-gram."""

NOT_PRUNED = -1

ROWS_AT_ONCE = 16_384

WORD = 0
"""The kind of an entry of the dictionary that is no label."""

ENTRY = re.compile(rb"([^\0]*)\0(.{9})", re.DOTALL)
ENTRY_NUMBERS = struct.Struct("<qb")
"""A word, how often it was there, and its kind."""

LONGEST_WORD = 1 << 20
READ_BYTES = 1 << 18


@dataclass(frozen=True, eq=False)
class FasttextModel:
    """What a file holds, as it stands there, of all words or of those that were asked for.

    Attributes:
        words: most frequent first.
        counts: int64 [words].
        arguments: fastText's own, by the names in ARGUMENTS; minn and maxn are 0 where there are no buckets.
        own: float32 [words, dim]: the row of each word.
        ngrams: float32 [buckets or used buckets, dim]: the row of each bucket.
        used: int32 [used buckets], ascending: which buckets `ngrams` has; None: all.
        outputs: float32 [all words, dim], the context vectors; of none where they were not kept.
        old: whether the program was older than version 11.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    arguments: dict[str, int]
    own: Matrix
    ngrams: Matrix
    used: NDArray[np.int32] | None
    outputs: Matrix
    old: bool


def read_model(path: Path, words: Sequence[str] | None = None) -> FasttextModel:
    """Reads a model; its tables are memory-mapped, so that buckets that nobody asks for cost no memory.

    Args:
        path: the file, unpacked.
        words: only these, those of them that are there, and all buckets.

    Raises:
        InputError: it is no such file, is of another version, quantised, or cut off.
    """
    with open(path, "rb") as stream:
        reader = _Reader(path, stream)
        head = _read_head(reader, words)
        own = reader.map_table(head.size, head.dim)
        ngrams = reader.map_table(head.buckets, head.dim)
        if not head.old:
            reader.take("?")
        outputs = reader.map_table(*reader.take_shape())
    mine = own if words is None else np.asarray(own[head.rows])
    return FasttextModel(head.words, head.counts, head.arguments, mine, ngrams, None, outputs, head.old)


BucketsOf = Callable[[Mapping[str, int], bool], NDArray[np.int32]]
"""Which buckets are asked for, ascending: by the arguments of a model, and whether it is old."""


def read_model_from(
    stream: BinaryIO, path: Path, words: Sequence[str] | None = None, buckets_of: BucketsOf | None = None
) -> FasttextModel:
    """Reads a model from its first byte to its last, and keeps the rows that are asked for, but no context vectors.

    Args:
        stream: of an unpacked file.
        path: for messages.
        words: only these, those of them that are there.
        buckets_of: only these buckets.

    Raises:
        InputError: as `read_model`.
    """
    reader = _Reader(path, stream)
    head = _read_head(reader, words)
    used = None if buckets_of is None else buckets_of(head.arguments, head.old)
    total = 4 * head.dim * (2 * head.size + head.buckets)
    with progress(f"read {path.name}", total, "B") as advance:
        own = reader.read_table(head.size, head.dim, None if words is None else head.rows, advance)
        ngrams = reader.read_table(head.buckets, head.dim, used, advance)
        if not head.old:
            reader.take("?")
        # nothing of it is kept, but a file that was cut off here is told
        outputs = reader.read_table(*reader.take_shape(), np.empty(0, np.int64), advance)
        stream.read(1)  # the end, where a packed file has its checksum
    return FasttextModel(head.words, head.counts, head.arguments, own, ngrams, used, outputs, head.old)


@dataclass(frozen=True, eq=False)
class Tables:
    """What a file is written from.

    Attributes:
        own: float32 [words, dim], the row of each word.
        ngrams: float32 [used buckets, dim].
        used: int32 [used buckets], ascending: the others are written as zeros.
        outputs: float32 [words, dim], the context vectors.
        minn, maxn, buckets: which n-grams there are.
    """

    own: Matrix
    ngrams: Matrix
    used: NDArray[np.int32]
    outputs: Matrix
    minn: int = 0
    maxn: int = 0
    buckets: int = 0


def tables_of(folder: Path, vectors: Matrix) -> Tables:
    """What a trained model is written as: words without n-grams, of which `vectors` are the own rows, or with them.

    Args:
        folder: train/<model>; see `tasks.kernels.fasttext_learner` for the tables of a model with n-grams.
        vectors: float32 [words, dim], of the words that are written.
    """
    names = ("context_vectors", *(f"tables/{name}" for name in ("words", "ngrams", "buckets", "hashing")))
    found = {
        path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
        for path in (folder / f"{name}.npy" for name in names)
        if path.is_file()
    }
    contexts = found.get("context_vectors", vectors[:0])[: len(vectors)]
    outputs = contexts if contexts.shape == vectors.shape else np.zeros_like(vectors)
    minn, maxn, buckets = found["hashing"].tolist() if "hashing" in found else (0, 0, 0)
    if not maxn:
        return Tables(vectors, vectors[:0], np.empty(0, np.int32), outputs)
    own, used = found["words"][: len(vectors)], np.asarray(found["buckets"])
    return Tables(own, found["ngrams"], used, outputs, minn, maxn, buckets)


def write_model(target: Path, words: Sequence[str], counts: Sequence[int], tables: Tables) -> None:
    """Writes a model of version 12, which fastText's program and gensim read.

    Args:
        target: the file.
        words, counts: most frequent first.
        tables: see there.

    Raises:
        InputError: a word that the format cannot hold: it has a NUL in it.
    """
    wrong = next((word for word in words if "\0" in word), None)
    if wrong is not None:
        raise InputError(f"{target.name}: {wrong!r} has a NUL in it, which ends a word in this format; clean the text")
    dim = tables.own.shape[1]
    sizes = {"dim": dim, "minn": tables.minn, "maxn": tables.maxn, "bucket": tables.buckets}
    arguments = DEFAULTS | sizes
    with open(target, "wb") as file:
        file.write(FASTTEXT_MAGIC + struct.pack("<i", VERSIONS[-1]))
        file.write(struct.pack(f"<{FASTTEXT_ARGUMENTS}", *(arguments[name] for name in ARGUMENTS), 0.0))
        file.write(struct.pack("<3i2q", len(words), len(words), 0, sum(counts), NOT_PRUNED))
        for word, count in zip(words, counts, strict=True):
            file.write(word.encode() + b"\0" + struct.pack("<qb", count, WORD))
        file.write(struct.pack("<?2q", False, len(words) + tables.buckets, dim))
        _write_rows(file, tables.own)
        for first in range(0, tables.buckets, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE, tables.buckets)
            rows = np.zeros((last - first, dim), "<f4")
            mine = slice(*np.searchsorted(tables.used, [first, last]))
            rows[tables.used[mine] - first] = tables.ngrams[mine]
            file.write(rows.tobytes())
        file.write(struct.pack("<?2q", False, len(words), dim))
        _write_rows(file, tables.outputs)


def _write_rows(file: IO[bytes], table: Matrix) -> None:
    for first in range(0, len(table), ROWS_AT_ONCE):
        file.write(np.ascontiguousarray(table[first : first + ROWS_AT_ONCE], "<f4").tobytes())


@dataclass(frozen=True, eq=False)
class _Head:
    """What stands before the rows of the first table.

    Attributes:
        words, counts, arguments, old: as in FasttextModel.
        rows: int64 [words], ascending: where each stands among all.
        size: words that there are in all.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    rows: NDArray[np.int64]
    size: int
    arguments: dict[str, int]
    old: bool

    @property
    def dim(self) -> int:
        return self.arguments["dim"]

    @property
    def buckets(self) -> int:
        return self.arguments["bucket"]


def _read_head(reader: "_Reader", words: Sequence[str] | None) -> _Head:
    path = reader.path
    numbered = reader.starts_with(FASTTEXT_MAGIC)
    if numbered and (version := reader.take(f"{len(FASTTEXT_MAGIC)}xi")[0]) not in VERSIONS:
        raise InputError(f"{path}: version {version} of fastText's format; those that can be read are 11 and 12")
    *values, _ = reader.take(FASTTEXT_ARGUMENTS)
    arguments = dict(zip(ARGUMENTS, values, strict=True))
    entries, size, labels, _ = reader.take("3iq")
    pruned = reader.take("q")[0] if numbered else 0
    if not 0 <= size <= entries or size + labels != entries:
        raise InputError(f"{path}: damaged: {entries} entries are said to be {size} words and {labels} labels")
    wanted = None if words is None else {word.encode() for word in words}
    found: list[tuple[str, int, int]] = []
    row = 0
    for word, count, kind in reader.take_entries(entries):
        if kind == WORD:
            if wanted is None or word in wanted:
                found.append((_decoded(word, path), count, row))
            row += 1
    if row != size:
        raise InputError(f"{path}: damaged: {row} words where {size} are announced")
    if pruned > 0:
        reader.take(f"{8 * pruned}x")
    if numbered and reader.take("?")[0]:
        raise InputError(f"{path}: quantised by fastText; train or download the model without quantisation")
    rows, columns = reader.take_shape()
    expected = (size + arguments["bucket"], arguments["dim"])
    if columns != expected[1] or rows not in (expected[0], size):
        raise InputError(f"{path}: a table of {(rows, columns)}, where words, buckets and dimension ask for {expected}")
    if rows == size:
        arguments |= {"bucket": 0, "minn": 0, "maxn": 0}  # trained without n-grams
    names, counts, places = zip(*found, strict=True) if found else ((), (), ())
    return _Head(names, np.array(counts, np.int64), np.array(places, np.int64), size, arguments, not numbered)


def _decoded(word: bytes, path: Path) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: the word {word!r} is not UTF-8; convert the model's text") from None


class _Reader:
    """Takes numbers, words and tables from a stream, one after the other."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path, self._stream = path, stream
        self._held = b""  # read, but not taken yet
        self._taken = 0

    def starts_with(self, magic: bytes) -> bool:
        self._hold(len(magic))
        return self._held.startswith(magic)

    def take(self, format: str) -> tuple[Any, ...]:
        size = struct.calcsize(f"<{format}")
        self._hold(size)
        return struct.unpack(f"<{format}", self._drop(size))

    def take_shape(self) -> tuple[int, int]:
        """Of the table that follows."""
        rows, columns = self.take("2q")
        if rows <= 0 or columns <= 0:
            raise InputError(f"{self.path}: damaged: a table of {rows} times {columns} numbers")
        return rows, columns

    def take_entries(self, count: int) -> Iterator[tuple[bytes, int, int]]:
        """Entries of the dictionary: a word, how often it was there, and what kind it is."""
        while count:
            end = 0
            for entry in islice(ENTRY.finditer(self._held), count):
                word, numbers = entry.groups()
                yield word, *ENTRY_NUMBERS.unpack(numbers)
                end = entry.end()
                count -= 1
            self._drop(end)
            if count:
                if len(self._held) > LONGEST_WORD:
                    raise InputError(f"{self.path}: damaged: a word of more than {LONGEST_WORD} bytes")
                self._hold(len(self._held) + 1)

    def map_table(self, rows: int, columns: int) -> Matrix:
        """The next rows of a table, float32 [rows, columns], memory-mapped."""
        start, size = self._taken, 4 * rows * columns
        length = os.fstat(self._stream.fileno()).st_size
        if start + size > length:
            raise self._cut_off(length)
        self._stream.seek(start + size)
        self._held, self._taken = b"", start + size
        if not size:
            return np.empty((rows, columns), np.float32)
        return np.memmap(self.path, np.uint8, "r", start, shape=(size,)).view("<f4").reshape(rows, columns)

    def read_table(self, rows: int, columns: int, wanted: NDArray[Any] | None, advance: Advance) -> Matrix:
        """The same read, and of it the rows `wanted`, ascending, or all: float32 [wanted, columns]."""
        found = np.empty((rows if wanted is None else len(wanted), columns), np.float32)
        for first in range(0, rows, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE, rows)
            size = 4 * (last - first) * columns
            self._hold(size)
            block = np.frombuffer(self._drop(size), "<f4").reshape(-1, columns)
            if wanted is None:
                found[first:last] = block
            else:
                mine = slice(*np.searchsorted(wanted, [first, last]))
                found[mine] = block[wanted[mine] - first]
            advance(size)
        return found

    def _hold(self, size: int) -> None:
        """Reads until so many bytes are held."""
        if len(self._held) >= size:
            return
        parts, held = [self._held], len(self._held)
        while held < size:
            more = self._stream.read(max(size - held, READ_BYTES))
            if not more:
                raise self._cut_off(self._taken + held)
            parts.append(more)
            held += len(more)
        self._held = b"".join(parts)

    def _drop(self, size: int) -> bytes:
        dropped, self._held = self._held[:size], self._held[size:]
        self._taken += size
        return dropped

    def _cut_off(self, length: int) -> InputError:
        return InputError(f"{self.path}: cut off after {length} bytes; download or copy it again")
