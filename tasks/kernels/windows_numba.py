"""The compiled walk over windows of skip-gram and of CBOW: the contexts of one, the outputs of a later one, the step.

What is drawn, and the learning rate, depend on a pair's number in the whole run alone; a window has that of its first.
"""

import functools
from collections.abc import Callable

import numpy as np

from tasks.kernels.alias import AliasTable
from tasks.kernels.batches import Batch
from tasks.kernels.cbow_numba import move_cbow, score_cbow
from tasks.kernels.compiler import compiled_kernel
from tasks.kernels.engines import Schedule
from tasks.kernels.lanes import zeros
from tasks.kernels.negative_pool import begin_pool, take_outputs
from tasks.kernels.negative_sampling import (
    DRAWN_AHEAD,
    SLOTS,
    Workspace,
    ask_for_context,
    gather_contexts,
    pairs_of,
    rate_at,
    settle_loss,
    widest_reach,
)
from tasks.kernels.skip_gram_numba import move_skip_gram, score_skip_gram
from tasks.kernels.tables import Table
from tasks.models import ModelName

Kernel = Callable[[Table, Table, Batch, int, np.uint64, AliasTable, Schedule, Workspace], float]


@functools.cache
def window_kernel(model: ModelName, negatives: int, corrected: bool) -> Kernel:
    """The kernel of a model for windows of so many negatives; compiled at its first call. For `corrected`: `Settings`.

    The number of negatives is a constant of the machine code, since a tile must have a known size; that of columns is
    not, so one kernel serves every dimension.

    Returns:
        train(vectors, context_vectors, batch, first_pair, key, noise, schedule, work) -> loss.
            vectors, context_vectors: float32 [words, columns], columns a multiple of WIDTH, changed in place.
            first_pair: the number in the whole run of the batch's first pair.
            key: of the random stream of the negatives.
            work: this thread's own.
            loss: the sum over inputs, before each step, in float64.
    """
    outputs = negatives + 1
    is_cbow = model == "cbow"

    @compiled_kernel
    def train(
        vectors: Table,
        context_vectors: Table,
        batch: Batch,
        first_pair: int,
        key: np.uint64,
        noise: AliasTable,
        schedule: Schedule,
        work: Workspace,
    ) -> float:
        words, left, right = batch.words, batch.left, batch.right
        blank = zeros(outputs)
        pair = drawn_pair = first_pair
        begin_pool(work, first_pair)
        reach = widest_reach(batch)
        for ahead in range(batch.start, batch.stop + DRAWN_AHEAD):
            window = ahead - DRAWN_AHEAD
            slot = window % SLOTS
            contexts = 0
            if window >= batch.start:
                contexts = gather_contexts(words, left, right, window, work.contexts)
            if contexts > 0:
                if is_cbow:
                    score_cbow(vectors, context_vectors, work, contexts, slot, blank, corrected)
                else:
                    score_skip_gram(vectors, context_vectors, work, contexts, slot, blank)
            # here, since on the way from scores to slopes each number waits for the one before
            if ahead < batch.stop and pairs_of(batch, ahead) > 0:
                take_outputs(context_vectors, work, ahead % SLOTS, int(words[ahead]), drawn_pair, key, noise)
                ask_for_context(vectors, batch, ahead, reach)
                drawn_pair += pairs_of(batch, ahead)
            if contexts > 0:
                rate = np.float32(rate_at(schedule, pair))
                if is_cbow:
                    move_cbow(vectors, context_vectors, work, contexts, slot, rate, blank, corrected)
                else:
                    move_skip_gram(vectors, context_vectors, work, contexts, slot, rate, blank)
                pair += contexts
        settle_loss(work)
        loss = float(work.loss[0])
        work.loss[0] = 0
        return loss

    return train
