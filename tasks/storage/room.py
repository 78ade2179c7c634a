"""Room on disk: how much is free, and files that take theirs before they are written."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap


def free_disk(folder: Path) -> int:
    """The bytes that this user can still write where `folder` lies or is going to lie."""
    standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    found = os.statvfs(standing)
    return min(found.f_bavail * found.f_frsize, shutil.disk_usage(standing).free)


def new_mapped(path: Path, kind: Any, shape: Sequence[int]) -> np.memmap[Any, Any]:
    """A new .npy file of that type and shape, mapped to be written; its room on disk is taken at once.

    Without that, a disk that is full would end the process by a signal, in the middle of writing to memory.

    Raises:
        OSError: there is no room for it.
    """
    mapped: np.memmap[Any, Any] = open_memmap(path, "w+", kind, tuple(shape))
    with open(path, "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return mapped
