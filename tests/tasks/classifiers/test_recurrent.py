"""Our LSTM gives the numbers of Keras' own, forwards and backwards, whatever is masked."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.classifiers import network, planted

pytestmark = pytest.mark.usefixtures("tensorflow")

TEXTS, LENGTH, CHANNELS = 11, 9, 5


@pytest.fixture(params=["none", "post", "pre"])
def mask(request: pytest.FixtureRequest) -> NDArray[np.bool_] | None:
    """Nothing is padding, or some is at one end."""
    if request.param == "none":
        return None
    lengths = np.random.default_rng(1).integers(1, LENGTH + 1, TEXTS)
    found: NDArray[np.bool_] = np.arange(LENGTH) < lengths[:, None]
    return found if request.param == "post" else found[:, ::-1].copy()


def learned(layer: Any, vectors: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> list[NDArray[np.float32]]:
    """What it says, and the gradients of a sum of it: by the vectors, then by its numbers."""
    import tensorflow as tf

    numbers = [each.value for each in layer.trainable_variables]
    with tf.GradientTape() as tape:
        given = tf.constant(vectors)
        tape.watch(given)
        said = layer(given, mask=None if mask is None else tf.constant(mask))
        weights = np.random.default_rng(2).normal(size=said.shape).astype(np.float32)
        loss = tf.reduce_sum(tf.cast(said, tf.float32) * weights)
    return [np.array(each) for each in (said, *tape.gradient(loss, [given, *numbers]))]


@pytest.mark.parametrize("units", [3, 64])
@pytest.mark.parametrize("backwards", [False, True])
def test_values_and_gradients_are_those_of_keras(units: int, backwards: bool, mask: NDArray[np.bool_] | None) -> None:
    import keras

    from tasks.classifiers import runtime
    from tasks.classifiers.recurrent import LSTM

    runtime.begin()
    vectors = np.random.default_rng(3).normal(size=(TEXTS, LENGTH, CHANNELS)).astype(np.float32)
    theirs, ours = keras.layers.LSTM(units, go_backwards=backwards), LSTM(units, go_backwards=backwards)
    for layer in (theirs, ours):
        layer.build(vectors.shape)
    ours.set_weights([each + 0.1 for each in theirs.get_weights()])
    theirs.set_weights(ours.get_weights())
    for one, other in zip(learned(ours, vectors, mask), learned(theirs, vectors, mask), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("asked", [{"return_sequences": True}, {"use_bias": False}, {"activation": "relu"}])
def test_what_the_kernel_does_not_do_its_parent_does(asked: dict[str, Any]) -> None:
    import keras

    from tasks.classifiers.recurrent import LSTM

    vectors = np.random.default_rng(3).normal(size=(TEXTS, LENGTH, CHANNELS)).astype(np.float32)
    theirs, ours = keras.layers.LSTM(4, **asked), LSTM(4, **asked)
    ours.build(vectors.shape)
    expected = theirs(vectors).numpy()
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(vectors).numpy(), expected, atol=1e-6)


def test_in_16_bits_it_says_about_the_same() -> None:
    texts = planted(20, seed=1)
    said = []
    for precision in ("float32", "bfloat16"):
        built = network("bilstm", precision=precision)  # type: ignore[arg-type]
        said.append(np.stack([built(texts.texts.text(row)[None])[0].numpy() for row in range(20)]))
    assert 0 < np.abs(said[0] - said[1]).max() < 0.01
