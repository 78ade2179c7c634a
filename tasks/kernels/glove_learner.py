"""GloVe: what it learns from, the order in which it does, and what comes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tasks.kernels.engines import Engine, Schedule, Step
from tasks.kernels.glove_numba import GloveEngine, GloveTables, Weighing
from tasks.kernels.random_streams import shuffled, stream_key, uniform
from tasks.kernels.reading import read_counts
from tasks.kernels.tables import Table
from tasks.kernels.tiles import lay_tiles
from tasks.models import EngineName

TABLES, ROUNDS, CELLS = range(3)
"""The random streams of a run."""


@dataclass(frozen=True)
class GloveRecipe:
    """What determines a run.

    Attributes:
        engine: who computes.
        vocabulary: vocabulary.parquet.
        shards: of the stage cooccurrences.
        tiles: the folder in which they are laid in tiles.
        dim: numbers a vector.
        epochs: passes over the cells.
        rate: of learning, the same to the end.
        x_max, alpha: of the share with which a cell counts.
        output: which tables the vectors are made of; see `GloveLearner.results`.
        seed: of the start tables, the order of rounds and that of cells.
        threads: cores; no result depends on it.
    """

    engine: EngineName
    vocabulary: Path
    shards: tuple[Path, ...]
    tiles: Path
    dim: int
    epochs: int
    rate: float
    x_max: float
    alpha: float
    output: Literal["sum", "vectors", "both"]
    seed: int
    threads: int


class GloveLearner:
    """See `tasks.kernels.engines.Learner`. Tables: `GloveTables`."""

    unit = "cells"

    def __init__(self, recipe: GloveRecipe) -> None:
        """Lays the cells in tiles, if that has not been done before.

        Raises:
            InputError: there is no cell, or a file is not what it should be.
        """
        self.recipe = recipe
        counts = read_counts(recipe.vocabulary)
        self.words, self.tokens = len(counts), int(counts.sum())
        self.tiles = lay_tiles(recipe.shards, self.words, recipe.tiles, recipe.threads)
        self.epochs = [len(self.tiles.cells)] * recipe.epochs
        self.schedule = Schedule(recipe.rate, recipe.rate, float(sum(self.epochs)))
        shape = (self.words, recipe.dim)
        self.shapes = dict.fromkeys(GloveTables._fields[:4], shape) | {GloveTables._fields[4]: (self.words, 4)}
        self.advice = f"lower train.learning_rate (it is {recipe.rate:g})"

    def initial_tables(self) -> GloveTables:
        """Vectors as in the authors' program, uniform in ±0.5 / dim; sums of squares 1; biases 0."""
        shape, dim = (self.words, self.recipe.dim), self.recipe.dim
        start = uniform(stream_key(self.recipe.seed, TABLES), 2 * self.words * dim).reshape(2, *shape)
        vectors, context_vectors = (start - np.float32(0.5)) / np.float32(dim)
        biases = np.tile(np.array([0, 1, 0, 1], np.float32), (self.words, 1))
        return GloveTables(vectors, context_vectors, np.ones(shape, np.float32), np.ones(shape, np.float32), biases)

    def start(self, tables: Sequence[Table]) -> Engine:
        recipe = self.recipe
        weighing = Weighing(recipe.rate, recipe.x_max, recipe.alpha)
        if recipe.engine == "tensorflow":
            from tasks.kernels.glove_tensorflow import TensorflowGlove

            return TensorflowGlove(tables, self.tiles, weighing, recipe.threads)
        return GloveEngine(tables, self.tiles, weighing, recipe.threads)

    def steps(self, engine: Any, epoch: int, place: tuple[int, ...], example: int) -> Iterator[Step]:
        """See `Learner`; a step is a round of tiles, and a place is how many rounds of the epoch are over."""
        blocks, seed = self.tiles.blocks, self.recipe.seed
        sizes = self.tiles.round_cells().tolist()
        (first,) = place or (0,)
        for number in range(epoch, self.recipe.epochs):
            rounds = shuffled(stream_key(seed, ROUNDS, number), blocks).tolist()
            for at in range(first, blocks):
                tiles = self.tiles.round(rounds[at])
                keys = [stream_key(seed, CELLS, number, tile) for tile in tiles]
                cells = sizes[rounds[at]]
                if not cells:
                    continue
                yield Step(number, (at + 1,), cells, cells, f"round {at + 1} of {blocks}", (tiles, keys))
            first = 0

    def results(self, tables: Mapping[str, Table]) -> tuple[Table, Mapping[str, Table]]:
        """The vectors are w + w̃ (the paper's section 4.2), w, or both side by side; w, w̃ and the biases are kept."""
        vectors, context_vectors = tables["vectors"], tables["context_vectors"]
        biases = np.ascontiguousarray(tables["biases"][:, ::2])
        kept = {"context_vectors": context_vectors, "words": vectors, "biases": biases}
        if self.recipe.output == "sum":
            return vectors + context_vectors, kept
        if self.recipe.output == "both":
            return np.hstack([vectors, context_vectors]), kept
        return vectors, kept
