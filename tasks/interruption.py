"""Asked to stop: SIGTERM and the first Ctrl-C only set a flag, which long work polls, so that it can save and leave.

A second Ctrl-C is for whoever does not want to wait: it raises KeyboardInterrupt at once.
"""

import signal
from types import FrameType

from tasks.errors import Interrupted

_received: int | None = None


def install() -> None:
    """Takes over SIGTERM and SIGINT and clears the flag. Only the main thread of a process may call it."""
    global _received
    _received = None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _remember)


def stop_requested() -> int | None:
    """The number of the signal that asked this process to stop, or None."""
    return _received


def leave_if_asked() -> None:
    """For work that is safe to leave between two steps.

    Raises:
        Interrupted: this process was asked to stop.
    """
    if _received is not None:
        raise Interrupted(_received)


def _remember(number: int, frame: FrameType | None) -> None:
    global _received
    if number == signal.SIGINT and _received == signal.SIGINT:
        raise KeyboardInterrupt
    _received = number


def request_stop(number: int) -> None:
    """Sets the flag for whoever learns of a signal in another way (a Prefect flow, which has its own handler)."""
    _remember(number, None)
