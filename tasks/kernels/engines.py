"""What trains: one algorithm, two engines with the same inputs and outputs, chosen by name."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.batches import Batch
from tasks.kernels.tables import Table
from tasks.models import EngineName, ModelName


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
        model: which algorithm.
        counts: int64 [words]; how often each word occurs, for the noise.
        negatives: negatives a pair.
        negative_power: the noise is proportional to count^negative_power.
        schedule: of the learning rate.
        key: of the random stream of the negatives.
        streams: logical streams, on which a determined result depends; 0: free-running, the result is not determined.
        threads: how many cores may be used; a determined result does not depend on it.
        batch_pairs: about how many pairs a batch has.
    """

    model: ModelName
    counts: NDArray[np.int64]
    negatives: int
    negative_power: float
    schedule: Schedule
    key: np.uint64
    streams: int
    threads: int
    batch_pairs: int


class Engine(Protocol):
    """Holds both tables while they are trained.

    Attributes:
        side_by_side: how many batches it takes at once.
        settled: whether the tables are whole: nothing waits to be merged, so that a run can be taken up from here.
    """

    side_by_side: int

    @property
    def settled(self) -> bool: ...

    def prepare(self) -> None:
        """Compiles what it needs; changes no table."""

    def train(self, batches: Sequence[Batch], first_pairs: Sequence[int]) -> float:
        """Trains on batches that follow one another, at most `side_by_side` of them.

        Args:
            batches: windows.
            first_pairs: the number in the whole run of each batch's first pair.

        Returns:
            The loss, summed over the inputs, each taken before its step.
        """

    def tables(self) -> tuple[Table, Table]:
        """Copies of vectors and context vectors as they are now, all merged; float32 [words, dim] each."""


def start_engine(name: EngineName, vectors: Table, context_vectors: Table, settings: Settings) -> Engine:
    """The engine of that name with copies of these tables (float32 [words, dim])."""
    if name == "tensorflow":
        from tasks.kernels.sgns_tensorflow import TensorflowSgns

        return TensorflowSgns(vectors, context_vectors, settings)
    from tasks.kernels.engine_numba import NumbaEngine

    return NumbaEngine(vectors, context_vectors, settings)
