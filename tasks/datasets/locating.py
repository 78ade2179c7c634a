"""Where a collection lies: the file or folder that `path` names, and what an archive of it unpacks to."""

import tarfile
from pathlib import Path

from tasks.errors import InputError
from tasks.project import project_root
from tasks.sources.archives import UnpackLimits, is_archive, unpack
from tasks.sources.document import SourceFile
from tasks.sources.matching import shown

LIMITS = UnpackLimits(size=4_000_000_000, members=500_000, remedy="unpack it yourself and name the folder")
"""Several times the largest collection, IMDB's 0.3 GB in 100,000 files."""


def locate(path: str, folder: str) -> SourceFile:
    """The file or folder that `path` means, relative to `folder`, which is relative to the project's root.

    Raises:
        InputError: nothing is there.
    """
    root = project_root() / Path(folder).expanduser()
    found = root / Path(path).expanduser()
    if not found.exists():
        raise InputError(f"{found}: no such file or folder; the dataset's path names it (relative to {root})")
    return SourceFile(found, shown(found))


def unpacked_folder(place: SourceFile, folder: Path, expected: str) -> SourceFile:
    """The folder at `place`; an archive is unpacked into `folder` first.

    Args:
        place: an archive or a folder.
        folder: an empty folder of the caller's own, or none yet.
        expected: what should be at `place`, for the message.

    Raises:
        InputError: it is neither, or the archive is damaged.
    """
    if place.path.is_dir():
        return place
    # An old tar has no mark, and the URL of 20 Newsgroups no suffix.
    if not (is_archive(place.path, place.name) or tarfile.is_tarfile(place.path)):
        raise InputError(f"{place.name}: neither an archive nor a folder; expected is {expected}")
    unpack(place.path, place.name, folder, LIMITS)
    return SourceFile(folder, f"{place.name}!")


def below(folder: SourceFile, path: str) -> SourceFile:
    """What lies at `path` in a folder."""
    return SourceFile(folder.path / path, f"{folder.name}/{path}")
