"""Models of Facebook's fastText program: words, and a table of vectors of words and of buckets of n-grams.

The layout is that of fastText's `FastText::saveModel` (https://github.com/facebookresearch/fastText): a magic number,
the version, the arguments, the dictionary, and the two tables, all little-endian. Before version 11 there were no magic
number, no version, and no notes on pruning and quantisation.
"""

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats.sniff import FASTTEXT_ARGUMENTS, FASTTEXT_MAGIC
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


@dataclass(frozen=True, eq=False)
class FasttextModel:
    """What a file holds, as it stands there.

    Attributes:
        words: most frequent first.
        counts: int64 [words].
        arguments: fastText's own, by the names in ARGUMENTS.
        inputs: float32 [words + buckets, dim]: the row of each word, then that of each bucket.
        outputs: float32 [words, dim], the context vectors.
        old: whether the program was older than version 11.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    arguments: dict[str, int]
    inputs: Matrix
    outputs: Matrix
    old: bool


def read_model(path: Path) -> FasttextModel:
    """Reads a model; its table is memory-mapped, so that buckets that nobody asks for cost no memory.

    Raises:
        InputError: it is no such file, is of another version, quantised, or cut off.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        reader = _Reader(path, content)
        numbered = content[: len(FASTTEXT_MAGIC)] == FASTTEXT_MAGIC
        if numbered:
            reader.place = len(FASTTEXT_MAGIC)
        if numbered and (version := reader.take("i")[0]) not in VERSIONS:
            raise InputError(f"{path}: version {version} of fastText's format; those that can be read are 11 and 12")
        *values, _ = reader.take(FASTTEXT_ARGUMENTS)
        arguments = dict(zip(ARGUMENTS, values, strict=True))
        words, counts = _read_dictionary(reader, numbered)
        if numbered and reader.take("?")[0]:
            raise InputError(f"{path}: quantised by fastText; train or download the model without quantisation")
        inputs = reader.take_table()
        if numbered:
            reader.take("?")
        outputs = reader.take_table()
    wanted = (len(words) + arguments["bucket"], arguments["dim"])
    if inputs.shape[1] != wanted[1] or inputs.shape[0] not in (wanted[0], len(words)):
        raise InputError(f"{path}: a table of {inputs.shape}, where words, buckets and dimension ask for {wanted}")
    if len(inputs) == len(words):
        arguments |= {"minn": 0, "maxn": 0}  # trained without n-grams
    return FasttextModel(words, counts, arguments, inputs, outputs, old=not numbered)


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


def _read_dictionary(reader: "_Reader", numbered: bool) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    size, words, labels = reader.take("3i")
    reader.take("q")
    pruned = reader.take("q")[0] if numbered else 0
    if not 0 <= words <= size or words + labels != size:
        raise InputError(f"{reader.path}: damaged: {size} entries are said to be {words} words and {labels} labels")
    found: list[str] = []
    counts: list[int] = []
    for _ in range(size):
        word = reader.take_string()
        count, kind = reader.take("qb")
        if kind == WORD:
            found.append(word)
            counts.append(count)
    if len(found) != words:
        raise InputError(f"{reader.path}: damaged: {len(found)} words where {words} are announced")
    if pruned > 0:
        reader.take(f"{2 * pruned}i")
    return tuple(found), np.array(counts, np.int64)


class _Reader:
    """Takes numbers and strings from a file, one after the other."""

    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self.path, self.content, self.place = path, content, 0

    def take(self, format: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{format}", self._bytes(struct.calcsize(f"<{format}")))

    def take_string(self) -> str:
        end = self.content.find(b"\0", self.place)
        if end < 0:
            raise self._cut_off()
        found = self._bytes(end + 1 - self.place)[:-1]
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: the word {found!r} is not UTF-8; convert the model's text") from None

    def take_table(self) -> Matrix:
        rows, columns = self.take("2q")
        start, self.place = self.place, self.place + 4 * rows * columns
        if rows <= 0 or columns <= 0 or self.place > len(self.content):
            raise self._cut_off()
        flat = np.memmap(self.path, np.uint8, "r", start, shape=(4 * rows * columns,))
        return flat.view("<f4").reshape(rows, columns)

    def _bytes(self, count: int) -> bytes:
        found = self.content[self.place : self.place + count]
        self.place += count
        if len(found) < count:
            raise self._cut_off()
        return found

    def _cut_off(self) -> InputError:
        return InputError(f"{self.path}: cut off after {len(self.content)} bytes; download or copy it again")
