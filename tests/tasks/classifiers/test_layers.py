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


def padded(texts: list[Floats], side: str, filled: float = 0.0) -> tuple[Floats, NDArray[np.bool_]]:
    """The texts in one block, and where they are in it."""
    block = np.full((len(texts), LENGTH, CHANNELS), filled, np.float32)
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


def built(layer: Any, block: Floats) -> tuple[list[Floats], Floats]:
    """Its kernels, float32 [width, CHANNELS, FILTERS] each, and its bias, with random numbers in them."""
    layer.build(block.shape)
    random = np.random.default_rng(3)
    layer.set_weights([random.normal(size=each.shape).astype(np.float32) for each in layer.get_weights()])
    *kernels, bias = layer.get_weights()
    return [kernel[0] for kernel in kernels], bias


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("widths", [[1], [4], [5, 3]])
@pytest.mark.parametrize("pool", [1, 2, 5, None])
def test_a_maximum_sees_the_text_alone(texts: list[Floats], pool: int | None, widths: list[int], side: str) -> None:
    from tasks.classifiers.layers import ConvolvedMaximum

    block, mask = padded(texts, side)
    layer = ConvolvedMaximum(FILTERS, widths, pool)
    kernels, bias = built(layer, block)
    found, words = layer(block, mask=mask).numpy(), layer.compute_mask(block, mask)
    for number, text in enumerate(texts):
        each = [convolved(text, *weights) for weights in zip(kernels, np.split(bias, len(widths)), strict=True)]
        expected = pooled(np.maximum(np.concatenate(each, axis=1), 0), pool or LENGTH)
        rows = found[number][None] if words is None else found[number][np.asarray(words)[number]]
        np.testing.assert_allclose(rows, expected, atol=1e-5)
    if pool is None:
        assert words is None and found.shape == (len(texts), len(widths) * FILTERS)
    else:
        assert found.shape[:2] == words.shape == (len(texts), -(-LENGTH // pool))
        assert not found[~np.asarray(words)].any()


@pytest.mark.parametrize("pool", [3, None])
def test_bias_and_rectifier_behind_the_maximum_change_no_bit_of_16(texts: list[Floats], pool: int | None) -> None:
    import keras
    import tensorflow as tf

    from tasks.classifiers.layers import ConvolvedMaximum

    block, _ = padded(texts, "post")
    block = block[:, :15]
    layer = ConvolvedMaximum(FILTERS, [3], pool, dtype="mixed_bfloat16")
    (kernel,), bias = built(layer, block)
    theirs = keras.layers.Conv1D(FILTERS, 3, padding="same", activation="relu", dtype="mixed_bfloat16")
    theirs.build(block.shape)
    theirs.set_weights([kernel, bias])
    first = theirs(block)
    expected = tf.reduce_max(first, axis=1) if pool is None else tf.nn.max_pool1d(first, pool, pool, "VALID")
    assert layer(block).dtype == expected.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(layer(block), tf.float32), tf.cast(expected, tf.float32))


@pytest.mark.parametrize("side", ["post", "pre"])
def test_a_global_maximum_is_over_the_words(texts: list[Floats], side: str) -> None:
    from tasks.classifiers.layers import MaskedGlobalMaxPooling1D

    block, mask = padded(texts, side, filled=9.0)
    layer = MaskedGlobalMaxPooling1D()
    np.testing.assert_array_equal(layer(block, mask=mask).numpy(), [text.max(axis=0) for text in texts])
    assert layer.compute_mask(block, mask) is None
    np.testing.assert_array_equal(layer(block).numpy(), block.max(axis=1))


@pytest.mark.parametrize("pool", [2, 5, None])
def test_gradients_of_words_are_those_of_the_text_alone(texts: list[Floats], pool: int | None) -> None:
    from tasks.classifiers.layers import ConvolvedMaximum

    layer = ConvolvedMaximum(FILTERS, [3], pool)
    built(layer, texts[0][None])
    for side in ("post", "pre"):
        found = gradient(layer, *padded(texts, side))
        for number, text in enumerate(texts):
            expected = gradient(layer, text[None], np.ones((1, len(text)), bool))[0]
            words = slice(0, len(text)) if side == "post" else slice(LENGTH - len(text), LENGTH)
            np.testing.assert_allclose(found[number, words], expected, atol=1e-5)
            assert (expected != 0).any()


def gradient(layer: Any, block: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Of the sum of what comes out: float32 of the block's shape."""
    import tensorflow as tf

    given = tf.Variable(block)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(given, mask=mask))
    found: Floats = tf.convert_to_tensor(tape.gradient(total, given)).numpy()
    return found


def test_a_layer_is_made_again_from_what_is_saved_of_it() -> None:
    from tasks.classifiers.layers import ConvolvedMaximum

    layer = ConvolvedMaximum(FILTERS, (3, 4), 5, seed=7, name="reader")
    again = ConvolvedMaximum.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.filters, again.widths, again.pool, again.seed, again.name) == (FILTERS, (3, 4), 5, 7, "reader")


def test_dropout_leaves_the_same_numbers_out_of_all_words() -> None:
    from tasks.classifiers.layers import ChannelDropout

    layer, block = ChannelDropout(0.25, seed=1), np.ones((50, 7, 40), np.float32)
    found = layer(block, training=True).numpy()
    assert (found == found[:, :1]).all() and not (found == found[:1]).all()
    assert set(np.unique(found).tolist()) == {0.0, np.float32(4 / 3).item()}
    assert 0.2 < (found == 0).mean() < 0.3
    np.testing.assert_array_equal(layer(block), block)
    assert not (layer(block, training=True).numpy() == found).all()
