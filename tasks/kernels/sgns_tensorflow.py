"""Skip-gram with negative sampling in TensorFlow: the objective of `sgns_numba`, in steps large enough for matrices.

One step is a chunk: up to 64 centers with their contexts, and 64 negatives that all its pairs share, each with weight
negatives / 64. The matrix `pairs` says how often each center meets each distinct context, so the pairs are never spelt
out, and every row is gathered and scattered once. The gradients are written by hand and applied as sparse sums. A
negative does not count for the pairs whose center it is.

Larger chunks are faster and worse: all of a chunk's gradients are taken at the tables before it. Measured on 9 M
tokens: 128 centers cost quality, 256 collapse; 32 negatives cost analogies, 64 do not.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.alias import AliasTable, draw_row, negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled
from tasks.kernels.engines import Schedule, Settings
from tasks.kernels.random_streams import STEP, mix
from tasks.kernels.tables import Table

CENTERS = 64
CONTEXTS = 96
"""Distinct contexts a chunk can hold: 64 words in a row and what surrounds them mostly fit; else it ends sooner."""
SHARED_NEGATIVES = 64
MOST_PAIRS = 32
"""Pairs that one context may have in a chunk, which ends there: else a post that repeats one word would overshoot."""
CHUNKS = 256
"""Chunks handed over at once: enough for the way in and out not to matter, few enough to be small (7 MB)."""


class Chunks(NamedTuple):
    """Room for CHUNKS chunks; what a chunk does not use points to row 0 and has no pairs.

    Attributes:
        centers: int32 [chunks, CENTERS], rows of the context vectors.
        contexts: int32 [chunks, CONTEXTS], rows of the vectors.
        pairs: float32 [chunks, CENTERS, CONTEXTS], how often they meet.
        negatives: int32 [chunks, SHARED_NEGATIVES], rows of the context vectors.
        rates: float32 [chunks], the learning rate.
    """

    centers: NDArray[np.int32]
    contexts: NDArray[np.int32]
    pairs: NDArray[np.float32]
    negatives: NDArray[np.int32]
    rates: NDArray[np.float32]


def empty_chunks() -> Chunks:
    """Room for chunks, without any."""
    return Chunks(
        np.zeros((CHUNKS, CENTERS), np.int32),
        np.zeros((CHUNKS, CONTEXTS), np.int32),
        np.zeros((CHUNKS, CENTERS, CONTEXTS), np.float32),
        np.zeros((CHUNKS, SHARED_NEGATIVES), np.int32),
        np.zeros(CHUNKS, np.float32),
    )


@compiled
def fill_chunks(
    batch: Batch,
    window: int,
    seen: int,
    pair: int,
    key: np.uint64,
    noise: AliasTable,
    schedule: Schedule,
    slots: NDArray[np.int64],
    chunks: Chunks,
) -> tuple[int, int, int, int]:
    """Lays out the batch from a pair of a window on, until the room or the batch is used up.

    Args:
        batch: windows.
        window, seen: where to begin, after so many contexts of that window.
        pair: the number in the whole run of the pair that comes next.
        key, noise: what negatives are drawn with, by the number of the chunk's first pair.
        schedule: of the learning rate.
        slots: int64 [words], kept from call to call: where a context stands in the chunk that met it last.
        chunks: filled here.

    Returns:
        How many chunks are used, and the window, its contexts and the pair to begin with the next time.
    """
    met = np.zeros(CONTEXTS, np.int64)  # the pairs of each context in the chunk
    used = 0
    while used < len(chunks.rates) and window < batch.stop:
        mark = pair + 1  # no other chunk of the run has it
        chunks.rates[used] = schedule.first + (schedule.last - schedule.first) * (pair / schedule.pairs)
        place = mix(key + np.uint64(pair) * STEP)
        for negative in range(SHARED_NEGATIVES):
            place += STEP
            chunks.negatives[used, negative] = draw_row(mix(place), noise.thresholds, noise.aliases)
        chunks.centers[used] = 0
        chunks.contexts[used] = 0
        chunks.pairs[used] = 0
        centers = contexts = 0
        full = False
        while not full and centers < CENTERS and window < batch.stop:
            chunks.centers[used, centers] = batch.words[window]
            left = int(batch.left[window])
            size = left + int(batch.right[window])
            while seen < size:
                context = batch.words[window - left + seen + int(seen >= left)]
                if slots[context] // CONTEXTS != mark:
                    if contexts == CONTEXTS:
                        full = True
                        break
                    slots[context] = mark * CONTEXTS + contexts
                    chunks.contexts[used, contexts] = context
                    met[contexts] = 0
                    contexts += 1
                slot = slots[context] % CONTEXTS
                if met[slot] == MOST_PAIRS:
                    full = True
                    break
                met[slot] += 1
                chunks.pairs[used, centers, slot] += 1
                seen += 1
                pair += 1
            centers += int(size > 0)
            if not full:
                window += 1
                seen = 0
        if contexts:
            used += 1
    return used, window, seen, pair


class TensorflowSgns:
    """The engine. Determined on one machine when TensorFlow has one thread."""

    side_by_side = 1
    settled = True

    def __init__(self, vectors: Table, context_vectors: Table, settings: Settings) -> None:
        tf = import_tensorflow(1 if settings.streams else settings.threads)
        self.settings = settings
        self.noise = negative_table(settings.counts, settings.negative_power)
        self.vectors, self.context_vectors = tf.Variable(vectors), tf.Variable(context_vectors)
        self.slots = np.zeros(len(vectors), np.int64)
        self.chunks = empty_chunks()
        self.step = make_step(self.vectors, self.context_vectors, settings.negatives)

    def prepare(self) -> None:
        self.step(*self.chunks, np.int32(0))
        nothing = Batch(np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(0, np.uint8), 0, 0)
        self._fill(nothing, 0, 0, 0)

    def train(self, batches: Sequence[Batch], first_pairs: Sequence[int]) -> float:
        loss = 0.0
        for batch, pair in zip(batches, first_pairs, strict=True):
            window, seen = batch.start, 0
            while window < batch.stop:
                used, window, seen, pair = self._fill(batch, window, seen, pair)
                loss += float(self.step(*self.chunks, np.int32(used)))
        return loss

    def _fill(self, batch: Batch, window: int, seen: int, pair: int) -> tuple[int, int, int, int]:
        settings = self.settings
        return fill_chunks(
            batch, window, seen, pair, settings.key, self.noise, settings.schedule, self.slots, self.chunks
        )

    def tables(self) -> tuple[Table, Table]:
        return self.vectors.numpy(), self.context_vectors.numpy()


def import_tensorflow(threads: int) -> Any:
    """TensorFlow, told to be quiet and to use this many cores; where it is running already, its threads stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass
    return tf


def make_step(vectors: Any, context_vectors: Any, negatives: int) -> Callable[..., Any]:
    """The compiled step over chunks: (*chunks, used) -> loss, float64, summed over pairs, each chunk before its update.

    Args:
        vectors, context_vectors: tf.Variable, float32 [words, dim], changed in place.
        negatives: negatives a pair.
    """
    import tensorflow as tf

    def add_rows(table: Any, rows: Any, changes: Any) -> None:
        tf.raw_ops.ResourceScatterAdd(resource=table.handle, indices=rows, updates=changes)

    def train_chunk(centers: Any, contexts: Any, pairs: Any, drawn: Any, rate: Any) -> Any:
        inputs = tf.gather(vectors, contexts)  # [CONTEXTS, dim]
        outputs = tf.gather(context_vectors, centers)  # [CENTERS, dim]
        noise = tf.gather(context_vectors, drawn)  # [SHARED_NEGATIVES, dim]
        met = tf.cast(drawn[:, None] == centers[None, :], tf.float32)
        weights = (tf.reduce_sum(pairs, 0) - tf.matmul(met, pairs)) * (negatives / SHARED_NEGATIVES)
        scores = tf.matmul(outputs, inputs, transpose_b=True)  # [CENTERS, CONTEXTS]
        noise_scores = tf.matmul(noise, inputs, transpose_b=True)  # [SHARED_NEGATIVES, CONTEXTS]
        loss = tf.reduce_sum(pairs * tf.nn.softplus(-scores)) + tf.reduce_sum(weights * tf.nn.softplus(noise_scores))
        # -rate * d loss / d score, and what it makes of each row
        slopes = rate * pairs * tf.sigmoid(-scores)
        noise_slopes = -rate * weights * tf.sigmoid(noise_scores)
        input_changes = tf.matmul(slopes, outputs, transpose_a=True) + tf.matmul(noise_slopes, noise, transpose_a=True)
        output_changes = tf.concat([tf.matmul(slopes, inputs), tf.matmul(noise_slopes, inputs)], 0)
        add_rows(vectors, contexts, input_changes)
        add_rows(context_vectors, tf.concat([centers, drawn], 0), output_changes)
        return tf.cast(loss, tf.float64)

    def train_chunks(centers: Any, contexts: Any, pairs: Any, drawn: Any, rates: Any, used: Any) -> Any:
        def body(chunk: Any, loss: Any) -> tuple[Any, Any]:
            columns = (column[chunk] for column in (centers, contexts, pairs, drawn, rates))
            return chunk + 1, loss + train_chunk(*columns)

        start = (tf.constant(0), tf.constant(0.0, tf.float64))
        return tf.while_loop(lambda chunk, _: chunk < used, body, start)[1]

    step: Callable[..., Any] = tf.function(train_chunks, jit_compile=True, autograph=False)
    return step
