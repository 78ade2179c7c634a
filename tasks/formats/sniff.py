"""Tells one file of vectors from another by its first two lines, whatever its name."""

import re
import struct
from pathlib import Path
from typing import IO, Literal

from tasks.errors import InputError

Format = Literal["npy", "fasttext", "word2vec_text", "word2vec_binary", "glove", "projector"]

LINE_BYTES = 1 << 20
"""As much of a line as is looked at."""

NPY_MAGIC = b"\x93NUMPY"
FASTTEXT_MAGIC = b"\xba\x16O/"
"""793712314, little-endian."""

FASTTEXT_ARGUMENTS = "12id"
"""What a model of fastText's begins with, behind the magic number and the version where it has them."""

ARGUMENTS_BYTES = struct.calcsize(f"<{FASTTEXT_ARGUMENTS}")

HEADER = re.compile(rb"[1-9]\d* [1-9]\d*[ \t\r]*\n")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def sniff(path: Path) -> Format:
    """Which format a file is in.

    Raises:
        InputError: the file is absent, empty, or begins like none of the formats.
    """
    try:
        with open(path, "rb") as file:
            return sniff_stream(file, path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None


def sniff_stream(file: IO[bytes], path: Path) -> Format:
    """The same for what is at the beginning of a stream, such as an unpacked file; `path` is for the error."""
    first, second = file.readline(LINE_BYTES), file.readline(LINE_BYTES)
    begin = first + second
    head = (begin + file.read(max(0, ARGUMENTS_BYTES - len(begin))))[:ARGUMENTS_BYTES]
    if not first:
        raise InputError(f"{path}: empty; there are no vectors in it")
    if first.startswith(NPY_MAGIC):
        return "npy"
    if head.startswith(FASTTEXT_MAGIC) or _is_old_fasttext(head):
        return "fasttext"
    if HEADER.fullmatch(first):
        return "word2vec_text" if _is_text_row(second, int(first.split()[1])) else "word2vec_binary"
    if all(_is_number(field) for field in first.split(b"\t")):
        return "projector"
    if _is_utf8(first) and first.count(b" ") and _is_number(first.rstrip().rpartition(b" ")[2]):
        return "glove"
    raise InputError(
        f"{path}: not a file of vectors that can be read: it begins neither like word2vec (text or binary), "
        "nor like GloVe text, TensorBoard projector vectors, a model of fastText or vectors.npy"
    )


def _is_old_fasttext(head: bytes) -> bool:
    """Whether a file begins with the arguments of fastText: versions before 11 had no magic number."""
    if len(head) < ARGUMENTS_BYTES:
        return False
    dim, ws, epoch, min_count, neg, word_ngrams, loss, model, bucket, minn, _, rate, t = struct.unpack(
        f"<{FASTTEXT_ARGUMENTS}", head
    )
    counts = all(0 <= each < 1 << 31 for each in (min_count, neg, word_ngrams, bucket, rate))
    return counts and min(dim, ws, epoch) > 0 and loss in (1, 2, 3) and model in (1, 2, 3) and minn >= 0 and 0 <= t <= 1


def _is_text_row(row: bytes, dim: int) -> bool:
    """Whether the row after a header is text, be it a damaged one. A binary one holds bytes that text does not, or, if
    it has few numbers, may look like text but not like numbers.
    """
    if not _is_utf8(row):
        return False
    row = row.rstrip()
    if row.count(b" ") >= dim and _is_number(row.rpartition(b" ")[2]):
        return True
    fields = row.split(b" ")[1:]
    return not CONTROL.search(row) and (not fields or any(map(_is_number, fields)))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(line) == LINE_BYTES  # cut in a letter by us
    return True


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
