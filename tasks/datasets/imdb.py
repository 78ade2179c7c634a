"""IMDB as published: aclImdb/{train,test}/{pos,neg}/ID_RATING.txt; reviews without a label (unsup) are passed over."""

import re
from collections.abc import Iterable, Iterator

from tasks.datasets.locating import below
from tasks.datasets.params import TEST, TRAIN
from tasks.datasets.text_files import LabelledFile, decode_utf8, list_texts
from tasks.interruption import leave_if_asked
from tasks.sources.document import Document, SourceFile, check_length

EXPECTED = "aclImdb_v1.tar.gz, or the folder that it unpacks to: aclImdb/{train,test}/{pos,neg}/ID_RATING.txt"

REVIEW = re.compile(r"\d+_\d+\.txt")


def list_reviews(folder: SourceFile) -> list[LabelledFile]:
    """The reviews below aclImdb, or a folder that holds it: train, then test, each sorted by path.

    Raises:
        InputError: a split or a label is missing.
    """
    top = below(folder, "aclImdb")
    if not top.path.is_dir() and folder.path.name == "aclImdb":
        top = folder
    return [
        review
        for split in (TRAIN, TEST)
        for label in ("neg", "pos")
        for review in list_texts(below(top, f"{split}/{label}"), REVIEW, label, split, EXPECTED)
    ]


def read_reviews(reviews: Iterable[LabelledFile]) -> Iterator[Document]:
    """Their texts, raw, with the labels "neg" and "pos".

    Raises:
        InputError: a review is not UTF-8.
    """
    for file, label, split in reviews:
        leave_if_asked()
        data = file.path.read_bytes()
        check_length(len(data), file.name)
        yield Document(decode_utf8(data, file.name), label, split)
