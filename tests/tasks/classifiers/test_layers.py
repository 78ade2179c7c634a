"""The layers that leave padding out, against plain NumPy on each text alone."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("tensorflow")

CHANNELS, FILTERS, LENGTH = 3, 5, 17
Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def texts() -> list[Floats]:
    """Float32 [words, CHANNELS] each, of all lengths that matter to windows of five."""
    random = np.random.default_rng(1)
    return [random.normal(-0.5, 1.0, (words, CHANNELS)).astype(np.float32) for words in (1, 2, 4, 5, 6, 10, 11, 17)]


def padded(texts: list[Floats], side: str) -> tuple[Floats, NDArray[np.bool_]]:
    """The texts in one block; its padding is anything but zeros."""
    block = np.random.default_rng(2).normal(9.0, 1.0, (len(texts), LENGTH, CHANNELS)).astype(np.float32)
    mask = np.zeros((len(texts), LENGTH), bool)
    for number, text in enumerate(texts):
        words = slice(0, len(text)) if side == "post" else slice(LENGTH - len(text), LENGTH)
        block[number, words], mask[number, words] = text, True
    return block, mask


def convolved(text: Floats, kernel: Floats, bias: Floats) -> Floats:
    """One text with zeros beyond its ends: float32 [words, FILTERS], before the activation."""
    width = len(kernel)
    left = (width - 1) // 2
    around = np.pad(text, ((left, width - 1 - left), (0, 0)))
    return np.stack([np.einsum("wc,wcf->f", around[at : at + width], kernel) + bias for at in range(len(text))])


def pooled(text: Floats, size: int) -> Floats:
    """The maximum of every `size` words of one text, from its first on."""
    return np.stack([text[at : at + size].max(axis=0) for at in range(0, len(text), size)])


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("width", [1, 3, 4, 5])
def test_a_convolution_sees_the_text_alone(texts: list[Floats], width: int, side: str) -> None:
    from tasks.classifiers.layers import MaskedConv1D

    block, mask = padded(texts, side)
    layer = MaskedConv1D(FILTERS, width, padding="same", activation="relu")
    layer.build(block.shape)
    random = np.random.default_rng(3)
    kernel, bias = (random.normal(size=variable.shape).astype(np.float32) for variable in layer.weights)
    layer.set_weights([kernel, bias])
    found = layer(block, mask=mask).numpy()
    assert not found[~mask].any()
    for number, text in enumerate(texts):
        expected = np.maximum(convolved(text, kernel, bias), 0)
        np.testing.assert_allclose(found[number][mask[number]], expected, atol=1e-5)


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_pooling_sees_the_text_alone(texts: list[Floats], size: int, side: str) -> None:
    from tasks.classifiers.layers import MaskedMaxPooling1D

    block, mask = padded(texts, side)
    layer = MaskedMaxPooling1D(size, padding="same")
    found, words = layer(block, mask=mask).numpy(), np.asarray(layer.compute_mask(block, mask))
    assert found.shape[:2] == words.shape == (len(texts), -(-LENGTH // size))
    assert not found[~words].any()
    for number, text in enumerate(texts):
        np.testing.assert_array_equal(found[number][words[number]], pooled(text, size))


@pytest.mark.parametrize("side", ["post", "pre"])
def test_a_global_maximum_is_over_the_words(texts: list[Floats], side: str) -> None:
    from tasks.classifiers.layers import MaskedGlobalMaxPooling1D

    block, mask = padded(texts, side)
    layer = MaskedGlobalMaxPooling1D()
    np.testing.assert_array_equal(layer(block, mask=mask).numpy(), [text.max(axis=0) for text in texts])
    assert layer.compute_mask(block, mask) is None


@pytest.mark.parametrize("size", [2, 5])
def test_a_gradient_goes_to_the_words_alone(texts: list[Floats], size: int) -> None:
    import tensorflow as tf

    from tasks.classifiers.layers import MaskedConv1D, MaskedMaxPooling1D

    for side in ("post", "pre"):
        block, mask = padded(texts, side)
        conv = MaskedConv1D(FILTERS, 3, padding="same")
        pooling = MaskedMaxPooling1D(size, padding="same")
        given = tf.Variable(block)
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(pooling(conv(given, mask=mask), mask=mask))
        gradient = tf.convert_to_tensor(tape.gradient(total, given)).numpy()
        assert not gradient[~mask].any() and (gradient[mask] != 0).any(axis=1).mean() > 0.5


def test_without_a_mask_they_are_the_layers_of_keras(texts: list[Floats]) -> None:
    import keras

    from tasks.classifiers.layers import MaskedConv1D, MaskedGlobalMaxPooling1D, MaskedMaxPooling1D

    block, _ = padded(texts, "post")
    pairs: list[tuple[Any, Any]] = [
        (MaskedConv1D(FILTERS, 4, padding="same"), keras.layers.Conv1D(FILTERS, 4, padding="same")),
        (MaskedMaxPooling1D(5, padding="same"), keras.layers.MaxPooling1D(5, padding="same")),
        (MaskedGlobalMaxPooling1D(), keras.layers.GlobalMaxPooling1D()),
    ]
    for ours, theirs in pairs:
        ours.build(block.shape)
        theirs.build(block.shape)
        ours.set_weights(theirs.get_weights())
        np.testing.assert_array_equal(ours(block).numpy(), theirs(block).numpy())
