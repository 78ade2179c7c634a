"""Both engines against plain NumPy: the gradient by finite differences, every step, the loss, and hard vocabularies."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from tasks.kernels.alias import AliasTable, draw_row, negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled
from tasks.kernels.engines import Engine, EngineName, Schedule, Settings, start_engine
from tasks.kernels.random_streams import STEP, mix_numbers, stream_key
from tasks.kernels.sgns_numba import CONTEXTS_AT_ONCE, DRAWS_UNTIL_NEIGHBOUR
from tasks.kernels.tables import LANES, empty_table, initial_tables, padded

KEY = stream_key(11)
DIM, NEGATIVES = 8, 3
Doubles = NDArray[np.float64]


@compiled
def rows_of(numbers: NDArray[np.uint64], noise: AliasTable) -> NDArray[np.int64]:
    rows = np.empty(len(numbers), np.int64)
    for place in range(len(numbers)):
        rows[place] = draw_row(numbers[place], noise.thresholds, noise.aliases)
    return rows


def settings_for(words: int, pairs: int, threads: int = 1, rate: float = 0.1, power: float = 0.75) -> Settings:
    counts = np.sort(np.random.default_rng(1).integers(1, 100, words))[::-1].astype(np.int64)
    return Settings(counts, NEGATIVES, power, Schedule(rate, rate / 10, float(pairs)), KEY, threads)


def random_tables(words: int, dim: int = DIM) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    return tuple(rng.normal(scale=0.4, size=(words, dim)).astype(np.float32) for _ in range(2))  # type: ignore[return-value]


def random_batch(words: int, windows: int, seed: int = 3) -> Batch:
    rng = np.random.default_rng(seed)
    bounds = np.concatenate([[0], np.cumsum(rng.integers(1, 9, windows))])
    return Batch(
        rng.integers(0, words, windows).astype(np.int32),
        bounds.astype(np.int64),
        rng.integers(0, words, bounds[-1]).astype(np.int32),
    )


def drawn_negatives(center: int, pair: int, settings: Settings) -> list[int]:
    """The negatives of the window whose first pair has this number, one draw after the other."""
    noise = negative_table(settings.counts, settings.negative_power)
    start = mix_numbers(np.array([(int(KEY) + pair * int(STEP)) % 2**64], np.uint64))
    places = start + np.arange(1, 1 + NEGATIVES * DRAWS_UNTIL_NEIGHBOUR, dtype=np.uint64) * STEP
    draws = (int(row) for row in rows_of(mix_numbers(places), noise))
    return list(itertools.islice((row for row in draws if row != center), NEGATIVES))


def window_loss(vectors: Doubles, context_vectors: Doubles, contexts: NDArray[np.int32], rows: list[int]) -> float:
    scores = vectors[contexts] @ context_vectors[rows].T
    return float(-log_expit(scores[:, 0]).sum() - log_expit(-scores[:, 1:]).sum())


def reference(vectors: Doubles, context_vectors: Doubles, batch: Batch, settings: Settings) -> float:
    """Textbook steps in float64, window by window, in place; gives the summed loss."""
    loss = 0.0
    for window, center in enumerate(batch.centers):
        low, high = batch.bounds[window], batch.bounds[window + 1]
        contexts = batch.contexts[low:high]
        rows = [int(center), *drawn_negatives(int(center), int(low), settings)]
        loss += window_loss(vectors, context_vectors, contexts, rows)
        inputs, outputs = vectors[contexts], context_vectors[rows]
        wanted = np.eye(1, len(rows))
        slopes = settings.schedule.rate(int(low)) * (wanted - expit(inputs @ outputs.T))
        np.add.at(vectors, contexts, slopes @ outputs)
        np.add.at(context_vectors, rows, slopes.T @ inputs)
    return loss


def test_numba_agrees_with_the_textbook_step_by_step() -> None:
    batch = random_batch(30, 200)
    settings = settings_for(30, 2 * len(batch.contexts))
    tables = random_tables(30)
    engine = start_engine("numba", *tables, settings)
    expected = [table.astype(np.float64) for table in tables]
    assert engine.train([batch], 0) == pytest.approx(reference(*expected, batch, settings), rel=1e-6)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_batches_may_be_cut_anywhere() -> None:
    batch = random_batch(30, 200)
    settings = settings_for(30, len(batch.contexts))
    whole, cut = (start_engine("numba", *random_tables(30), settings) for _ in range(2))
    whole.train([batch], 0)
    for start, stop in ((0, 70), (70, 71), (71, 200)):
        low, high = batch.bounds[start], batch.bounds[stop]
        piece = Batch(batch.centers[start:stop], batch.bounds[start : stop + 1] - low, batch.contexts[low:high])
        cut.train([piece], int(low))
    for one, other in zip(whole.tables(), cut.tables(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("engine_name", ["numba", "tensorflow"])
def test_a_step_is_the_gradient_by_finite_differences(engine_name: EngineName) -> None:
    """The loss that an engine reports, differentiated numerically, is what it steps along; contexts repeat in it."""
    words, rate = 6, 1e-3
    contexts = np.array([1, 4, 4, 2], np.int32)
    batch = Batch(np.array([3], np.int32), np.array([0, 4]), contexts)
    settings = settings_for(words, 4, rate=rate)
    tables = random_tables(words)

    def loss_at(changed: list[NDArray[np.float32]]) -> float:
        return start_engine(engine_name, changed[0], changed[1], settings).train([batch], 0)

    engine = start_engine(engine_name, *tables, settings)
    engine.train([batch], 0)
    stepped = [(new - old) / -rate for new, old in zip(engine.tables(), tables, strict=True)]
    rng = np.random.default_rng(5)
    checked = [(0, 4, 3), (1, 3, 1), (0, 2, 7), (0, 0, 0), *((1, row, rng.integers(DIM)) for row in range(6))]
    if engine_name == "tensorflow":  # each look at its loss is a compilation
        checked = checked[:3]
    for table, row, lane in checked:
        around = []
        for change in (+0.02, -0.02):
            moved = [each.copy() for each in tables]
            moved[table][row, lane] += np.float32(change)
            around.append(loss_at(moved))
        assert stepped[table][row, lane] == pytest.approx((around[0] - around[1]) / 0.04, abs=4e-3)


def test_the_padding_of_a_row_stays_zero_and_rows_are_aligned() -> None:
    engine = start_engine("numba", *random_tables(30, dim=20), settings_for(30, 1000))
    engine.train([random_batch(30, 100)], 0)
    for table in (engine.vectors, engine.context_vectors):  # type: ignore[attr-defined]
        assert table.shape == (30, 2 * LANES) and not table[:, 20:].any() and table[:, :20].any()
        assert table.ctypes.data % 64 == 0 and table.flags.c_contiguous
    assert empty_table(3, 16).shape == (3, 16)
    np.testing.assert_array_equal(padded(np.ones((2, 3), np.float32))[:, :3], np.ones((2, 3)))


def test_the_start_is_word2vecs() -> None:
    vectors, context_vectors = initial_tables(500, 50, KEY)
    assert not context_vectors.any()
    assert np.abs(vectors).max() <= 0.01 and np.abs(vectors).max() > 0.0099 and abs(vectors.mean()) < 1e-4


def test_threads_share_the_tables_and_train_as_well() -> None:
    words = 200
    batches = [random_batch(words, 3000, seed) for seed in range(4)]
    pairs = sum(len(batch.contexts) for batch in batches)
    losses = []
    for threads in (1, 2):
        settings = settings_for(words, pairs, threads)
        engine = start_engine("numba", *random_tables(words), settings)
        groups = [batches[start : start + threads] for start in range(0, 4, threads)]
        first, loss = 0, 0.0
        for group in groups:
            loss += engine.train(group, first)
            first += sum(len(batch.contexts) for batch in group)
        losses.append(loss / pairs)
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


@pytest.mark.parametrize("words", [2, 3])
@pytest.mark.parametrize("engine_name", ["numba", "tensorflow"])
def test_fewer_words_than_negatives(engine_name: EngineName, words: int) -> None:
    engine = start_engine(engine_name, *random_tables(words), settings_for(words, 1000))
    loss = engine.train([random_batch(words, 50)], 0)
    assert np.isfinite(loss) and all(np.isfinite(table).all() for table in engine.tables())


def test_a_word_with_all_the_mass_does_not_keep_its_center_waiting() -> None:
    settings = settings_for(2, 1000, power=1.0)._replace(counts=np.array([10**15, 1]))
    engine = start_engine("numba", *random_tables(2), settings)
    assert np.isfinite(engine.train([Batch(np.zeros(5, np.int32), np.arange(6), np.ones(5, np.int32))], 0))


def test_a_run_of_pairs_longer_than_a_window_is_trained_whole() -> None:
    pairs = 3 * CONTEXTS_AT_ONCE + 5
    contexts = np.arange(pairs, dtype=np.int32) % 7 + 1
    for engine_name in ("numba", "tensorflow"):
        engine: Engine = start_engine(engine_name, *random_tables(8), settings_for(8, pairs, rate=1e-6))
        loss = engine.train([Batch(np.zeros(1, np.int32), np.array([0, pairs]), contexts)], 0)
        vectors, context_vectors = random_tables(8)
        positive = -log_expit(vectors[contexts].astype(np.float64) @ context_vectors[0]).sum()
        assert positive < loss < positive + pairs * NEGATIVES * 2


def test_a_nan_in_a_table_is_seen_in_the_loss() -> None:
    vectors, context_vectors = random_tables(30)
    vectors[7, 2] = np.nan
    engine = start_engine("numba", vectors, context_vectors, settings_for(30, 2000))
    assert np.isnan(engine.train([random_batch(30, 200)], 0))


def test_tensorflow_agrees_with_the_textbook_chunk_by_chunk() -> None:
    from tasks.kernels.sgns_tensorflow import SHARED_NEGATIVES, empty_chunks, fill_chunks

    words = 40
    batch = random_batch(words, 300)
    settings = settings_for(words, 2 * len(batch.contexts))
    noise = negative_table(settings.counts, settings.negative_power)
    chunks = empty_chunks()
    used, window, pair = fill_chunks(batch, 0, 0, 0, KEY, noise, settings.schedule, np.zeros(words, np.int64), chunks)
    assert (window, pair) == (300, len(batch.contexts)) and used > 3

    # The chunks hold exactly the batch's pairs.
    held = np.zeros((words, words))
    for chunk in range(used):
        np.add.at(held, (chunks.centers[chunk][:, None], chunks.contexts[chunk][None, :]), chunks.pairs[chunk])
    wanted = np.zeros((words, words))
    np.add.at(wanted, (np.repeat(batch.centers, np.diff(batch.bounds)), batch.contexts), 1)
    np.testing.assert_array_equal(held, wanted)

    tables = random_tables(words)
    engine = start_engine("tensorflow", *tables, settings)
    vectors, context_vectors = (table.astype(np.float64) for table in tables)
    loss = 0.0
    for chunk in range(used):
        centers, contexts, pairs, drawn, rate = (column[chunk] for column in chunks)
        inputs, outputs, negatives = vectors[contexts], context_vectors[centers], context_vectors[drawn]
        apart = (drawn[:, None] != centers[None, :]).astype(float)
        weights = apart @ pairs * NEGATIVES / SHARED_NEGATIVES
        scores, noise_scores = outputs @ inputs.T, negatives @ inputs.T
        loss -= (pairs * log_expit(scores)).sum() + (weights * log_expit(-noise_scores)).sum()
        slopes, noise_slopes = rate * pairs * expit(-scores), -rate * weights * expit(noise_scores)
        np.add.at(vectors, contexts, slopes.T @ outputs + noise_slopes.T @ negatives)
        np.add.at(context_vectors, centers, slopes @ inputs)
        np.add.at(context_vectors, drawn, noise_slopes @ inputs)
    assert engine.train([batch], 0) == pytest.approx(loss, rel=1e-5)
    for found, expected in zip(engine.tables(), (vectors, context_vectors), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)
