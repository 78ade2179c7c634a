"""The recurrent half of a long short-term memory (Hochreiter and Schmidhuber 1997), step after step, and its gradient.

What a step takes from its input, x W + b, does not depend on the step before: the caller multiplies it for all steps at
once. What is left is h U, a small product for which the next step waits. A framework starts a dozen operations for each
step; here some texts go through all their steps in one loop, with the weights in the cache. No sum runs over texts, so
neither threads nor neighbours change a number.

Gates stand as in Keras: input i, forget f, candidate g, output o. Texts are rows of tables [texts * steps, width], text
by text. All tables are float32 and C-contiguous, and `units` is a multiple of MULTIPLE.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled, compiled_inline
from tasks.kernels.lanes import (
    AT_ONCE,
    WIDTH,
    Lanes,
    add,
    add_block,
    add_outer,
    decay,
    empty_block,
    load,
    load_columns,
    logistic,
    multiply,
    multiply_add,
    spread,
    spread_numbers,
    store,
    subtract,
    zeros,
)
from tasks.kernels.tables import Table

Mask = Annotated[NDArray[np.bool_], "[texts, steps]: where there is a word; elsewhere a text stays as it was"]

TEXTS = 8
"""That go through a step together: each Lanes of weights that is read serves them all."""

TEXT_ROWS: NDArray[np.int64] = np.arange(TEXTS, dtype=np.int64)[None]
"""Their rows in a table that has nothing else."""

SIDE = AT_ONCE
"""Lanes of weights that are read at once; with TEXTS, so many sums hide how long a multiply-add takes."""

MULTIPLE = SIDE * WIDTH
"""Of which the number of units is one."""

TINY = np.float32(1e-20)
"""A slope below it is none: on the long way back slopes fade, and numbers below 1e-38 take a core ten times as long."""


@compiled
def read_texts(
    inputs: Table, recurrent: Table, mask: Mask, first: int, last: int, gates: Table, cells: Table, states: Table
) -> None:
    """Takes the texts from `first` to `last` through all steps.

    Args:
        inputs: x W + b, [texts * steps, 4 * units].
        recurrent: U, [units, 4 * units].
        mask: see there.
        first, last: texts.
        gates: is written, [texts * steps, 4 * units]: i, f, g, o.
        cells, states: are written, [texts * steps, units]: c and h after each step.
    """
    units, steps = recurrent.shape[0], mask.shape[1]
    sums = np.zeros((TEXTS, 4 * units), np.float32)
    before = np.zeros((units, TEXTS), np.float32)  # h of the step before
    for start in range(first, last, TEXTS):
        count = min(TEXTS, last - start)
        before[:] = 0.0
        for step in range(steps):
            for text in range(count):
                sums[text] = inputs[(start + text) * steps + step]
            if step > 0:
                _add_product(before, recurrent, sums)
            for text in range(count):
                row = (start + text) * steps + step
                if mask[start + text, step]:
                    _remember(sums, text, gates, cells, states, row, step > 0)
                else:
                    gates[row] = 0.0
                    _stay(cells, row, step > 0)
                    _stay(states, row, step > 0)
                for unit in range(units):
                    before[unit, text] = states[row, unit]


@compiled
def follow_back(
    last_slopes: Table, transposed: Table, mask: Mask, first: int, last: int, gates: Table, cells: Table, slopes: Table
) -> None:
    """Backpropagation through time, for the texts from `first` to `last`.

    Args:
        last_slopes: of the loss by h after the last step, [texts, units].
        transposed: of U, [4 * units, units].
        mask, first, last, gates, cells: of `read_texts`.
        slopes: is written, [texts * steps, 4 * units]: of the loss by `inputs`.
    """
    units, steps = transposed.shape[1], mask.shape[1]
    by_gates = np.zeros((4 * units, TEXTS), np.float32)
    by_state = np.zeros((TEXTS, units), np.float32)
    by_cell = np.zeros((TEXTS, units), np.float32)
    for start in range(first, last, TEXTS):
        count = min(TEXTS, last - start)
        by_cell[:] = 0.0
        by_state[:count] = last_slopes[start : start + count]
        for step in range(steps - 1, -1, -1):
            for text in range(count):
                row = (start + text) * steps + step
                if mask[start + text, step]:
                    _slopes_of_gates(by_state, by_cell, text, gates, cells, row, step > 0, slopes)
                    by_state[text] = 0.0
                else:
                    slopes[row] = 0.0
                for gate in range(4 * units):
                    by_gates[gate, text] = slopes[row, gate]
            if step > 0:
                _add_product(by_gates, transposed, by_state)
                _drop_tiny(by_state)
                _drop_tiny(by_cell)


@compiled_inline
def _add_product(columns: Table, weights: Table, sums: Table) -> None:
    """sums[text] += Σ_k columns[k, text] weights[k], for TEXTS texts."""
    for column in range(0, weights.shape[1], SIDE * WIDTH):
        block = empty_block(zeros(TEXTS), zeros(SIDE))
        for k in range(weights.shape[0]):
            many = spread_numbers(zeros(TEXTS), columns, k)
            side = load_columns(zeros(SIDE), weights, k, column)
            block = add_outer(block, many, side)
        add_block(zeros(TEXTS), zeros(SIDE), sums, TEXT_ROWS, 0, column, block)


@compiled_inline
def _drop_tiny(table: Table) -> None:
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            number = table[row, column]
            table[row, column] = np.float32(0) if abs(number) < TINY else number


@compiled_inline
def _remember(sums: Table, text: int, gates: Table, cells: Table, states: Table, row: int, has_past: bool) -> None:
    """One step of one text: c = f c + i g, h = o tanh(c)."""
    units = cells.shape[1]
    for unit in range(0, units, WIDTH):
        entered = _sigmoid(load(sums, text, unit))
        kept = _sigmoid(load(sums, text, units + unit))
        candidate = _tanh(load(sums, text, 2 * units + unit))
        shown = _sigmoid(load(sums, text, 3 * units + unit))
        cell = multiply(entered, candidate)
        if has_past:
            cell = multiply_add(kept, load(cells, row - 1, unit), cell)
        store(gates, row, unit, entered)
        store(gates, row, units + unit, kept)
        store(gates, row, 2 * units + unit, candidate)
        store(gates, row, 3 * units + unit, shown)
        store(cells, row, unit, cell)
        store(states, row, unit, multiply(shown, _tanh(cell)))


@compiled_inline
def _stay(table: Table, row: int, has_past: bool) -> None:
    for unit in range(table.shape[1]):
        table[row, unit] = table[row - 1, unit] if has_past else np.float32(0)


@compiled_inline
def _slopes_of_gates(
    by_state: Table, by_cell: Table, text: int, gates: Table, cells: Table, row: int, has_past: bool, slopes: Table
) -> None:
    """The slopes by what the gates were made of; `by_cell` becomes that of the cell before.

    A sigmoid s has the slope s (1 - s), a hyperbolic tangent t has 1 - t².
    """
    units = cells.shape[1]
    one, nothing = spread(np.float32(1)), spread(np.float32(0))
    for unit in range(0, units, WIDTH):
        entered = load(gates, row, unit)
        kept = load(gates, row, units + unit)
        candidate = load(gates, row, 2 * units + unit)
        shown = load(gates, row, 3 * units + unit)
        past = nothing
        if has_past:
            past = load(cells, row - 1, unit)
        seen = _tanh(load(cells, row, unit))
        by_shown = multiply(load(by_state, text, unit), seen)
        through = multiply(load(by_state, text, unit), multiply(shown, subtract(one, multiply(seen, seen))))
        through = add(through, load(by_cell, text, unit))
        store(slopes, row, unit, multiply(multiply(through, candidate), _slope(entered)))
        store(slopes, row, units + unit, multiply(multiply(through, past), _slope(kept)))
        by_candidate = multiply(multiply(through, entered), subtract(one, multiply(candidate, candidate)))
        store(slopes, row, 2 * units + unit, by_candidate)
        store(slopes, row, 3 * units + unit, multiply(by_shown, _slope(shown)))
        store(by_cell, text, unit, multiply(through, kept))


@compiled_inline
def _sigmoid(lanes: Lanes) -> Lanes:
    return logistic(lanes, decay(lanes))


@compiled_inline
def _tanh(lanes: Lanes) -> Lanes:
    """2 / (1 + exp(-2 x)) - 1: near 0 with an absolute error of a rounding of 1, which a state does not feel."""
    doubled = add(lanes, lanes)
    return subtract(multiply(spread(np.float32(2)), logistic(doubled, decay(doubled))), spread(np.float32(1)))


@compiled_inline
def _slope(sigmoid: Lanes) -> Lanes:
    return multiply(sigmoid, subtract(spread(np.float32(1)), sigmoid))
