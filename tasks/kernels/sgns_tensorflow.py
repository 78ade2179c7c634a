"""Skip-gram with negative sampling in TensorFlow: the same windows, in steps large enough for matrices.

One step is a chunk of the text. Its positions come in blocks of 16; around a block lie as many more as a window reaches
(its halo), so that all its pairs are a 16 x (16 + halo) matrix of scores under a band of ones. Here the center is the
input and its contexts are the outputs: with windows that look both ways the pairs are the same. All pairs of a chunk
share 64 negatives, each with weight negatives / 64. Every row is gathered and scattered once a block. The gradients are
written by hand and applied as sparse sums.

All gradients of a chunk are taken at the tables before it, so a row that is met often would overshoot. Where the
learning rate times the meetings of a row exceeds MOST_MOTION, its changes are scaled down to that. This is also what
guards the larger chunks that an accelerator wants. docs/tensorflow.md has the figures behind these constants, and
where the time goes.

Streams (`tasks.kernels.streams`) have variables of their own; compiled steps on the same ones wait for each other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.alias import AliasTable, draw_row, negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.negative_sampling import rate_at
from tasks.kernels.random_streams import STEP, mix
from tasks.kernels.settings import Settings
from tasks.kernels.streams import Streams, Trainer, prepare_merging, terms_a_pair
from tasks.kernels.tables import Table, padded
from tasks.kernels.tensorflow_loop import compiled_loop, import_tensorflow

BLOCK = 16
"""Positions whose scores are one matrix."""

POSITIONS, ACCELERATOR_POSITIONS = 128, 512
"""Positions a chunk, on CPUs and where there is an accelerator: more are faster, and worse without the guard."""

SHARED_NEGATIVES, ACCELERATOR_NEGATIVES = 64, 256
"""Negatives that all pairs of a chunk share."""

MOST_MOTION = 1.6
"""Learning rate times terms of the gradient of one row that are added up as they are: 64 at word2vec's first rate."""

FACTORS = 64
"""Factors 1 + e^-|score|, each at most 2, whose product a float32 holds with certainty; they divide the negatives. XLA
takes a product of 32 one after the other, and of more as a tree."""

CHUNKS = 256
"""Chunks handed over at once: enough for the way in and out not to matter, few enough to be small."""

PIECE = 1024
"""Rows that are brought out of a variable, or back, at once."""


class Shape(NamedTuple):
    """The sizes of a chunk; the compiled step is made for them."""

    positions: int
    negatives: int
    reach: int


class Chunks(NamedTuple):
    """Room for CHUNKS chunks.

    Attributes:
        words: int32 [chunks, blocks, BLOCK + 2 reach], rows of the words of a block and its halo.
        left, right: int32 [chunks, blocks, BLOCK], how far each position sees.
        negatives: int32 [chunks, negatives], rows of the context vectors.
        center_weights: float32 [chunks, positions], what the change of each center's row is multiplied with.
        output_weights: float32 [chunks, blocks * (BLOCK + 2 reach) + negatives], the same for contexts and negatives.
        rates: float32 [chunks], the learning rate.
    """

    words: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    negatives: NDArray[np.int32]
    center_weights: Table
    output_weights: Table
    rates: NDArray[np.float32]


def empty_chunks(shape: Shape) -> Chunks:
    """Room for chunks, without any."""
    blocks, width = shape.positions // BLOCK, BLOCK + 2 * shape.reach
    return Chunks(
        np.zeros((CHUNKS, blocks, width), np.int32),
        np.zeros((CHUNKS, blocks, BLOCK), np.int32),
        np.zeros((CHUNKS, blocks, BLOCK), np.int32),
        np.zeros((CHUNKS, shape.negatives), np.int32),
        np.zeros((CHUNKS, shape.positions), np.float32),
        np.zeros((CHUNKS, blocks * width + shape.negatives), np.float32),
        np.zeros(CHUNKS, np.float32),
    )


@compiled_kernel
def fill_chunks(
    batch: Batch,
    start: int,
    pair: int,
    key: np.uint64,
    noise: AliasTable,
    schedule: Schedule,
    negatives_a_pair: int,
    most_motion: float,
    meetings: NDArray[np.int32],
    chunks: Chunks,
) -> tuple[int, int, int]:
    """Lays out the batch from a window on, until the room or the batch is used up.

    Args:
        batch: windows.
        start: where to begin.
        pair: the number in the whole run of the pair that comes next.
        key, noise: what negatives are drawn with, by the number of the chunk's first pair.
        schedule: of the learning rate.
        negatives_a_pair: what the negatives of a chunk stand for.
        most_motion: learning rate times meetings above which the changes of a row are scaled down.
        meetings: int32 [words], zeros, and zeros again afterwards.
        chunks: filled here.

    Returns:
        How many chunks are used, and the window and the pair to begin with the next time.
    """
    _, blocks, width = chunks.words.shape
    reach = (width - BLOCK) // 2
    negatives = chunks.negatives.shape[1]
    used = 0
    while used < len(chunks.rates) and start < batch.stop:
        chunks.rates[used] = rate_at(schedule, pair)
        place = mix(key + np.uint64(pair) * STEP)
        for negative in range(negatives):
            place += STEP
            chunks.negatives[used, negative] = int(draw_row(mix(place), noise.thresholds, noise.aliases))
        for block in range(blocks):
            first = start + block * BLOCK
            for column in range(width):
                position = first - reach + column
                inside = 0 <= position < len(batch.words)
                chunks.words[used, block, column] = batch.words[position] if inside else 0
            for number in range(BLOCK):
                window = first + number
                sees = window < batch.stop
                chunks.left[used, block, number] = int(batch.left[window]) if sees else 0
                chunks.right[used, block, number] = int(batch.right[window]) if sees else 0
                pair += chunks.left[used, block, number] + chunks.right[used, block, number]
        _weigh(chunks, used, negatives_a_pair, most_motion / chunks.rates[used], meetings)
        start += blocks * BLOCK
        used += 1
    return used, min(start, batch.stop), pair


@compiled_kernel
def _weigh(
    chunks: Chunks, chunk: int, negatives_a_pair: int, most_meetings: float, meetings: NDArray[np.int32]
) -> None:
    """Counts how often each row is met in a chunk, as a center and as an output, and sets the weights.

    A center meets each of its contexts with all its negatives; a negative meets every pair, with its share.
    """
    words, left, right = chunks.words[chunk], chunks.left[chunk], chunks.right[chunk]
    blocks, width = words.shape
    reach = (width - BLOCK) // 2
    negatives = chunks.negatives[chunk]
    by_a_negative = int(np.ceil((left.sum() + right.sum()) * negatives_a_pair / len(negatives)))
    for block in range(blocks):
        for number in range(BLOCK):
            terms = (left[block, number] + right[block, number]) * (1 + negatives_a_pair)
            meetings[words[block, reach + number]] += terms
    for block in range(blocks):
        for number in range(BLOCK):
            met = max(meetings[words[block, reach + number]], 1)
            chunks.center_weights[chunk, block * BLOCK + number] = min(1.0, most_meetings / met)
    for block in range(blocks):
        for number in range(BLOCK):
            meetings[words[block, reach + number]] = 0
    for block in range(blocks):
        for number in range(BLOCK):
            for column in range(reach + number - left[block, number], reach + number + right[block, number] + 1):
                meetings[words[block, column]] += int(column != reach + number)
    for negative in negatives:
        meetings[negative] += by_a_negative
    for block in range(blocks):
        for column in range(width):
            met = max(meetings[words[block, column]], 1)
            chunks.output_weights[chunk, block * width + column] = min(1.0, most_meetings / met)
    for number in range(len(negatives)):
        met = meetings[negatives[number]]
        chunks.output_weights[chunk, blocks * width + number] = min(1.0, most_meetings / met)
    for block in range(blocks):
        for column in range(width):
            meetings[words[block, column]] = 0
    for negative in negatives:
        meetings[negative] = 0


class VariableCopies:
    """The copies of one table in TensorFlow's variables.

    Rows are gathered and scattered: a variable that is scattered to is copied whole where it is read or sliced. They go
    by PIECE, each by a thread of the pool, into room that is kept: fresh memory for all of them would take longer than
    the merge.
    """

    def __init__(self, variables: list[Any], pool: Executor) -> None:
        self.handles = [variable.handle for variable in variables]
        self.copies = np.stack([variable.numpy() for variable in variables])
        self.pool = pool

    def fetch(self, rows: int) -> NDArray[np.float32]:
        import tensorflow as tf

        def fetch_piece(handle: Any, copy: Table, wanted: NDArray[np.int32]) -> None:
            gathered = tf.raw_ops.ResourceGather(resource=handle, indices=wanted, dtype=tf.float32)
            copy[wanted[0] : wanted[-1] + 1] = memoryview(gathered)  # numpy() would copy once more

        self._by_piece(fetch_piece, rows, self.copies)
        return self.copies

    def put(self, rows: int, copies: NDArray[np.float32]) -> None:
        import tensorflow as tf

        def put_piece(handle: Any, copy: Table, changed: NDArray[np.int32]) -> None:
            updates = copy[changed[0] : changed[-1] + 1]
            tf.raw_ops.ResourceScatterUpdate(resource=handle, indices=changed, updates=updates)

        self._by_piece(put_piece, rows, copies)

    def _by_piece(
        self, move: Callable[[Any, Table, NDArray[np.int32]], None], rows: int, copies: NDArray[np.float32]
    ) -> None:
        pieces = [np.arange(first, min(first + PIECE, rows), dtype=np.int32) for first in range(0, rows, PIECE)]
        jobs = [
            self.pool.submit(move, handle, copy, piece)
            for handle, copy in zip(self.handles, copies, strict=True)
            for piece in pieces
        ]
        for job in jobs:
            job.result()


class TensorflowSgns(Trainer):
    """The engine. Determined on one machine; free-running is one stream with all of TensorFlow's threads."""

    def __init__(
        self, vectors: Table, context_vectors: Table, settings: Settings, accelerator: bool | None = None
    ) -> None:
        tf = import_tensorflow(settings.threads)
        if accelerator is None:
            accelerator = bool(tf.config.list_physical_devices("GPU"))
        self.dim = vectors.shape[1]
        self.settings = settings
        self.sizes = (ACCELERATOR_POSITIONS, ACCELERATOR_NEGATIVES) if accelerator else (POSITIONS, SHARED_NEGATIVES)
        self.side_by_side = max(settings.streams, 1)
        self.pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="train")
        self.merged = padded(vectors), padded(context_vectors)
        self.variables = [tuple(map(tf.Variable, self.merged)) for _ in range(self.side_by_side)]
        self.streams = None
        if settings.streams > 1:
            inputs, outputs = (VariableCopies(list(column), self.pool) for column in zip(*self.variables, strict=True))
            self.streams = Streams(self.merged, (inputs, outputs), terms_a_pair(settings), settings, self.pool)
        self.noise = negative_table(settings.counts, settings.negative_power)
        self.meetings = [np.zeros(len(vectors), np.int32) for _ in range(self.side_by_side)]
        self.chunks: list[Chunks] = []
        self.steps: list[Callable[..., Any]] = []
        self.reach = 0

    def prepare(self) -> None:
        if self.streams is not None:
            prepare_merging(self.merged[0].shape[1])

    def train(self, batches: Sequence[Batch], first_pairs: Sequence[int]) -> float:
        self._reach_as_far_as(batches)
        return super().train(batches, first_pairs)

    def tables(self) -> tuple[Table, Table]:
        self._settle()
        vectors, context_vectors = (variable.numpy()[:, : self.dim].copy() for variable in self.variables[0])
        return vectors, context_vectors

    def _reach_as_far_as(self, batches: Sequence[Batch]) -> None:
        """Compiles the steps, again where a window reaches farther than all before."""
        reach = max(int(side.max(initial=1)) for batch in batches for side in (batch.left, batch.right))
        if reach <= self.reach:
            return
        self.reach = reach
        shape = Shape(*self.sizes, reach)
        self.chunks = [empty_chunks(shape) for _ in range(self.side_by_side)]
        self.steps = [make_step(variables, shape, self.settings.negatives) for variables in self.variables]
        for step, chunks in zip(self.steps, self.chunks, strict=True):
            step(*chunks, np.int32(0))

    def _train_one(self, place: int, batch: Batch, first_pair: int) -> float:
        settings, chunks = self.settings, self.chunks[place]
        loss, start, pair = 0.0, batch.start, first_pair
        while start < batch.stop:
            used, start, pair = fill_chunks(
                batch, start, pair, settings.key, self.noise, settings.schedule, settings.negatives,
                MOST_MOTION, self.meetings[place], chunks,
            )  # fmt: skip
            loss += float(self.steps[place](*chunks, np.int32(used)))
        return loss


def make_step(variables: tuple[Any, ...], shape: Shape, negatives: int) -> Callable[..., Any]:
    """The compiled step over chunks: (*chunks, used) -> loss, float64, summed over pairs, each chunk before its update.

    Args:
        variables: vectors and context vectors, tf.Variable, float32 [words, columns], changed in place.
        shape: of a chunk.
        negatives: negatives a pair.
    """
    import tensorflow as tf

    vectors, context_vectors = variables
    blocks, width, columns = shape.positions // BLOCK, BLOCK + 2 * shape.reach, vectors.shape[1]
    place = np.arange(width)[:, None] - np.arange(BLOCK)[None, :] - shape.reach  # of a word, seen from a position
    share = np.float32(negatives / shape.negatives)

    def add_rows(table: Any, rows: Any, changes: Any) -> None:
        tf.raw_ops.ResourceScatterAdd(resource=table.handle, indices=rows, updates=changes)

    def sum_losses(z: Any, axis: int) -> Any:
        """log(1 + e^z) = max(z, 0) + log(1 + e^-|z|), summed over an axis of at most FACTORS: one logarithm for all."""
        return tf.reduce_sum(tf.nn.relu(z), axis) + tf.math.log(tf.reduce_prod(1 + tf.exp(-tf.abs(z)), axis))

    def train_chunk(
        words: Any, left: Any, right: Any, drawn: Any, center_weights: Any, output_weights: Any, rate: Any
    ) -> Any:
        centers = tf.reshape(words[:, shape.reach : shape.reach + BLOCK], [-1])
        inputs = tf.gather(vectors, centers)  # [positions, columns]
        contexts = tf.gather(context_vectors, words)  # [blocks, width, columns]
        noise = tf.gather(context_vectors, drawn)  # [negatives, columns]
        blocked = tf.reshape(inputs, [blocks, BLOCK, columns])
        seen = (place >= -left[:, None, :]) & (place <= right[:, None, :]) & (place != 0)
        weights = tf.cast(tf.reshape(left + right, [-1, 1]), tf.float32) * share  # [positions, 1]
        # z = log-odds of a wrong answer: -score of a pair, the score of noise; a loss is log(1 + e^z)
        odds = tf.where(seen, -tf.matmul(contexts, blocked, transpose_b=True), -np.inf)  # [blocks, width, BLOCK]
        noise_odds = tf.matmul(inputs, noise, transpose_b=True)  # [positions, negatives]
        noise_losses = sum_losses(tf.reshape(noise_odds, [shape.positions, -1, FACTORS]), 2)
        loss = tf.reduce_sum(sum_losses(odds, 0)) + tf.reduce_sum(weights[:, 0] * tf.reduce_sum(noise_losses, 1))
        # -rate * d loss / d score, and what it makes of each row
        slopes = rate * tf.sigmoid(odds)
        noise_slopes = -rate * weights * tf.sigmoid(noise_odds)
        of_centers = tf.reshape(tf.matmul(slopes, contexts, transpose_a=True), [-1, columns])
        of_centers += tf.matmul(noise_slopes, noise)
        # The slopes are fewer numbers than the changes: it is cheaper to weigh them.
        weighed = slopes * tf.reshape(output_weights[: blocks * width], [blocks, width, 1])
        of_contexts = tf.reshape(tf.matmul(weighed, blocked), [-1, columns])
        of_noise = tf.matmul(noise_slopes * output_weights[blocks * width :], inputs, transpose_a=True)
        add_rows(vectors, centers, of_centers * center_weights[:, None])
        # In one scatter: after a second one XLA would copy the table at every chunk.
        rows = tf.concat([tf.reshape(words, [-1]), drawn], 0)
        add_rows(context_vectors, rows, tf.concat([of_contexts, of_noise], 0))
        return tf.cast(loss, tf.float64)

    return compiled_loop(train_chunk, empty_chunks(shape))
