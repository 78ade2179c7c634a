"""Opens a file as a stream of plain bytes, whether it is plain or .gz, .bz2, .xz or .zst.

What a file is compressed with is decided by its first bytes, since a URL need not end in .gz; a name that promises
compression and bytes that have none are an error. A stream that ends early raises, it never just ends: zstandard's own
reader keeps silent about a frame that was cut short, hence the small reader below.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

import zstandard

from tasks.errors import InputError

MAGIC = {"gz": b"\x1f\x8b\x08", "bz2": b"BZh", "xz": b"\xfd7zXZ\x00", "zst": b"\x28\xb5\x2f\xfd"}

FEED = 4096
"""Compressed bytes given to zstd at a time: at its highest ratio (128 KB from 4 bytes) they become 128 MB."""


def plain_name(name: str) -> str:
    """The name without the suffix of a compression: "a.csv.gz" -> "a.csv"."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and suffix.lower() in MAGIC else name


@contextmanager
def open_plain(path: Path, name: str) -> Iterator[BinaryIO]:
    """Yields the unpacked bytes of `path` as a buffered binary stream; `name` is what messages call it.

    Raises:
        InputError: the file is not there, cannot be read, is damaged or is cut short; also from reads in the body.
    """
    with damage_is_input_error(name), open(path, "rb") as raw:
        head = raw.read(6)
        raw.seek(0)
        found = next((suffix for suffix, magic in MAGIC.items() if head.startswith(magic)), None)
        promised = name.rpartition(".")[2].lower() if plain_name(name) != name else None
        if promised and found is None:
            raise InputError(f"{name}: does not begin like a .{promised} file; fetch it again, or rename it")
        with _unpacked(raw, found) as stream:
            yield stream


def is_plain(stream: BinaryIO) -> bool:
    """Whether what `open_plain` yielded is the file itself, which can be read from any place."""
    return isinstance(getattr(stream, "raw", None), io.FileIO)


def _unpacked(raw: BinaryIO, suffix: str | None) -> BinaryIO:
    if suffix == "gz":
        return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 18))
    if suffix == "bz2":
        return cast(BinaryIO, io.BufferedReader(bz2.BZ2File(raw), 1 << 18))
    if suffix == "xz":
        return cast(BinaryIO, io.BufferedReader(lzma.LZMAFile(raw), 1 << 18))
    if suffix == "zst":
        return cast(BinaryIO, io.BufferedReader(_ZstandardFile(raw), 1 << 18))
    return raw


class _ZstandardFile(io.RawIOBase):
    """Reads zstd frames one after the other, and raises EOFError if the last one is cut short."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._compressed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._plain:
            if not self._compressed:
                self._compressed = self._raw.read(FEED)
            if not self._compressed:
                if self._frame is not None:
                    raise EOFError("the last zstd frame is not complete")
                return 0
            if self._frame is None:
                self._frame = self._decompressor.decompressobj()
            self._plain = memoryview(self._frame.decompress(self._compressed))
            self._compressed = b""
            if self._frame.eof:
                self._compressed = self._frame.unused_data
                self._frame = None
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count


@contextmanager
def damage_is_input_error(name: str) -> Iterator[None]:
    """Turns what the decompressors raise, each in its own way, into one InputError that names the file."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputError(f"{name}: {error.strerror}; params.yaml names it") from None
    except (EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise _damaged(name, error) from None
    except OSError as error:
        if error.errno is not None:  # the disk's own trouble; gzip and bz2 raise OSError without a number
            raise
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(f"{name}: damaged or cut short ({str(error).rstrip('.') or 'unexpected end'}); fetch it again")
