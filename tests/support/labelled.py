"""Small parts of the collections in their original formats (tests/data), as archives and as folders."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tasks.datasets.loading import Loaded
from tasks.datasets.params import Dataset

DATA = Path(__file__).resolve().parents[1] / "data"

Files = Mapping[str, bytes]
Loads = Callable[..., Loaded]

UNLABELLED: Files = {
    "aclImdb/README": b"Large Movie Review Dataset v1.0\n",
    "aclImdb/train/unsup/0_0.txt": b"No one knows whether this was liked.",
    "aclImdb/train/labeledBow.feat": b"9 0:9 1:1\n",
    "aclImdb/train/pos/._0_9.txt": b"what macOS leaves behind",
}
"""What stands beside the reviews in aclImdb."""


def dataset(kind: str, **params: Any) -> Dataset:
    validated: Dataset = TypeAdapter(Dataset).validate_python({"kind": kind, **params})
    return validated


def slice_of(name: str, encoding: str) -> dict[str, bytes]:
    """Path and content of each file of a slice, in the order in which it is to be read."""
    rows = map(json.loads, (DATA / name).read_text("utf-8").splitlines())
    return {row["path"]: row["text"].encode(encoding) for row in rows}


def write_files(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(files: Files) -> bytes:
    """A .tar.gz with the last file first: the order of an archive means nothing."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in reversed(files.items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()
