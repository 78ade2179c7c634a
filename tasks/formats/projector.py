"""The two files of TensorBoard's embedding projector: vectors.tsv (numbers) and metadata.tsv (words and counts).

The vectors have no header. The metadata has one, since it has two columns (with a single one the projector takes the
header for a word). Both appear whole or not at all, and restore every float32 exactly.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.formats.rows import count_lines, format_rows, parse_rows, read_line_blocks
from tasks.formats.words import check_words
from tasks.storage.atomic import atomic_file
from tasks.storage.matrix import Matrix, check_finite

HEADER = "word\tcount"


def write_vectors(target: Path, matrix: Matrix) -> None:
    """Writes the numbers, one vector a line.

    Raises:
        InputError: NaN or infinity.
    """
    check_finite(matrix, target)
    with atomic_file(target) as file:
        for block in format_rows(None, matrix, "\t"):
            file.write(block)


def write_metadata(target: Path, words: Sequence[str], counts: Iterable[int], matrix: Matrix) -> None:
    """Writes the words and how often each occurs, in the order of the vectors.

    Raises:
        InputError: a word that the format cannot hold, or not as many words as rows.
    """
    check_words(words, matrix, target)
    with atomic_file(target) as file:
        file.write(f"{HEADER}\n".encode())
        for word, count in zip(words, counts, strict=True):
            file.write(f"{word}\t{count}\n".encode())


def read_vectors(path: Path) -> Matrix:
    """Reads the numbers: float32 [size, dim].

    Raises:
        InputError: an empty file, a file cut off, a line of another dimension, NaN; with the line.
    """
    with open(path, "rb") as file:
        dim = file.readline().count(b"\t") + 1
        file.seek(0)
        matrix = np.empty((count_lines(path), dim), np.float32)
        done = 0
        for lines in read_line_blocks(file, path):
            _, matrix[done : done + len(lines)] = parse_rows(lines, dim, "\t", path, done + 1, with_words=False)
            done += len(lines)
    if done == 0:
        raise InputError(f"{path}: empty; there are no vectors in it")
    return matrix


def read_metadata(path: Path) -> tuple[list[str], list[int]]:
    """Reads the words and their counts, as `write_metadata` writes them.

    Raises:
        InputError: another header, a line without a count, a file cut off; with the line.
    """
    words: list[str] = []
    counts: list[int] = []
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith("\n"):
                    raise InputError(f"{path}: truncated: line {number} has no end; export it again")
                word, separator, count = line.rstrip("\r\n").partition("\t")
                if number == 1:
                    if f"{word}{separator}{count}" != HEADER:
                        raise InputError(f"{path}: bad header: line 1 should be {HEADER!r}, found {line[:40]!a}")
                    continue
                if not word or not count.isascii() or not count.isdigit():
                    raise InputError(f"{path}: line {number} should be word<TAB>count, found {line[:40]!a}")
                words.append(word)
                counts.append(int(count))
    except UnicodeDecodeError:
        raise InputError(f"{path}: line {len(words) + 2} or later is not UTF-8") from None
    return words, counts
