"""Reads in a thread what the next steps need, while this one is trained: compiled code lets go of the GIL."""

import os
import queue
import sys
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")

ITEMS_AHEAD = 64
"""Steps share the arrays of their row group, so what waits is two row groups or three."""

LOWER_PRIORITY = 10
"""As with `nice`: a thread of 0 gets nine times as much of a core for which both wait."""


def read_ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, in the same order, with the same exception at the end; closing it ends the thread."""
    waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(ITEMS_AHEAD)
    closed = threading.Event()

    def put(item: Item | None, end: BaseException | None = None) -> None:
        while not closed.is_set():
            try:
                waiting.put((item, end), timeout=0.1)
                return
            except queue.Full:
                continue

    def read() -> None:
        _let_others_go_first()
        try:
            for item in items:
                put(item)
                if closed.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, end = waiting.get()
            if isinstance(end, StopIteration):
                return
            if end is not None:
                raise end
            yield item  # type: ignore[misc]
    finally:
        closed.set()
        thread.join()


def _let_others_go_first() -> None:
    """Lowers this thread's priority, where threads have one of their own.

    Those that train wait for each other at every step, so a core that is taken from one is taken from all. While they
    wait, or because there is nothing left to train, this thread has one.
    """
    if sys.platform == "linux":
        me = os.PRIO_PROCESS, threading.get_native_id()
        os.setpriority(*me, max(LOWER_PRIORITY, os.getpriority(*me)))
