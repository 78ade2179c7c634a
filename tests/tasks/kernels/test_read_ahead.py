"""Reading ahead: the same items, errors where they stood, and no thread left behind."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tasks.kernels.read_ahead import BUNDLE, LOWER_PRIORITY, read_ahead


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_items_come_in_order_and_the_thread_ends() -> None:
    for count in (0, 1, BUNDLE, 3 * BUNDLE + 1):
        assert list(read_ahead(iter(range(count)))) == list(range(count))
        assert "read-ahead" not in names()


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("damaged")

    reading = read_ahead(items())
    assert [next(reading), next(reading)] == [1, 2]
    with pytest.raises(ValueError, match="damaged"):
        next(reading)
    assert "read-ahead" not in names()


def test_it_reads_no_further_than_it_says_and_stops_when_closed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10**6):
            taken.append(number)
            yield number

    with closing(read_ahead(items())) as reading:
        assert next(reading) == 0
    assert len(taken) <= 3 * BUNDLE and "read-ahead" not in names()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities belong to processes there")
def test_who_reads_lets_those_that_train_go_first() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    assert list(read_ahead(priority() for _ in range(1))) == [max(before, LOWER_PRIORITY)]
    assert priority() == before
