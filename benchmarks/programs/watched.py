"""Another command, with its memory watched. `python -m benchmarks.programs.watched COMMAND ...`

Prints {"seconds", "anonymous_mb", "largest_mb"}: how long it took; the highest sum of RssAnon, memory that no file
backs, over its processes, looked at every 20 ms; and ru_maxrss, the highest resident size of the largest of them,
mapped files included. Leaves with the command's exit code. It is a small process of its own because Linux counts in
ru_maxrss what a process was before its exec, that is, who started it.
"""

import json
import resource
import subprocess
import sys
import time

from benchmarks.programs.parents import end_with_parent
from tasks.forecasting.memory import anonymous_bytes, family

SAMPLE_SECONDS = 0.02


def main() -> int:
    """Runs the command and prints what it took; returns its exit code."""
    started = time.monotonic()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
    highest = 0
    while process.poll() is None:
        highest = max(highest, sum(map(anonymous_bytes, family(process.pid))))
        time.sleep(SAMPLE_SECONDS)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    content = {
        "seconds": round(time.monotonic() - started, 3),
        "anonymous_mb": round(highest / 1e6, 1),
        "largest_mb": round(largest * 1024 / 1e6, 1),
    }
    print(json.dumps(content))
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


if __name__ == "__main__":
    sys.exit(main())
