"""Lanes against NumPy: sums in their stated order, the exponential and the logistic function, rows named twice."""

from typing import Any

import numpy as np
import pytest

from tasks.kernels.compiler import compiled
from tasks.kernels.lanes import (
    WIDTH,
    add_at,
    add_block,
    add_inner,
    add_outer,
    add_tiles,
    decay,
    divide,
    empty_block,
    load,
    load_at,
    load_below,
    load_block,
    load_columns,
    load_rows,
    logarithm,
    logistic,
    numbers_stored,
    positive_part,
    prefetch_at,
    row_starts,
    spread,
    spread_numbers,
    square_root,
    store,
    store_columns,
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
        many = zeros(count)
        store_sums(many, zeros(1), load_rows(many, rows, order, 0, 0), out, 0)

    rows, stored = table(count), numbers_stored(count)
    lanes = -(-stored // WIDTH) * WIDTH
    out = np.full((1, lanes + 1), 7, np.float32)
    sums(rows, np.arange(count)[None], out)
    np.testing.assert_array_equal(out[0, :count], halved(rows))
    assert not out[0, count:lanes].any() and out[0, lanes] == 7


def test_one_sum() -> None:
    @compiled
    def sum_of(rows: np.ndarray) -> Any:
        return total(load(rows, 0, 0))

    rows = table(1)
    assert sum_of(rows) == halved(rows)[0]


@pytest.mark.parametrize("sides", [1, 2, 3])
def test_products_and_combinations_are_those_of_matrices(sides: int) -> None:
    @compiled
    def work(x: np.ndarray, outputs: np.ndarray, order: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
        many, side = zeros(3), zeros(sides)
        rows = load_rows(many, outputs, order, 1, WIDTH)
        store_sums(many, side, add_outer(empty_block(many, side), rows, load_columns(side, x, 0, 0)), out, 1)
        factors, columns = spread_numbers(many, weights, 1), load_columns(side, x, 1, 0)
        combined = add_inner(columns, factors, load_block(many, side, outputs, order, 1, 0))
        store_columns(x, 2, 0, combined)
        add_block(many, side, outputs, order, 1, 0, add_outer(empty_block(many, side), factors, columns))

    width = sides * WIDTH
    x, outputs, weights, out = table(3, width), table(5, max(width, 2 * WIDTH)), table(2), np.zeros((9, 4), np.float32)
    order = np.array([[0, 0, 0], [4, 2, 4]])
    before, rows = outputs.copy(), order[1]
    work(x, outputs, order, weights, out)
    sums = x[0].reshape(sides, WIDTH) @ before[rows, WIDTH : 2 * WIDTH].T
    np.testing.assert_allclose(out[1 : 1 + sides, :3], sums, rtol=1e-4, atol=1e-5)
    assert not out[0].any() and not out[1 + sides :].any() and not out[:, 3].any()
    np.testing.assert_allclose(x[2], x[1] + weights[1, :3] @ before[rows, :width], rtol=1e-4, atol=1e-5)
    expected = before.copy()
    np.add.at(expected[:, :width], rows, weights[1, :3, None] * x[1])  # row 4 twice
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_rows_by_where_they_start_and_rows_below_each_other() -> None:
    @compiled
    def work(rows: np.ndarray, order: np.ndarray, x: np.ndarray) -> None:
        starts = row_starts(zeros(3), rows, order, 1)
        prefetch_at(starts, WIDTH)
        found = load_at(zeros(3), starts, WIDTH)
        add_at(starts, WIDTH, add_tiles(found, load_below(zeros(3), x, 1, WIDTH)))

    rows, x = table(5, 3 * WIDTH), table(4, 2 * WIDTH)
    order = np.array([[0, 0, 0], [4, 2, 4]])
    expected = rows.copy()
    np.add.at(expected[:, WIDTH : 2 * WIDTH], order[1], rows[order[1], WIDTH : 2 * WIDTH] + x[1:, WIDTH:])  # 4 twice
    work(rows, order, x)
    np.testing.assert_array_equal(rows, expected)


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


def test_logarithms_roots_and_quotients() -> None:
    @compiled
    def work(x: np.ndarray, logs: np.ndarray, inverse_roots: np.ndarray) -> None:
        for row in range(len(x)):
            lanes = load(x, row, 0)
            store(logs, row, 0, logarithm(lanes))
            store(inverse_roots, row, 0, divide(spread(np.float32(1)), square_root(lanes)))

    tiny = np.finfo(np.float32).tiny
    x = np.concatenate([np.geomspace(tiny, 3e38, 4096), np.linspace(0.5, 2, 4096), [tiny, 1.0] * 8])
    x = x.astype(np.float32).reshape(-1, WIDTH)
    logs, inverse_roots = np.empty_like(x), np.empty_like(x)
    work(x, logs, inverse_roots)
    np.testing.assert_allclose(logs, np.log(x.astype(np.float64)), rtol=2e-7, atol=1e-7)
    np.testing.assert_array_equal(inverse_roots, np.float32(1) / np.sqrt(x))


def test_a_number_in_every_lane() -> None:
    @compiled
    def fill(out: np.ndarray, number: np.float32) -> None:
        store(out, 0, 0, spread(number))

    out = np.zeros((1, WIDTH), np.float32)
    fill(out, np.float32(2.5))
    assert (out == 2.5).all()
