"""Reads a file block by block by two threads in turns: while one looks at its block, the other one reads the next.

A block is looked at by the thread that read it, so it is still in the cache of that core; and the looking, which must
go in order, waits for no reading. Reading a file that the kernel has in memory so takes no longer than copying it once.
"""

import os
import threading
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tasks.sources.compression import is_plain

BLOCK_BYTES = 1 << 23
"""Large beside what it costs to hand over the turn, small beside the caches."""

Bytes = NDArray[np.uint8]


def scan_in_turns(stream: BinaryIO, scan: Callable[[Bytes], int], longest_rest: int) -> Bytes:
    """Shows all bytes that a stream still has to `scan`, in order.

    Args:
        stream: what `open_plain` yielded; an unpacked one cannot be read ahead, so there one thread works at a time.
        scan: gets a block, uint8 [n], and says where in it the part begins that it could not use yet; the next block
            has that part in front. The array is used again after the next call.
        longest_rest: how many bytes that part may have.

    Returns:
        What was left of the last block.

    Raises:
        Whatever `scan` or the stream raises.
    """
    turns = _Turns(stream, scan, longest_rest)
    other = threading.Thread(target=turns.work, args=(1,), name="blocks", daemon=True)
    other.start()
    turns.work(0)
    other.join()
    if turns.error is not None:
        raise turns.error
    return turns.rest


class _Turns:
    """What the two threads share; between two calls of `scan` only the one whose turn it is may touch it."""

    def __init__(self, stream: BinaryIO, scan: Callable[[Bytes], int], longest_rest: int) -> None:
        self._stream, self._scan, self._room = stream, scan, longest_rest
        self._start = stream.tell() if is_plain(stream) else None
        self._may_scan = (threading.Semaphore(1), threading.Semaphore(0))
        self.rest: Bytes = np.empty(0, np.uint8)
        self.error: BaseException | None = None
        self._ended = False

    def work(self, me: int) -> None:
        """Every second block, from the first (0) or the second (1)."""
        buffer = np.empty(self._room + BLOCK_BYTES, np.uint8)
        number = me
        while self._one_block(me, number, buffer):
            number += 2

    def _one_block(self, me: int, number: int, buffer: Bytes) -> bool:
        """Whether there may be another one."""
        count, failure = 0, None
        if self._start is not None:
            try:
                count = self._read_at(self._start + number * BLOCK_BYTES, buffer[self._room :])
            except OSError as error:
                failure = error
        self._may_scan[me].acquire()
        try:
            if self._ended:
                return False
            if failure is not None:
                raise failure
            if self._start is None:
                count = self._read_on(buffer[self._room :])
            self._ended = count == 0
            if count:
                first = self._room - len(self.rest)
                buffer[first : self._room] = self.rest
                block = buffer[first : self._room + count]
                self.rest = block[self._scan(block) :].copy()
        except BaseException as error:
            self.error, self._ended = error, True
        finally:
            self._may_scan[1 - me].release()
        return not self._ended

    def _read_at(self, offset: int, room: Bytes) -> int:
        """Fills `room` from a place of the file; fewer bytes are there only at its end."""
        count = 0
        while count < len(room):
            more = os.preadv(self._stream.fileno(), [room[count:].data], offset + count)
            if not more:
                break
            count += more
        return count

    def _read_on(self, room: Bytes) -> int:
        block = self._stream.read(len(room))
        room[: len(block)] = np.frombuffer(block, np.uint8)
        return len(block)
