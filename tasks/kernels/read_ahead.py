"""Reads in a thread what the next steps need, while this one is trained: compiled code lets go of the GIL.

It reads many steps at a stretch and then sleeps until they are nearly used up. Those that train hand work to each other
at every step; a reader that woke at every step too, for one more, cost a sixth of the time, where all that it does is a
twentieth (docs/architecture.md).
"""

import os
import queue
import sys
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")

BUNDLE = 64
"""Items read at a stretch. One bundle is trained, one waits and one is read; steps share the arrays of their row group,
so together that is some 40 MB."""

LOWER_PRIORITY = 10
"""As with `nice`: a thread of 0 gets nine times as much of a core for which both wait."""


def read_ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, in the same order, with the same exception at the end; closing it ends the thread."""
    waiting: queue.Queue[tuple[list[Item], BaseException | None]] = queue.Queue(1)
    closed = threading.Event()

    def put(bundle: list[Item], end: BaseException | None = None) -> None:
        while not closed.is_set():
            try:
                waiting.put((bundle, end), timeout=0.1)
                return
            except queue.Full:
                continue

    def read() -> None:
        _let_others_go_first()
        bundle: list[Item] = []
        end: BaseException = StopIteration()
        try:
            for item in items:
                bundle.append(item)
                if len(bundle) == BUNDLE:
                    put(bundle)
                    bundle = []
                if closed.is_set():
                    return
        except BaseException as error:
            end = error
        put(bundle, end)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        end = None
        while end is None:
            bundle, end = waiting.get()
            yield from bundle
        if not isinstance(end, StopIteration):
            raise end
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
