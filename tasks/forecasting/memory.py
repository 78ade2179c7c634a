"""How much memory a process takes: anonymous pages, its own and its workers'. Pages of files can be given back."""

import threading
import time
from pathlib import Path

INTERVAL = 0.01
"""Seconds between two looks."""


class MemoryWatch:
    """Looks at a process and its descendants until it is closed.

    Attributes:
        series: the time (monotonic) and the anonymous bytes of each look.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.series: list[tuple[float, int]] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch-memory", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the watch."""
        self._closed.set()
        self._thread.join()

    def peak(self, first: float = 0.0, last: float = float("inf")) -> int:
        """The most bytes between two moments; between two looks what the looks around them saw."""
        seen = [size for moment, size in self.series if first <= moment <= last]
        before = [size for moment, size in self.series if moment < first]
        return max(seen, default=before[-1] if before else 0)

    def _watch(self) -> None:
        while not self._closed.wait(INTERVAL):
            moment = time.monotonic()
            self.series.append((moment, sum(map(anonymous_bytes, family(self.pid)))))


def anonymous_bytes(pid: int) -> int:
    """The resident anonymous memory of one process; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for each in found:
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:  # it has ended meanwhile
            continue
    return found
