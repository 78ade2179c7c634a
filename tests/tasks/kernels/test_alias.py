"""The alias table: exact probabilities by adding up its columns, and draws that follow them."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare

from tasks.kernels.alias import AliasTable, alias_table, draw_row, negative_table
from tasks.kernels.random_streams import mix_numbers


@numba.njit
def draw_all(numbers: NDArray[np.uint64], table: AliasTable) -> NDArray[np.int64]:
    rows = np.empty(len(numbers), np.int64)
    for place in range(len(numbers)):
        rows[place] = draw_row(numbers[place], table.thresholds, table.aliases)
    return rows


def probabilities(table: AliasTable) -> NDArray[np.float64]:
    size = len(table.aliases)
    own = np.where(table.aliases == np.arange(size), 1.0, table.thresholds / 2.0**32)
    found = own.copy()
    np.add.at(found, table.aliases, 1 - own)
    return found / size


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=200))
def test_columns_add_up_to_the_weights(weights: list[int]) -> None:
    exact = np.array(weights) / sum(weights)
    np.testing.assert_allclose(probabilities(alias_table(np.array(weights, np.float64))), exact, atol=1e-8)


@pytest.mark.parametrize("power", [0.75, 0.0])
def test_draws_follow_the_power_of_the_counts(power: float) -> None:
    counts = np.array([5000, 1200, 800, 90, 40, 7, 5])
    table = negative_table(counts, power)
    draws = draw_all(mix_numbers(np.arange(200_000, dtype=np.uint64)), table)
    expected = counts**power / (counts**power).sum()
    assert chisquare(np.bincount(draws, minlength=7), expected * len(draws)).pvalue > 1e-4
