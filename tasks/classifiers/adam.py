"""Adam for a network (Kingma and Ba 2015), as Keras has it but for the embedding: of that table only the rows that a
batch has are changed, which is what lazy implementations of Adam do. Keras' own goes over the whole table at every
step, and for a vocabulary of tens of thousands that takes longer than the network.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tasks.kernels.adam_numba import (
    EPSILON,
    FIRST_MOMENT,
    NOWHERE,
    SECOND_MOMENT,
    change_rows,
    number_rows,
)
from tasks.kernels.tables import Table


class Adam:
    """Of variables all of whose numbers change, one operation for each; Keras' own takes ten."""

    def __init__(self, variables: Sequence[Any], learning_rate: float) -> None:
        self._variables, self._rate = variables, learning_rate
        self._moments = [[tf.Variable(tf.zeros(each.shape)) for _ in range(2)] for each in variables]
        self._powers = [tf.Variable(1.0) for _ in range(2)]

    def __call__(self, gradients: Sequence[Any]) -> None:
        """Changes each variable by its gradient, float32 of the same shape."""
        decays = (FIRST_MOMENT, SECOND_MOMENT)
        powers = [power.assign(power * decay) for power, decay in zip(self._powers, decays, strict=True)]
        for variable, (first, second), gradient in zip(self._variables, self._moments, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle, beta1_power=powers[0], beta2_power=powers[1],
                lr=self._rate, beta1=decays[0], beta2=decays[1], epsilon=EPSILON, grad=gradient,
            )  # fmt: skip


class RowsOnCpu:
    """By compiled code, which has a copy of the table: TensorFlow's own cannot be written to."""

    def __init__(self, table: Any, learning_rate: float) -> None:
        self._variable, self._rate, self._steps = table, learning_rate, 0
        self._table = np.array(table.numpy())
        self._first, self._second = np.zeros_like(self._table), np.zeros_like(self._table)
        self._numbers = np.full(len(self._table), NOWHERE, np.uint32)

    def __call__(self, gradient: Any) -> None:
        """Changes the rows of a gradient (`tf.IndexedSlices`); a row may stand in it several times."""
        rows, changed = tf.numpy_function(self._step, [gradient.indices, gradient.values], [tf.int32, tf.float32])
        self._variable.scatter_update(tf.IndexedSlices(tf.ensure_shape(changed, (None, self._table.shape[1])), rows))

    def _step(self, rows: NDArray[np.int32], slopes: Table) -> tuple[NDArray[np.int32], Table]:
        """The rows that change, int32 [different rows], and what they become, float32 [different rows, dim]."""
        self._steps += 1
        rate = self._rate * np.sqrt(1 - SECOND_MOMENT**self._steps) / (1 - FIRST_MOMENT**self._steps)
        different, places = np.empty_like(rows, np.uint32), np.empty_like(rows, np.uint32)
        different = different[: number_rows(rows.view(np.uint32), self._numbers, different, places)]
        changed = np.empty((len(different), self._table.shape[1]), np.float32)
        change_rows(places, slopes, different, rate, self._table, self._first, self._second, changed)
        return different.view(np.int32), changed


class RowsOnGpu:
    """By TensorFlow alone."""

    def __init__(self, table: Any, learning_rate: float) -> None:
        self._table, self._rate = table, learning_rate
        self._first, self._second = (tf.Variable(tf.zeros(table.shape), trainable=False) for _ in range(2))
        self._steps = tf.Variable(0.0, trainable=False)

    def __call__(self, gradient: Any) -> None:
        """As `RowsOnCpu`."""
        rows, places = tf.unique(gradient.indices)
        sums = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
        steps = self._steps.assign_add(1.0)
        first = FIRST_MOMENT * tf.gather(self._first, rows) + (1 - FIRST_MOMENT) * sums
        second = SECOND_MOMENT * tf.gather(self._second, rows) + (1 - SECOND_MOMENT) * tf.square(sums)
        rate = self._rate * tf.sqrt(1 - SECOND_MOMENT**steps) / (1 - FIRST_MOMENT**steps)
        self._first.scatter_update(tf.IndexedSlices(first, rows))
        self._second.scatter_update(tf.IndexedSlices(second, rows))
        changed = tf.gather(self._table, rows) - rate * first / (tf.sqrt(second) + EPSILON)
        self._table.scatter_update(tf.IndexedSlices(changed, rows))
