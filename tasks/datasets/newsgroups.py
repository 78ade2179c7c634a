"""20 Newsgroups as published: 20news-bydate-{train,test}/GROUP/NUMBER, latin-1; stripped by scikit-learn."""

import re
from collections.abc import Collection, Iterable, Iterator

from tasks.datasets.locating import below
from tasks.datasets.params import TEST, TRAIN
from tasks.datasets.text_files import LabelledFile, list_texts
from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.sources.document import Document, SourceFile, check_length

EXPECTED = "20news-bydate.tar.gz, or the folder that holds 20news-bydate-train and 20news-bydate-test"

POST = re.compile(r"\d+")


def list_posts(folder: SourceFile) -> list[LabelledFile]:
    """The posts: train, then test, each sorted by group, then by number as a string.

    Raises:
        InputError: a half is missing, or a group holds no post.
    """
    posts: list[LabelledFile] = []
    for split in (TRAIN, TEST):
        half = below(folder, f"20news-bydate-{split}")
        groups = sorted(path.name for path in half.path.glob("[!.]*") if path.is_dir())
        if not groups:
            raise InputError(f"{half.name}: no newsgroup in it; expected is {EXPECTED}")
        for group in groups:
            posts += list_texts(below(half, group), POST, group, split, EXPECTED)
    return posts


def read_posts(posts: Iterable[LabelledFile], remove: Collection[str]) -> Iterator[Document]:
    """Their texts, labelled by group; `remove` holds some of "headers", "footers", "quotes". Some come out empty."""
    from sklearn.datasets import _twenty_newsgroups as newsgroups

    for file, label, split in posts:
        leave_if_asked()
        data = file.path.read_bytes()
        check_length(len(data), file.name)
        text = data.decode("latin-1")
        if "headers" in remove:  # the order is scikit-learn's, and matters
            text = newsgroups.strip_newsgroup_header(text)
        if "footers" in remove:
            text = newsgroups.strip_newsgroup_footer(text)
        if "quotes" in remove:
            text = newsgroups.strip_newsgroup_quoting(text)
        yield Document(text, label, split)
