"""Layers that leave padding out. Keras 3's own convolutions and maxima take it for words; its LSTM and mean do not.

Each follows the mask that `Embedding(mask_zero=True)` hands on; without a mask they are the layers that they inherit
from. With it, what comes out for a text does not depend on how far it is padded, or at which end.
"""

from typing import Any

import keras
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
    """The maximum of so many neighbours; of those that are words, where some are not."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> float [batch, pooled, channels]."""
        if mask is None:
            return super().call(inputs)
        pooled = super().call(ops.where(mask[..., None], inputs, LOWEST))
        return _blanked(pooled, self.compute_mask(inputs, mask))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where at least one of the neighbours is a word."""
        if mask is None:
            return None
        return super().call(ops.cast(mask, "float32")[..., None])[..., 0] > 0


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
