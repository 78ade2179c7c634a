"""The engine on CPU cores: compiled walks over windows, side by side.

Deterministic: S logical streams, each with a copy of both tables, train on batches that follow one another; then the
copies are merged (`merging`). The result depends on S and on the batches, not on threads or timing. A row that changes
often drifts apart soon, and words are numbered by falling count: after step n only the first HOT * 2^k rows are merged,
2^k being the greatest power of two that divides n. So the most frequent words are merged at each step, each doubling
of the rank halves how often, and every row sees about as many of its changes between two merges.

Free-running: threads that share the tables, without locks, and now and then lose a step of each other's (Recht et al.,
"Hogwild!", 2011).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tasks.kernels.alias import negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.engines import Settings
from tasks.kernels.merging import merge_rows, overlap
from tasks.kernels.negative_sampling import workspace
from tasks.kernels.tables import Table, copies_of, empty_table, padded
from tasks.kernels.windows_numba import window_kernel

HOT = 1024
"""The most frequent words, whose rows are merged at each step."""


class NumbaEngine:
    """Holds the tables and, where there are streams, their copies."""

    def __init__(self, vectors: Table, context_vectors: Table, settings: Settings) -> None:
        self.dim = vectors.shape[1]
        self.settings = settings
        self.side_by_side = settings.streams or settings.threads
        self.vectors, self.context_vectors = padded(vectors), padded(context_vectors)
        apart = settings.streams > 1
        self.copies = [copies_of(table, settings.streams) for table in self._tables()] if apart else []
        self.noise = negative_table(settings.counts, settings.negative_power)
        self.kernel = window_kernel(settings.model, settings.negatives)
        self.work = [workspace(settings.negatives + 1, self.vectors.shape[1]) for _ in range(self.side_by_side)]
        self.pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="train")
        self.steps = 0

    def prepare(self) -> None:
        tables = empty_table(2, self.dim), empty_table(2, self.dim)
        nothing = Batch(np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.uint8), 0, 1)
        settings = self.settings
        self.kernel(*tables, nothing, 0, settings.key, self.noise, settings.schedule, self.work[0])
        if self.copies:
            merge_rows(tables[0], copies_of(tables[0], 2), 0.0, 0, 0)

    def train(self, batches: Sequence[Batch], first_pairs: Sequence[int]) -> float:
        losses = list(self.pool.map(self._train_one, range(len(batches)), batches, first_pairs))
        if self.copies:
            self.steps += 1
            self._merge(min(HOT * (self.steps & -self.steps), len(self.vectors)))
        return sum(losses)

    @property
    def settled(self) -> bool:
        return self.steps == 0

    def tables(self) -> tuple[Table, Table]:
        if not self.settled:
            self._merge(len(self.vectors))
        return self.vectors[:, : self.dim].copy(), self.context_vectors[:, : self.dim].copy()

    def _tables(self) -> tuple[Table, Table]:
        return self.vectors, self.context_vectors

    def _train_one(self, place: int, batch: Batch, first_pair: int) -> float:
        settings = self.settings
        tables = [copies[place] for copies in self.copies] or self._tables()
        return self.kernel(
            tables[0], tables[1], batch, first_pair, settings.key, self.noise, settings.schedule, self.work[place]
        )

    def _merge(self, rows: int) -> None:
        """Merges the first rows of both tables; cut for the threads, which changes nothing."""
        cuts = np.linspace(0, rows, self.settings.threads + 1).astype(np.int64)
        jobs = [
            self.pool.submit(merge_rows, table, copies, overlap(len(copies)), int(cuts[piece]), int(cuts[piece + 1]))
            for table, copies in zip(self._tables(), self.copies, strict=True)
            for piece in range(self.settings.threads)
        ]
        for job in jobs:
            job.result()
        if rows == len(self.vectors):
            self.steps = 0
