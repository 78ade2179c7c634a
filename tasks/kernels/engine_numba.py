"""The engine on CPU cores: compiled walks over windows, side by side.

Deterministic: logical streams, each with a copy of both tables, train on batches that follow one another and are merged
(`streams`). The result depends on their number and on the batches, not on threads or timing.

Free-running: threads that share the tables, without locks, and now and then lose a step of each other's (Recht et al.,
"Hogwild!", 2011).
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from tasks.kernels.alias import negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.cbow_numba import WINDOWS, cbow_kernel, outputs_of_step
from tasks.kernels.negative_pool import POOL
from tasks.kernels.negative_sampling import Kernel, Workspace, workspace
from tasks.kernels.settings import Settings
from tasks.kernels.skip_gram_numba import skip_gram_kernel
from tasks.kernels.streams import HOT, LocalCopies, Streams, Terms, Trainer, prepare_merging, terms_a_pair
from tasks.kernels.tables import Table, copies_of, empty_table, padded


class Walk(NamedTuple):
    """What a model does with a batch.

    Attributes:
        kernel: see `tasks.kernels.negative_sampling.Kernel`.
        terms: see `tasks.kernels.streams.terms_a_pair`.
        make_workspace: for tables of so many columns, what one thread writes on.
        hot: rows that are merged at each step.
    """

    kernel: Kernel
    terms: Terms
    make_workspace: Callable[[int], Workspace]
    hot: int = HOT


def window_walk(settings: Settings) -> Walk:
    """That of skip-gram and of CBOW."""
    pool = POOL[settings.model]
    if settings.model == "cbow":
        kernel = cbow_kernel(settings.negatives, settings.corrected)
        outputs, windows = outputs_of_step(settings.negatives), WINDOWS
    else:
        kernel = skip_gram_kernel(settings.negatives)
        outputs, windows = settings.negatives + 1, 1
    make_workspace = functools.partial(workspace, outputs, pool=pool, windows=windows)
    return Walk(kernel, terms_a_pair(settings), make_workspace)


class NumbaEngine(Trainer):
    """Holds the tables and, where there are streams, their copies."""

    def __init__(self, vectors: Table, context_vectors: Table, settings: Settings, walk: Walk | None = None) -> None:
        """walk: by default that of the model in `settings`."""
        walk = walk or window_walk(settings)
        self.dim = vectors.shape[1]
        self.settings = settings
        self.side_by_side = settings.streams or settings.threads
        self.pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="train")
        vectors, context_vectors = self.pool.map(padded, (vectors, context_vectors))
        self.merged = vectors, context_vectors
        self.trained = [self.merged] * self.side_by_side  # the tables of each stream or thread
        self.streams = None
        if settings.streams > 1:
            vectors, context_vectors = self.pool.map(copies_of, self.merged, [settings.streams] * 2)
            self.trained = list(zip(vectors, context_vectors, strict=True))
            local = LocalCopies(vectors), LocalCopies(context_vectors)
            self.streams = Streams(self.merged, local, walk.terms, settings, self.pool, walk.hot)
        self.noise = negative_table(settings.counts, settings.negative_power)
        self.kernel = walk.kernel
        self.work = [walk.make_workspace(self.columns) for _ in range(self.side_by_side)]

    @property
    def columns(self) -> int:
        """Of the padded tables."""
        return int(self.merged[0].shape[1])

    def prepare(self) -> None:
        tables = empty_table(2, self.dim), empty_table(2, self.dim)
        nothing = Batch.of(np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.uint8), 0, 1)
        settings = self.settings
        self.kernel(*tables, nothing, 0, settings.key, self.noise, settings.schedule, self.work[0])
        if self.streams is not None:
            prepare_merging(self.columns)

    def tables(self) -> tuple[Table, Table]:
        self._settle()
        vectors, context_vectors = self.merged
        return vectors[:, : self.dim], context_vectors[:, : self.dim]

    def _train_one(self, place: int, batch: Batch, first_pair: int) -> float:
        settings = self.settings
        return self.kernel(
            *self.trained[place], batch, first_pair, settings.key, self.noise, settings.schedule, self.work[place]
        )
