"""NSMC as published: ratings_train.txt and ratings_test.txt, tab-separated, with a header line and quoted as csv is."""

import csv
from collections.abc import Iterator

from tasks.datasets.locating import below
from tasks.datasets.text_files import decode_utf8
from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.sources.document import Document, SourceFile

EXPECTED = "the folder that holds ratings_train.txt and ratings_test.txt"

HEADER = ["id", "document", "label"]
LABELS = {"0": "negative", "1": "positive"}


def list_ratings(folder: SourceFile) -> list[SourceFile]:
    """The files of train and of test.

    Raises:
        InputError: one is missing.
    """
    files = [below(folder, name) for name in ("ratings_train.txt", "ratings_test.txt")]
    for file in files:
        if not file.path.is_file():
            raise InputError(f"{file.name}: no such file; expected is {EXPECTED}")
    return files


def read_ratings(file: SourceFile, split: str) -> Iterator[Document]:
    """The reviews of one file, labelled "negative" and "positive"; some are empty.

    Raises:
        InputError: a line is not as published.
    """
    # 856 reviews hold a quotation mark and are quoted as in csv; read without it they get marks that are not theirs.
    lines = decode_utf8(file.path.read_bytes(), file.name).split("\n")  # splitlines would cut at more than line ends
    rows = csv.reader((f"{line}\n" for line in lines), delimiter="\t", strict=True)
    try:
        if next(rows, None) != HEADER:
            raise InputError(f"{file.name}, line 1: the columns should be id, document, label; fetch it again")
        for row in rows:
            leave_if_asked()
            if not row:  # an empty line, as the one after the last line end
                continue
            if len(row) != len(HEADER) or row[2] not in LABELS:
                raise InputError(
                    f"{file.name}, line {rows.line_num}: should be id, document and a label of 0 or 1, with tabs "
                    "between; fetch it again"
                )
            yield Document(row[1], LABELS[row[2]], split)
    except csv.Error as error:
        raise InputError(f"{file.name}, line {rows.line_num}: not as published ({error}); fetch it again") from None
