"""GloVe's text format (Pennington et al. 2014): "word 0.1 -0.2 ...\\n", one word a line, no header.

Written files restore every float32 exactly, and appear whole or not at all.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.formats.rows import LONGEST_LINE, count_lines, format_rows, parse_rows, read_line_blocks
from tasks.formats.words import check_words
from tasks.storage.atomic import atomic_file
from tasks.storage.matrix import Matrix


def write(target: Path, words: Sequence[str], matrix: Matrix) -> None:
    """Writes GloVe text.

    Raises:
        InputError: a word that the format cannot hold, NaN, or not as many words as rows.
    """
    check_words(words, matrix, target)
    with atomic_file(target) as file:
        for block in format_rows(words, matrix, " "):
            file.write(block)


def read(path: Path, dim: int | None = None) -> tuple[list[str], Matrix]:
    """Reads GloVe text; words may hold spaces, as some of the published 840B vectors do.

    Args:
        path: the file.
        dim: how many numbers each line must have; by default as many as the first line ends with.

    Returns:
        words, and float32 [size, dim].

    Raises:
        InputError: an empty file, a file cut off, a line of another dimension, NaN; with the line.
    """
    if dim is None:
        dim = dimension(path)
    size = count_lines(path)
    words: list[str] = []
    matrix = np.empty((size, dim), np.float32)
    with open(path, "rb") as file:
        for lines in read_line_blocks(file, path):
            done = len(words)
            more, matrix[done : done + len(lines)] = parse_rows(lines, dim, " ", path, first_line=done + 1)
            words += more
    return words, matrix


def dimension(path: Path) -> int:
    """How many numbers the first line ends with; its first column is a word, even if it looks like a number.

    Raises:
        InputError: there is no first line, or it does not end with numbers.
    """
    with open(path, "rb") as file:
        return numbers_in(file.readline(LONGEST_LINE), path)


def numbers_in(line: bytes, path: Path) -> int:
    """How many numbers a first line ends with; see `dimension`."""
    if not line:
        raise InputError(f"{path}: empty; there are no vectors in it")
    numbers = 0
    for field in reversed(line.rstrip().split(b" ")[1:]):
        try:
            float(field)
        except ValueError:
            break
        numbers += 1
    if numbers == 0:
        shown = ascii(line[:40].decode(errors="replace"))
        raise InputError(f'{path}: line 1 should be a word and its numbers, "word 0.1 -0.2 ...", found {shown}')
    return numbers
