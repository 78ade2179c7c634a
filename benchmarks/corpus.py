"""The corpus that is measured: a text file with a document a line, or the bundled one. Its head, and its tenfold."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from tasks.errors import InputError
from tasks.sources.bundled import BUNDLED
from tasks.sources.compression import open_plain, plain_name
from tasks.storage.atomic import atomic_file
from tasks.storage.hashing import file_sha256

BUNDLED_NAME = "20newsgroups"

HEAD_WORDS = 1_000_000
"""Words of the head: what is slow measures on the first documents with so many words between blanks."""

Sample = Literal["head", "whole", "tenfold"]


@dataclass(frozen=True)
class Corpus:
    """A corpus. path: the text file, plain or compressed; None: the bundled corpus."""

    path: Path | None = None

    @property
    def name(self) -> str:
        """What its results are filed under."""
        return BUNDLED_NAME if self.path is None else Path(plain_name(self.path.name)).stem

    @property
    def file(self) -> Path:
        """The file that holds it."""
        return BUNDLED if self.path is None else self.path

    def sha256(self) -> str:
        """The hash of the file's bytes."""
        return _sha256(self.file)

    def documents(self) -> Iterator[str]:
        """The raw text of every document, in order."""
        if self.path is None:
            for batch in pq.ParquetFile(BUNDLED).iter_batches(256, columns=["text"]):
                yield from batch["text"].to_pylist()
        else:
            with open_plain(self.path, str(self.path)) as stream:
                for line in stream:
                    yield line.decode("utf-8").rstrip("\r\n")

    def source(self, sample: Sample) -> str:
        """The override that makes a run read this sample."""
        source: dict[str, Any] = {"kind": "bundled"}
        if self.path is not None:
            source = {"kind": "files", "path": str(self.path), "format": "lines"}
        if sample == "head":
            source["limit"] = head_documents(self)
        if sample == "tenfold":
            source["weight"] = 10
        return f"corpus.sources={json.dumps([source])}"

    def write_lines(self, target: Path) -> None:
        """Writes it as plain text, a document a line: what a script of somebody else's begins with."""
        with atomic_file(target, "w") as file:
            file.writelines(" ".join(document.split()) + "\n" for document in self.documents())


def corpus_at(path: Path | None) -> Corpus:
    """The corpus in `path`, or the bundled one.

    Raises:
        InputError: there is no such file, or its name is that of the bundled corpus.
    """
    if path is None:
        return Corpus()
    if not path.is_file():
        raise InputError(f"{path}: no such file; name a text file, plain or compressed, with a document a line")
    corpus = Corpus(path.resolve())
    if corpus.name == BUNDLED_NAME:
        raise InputError(f"{path}: its results would be filed under the bundled corpus' name; rename the file")
    return corpus


@cache
def head_documents(corpus: Corpus) -> int:
    """How many documents, from the first on, have HEAD_WORDS words together; all of them if they have less."""
    words = documents = 0
    for document in corpus.documents():
        words += len(document.split())
        documents += 1
        if words >= HEAD_WORDS:
            break
    return documents


@cache
def _sha256(path: Path) -> str:
    return file_sha256(path)
