"""word2vec's two formats (Mikolov et al. 2013): a header "size dim", then one word a row, as text or as binary.

Text: "word 0.1 -0.2 ...\\n". Binary: the word, one space, dim little-endian float32; the C tool ends each row with a
line break, gensim does not, and both are read. Written files restore every float32 exactly,
and appear whole or not at all.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from tasks.errors import InputError
from tasks.formats.rows import format_rows, parse_rows, read_line_blocks
from tasks.formats.words import check_words
from tasks.storage.atomic import atomic_file
from tasks.storage.matrix import Matrix, check_finite

LONGEST_HEADER = 64
LONGEST_WORD = 1 << 20
"""Bytes. A longer "word" in a binary file means that its place in the file was lost."""


def write_text(target: Path, words: Sequence[str], matrix: Matrix) -> None:
    """Writes word2vec text.

    Raises:
        InputError: a word that the format cannot hold, NaN, or not as many words as rows.
    """
    check_words(words, matrix, target)
    with atomic_file(target) as file:
        file.write(_header(matrix))
        for block in format_rows(words, matrix, " "):
            file.write(block)


def write_binary(target: Path, words: Sequence[str], matrix: Matrix) -> None:
    """Writes word2vec binary, each row ended by a line break as the C tool does it.

    Raises:
        InputError: a word that the format cannot hold, NaN, or not as many words as rows.
    """
    check_words(words, matrix, target)
    with atomic_file(target) as file:
        file.write(_header(matrix))
        for word, vector in zip(words, matrix, strict=True):
            file.write(word.encode() + b" " + vector.astype("<f4", copy=False).tobytes() + b"\n")


def read_text(path: Path) -> tuple[list[str], Matrix]:
    """Reads word2vec text; words may hold spaces.

    Returns:
        words, and float32 [size, dim].

    Raises:
        InputError: a bad header, a file cut off, a line of another dimension, NaN; with the line.
    """
    with open(path, "rb") as file:
        size, dim = read_header(file, path)
        _check_room(path, size, 2 * dim + 2)
        words: list[str] = []
        matrix = np.empty((size, dim), np.float32)
        for lines in read_line_blocks(file, path):
            done = len(words)
            if done + len(lines) > size:
                raise InputError(f"{path}: line {size + 2}: more lines than the {size} that the header promises")
            more, matrix[done : done + len(lines)] = parse_rows(lines, dim, " ", path, first_line=done + 2)
            words += more
    if len(words) < size:
        raise InputError(f"{path}: truncated: ends after {len(words)} of the {size} words that the header promises")
    return words, matrix


def read_binary(path: Path) -> tuple[list[str], Matrix]:
    """Reads word2vec binary, with or without line breaks between the rows.

    Returns:
        words, and float32 [size, dim].

    Raises:
        InputError: a bad header, a file cut off, a word that is not UTF-8, NaN; with the row or the byte.
    """
    with open(path, "rb") as file:
        size, dim = read_header(file, path)
        _check_room(path, size, 4 * dim + 2)
        words: list[str] = []
        matrix = np.empty((size, dim), np.float32)
        for row in range(size):
            words.append(_read_word(file, path, row, size))
            values = file.read(4 * dim)
            if len(values) < 4 * dim:
                raise InputError(f"{path}: truncated: ends at byte {file.tell()}, in word {row + 1} of {size}")
            matrix[row] = np.frombuffer(values, "<f4")
        rest = file.read(2)
        if rest.strip(b"\n"):
            raise InputError(f"{path}: goes on at byte {file.tell() - len(rest)}, after the {size} words of the header")
    check_finite(matrix, path)
    return words, matrix


def read_header(file: IO[bytes], path: Path) -> tuple[int, int]:
    """The size and the dimension from the first line.

    Raises:
        InputError: it is not two positive whole numbers.
    """
    line = file.readline(LONGEST_HEADER)
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields) or 0 in map(int, fields):
        shown = ascii(line[:40].decode(errors="replace"))
        raise InputError(f'{path}: bad header: line 1 should be "size dim", two whole numbers above 0, found {shown}')
    return int(fields[0]), int(fields[1])


def _header(matrix: Matrix) -> bytes:
    return b"%d %d\n" % matrix.shape


def _check_room(path: Path, size: int, row_bytes: int) -> None:
    """A header that promises more than the file can hold must not make us ask for that much memory."""
    if size * row_bytes > path.stat().st_size:
        raise InputError(
            f"{path}: truncated: {path.stat().st_size} bytes cannot hold the {size} words that the header promises"
        )


def _read_word(file: IO[bytes], path: Path, row: int, size: int) -> str:
    letters = bytearray()
    while (letter := file.read(1)) != b" ":
        if not letter:
            raise InputError(f"{path}: truncated: ends at byte {file.tell()}, before word {row + 1} of {size}")
        letters += letter
        if len(letters) > LONGEST_WORD:
            raise InputError(
                f"{path}: no word ends near byte {file.tell()} (word {row + 1} of {size}): wrong dimension"
            )
    try:
        word = letters.lstrip(b"\n").decode()
    except UnicodeDecodeError:
        at = file.tell() - len(letters) - 1
        raise InputError(
            f"{path}: word {row + 1} of {size}, at byte {at}, is not UTF-8: damaged, or wrong dimension"
        ) from None
    if not word:
        raise InputError(f"{path}: word {row + 1} of {size} is empty: damaged, or wrong dimension")
    return word
