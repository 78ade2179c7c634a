"""Another command, with its memory watched. `python -m benchmarks.programs.watched COMMAND ...`

Prints {"seconds", "anonymous_mb", "largest_mb"}: how long it took; the highest sum of RssAnon, memory that no file
backs, over its processes, looked at every 20 ms; and ru_maxrss, the highest resident size of the largest of them,
mapped files included. Leaves with the command's exit code. It is a small process of its own because Linux counts in
ru_maxrss what a process was before its exec, that is, who started it.
"""

import contextlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.programs.parents import end_with_parent

SAMPLE_SECONDS = 0.02


def main() -> int:
    """Runs the command and prints what it took; returns its exit code."""
    started = time.monotonic()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
    highest = 0
    while process.poll() is None:
        highest = max(highest, sum(map(anonymous_kilobytes, [process.pid, *descendants(process.pid)])))
        time.sleep(SAMPLE_SECONDS)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    content = {
        "seconds": round(time.monotonic() - started, 3),
        "anonymous_mb": round(highest * 1024 / 1e6, 1),
        "largest_mb": round(largest * 1024 / 1e6, 1),
    }
    print(json.dumps(content))
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, from /proc."""
    found: list[int] = []
    pending = [pid]
    while pending:
        current = pending.pop()
        with contextlib.suppress(OSError):  # it, or a thread of it, has ended meanwhile; the folder may be gone too
            for thread in Path(f"/proc/{current}/task").iterdir():
                below = [int(child) for child in (thread / "children").read_text().split()]
                found += below
                pending += below
    return found


def anonymous_kilobytes(pid: int) -> int:
    """RssAnon of a process, in units of 1024 bytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("RssAnon:"))
    return next((int(line[1]) for line in lines), 0)


if __name__ == "__main__":
    sys.exit(main())
