"""Lanes against NumPy: sums in their stated order, the exponential and the logistic function, rows named twice."""

from typing import Any

import numpy as np
import pytest

from tasks.kernels.compiler import compiled
from tasks.kernels.lanes import (
    WIDTH,
    add_combined,
    add_products,
    add_scaled,
    add_to_rows,
    decay,
    load,
    load_rows,
    logistic,
    numbers_stored,
    positive_part,
    spread,
    store,
    store_sums,
    total,
    zeros,
)

RNG = np.random.default_rng(0)


def table(rows: int, columns: int = WIDTH) -> np.ndarray:
    return RNG.normal(size=(rows, columns)).astype(np.float32)


def halved(numbers: np.ndarray) -> np.ndarray:
    """The sum of each row of 16 in the order that `store_sums` states."""
    for lanes in (8, 4, 2, 1):
        numbers = numbers[:, :lanes] + numbers[:, lanes : 2 * lanes]
    return numbers[:, 0]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 8, 9, 16, 17, 21, 33])
def test_sums_are_bit_for_bit_those_of_their_order(count: int) -> None:
    @compiled
    def sums(rows: np.ndarray, order: np.ndarray, out: np.ndarray) -> None:
        store_sums(load_rows(zeros(count), rows, order, 0, 0), out, 0)

    rows, stored = table(count), numbers_stored(count)
    out = np.full((1, stored + 1), 7, np.float32)
    sums(rows, np.arange(count)[None], out)
    np.testing.assert_array_equal(out[0, :count], halved(rows))
    assert not out[0, count:stored].any() and out[0, stored] == 7


def test_one_sum() -> None:
    @compiled
    def sum_of(rows: np.ndarray) -> Any:
        return total(load(rows, 0, 0))

    rows = table(1)
    assert sum_of(rows) == halved(rows)[0]


def test_products_and_combinations_are_those_of_matrices() -> None:
    @compiled
    def work(x: np.ndarray, outputs: np.ndarray, order: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
        like = zeros(3)
        store_sums(add_products(like, outputs, order, 1, WIDTH, load(x, 0, WIDTH)), out, 0)
        store(out, 1, 0, add_combined(load(x, 0, 0), load_rows(like, outputs, order, 1, 0), weights, 1))
        add_to_rows(outputs, order, 1, 0, add_scaled(like, load(x, 0, 0), weights, 1))

    x, outputs, weights, out = table(1, 32), table(5, 32), table(2), np.zeros((2, WIDTH), np.float32)
    order = np.array([[0, 0, 0], [4, 2, 4]])
    before, rows = outputs.copy(), order[1]
    work(x, outputs, order, weights, out)
    np.testing.assert_allclose(out[0, :3], before[rows, WIDTH:] @ x[0, WIDTH:], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(out[1], x[0, :WIDTH] + weights[1, :3] @ before[rows, :WIDTH], rtol=1e-4, atol=1e-5)
    expected = before.copy()
    np.add.at(expected[:, :WIDTH], rows, weights[1, :3, None] * x[0, :WIDTH])  # row 4 twice
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_the_exponential_and_the_logistic_function() -> None:
    @compiled
    def work(x: np.ndarray, tails: np.ndarray, curve: np.ndarray, above: np.ndarray) -> None:
        for row in range(len(x)):
            lanes = load(x, row, 0)
            tail = decay(lanes)
            store(tails, row, 0, tail)
            store(curve, row, 0, logistic(lanes, tail))
            store(above, row, 0, positive_part(lanes))

    x = np.concatenate([np.linspace(-86, 86, 4096), np.linspace(-2, 2, 4096)]).astype(np.float32).reshape(-1, WIDTH)
    results = [np.empty_like(x) for _ in range(3)]
    work(x, *results)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(results[0], np.exp(-np.abs(exact)), rtol=5e-7)
    np.testing.assert_allclose(results[1], 1 / (1 + np.exp(-exact)), rtol=6e-7)
    np.testing.assert_array_equal(results[2], np.maximum(x, 0))
    x = np.full((1, WIDTH), np.nan, np.float32)
    x[0, :4] = [np.inf, -np.inf, 1e30, -1e30]
    results = [np.empty_like(x) for _ in range(3)]
    work(x, *results)
    np.testing.assert_allclose(results[1][0, :4], [1, 0, 1, 0], atol=1e-37)
    assert np.isnan(results[1][0, 4:]).all() and np.isnan(results[2][0, 4:]).all()


def test_a_number_in_every_lane() -> None:
    @compiled
    def fill(out: np.ndarray, number: np.float32) -> None:
        store(out, 0, 0, spread(number))

    out = np.zeros((1, WIDTH), np.float32)
    fill(out, np.float32(2.5))
    assert (out == 2.5).all()
