"""A checkpoint: the tables and all else that training needs to go on, in one file that appears whole or not at all."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.errors import WordloomError
from tasks.kernels.tables import Table
from tasks.storage.atomic import atomic_file
from tasks.storage.npy import write_npy_into

STATE = "state"
"""The name in the file of what is no table."""


def save_checkpoint(path: Path, tables: Mapping[str, Table], state: Mapping[str, Any]) -> None:
    """Writes the tables (float32, by name) and `state` (JSON) to `path`, atomically."""
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in {**tables, STATE: np.array([json.dumps(state)])}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                write_npy_into(member, array)


def load_checkpoint(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Sequence[Table], dict[str, Any]] | None:
    """What `save_checkpoint` wrote, the tables in the order of `shapes`; None if there is no such file.

    Raises:
        WordloomError: the file is damaged, or holds tables of other shapes.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as saved:
            tables = [saved[name] for name in shapes]
            state = json.loads(str(saved[STATE].item()))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WordloomError(f"{path}: damaged checkpoint ({error}); delete it to train from the start") from None
    for (name, shape), table in zip(shapes.items(), tables, strict=True):
        if table.shape != shape:
            raise WordloomError(
                f"{path}: {name} is {table.shape} there, not {shape}; delete it to train from the start"
            )
    return tables, state
