"""The SMS Spam Collection as published: `label<TAB>text`, a message a line, no header; quotes are plain text."""

from collections.abc import Iterator

from tasks.datasets.locating import below
from tasks.datasets.text_files import decode_utf8
from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.sources.bundled import PROJECT_ROOT
from tasks.sources.document import Document, SourceFile

NAME = "SMSSpamCollection"
BUNDLED = PROJECT_ROOT / "data" / "bundled" / NAME

EXPECTED = f"the file {NAME}, or the zip of the UCI repository or a folder that holds it"

LABELS = ("ham", "spam")


def find_messages(folder: SourceFile) -> SourceFile:
    """The collection's file in a folder.

    Raises:
        InputError: it is not there.
    """
    file = below(folder, NAME)
    if not file.path.is_file():
        raise InputError(f"{file.name}: no such file; expected is {EXPECTED}")
    return file


def read_messages(file: SourceFile) -> Iterator[Document]:
    """The messages, labelled "ham" and "spam".

    Raises:
        InputError: a line is not as published.
    """
    lines = decode_utf8(file.path.read_bytes(), file.name).split("\n")  # splitlines would cut at more than line ends
    for number, line in enumerate(lines, start=1):
        leave_if_asked()
        if not line:
            continue
        label, tab, text = line.removesuffix("\r").partition("\t")
        if not tab or label not in LABELS:
            raise InputError(
                f"{file.name}, line {number}: should be ham or spam, a tab and the message; "
                "fetch it again, or read a file of your own as kind: table"
            )
        yield Document(text, label)
