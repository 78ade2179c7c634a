"""A checkpoint: both tables and all else that training needs to go on, in one file that appears whole or not at all."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tasks.errors import WordloomError
from tasks.kernels.tables import Table
from tasks.storage.atomic import atomic_file


def save_checkpoint(path: Path, vectors: Table, context_vectors: Table, state: dict[str, Any]) -> None:
    """Writes the tables (float32 [words, dim]) and `state` (JSON) to `path`, atomically."""
    with atomic_file(path) as file:
        np.savez(file, vectors=vectors, context_vectors=context_vectors, state=np.array(json.dumps(state)))


def load_checkpoint(path: Path, shape: tuple[int, int]) -> tuple[Table, Table, dict[str, Any]] | None:
    """What `save_checkpoint` wrote, or None if there is no such file.

    Raises:
        WordloomError: the file is damaged, or holds tables of another shape than [words, dim].
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as saved:
            vectors, context_vectors = saved["vectors"], saved["context_vectors"]
            state = json.loads(str(saved["state"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WordloomError(f"{path}: damaged checkpoint ({error}); delete it to train from the start") from None
    if vectors.shape != shape or context_vectors.shape != shape:
        raise WordloomError(f"{path}: holds tables {vectors.shape}, not {shape}; delete it to train from the start")
    return vectors, context_vectors, state
