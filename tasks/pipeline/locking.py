"""One run at a time on a data folder: an flock, which the kernel takes back however its holder ends."""

import fcntl
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.errors import BusyError

logger = logging.getLogger("wordloom")

POLL_SECONDS = 0.5


@contextmanager
def exclusive(data: Path, wait: bool = False) -> Iterator[None]:
    """Holds `data/.lock` for the body.

    Args:
        data: the folder of all artifacts.
        wait: wait for the other run to end (a scheduled run), instead of leaving with a message.

    Raises:
        BusyError: another run holds it and `wait` is false.
    """
    data.mkdir(parents=True, exist_ok=True)
    with open(data / ".lock", "a+") as lock:
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                message = f"{data}: another run is at work here{_holder(data)}"
                if not wait:
                    raise BusyError(
                        f"{message}; wait for it to end, or give this run its own folder with --data"
                    ) from None
                if not told:
                    logger.info("%s; waiting for it to end", message)
                    told = True
                time.sleep(POLL_SECONDS)
        holder = json.dumps({"process": os.getpid(), "command": " ".join(sys.argv[:3])})
        with suppress(OSError):  # a full disk; the lock holds without the note of who holds it
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), holder.encode())
        yield


def _holder(data: Path) -> str:
    try:
        holder = json.loads((data / ".lock").read_text())
        return f" (process {holder['process']}: {Path(holder['command']).name})"
    except (OSError, ValueError, KeyError):
        return ""
