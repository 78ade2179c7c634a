"""Keras' LSTM, whose steps compiled code takes on CPU cores: in TensorFlow's loop the most goes to starting each."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from tasks.kernels.lstm_numba import MULTIPLE, TEXTS, follow_back, read_texts

Numbers = NDArray[np.float32]


@keras.saving.register_keras_serializable(package="wordloom")
class LSTM(keras.layers.LSTM):  # type: ignore[misc]
    """The last state of a text, float [batch, length, channels] -> float [batch, units].

    With the same weights it says what its parent says, up to rounding; a graph that has it does not leave Python, so
    whoever needs that gives them to a `keras.layers.LSTM`. A GPU has a kernel of its own, which the parent knows.
    """

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """mask: bool [batch, length]; at a step that it leaves out, a text keeps its state."""
        if initial_state is not None or self._wants_more() or tf.config.list_physical_devices("GPU"):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        if mask is None:
            mask = ops.ones(ops.shape(sequences)[:2], "bool")
        if self.go_backwards:
            sequences, mask = ops.flip(sequences, axis=1), ops.flip(mask, axis=1)
        kernel, recurrent, bias = (
            self._widened(each) for each in (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        )
        recurrent = ops.pad(recurrent, [[0, -self.units % MULTIPLE], [0, 0]])
        inputs = ops.cast(ops.matmul(sequences, kernel) + bias, "float32")
        state = _last_states(inputs, ops.cast(recurrent, "float32"), mask)
        return ops.cast(state[:, : self.units], self.compute_dtype)

    def _wants_more(self) -> bool:
        """Whether it was built for something that only its parent does."""
        asked = (self.return_sequences, self.return_state, self.stateful, self.dropout, self.recurrent_dropout)
        usual = (self.activation, self.recurrent_activation) == (keras.activations.tanh, keras.activations.sigmoid)
        return any(asked) or not (usual and self.use_bias)

    def _widened(self, weights: Any) -> Any:
        """Each gate's columns are filled up with zeros, which keep what they add at zero: [..., 4 * a multiple]."""
        missing = -self.units % MULTIPLE
        if not missing:
            return ops.convert_to_tensor(weights)
        gates = ops.reshape(weights, (*weights.shape[:-1], 4, self.units))
        gates = ops.pad(gates, [[0, 0]] * (len(gates.shape) - 1) + [[0, missing]])
        return ops.reshape(gates, (*weights.shape[:-1], 4 * (self.units + missing)))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _last_states(inputs: Any, recurrent: Any, mask: Any) -> Any:
    """float32 [batch, length, 4 * units], [units, 4 * units], bool [batch, length] -> float32 [batch, units]."""
    units = recurrent.shape[0]
    gates, cells, states = tf.numpy_function(_read, [inputs, recurrent, mask], [tf.float32] * 3)
    states = tf.ensure_shape(states, (None, None, units))

    def gradient(last_slopes: Any) -> Any:
        given = [last_slopes, tf.transpose(recurrent), mask, gates, cells]
        slopes = tf.ensure_shape(tf.numpy_function(_follow, given, tf.float32), (None, None, 4 * units))
        before, after = states[:, :-1], slopes[:, 1:]
        by_recurrent = tf.matmul(tf.reshape(before, (-1, units)), tf.reshape(after, (-1, 4 * units)), transpose_a=True)
        return slopes, by_recurrent, None

    return states[:, -1], gradient


def _read(inputs: Numbers, recurrent: Numbers, mask: NDArray[np.bool_]) -> tuple[Numbers, Numbers, Numbers]:
    """The gates, float32 [batch, length, 4 * units], the cells and the states, float32 [batch, length, units]."""
    gates = np.empty_like(inputs)
    cells, states = (np.empty((*mask.shape, recurrent.shape[0]), np.float32) for _ in range(2))
    tables = [_rows(each) for each in (gates, cells, states)]
    _share(lambda first, last: read_texts(_rows(inputs), recurrent, mask, first, last, *tables), len(mask))
    return gates, cells, states


def _follow(
    last_slopes: Numbers, transposed: Numbers, mask: NDArray[np.bool_], gates: Numbers, cells: Numbers
) -> Numbers:
    """The slopes of the loss by the inputs, float32 [batch, length, 4 * units]."""
    slopes = np.empty_like(gates)
    tables = [_rows(each) for each in (gates, cells, slopes)]
    _share(lambda first, last: follow_back(last_slopes, transposed, mask, first, last, *tables), len(mask))
    return slopes


def _rows(numbers: Numbers) -> Numbers:
    return numbers.reshape(-1, numbers.shape[-1])


def _share(work: Callable[[int, int], None], texts: int) -> None:
    """Calls it for all texts, in as many parts as TensorFlow has threads."""
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
    size = -(-texts // (TEXTS * threads)) * TEXTS
    parts = [(first, min(first + size, texts)) for first in range(0, texts, size)]
    if len(parts) == 1:
        work(*parts[0])
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        for done in [pool.submit(work, *part) for part in parts]:
            done.result()
