"""The classifiers as Keras models: ids, int32 [batch, length] -> probabilities, float32 [batch, classes].

average: the mean of the vectors, as in fastText's classifier (Joulin et al. 2017). max: their maximum. lstm, bilstm:
Hochreiter and Schmidhuber 1997, read forwards, or both ways. cnn: two convolutions with a pooling between them, then
the maximum. kim: convolutions of several widths side by side (Kim 2014, "Convolutional Neural Networks for Sentence
Classification").
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import keras
import numpy as np

from tasks.classifiers.grid import NetworkName
from tasks.classifiers.layers import ChannelDropout, ConvolvedMaximum, MaskedGlobalMaxPooling1D
from tasks.classifiers.recurrent import LSTM
from tasks.classifiers.runtime import AskedPrecision, Precision, best_precision
from tasks.storage.matrix import Matrix

CNN_WIDTH = 5
KIM_WIDTHS = (3, 4, 5)

MULTIPLYING: tuple[NetworkName, ...] = ("lstm", "bilstm", "cnn", "kim")
"""Those that mostly multiply matrices."""

EMBEDDING = "embedding"
"""The name of that layer."""


@dataclass(frozen=True)
class NetworkSettings:
    """The shape of a network.

    Attributes:
        name: which one.
        classes: that there are.
        units: of a convolution, of kim of each width; an LSTM has half as many, each way.
        dropout: the share of numbers left out in training, of the vectors and before the last layer.
        mask: whether padding is left out.
    """

    name: NetworkName
    classes: int
    units: int
    dropout: float
    mask: bool


def precision_of(name: NetworkName, asked: AskedPrecision) -> Precision:
    """What a network computes in: fewer bits make products of matrices faster; a mean over a text wants all bits."""
    return best_precision(asked) if name in MULTIPLYING else "float32"


def build(settings: NetworkSettings, matrix: Matrix, tuned: bool, seed: int) -> Any:
    """A network with its start values.

    Args:
        settings: its shape.
        matrix: float32 [ids, dim], of the embedding.
        tuned: whether training changes it.
        seed: of the other start values, and of what dropout leaves out.
    """
    seeds = _seeds(seed)
    ids = keras.Input((None,), dtype="int32", name="ids")
    rows, dim = matrix.shape
    embedding = keras.layers.Embedding(
        rows, dim, embeddings_initializer="zeros", mask_zero=settings.mask, trainable=tuned, name=EMBEDDING
    )
    vectors = embedding(ids)
    embedding.set_weights([np.asarray(matrix)])
    fixed_mean = settings.name == "average" and not tuned
    # of which only the last layer learns, and that is too small to learn texts by heart
    dropout = 0.0 if fixed_mean else settings.dropout
    text = READERS[settings.name](ChannelDropout(dropout / 2, seed=next(seeds))(vectors), settings.units, seeds)
    # means of many words lie close together; nothing else can spread them where the vectors are fixed
    spread = keras.layers.BatchNormalization(momentum=0.9)
    text = spread(text) if fixed_mean else keras.layers.Dropout(dropout, seed=next(seeds))(text)
    # float32, also where the rest is computed in 16 bits: a softmax of those is too coarse
    probabilities = keras.layers.Dense(
        settings.classes, "softmax", kernel_initializer=_glorot(seeds), dtype="float32", name="classes"
    )(text)
    return keras.Model(ids, probabilities, name=settings.name)


def bare(network: Any) -> Any:
    """A copy that has nothing of its training but the numbers, to be saved."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def _seeds(seed: int) -> Iterator[int]:
    """One for each thing that is random: those that Keras gives are of the whole process, whose other threads draw."""
    random = Random(seed)
    while True:
        yield random.getrandbits(31)


def _glorot(seeds: Iterator[int]) -> Any:
    return keras.initializers.GlorotUniform(next(seeds))


def _average(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    return keras.layers.GlobalAveragePooling1D()(vectors)


def _max(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    return keras.layers.Dense(units, "relu", kernel_initializer=_glorot(seeds))(MaskedGlobalMaxPooling1D()(vectors))


def _one_way(units: int, seeds: Iterator[int], go_backwards: bool = False) -> Any:
    return LSTM(
        max(1, units // 2),
        kernel_initializer=_glorot(seeds),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        seed=next(seeds),
        go_backwards=go_backwards,
    )


def _lstm(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    return _one_way(units, seeds)(vectors)


def _bilstm(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    forwards, backwards = _one_way(units, seeds), _one_way(units, seeds, go_backwards=True)
    return keras.layers.Bidirectional(forwards, backward_layer=backwards)(vectors)


def _cnn(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    pooled = ConvolvedMaximum(units, [CNN_WIDTH], pool=CNN_WIDTH, seed=next(seeds))(vectors)
    return ConvolvedMaximum(units, [CNN_WIDTH], seed=next(seeds))(pooled)


def _kim(vectors: Any, units: int, seeds: Iterator[int]) -> Any:
    return ConvolvedMaximum(units, KIM_WIDTHS, seed=next(seeds))(vectors)


READERS: Mapping[NetworkName, Callable[[Any, int, Iterator[int]], Any]] = {
    "average": _average,
    "max": _max,
    "lstm": _lstm,
    "bilstm": _bilstm,
    "cnn": _cnn,
    "kim": _kim,
}
"""What turns the vectors of a text, [batch, length, dim], into one, [batch, numbers]."""
