"""What a model in training is: what it learns from (`Learner`), and who computes (`Engine`).

`tasks.kernels.training` runs any learner: a new model brings its tables, its steps and its engines, and has clock,
history, checkpoints and resuming from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from tasks.kernels.tables import Table


class Schedule(NamedTuple):
    """The learning rate falls from `first` to `last`, linearly in the number of examples seen, over `examples`.

    `tasks.kernels.negative_sampling.rate_at` is `rate` in compiled code.
    """

    first: float
    last: float
    examples: float

    def rate(self, example: int) -> float:
        """The learning rate at the example of this number."""
        return self.first + (self.last - self.first) * (example / self.examples)


class Step(NamedTuple):
    """What is trained at once.

    Attributes:
        epoch: which one.
        place: where the epoch goes on after it; the learner's own.
        examples: that it has.
        inputs: what its loss is divided by for a mean: pairs of sgns, windows of cbow, cells of glove.
        where: the place, for people.
        material: what `Engine.train` gets.
    """

    epoch: int
    place: tuple[int, ...]
    examples: int
    inputs: int
    where: str
    material: tuple[Any, ...]


class Engine(Protocol):
    """Holds the tables while they are trained.

    Attributes:
        settled: whether the tables are whole: nothing waits to be merged, so that a run can be taken up from here.
    """

    @property
    def settled(self) -> bool: ...

    def prepare(self) -> None:
        """Compiles what it needs; changes no table."""

    def train(self, *material: Any) -> float:
        """Trains on the material of one step; returns the loss, summed over the inputs, each taken before it moves."""

    def tables(self) -> Sequence[Table]:
        """All tables as they are now, all merged, in the order of `Learner.shapes`: to read before the next step, which
        may change them."""


class Learner(Protocol):
    """A model, and what it learns from.

    Attributes:
        unit: what an example is, in the plural: pairs, cells.
        epochs: the examples of each epoch.
        tokens: of the corpus, an epoch.
        schedule: of the learning rate.
        shapes: the name and the shape of each table; all are float32.
        advice: what to do where a number is no longer finite.
    """

    @property
    def unit(self) -> str: ...

    @property
    def epochs(self) -> Sequence[int]: ...

    @property
    def tokens(self) -> int: ...

    @property
    def schedule(self) -> Schedule: ...

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...

    @property
    def advice(self) -> str: ...

    def initial_tables(self) -> Sequence[Table]:
        """The tables at the start, in the order of `shapes`."""

    def start(self, tables: Sequence[Table]) -> Engine:
        """An engine with copies of these tables."""

    def steps(self, engine: Any, epoch: int, place: tuple[int, ...], example: int) -> Iterator[Step]:
        """What is still to be trained, from a place in an epoch on; `example` is the number of the next one."""

    def results(self, tables: Mapping[str, Table]) -> tuple[Table, Mapping[str, Table]]:
        """The word vectors that come of trained tables, float32 [words, numbers], and what else is kept, by name."""
