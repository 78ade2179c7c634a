"""Models of Facebook's fastText program: words, and a table of vectors of words and of buckets of n-grams.

The layout is that of fastText's `FastText::saveModel` (https://github.com/facebookresearch/fastText): a magic number,
the version, the arguments, the dictionary, and the two tables, all little-endian. Before version 11 there were no magic
number, no version, and no notes on pruning and quantisation.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.formats.sniff import FASTTEXT_MAGIC
from tasks.storage.matrix import Matrix

VERSIONS = (11, 12)

ARGUMENTS = (
    *("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model"),
    *("bucket", "minn", "maxn", "lr_update_rate"),
)
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
        old: whether the program was older than version 11.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    arguments: dict[str, int]
    inputs: Matrix
    old: bool


def read_model(path: Path) -> FasttextModel:
    """Reads a model; its table is memory-mapped, so that buckets that nobody asks for cost no memory.

    Raises:
        InputError: it is no such file, is of another version, quantised, or cut off.
    """
    with open(path, "rb") as file:
        reader = _Reader(path, file)
        numbered = file.read(len(FASTTEXT_MAGIC)) == FASTTEXT_MAGIC
        if not numbered:
            file.seek(0)
        elif (version := reader.take("i")[0]) not in VERSIONS:
            raise InputError(f"{path}: version {version} of fastText's format; those that can be read are 11 and 12")
        arguments = dict(zip(ARGUMENTS, reader.take("12i"), strict=True))
        reader.take("d")
        words, counts = _read_dictionary(reader, numbered)
        if numbered and reader.take("?")[0]:
            raise InputError(f"{path}: quantised by fastText; train or download the model without quantisation")
        inputs = reader.take_table()
    wanted = (len(words) + arguments["bucket"], arguments["dim"])
    if inputs.shape[1] != wanted[1] or inputs.shape[0] not in (wanted[0], len(words)):
        raise InputError(f"{path}: a table of {inputs.shape}, where words, buckets and dimension ask for {wanted}")
    if len(inputs) == len(words):
        arguments |= {"minn": 0, "maxn": 0}  # trained without n-grams
    return FasttextModel(words, counts, arguments, inputs, old=not numbered)


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

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self.file = path, file
        self.size = path.stat().st_size

    def take(self, format: str) -> tuple[Any, ...]:
        wanted = struct.calcsize(f"<{format}")
        return struct.unpack(f"<{format}", self._bytes(wanted))

    def take_string(self) -> str:
        found = bytearray()
        while (byte := self._bytes(1)) != b"\0":
            found += byte
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: the word {bytes(found)!r} is not UTF-8; convert the model's text") from None

    def take_table(self) -> Matrix:
        rows, columns = self.take("2q")
        start = self.file.tell()
        if rows <= 0 or columns <= 0 or start + 4 * rows * columns > self.size:
            raise self._cut_off()
        flat = np.memmap(self.path, np.uint8, "r", start, shape=(4 * rows * columns,))
        return flat.view("<f4").reshape(rows, columns)

    def _bytes(self, count: int) -> bytes:
        found = self.file.read(count)
        if len(found) < count:
            raise self._cut_off()
        return found

    def _cut_off(self) -> InputError:
        return InputError(f"{self.path}: cut off after {self.size} bytes; download or copy it again")
