"""Lines of numbers, fast both ways: "word 0.1 -0.2 ...\\n". The text formats share it.

Numbers are written as the shortest decimal that restores the float32 exactly (as Ryu and Grisu do), by Arrow's
vectorised kernels. Reading goes block by block, and every error names the line.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.storage.matrix import Matrix

VALUES_A_BLOCK = 1 << 20
"""Numbers formatted in one go: 4 MB of floats, some 12 MB of text."""

BYTES_A_BLOCK = 1 << 24
"""Bytes read in one go."""

LONGEST_LINE = 1 << 26
"""A "line" longer than this is no line of vectors: the file is of another kind."""


def format_rows(words: Sequence[str] | None, matrix: Matrix, separator: str) -> Iterator[memoryview]:
    """The lines of `matrix`, each after its word if there are words, as blocks of UTF-8 bytes."""
    size, dim = matrix.shape
    step = max(1, VALUES_A_BLOCK // dim)
    for start in range(0, size, step):
        block = np.ascontiguousarray(matrix[start : start + step])
        numbers = pa.array(block.ravel()).cast(pa.string())
        offsets = pa.array(np.arange(0, block.size + 1, dim, dtype=np.int32))
        columns: list[Any] = [pc.binary_join(pa.ListArray.from_arrays(offsets, numbers), separator)]
        if words is not None:
            columns.insert(0, pa.array(words[start : start + step], pa.string()))
            columns = [pc.binary_join_element_wise(*columns, separator)]
        lines = pc.binary_join_element_wise(*columns, "", "\n")
        yield _bytes_of(lines)


def _bytes_of(strings: pa.StringArray) -> memoryview:
    """The values of a fresh string array, end to end, without a copy."""
    _, offsets, values = strings.buffers()
    ends = np.frombuffer(offsets, np.int32, len(strings) + 1, strings.offset * 4)
    return memoryview(values)[int(ends[0]) : int(ends[-1])]


def read_line_blocks(file: IO[bytes], path: Path) -> Iterator[pa.Array]:
    """The remaining lines of a file, as blocks of binary arrays, each value one line with its line break.

    Raises:
        InputError: the file does not end with a line break (it was cut off), or a line is far too long.
    """
    rest = b""
    while block := file.read(BYTES_A_BLOCK):
        data = rest + block
        breaks = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
        if len(breaks) == 0:
            if len(data) > LONGEST_LINE:
                raise InputError(
                    f"{path}: a line of more than {LONGEST_LINE >> 20} MB; this is no text file of vectors"
                )
            rest = data
            continue
        offsets = np.concatenate(([0], breaks + 1)).astype(np.int32)
        rest = data[int(offsets[-1]) :]
        yield pa.Array.from_buffers(pa.binary(), len(breaks), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    if rest:
        shown = rest[:40].decode(errors="replace")
        raise InputError(f"{path}: truncated: the last line ({shown!a}...) has no end; fetch or export it again")


def count_lines(path: Path) -> int:
    """The number of line breaks in a file."""
    lines = 0
    with open(path, "rb") as file:
        while block := file.read(BYTES_A_BLOCK):
            lines += block.count(b"\n")
    return lines


def parse_rows(
    lines: pa.Array, dim: int, separator: str, path: Path, first_line: int, with_words: bool = True
) -> tuple[list[str], NDArray[np.float32]]:
    """The words and vectors of a block of lines. A word may hold spaces: the numbers are counted from the right.

    Args:
        lines: binary, one line a value.
        dim: how many numbers each line must have.
        separator: what stands between the columns.
        path, first_line: for the errors: the file, and the number of the block's first line.
        with_words: whether a word stands before the numbers.

    Returns:
        words (empty without `with_words`), and float32 [lines, dim].

    Raises:
        InputError: a line that is not UTF-8, has too few or too many numbers, something that is no number, or NaN.
    """
    columns = dim + with_words
    try:
        texts = lines.cast(pa.string())
    except pa.ArrowInvalid:
        row = next(row for row, line in enumerate(lines.to_pylist()) if not _is_utf8(line))
        raise InputError(f"{path}: line {first_line + row} is not UTF-8") from None
    texts = pc.ascii_rtrim(texts, " \t\r\n")
    fields = pc.split_pattern(texts, separator, max_splits=columns - 1, reverse=True)
    found = pc.list_value_length(fields).to_numpy()
    if (found != columns).any():
        row = int(np.argmax(found != columns))
        raise InputError(
            f"{path}: line {first_line + row} has {found[row] - with_words} numbers, not {dim}: wrong dimension"
        )
    flat = fields.flatten()
    index = np.arange(len(flat), dtype=np.int64).reshape(-1, columns)
    words = flat.take(pa.array(index[:, 0])).to_pylist() if with_words else []
    numbers = flat.take(pa.array(index[:, int(with_words) :].ravel()))
    try:
        values = numbers.cast(pa.float32()).to_numpy().reshape(-1, dim)
    except pa.ArrowInvalid:
        row, text = next((at // dim, text) for at, text in enumerate(numbers.to_pylist()) if not _is_number(text))
        raise InputError(f"{path}: line {first_line + row}: {text[:40]!a} is no number") from None
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise InputError(f"{path}: line {first_line + int(np.argmin(finite))} holds NaN or infinity")
    for row, word in enumerate(words):
        if not word:
            raise InputError(f"{path}: line {first_line + row} has no word before its numbers")
        if " " in word or "\t" in word:
            _refuse_numbers(word, dim, path, first_line + row)
    return words, values


def _refuse_numbers(word: str, dim: int, path: Path, line: int) -> None:
    """GloVe's 840B file has tokens such as ". . ."; but one that goes on in numbers is a vector that is too long."""
    extra = word.split()[1:]
    if all(_is_number(text) for text in extra):
        raise InputError(f"{path}: line {line} has {dim + len(extra)} numbers, not {dim}: wrong dimension")


def _is_number(text: str) -> bool:
    try:
        pa.scalar(text).cast(pa.float32())
    except pa.ArrowInvalid:
        return False
    return True


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
