"""Which rows a comparison has: all with all, or along a cross, step by step, and none twice."""

import pytest

from tasks.classifiers.grid import STEPS, Grid, Row, rows_of_step
from tasks.classifiers.results import Cell, best_cell, cells

MODELS = ("tfidf", "average", "cnn", "kim")
VECTORS = ("random", "ours-frozen", "ours-tuned")
SEEDS = (1, 5)

Results = dict[tuple[str, str], float]

FIRST: Results = {("average", "random"): 0.7, ("average", "ours-frozen"): 0.9, ("average", "ours-tuned"): 0.8}
SECOND: Results = {("cnn", "ours-frozen"): 0.95, ("kim", "ours-frozen"): 0.6}


def step(number: int, grid: Grid, results: Results, models: tuple[str, ...] = MODELS) -> list[Row]:
    return rows_of_step(number, grid, models, VECTORS, SEEDS, results)


def seeded(*pairs: tuple[str, str]) -> list[Row]:
    return [Row(model, vectors, seed) for model, vectors in pairs for seed in SEEDS]


BASELINE = Row("tfidf", "terms", 1)


def test_full_is_every_network_with_every_vectors_at_once() -> None:
    pairs = [(model, vectors) for model in MODELS[1:] for vectors in VECTORS]
    assert step(0, "full", {}) == [BASELINE, *seeded(*pairs)]
    done = dict.fromkeys(pairs, 0.5)
    assert step(1, "full", done) == step(2, "full", done) == []


def test_a_cross_is_every_vectors_then_every_network_then_every_vectors() -> None:
    assert step(0, "cross", {}) == [BASELINE, *seeded(*(("average", vectors) for vectors in VECTORS))]
    assert step(1, "cross", FIRST) == seeded(("cnn", "ours-frozen"), ("kim", "ours-frozen"))
    assert step(2, "cross", FIRST | SECOND) == seeded(("cnn", "random"), ("cnn", "ours-tuned"))


def test_a_cross_ends_early_where_the_first_network_is_the_best() -> None:
    assert step(2, "cross", FIRST | SECOND | {("cnn", "ours-frozen"): 0.5}) == []


def test_equals_go_to_the_first() -> None:
    same = dict.fromkeys(FIRST, 0.5)
    assert step(1, "cross", same) == seeded(("cnn", "random"), ("kim", "random"))


@pytest.mark.parametrize("grid", ["full", "cross"])
def test_nothing_is_there_twice(grid: Grid) -> None:
    results: Results = {}
    rows: list[Row] = []
    for number in range(STEPS):
        added = step(number, grid, results)
        rows += added
        results |= {(row.model, row.vectors): len(row.vectors) - len(row.model) for row in added}
    assert len(rows) == len(set(rows)) == {"full": 1 + 9 * 2, "cross": 1 + (3 + 2 + 2) * 2}[grid]
    assert len({f"{row.model}/{row.name}" for row in rows}) == len(rows)


@pytest.mark.parametrize("grid", ["full", "cross"])
def test_the_baseline_alone_and_networks_alone(grid: Grid) -> None:
    assert step(0, grid, {}, ("tfidf",)) == [BASELINE]
    assert step(1, grid, {}, ("tfidf",)) == step(2, grid, {}, ("tfidf",)) == []
    assert BASELINE not in step(0, grid, {}, ("average",))


def test_a_row_knows_its_vectors() -> None:
    rows = [Row("cnn", vectors, 1) for vectors in ("random", "ours-frozen", "ours-tuned", "my_own-tuned")]
    assert [row.source for row in rows] == ["random", "ours", "ours", "my_own"]
    assert [row.tuned for row in rows] == [True, False, True, True]
    assert rows[1].name == "ours-frozen-1"


def test_seeds_become_a_mean_and_its_deviation() -> None:
    figures = {"macro_f1": 0.5, "calibration_error": 0.1, "validation_accuracy": 0.7}
    found = cells(
        {
            Row("cnn", "random", 1): figures | {"accuracy": 0.6},
            Row("cnn", "random", 2): figures | {"accuracy": 0.8},
            BASELINE: figures | {"accuracy": 0.9},
        }
    )
    assert found == [
        Cell("cnn", "random", 2, 0.7, 0.7, 0.141421, 0.5, 0.0, 0.1),
        Cell("tfidf", "terms", 1, 0.7, 0.9, 0.0, 0.5, 0.0, 0.1),
    ]


def test_the_best_is_so_on_the_validation_texts_and_a_network() -> None:
    def cell(model: str, validation: float, accuracy: float) -> Cell:
        return Cell(model, "random", 1, validation, accuracy, 0.0, accuracy, 0.0, 0.0)

    found = [cell("cnn", 0.7, 0.9), cell("kim", 0.8, 0.5), cell("tfidf", 0.99, 0.99)]
    assert best_cell(found) == found[1]
    assert best_cell(found[2:]) == found[2]
