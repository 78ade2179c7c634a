"""The project's own random numbers: SplitMix64 used as a counter, so a number depends on its place and nothing else.

`mix(key + place * STEP)` is the place-th number of the stream `key`. There is no state to carry, to share between
threads or to save: a batch border, a worker or a resumed run cannot change what is drawn at a place.

Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (its finaliser is Stafford's
variant 13 of MurmurHash3's).
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled_inline

STEP = np.uint64(0x9E3779B97F4A7C15)
"""2^64 / golden ratio: the distance between two places of a stream."""

FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
LOW_HALF = np.uint64(0xFFFFFFFF)

AT_ONCE = 1 << 14
"""Numbers that are drawn together: they stay in the processor's cache from one operation to the next."""

Numbers = TypeVar("Numbers", np.uint64, NDArray[np.uint64])


def mix_numbers(number: Numbers) -> Numbers:
    """SplitMix64's finaliser: a bijection of 64-bit numbers that leaves no trace of their order."""
    number = (number ^ (number >> np.uint64(30))) * FIRST
    number = (number ^ (number >> np.uint64(27))) * SECOND
    return number ^ (number >> np.uint64(31))


mix = compiled_inline(mix_numbers)
"""`mix_numbers` for one uint64 inside compiled code."""


@compiled_inline
def below(half: np.uint64, limit: np.uint64) -> np.uint64:
    """A 32-bit random number scaled to 0 .. limit - 1 (Lemire's multiplication, bias below limit / 2^32)."""
    return (half * limit) >> np.uint64(32)


def stream_key(*numbers: int) -> np.uint64:
    """The key of the stream named by `numbers`, for example (seed, draw, shard); non-negative integers below 2^64."""
    key = np.zeros(1, np.uint64)
    for number in numbers:
        key = mix_numbers(key + STEP + np.uint64(number))
    return np.uint64(key[0])


def uniform(key: np.uint64, count: int, start: int = 0) -> NDArray[np.float32]:
    """`count` numbers of a stream from place `start` on, in [0, 1). float32 [count]."""
    found = np.empty(count, np.float32)
    for first in range(0, count, AT_ONCE):
        block = found[first : first + AT_ONCE]
        places = np.arange(start + first, start + first + len(block), dtype=np.uint64)
        block[:] = (mix_numbers(key + places * STEP) >> np.uint64(40)) * np.float64(2.0**-24)
    return found


def shuffled(key: np.uint64, count: int) -> NDArray[np.int64]:
    """The numbers 0 .. count - 1 in a random order. int64 [count]."""
    return np.argsort(mix_numbers(key + np.arange(count, dtype=np.uint64) * STEP), kind="stable")
