"""Models that learn from windows with negative sampling: their tables, and epochs over draws over shards over steps."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.kernels.batches import Place, read_steps
from tasks.kernels.engines import Engine, Schedule, Step
from tasks.kernels.random_streams import shuffled, stream_key
from tasks.kernels.reading import read_counts
from tasks.kernels.settings import Settings
from tasks.kernels.shards import count_pairs
from tasks.kernels.streams import Trainer
from tasks.kernels.tables import Table, initial_tables
from tasks.models import EngineName, ModelName

MOST_PAIRS = 200_000
"""Pairs that all streams together train between two merges. More make them drift apart."""

MOST_PAIRS_OF_CBOW = 400_000
"""Of CBOW, where a window moves its outputs once, and a context moves by a share of it (docs/quality.md)."""

WIDE_START = 100.0
"""CBOW with the corrected gradient starts in ±0.5 √dim / WIDE_START: in ±0.05 at dim 100 and ±0.087 at dim 300,
as looks at both showed (docs/quality.md)."""

STEPS_AN_EPOCH = 200
"""At the least, so that streams do not drift apart on a small corpus either."""

FEWEST_PAIRS = 1_000
"""Pairs that a stream trains at the least: fewer make more work of starting and merging than of training."""

TABLES, ORDER, NEGATIVES = range(3)
"""The random streams of a run."""


@dataclass(frozen=True, kw_only=True)
class WindowRecipe:
    """What determines a run.

    Attributes:
        model, engine: what is trained, and who computes.
        vocabulary: vocabulary.parquet.
        draws: the shards of each draw; epoch e trains on draw e modulo their number.
        documents: the folder of encoded documents, for shards that are drawn on the spot.
        dim: numbers a vector.
        epochs: passes over the corpus.
        negatives: negatives a pair.
        negative_power: they are drawn by count^negative_power.
        first_rate, last_rate: the learning rate at the first and the last pair.
        shuffle: whether each epoch has an order of shards of its own; else it is the corpus'.
        seed: of the start tables, the negatives and the order of shuffled shards.
        streams: logical streams of a determined run; 0: free-running.
        threads: cores; a determined result does not depend on it.
        corrected: see `tasks.kernels.settings.Settings`; cbow alone reads it.
    """

    model: ModelName
    engine: EngineName
    vocabulary: Path
    draws: tuple[tuple[Path, ...], ...]
    documents: Path
    dim: int
    epochs: int
    negatives: int
    negative_power: float
    first_rate: float
    last_rate: float
    shuffle: bool
    seed: int
    streams: int
    threads: int
    corrected: bool = True


class WindowLearner:
    """sgns and cbow; see `tasks.kernels.engines.Learner`. Tables: float32 [words, dim] each."""

    unit = "pairs"

    def __init__(self, recipe: WindowRecipe) -> None:
        """Reads the counts of words and pairs.

        Raises:
            InputError: the corpus has one word or no pairs, or a file is not what it should be.
        """
        self.recipe = recipe
        self.counts = read_counts(recipe.vocabulary)
        if len(self.counts) < 2:
            raise InputError(f"{recipe.vocabulary}: one word only, so no word can be its negative; give more text")
        self.windows_are_inputs = recipe.model == "cbow"  # else pairs are
        self.tokens = int(self.counts.sum())
        self.epochs = _count_epochs(recipe)
        self.schedule = Schedule(recipe.first_rate, recipe.last_rate, float(sum(self.epochs)))
        shape = (len(self.counts), recipe.dim)
        self.shapes = dict.fromkeys(("vectors", "context_vectors"), shape)
        self.advice = f"lower train.learning_rate (it is {recipe.first_rate:g})" + (
            " or train.streams" if recipe.streams > 2 else ""
        )
        together = max(recipe.streams, 1)
        steady = min(self.most_pairs(), min(self.epochs) // STEPS_AN_EPOCH) // together
        self.settings = Settings(
            recipe.model, self.counts, recipe.negatives, recipe.negative_power, self.schedule,
            stream_key(recipe.seed, NEGATIVES), recipe.streams, recipe.threads, max(FEWEST_PAIRS, steady),
            recipe.corrected,
        )  # fmt: skip

    def most_pairs(self) -> int:
        """That all streams together train between two merges."""
        return MOST_PAIRS_OF_CBOW if self.recipe.model == "cbow" else MOST_PAIRS

    def initial_tables(self) -> Sequence[Table]:
        """word2vec's start; of CBOW with the corrected gradient a wider one."""
        recipe = self.recipe
        wide = recipe.model == "cbow" and recipe.corrected
        range_by = min(recipe.dim, WIDE_START / math.sqrt(recipe.dim)) if wide else None
        return initial_tables(len(self.counts), recipe.dim, stream_key(recipe.seed, TABLES), range_by)

    def start(self, tables: Sequence[Table]) -> Engine:
        vectors, context_vectors = tables
        if self.recipe.engine == "tensorflow":
            from tasks.kernels.sgns_tensorflow import TensorflowSgns

            return TensorflowSgns(vectors, context_vectors, self.settings)
        from tasks.kernels.engine_numba import NumbaEngine

        return NumbaEngine(vectors, context_vectors, self.settings)

    def steps(self, engine: Trainer, epoch: int, place: tuple[int, ...], example: int) -> Iterator[Step]:
        """See `Learner`; a place is the shard, in the epoch's own order, and its row group and window."""
        recipe = self.recipe
        first_shard, *inside = place or (0, 0, 0)
        begin = Place(*inside)
        for number in range(epoch, recipe.epochs):
            shards = recipe.draws[number % len(recipe.draws)]
            if recipe.shuffle:
                order = shuffled(stream_key(recipe.seed, ORDER, number), len(shards))
                shards = tuple(shards[place] for place in order)
            for shard in range(first_shard, len(shards)):
                path = shards[shard]
                cut = read_steps(
                    path, recipe.documents, self.counts, self.settings.batch_pairs, engine.side_by_side, begin
                )
                for found in cut:
                    firsts = np.cumsum([example, *found.pairs])
                    seen = int(firsts[-1]) - example
                    yield Step(
                        number,
                        (shard, *found.after),
                        seen,
                        found.windows if self.windows_are_inputs else seen,
                        f"{path.name}, row group {found.after.row_group}, window {found.after.window}",
                        (found.batches, firsts[:-1].tolist()),
                    )
                    example += seen
                begin = Place()
            first_shard = 0

    def results(self, tables: Mapping[str, Table]) -> tuple[Table, Mapping[str, Table]]:
        return tables["vectors"], {"context_vectors": tables["context_vectors"]}


def _count_epochs(recipe: WindowRecipe) -> list[int]:
    """The pairs of each epoch."""
    with ThreadPoolExecutor(recipe.threads) as pool:
        draws = [sum(pool.map(count_pairs, shards)) for shards in recipe.draws]
    if not draws or min(draws) == 0:
        raise InputError("train: the skip-gram shards hold no pairs; run skipgrams, or give longer documents")
    return [draws[epoch % len(draws)] for epoch in range(recipe.epochs)]
