"""Skip-gram with negative sampling on CPU cores: compiled loops over windows, threads that share the tables.

One step is a window, not a pair (Ji et al., "Parallelizing Word2Vec in Shared and Distributed Memory", 2016). The rows
of its contexts in `vectors` are the inputs; its center and K negatives, drawn once for the whole window, the outputs in
`context_vectors`. Its loss is the sum over contexts c of

    -log σ(v_c · u_center) - Σ_k log σ(-v_c · u_negative_k)

and a step moves both tables by -rate times its exact gradient. Two small matrix products take the place of 2 K dot
products a pair, and K + 1 output rows are read and written once a window instead of once a pair.

What is drawn, and the learning rate, depend on a pair's number in the whole run alone. So a run on one thread does not
depend on how the windows are cut into batches, and there is no state but the tables and that number.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tasks.kernels.alias import AliasTable, draw_row, negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled
from tasks.kernels.engines import Schedule, Settings
from tasks.kernels.random_streams import STEP, mix
from tasks.kernels.tables import Table, empty_table, padded

CONTEXTS_AT_ONCE = 512
"""A window with more contexts is trained in pieces. The widest compact one has 510; a run of pairs may be longer."""

DRAWS_UNTIL_NEIGHBOUR = 64
"""A negative that keeps coming out as the center gives way to the row after it: one word may hold all but all mass."""

Kernel = Callable[[Table, Table, Batch, int, np.uint64, AliasTable, Schedule], float]


@functools.cache
def sgns_kernel(width: int, negatives: int) -> Kernel:
    """The kernel for rows of `width` floats and `negatives` negatives a window; compiled at its first call.

    Both are constants of the machine code: the loops over a row and over the outputs then have a known length, which
    lets LLVM unroll the short one and turn the long one into vector instructions.

    Returns:
        train(vectors, context_vectors, batch, first_pair, key, negative_table, schedule) -> loss.
            vectors, context_vectors: float32 [words, width], changed in place.
            first_pair: the number in the whole run of the batch's first pair.
            key: of the random stream of the negatives.
            loss: the sum over the pairs, before each step, in float64.
    """
    outputs = negatives + 1

    @compiled
    def train(
        vectors: Table,
        context_vectors: Table,
        batch: Batch,
        first_pair: int,
        key: np.uint64,
        noise: AliasTable,
        schedule: Schedule,
    ) -> float:
        words = np.uint64(len(vectors))
        rows = np.empty(outputs, np.uint64)  # of the outputs: the center, then the negatives
        held = np.empty((outputs, width), np.float32)  # the outputs as they were before the step
        changes = np.empty((outputs, width), np.float32)
        slopes = np.empty((CONTEXTS_AT_ONCE, outputs), np.float32)  # -rate * d loss / d score
        loss = np.float64(0)
        for window in range(len(batch.centers)):
            for low in range(batch.bounds[window], batch.bounds[window + 1], CONTEXTS_AT_ONCE):
                high = min(low + CONTEXTS_AT_ONCE, batch.bounds[window + 1])
                pair = first_pair + low
                rate = np.float32(schedule.first + (schedule.last - schedule.first) * (pair / schedule.pairs))

                # Draw: the outputs are the center and, by its number, this window's negatives.
                center = np.uint64(batch.centers[window])
                rows[0] = center
                place = mix(key + np.uint64(pair) * STEP)
                for output in range(1, outputs):
                    drawn = center
                    tries = 0
                    while drawn == center:
                        tries += 1
                        if tries > DRAWS_UNTIL_NEIGHBOUR:
                            drawn = (center + np.uint64(1)) % words
                            break
                        place += STEP
                        drawn = draw_row(mix(place), noise.thresholds, noise.aliases)
                    rows[output] = drawn

                for output in range(outputs):
                    for lane in range(width):
                        held[output, lane] = context_vectors[rows[output], lane]
                        changes[output, lane] = np.float32(0)

                # Score every context against every output, and gather what moves the outputs. No row of `vectors`
                # moves yet: a word that stands twice in the window is the same both times, so the gradient is exact.
                for number in range(low, high):
                    context = np.uint64(batch.contexts[number])
                    slope = slopes[number - low]
                    product = np.float64(1)  # of 1 + exp(-|score|): one logarithm a pair instead of one an output
                    for output in range(outputs):
                        score = np.float32(0)
                        for lane in range(width):
                            score += vectors[context, lane] * held[output, lane]
                        tail = np.exp(-abs(score))
                        sigmoid = (np.float32(1) if score >= 0 else tail) / (np.float32(1) + tail)
                        wanted = np.float32(1) if output == 0 else np.float32(0)
                        slope[output] = rate * (wanted - sigmoid)
                        product *= np.float64(1) + tail
                        # -log σ(s) is log(1 + e^-|s|) + max(-s, 0), and with s for -s that of a negative
                        loss += max(-score, np.float32(0)) if output == 0 else max(score, np.float32(0))
                    loss += np.log(product)
                    for lane in range(width):
                        value = vectors[context, lane]
                        for output in range(outputs):
                            changes[output, lane] += slope[output] * value

                # Step.
                for number in range(low, high):
                    context = np.uint64(batch.contexts[number])
                    slope = slopes[number - low]
                    for lane in range(width):
                        value = vectors[context, lane]
                        for output in range(outputs):
                            value += slope[output] * held[output, lane]
                        vectors[context, lane] = value

                for output in range(outputs):
                    for lane in range(width):
                        context_vectors[rows[output], lane] += changes[output, lane]
        return loss

    return train


class NumbaSgns:
    """The engine. With one thread its result is determined; more train at the same time on the shared tables, without
    locks, and now and then lose a step of each other's (Recht et al., "Hogwild!", 2011)."""

    def __init__(self, vectors: Table, context_vectors: Table, settings: Settings) -> None:
        self.dim = vectors.shape[1]
        self.settings = settings
        self.vectors, self.context_vectors = padded(vectors), padded(context_vectors)
        self.noise = negative_table(settings.counts, settings.negative_power)
        self.kernel = sgns_kernel(self.vectors.shape[1], settings.negatives)

    def prepare(self) -> None:
        tables = empty_table(2, self.dim), empty_table(2, self.dim)
        pair = Batch(np.zeros(1, np.int32), np.array([0, 1]), np.ones(1, np.int32))
        self.kernel(
            *tables, pair, 0, self.settings.key, negative_table(np.ones(2, np.int64), 0.0), self.settings.schedule
        )

    def train(self, batches: Sequence[Batch], first_pair: int) -> float:
        firsts = itertools.accumulate((len(batch.contexts) for batch in batches), initial=first_pair)
        if len(batches) == 1:
            return self._train_one(batches[0], first_pair)
        with ThreadPoolExecutor(len(batches)) as threads:
            return sum(threads.map(self._train_one, batches, firsts))

    def _train_one(self, batch: Batch, first_pair: int) -> float:
        settings = self.settings
        return self.kernel(
            self.vectors, self.context_vectors, batch, first_pair, settings.key, self.noise, settings.schedule
        )

    def tables(self) -> tuple[Table, Table]:
        return self.vectors[:, : self.dim].copy(), self.context_vectors[:, : self.dim].copy()
