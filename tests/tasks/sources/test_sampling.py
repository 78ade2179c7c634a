"""A sample of files of every format: it can be read, it is spread, and what it stands for gives the whole back."""

import csv
import io
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.packing import PACKERS

from tasks.sources.document import SourceFile
from tasks.sources.matching import match_files
from tasks.sources.params import ReadableSource
from tasks.sources.reading import read_documents
from tasks.sources.sampling import Sampled, sample_files

DOCUMENTS = 6000

Writer = Callable[[Path, list[str]], str]


def texts(number: int = DOCUMENTS) -> list[str]:
    """Numbered texts of 20 to 2000 letters, in which later ones are longer."""
    random = np.random.default_rng(5)
    sizes = np.linspace(20, 1000, number) * random.uniform(0.5, 2.0, number)
    lengths = (sizes // 6).astype(int)
    words = (f"{number:05x}" for number in random.integers(0, 1 << 20, lengths.sum()).tolist())
    return [" ".join([str(place), *islice(words, int(length)), "end"]) for place, length in enumerate(lengths)]


def write_lines(path: Path, documents: list[str]) -> str:
    path.write_text("\n".join(documents) + "\n")
    return "lines"


def write_jsonl(path: Path, documents: list[str]) -> str:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in documents))
    return "jsonl"


def write_tsv(path: Path, documents: list[str]) -> str:
    path.write_text("number\ttext\n" + "".join(f"{at}\t{text}\n" for at, text in enumerate(documents)))
    return "tsv"


def write_csv(path: Path, documents: list[str]) -> str:
    output = io.StringIO()
    csv.writer(output).writerows([["text"], *([text.replace(" end", '\n"end"')] for text in documents)])
    path.write_text(output.getvalue())
    return "csv"


def write_parquet(path: Path, documents: list[str]) -> str:
    pq.write_table(pa.table({"text": documents}), path, row_group_size=200)
    return "parquet"


def write_packed(path: Path, documents: list[str]) -> str:
    data = "\n".join(documents).encode()
    pack = PACKERS[path.suffix]
    half = data.index(b"\n", len(data) // 20) + 1
    path.write_bytes(pack(data[:half]) + pack(data[half:]))  # members on end are one file
    return "lines"


SPREAD: dict[str, Writer] = {
    "a.txt": write_lines, "a.jsonl": write_jsonl, "a.tsv": write_tsv, "a.parquet": write_parquet,
}  # fmt: skip
FROM_THE_START: dict[str, Writer] = {
    "a.csv": write_csv, "a.txt.gz": write_packed, "a.txt.bz2": write_packed, "a.txt.xz": write_packed,
    "a.txt.zst": write_packed,
}  # fmt: skip


def sampled(files: list[SourceFile], kind: str, budget: int, folder: Path) -> tuple[list[str], Sampled]:
    """The texts of a sample, and what it stands for."""
    reading = ReadableSource.model_validate({"format": kind})
    found = sample_files(files, reading, budget, folder)
    read = [read_documents(file, reading) for file in match_files(str(folder), ".")]
    return [document.text for documents in read for document in documents], found


@pytest.mark.parametrize("name", SPREAD)
def test_a_file_is_sampled_from_its_beginning_to_its_end(tmp_path: Path, name: str) -> None:
    whole = texts()
    kind = SPREAD[name](tmp_path / name, whole)
    size = sum(map(len, whole))
    found, stands = sampled([SourceFile(tmp_path / name, name)], kind, 600_000, tmp_path / "sample")
    assert set(found) <= set(whole) and len(set(found)) == len(found)
    assert 0.5 < sum(map(len, found)) / 600_000 < 1.5
    scale = stands.whole / stands.taken
    assert len(found) * scale == pytest.approx(len(whole), rel=0.25)
    assert sum(map(len, found)) * scale == pytest.approx(size, rel=0.1)
    places = np.array([int(text.split()[0]) for text in found])
    assert places.min() < 0.5 * len(whole) and places.max() > 0.8 * len(whole)


@pytest.mark.parametrize("name", FROM_THE_START)
def test_what_can_only_be_read_from_the_start_gives_whole_documents(tmp_path: Path, name: str) -> None:
    whole = texts()
    kind = FROM_THE_START[name](tmp_path / name, whole)
    found, stands = sampled([SourceFile(tmp_path / name, name)], kind, 600_000, tmp_path / "sample")
    expected = [text.replace(" end", '\n"end"') for text in whole] if kind == "csv" else whole
    assert 0 < len(found) < len(whole) and found == expected[: len(found)]
    told = sum(map(len, found)) * stands.whole / stands.taken / sum(map(len, expected))
    # of bz2 nothing can be unpacked of a block that was cut, and a block is larger than this sample
    assert (0.1 if name.endswith("bz2") else 0.75) < told < 1.25


def test_of_many_texts_every_nth_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    whole = texts(300)
    for place, text in enumerate(whole):
        (folder / f"{place:04d}.txt").write_text(text)
    found, stands = sampled(match_files(str(folder), "."), "text", 30_000, tmp_path / "sample")
    assert set(found) <= set(whole) and 20 < len(found) < 100
    assert len(found) * stands.whole / stands.taken == pytest.approx(300, rel=0.1)


@pytest.mark.parametrize("name", SPREAD | FROM_THE_START)
def test_a_small_corpus_is_taken_whole(tmp_path: Path, name: str) -> None:
    whole = texts(50)
    kind = (SPREAD | FROM_THE_START)[name](tmp_path / name, whole)
    found, stands = sampled([SourceFile(tmp_path / name, name)], kind, 10_000_000, tmp_path / "sample")
    assert len(found) == 50 and stands.taken == stands.whole
