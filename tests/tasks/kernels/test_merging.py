"""The merge of copies against NumPy, and what it promises: lone changes stay whole, rows outside stay as they are."""

import numpy as np
import pytest

from tasks.kernels.merging import CURVATURE, merge_rows, row_motion
from tasks.kernels.tables import copies_of, padded

RNG = np.random.default_rng(0)


def merged(changes: list[np.ndarray], moved: float) -> np.ndarray:
    """One row, by the formula, in the tree of pairs; `moved` is m of one copy."""
    changes = [change.astype(np.float64) for change in changes]
    apart = 1
    while apart < len(changes):
        kappa = 1 - (1 + apart * moved / 8) ** -8
        for one in range(0, len(changes) - apart, 2 * apart):
            a, b = changes[one], changes[one + apart]
            own = 1 - kappa * (a @ b) / (2 * (a @ a)) if a.any() else 1
            other = 1 - kappa * (a @ b) / (2 * (b @ b)) if b.any() else 1
            changes[one] = own * a + other * b
        apart *= 2
    return changes[0]


@pytest.mark.parametrize("copies", [2, 3, 4, 7, 8])
def test_it_is_the_formula_in_a_tree_of_pairs(copies: int) -> None:
    table = padded(RNG.normal(size=(6, 20)).astype(np.float32))
    changed = copies_of(table, copies)
    changed[:, :, :20] += RNG.normal(scale=0.1, size=(copies, 6, 20)).astype(np.float32)
    changed[0, 2] = table[2]  # the first copy has not met the word
    changed[:, 3] = table[3]  # none has
    before, apart = table.copy(), changed.copy()
    motion = np.array([9, 0, 1, 2, 4, 9], np.float32)
    merge_rows(table, changed, motion, 0.5, 1, 5)
    for row in range(1, 5):
        expected = before[row] + merged(list(apart[:, row] - before[row]), 0.5 * motion[row])
        np.testing.assert_allclose(table[row], expected, atol=1e-6)
        assert (changed[:, row] == table[row]).all()
    for row in (0, 5):
        np.testing.assert_array_equal(table[row], before[row])
        np.testing.assert_array_equal(changed[:, row], apart[:, row])
    np.testing.assert_array_equal(table[3], before[3])


def test_the_change_of_one_copy_alone_comes_whole_and_equal_ones_once() -> None:
    table = padded(np.zeros((2, 16), np.float32))
    changed = copies_of(table, 4)
    changed[2, 0] = 1
    changed[:, 1] = 1
    merge_rows(table, changed, np.full(2, np.inf, np.float32), 1.0, 0, 2)
    np.testing.assert_allclose(table, 1)


def test_the_sum_is_the_other_end() -> None:
    table = padded(np.zeros((1, 16), np.float32))
    changed = copies_of(table, 4)
    changed[:, 0] = 1
    merge_rows(table, changed, np.zeros(1, np.float32), 1.0, 0, 1)
    np.testing.assert_array_equal(table, 4)


@pytest.mark.parametrize("copies", [2, 4, 8, 16])
def test_many_copies_go_as_far_as_one_after_the_other(copies: int) -> None:
    """Each copy goes to the same place of rest, by gradient descent; together they go about as far as all their steps
    in a row would."""
    rate, rest = 0.05, 3.0
    for terms in (1, 10, 100, 1000):
        shares = 1 - (1 - rate * CURVATURE) ** np.array([terms, terms * copies])
        table = padded(np.zeros((1, 16), np.float32))
        changed = copies_of(table, copies)
        changed[:, 0] = rest * shares[0]
        merge_rows(table, changed, row_motion(np.array([float(terms)])), rate, 0, 1)
        assert 0.9 * rest * shares[1] <= table[0, 0] <= 1.1 * rest * shares[1]
