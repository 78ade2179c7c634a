"""What a worker process does before its first job: takes its share of the cores, and dies with its parent.

A run that is killed with SIGKILL cannot tell its workers to stop, so each watches its parent: nothing goes on writing,
or holds the lock, after the run that wanted it is gone.
"""

import os
import signal
import threading
import time

WATCH_SECONDS = 0.2
THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""Read by the numeric libraries when they are imported, so they are set before."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def enter_worker(parent: int, threads: int) -> None:
    """The initializer of every pool: `threads` cores for this process, and the watch on `parent`."""
    limit_threads(threads)
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides


def limit_threads(threads: int) -> None:
    """Caps the threads of the numeric libraries that this process is going to import."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)


def die_with(parent: int) -> None:
    """Ends this process, at once and without clean-up, when the process `parent` is no longer its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
