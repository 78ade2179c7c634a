"""Which classifiers are trained with which vectors: all with all, or, where that takes too long, along a cross."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

NetworkName = Literal["average", "max", "lstm", "bilstm", "cnn", "kim"]

Grid = Literal["full", "cross"]

BASELINE = "tfidf"
"""The linear classifier; it has no vectors."""

TERMS = "terms"
"""What the baseline has instead of vectors."""

RANDOM, OURS = "random", "ours"

STEPS = 3
"""A step begins when what the one before it came to is known."""


class Row(NamedTuple):
    """One classifier, trained once."""

    model: str
    vectors: str
    seed: int

    @property
    def name(self) -> str:
        """Of its folder, in the model's."""
        return f"{self.vectors}-{self.seed}"

    @property
    def source(self) -> str:
        """The vectors that it starts from: random, ours, or the name of pretrained ones."""
        return self.vectors.rpartition("-")[0] or self.vectors

    @property
    def tuned(self) -> bool:
        """Whether training changes them."""
        return not self.vectors.endswith("-frozen")


Results = Mapping[tuple[str, str], float]
"""By model and vectors: the mean accuracy on the validation texts."""


def rows_of_step(
    step: int, grid: Grid, models: Sequence[str], vectors: Sequence[str], seeds: Sequence[int], results: Results
) -> list[Row]:
    """The rows that a step adds.

    Args:
        step: 0 to STEPS - 1.
        grid: full, all in the first step; cross: every vectors with the first network; every network with the best of
            these; every vectors with the best of those.
        models: the classifiers.
        vectors: what the networks start from.
        seeds: of each.
        results: of the steps before.
    """
    networks = [name for name in models if name != BASELINE]
    pairs: list[tuple[str, str]] = []
    if grid == "full":
        pairs = [(model, each) for model in networks for each in vectors] if step == 0 else []
    elif networks and step == 0:
        pairs = [(networks[0], each) for each in vectors]
    elif networks:
        best_vectors = max(vectors, key=lambda each: results[networks[0], each])
        if step == 1:
            pairs = [(model, best_vectors) for model in networks]
        else:
            best_model = max(networks, key=lambda model: results[model, best_vectors])
            pairs = [(best_model, each) for each in vectors]
    rows = [Row(model, each, seed) for model, each in pairs if (model, each) not in results for seed in seeds]
    return [Row(BASELINE, TERMS, 1), *rows] if step == 0 and BASELINE in models else rows
