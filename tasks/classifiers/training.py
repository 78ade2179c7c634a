"""Trains a network on labelled texts until it gets no better on others, and lets it answer.

Adam, compiled once for batches of any length; see `tasks.classifiers.adam`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.classifiers.batches import Labelled, bucket_lengths, dataset, plan_batches
from tasks.classifiers.encoding import PAD, Ragged, Side
from tasks.classifiers.history import Epoch, best_epoch
from tasks.classifiers.networks import EMBEDDING
from tasks.interruption import leave_if_asked

ANSWERED_TOKENS = 1 << 15
"""In a batch that is only answered: of short texts there are more in it than of long ones."""

Step = Callable[[Any, Any, Any], tuple[Any, Any]]
"""What `make_step` makes."""

Answer = Callable[[Any], Any]
"""What `make_answer` makes."""

Probabilities = NDArray[np.float32]
"""float32 [texts, classes]."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Attributes:
        epochs: passes over the texts, at most.
        patience: epochs without a lower loss on the validation texts after which it ends.
        batch: texts a step.
        learning_rate: Adam's.
        buckets: of texts of like length; 1: all texts are padded to the same length.
        length: that one.
        padding: the end of texts that is padded.
        seed: of the order.
    """

    epochs: int
    patience: int
    batch: int
    learning_rate: float
    buckets: int
    length: int
    padding: Side
    seed: int


def train(
    network: Any,
    answer: Answer,
    train_on: Labelled,
    validate_on: Labelled,
    settings: TrainingSettings,
    advance: Callable[..., None] = lambda amount, note="": None,
) -> list[Epoch]:
    """Trains a network in place; it ends with the numbers of its best epoch.

    Args:
        network: of `tasks.classifiers.networks`.
        answer: of `make_answer`, for it.
        train_on: the texts to learn from.
        validate_on: others, that say which epoch is the best: the one with the lowest loss.
        settings: see there.
        advance: told of the texts that were learned from.

    Returns:
        One line an epoch.
    """
    step = make_step(network, settings.learning_rate)
    history: list[Epoch] = []
    best: list[NDArray[np.float32]] = []
    for epoch in range(1, settings.epochs + 1):
        note = _note(history[-1]) if history else ""
        loss, accuracy = one_epoch(step, train_on, settings, epoch, partial(advance, note=note))
        found = answers(answer, validate_on.texts, settings.buckets, settings.padding, settings.length)
        chosen = found[np.arange(len(found)), validate_on.labels]
        history.append(
            Epoch(
                epoch,
                round(loss, 6),
                round(accuracy, 6),
                round(float(-np.log(np.maximum(chosen, 1e-7)).mean()), 6),
                round(float((found.argmax(axis=1) == validate_on.labels).mean()), 6),
            )
        )
        at = best_epoch(history)
        if at == epoch:
            best = network.get_weights()
        elif epoch - at >= settings.patience:
            break
    network.set_weights(best)
    return history


def one_epoch(
    step: Step,
    train_on: Labelled,
    settings: TrainingSettings,
    epoch: int,
    advance: Callable[[int], None] = lambda texts: None,
) -> tuple[float, float]:
    """Learns from each text once, in an order of this epoch's own; the mean loss, and the share that was right."""
    lengths = train_on.texts.lengths
    seed = settings.seed * 1_000_003 + epoch
    bounds = bucket_lengths(lengths, settings.buckets, settings.length)
    order = plan_batches(lengths, bounds, settings.batch, shuffled=seed)
    loss = right = 0.0
    for ids, labels, weights in dataset(train_on, order, settings.padding):
        leave_if_asked()
        losses, hits = step(ids, labels, weights)
        loss += float(losses)
        right += float(hits)
        advance(len(labels))
    return loss / len(train_on), right / len(train_on)


def make_answer(network: Any) -> Answer:
    """The compiled function from ids, int32 [batch, length], to probabilities [batch, classes]."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)])  # type: ignore[untyped-decorator]
    def answer(ids: Any) -> Any:
        return network(ids, training=False)

    return answer  # type: ignore[no-any-return]


def answers(answer: Answer, texts: Ragged, buckets: int, padding: Side, length: int | None = None) -> Probabilities:
    """What a network says of texts, in their order: float32 [texts, classes]; none for no text.

    Args:
        answer: of `make_answer`.
        texts: as ids.
        buckets, padding, length: see `TrainingSettings`; without a mask, an answer depends on them.
    """
    lengths = texts.lengths
    if not len(lengths):
        return np.empty((0, 0), np.float32)
    bounds = bucket_lengths(lengths, buckets, length)
    size = max(1, ANSWERED_TOKENS // bounds[-1])
    nothing = Labelled(texts, np.zeros(len(lengths), np.int32), np.zeros(len(lengths), np.float32))
    batches = plan_batches(lengths, bounds, size, shuffled=None)
    found: list[tuple[NDArray[np.int64], Any]] = []
    for batch, (ids, _, _) in zip(batches, dataset(nothing, batches, padding), strict=True):
        leave_if_asked()
        found.append((batch.rows, answer(ids).numpy()))
    probabilities = np.empty((len(lengths), found[0][1].shape[1]), np.float32)
    for rows, each in found:
        probabilities[rows] = each
    return probabilities


def _note(last: Epoch) -> str:
    return f"epoch {last.epoch}: loss {last.validation_loss:.3f}, {last.validation_accuracy:.1%} right on others"


def make_step(network: Any, learning_rate: float) -> Step:
    """The compiled step: (ids, labels, weights) -> the sum of the losses, how many are right, before the update."""
    import keras
    import tensorflow as tf

    from tasks.classifiers.adam import Adam, RowsOnCpu, RowsOnGpu

    embedding = network.get_layer(EMBEDDING)
    tuned = [each.value for each in embedding.trainable_variables]
    others = [each.value for each in network.trainable_variables if not any(each.value is one for one in tuned)]
    change = Adam(others, learning_rate)
    rows_of_adam = RowsOnGpu if tf.config.list_physical_devices("GPU") else RowsOnCpu
    change_rows = rows_of_adam(tuned[0], learning_rate) if tuned else None
    signature = [
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None,), tf.float32),
    ]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def step(ids: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            probabilities = network(ids, training=True)
            losses = keras.ops.sparse_categorical_crossentropy(labels, probabilities)
            loss = tf.reduce_sum(losses * weights) / tf.cast(tf.shape(labels)[0], tf.float32)
        gradients = tape.gradient(loss, [*others, *tuned])
        change(gradients[: len(others)])
        if change_rows is not None:
            change_rows(gradients[-1])
            if embedding.mask_zero:  # layers rely on it that the row of padding is zeros
                tuned[0].scatter_update(tf.IndexedSlices(tf.zeros((1, embedding.output_dim)), [PAD]))
        right = tf.reduce_sum(tf.cast(tf.argmax(probabilities, 1, tf.int32) == labels, tf.float32))
        return tf.reduce_sum(losses), right

    return step  # type: ignore[no-any-return]
