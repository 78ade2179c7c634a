import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.labelled import Loads, dataset

from tasks.datasets.loading import local_files
from tasks.errors import InputError

Rows = list[tuple[str, str, str | None]]


@pytest.fixture
def reviews(imdb: dict[str, bytes]) -> Rows:
    return [(text.decode(), *reversed(name.split("/")[1:3])) for name, text in imdb.items()]  # type: ignore[misc]


def write(path: Path, rows: Rows, names: tuple[str, ...] = ("text", "label", "split")) -> None:
    columns = [row[: len(names)] for row in rows]
    if path.suffix == ".parquet":
        pq.write_table(pa.table(dict(zip(names, zip(*columns, strict=True), strict=True))), path)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in columns)
        elif path.suffix == ".csv":
            csv.writer(file).writerows([names, *columns])
        else:
            file.writelines("\t".join(map(str, row)) + "\n" for row in [names, *columns])


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("names", [("text", "label", "split"), ("review", "stars", "part")])
def test_each_format(suffix: str, names: tuple[str, ...], reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / f"table.{suffix}", reviews, names)
    columns = {} if names[0] == "text" else dict(zip(("text", "label", "split"), names, strict=True))
    loaded = loads("table", path=f"table.{suffix}", columns=columns)
    assert [tuple(row.values())[1:] for row in loaded.table.to_pylist()] == reviews
    assert loaded.facts["documents"] == {"train": 6, "test": 6}
    assert [file["name"] for file in loaded.files] == [str(tmp_path / f"table.{suffix}")]


def test_files_for_the_splits(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    train, test = reviews[:6], reviews[6:]
    (tmp_path / "train").mkdir()
    write(tmp_path / "train" / "b.jsonl", train[3:], ("text", "label"))
    write(tmp_path / "train" / "a.csv", train[:3], ("text", "label"))
    write(tmp_path / "dev.csv", train[2:4], ("text", "label"))
    write(tmp_path / "test.parquet", test, ("text", "label"))
    paths = {"train": "train", "validation": "dev.csv", "test": "*.parquet"}
    loaded = loads("table", **paths)
    assert loaded.facts["documents"] == {"train": 6, "validation": 2, "test": 6}
    assert list(loaded.facts["labels"]["neg"]) == ["train", "validation", "test"]
    assert loaded.table["split"].to_pylist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 6
    assert loaded.table["text"].to_pylist()[:6] == [text for text, *_ in train]
    names = ["train/a.csv", "train/b.jsonl", "dev.csv", "test.parquet"]
    assert local_files(dataset("table", **paths), str(tmp_path)) == [tmp_path / name for name in names]


def test_numbers_are_labels_and_the_case_of_a_split_is_none(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    columns = {
        "text": [text for text, *_ in reviews],
        "label": [int(label == "pos") for _, label, _ in reviews],
        "split": [str(split).upper() for *_, split in reviews],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    loaded = loads("table", path="a.parquet")
    assert loaded.facts["labels"] == {"0": {"train": 3, "test": 3}, "1": {"train": 3, "test": 3}}


def test_empty_texts_are_left_out_and_counted(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", [*reviews, ("", "pos", "train"), (" ", "pos", "train")])
    facts = loads("table", path="a.csv").facts
    assert facts["documents"]["train"] == 7
    assert facts["empty"] == {"left_out": 1, "kept": 1}


@pytest.mark.parametrize("label", ["", " "])
def test_a_row_without_a_label(label: str, reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", [*reviews[:3], ("unlabelled", label, "train"), *reviews[3:]])
    with pytest.raises(InputError, match=r"a\.csv, row 4: no label in 'label'; give the row one, or take it out"):
        loads("table", path="a.csv")


def test_a_row_of_an_unknown_split(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", [*reviews[:3], ("odd", "pos", "dev"), *reviews[3:]])
    with pytest.raises(InputError, match=r"a\.csv, row 4: the split is 'dev', not train, validation or test"):
        loads("table", path="a.csv")
    assert loads("table", path="a.csv", split={"by": "stratified"}).table.num_rows == 13


def test_a_table_without_splits(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", reviews, ("text", "label"))
    with pytest.raises(InputError, match=r"a\.csv, row 1: the split is None.* or set split: \{by: stratified\}"):
        loads("table", path="a.csv")
    loaded = loads("table", path="a.csv", split={"by": "stratified", "test": 0.5})
    assert loaded.facts["documents"] == {"train": 6, "test": 6}


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_table_of_one_split(split: str, reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", [row for row in reviews if row[2] == split])
    missing = "test" if split == "train" else "train"
    with pytest.raises(InputError, match=rf"no document in the {missing} split; .* set split: \{{by: stratified\}}"):
        loads("table", path="a.csv")


def test_labels_that_cannot_be_learnt(reviews: Rows, tmp_path: Path, loads: Loads) -> None:
    write(tmp_path / "a.csv", [*reviews, ("new", "mixed", "test")])
    with pytest.raises(InputError, match="the label 'mixed' is in the test split and not in train"):
        loads("table", path="a.csv")
    write(tmp_path / "b.csv", [(text, "good", split) for text, _, split in reviews])
    with pytest.raises(InputError, match="train has the label 'good' alone, and needs two"):
        loads("table", path="b.csv")


def test_files_that_are_no_tables(tmp_path: Path, reviews: Rows) -> None:
    write(tmp_path / "a.txt", reviews)
    with pytest.raises(InputError, match=r"a\.txt: its name does not tell its format; set format: csv, tsv"):
        local_files(dataset("table", path="a.txt"), str(tmp_path))
    assert local_files(dataset("table", path="a.txt", format="tsv"), str(tmp_path)) == [tmp_path / "a.txt"]
    with pytest.raises(InputError, match=r"\*\.csv: no such file"):
        local_files(dataset("table", path="*.csv"), str(tmp_path))


def test_a_column_that_is_not_there(tmp_path: Path, reviews: Rows, loads: Loads) -> None:
    write(tmp_path / "a.csv", reviews, ("text", "stars", "split"))
    with pytest.raises(InputError, match=r"a\.csv, line 1: no column 'label', found 'text', 'stars', 'split'"):
        loads("table", path="a.csv")


def test_bytes_that_are_not_utf8(tmp_path: Path, loads: Loads) -> None:
    rows = b"text,label,split\ncaf\xe9,a,train\ntea,b,train\nmilk,a,test\n"
    (tmp_path / "a.csv").write_bytes(rows)
    with pytest.raises(InputError, match=r"byte 20 \(0xe9\) is not UTF-8.*errors: replace"):
        loads("table", path="a.csv")
    assert loads("table", path="a.csv", errors="replace").table["text"][0].as_py() == "caf\ufffd"
