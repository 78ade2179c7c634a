"""Row groups of windows cut into the batches that are trained side by side, each group with its place to go on from.

Rows count from 0 here: row r is id r + 1.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.shards import read_windows
from tasks.kernels.windows import Windows

BLOCK = 128
"""Windows whose pairs are counted together; so many pairs fit in 16 bits, which NumPy adds up fastest."""


class Batch(NamedTuple):
    """The windows start .. stop - 1 of a run of words.

    Attributes:
        words: int32 [n], rows of the tables.
        left, right: uint8 [n]; window w sees the left[w] words before it and the right[w] words after it.
        start, stop: which windows.
    """

    words: NDArray[np.int32]
    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    start: int
    stop: int

    @classmethod
    def of(
        cls, words: NDArray[np.int32], left: NDArray[np.uint8], right: NDArray[np.uint8], start: int, stop: int
    ) -> "Batch":
        """A batch whose `left` and `right` cannot be written to, as is what Parquet gives: numba would compile a kernel
        for each of both kinds.
        """
        left, right = left.view(), right.view()
        left.setflags(write=False)
        right.setflags(write=False)
        return cls(words, left, right, start, stop)


class Place(NamedTuple):
    """How far a shard has been read: `window` windows of row group `row_group`, and all groups before it."""

    row_group: int = 0
    window: int = 0


class Step(NamedTuple):
    """What is trained at once.

    Attributes:
        batches: they follow one another.
        pairs: how many pairs each of them has.
        windows: how many windows all of them have together.
        after: the place after the last of them.
    """

    batches: list[Batch]
    pairs: list[int]
    windows: int
    after: Place


def read_steps(
    path: Path, documents: Path, counts: NDArray[np.int64], pairs: int, side_by_side: int, start: Place
) -> Iterator[Step]:
    """The steps of a shard from `start` on; see `tasks.kernels.shards.read_windows` for what it reads and raises.

    Args:
        path, documents, counts: the shard, and what it is drawn from if it is not stored.
        pairs: about how many pairs make a batch.
        side_by_side: how many batches make a step.
        start: where to go on, the `after` of a step or the beginning.
    """
    for group, windows in read_windows(path, documents, counts, start.row_group):
        for step in cut(group, windows, pairs, side_by_side):
            if step.after > start:
                yield step


def cut(group: int, windows: Windows, batch_pairs: int, side_by_side: int) -> Iterator[Step]:
    """A row group as steps, all batches of it with about the same number of pairs, so that nobody waits."""
    sizes = np.add(windows.left, windows.right, dtype=np.uint16)
    if not sizes.any():
        return
    blocks = np.concatenate([[0], np.cumsum(np.add.reduceat(sizes, np.arange(0, len(sizes), BLOCK)), dtype=np.int64)])
    total = int(blocks[-1])
    steps = max(1, round(total / (batch_pairs * side_by_side)))
    batches = steps * side_by_side
    edges, before = [0], [0]  # each with the pairs before it
    for target in (np.arange(1, batches) * total // batches).tolist():
        window, pairs = _first_above(sizes, blocks, target)
        edges.append(window)
        before.append(pairs)
    edges.append(len(sizes))
    before.append(total)
    words = windows.center - np.int32(1)
    for first in range(0, batches, side_by_side):
        last = first + side_by_side
        yield Step(
            [
                Batch.of(words, windows.left, windows.right, *pair)
                for pair in itertools.pairwise(edges[first : last + 1])
            ],
            np.diff(before[first : last + 1]).tolist(),
            int(np.count_nonzero(sizes[edges[first] : edges[last]])),
            Place(group, edges[last]),
        )


def _first_above(sizes: NDArray[np.uint16], blocks: NDArray[np.int64], target: int) -> tuple[int, int]:
    """The first window up to which, itself included, there are more than `target` pairs; and the pairs before it.

    Args:
        sizes: uint16 [windows], pairs of each.
        blocks: int64 [blocks + 1], pairs before each block of BLOCK windows.
    """
    block = int(np.searchsorted(blocks, target, side="right")) - 1
    inside = np.cumsum(sizes[block * BLOCK : (block + 1) * BLOCK], dtype=np.int64)
    place = int(np.searchsorted(inside, target - blocks[block], side="right"))
    return block * BLOCK + place, int(blocks[block] + (inside[place - 1] if place else 0))
