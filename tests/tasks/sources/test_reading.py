import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.packing import PACKERS_AND_NONE

from tasks.errors import InputError
from tasks.sources.document import MAX_DOCUMENT_BYTES, Document, SourceFile
from tasks.sources.params import FilesSource
from tasks.sources.reading import read_documents

THREE = [Document("Ein Satz, mit Komma.", "a", "train"), Document("두 번째 문장", "b", None), Document("", None, "dev")]


def read(path: Path, **fields: object) -> list[Document]:
    params = FilesSource.model_validate({"kind": "files", "path": str(path)} | fields)
    return list(read_documents(SourceFile(path, path.name), params))


def parquet_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def encoded(suffix: str) -> bytes:
    """THREE as a file of that format."""
    columns = {name: [getattr(each, name) for each in THREE] for name in Document._fields}
    if suffix == ".parquet":
        return parquet_bytes(pa.table(columns))
    if suffix == ".jsonl":
        return "".join(json.dumps(each._asdict(), ensure_ascii=False) + "\n" for each in THREE).encode()
    if suffix == ".csv":
        return 'text,label,split\r\n"Ein Satz, mit Komma.",a,train\r\n두 번째 문장,b,\r\n,,dev\r\n'.encode()
    return "text\tlabel\tsplit\nEin Satz, mit Komma.\ta\ttrain\n두 번째 문장\tb\t\n\t\tdev\n".encode()


@pytest.mark.parametrize("compression", PACKERS_AND_NONE)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_each_format_with_columns_in_each_compression(tmp_path: Path, suffix: str, compression: str) -> None:
    path = tmp_path / f"corpus{suffix}{compression}"
    path.write_bytes(PACKERS_AND_NONE[compression](encoded(suffix)))
    assert read(path) == THREE


@pytest.mark.parametrize("compression", PACKERS_AND_NONE)
def test_plain_text_in_each_compression(tmp_path: Path, compression: str) -> None:
    path = tmp_path / f"corpus.txt{compression}"
    path.write_bytes(PACKERS_AND_NONE[compression]("eins\n\nzwei\r\ndrei\u2028vier".encode()))
    assert read(path) == [Document("eins\n\nzwei\r\ndrei\u2028vier")]
    assert [each.text for each in read(path, format="lines")] == ["eins", "", "zwei", "drei\u2028vier"]


@pytest.mark.parametrize("compression", [each for each in PACKERS_AND_NONE if each])
def test_compression_is_known_by_its_bytes_not_the_name(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "corpus"
    path.write_bytes(PACKERS_AND_NONE[compression](b"eins"))
    assert read(path) == [Document("eins")]


@pytest.mark.parametrize("compression", [".gz", ".bz2", ".xz", ".zst"])
def test_several_streams_in_one_file_are_all_read(tmp_path: Path, compression: str) -> None:
    path = tmp_path / f"corpus.txt{compression}"
    path.write_bytes(PACKERS_AND_NONE[compression](b"eins\n" * 50_000) + PACKERS_AND_NONE[compression](b"zwei\n"))
    assert [each.text for each in read(path, format="lines")] == ["eins"] * 50_000 + ["zwei"]


@pytest.mark.parametrize("cut", [7, 60, 1000])
@pytest.mark.parametrize("compression", [".gz", ".bz2", ".xz", ".zst"])
def test_a_compressed_file_that_ends_early_is_an_error(tmp_path: Path, compression: str, cut: int) -> None:
    path = tmp_path / f"corpus.txt{compression}"
    whole = PACKERS_AND_NONE[compression](b"".join(f"line {number}\n".encode() for number in range(20_000)))
    path.write_bytes(whole[:-cut])
    with pytest.raises(InputError, match=rf"corpus\.txt\{compression}: damaged or cut short"):
        read(path, format="lines")


def test_a_name_that_promises_gzip_and_bytes_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError, match=r"corpus\.txt\.gz: does not begin like a \.gz file"):
        read(path)


@pytest.mark.parametrize("compression", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["text", "lines", "jsonl", "csv", "tsv"])
def test_bytes_that_are_not_utf8_name_the_file_and_the_offset(tmp_path: Path, kind: str, compression: str) -> None:
    path = tmp_path / f"corpus.bin{compression}"
    start = b"text\n" if kind != "jsonl" else b'{"text": "fine"}\n'
    start += b"\xc3\xa4hnlich\n" if kind != "jsonl" else b'{"text": "\xc3\xa4"}\n'
    path.write_bytes(PACKERS_AND_NONE[compression](start + b"caf\xe9 noir\n"))
    with pytest.raises(
        InputError, match=rf"corpus\.bin.*: byte {len(start) + 3} \(0xe9\) is not UTF-8.*errors: replace"
    ):
        read(path, format=kind)
    if kind != "jsonl":
        assert "caf\ufffd noir" in read(path, format=kind, errors="replace")[-1].text


def test_parquet_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "corpus.parquet"
    raw = pa.array([b"fine", b"caf\xe9"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": raw}), path)
    with pytest.raises(InputError, match=r"corpus\.parquet, from row 0: column 'text' holds bytes that are not UTF-8"):
        read(path)
    assert [each.text for each in read(path, errors="replace")] == ["fine", "caf\ufffd"]


def test_half_a_surrogate_pair_in_json(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"text": "\\ud83d\\ude00"}\n{"text": "a\\ud83db"}\n')
    with pytest.raises(InputError, match=r"corpus\.jsonl, line 2: half of a surrogate pair"):
        read(path)
    assert [each.text for each in read(path, errors="replace")] == ["😀", "a\ufffdb"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "corpus.csv"
    path.write_bytes(b"\xef\xbb\xbftext\nfine\n")
    assert read(path) == [Document("fine")]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"corpus{suffix}"
    path.write_bytes(encoded(suffix))
    with pytest.raises(InputError, match=r"corpus.*no column 'body', found 'text', 'label', 'split'"):
        read(path, text="body")
    with pytest.raises(InputError, match="no column 'group'"):
        read(path, label="group")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_columns_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"corpus{suffix}"
    path.write_bytes(encoded(suffix))
    assert read(path, text="label", label="text", split="split")[0] == Document("a", "Ein Satz, mit Komma.", "train")


def test_labels_that_are_numbers_become_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", None], "label": pa.array([1, None], pa.int8())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [Document("a", "1"), Document("", None)]
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": 1}\n\n{"text": null, "label": null}\n')
    assert read(tmp_path / "a.jsonl") == [Document("a", "1"), Document("", None)]


def test_parquet_with_dictionary_and_large_strings(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b", "a"], pa.large_string()),
            "label": pa.array(["x", None, "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [Document("a", "x"), Document("b", None), Document("a", "x")]


def test_quotes_mean_something_in_csv_and_nothing_in_tsv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,label\n"say ""hi"",\nand go",x\n')
    assert read(tmp_path / "a.csv") == [Document('say "hi",\nand go', "x")]
    (tmp_path / "a.tsv").write_text('label\ttext\nham\t"open\nspam\tno "end\n')
    assert read(tmp_path / "a.tsv") == [Document('"open', "ham"), Document('no "end', "spam")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "a.jsonl, line 2: not JSON"),
        ("a.json", b'["a", "b"]\n', "a.json, line 1: should be a JSON object, found list"),
        ("a.jsonl", b'{"text": 7}\n', "a.jsonl, line 1: 'text' should be a string, found int"),
        ("a.jsonl", b"[" * 200_000, "a.jsonl, line 1: not JSON"),
        ("a.csv", b'text\n"never closed\n', "a.csv, line 2: not CSV"),
        ("a.csv", b"text,label\na,b\na,b,c\n", "a.csv, line 3: 3 fields where the header names 2"),
        ("a.tsv", b"text\tlabel\nonly text\n", "a.tsv, line 2: 1 fields where the header names 2"),
        ("a.csv", b"", "a.csv: empty"),
        ("a.parquet", b"PAR1 and nothing more", "a.parquet: not a whole Parquet file"),
        ("a.parquet", encoded(".parquet")[:-20], "a.parquet: not a whole Parquet file"),
        ("a.parquet", parquet_bytes(pa.table({"text": [[1], [2]]})), "column 'text' should hold strings"),
    ],
)
def test_a_damaged_file_is_named_with_the_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(tmp_path / name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["text", "lines", "jsonl", "csv", "tsv", "parquet"])
def test_a_document_of_a_million_tokens_passes(tmp_path: Path, kind: str) -> None:
    text = "token " * 1_000_000
    path = tmp_path / "long"
    if kind == "parquet":
        pq.write_table(pa.table({"text": [text]}), path)
    else:
        header = "text\n" if kind in ("csv", "tsv") else ""
        path.write_text(header + (json.dumps({"text": text}) if kind == "jsonl" else text))
    assert [len(each.text) for each in read(path, format=kind)] == [len(text)]


@pytest.mark.parametrize("kind", ["text", "lines"])
def test_a_decompression_bomb_stops_at_the_limit_of_a_document(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb.txt.zst"
    path.write_bytes(PACKERS_AND_NONE[".zst"](b"a" * (MAX_DOCUMENT_BYTES + 1)))
    assert path.stat().st_size < 20_000
    with pytest.raises(InputError, match=r"bomb\.txt\.zst.*: a document of more than 64 MB"):
        read(path, format=kind)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.txt: No such file or directory"):
        read(tmp_path / "gone.txt")


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n\r"), max_size=20)))
def test_lines_come_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    expected = [line.removeprefix("\ufeff") if number == 0 else line for number, line in enumerate(lines)]
    assert [each.text for each in read(path, format="lines")] == expected
