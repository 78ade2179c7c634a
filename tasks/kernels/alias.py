"""Draws words by weight in constant time: Walker's alias table, built by Vose's method.

Source: M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE TSE 1991.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled_inline
from tasks.kernels.random_streams import LOW_HALF, below


class AliasTable(NamedTuple):
    """Column c gives row c with probability thresholds[c] / 2^32, else row aliases[c].

    Attributes:
        thresholds: uint32 [n].
        aliases: int32 [n].
    """

    thresholds: NDArray[np.uint32]
    aliases: NDArray[np.int32]


def alias_table(weights: NDArray[np.float64]) -> AliasTable:
    """The table for weights (float64 [n], positive, finite; they need not add up to one)."""
    size = len(weights)
    share = (weights * (size / weights.sum())).tolist()
    chances = [1.0] * size  # of a column to give its own row
    aliases = list(range(size))
    poor = [row for row in range(size) if share[row] < 1.0]
    rich = [row for row in range(size) if share[row] >= 1.0]
    while poor and rich:
        taker, giver = poor.pop(), rich[-1]
        chances[taker], aliases[taker] = share[taker], giver
        share[giver] -= 1.0 - share[taker]
        if share[giver] < 1.0:
            poor.append(rich.pop())
    # A full column is its own alias, so cutting its threshold down to 32 bits costs nothing.
    thresholds = np.minimum(np.array(chances) * 2.0**32, 2.0**32 - 1).astype(np.uint32)
    return AliasTable(thresholds, np.array(aliases, np.int32))


def negative_table(counts: NDArray[np.int64], power: float) -> AliasTable:
    """The noise of Mikolov et al. (2013): count^power; power 0 is uniform. counts: int64 [n], from 1 up."""
    return alias_table(counts.astype(np.float64) ** power)


@compiled_inline
def draw_row(number: np.uint64, thresholds: NDArray[np.uint32], aliases: NDArray[np.int32]) -> int:
    """The row that a 64-bit random number stands for: its low half chooses the column, its high half row or alias.

    Without a branch: half of the time it would be guessed wrong.
    """
    column = column_of(number, len(thresholds))
    alias = int(aliases[column])
    return alias + (int(column) - alias) * int((number >> np.uint64(32)) < np.uint64(thresholds[column]))


@compiled_inline
def column_of(number: np.uint64, columns: int) -> np.uint64:
    """The column that a 64-bit random number chooses."""
    return below(number & LOW_HALF, np.uint64(columns))
