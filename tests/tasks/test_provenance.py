"""From an artifact back to its corpus, on manifests as the pipeline writes them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import InputError
from tasks.provenance import trace


def publish(
    data: Path, stage: str, files: dict[str, str], inputs: list[str], corpus: dict[str, str] | None = None
) -> Path:
    """Writes a stage's files and the manifest that names their hashes and those of its inputs."""
    folder = data / stage
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    manifest: dict[str, Any] = {
        "stage": stage.split("/")[0],
        "params": {},
        "code": "0" * 64,
        "inputs": {f"data/{name}": sha256(data / name) for name in inputs} | (corpus or {}),
        "outputs": {name: sha256(folder / name) for name in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "metrics.json").write_text(json.dumps({"files": sorted(files)}))
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


CORPUS = {"data/bundled/corpus.parquet": "c" * 64, "/home/me/texts/a.txt": "a" * 64}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "any name"
    publish(data, "download", {"documents/part-0": "d", "source.json": "s"}, [], CORPUS)
    publish(data, "tokenize", {"vocabulary.parquet": "v", "documents/part-0": "t"}, ["download/documents/part-0"])
    publish(data, "train/sgns", {"vectors.npy": "n"}, ["tokenize/vocabulary.parquet", "tokenize/documents/part-0"])
    publish(
        data,
        "export/sgns",
        {"vectors.bin": "b", "vectors.txt": "x"},
        ["tokenize/vocabulary.parquet", "train/sgns/vectors.npy"],
    )
    publish(
        data,
        "evaluate/sgns",
        {"report.md": "r"},
        ["download/metrics.json", "tokenize/vocabulary.parquet", "train/sgns/vectors.npy"],
    )
    return data  # fmt: skip


def names(path: Path) -> list[str]:
    return [origin.manifest["stage"] for origin in trace(path)]


def test_the_chain_goes_from_the_artifact_to_the_corpus(data: Path) -> None:
    assert names(data / "export" / "sgns" / "vectors.bin") == ["export", "train", "tokenize", "download"]
    assert names(data / "export" / "sgns") == ["export", "train", "tokenize", "download"]
    assert names(data / "evaluate" / "sgns" / "report.md") == ["evaluate", "train", "tokenize", "download"]
    assert names(data / "download") == ["download"]
    chain = trace(data / "train" / "sgns" / "vectors.npy")
    assert all(origin.current for origin in chain)
    assert [origin.folder for origin in chain] == [data / name for name in ("train/sgns", "tokenize", "download")]


def test_what_no_stage_has_written_was_given(data: Path) -> None:
    *rest, last = trace(data / "export" / "sgns" / "vectors.bin")
    assert last.given() == CORPUS
    assert not any(origin.given() for origin in rest)


def test_the_way_is_found_from_another_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data / "export" / "sgns")
    assert names(Path("vectors.txt")) == ["export", "train", "tokenize", "download"]


def test_what_was_made_anew_since_is_not_current(data: Path) -> None:
    publish(data, "tokenize", {"vocabulary.parquet": "w", "documents/part-0": "t"}, ["download/documents/part-0"])
    chain = {origin.manifest["stage"]: origin.current for origin in trace(data / "export" / "sgns" / "vectors.bin")}
    assert chain == {"export": True, "train": True, "tokenize": False, "download": True}


def test_a_file_that_was_changed_by_hand_is_not_current(data: Path) -> None:
    (data / "export" / "sgns" / "vectors.bin").write_text("other")
    assert [trace(data / "export" / "sgns" / name)[0].current for name in ("vectors.bin", "vectors.txt")] == [
        False,
        True,
    ]
    assert not trace(data / "export" / "sgns")[0].current
    (data / "download" / "metrics.json").write_text("{}")
    assert [origin.current for origin in trace(data / "evaluate" / "sgns")] == [True, True, True, False]


def test_what_cannot_be_traced(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        trace(data / "export" / "sgns" / "absent.bin")
    (data / "export" / "sgns" / "foreign.bin").touch()
    with pytest.raises(InputError, match=r"foreign\.bin: not in the manifest\.json beside it"):
        trace(data / "export" / "sgns" / "foreign.bin")
    with pytest.raises(InputError, match=r"no manifest\.json here"):
        trace(tmp_path)
    for broken in ("{", "[]", '{"inputs": 3, "outputs": {}}'):
        (data / "tokenize" / "manifest.json").write_text(broken)
        with pytest.raises(InputError, match=r"tokenize/manifest\.json: damaged; run the stage"):
            trace(data / "export" / "sgns" / "vectors.bin")
