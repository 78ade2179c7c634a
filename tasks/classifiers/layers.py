"""Layers that leave padding out. Keras 3's own convolutions and maxima take it for words; its LSTM and mean do not.

Each follows the mask that `Embedding(mask_zero=True)` hands on: what comes out for a text does not depend on how far it
is padded, or at which end. Without a mask padding is words.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

import keras
import tensorflow as tf
from keras import ops

LOWEST = -1e9
"""Less than anything that comes out of a layer; finite, so that 0 times it is 0."""

TOGETHER = 8
"""Neighbours whose maximum is taken before that of the whole text, whose gradient takes four passes instead of one."""


@keras.saving.register_keras_serializable(package="wordloom")
class ChannelDropout(keras.layers.SpatialDropout1D):  # type: ignore[misc]
    """Leaves the same numbers out of all words of a text, by one product; Keras' own takes two operations a word."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """float [batch, length, channels] -> the same."""
        if not training or not self.rate:
            return inputs
        drawn = keras.random.uniform((ops.shape(inputs)[0], 1, inputs.shape[2]), seed=self.seed_generator)
        return inputs * ops.cast(ops.where(drawn < self.rate, 0.0, 1 / (1 - self.rate)), inputs.dtype)


@keras.saving.register_keras_serializable(package="wordloom")
class ConvolvedMaximum(keras.layers.Layer):  # type: ignore[misc]
    """Convolutions of some widths, with a rectifier, and the maximum of so many neighbours, or of a whole text.

    Words that are masked must be zeros, as what lies beyond the ends of a text is for a convolution; the maxima leave
    them out. What comes out of such a layer is zero there, too.

    Neighbours are counted from a text's first word on, wherever that stands; Keras counts from the middle of the
    padding, so that other neighbours would be pooled in a longer batch.

    Bias and rectifier come after the maximum. Both never fall where their argument rises, so the outcome is the same,
    to the last bit, and there are fewer numbers by then: such a step is mostly passes over all of them.
    """

    supports_masking = True

    def __init__(
        self, filters: int, widths: Sequence[int], pool: int | None = None, seed: int | None = None, **options: Any
    ) -> None:
        """Nothing is built yet.

        Args:
            filters: of each width.
            widths: in words.
            pool: how many neighbours; None: all words of a text.
            seed: of the kernels' start values; None: any.
            options: of every layer.
        """
        super().__init__(**options)
        self.filters, self.widths, self.pool, self.seed = filters, tuple(widths), pool, seed

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        own = {"filters": self.filters, "widths": self.widths, "pool": self.pool, "seed": self.seed}
        return {**super().get_config(), **own}

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Kernels [1, width, channels, filters], and a bias for all filters."""
        random = Random(self.seed)
        self.kernels = [
            self.add_weight(
                (1, width, input_shape[-1], self.filters),
                keras.initializers.GlorotUniform(random.getrandbits(31)),
                name=f"kernel_{width}",
            )
            for width in self.widths
        ]
        self.bias = self.add_weight((len(self.widths) * self.filters,), "zeros", name="bias")

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> [batch, pooled, all filters]; of whole texts [batch, all filters]."""
        mask = ops.ones(ops.shape(inputs)[:2], "bool") if mask is None else mask
        if self.pool is not None:
            inputs, mask = _from_first_word(inputs, mask)
        size = self.pool or TOGETHER
        # to the convolution the last neighbours are complete, too
        mask = ops.pad(mask, [[0, 0], [0, size - 1]])
        out_of_the_race = ops.cast(ops.where(mask, 0.0, LOWEST), inputs.dtype)[:, None, :, None]
        found = []
        for width, kernel in zip(self.widths, self.kernels, strict=True):
            around = ops.pad(inputs, [[0, 0], [(width - 1) // 2, width // 2 + size - 1], [0, 0]])
            convolved = tf.nn.conv2d(tf.expand_dims(around, 1), kernel, 1, "VALID")
            maxima = tf.nn.max_pool2d(convolved + out_of_the_race, (1, size), (1, size), "VALID")
            found.append(tf.squeeze(maxima, 1))
        maxima = ops.concatenate(found, axis=-1)
        if self.pool is None:
            maxima = ops.max(maxima, axis=1)
        return ops.relu(maxima + self.bias)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where at least one of the neighbours is a word; none of whole texts."""
        if mask is None or self.pool is None:
            return None
        return _first(mask)[:, :: self.pool]


@keras.saving.register_keras_serializable(package="wordloom")
class MaskedGlobalMaxPooling1D(keras.layers.GlobalMaxPooling1D):  # type: ignore[misc]
    """The maximum over the words of a text."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """float [batch, length, channels] -> float [batch, channels]."""
        return super().call(inputs if mask is None else ops.where(mask[..., None], inputs, LOWEST))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is nothing left to mask."""


def _places(mask: Any) -> Any:
    """0, 1, 2, ... for each text: int32 [batch, length]."""
    return ops.cumsum(ops.ones_like(mask, "int32"), axis=1) - 1


def _first(mask: Any) -> Any:
    """The mask of texts whose words have been moved to the front."""
    return _places(mask) < ops.sum(ops.cast(mask, "int32"), axis=1)[:, None]


def _from_first_word(values: Any, mask: Any) -> tuple[Any, Any]:
    """Values and mask with each text's words moved to the front; as they stand, where all are there already."""

    def moved() -> Any:
        places = (_places(mask) + ops.argmax(mask, axis=1)[:, None]) % ops.shape(mask)[1]
        return tf.gather(values, places, axis=1, batch_dims=1)

    return ops.cond(ops.all(mask[:, 0]), lambda: values, moved), _first(mask)
