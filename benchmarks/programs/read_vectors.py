"""Reads a file of made-up vectors. `python -m benchmarks.programs.read_vectors READER FILE WANTED STATE`

READER: ours (WANTED words of it), gensim (all), bytes (no vectors at all: its bytes in order). STATE: warm, the file
has been read just before; cold, the kernel was told to forget it. Prints {"seconds", "start_seconds", "words",
"anonymous_mb"}: reading a file of one word first, which loads what a reader needs once a process, and then FILE; the
last is what reading has added at most, without files that are mapped.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.programs.write_vectors import word
from tasks.forecasting.memory import anonymous_bytes

BLOCK_BYTES = 1 << 24

LOOK_SECONDS = 0.02


def read_bytes(path: Path) -> int:
    """All bytes, into the same memory."""
    room = bytearray(BLOCK_BYTES)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(room):
            continue
    return 0


def read_with_gensim(path: Path) -> int:
    """All vectors."""
    from gensim.models import KeyedVectors

    return len(KeyedVectors.load_word2vec_format(str(path), binary=path.suffix == ".binary"))


def read_ours(path: Path, wanted: int) -> int:
    """Words from all parts of the file."""
    from tasks.pretrained import read_wanted

    with open(path, "rb") as file:
        words = int(file.readline().split()[0])
    return len(read_wanted(path, {word(number) for number in range(0, words, max(1, words // wanted))}).words)


def write_one_word(path: Path) -> None:
    """A file of the same format with one word."""
    numbers = np.ones(3, "<f4")
    binary = path.suffix == ".binary"
    path.write_bytes(b"1 3\nword0 " + (numbers.tobytes() if binary else b"1 1 1") + b"\n")


def forget(path: Path) -> None:
    """Tells the kernel that the file's pages are not needed."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Reads once and prints the figures."""
    reader, path, wanted, state = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if reader == "gensim":
        import gensim.models  # noqa: F401
    elif reader == "ours":
        import tasks.pretrained  # noqa: F401
    readers: dict[str, Callable[[Path], int]] = {
        "bytes": read_bytes,
        "gensim": read_with_gensim,
        "ours": lambda path: read_ours(path, wanted),
    }
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / f"small{path.suffix}"
        write_one_word(small)
        started = time.monotonic()
        readers[reader](small)
        start_seconds = time.monotonic() - started
    if state == "warm":
        read_bytes(path)
    else:
        forget(path)
    before = highest = anonymous_bytes(os.getpid())
    done = threading.Event()

    def look() -> None:
        nonlocal highest
        while not done.wait(LOOK_SECONDS):
            highest = max(highest, anonymous_bytes(os.getpid()))

    watch = threading.Thread(target=look)
    watch.start()
    started = time.monotonic()
    words = readers[reader](path)
    seconds = time.monotonic() - started
    done.set()
    watch.join()
    content = {
        "seconds": round(seconds, 3),
        "start_seconds": round(start_seconds, 3),
        "words": words,
        "anonymous_mb": round((highest - before) / 1e6, 1),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
