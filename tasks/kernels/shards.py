"""A shard of skip-grams, row group by row group, as windows: stored as windows, stored as pairs, or drawn on the spot.

Three kinds of file stand for a shard: Parquet with compact windows, Parquet with explicit pairs, and a JSON file that
says how the windows are drawn from which encoded documents (`skipgrams.materialize: false`). The first and the last
give the same windows in the same row groups. All that is read is checked, since compiled loops do not check bounds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import InputError
from tasks.kernels.random_streams import stream_key
from tasks.kernels.reading import read_documents
from tasks.kernels.windows import WIDEST_WINDOW, Windows, draw_windows, keep_probability, keep_thresholds
from tasks.storage.parquet import CheckedFile, check_columns, view
from tasks.storage.schemas import PAIRS, WINDOWS

GROUP_TOKENS = 1 << 18
"""Tokens of the documents whose windows make a row group."""


class Drawing(BaseModel):
    """How the windows of a shard are drawn; a JSON shard holds it, with the number of pairs that come of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: str = Field(description="the file name of the shard of encoded documents")
    window: int = Field(ge=1, le=WIDEST_WINDOW)
    dynamic: bool
    subsample: float = Field(ge=0, le=1)
    stream: tuple[int, int, int] = Field(description="seed, draw, shard: the random stream")
    pairs: int = Field(default=0, ge=0)


def draw_shard(documents: Path, counts: NDArray[np.int64], drawing: Drawing) -> Iterator[tuple[int, Windows]]:
    """The windows of a shard of encoded documents, a row group at a time, with the tokens it was drawn from.

    Args:
        documents: data/tokenize/documents/part-*.parquet.
        counts: int64 [words], how often each word occurs in the corpus.
        drawing: how.

    Raises:
        InputError: the documents are not what they should be.
    """
    thresholds = keep_thresholds(keep_probability(counts, drawing.subsample))
    key = stream_key(*drawing.stream)
    first_token = 0
    for group in read_documents(documents, len(counts), GROUP_TOKENS):
        yield (
            len(group.ids),
            draw_windows(group.ids, group.offsets, thresholds, drawing.window, drawing.dynamic, key, first_token),
        )
        first_token += len(group.ids)


def read_drawing(path: Path) -> Drawing:
    """A JSON shard.

    Raises:
        InputError: it is not one.
    """
    try:
        return Drawing.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: not a drawing of skip-grams ({type(error).__name__}); run skipgrams again") from None


def count_pairs(path: Path) -> int:
    """The positive pairs of a shard; for compact ones a pass over `left` and `right`."""
    if path.suffix == ".json":
        return read_drawing(path).pairs
    file, compact = _opened(path)
    if not compact:
        return int(file.metadata.num_rows)
    groups = (_read_group(file, group, ["left", "right"]) for group in range(file.num_row_groups))
    return sum(int(view(column).sum(dtype=np.int64)) for group in groups for column in group.columns)


def read_windows(
    path: Path, documents: Path, counts: NDArray[np.int64], first: int = 0
) -> Iterator[tuple[int, Windows]]:
    """The row groups of a shard from `first` on, each with its number.

    Args:
        path: the shard.
        documents: the folder of encoded documents, for a shard that is drawn on the spot.
        counts: int64 [words], how often each word occurs in the corpus.
        first: the row group to begin with.

    Raises:
        InputError: a null, an id that is not in the vocabulary, or a window that reaches over its row group.
    """
    if path.suffix == ".json":
        drawing = read_drawing(path)
        drawn = draw_shard(documents / drawing.documents, counts, drawing)
        for group, (_, windows) in enumerate(drawn):
            if group >= first and len(windows.center):
                yield group, windows
        return
    file, compact = _opened(path)
    for group in range(first, file.num_row_groups):
        table = _read_group(file, group, (WINDOWS if compact else PAIRS).names)
        columns = _checked_columns(path, table, group, len(counts), compact)
        yield group, Windows(*columns) if compact else pairs_as_windows(*columns)


def pairs_as_windows(center: NDArray[np.int32], context: NDArray[np.int32]) -> Windows:
    """Explicit pairs as windows: the contexts of a run of one center, then the center, which sees them to its left.

    A run of more than 255 makes several windows. Where a word follows itself in the text, pairs do not say where its
    one window ends and the next begins: the two make one.

    Args:
        center, context: int32 [pairs].
    """
    starts = np.flatnonzero(np.diff(center, prepend=0))
    lengths = np.diff(starts, append=len(center))
    pieces = -(-lengths // WIDEST_WINDOW)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)  # of a piece in its run
    sizes = np.minimum(WIDEST_WINDOW, np.repeat(lengths, pieces) - number * WIDEST_WINDOW)
    places = np.cumsum(sizes + 1) - 1
    words = np.empty(len(center) + len(sizes), np.int32)
    is_center = np.zeros(len(words), bool)
    is_center[places] = True
    words[is_center] = center[np.cumsum(sizes) - 1]
    words[~is_center] = context
    left = np.zeros(len(words), np.uint8)
    left[places] = sizes
    return Windows(words, left, np.zeros(len(words), np.uint8))


def _opened(path: Path) -> tuple[CheckedFile, bool]:
    """A shard, and whether its layout is "windows", not "pairs".

    Raises:
        InputError: the file is neither.
    """
    file = CheckedFile(path)
    compact = "left" in file.schema_arrow.names
    check_columns(path, file, WINDOWS if compact else PAIRS)
    return file, compact


def _read_group(file: CheckedFile, group: int, names: list[str]) -> pa.Table:
    """Some columns of a row group. Without Arrow's threads: they would stand in the way of those that train, and take
    longer together.
    """
    return file.read_row_group(group, columns=names, use_threads=False).select(names)


def _checked_columns(path: Path, table: pa.Table, group: int, words: int, compact: bool) -> list[NDArray[Any]]:
    if any(column.null_count for column in table.columns):
        raise InputError(f"{path}: row group {group} holds a null; run skipgrams again")
    columns = [view(column) for column in table.columns]
    for ids in columns[:1] if compact else columns:
        if len(ids) and (ids.min() < 1 or ids.max() > words):
            outside = int(np.flatnonzero((ids < 1) | (ids > words))[0])
            raise InputError(
                f"{path}: row {outside} of row group {group} holds id {ids[outside]}, which is not in 1 .. {words}, "
                "the vocabulary's ids; run skipgrams again"
            )
    if compact:
        row = broken_row(Windows(*columns))
        if row is not None:
            raise InputError(
                f"{path}: the window of row {row} of row group {group} reaches over the group; run skipgrams again"
            )
    return columns


def broken_row(windows: Windows) -> int | None:
    """The first row whose window reaches over the ends of the row group, or None; only rows near them can."""
    rows = len(windows.center)
    near = np.unique(
        np.concatenate([np.arange(min(rows, WIDEST_WINDOW)), np.arange(max(0, rows - WIDEST_WINDOW), rows)])
    )
    broken = near[(windows.left[near] > near) | (windows.right[near] > rows - 1 - near)]
    return int(broken[0]) if len(broken) else None
