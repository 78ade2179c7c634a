"""Skip-gram's step of a window, compiled into the walk over windows (`windows_numba`).

A window is one step (Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016): its contexts are the
inputs, rows of `vectors`; its center and K negatives, drawn once for the window, the outputs, rows of
`context_vectors`. Two small matrix products take the place of 2 (K + 1) dot products a pair, and the K + 1 output rows
are read and written once a window instead of once a pair.
"""

from typing import Any

import numpy as np

from tasks.kernels.compiler import compiled_inline
from tasks.kernels.lanes import (
    AT_ONCE,
    WIDTH,
    add_block,
    add_inner,
    add_outer,
    empty_block,
    load_block,
    load_columns,
    load_rows,
    spread_numbers,
    store_columns,
    store_sums,
    zeros,
)
from tasks.kernels.negative_sampling import Workspace, score_to_slope
from tasks.kernels.tables import Table


@compiled_inline
def score_skip_gram(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, blank: Any
) -> None:
    """The scores of a window of skip-gram, all of them before any row moves.

    With AVX-512 they are made for two contexts at a time, so that each output is read once for both; the last of an odd
    number goes alone.
    """
    alone, together = zeros(1), zeros(AT_ONCE)
    paired = contexts - contexts % AT_ONCE
    for number in range(0, paired, AT_ONCE):
        make_scores(vectors, context_vectors, work, number, slot, blank, together)
    for number in range(paired, contexts):
        make_scores(vectors, context_vectors, work, number, slot, blank, alone)


@compiled_inline
def move_skip_gram(
    vectors: Table, context_vectors: Table, work: Workspace, contexts: int, slot: int, rate: np.float32, blank: Any
) -> None:
    """Moves the rows of that window by its scores.

    With AVX-512 they move by two columns of Lanes at a time, so that each slope is read once for both.
    """
    alone, together = zeros(1), zeros(AT_ONCE)
    columns = vectors.shape[1]
    score_to_slope(work, contexts, rate)
    paired = columns - columns % (AT_ONCE * WIDTH)
    for column in range(0, paired, AT_ONCE * WIDTH):
        move_rows(vectors, context_vectors, work, contexts, slot, column, blank, together)
    for column in range(paired, columns, WIDTH):
        move_rows(vectors, context_vectors, work, contexts, slot, column, blank, alone)


@compiled_inline
def make_scores(
    vectors: Table, context_vectors: Table, work: Workspace, number: int, slot: int, blank: Any, side: Any
) -> None:
    """The scores of as many contexts, from context `number` on, as `side` has Lanes; their sums stay in registers."""
    scores = empty_block(blank, side)
    for column in range(0, vectors.shape[1], WIDTH):
        outputs = load_rows(blank, context_vectors, work.outputs, slot, column)
        scores = add_outer(scores, outputs, load_rows(side, vectors, work.contexts, number, column))
    store_sums(blank, side, scores, work.slopes, number)


@compiled_inline
def move_rows(
    vectors: Table,
    context_vectors: Table,
    work: Workspace,
    contexts: int,
    slot: int,
    column: int,
    blank: Any,
    side: Any,
) -> None:
    """Moves all rows of the window in as many columns, from `column` on, as `side` has Lanes.

    The outputs before the step, and what is going to be added to them, stay in registers while the contexts pass. A
    word that is a context twice has moved once when it comes again; its scores are from before.
    """
    before = load_block(blank, side, context_vectors, work.outputs, slot, column)
    changes = empty_block(blank, side)
    for number in range(contexts):
        row = work.contexts[number, 0]
        vector = load_columns(side, vectors, row, column)
        slopes = spread_numbers(blank, work.slopes, number)
        changes = add_outer(changes, slopes, vector)
        store_columns(vectors, row, column, add_inner(vector, slopes, before))
    add_block(blank, side, context_vectors, work.outputs, slot, column, changes)
