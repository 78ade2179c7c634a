"""Unpacks an archive that came from outside: .tar (plain or compressed) and .zip, and nothing that could do harm.

Refused, with the member's name: absolute paths, `..`, links, devices, the same name twice, encrypted members, and more
bytes or members than the caller allows. Bytes are counted as they are written, not as the archive claims. The folder
that is unpacked into must be empty and the caller's own; nothing is ever written outside it.
"""

import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, BinaryIO, cast

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.sources.compression import damage_is_input_error, open_plain
from tasks.sources.matching import ARCHIVE_NAME

PIECE = 1 << 20

MAX_PADDING = 64 << 20
"""Bytes after a tar's end mark; tar itself pads to 10 KB."""


@dataclass(frozen=True)
class UnpackLimits:
    """How much an archive may become: `size` in bytes, `members` as a number of files and folders; `remedy` is what
    people can do about it.
    """

    size: int
    members: int
    remedy: str = "raise download.max_unpacked_gb or download.max_members"


def is_archive(path: Path, name: str) -> bool:
    """Whether a file is an archive, by its first bytes; an old tar without a mark is known by its name."""
    if _is_zip(path) or ARCHIVE_NAME.search(name):
        return True
    with open_plain(path, name) as stream:
        return stream.read(262)[257:262] == b"ustar"


def unpack(archive: Path, name: str, folder: Path, limits: UnpackLimits) -> list[Path]:
    """Unpacks the regular files of `archive` below `folder`.

    Args:
        archive: the file.
        name: what messages call it.
        folder: an empty folder, made if it is not there.
        limits: what it may become.

    Returns:
        The files, sorted by path.

    Raises:
        InputError: a member that is refused, a limit that is passed, a damaged archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    size = 0
    with _damage_is_input_error(name):
        for number, (member, content) in enumerate(_members(archive, name), start=1):
            if number > limits.members:
                raise InputError(f"{name}: more than {limits.members} members; if you trust it, {limits.remedy}")
            target = folder / _checked_path(member, name)
            _make_folder(target if content is None else target.parent, name, member)
            if content is None:
                continue
            if target.exists():
                raise _refused(name, member, "is there twice")
            with open(target, "xb") as file:
                for piece in iter(partial(content.read, PIECE), b""):
                    leave_if_asked()
                    size += len(piece)
                    if size > limits.size:
                        raise InputError(
                            f"{name}: unpacks to more than {limits.size / 1e9:g} GB (in member {member!r}); "
                            f"if you trust it, {limits.remedy}"
                        )
                    file.write(piece)
            written.append(target)
    return sorted(written, key=lambda path: path.as_posix())


def _members(archive: Path, name: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    """The name of each member, and its content, or None for a folder. Links, devices and such raise InputError."""
    if _is_zip(archive):
        yield from _zip_members(archive, name)
    else:
        yield from _tar_members(archive, name)


def _zip_members(archive: Path, name: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(name, info.filename, "is a link or a device")
            if info.flag_bits & 1:
                raise _refused(name, info.filename, "is encrypted")
            if info.is_dir():
                yield info.filename, None
                continue
            with file.open(info) as content:
                yield info.filename, content


def _tar_members(archive: Path, name: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    with open_plain(archive, name) as plain:
        stream = _CountedStream(plain)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", errorlevel=2) as file:
            for info in file:
                if info.isdir():
                    yield info.name, None
                    continue
                content = file.extractfile(info) if info.isreg() and not info.issparse() else None
                if content is None:
                    raise _refused(name, info.name, "is a link, a device or a sparse file")
                yield info.name, content
            end = file.offset
        for _ in range(MAX_PADDING // PIECE):  # to its end, where a compressed stream has its checksum
            if not stream.read(PIECE):
                break
        else:
            raise InputError(f"{name}: more than {MAX_PADDING >> 20} MB follow the end of the archive; pack it again")
    if stream.count < end + tarfile.BLOCKSIZE:  # tarfile takes a tar that was cut between two members for a whole one
        raise InputError(f"{name}: cut short (it has no end mark); fetch it again")


class _CountedStream:
    """What tarfile reads from, with the number of bytes that it got."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self.count += len(piece)
        return piece


def _checked_path(member: str, name: str) -> PurePosixPath:
    """The member's path below the folder; what could lead out of it, here or on Windows, is refused."""
    windows, posix = PureWindowsPath(member), PurePosixPath(member)
    if posix.is_absolute() or windows.drive or windows.root:
        raise _refused(name, member, "has an absolute path")
    if ".." in windows.parts:  # Windows' rules split at both slashes
        raise _refused(name, member, "leads out of the folder with ..")
    if "\0" in member:
        raise _refused(name, member, "has no name")
    return posix


def _is_zip(path: Path) -> bool:
    with open(path, "rb") as raw:
        return raw.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def _damage_is_input_error(name: str) -> Iterator[None]:
    try:
        with damage_is_input_error(name):
            yield
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError) as error:
        raise InputError(f"{name}: damaged, cut short or of an unknown kind ({error}); fetch it again") from None


def _make_folder(folder: Path, name: str, member: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _refused(name, member, "is a file and a folder at once") from None


def _refused(name: str, member: str, why: str) -> InputError:
    return InputError(f"{name}: member {member!r} {why}; nothing of the archive is used, pack it again without it")
