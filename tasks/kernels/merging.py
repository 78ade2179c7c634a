"""Copies of a table that were trained apart become one again: row by row, in a fixed order.

Two changes a and b of a row become (1 - κ a·b / 2|a|²) a + (1 - κ a·b / 2|b|²) b; more than two, by a tree of pairs.
With κ = 1 that is the adaptive sum (Maleki et al., "Scaling Distributed Training with Adaptive Summation", 2020, arXiv
2006.02924): changes that have nothing in common add up, as if one had come after the other, and equal ones count once.
With κ = 0 it is the sum, in which a row that all copies moved the same way overshoots.

In between: had one copy moved a row by a share ρ of its way to rest, two of them one after the other would have moved
it by 2ρ - ρ² of the way, and κ = ρ gives just that. How far a row goes depends on how often its word is met, so ρ
differs from row to row (`row_motion`): a frequent word is at rest after each stretch, a rare one hardly moves.

A merge sees arrays only, whoever trained them: threads of this process here, machines over a network elsewhere.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled_inline, compiled_kernel
from tasks.kernels.lanes import WIDTH, add, load, multiply, multiply_add, spread, store, subtract, total
from tasks.kernels.tables import Table

CURVATURE = 0.2
"""With a quarter of it eight copies overshoot; with twice as much frequent words learn too slowly (docs/streams.md)."""


def row_motion(terms: NDArray[np.float64]) -> NDArray[np.float32]:
    """How far one copy moves each row towards rest, for a learning rate of 1; see `merge_rows`.

    A term of a row's gradient takes away about rate * CURVATURE of the way that is left.

    Args:
        terms: float64 [words]; how many terms, one a pair or a pair's negative, a copy adds up in a row between merges.

    Returns:
        float32 [words]. Times a learning rate it is an m, and ρ = 1 - e^-m.
    """
    return (CURVATURE * terms).astype(np.float32)


@compiled_kernel
def merge_rows(
    table: Table, copies: NDArray[np.float32], motion: NDArray[np.float32], rate: float, first: int, last: int
) -> None:
    """Moves the rows first .. last - 1 of `table` by what all copies changed in them, and the copies with it.

    Args:
        table: float32 [words, columns], what each copy was at the last merge of these rows; columns are whole Lanes.
        copies: float32 [copies, words, columns].
        motion: float32 [words]; of `row_motion`: 0 makes the sum, infinity the adaptive sum.
        rate: the learning rate.
    """
    columns = table.shape[1]
    number = len(copies)
    for row in range(first, last):
        moved = np.float32(rate) * motion[row]
        if number == 2:
            _merge_two(table, copies[0], copies[1], np.float32(0.5) * _share(moved), row)
            continue
        for copy in range(number):
            for column in range(0, columns, WIDTH):
                change = subtract(load(copies[copy], row, column), load(table, row, column))
                store(copies[copy], row, column, change)
        apart = 1  # so many copies are in each change by now, one after the other
        while apart < number:
            half = np.float32(0.5) * _share(np.float32(apart) * moved)
            for copy in range(0, number - apart, 2 * apart):
                _combine(copies[copy], copies[copy + apart], half, row)
            apart *= 2
        for column in range(0, columns, WIDTH):
            merged = add(load(table, row, column), load(copies[0], row, column))
            store(table, row, column, merged)
            for copy in range(number):
                store(copies[copy], row, column, merged)


@compiled_inline
def _share(motion: np.float32) -> np.float32:
    """1 - e^-motion, nearly: 1 - (1 + motion / 8)^-8, which has the same bits on any machine."""
    left = np.float32(1) / (np.float32(1) + motion * np.float32(0.125))
    left *= left
    left *= left
    left *= left
    return np.float32(1) - left


@compiled_inline
def _combine(one: Table, other: Table, half: np.float32, row: int) -> None:
    """one[row] = the two changes one[row] and other[row] together; half is κ / 2."""
    product, own, others = spread(np.float32(0)), spread(np.float32(0)), spread(np.float32(0))
    for column in range(0, one.shape[1], WIDTH):
        a, b = load(one, row, column), load(other, row, column)
        product = multiply_add(a, b, product)
        own = multiply_add(a, a, own)
        others = multiply_add(b, b, others)
    own_weight, other_weight = _weight(product, own, half), _weight(product, others, half)
    for column in range(0, one.shape[1], WIDTH):
        part = multiply(load(one, row, column), own_weight)
        store(one, row, column, multiply_add(load(other, row, column), other_weight, part))


@compiled_inline
def _merge_two(table: Table, one: Table, other: Table, half: np.float32, row: int) -> None:
    """What `merge_rows` makes of two copies, the same numbers, with no change written down: 33 ns a row in place of 55
    (112 columns, in a core's cache)."""
    product, own, others = spread(np.float32(0)), spread(np.float32(0)), spread(np.float32(0))
    for column in range(0, table.shape[1], WIDTH):
        before = load(table, row, column)
        a, b = subtract(load(one, row, column), before), subtract(load(other, row, column), before)
        product = multiply_add(a, b, product)
        own = multiply_add(a, a, own)
        others = multiply_add(b, b, others)
    own_weight, other_weight = _weight(product, own, half), _weight(product, others, half)
    for column in range(0, table.shape[1], WIDTH):
        before = load(table, row, column)
        a, b = subtract(load(one, row, column), before), subtract(load(other, row, column), before)
        merged = add(before, multiply_add(b, other_weight, multiply(a, own_weight)))
        store(table, row, column, merged)
        store(one, row, column, merged)
        store(other, row, column, merged)


@compiled_inline
def _weight(product: Any, square: Any, half: np.float32) -> Any:
    """1 - half * a·b / |a|² in each of the Lanes, for Lanes of products and of squares that are not added up yet."""
    length = total(square)
    return spread(np.float32(1) - half * total(product) / length if length > 0 else np.float32(1))
