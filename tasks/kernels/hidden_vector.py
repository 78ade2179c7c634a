"""One hidden vector of a word's or a window's inputs, as fastText has, and the bands in which CBOW, too, reads rows.

Rows are added up, the sum meets the outputs, and what moves it moves the rows. One hidden vector has one score an
output, where skip-gram has one for each input.
"""

from typing import Any

import numpy as np

from tasks.kernels.compiler import compiled_inline
from tasks.kernels.lanes import (
    WIDTH,
    add_block,
    add_inner,
    add_outer,
    add_tiles,
    empty_block,
    load_block,
    load_columns,
    load_rows,
    scale_tile,
    spread,
    spread_numbers,
    store_columns,
    store_sums,
    zeros,
)
from tasks.kernels.negative_sampling import Rows, Workspace, score_to_slope
from tasks.kernels.tables import Table

BAND = 4
"""Lanes of a row that are added up or moved at once: few enough for the 16 registers of AVX2, where each is two."""


@compiled_inline
def add_up_rows(vectors: Table, work: Workspace, number: int, share: np.float32) -> None:
    """hidden[0] = share * the sum of the first rows in `work.contexts`; hidden[1], by which it is to move, = 0."""
    in_bands(add_up_band, vectors, work, number, spread(share))


@compiled_inline
def move_rows_by(vectors: Table, work: Workspace, number: int, factor: np.float32) -> None:
    """Adds factor * hidden[1] to the first rows in `work.contexts`."""
    in_bands(move_band, vectors, work, number, spread(factor))


@compiled_inline
def in_bands(band: Any, vectors: Table, work: Workspace, number: Any, factor: Any) -> None:
    """Calls `band` for as few bands of columns as can be, BAND Lanes each and one with what is left: the rows pass once
    a band, and a loop over some six of them costs more to enter and to leave than to go round. `number` and `factor` go
    to it."""
    rest = vectors.shape[1] % (BAND * WIDTH)
    wide = vectors.shape[1] - rest
    for column in range(0, wide, BAND * WIDTH):
        band(vectors, work, number, column, factor, zeros(BAND))
    if rest == 3 * WIDTH:
        band(vectors, work, number, wide, factor, zeros(3))
    elif rest == 2 * WIDTH:
        band(vectors, work, number, wide, factor, zeros(2))
    elif rest == WIDTH:
        band(vectors, work, number, wide, factor, zeros(1))


@compiled_inline
def add_up_band(vectors: Table, work: Workspace, number: int, column: int, share: Any, band: Any) -> None:
    """Of `add_up_rows`, as many Lanes of columns, from `column` on, as `band`, which is zero, has."""
    total = sum_of_rows(vectors, work.contexts, 0, number, column, band)
    store_columns(work.hidden, 0, column, scale_tile(total, share))
    store_columns(work.hidden, 1, column, band)


@compiled_inline
def move_band(vectors: Table, work: Workspace, number: int, column: int, factor: Any, band: Any) -> None:
    """Of `move_rows_by`, as many Lanes of columns, from `column` on, as `band` has."""
    change = scale_tile(load_columns(band, work.hidden, 1, column), factor)
    add_to_rows(vectors, work.contexts, 0, number, column, change)


@compiled_inline
def sum_of_rows(vectors: Table, contexts: Rows, group: int, number: int, column: int, band: Any) -> Any:
    """`band` and the first `number` rows in column `group` of `contexts` together, of as many Lanes as `band` has."""
    total = band
    for place in range(number):
        total = add_tiles(total, load_columns(band, vectors, contexts[place, group], column))
    return total


@compiled_inline
def add_to_rows(vectors: Table, contexts: Rows, group: int, number: int, column: int, change: Any) -> None:
    """Adds `change` to those rows, one after the other: a row may be named twice."""
    for place in range(number):
        row = contexts[place, group]
        store_columns(vectors, row, column, add_tiles(load_columns(change, vectors, row, column), change))


@compiled_inline
def train_outputs(context_vectors: Table, work: Workspace, slot: int, rate: np.float32, blank: Any) -> None:
    """Moves the outputs by their scores with hidden[0], and adds to hidden[1] what moves it."""
    score_outputs(context_vectors, work, slot, blank)
    score_to_slope(work, 1, rate)
    move_outputs(context_vectors, work, slot, blank)


@compiled_inline
def score_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """The scores of the outputs with hidden[0]."""
    alone = zeros(1)
    scores = empty_block(blank, alone)
    for column in range(0, context_vectors.shape[1], WIDTH):
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer(scores, outputs, load_columns(alone, work.hidden, 0, column))
    store_sums(blank, alone, scores, work.slopes, 0)


@compiled_inline
def move_outputs(context_vectors: Table, work: Workspace, slot: int, blank: Any) -> None:
    """Moves the outputs by their slopes, and adds to hidden[1] what moves hidden[0]."""
    alone = zeros(1)
    slopes = spread_numbers(blank, work.slopes, 0)
    for column in range(0, context_vectors.shape[1], WIDTH):
        before = load_block(blank, alone, context_vectors, work.outputs, slot, column)
        hidden = load_columns(alone, work.hidden, 0, column)
        changes = add_outer(empty_block(blank, alone), slopes, hidden)
        add_block(blank, alone, context_vectors, work.outputs, slot, column, changes)
        change = load_columns(alone, work.hidden, 1, column)
        store_columns(work.hidden, 1, column, add_inner(change, slopes, before))
