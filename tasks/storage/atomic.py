"""Files that appear whole or not at all: write beside the target, fsync, then `os.replace`.

A reader, or the run that follows a kill -9, never sees half a file.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

TEMPORARY = ".*.part"
"""The names of unfinished files; a killed process leaves them behind."""


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yields a temporary path in the folder of `target`; on a clean exit it is synced and becomes `target`.

    If the body raises, the temporary file is removed and whatever stood at `target` is left as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        sync(temporary)
        temporary.chmod(0o644)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync(target.parent)


@contextmanager
def atomic_file(target: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """The same as `atomic_path`, as an open file (`mode` is "wb", or "w" for UTF-8 text)."""
    encoding = None if "b" in mode else "utf-8"
    with atomic_path(target) as temporary, open(temporary, mode, encoding=encoding, newline=None) as file:
        yield file


def write_json(target: Path, content: object) -> None:
    """Writes `content` as indented JSON with sorted keys, so that equal content is equal bytes."""
    with atomic_file(target, "w") as file:
        json.dump(content, file, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def sync(path: Path) -> None:
    """fsync of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
