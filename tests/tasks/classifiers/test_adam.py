"""Adam is Keras' Adam; for rows it is where all of them occur, and elsewhere rows stay."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("tensorflow")

WAYS = ("RowsOnCpu", "RowsOnGpu")

Step = tuple[list[int], NDArray[np.float32]]


def changed(way: str, table: NDArray[np.float32], steps: Sequence[Step]) -> Any:
    """What it makes of a table."""
    import tensorflow as tf

    from tasks.classifiers import adam

    variable = tf.Variable(table)
    change = getattr(adam, way)(variable, 0.05)
    for rows, values in steps:
        change(tf.IndexedSlices(tf.constant(values), tf.constant(rows), tf.constant(table.shape)))
    return variable.numpy()


def normal(random: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return random.normal(size=shape).astype(np.float32)


def planned(rows: int, dim: int) -> tuple[NDArray[np.float32], list[Step]]:
    """A table, and steps in which all of its rows occur."""
    random = np.random.default_rng(1)
    return normal(random, rows, dim), [(random.permutation(rows).tolist(), normal(random, rows, dim)) for _ in range(5)]


def test_all_numbers_of_variables_change_as_with_keras() -> None:
    import keras
    import tensorflow as tf

    from tasks.classifiers.adam import Adam

    random = np.random.default_rng(2)
    starts = [normal(random, 3, 5), normal(random, 4)]
    ours, theirs = [tf.Variable(each) for each in starts], [keras.Variable(each) for each in starts]
    change, optimizer = Adam(ours, 0.05), keras.optimizers.Adam(0.05)
    for _ in range(5):
        gradients = [tf.constant(normal(random, *each.shape)) for each in starts]
        change(gradients)
        optimizer.apply(gradients, theirs)
    for start, one, other in zip(starts, ours, theirs, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=5e-6)  # see below
        assert (np.abs(one.numpy() - start) > 0.01).mean() > 0.5


@pytest.mark.parametrize("way", WAYS)
def test_it_is_that_of_keras_where_all_rows_occur(way: str) -> None:
    import keras

    table, steps = planned(6, 37)
    theirs = keras.Variable(table)
    optimizer = keras.optimizers.Adam(0.05)
    for rows, values in steps:
        optimizer.apply([keras.ops.convert_to_tensor(values[np.argsort(rows)])], [theirs])
    # 1 - 0.999 is off by 5e-5 in float32, in which Keras corrects the moments: by half of that a step of 0.05
    np.testing.assert_allclose(changed(way, table, steps), theirs.numpy(), atol=1e-6 if way == "RowsOnGpu" else 5e-6)


def test_it_is_that_of_the_paper() -> None:
    table, steps = planned(6, 37)
    exact, first, second = table.astype(np.float64), np.zeros(table.shape), np.zeros(table.shape)
    for step, (rows, values) in enumerate(steps, 1):
        slopes = values[np.argsort(rows)].astype(np.float64)
        first, second = 0.9 * first + 0.1 * slopes, 0.999 * second + 0.001 * slopes**2
        exact -= 0.05 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step) * first / (np.sqrt(second) + 1e-7)
    np.testing.assert_allclose(changed("RowsOnCpu", table, steps), exact, atol=5e-7)


@pytest.mark.parametrize("way", WAYS)
def test_a_row_that_is_repeated_is_summed_and_the_others_stay(way: str) -> None:
    random = np.random.default_rng(2)
    table, values = normal(random, 5, 3), normal(random, 3, 3)
    repeated = changed(way, table, [([3, 1, 3], values)] * 2)
    summed = changed(way, table, [([1, 3], np.stack([values[1], values[0] + values[2]]))] * 2)
    np.testing.assert_allclose(repeated, summed, atol=1e-7)
    np.testing.assert_array_equal(repeated[[0, 2, 4]], table[[0, 2, 4]])
    assert (repeated[[1, 3]] != table[[1, 3]]).all()


def test_both_ways_are_the_same() -> None:
    random = np.random.default_rng(3)
    table = normal(random, 40, 100)
    steps: list[Step] = [(random.integers(0, 40, 200).tolist(), normal(random, 200, 100)) for _ in range(3)]
    one, other = (changed(way, table, steps) for way in WAYS)
    np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_array_equal(one, changed("RowsOnCpu", table, steps))
