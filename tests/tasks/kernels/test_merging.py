"""The merge of copies against NumPy, and what it promises: lone changes stay whole, rows outside stay as they are."""

import numpy as np
import pytest

from tasks.kernels.merging import merge_rows, overlap
from tasks.kernels.tables import copies_of, padded

RNG = np.random.default_rng(0)


def merged(changes: list[np.ndarray], kappa: float) -> np.ndarray:
    """One row, by the formula, in the tree of pairs."""
    changes = [change.astype(np.float64) for change in changes]
    apart = 1
    while apart < len(changes):
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
    merge_rows(table, changed, 0.6, 1, 5)
    for row in range(1, 5):
        expected = before[row] + merged(list(apart[:, row] - before[row]), 0.6)
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
    merge_rows(table, changed, 1.0, 0, 2)
    np.testing.assert_allclose(table, 1)


def test_the_sum_is_the_other_end() -> None:
    table = padded(np.zeros((1, 16), np.float32))
    changed = copies_of(table, 4)
    changed[:, 0] = 1
    merge_rows(table, changed, 0.0, 0, 1)
    np.testing.assert_array_equal(table, 4)


def test_the_overlap_grows_with_the_copies() -> None:
    assert [overlap(copies) for copies in (1, 2, 4, 8)] == [0, 0.25, 0.625, 0.8125]
