"""GloVe: the textbook step by step, its gradient, tiles that share no row, the two engines beside each other."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.kernels.glove_numba import GloveEngine, GloveTables, Weighing, train_tile, workspace
from tasks.kernels.random_streams import stream_key
from tasks.kernels.tables import Table
from tasks.kernels.tiles import Tiles, lay_tiles
from tasks.storage.parquet import write_table
from tasks.storage.schemas import COOCCURRENCES

KEY = stream_key(3)
WEIGHING = Weighing(rate=0.05, x_max=10.0, alpha=0.75)
Doubles = NDArray[np.float64]


def random_cells(words: int, cells: int, seed: int = 0) -> Table:
    """Float64 [cells, 3]: row and column from 1, weight; every cell once, sorted."""
    rng = np.random.default_rng(seed)
    flat = np.sort(rng.choice(words * words, cells, replace=False))
    return np.column_stack([flat // words + 1, flat % words + 1, rng.gamma(0.5, 20, cells) + 0.1])


def write_cells(folder: Path, cells: Table, parts: int) -> list[Path]:
    """Shards of whole rows."""
    rows = np.array_split(np.unique(cells[:, 0]), parts)
    paths = []
    for number, some in enumerate(rows):
        mine = cells[np.isin(cells[:, 0], some)]
        columns = [pa.array(mine[:, 0].astype(np.int32)), pa.array(mine[:, 1].astype(np.int32)),
                   pa.array(mine[:, 2].astype(np.float32))]  # fmt: skip
        paths.append(folder / f"part-{number:05d}.parquet")
        write_table(paths[-1], pa.table(columns, schema=COOCCURRENCES))
    return paths


def random_tables(words: int, dim: int, seed: int = 1) -> GloveTables:
    rng = np.random.default_rng(seed)
    shape = (words, dim)
    vectors, context_vectors = rng.normal(0, 0.3, (2, *shape)).astype(np.float32)
    sums, context_sums = rng.uniform(1, 3, (2, *shape)).astype(np.float32)
    biases = np.column_stack([rng.normal(0, 1, (words, 2)), rng.uniform(1, 3, (words, 2))])[:, [0, 2, 1, 3]]
    return GloveTables(vectors, context_vectors, sums, context_sums, biases.astype(np.float32))


def one_tile(cells: Table) -> Tiles:
    laid = np.column_stack([cells[:, :2].astype(np.int32) - 1, cells[:, 2].astype(np.float32).view(np.int32)])
    return Tiles(np.ascontiguousarray(laid.astype(np.int32)), np.array([0, len(cells)]), 1)


def cell_loss(vector: Doubles, context: Doubles, bias: float, context_bias: float, weight: float) -> float:
    """The paper's equations 8 and 9 for one cell."""
    share = min(1.0, (weight / WEIGHING.x_max) ** WEIGHING.alpha)
    return float(share * (vector @ context + bias + context_bias - np.log(weight)) ** 2)


def textbook_step(tables: list[Doubles], row: int, column: int, weight: float) -> float:
    """AdaGrad on one cell as the authors' program has it, in place; the gradient without its factor 2."""
    vectors, contexts, sums, context_sums, biases = tables
    loss = cell_loss(vectors[row], contexts[column], biases[row, 0], biases[column, 2], weight)
    share = min(1.0, (weight / WEIGHING.x_max) ** WEIGHING.alpha)
    difference = vectors[row] @ contexts[column] + biases[row, 0] + biases[column, 2] - np.log(weight)
    slope = WEIGHING.rate * share * difference
    step, context_step = slope * contexts[column], slope * vectors[row]
    vectors[row] -= step / np.sqrt(sums[row])
    contexts[column] -= context_step / np.sqrt(context_sums[column])
    sums[row] += step**2
    context_sums[column] += context_step**2
    for at, side in ((row, 0), (column, 2)):
        biases[at, side] -= slope / np.sqrt(biases[at, side + 1])
        biases[at, side + 1] += slope**2
    return loss


@pytest.mark.parametrize("dim", [3, 16, 40])
def test_it_agrees_with_the_textbook_step_by_step(dim: int) -> None:
    cells, tables = random_cells(20, 150), random_tables(20, dim)
    engine = GloveEngine(tables, one_tile(cells), WEIGHING, 1)
    loss = engine.train([0], [KEY])
    order = engine.idle.get().order[:150]
    assert sorted(order) == list(range(150)) and list(order) != list(range(150))
    expected = [table.astype(np.float64) for table in tables]
    total = sum(textbook_step(expected, int(cells[at, 0]) - 1, int(cells[at, 1]) - 1, cells[at, 2]) for at in order)
    assert loss == pytest.approx(total, rel=1e-5)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


def test_the_first_step_goes_down_the_gradient() -> None:
    """By finite differences of the loss, in float64, on tables whose sums are still 1."""
    words, dim, step = 4, 6, 1e-6
    tables = random_tables(words, dim)
    tables.sums[:], tables.context_sums[:], tables.biases[:, [1, 3]] = 1, 1, 1
    cell = np.array([[2, 3, 4.0]])
    engine = GloveEngine(tables, one_tile(cell), WEIGHING, 1)
    engine.train([0], [KEY])
    moved = engine.tables()
    vector, context = tables.vectors[1].astype(np.float64), tables.context_vectors[2].astype(np.float64)
    biases = tables.biases.astype(np.float64)
    numbers = np.concatenate([vector, context, [biases[1, 0], biases[2, 2]]])

    def loss(values: Doubles) -> float:
        return cell_loss(values[:dim], values[dim:-2], values[-2], values[-1], 4.0)

    gradient = [(loss(numbers + side) - loss(numbers - side)) / (2 * step) for side in step * np.eye(len(numbers))]
    change = np.concatenate([
        moved.vectors[1] - tables.vectors[1], moved.context_vectors[2] - tables.context_vectors[2],
        [moved.biases[1, 0] - tables.biases[1, 0], moved.biases[2, 2] - tables.biases[2, 2]],
    ])  # fmt: skip
    np.testing.assert_allclose(change, -WEIGHING.rate * np.array(gradient) / 2, rtol=1e-3, atol=1e-6)


def test_tensorflow_takes_the_textbooks_step() -> None:
    from tasks.kernels.glove_tensorflow import TensorflowGlove

    tables = random_tables(4, 6)
    engine = TensorflowGlove(tables, one_tile(np.array([[2, 3, 4.0]])), WEIGHING, 1)
    expected = [table.astype(np.float64) for table in tables]
    assert engine.train([0], [KEY]) == pytest.approx(textbook_step(expected, 1, 2, 4.0), rel=1e-5)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.kernels.tiles.CELLS_A_TILE", 50)


@pytest.mark.usefixtures("small_tiles")
def test_tiles_hold_every_cell_once_and_a_round_shares_no_row(tmp_path: Path) -> None:
    cells = random_cells(60, 1500)
    tiles = lay_tiles(write_cells(tmp_path, cells, 4), 60, tmp_path / "tiles", 2)
    assert tiles.blocks == 5 and tiles.starts[-1] == 1500
    found = np.column_stack([tiles.cells[:, :2] + 1, tiles.cells[:, 2].copy().view(np.float32)])
    order = np.lexsort((found[:, 1], found[:, 0]))
    np.testing.assert_array_equal(found[order], cells.astype(np.float32))
    every = []
    for number in range(tiles.blocks):
        sides: list[list[set[int]]] = [[], []]
        for tile in tiles.round(number):
            mine = tiles.cells[tiles.starts[tile] : tiles.starts[tile + 1]]
            assert 0 < len(mine) < 4 * 1500 / 25
            sides[0].append(set(mine[:, 0].tolist()))
            sides[1].append(set(mine[:, 1].tolist()))
            every.append(tile)
        for side in sides:
            assert sum(map(len, side)) == len(set.union(*side))
    assert sorted(every) == list(range(25)) and tiles.round_cells().sum() == 1500


@pytest.mark.usefixtures("small_tiles")
def test_tiles_do_not_depend_on_threads_and_are_found_again(tmp_path: Path) -> None:
    shards = write_cells(tmp_path, random_cells(60, 1500), 7)
    one, other = (lay_tiles(shards, 60, tmp_path / f"{threads}", threads) for threads in (1, 3))
    assert np.array_equal(one.cells, other.cells) and np.array_equal(one.starts, other.starts)
    for shard in shards:
        shard.unlink()
    assert np.array_equal(lay_tiles(shards, 60, tmp_path / "1", 1).cells, one.cells)


@pytest.mark.usefixtures("small_tiles")
def test_threads_change_no_byte(tmp_path: Path) -> None:
    cells, tables = random_cells(60, 1500), random_tables(60, 20)
    tiles = lay_tiles(write_cells(tmp_path, cells, 2), 60, tmp_path / "tiles", 1)
    results = []
    for threads in (1, 4):
        engine = GloveEngine(tables, tiles, WEIGHING, threads)
        losses = [engine.train(tiles.round(n), [stream_key(n, tile) for tile in range(5)]) for n in range(5)]
        results.append((losses, [table.tobytes() for table in engine.tables()]))
    assert results[0] == results[1]


def test_padding_stays_as_it_is() -> None:
    engine = GloveEngine(random_tables(20, 3), one_tile(random_cells(20, 150)), WEIGHING, 1)
    engine.train([0], [KEY])
    for table in (engine.vectors, engine.context_vectors):
        assert (table[:, 3:16] == 0).all() and (table[:, 19:] == 1).all()


def test_an_empty_tile_changes_nothing() -> None:
    tables = random_tables(5, 4)
    empty = np.empty((0, 3), np.int32)
    before = tables.vectors.copy()
    assert train_tile(*tables[:2], tables.biases, empty, KEY, WEIGHING, workspace(16)) == 0
    assert np.array_equal(before, tables.vectors)


@pytest.mark.usefixtures("small_tiles")
def test_both_engines_come_to_the_same_loss(tmp_path: Path) -> None:
    from tasks.kernels.glove_tensorflow import TensorflowGlove

    cells, tables = random_cells(60, 1500), random_tables(60, 20)
    tiles = lay_tiles(write_cells(tmp_path, cells, 2), 60, tmp_path / "tiles", 1)
    losses: list[list[float]] = []
    for engine in (GloveEngine(tables, tiles, WEIGHING, 2), TensorflowGlove(tables, tiles, WEIGHING, 2)):
        engine.prepare()
        for found, given in zip(engine.tables(), tables, strict=True):
            np.testing.assert_array_equal(found, given)
        losses.append([])
        for epoch in range(20):
            keys = [stream_key(epoch, tile) for tile in range(5)]
            losses[-1].append(sum(engine.train(tiles.round(n), keys) for n in range(5)))
    ours, tensorflow = losses
    assert ours[-1] < 0.5 * ours[0]
    assert tensorflow[0] == pytest.approx(ours[0], rel=0.15)  # with changes this large, it counts that they are summed
    assert tensorflow[1:] == pytest.approx(ours[1:], rel=0.05)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ([1, 61, 1.0], r"part-00000.parquet: columns from \d+ to 61, .* 1 \.\. 60"),
        ([1, 1, 0.0], r"part-00000.parquet: cell \d+ has the weight 0, which should be positive"),
        ([1, 1, np.nan], "has the weight nan"),
    ],
)
def test_a_cell_that_cannot_be_is_said(tmp_path: Path, cell: list[float], message: str) -> None:
    shards = write_cells(tmp_path, np.vstack([random_cells(60, 10), [cell]]), 1)
    with pytest.raises(InputError, match=message):
        lay_tiles(shards, 60, tmp_path / "tiles", 1)


def test_no_cell_at_all_is_said(tmp_path: Path) -> None:
    write_table(tmp_path / "part-00000.parquet", COOCCURRENCES.empty_table())
    with pytest.raises(InputError, match="no co-occurrences"):
        lay_tiles([tmp_path / "part-00000.parquet"], 60, tmp_path / "tiles", 1)
