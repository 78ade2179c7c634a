from typing import Any

import pytest
from pydantic import ValidationError
from sklearn.datasets import _twenty_newsgroups
from support.labelled import dataset


def test_newsgroups_come_from_where_scikit_learn_gets_them() -> None:
    params = dataset("20newsgroups")
    assert (params.url, params.sha256) == (_twenty_newsgroups.ARCHIVE.url, _twenty_newsgroups.ARCHIVE.checksum)


@pytest.mark.parametrize(
    ("kind", "by"), [("imdb", "given"), ("nsmc", "given"), ("20newsgroups", "given"), ("sms", "last")]
)
def test_each_collection_has_its_usual_split(kind: str, by: str) -> None:
    assert dataset(kind).split.model_dump() == {"by": by, "test": 0.2, "seed": 1}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kind": "mnist"}, "does not match any of the expected tags"),
        ({"kind": "imdb", "split": {"by": "first"}}, "'given', 'last' or 'stratified'"),
        ({"kind": "imdb", "split": {"by": "last", "test": 1}}, "less than 1"),
        ({"kind": "imdb", "split": {"test": 0.1}}, "split.by"),
        ({"kind": "imdb", "sha256": "c40f"}, "64 hexadecimal digits"),
        ({"kind": "imdb", "url": "ftp://host/a"}, "should begin with http"),
        ({"kind": "imdb", "limit": 0}, "greater than or equal to 1"),
        ({"kind": "imdb", "columns": {}}, "not permitted"),
        ({"kind": "nsmc", "url": ["https://host/a"]}, "url"),
        ({"kind": "sms", "split": {"by": "given"}}, "no split; set by: last or by: stratified"),
        ({"kind": "20newsgroups", "remove": ["title"]}, "'headers', 'footers' or 'quotes'"),
        ({"kind": "table"}, "in path, or in both train and test"),
        ({"kind": "table", "train": "a.csv"}, "in path, or in both train and test"),
        ({"kind": "table", "path": "a.csv", "test": "b.csv"}, "not in both"),
        ({"kind": "table", "path": "a.txt", "format": "text"}, "'csv', 'tsv', 'jsonl' or 'parquet'"),
    ],
)
def test_what_cannot_be_meant_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        dataset(**params)
