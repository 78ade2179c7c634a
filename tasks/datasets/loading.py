"""Loads a dataset: finds its files, unpacks what is packed, reads the original format, and has the texts arranged.

What has to be fetched first is the caller's to fetch (`downloads`), as is hashing what lies on this disk
(`local_files`). The same files and params give the same table on every machine.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.datasets import imdb, newsgroups, nsmc, sms
from tasks.datasets.arranging import arrange
from tasks.datasets.locating import locate, unpacked_folder
from tasks.datasets.params import (
    TEST,
    TRAIN,
    Dataset,
    ImdbDataset,
    NewsgroupsDataset,
    NsmcDataset,
    SmsDataset,
    TableDataset,
)
from tasks.datasets.table import find_tables, read_table
from tasks.datasets.text_files import LabelledFile
from tasks.sources.archives import is_archive
from tasks.sources.document import Document, SourceFile
from tasks.sources.matching import shown
from tasks.sources.urls import source_name
from tasks.storage.hashing import file_sha256, json_sha256

Record = dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """A dataset, ready for a classifier.

    Attributes:
        table: schemas.DOCUMENTS, `doc_id` from 0, without nulls; `split` is "train", "validation" or "test".
        facts: small JSON. "documents": by split. "labels": by label, by split. "empty": texts "left_out" (nsmc and
            table) and blank ones "kept". "duplicates", of the whole dataset before `limit`: "train_and_test", different
            texts in both; "train_documents", the documents of train with such a text; "dropped", how many of these
            were; "within_train" and "within_test", documents that repeat an earlier one of their split.
        files: what it was read from: "name", "bytes" and "sha256" each; a folder of a file a text is one, with the
            number of its "files" and a hash of their names and hashes.
    """

    table: pa.Table
    facts: dict[str, Any]
    files: list[Record]


def local_files(dataset: Dataset, folder: str) -> list[Path]:
    """The files on this disk that the dataset means now; none if it comes from the network.

    Args:
        dataset: its section.
        folder: the folder of labelled texts, relative to the project's root.

    Raises:
        InputError: they are not there.
    """
    if isinstance(dataset, TableDataset):
        return [table.file.path for table in find_tables(dataset, folder)]
    if dataset.path is None and not isinstance(dataset, SmsDataset):
        return []
    place = _place(dataset, folder, [])
    if isinstance(dataset, NsmcDataset):
        return [file.path for file in nsmc.list_ratings(place)]
    if place.path.is_file():
        return [place.path]
    if isinstance(dataset, SmsDataset):
        return [sms.find_messages(place).path]
    return [text.file.path for text in _list_texts(dataset, place)]


def downloads(dataset: Dataset) -> list[tuple[str, str | None]]:
    """The URL and the pinned SHA-256 of each file that has to be fetched before `load`, in its order; often none."""
    if dataset.path is not None or isinstance(dataset, SmsDataset | TableDataset):
        return []
    if isinstance(dataset, NsmcDataset):
        return list(zip(dataset.url, dataset.sha256 or (None, None), strict=True))
    return [(dataset.url, dataset.sha256)]


def load(dataset: Dataset, folder: str, fetched: Sequence[Path], unpacked: Path) -> Loaded:
    """Reads a dataset.

    Args:
        dataset: its section.
        folder: the folder of labelled texts, relative to the project's root.
        fetched: a file for each of `downloads(dataset)`.
        unpacked: a folder of the caller's own, where an archive is unpacked; emptied first, removed in the end.

    Raises:
        InputError: the files are not there or not as expected; a split is empty, or has a label that train has not;
            there are fewer than two labels.
    """
    places = [SourceFile(path, source_name(url)) for path, (url, _) in zip(fetched, downloads(dataset), strict=True)]
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        documents, files = _open(dataset, folder, places, unpacked)
        table, facts = arrange(list(documents), dataset)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return Loaded(table, facts, files)


def _open(
    dataset: Dataset, folder: str, fetched: list[SourceFile], unpacked: Path
) -> tuple[Iterator[Document], list[Record]]:
    """The documents, still to be read, and the records of their files."""
    if isinstance(dataset, TableDataset):
        tables = find_tables(dataset, folder)
        rows = (document for table in tables for document in read_table(table, dataset))
        return rows, [_record(table.file) for table in tables]
    if isinstance(dataset, NsmcDataset):
        ratings = fetched or nsmc.list_ratings(_place(dataset, folder, fetched))
        halves = zip(ratings, (TRAIN, TEST), strict=True)
        reviews = (document for file, split in halves for document in nsmc.read_ratings(file, split))
        return reviews, [_record(file) for file in ratings]
    place = _place(dataset, folder, fetched)
    if isinstance(dataset, SmsDataset):
        plain = place.path.is_file() and not is_archive(place.path, place.name)
        file = place if plain else sms.find_messages(unpacked_folder(place, unpacked, sms.EXPECTED))
        return sms.read_messages(file), [_record(place if place.path.is_file() else file)]
    expected = imdb.EXPECTED if isinstance(dataset, ImdbDataset) else newsgroups.EXPECTED
    texts = _list_texts(dataset, unpacked_folder(place, unpacked, expected))
    files = [_record(place) if place.path.is_file() else _folder_record(place, texts)]
    if isinstance(dataset, ImdbDataset):
        return imdb.read_reviews(texts), files
    return newsgroups.read_posts(texts, dataset.remove), files


def _place(dataset: Dataset, folder: str, fetched: list[SourceFile]) -> SourceFile:
    """The one file or folder that a collection is read from."""
    if fetched:
        return fetched[0]
    return SourceFile(sms.BUNDLED, shown(sms.BUNDLED)) if dataset.path is None else locate(dataset.path, folder)


def _list_texts(dataset: ImdbDataset | NewsgroupsDataset, folder: SourceFile) -> list[LabelledFile]:
    """Of the collections that are a file a text."""
    return imdb.list_reviews(folder) if isinstance(dataset, ImdbDataset) else newsgroups.list_posts(folder)


def _record(file: SourceFile) -> Record:
    return {"name": file.name, "bytes": file.path.stat().st_size, "sha256": file_sha256(file.path)}


def _folder_record(folder: SourceFile, texts: Sequence[LabelledFile]) -> Record:
    content = [[text.file.path.relative_to(folder.path).as_posix(), file_sha256(text.file.path)] for text in texts]
    size = sum(text.file.path.stat().st_size for text in texts)
    return {"name": folder.name, "files": len(texts), "bytes": size, "sha256": json_sha256(content)}
