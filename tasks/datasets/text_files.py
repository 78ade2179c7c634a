"""Collections that are a file a text, in folders named by split and label."""

import re
from typing import NamedTuple

from tasks.datasets.locating import below
from tasks.errors import InputError
from tasks.sources.document import SourceFile


class LabelledFile(NamedTuple):
    """A file that is one text."""

    file: SourceFile
    label: str
    split: str


def list_texts(folder: SourceFile, name: re.Pattern[str], label: str, split: str, expected: str) -> list[LabelledFile]:
    """The files of a folder whose whole name matches, sorted by name as a string; others are passed over.

    Raises:
        InputError: there is no folder, or no such file in it; `expected` says what should be there.
    """
    if not folder.path.is_dir():
        raise InputError(f"{folder.name}: no such folder; expected is {expected}")
    names = sorted(path.name for path in folder.path.iterdir() if name.fullmatch(path.name))
    if not names:
        raise InputError(f"{folder.name}: no text in it; expected is {expected}")
    return [LabelledFile(below(folder, each), label, split) for each in names]


def decode_utf8(data: bytes, name: str) -> str:
    """The text of a published file.

    Raises:
        InputError: a byte is not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: byte {error.start} (0x{data[error.start]:02x}) is not UTF-8, as published it is; fetch it again"
        ) from None
