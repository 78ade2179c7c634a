"""What trains: one algorithm, two engines with the same inputs and outputs, chosen by name."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.batches import Batch
from tasks.kernels.tables import Table

EngineName = Literal["numba", "tensorflow"]


class Schedule(NamedTuple):
    """The learning rate falls from `first` to `last`, linearly in the number of pairs seen, over `pairs` pairs."""

    first: float
    last: float
    pairs: float

    def rate(self, pair: int) -> float:
        """The learning rate at the pair of this number."""
        return self.first + (self.last - self.first) * (pair / self.pairs)


class Settings(NamedTuple):
    """What an engine needs to know besides the tables and the windows.

    Attributes:
        counts: int64 [words]; how often each word occurs, for the noise.
        negatives: negatives a pair.
        negative_power: the noise is proportional to count^negative_power.
        schedule: of the learning rate.
        key: of the random stream of the negatives.
        threads: how many cores may be used; with 1 the result is determined.
    """

    counts: NDArray[np.int64]
    negatives: int
    negative_power: float
    schedule: Schedule
    key: np.uint64
    threads: int


class Engine(Protocol):
    """Holds both tables while they are trained."""

    def prepare(self) -> None:
        """Compiles what it needs; changes no table."""

    def train(self, batches: Sequence[Batch], first_pair: int) -> float:
        """Trains on batches that follow one another, at most `threads` of them.

        Args:
            batches: windows of contexts.
            first_pair: the number in the whole run of the first batch's first pair.

        Returns:
            The loss, summed over the pairs, each taken before its step.
        """

    def tables(self) -> tuple[Table, Table]:
        """Copies of vectors and context vectors as they are now, float32 [words, dim] each."""


def start_engine(name: EngineName, vectors: Table, context_vectors: Table, settings: Settings) -> Engine:
    """The engine of that name with copies of these tables (float32 [words, dim])."""
    if name == "tensorflow":
        from tasks.kernels.sgns_tensorflow import TensorflowSgns

        return TensorflowSgns(vectors, context_vectors, settings)
    from tasks.kernels.sgns_numba import NumbaSgns

    return NumbaSgns(vectors, context_vectors, settings)
