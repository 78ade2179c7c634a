"""The slices of the collections, once for all tests."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from support.labelled import DATA, Loads, dataset, slice_of

from tasks.datasets.loading import Loaded, load


@pytest.fixture(scope="session")
def imdb() -> dict[str, bytes]:
    """The three shortest reviews of each split and label."""
    return slice_of("imdb.jsonl", "utf-8")


@pytest.fixture(scope="session")
def newsgroups() -> dict[str, bytes]:
    """Nine posts of train and four of test, of two groups, headers and all."""
    return slice_of("20newsgroups.jsonl", "latin-1")


@pytest.fixture(scope="session")
def nsmc() -> dict[str, bytes]:
    """The first 200 reviews, and an empty and a quoted one, as train, the next 100 and an empty one as test."""
    header, *lines = (DATA / "nsmc.tsv").read_bytes().splitlines(keepends=True)
    quoted = '3026128\t"TV드라마로나 찍어오면 ""딱""인 영화."\t0\n'.encode()
    train = [header, *lines[:200], b"2172111\t\t1\n", quoted]
    return {
        "ratings_train.txt": b"".join(train),
        "ratings_test.txt": b"".join([header, *lines[200:], b"402110\t\t1\n"]),
    }


@pytest.fixture(scope="session")
def ratings(nsmc: dict[str, bytes]) -> dict[str, list[dict[str, str]]]:
    """The same, as csv reads it: rows by file."""
    return {name: list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t")) for name, content in nsmc.items()}


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    """Loads a dataset whose files lie in tmp_path."""

    def call(kind: str, **params: Any) -> Loaded:
        loaded = load(dataset(kind, **params), str(tmp_path), [], tmp_path / "unpacked")
        assert not (tmp_path / "unpacked").exists()
        return loaded

    return call
