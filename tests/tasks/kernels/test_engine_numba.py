"""The numba engine against plain NumPy: the gradient by finite differences, every step, the loss, hard vocabularies."""

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, log_expit
from support.batches import (
    DIM,
    KEY,
    NEGATIVES,
    Doubles,
    contexts_of,
    pairs_in,
    pooled_negatives,
    random_batch,
    random_tables,
    settings_for,
    steps_of,
)

from tasks.kernels.batches import Batch
from tasks.kernels.checkpoints import load_checkpoint, save_checkpoint
from tasks.kernels.engine_numba import NumbaEngine
from tasks.kernels.settings import Settings
from tasks.kernels.shards import pairs_as_windows
from tasks.kernels.tables import empty_table, initial_tables, padded
from tasks.models import ModelName

MODELS: list[ModelName] = ["sgns", "cbow"]


def sgns_window(
    vectors: Doubles, context_vectors: Doubles, contexts: NDArray[np.int32], rows: list[int], rate: float
) -> float:
    """The textbook's step of a window in float64, in place; gives its loss, summed over pairs.

    All scores are from before the step. A context that stands twice has moved once when it comes again.
    """
    outputs = context_vectors[rows]
    scores = vectors[contexts] @ outputs.T
    slopes = rate * (np.eye(1, len(rows)) - expit(scores))
    for row, slope in zip(contexts, slopes, strict=True):
        np.add.at(context_vectors, rows, np.outer(slope, vectors[row]))
        vectors[row] += slope @ outputs
    return float(-log_expit(scores[:, 0]).sum() - log_expit(-scores[:, 1:]).sum())


def cbow_step(
    vectors: Doubles,
    context_vectors: Doubles,
    contexts: list[NDArray[np.int32]],
    rows: list[list[int]],
    rate: float,
    corrected: bool,
) -> float:
    """The same for the hidden vectors of some windows, all of it from before the step. Their share is 1 / √n, by which
    a context moves too; or word2vec's mean, whose contexts move in full."""
    loss, changes = 0.0, []
    for inputs, outputs in zip(contexts, rows, strict=True):
        share = len(inputs) ** (-0.5 if corrected else -1.0)
        hidden = share * vectors[inputs].sum(0)
        scores = context_vectors[outputs] @ hidden
        slopes = rate * (np.eye(1, len(outputs))[0] - expit(scores))
        change = (share if corrected else 1.0) * (slopes @ context_vectors[outputs])
        changes += [(vectors, inputs, np.tile(change, (len(inputs), 1)))]
        changes += [(context_vectors, outputs, np.outer(slopes, hidden))]
        loss -= log_expit(scores[0]) + log_expit(-scores[1:]).sum()
    for table, places, change in changes:
        np.add.at(table, places, change)
    return float(loss)


def reference(vectors: Doubles, context_vectors: Doubles, batch: Batch, settings: Settings) -> float:
    """All steps of a batch by the textbook, one after the other, in place; gives the summed loss."""
    loss, pair = 0.0, 0
    for windows in steps_of(batch, settings.model):
        centers = [int(batch.words[window]) for window in windows]
        negatives = pooled_negatives(centers, pair, settings)
        contexts = [contexts_of(batch, window) for window in windows]
        rows = [[center, *drawn] for center, drawn in zip(centers, negatives, strict=True)]
        rate = settings.schedule.rate(pair)
        if settings.model == "sgns":
            loss += sgns_window(vectors, context_vectors, contexts[0], rows[0], rate)
        else:
            loss += cbow_step(vectors, context_vectors, contexts, rows, rate, settings.corrected)
        pair += sum(map(len, contexts))
    return loss


@pytest.mark.parametrize("negatives", [1, 3, 5, 7, 15, 20])
@pytest.mark.parametrize(("model", "corrected"), [("sgns", True), ("cbow", True), ("cbow", False)])
def test_it_agrees_with_the_textbook_step_by_step(model: ModelName, corrected: bool, negatives: int) -> None:
    batch = random_batch(30, 200)
    settings = settings_for(30, 2 * pairs_in(batch), model, negatives, rate=0.05)._replace(corrected=corrected)
    tables = random_tables(30, dim=20)
    engine = NumbaEngine(*tables, settings)
    expected = [table.astype(np.float64) for table in tables]
    assert engine.train([batch], [0]) == pytest.approx(reference(*expected, batch, settings), rel=1e-6)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-5)


windows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=30)


@hypothesis_settings(deadline=None, max_examples=60)
@given(windows, st.sampled_from(MODELS), st.integers(1, 40))
def test_ragged_windows_agree_with_the_textbook(found: list[tuple[int, int, int]], model: ModelName, dim: int) -> None:
    words, left, right = (np.array(column) for column in zip(*found, strict=True))
    places = np.arange(len(words))
    left, right = np.minimum(left, places), np.minimum(right, places[::-1])
    batch = Batch.of(words.astype(np.int32), left.astype(np.uint8), right.astype(np.uint8), 0, len(words))
    settings = settings_for(6, 10_000, model, rate=0.01)
    tables = random_tables(6, dim)
    engine = NumbaEngine(*tables, settings)
    expected = [table.astype(np.float64) for table in tables]
    assert engine.train([batch], [0]) == pytest.approx(reference(*expected, batch, settings), rel=1e-5)
    for got, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_batches_may_be_cut_wherever_a_step_ends(model: ModelName) -> None:
    batch = random_batch(30, 200)
    settings = settings_for(30, pairs_in(batch), model)
    whole, cut = (NumbaEngine(*random_tables(30), settings) for _ in range(2))
    whole.train([batch], [0])
    ends = [windows[-1] + 1 for windows in steps_of(batch, model)]
    for start, stop in itertools.pairwise((0, ends[30], ends[31], 200)):
        cut.train([batch._replace(start=start, stop=stop)], [pairs_in(batch, 0, start)])
    for one, other in zip(whole.tables(), cut.tables(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("model", "windows"), [("sgns", 1), ("cbow", 1), ("cbow", 2)])
def test_a_step_is_the_gradient_by_finite_differences(model: ModelName, windows: int) -> None:
    """The loss that the engine reports, differentiated numerically, is what it steps along; contexts repeat in it."""
    rate = 1e-3
    words = np.array([1, 4, 3, 4, 2, 5], np.int32)
    batch = Batch.of(words, np.full(6, 2, np.uint8), np.full(6, 2, np.uint8), 2, 2 + windows)
    settings = settings_for(6, 4, model, rate=rate)
    tables = random_tables(6)

    def loss_at(changed: list[NDArray[np.float32]]) -> float:
        return NumbaEngine(changed[0], changed[1], settings).train([batch], [0])

    engine = NumbaEngine(*tables, settings)
    engine.train([batch], [0])
    stepped = [(new - old) / -rate for new, old in zip(engine.tables(), tables, strict=True)]
    rng = np.random.default_rng(5)
    for table, row, lane in [
        (0, 4, 3),
        (1, 3, 1),
        (0, 2, 7),
        (0, 0, 0),
        *((1, row, rng.integers(DIM)) for row in range(6)),
    ]:
        around = []
        for change in (+0.02, -0.02):
            moved = [each.copy() for each in tables]
            moved[table][row, lane] += np.float32(change)
            around.append(loss_at(moved))
        assert stepped[table][row, lane] == pytest.approx((around[0] - around[1]) / 0.04, abs=4e-3)


def test_the_padding_of_a_row_stays_zero_and_rows_are_aligned() -> None:
    engine = NumbaEngine(*random_tables(30, dim=20), settings_for(30, 1000, streams=2))
    engine.train([random_batch(30, 100), random_batch(30, 100, seed=4)], [0, 500])
    for table in (*engine.merged, *engine.trained[0]):
        assert table.shape == (30, 32) and not table[:, 20:].any() and table[:, :20].any()
        assert table.ctypes.data % 64 == 0 and table.flags.c_contiguous
    assert empty_table(3, 16).shape == (3, 16)
    np.testing.assert_array_equal(padded(np.ones((2, 3), np.float32))[:, :3], np.ones((2, 3)))


def test_the_start_is_word2vecs_or_wider() -> None:
    wide, _ = initial_tables(500, 50, KEY, range_by=5)
    vectors, context_vectors = initial_tables(500, 50, KEY)
    np.testing.assert_allclose(wide, 10 * vectors, rtol=1e-6)
    assert not context_vectors.any()
    assert np.abs(vectors).max() <= 0.01 and np.abs(vectors).max() > 0.0099 and abs(vectors.mean()) < 1e-4


def trained(words: int, streams: int, threads: int, steps: int = 12, rate: float = 0.1) -> tuple[float, bytes]:
    """The mean loss of the last steps, and all bytes of both tables."""
    side_by_side = streams or threads
    batches = [random_batch(words, 300, seed) for seed in range(steps * side_by_side)]
    pairs = [pairs_in(batch) for batch in batches]
    firsts = [0, *itertools.accumulate(pairs)]
    settings = settings_for(words, sum(pairs), rate=rate, streams=streams, threads=threads, batch_pairs=pairs[0])
    engine = NumbaEngine(*random_tables(words), settings)
    losses = [
        engine.train(batches[start : start + side_by_side], firsts[start : start + side_by_side])
        for start in range(0, len(batches), side_by_side)
    ]
    mean = sum(losses[-4:]) / sum(pairs[-4 * side_by_side :])
    return mean, b"".join(table.tobytes() for table in engine.tables())


@pytest.mark.parametrize("streams", [2, 3, 4])
def test_the_number_of_threads_changes_no_byte_and_that_of_streams_does(streams: int) -> None:
    results = {threads: trained(2500, streams, threads) for threads in (1, 2, 4)}
    assert results[1] == results[2] == results[4]
    assert results[1] == trained(2500, streams, 2)
    assert results[1] != trained(2500, streams - 1, 1)


def test_rows_are_whole_when_it_is_settled() -> None:
    """2,500 words: the first 1,024 are merged after each step, 2,048 after each second, all after each fourth."""
    engine = NumbaEngine(*random_tables(2500), settings_for(2500, 10**6, streams=2))
    settled = []
    for step in range(8):
        engine.train([random_batch(2500, 500, 2 * step), random_batch(2500, 500, 2 * step + 1)], [0, 0])
        settled.append(engine.settled)
        apart = [np.flatnonzero((one != other).any(axis=1)) for one, other in zip(*engine.trained, strict=True)]
        first = [rows.min(initial=2500) for rows in apart]
        assert min(first) >= (1024, 2048, 1024, 2500)[step % 4] and (max(first) == 2500) == engine.settled
    assert settled == [False, False, False, True] * 2


@pytest.mark.parametrize(
    ("rate", "steps", "streams"),
    [
        *((0.025, 96, streams) for streams in (0, 2, 4, 8)),
        *((0.1, 24, streams) for streams in (0, 2, 4)),
    ],
)
def test_streams_and_free_threads_learn_what_one_does(rate: float, steps: int, streams: int) -> None:
    alone, _ = trained(200, streams=1, threads=1, steps=steps, rate=rate)
    mean, _ = trained(200, streams, threads=2, steps=steps // (streams or 2), rate=rate)
    assert mean == pytest.approx(alone, rel=0.03)


@pytest.mark.parametrize("words", [2, 3])
@pytest.mark.parametrize("model", MODELS)
def test_fewer_words_than_negatives(model: ModelName, words: int) -> None:
    engine = NumbaEngine(*random_tables(words), settings_for(words, 1000, model, negatives=5))
    loss = engine.train([random_batch(words, 50)], [0])
    assert np.isfinite(loss) and all(np.isfinite(table).all() for table in engine.tables())


@pytest.mark.parametrize("model", MODELS)
def test_a_word_with_all_the_mass_does_not_keep_its_center_waiting(model: ModelName) -> None:
    settings = settings_for(2, 1000, model, power=1.0)._replace(counts=np.array([10**15, 1]))
    engine = NumbaEngine(*random_tables(2), settings)
    words, sees = np.array([0, 1] * 5, np.int32), np.ones(10, np.uint8)
    sees[0] = 0
    assert np.isfinite(engine.train([Batch.of(words, sees, np.zeros(10, np.uint8), 0, 10)], [0]))


def test_words_alone_train_nothing() -> None:
    tables = random_tables(6)
    engine = NumbaEngine(*tables, settings_for(6, 10))
    nothing = np.zeros(4, np.uint8)
    assert engine.train([Batch.of(np.arange(4, dtype=np.int32), nothing, nothing, 0, 4)], [0]) == 0
    for found, before in zip(engine.tables(), tables, strict=True):
        np.testing.assert_array_equal(found, before)


def test_a_run_of_pairs_longer_than_a_window_is_trained_whole() -> None:
    pairs = 3 * 255 + 5
    contexts = np.arange(pairs, dtype=np.int32) % 7 + 2
    found = pairs_as_windows(np.ones(pairs, np.int32), contexts)
    batch = Batch.of(found.center - 1, found.left, found.right, 0, len(found.center))
    engine = NumbaEngine(*random_tables(8), settings_for(8, pairs, rate=1e-6))
    loss = engine.train([batch], [0])
    vectors, context_vectors = random_tables(8)
    positive = -log_expit(vectors[contexts - 1].astype(np.float64) @ context_vectors[0]).sum()
    assert positive < loss < positive + pairs * NEGATIVES * 2


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streams", [1, 2])
def test_a_nan_in_a_table_is_seen_in_the_loss(model: ModelName, streams: int) -> None:
    vectors, context_vectors = random_tables(30)
    vectors[7, 2] = np.nan
    engine = NumbaEngine(vectors, context_vectors, settings_for(30, 2000, model, streams=streams))
    assert np.isnan(engine.train([random_batch(30, 200)] * streams, [0] * streams))


def test_a_checkpoint_of_its_tables_copies_none_of_them(tmp_path: Path) -> None:
    given = random_tables(50_000, dim=20)
    engine = NumbaEngine(*given, settings_for(50_000, 10))
    tracemalloc.start()
    try:
        tables = dict(zip(("vectors", "context_vectors"), engine.tables(), strict=True))
        save_checkpoint(tmp_path / "checkpoint.npz", tables, {"epoch": 1})
        assert tracemalloc.get_traced_memory()[1] < given[0].nbytes / 10
    finally:
        tracemalloc.stop()
    saved = load_checkpoint(tmp_path / "checkpoint.npz", {name: table.shape for name, table in tables.items()})
    assert saved is not None and saved[1] == {"epoch": 1}
    for found, expected in zip(saved[0], given, strict=True):
        np.testing.assert_array_equal(found, expected)
