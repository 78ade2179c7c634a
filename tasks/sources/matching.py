"""Which local files a path, a folder or a glob means: in sorted order, so that a corpus does not depend on the disk."""

import glob  # not Path.glob, which takes hidden files in
import re
from pathlib import Path

from tasks.errors import InputError
from tasks.project import project_root
from tasks.sources.document import SourceFile

ARCHIVE_NAME = re.compile(r"\.(zip|tar(\.\w+)?|tgz|tbz2?|txz|tzst)$", re.IGNORECASE)


def match_files(folder: str, pattern: str) -> list[SourceFile]:
    """The files that `pattern` means, sorted by path. Names that begin with a dot are left out of folders and globs.

    Args:
        folder: `corpus.folder`, relative to the project's root.
        pattern: a file, a folder (every file below it) or a glob (`**` is any depth); relative to `folder`.

    Raises:
        InputError: there is none, or it is an archive.
    """
    root = project_root() / Path(folder).expanduser()
    path = root / Path(pattern).expanduser()
    if path.is_file():
        found = [path]
    elif path.is_dir():
        found = [path / name for name in glob.glob("**", root_dir=path, recursive=True)]  # noqa: PTH207
    else:
        wanted = Path(glob.escape(str(root))) / Path(pattern).expanduser()
        found = [Path(name) for name in glob.glob(str(wanted), recursive=True)]  # noqa: PTH207
    files = sorted({each for each in found if each.is_file()}, key=lambda each: each.as_posix())
    if not files:
        raise InputError(f"{path}: no such file; params.yaml names it (relative paths start at {root})")
    for each in files:
        if ARCHIVE_NAME.search(each.name):
            where = each.absolute().as_uri()
            raise InputError(f"{each}: an archive; unpack it, or in corpus.sources name it as kind: url, url: {where}")
    return [SourceFile(each, shown(each)) for each in files]


def shown(path: Path) -> str:
    """A path as people and source.json name it: from the project's root where it lies below it."""
    root = project_root()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
