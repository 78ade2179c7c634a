"""Packs bytes in each way that files may be packed in."""

import bz2
import gzip
import lzma
from collections.abc import Callable

import zstandard

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
"""By the suffix of a file's name."""

PACKERS_AND_NONE: dict[str, Callable[[bytes], bytes]] = {"": bytes, **PACKERS}
