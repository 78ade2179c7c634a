"""Logical streams: each trains a copy of both tables; after each step the copies are merged, in the same way always.

A row that changes often drifts apart soon, and words are numbered by falling count. So after step n only the first
HOT * 2^k rows are merged, 2^k being the greatest power of two that divides n: the most frequent words at each step, and
each doubling of the rank halves how often. Every row then sees about as many of its changes between two merges, and a
step costs HOT times some ten rows instead of the whole vocabulary. docs/streams.md has the figures.
"""

import itertools
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.batches import Batch
from tasks.kernels.merging import merge_rows, row_motion
from tasks.kernels.settings import Settings
from tasks.kernels.tables import Table

Terms = Sequence[NDArray[np.float64]]

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
    """What the copies of all tables become after each step.

    Attributes:
        tables: as of the last merge of each row, float32 [rows, columns], the rows that change most often first.
        settled: whether all rows are merged.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        copies: Sequence[Copies],
        terms: Terms,
        settings: Settings,
        pool: Executor,
        hot: int = HOT,
    ) -> None:
        """terms: see `terms_a_pair`; of each table. hot: how many rows are merged at each step."""
        self.tables, self.copies, self.schedule = tables, copies, settings.schedule
        self.pool, self.threads = pool, settings.threads
        self.hot = hot
        stretches = (settings.batch_pairs * _steps_between_merges(len(table), hot) for table in tables)
        self.motions = [row_motion(pairs * each) for pairs, each in zip(stretches, terms, strict=True)]
        self.most_rows = max(map(len, tables))
        self.steps = 0  # since all rows were merged
        self.rate = self.schedule.first

    @property
    def settled(self) -> bool:
        return self.steps == 0

    def close_step(self, pair: int) -> None:
        """Merges the rows whose turn it is; the step began with the pair of this number in the whole run."""
        self.rate = self.schedule.rate(pair)
        self.steps += 1
        self._merge(min(self.hot * (self.steps & -self.steps), self.most_rows))

    def settle(self) -> None:
        """Merges all rows."""
        if not self.settled:
            self._merge(self.most_rows)

    def _merge(self, most: int) -> None:
        rows = [min(most, len(table)) for table in self.tables]
        fetched = [copies.fetch(number) for copies, number in zip(self.copies, rows, strict=True)]
        jobs = [
            self.pool.submit(merge_rows, table, copies, motion, self.rate, *piece)
            for table, copies, motion, number in zip(self.tables, fetched, self.motions, rows, strict=True)
            for piece in itertools.pairwise(self._cuts(number))
        ]
        for job in jobs:
            job.result()
        for copies, number, merged in zip(self.copies, rows, fetched, strict=True):
            copies.put(number, merged)
        if most == self.most_rows:
            self.steps = 0

    def _cuts(self, rows: int) -> list[int]:
        """One piece a thread; the cut changes nothing: rows are on their own."""
        return [rows * piece // self.threads for piece in range(self.threads + 1)]


def _steps_between_merges(rows: int, hot: int) -> NDArray[np.float64]:
    """Of each row."""
    doublings = np.ceil(np.log2(np.arange(1, rows + 1) / hot))
    return np.exp2(np.maximum(doublings, 0))


def terms_a_pair(settings: Settings) -> Terms:
    """How many terms a pair adds to the gradient of each row of vectors and of context vectors, on average.

    As if nothing were subsampled: that exaggerates for the most frequent words, which are at rest either way.
    """
    shares = settings.counts / settings.counts.sum()
    return shares * (1 + settings.negatives), shares + settings.negatives * noise_shares(settings)


def noise_shares(settings: Settings) -> NDArray[np.float64]:
    """How often each word is drawn as a negative, float64 [words], together 1."""
    noise: NDArray[np.float64] = settings.counts.astype(np.float64) ** settings.negative_power
    total: np.float64 = noise.sum()
    return noise / total


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
            self.streams.close_step(first_pairs[0])
        return sum(losses)

    def _settle(self) -> None:
        if self.streams is not None:
            self.streams.settle()

    def _train_one(self, place: int, batch: Batch, first_pair: int) -> float:
        """Trains one batch on the tables at `place`, from 0 to side_by_side - 1; gives its loss."""
        raise NotImplementedError


def prepare_merging(columns: int) -> None:
    """Compiles the merge."""
    table, copies, motion = (np.zeros(shape, np.float32) for shape in ((1, columns), (2, 1, columns), (1,)))
    merge_rows(table, copies, motion, 0.0, 0, 0)
