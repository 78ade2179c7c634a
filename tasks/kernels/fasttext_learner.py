"""fastText: words and n-grams as the rows of one table, and the vectors that come of it."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.engine_numba import NumbaEngine, Walk
from tasks.kernels.engines import Engine
from tasks.kernels.fasttext_numba import SLOTS, Architecture, fasttext_kernel
from tasks.kernels.negative_sampling import MOST_CONTEXTS, workspace
from tasks.kernels.random_streams import stream_key, uniform
from tasks.kernels.streams import noise_shares
from tasks.kernels.subwords import SubwordTable, subwords
from tasks.kernels.tables import Table
from tasks.kernels.window_learner import TABLES, WindowLearner, WindowRecipe

HOT_ROWS = 32_768
"""Of the table of words and n-grams, that are merged at each step: n-grams are met far more often than words. With
1,024 WordSim-353 is one to two points lower (docs/quality.md)."""


@dataclass(frozen=True, kw_only=True)
class FasttextRecipe(WindowRecipe):
    """What determines a run, besides what determines every one that learns from windows.

    Attributes:
        words: the vocabulary, as n-grams are made of it.
        architecture: skipgram or cbow.
        minn, maxn: characters of an n-gram.
        buckets: that n-grams are hashed into.
    """

    words: tuple[str, ...]
    architecture: Architecture
    minn: int
    maxn: int
    buckets: int


@dataclass(frozen=True, eq=False)
class InputRows:
    """Which rows of the one table each word has. Rows that are met more often come first: they are merged more often.

    Attributes:
        starts, rows: int64 [words + 1], int32 [n]; word w has rows[starts[w] : starts[w + 1]], its own one first.
        of_words: int64 [words], the own row of each word.
        of_buckets: int64 [used buckets], the row of each bucket in `buckets`.
        buckets: int32 [used buckets], by number: those that an n-gram of a word falls into.
        meetings: int64 [rows], how often the words that have it stand in the corpus.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    of_words: NDArray[np.int64]
    of_buckets: NDArray[np.int64]
    buckets: NDArray[np.int32]
    meetings: NDArray[np.int64]


def input_rows(words: Sequence[str], counts: NDArray[np.int64], minn: int, maxn: int, buckets: int) -> InputRows:
    """The rows for these words. counts: int64 [words]. An n-gram that a word has twice counts twice, as in fastText."""
    grams = subwords(words, minn, maxn, buckets)
    used, place = np.unique(grams.buckets, return_inverse=True)
    sizes = np.diff(grams.starts)
    of_grams = np.bincount(place, np.repeat(counts, sizes), len(used)).astype(np.int64)
    meetings = np.concatenate([counts, of_grams])
    order = np.argsort(-meetings, kind="stable")
    row_of = np.empty(len(order), np.int64)
    row_of[order] = np.arange(len(order))
    own = np.arange(len(words))
    rows = row_of[np.insert(len(words) + place, grams.starts[:-1], own)]
    return InputRows(
        starts=grams.starts + np.arange(len(words) + 1),
        rows=rows.astype(np.int32),
        of_words=row_of[: len(words)],
        of_buckets=row_of[len(words) :],
        buckets=used.astype(np.int32),
        meetings=meetings[order],
    )


class FasttextLearner(WindowLearner):
    """See `WindowLearner`. Tables: float32, inputs [words and used buckets, dim], context_vectors [words, dim]."""

    def __init__(self, recipe: FasttextRecipe) -> None:
        super().__init__(recipe)
        self.recipe: FasttextRecipe = recipe
        self.inputs = input_rows(recipe.words, self.counts, recipe.minn, recipe.maxn, recipe.buckets)
        self.shapes = {
            "inputs": (len(self.inputs.meetings), recipe.dim),
            "context_vectors": (len(recipe.words), recipe.dim),
        }
        self.windows_are_inputs = recipe.architecture == "cbow"

    def most_pairs(self) -> int:
        """Half as many: every pair changes some twenty rows that other words have too."""
        return super().most_pairs() // 2

    def initial_tables(self) -> Sequence[Table]:
        """fastText's start: inputs uniform in ±1 / dim, context vectors zero."""
        rows, dim = self.shapes["inputs"]
        numbers = uniform(stream_key(self.recipe.seed, TABLES), rows * dim).reshape(rows, dim)
        inputs = (numbers * np.float32(2) - np.float32(1)) / np.float32(dim)
        return inputs, np.zeros(self.shapes["context_vectors"], np.float32)

    def start(self, tables: Sequence[Table]) -> Engine:
        inputs, context_vectors = tables
        settings, most = self.settings, int(np.diff(self.inputs.starts).max())
        if self.recipe.architecture == "cbow":
            most *= MOST_CONTEXTS
        walk = Walk(
            functools.partial(
                fasttext_kernel(self.recipe.architecture, settings.negatives), self.inputs.starts, self.inputs.rows
            ),
            self._terms(),
            lambda columns: workspace(settings.negatives + 1, columns, most, SLOTS),
            HOT_ROWS,
        )
        return NumbaEngine(inputs, context_vectors, settings, walk)

    def _terms(self) -> Sequence[NDArray[np.float64]]:
        """See `tasks.kernels.streams.terms_a_pair`; an input row is met with every word that has it."""
        settings = self.settings
        shares = settings.counts / settings.counts.sum()
        inputs = self.inputs.meetings / settings.counts.sum() * (1 + settings.negatives)
        return inputs, shares + settings.negatives * noise_shares(settings)

    def results(self, tables: Mapping[str, Table]) -> tuple[Table, Mapping[str, Table]]:
        """Each word's vector is the mean of its rows. Kept: the own rows of words and those of used buckets, the
        numbers of these, and minn, maxn and the number of all buckets.
        """
        recipe, rows = self.recipe, self.inputs
        kept = {
            "context_vectors": tables["context_vectors"],
            "words": tables["inputs"][rows.of_words],
            "ngrams": tables["inputs"][rows.of_buckets],
            "buckets": rows.buckets,
            "hashing": np.array([recipe.minn, recipe.maxn, recipe.buckets]),
        }
        table = SubwordTable(
            kept["words"], kept["ngrams"], recipe.words, recipe.minn, recipe.maxn, recipe.buckets, rows.buckets
        )
        return table.known(), kept
