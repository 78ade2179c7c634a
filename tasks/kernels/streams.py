"""Logical streams: each trains a copy of both tables; after each step the copies are merged, in the same way always.

A row that changes often drifts apart soon, and words are numbered by falling count. So after step n only the first
HOT * 2^k rows are merged, 2^k being the greatest power of two that divides n: the most frequent words at each step, and
each doubling of the rank halves how often. Every row then sees about as many of its changes between two merges, and a
step costs HOT times some ten rows instead of the whole vocabulary.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.batches import Batch
from tasks.kernels.merging import merge_rows, overlap
from tasks.kernels.tables import Table

HOT = 1024
"""The most frequent words, whose rows are merged at each step."""


class Copies(Protocol):
    """The copies of one table, wherever they are: here, on an accelerator, on other machines."""

    def fetch(self, rows: int) -> NDArray[np.float32]:
        """The first rows of every copy, float32 [copies, rows or more, columns]."""

    def put(self, rows: int, copies: NDArray[np.float32]) -> None:
        """Takes what `fetch` gave, changed."""


class LocalCopies:
    """Copies in this process: nothing has to be brought anywhere."""

    def __init__(self, copies: NDArray[np.float32]) -> None:
        self.copies = copies

    def fetch(self, rows: int) -> NDArray[np.float32]:
        return self.copies

    def put(self, rows: int, copies: NDArray[np.float32]) -> None:
        pass


class Streams:
    """What the copies of both tables become after each step.

    Attributes:
        tables: vectors and context vectors as of the last merge of each row, float32 [words, columns].
        settled: whether all rows are merged.
    """

    def __init__(
        self, tables: tuple[Table, Table], copies: tuple[Copies, Copies], pool: Executor, threads: int
    ) -> None:
        self.tables, self.copies, self.pool, self.threads = tables, copies, pool, threads
        self.steps = 0  # since all rows were merged

    @property
    def settled(self) -> bool:
        return self.steps == 0

    def close_step(self) -> None:
        """Merges the rows whose turn it is."""
        self.steps += 1
        self._merge(min(HOT * (self.steps & -self.steps), len(self.tables[0])))

    def settle(self) -> None:
        """Merges all rows."""
        if not self.settled:
            self._merge(len(self.tables[0]))

    def _merge(self, rows: int) -> None:
        cuts = np.linspace(0, rows, self.threads + 1).astype(np.int64)  # the cut changes nothing: rows are on their own
        for table, copies in zip(self.tables, self.copies, strict=True):
            found = copies.fetch(rows)
            kappa = overlap(len(found))
            pieces = zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
            jobs = [self.pool.submit(merge_rows, table, found, kappa, first, last) for first, last in pieces]
            for job in jobs:
                job.result()
            copies.put(rows, found)
        if rows == len(self.tables[0]):
            self.steps = 0


class Trainer:
    """What the engines have in common: batches are trained side by side, then what waits to be merged is merged.

    Attributes:
        side_by_side: how many batches it takes at once.
        pool: the threads that train.
        streams: None where there is one stream, or none.
    """

    side_by_side: int
    pool: Executor
    streams: Streams | None

    @property
    def settled(self) -> bool:
        return self.streams is None or self.streams.settled

    def train(self, batches: Sequence[Batch], first_pairs: Sequence[int]) -> float:
        losses = list(self.pool.map(self._train_one, range(len(batches)), batches, first_pairs))
        if self.streams is not None:
            self.streams.close_step()
        return sum(losses)

    def _settle(self) -> None:
        if self.streams is not None:
            self.streams.settle()

    def _train_one(self, place: int, batch: Batch, first_pair: int) -> float:
        """Trains one batch on the tables at `place`, from 0 to side_by_side - 1; gives its loss."""
        raise NotImplementedError


def prepare_merging(columns: int) -> None:
    """Compiles the merge."""
    merge_rows(np.zeros((1, columns), np.float32), np.zeros((2, 1, columns), np.float32), 0.0, 0, 0)
