"""Skip-gram shards as batches of windows, whatever their layout, each with its place, so that training can go on there.

A batch holds about `pairs` pairs, a fraction of a second of training. Rows count from 0 here: row r is id r + 1. Where
a word follows itself, explicit pairs do not say where its one window ends and the next begins: the two make one.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.kernels.windows import Windows, broken_row, expand_pairs
from tasks.storage.parquet import open_checked
from tasks.storage.schemas import PAIRS, WINDOWS


class Batch(NamedTuple):
    """Windows on end: window w is centers[w] with contexts[bounds[w]:bounds[w + 1]], never empty.

    Attributes:
        centers: int32 [windows], rows of the tables.
        bounds: int64 [windows + 1], from 0.
        contexts: int32 [pairs], rows of the tables.
    """

    centers: NDArray[np.int32]
    bounds: NDArray[np.int64]
    contexts: NDArray[np.int32]


class Place(NamedTuple):
    """How far a shard has been read: `window` windows of row group `row_group`, and all groups before it."""

    row_group: int = 0
    window: int = 0


def is_compact(path: Path) -> bool:
    """True for layout "windows", False for "pairs".

    Raises:
        InputError: the file is neither.
    """
    compact = "left" in open_checked(path, pa.schema([WINDOWS.field("center")])).schema_arrow.names
    open_checked(path, WINDOWS if compact else PAIRS)
    return compact


def count_pairs(path: Path) -> int:
    """The positive pairs of a shard; for compact ones a pass over `left` and `right`, some 0.6 G pairs a second."""
    if not is_compact(path):
        return int(open_checked(path, PAIRS).metadata.num_rows)
    file = open_checked(path, WINDOWS)
    groups = (file.read_row_group(group, columns=["left", "right"]) for group in range(file.num_row_groups))
    return sum(int(column.to_numpy().sum(dtype=np.int64)) for group in groups for column in group.columns)


def read_batches(path: Path, words: int, pairs: int, start: Place) -> Iterator[tuple[Batch, Place]]:
    """The batches of a shard from `start` on, each with the place after it.

    Args:
        path: a shard of skip-grams in either layout.
        words: the size of the vocabulary.
        pairs: how many pairs make a batch; a batch ends with a window, so it may hold a few more.
        start: where to go on.

    Raises:
        InputError: a null, an id outside 1 .. words, or a window that reaches over its row group.
    """
    compact = is_compact(path)
    schema = WINDOWS if compact else PAIRS
    file = open_checked(path, schema)
    for group in range(start.row_group, file.num_row_groups):
        table = file.read_row_group(group).select(schema.names)
        if any(column.null_count for column in table.columns):
            raise InputError(f"{path}: row group {group} holds a null; run skipgrams again")
        columns = [np.asarray(column.to_numpy()) for column in table.columns]
        for ids in columns[:1] if compact else columns:
            outside = np.flatnonzero((ids < 1) | (ids > words))
            if len(outside):
                raise InputError(
                    f"{path}: row {outside[0]} of row group {group} holds id {ids[outside[0]]}, which is not in "
                    f"1 .. {words}, the vocabulary's ids; run skipgrams again"
                )
        first = start.window if group == start.row_group else 0
        split = (
            _split_windows(path, group, Windows(*columns), pairs)
            if compact
            else _split_pairs(columns[0], columns[1], pairs)
        )
        seen = 0
        for batch in split:
            if seen >= first:
                yield batch, Place(group, seen + len(batch.centers))
            seen += len(batch.centers)


def _split_windows(path: Path, group: int, windows: Windows, pairs: int) -> Iterator[Batch]:
    row = broken_row(windows)
    if row is not None:
        raise InputError(
            f"{path}: the window of row {row} of row group {group} reaches over the group; run skipgrams again"
        )
    sizes = windows.left.astype(np.int64) + windows.right
    rows = np.flatnonzero(sizes)  # a word that is alone in its document has no window
    bounds = np.concatenate([[0], np.cumsum(sizes[rows])])
    for start, stop in _cuts(bounds, pairs):
        _, contexts = expand_pairs(windows, int(rows[start]), int(rows[stop - 1]) + 1)
        yield Batch(windows.center[rows[start:stop]] - 1, bounds[start : stop + 1] - bounds[start], contexts - 1)


def _split_pairs(center: NDArray[np.int32], context: NDArray[np.int32], pairs: int) -> Iterator[Batch]:
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(center)) + 1, [len(center)]])
    for start, stop in _cuts(bounds, pairs):
        low, high = bounds[start], bounds[stop]
        yield Batch(center[bounds[start:stop]] - 1, bounds[start : stop + 1] - low, context[low:high] - 1)


def _cuts(bounds: NDArray[np.int64], pairs: int) -> list[tuple[int, int]]:
    """Ranges of windows of about `pairs` pairs each."""
    cuts = np.unique([*np.searchsorted(bounds, np.arange(0, bounds[-1], pairs)), len(bounds) - 1])
    return [(int(start), int(stop)) for start, stop in itertools.pairwise(cuts)]
