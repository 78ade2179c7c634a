"""What every reader yields: one document at a time, its text whole and valid Unicode."""

from pathlib import Path
from typing import NamedTuple

from tasks.errors import InputError

MAX_DOCUMENT_BYTES = 64 << 20
"""Several million words. What is longer is a file whose format was guessed wrong, or a decompression bomb."""


class Document(NamedTuple):
    """A text, with the class and the split that it has in its source."""

    text: str
    label: str | None = None
    split: str | None = None


class SourceFile(NamedTuple):
    """A file to read.

    Attributes:
        path: where it lies.
        name: what people call it: a path from the project's root, or "archive.zip!/member.txt"; decides the format.
    """

    path: Path
    name: str


def check_length(size: int, place: str) -> None:
    """Raises InputError for a document of more than MAX_DOCUMENT_BYTES; `place` is its file and, if known, line."""
    if size > MAX_DOCUMENT_BYTES:
        raise InputError(
            f"{place}: a document of more than {MAX_DOCUMENT_BYTES >> 20} MB; "
            "if the file holds one document a line set format: lines for this source, else cut it up"
        )


def decode(data: bytes, place: str, offset: int, errors: str) -> str:
    """UTF-8 bytes as text.

    Args:
        data: the bytes.
        place: the file, for the message.
        offset: where in the (unpacked) file `data` begins; a byte order mark at 0 is left out.
        errors: "strict" or "replace" (U+FFFD for each wrong byte sequence).

    Raises:
        InputError: strict, and a byte is not UTF-8; names the byte's offset in the file.
    """
    if offset == 0 and data.startswith(b"\xef\xbb\xbf"):
        data, offset = data[3:], 3
    try:
        return data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{place}: byte {offset + error.start} (0x{data[error.start]:02x}) is not UTF-8; "
            "convert the file, or set errors: replace for this source"
        ) from None
