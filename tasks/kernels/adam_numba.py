"""Adam for a table of which a step changes some rows (algorithm 1 of Kingma and Ba, "Adam: A Method for Stochastic
Optimization", 2015). Slopes of a row that occurs several times are added up; moments of rows that do not occur stay.

A framework has an operation for each part of that, and each reads and writes all of the rows. Here they are read once,
by one core: it waits for memory, and two are no faster.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled_kernel
from tasks.kernels.tables import Table

FIRST_MOMENT, SECOND_MOMENT, EPSILON = 0.9, 0.999, 1e-7
"""Adam's values, as in Keras."""

NOWHERE = np.uint32(0xFFFFFFFF)

Rows = Annotated[NDArray[np.uint32], "rows of the table"]


@compiled_kernel
def number_rows(occurring: Rows, numbers: NDArray[np.uint32], different: Rows, places: NDArray[np.uint32]) -> int:
    """Numbers the rows that occur, 0, 1, ..., and returns how many are different.

    Args:
        occurring: uint32 [n], some of them several times.
        numbers: uint32 [rows of the table], NOWHERE; it ends as it began.
        different: uint32 [n], is given each row once, by its number.
        places: uint32 [n], is given the number of each that occurs.
    """
    count = np.uint32(0)
    for at in range(len(occurring)):
        row = occurring[at]
        if numbers[row] == NOWHERE:
            numbers[row] = count
            different[count] = row
            count += np.uint32(1)
        places[at] = numbers[row]
    for number in range(count):
        numbers[different[number]] = NOWHERE
    return int(count)


@compiled_kernel
def change_rows(
    places: NDArray[np.uint32],
    slopes: Table,
    different: Rows,
    rate: float,
    table: Table,
    first: Table,
    second: Table,
    changed: Table,
) -> None:
    """A step.

    Args:
        places: uint32 [n], the number of the row of each slope.
        slopes: float32 [n, dim].
        different: uint32 [different rows], the row of each number.
        rate: the learning rate with both corrections for the moments' start.
        table, first, second: float32 [rows, dim], the numbers and their moments.
        changed: float32 [different rows, dim], is given the new rows.
    """
    kept_first, kept_second = np.float32(FIRST_MOMENT), np.float32(SECOND_MOMENT)
    new_first, new_second = np.float32(1 - FIRST_MOMENT), np.float32(1 - SECOND_MOMENT)
    pace, epsilon = np.float32(rate), np.float32(EPSILON)
    columns = np.uint64(table.shape[1])  # numba counts an index that may be negative from the end, which is slow
    changed[:] = np.float32(0)
    for at in range(len(places)):
        number = places[at]
        for column in range(columns):
            changed[number, column] += slopes[at, column]
    for number in range(len(different)):
        row = different[number]
        for column in range(columns):
            slope = changed[number, column]
            mean = kept_first * first[row, column] + new_first * slope
            square = kept_second * second[row, column] + new_second * (slope * slope)
            first[row, column] = mean
            second[row, column] = square
            table[row, column] -= pace * mean / (np.sqrt(square) + epsilon)
            changed[number, column] = table[row, column]
