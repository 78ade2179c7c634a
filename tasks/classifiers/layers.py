"""Layers that leave padding out. Keras 3's own convolutions and maxima take it for words; its LSTM and mean do not.

Each follows the mask that `Embedding(mask_zero=True)` hands on; without a mask they are the layers that they inherit
from. With it, what comes out for a text does not depend on how far it is padded, or at which end.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

LOWEST = -1e9
"""Less than anything that comes out of a layer; finite, so that 0 times it is 0."""


@keras.saving.register_keras_serializable(package="wordloom")
class MaskedConv1D(keras.layers.Conv1D):  # type: ignore[misc]
    """A convolution with `padding="same"` in which padding is zeros, as what lies beyond the ends of a text."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> float [batch, length, filters]; mask: bool [batch, length]."""
        if mask is None:
            return super().call(inputs)
        return _blanked(super().call(_blanked(inputs, mask)), mask)


@keras.saving.register_keras_serializable(package="wordloom")
class MaskedMaxPooling1D(keras.layers.MaxPooling1D):  # type: ignore[misc]
    """The maximum of so many neighbours; counted from a text's first word on, wherever that stands.

    Keras counts from the middle of the padding, so that other neighbours would be pooled in a longer batch.
    """

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> float [batch, pooled, channels]; a text's words stand together."""
        if mask is None:
            return super().call(inputs)
        (size,) = self.pool_size
        words = _from_first_word(ops.where(mask[..., None], inputs, LOWEST), mask)
        words = ops.pad(words, [[0, 0], [0, size - 1], [0, 0]], constant_values=LOWEST)
        return _blanked(ops.max_pool(words, size, size, "valid"), self.compute_mask(inputs, mask))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where at least one of the neighbours is a word."""
        if mask is None:
            return None
        (size,) = self.pool_size
        return _places(mask)[:, ::size] < ops.sum(ops.cast(mask, "int32"), axis=1)[:, None]


@keras.saving.register_keras_serializable(package="wordloom")
class MaskedGlobalMaxPooling1D(keras.layers.GlobalMaxPooling1D):  # type: ignore[misc]
    """The maximum over the words of a text."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> float [batch, channels]."""
        return super().call(inputs if mask is None else ops.where(mask[..., None], inputs, LOWEST))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is nothing left to mask."""


def _blanked(values: Any, mask: Any) -> Any:
    return values * ops.cast(mask, values.dtype)[..., None]


def _places(mask: Any) -> Any:
    """0, 1, 2, ... for each text: int32 [batch, length]."""
    return ops.cumsum(ops.ones_like(mask, "int32"), axis=1) - 1


def _from_first_word(values: Any, mask: Any) -> Any:
    """The same with each text's words moved to the front; as they stand, where all are there already."""

    def moved() -> Any:
        places = (_places(mask) + ops.argmax(mask, axis=1)[:, None]) % ops.shape(mask)[1]
        return tf.gather(values, places, axis=1, batch_dims=1)

    return ops.cond(ops.all(mask[:, 0]), lambda: values, moved)
