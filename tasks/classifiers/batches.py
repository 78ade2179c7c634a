"""Texts of like length together, so that hardly any padding is computed, as a `tf.data.Dataset`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.classifiers.encoding import PAD, Ragged, Side

MULTIPLE = 8
"""Lengths of buckets are multiples of it."""

PREFETCHED = 4
"""Batches that are padded ahead, while others are computed."""

Rows = NDArray[np.int64]


class Batch(NamedTuple):
    """Which texts, and how long each is padded."""

    rows: Rows
    length: int


@dataclass(frozen=True, eq=False)
class Labelled:
    """Texts with their classes.

    Attributes:
        texts: as ids.
        labels: int32 [texts].
        weights: float32 [texts], how much each counts in the loss.
    """

    texts: Ragged
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Rows) -> "Labelled":
        """Some of them, in this order."""
        return Labelled(self.texts.take(rows), self.labels[rows], self.weights[rows])


def bucket_lengths(lengths: NDArray[np.int64], buckets: int, whole: int | None = None) -> list[int]:
    """The lengths that texts are padded to: ascending, the last one holds all; about as many texts in each bucket.

    One bucket is the plain way: every text is padded to `whole`, or as long as the longest.
    """
    if buckets == 1 and whole is not None:
        return [whole]
    shares = np.arange(1, buckets + 1) / buckets
    bounds = np.quantile(lengths, shares, method="higher")
    rounded = -(-bounds // MULTIPLE) * MULTIPLE
    longest = int(lengths.max())
    return sorted({min(int(bound), longest) for bound in rounded})


def plan_batches(lengths: NDArray[np.int64], bounds: Sequence[int], size: int, shuffled: int | None) -> list[Batch]:
    """All texts in batches of at most `size`, each of one bucket.

    Args:
        lengths: int64 [texts].
        bounds: see `bucket_lengths`.
        size: texts a batch.
        shuffled: the seed of the order, of texts in a bucket and of batches; None: as they stand.
    """
    bucket = np.searchsorted(bounds, lengths)
    random = None if shuffled is None else np.random.default_rng(shuffled)
    batches = []
    for number, length in enumerate(bounds):
        rows = np.flatnonzero(bucket == number)
        if random is not None:
            random.shuffle(rows)
        batches += [Batch(rows[start : start + size], length) for start in range(0, len(rows), size)]
    if random is not None:
        batches = [batches[place] for place in random.permutation(len(batches))]
    return batches


def padding_share(lengths: NDArray[np.int64], batches: Sequence[Batch]) -> float:
    """Of all that is computed, how much is padding."""
    computed = sum(len(batch.rows) * batch.length for batch in batches)
    return 1 - float(lengths.sum()) / max(1, computed)


def dataset(labelled: Labelled, batches: Sequence[Batch], side: Side) -> Any:
    """A `tf.data.Dataset` of (ids int32 [batch, length], labels int32 [batch], weights float32 [batch]), one pass.

    Args:
        labelled: the texts.
        batches: which of them together.
        side: of a text that is padded.
    """
    import tensorflow as tf

    with tf.device("CPU"):
        flat, offsets = tf.constant(labelled.texts.flat), tf.constant(labelled.texts.offsets)
        labels, weights = tf.constant(labelled.labels), tf.constant(labelled.weights)

    def padded(rows: Any, length: Any) -> tuple[Any, Any, Any]:
        starts, ends = (tf.gather(offsets, each)[:, None] for each in (rows, rows + 1))
        first = starts if side == "post" else ends - length
        places = first + tf.range(length)
        words = (starts <= places) & (places < ends)
        ids = tf.where(words, tf.gather(flat, tf.where(words, places, 0)), PAD)
        return ids, tf.gather(labels, rows), tf.gather(weights, rows)

    # All of it is TensorFlow's own: of a dataset that calls Python, nothing is computed ahead where the outcome is to
    # be the same every time.
    rows = tf.RaggedTensor.from_row_lengths(
        np.concatenate([batch.rows for batch in batches]), [len(batch.rows) for batch in batches]
    )
    lengths = np.array([batch.length for batch in batches], np.int64)
    found = tf.data.Dataset.from_tensor_slices((rows, lengths)).map(padded).prefetch(PREFETCHED)
    options = tf.data.Options()
    # Nothing here is tuned, but the thread that would do it sleeps 0.01, 0.02, 0.04, ... s, and now and then the end of
    # a pass waited for it: passes of 18 s took 41 s, the sum up to 20.48.
    options.autotune.enabled = False
    return found.with_options(options)
