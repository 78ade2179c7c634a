"""The TensorFlow engine against plain NumPy: what a chunk holds, its step, its gradient; streams; large chunks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from tasks.kernels.alias import negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.engines import Schedule
from tasks.kernels.random_streams import stream_key
from tasks.kernels.settings import Settings
from tasks.kernels.sgns_tensorflow import (
    ACCELERATOR_POSITIONS,
    BLOCK,
    MOST_MOTION,
    Chunks,
    Shape,
    TensorflowSgns,
    VariableCopies,
    empty_chunks,
    fill_chunks,
)

KEY = stream_key(11)
DIM, NEGATIVES = 8, 3
SMALL = Shape(positions=128, negatives=64, reach=5)


def settings_for(words: int, pairs: int, rate: float = 0.1, streams: int = 1, threads: int = 1) -> Settings:
    counts = np.sort(np.random.default_rng(1).integers(1, 100, words))[::-1].astype(np.int64)
    return Settings(
        "sgns", counts, NEGATIVES, 0.75, Schedule(rate, rate / 10, float(pairs)), KEY, streams, threads, 1_000
    )


def random_tables(words: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    return tuple(rng.normal(scale=0.4, size=(words, DIM)).astype(np.float32) for _ in range(2))  # type: ignore[return-value]


def random_batch(words: int, windows: int, seed: int = 3) -> Batch:
    rng = np.random.default_rng(seed)
    places = np.arange(windows)
    left = np.minimum(rng.integers(0, 6, windows), places).astype(np.uint8)
    right = np.minimum(rng.integers(0, 6, windows), places[::-1]).astype(np.uint8)
    return Batch.of(rng.integers(0, words, windows).astype(np.int32), left, right, 0, windows)


def pairs_of(batch: Batch) -> list[tuple[int, int]]:
    found = []
    for window in range(batch.start, batch.stop):
        around = range(window - int(batch.left[window]), window + int(batch.right[window]) + 1)
        found += [(int(batch.words[window]), int(batch.words[other])) for other in around if other != window]
    return found


def filled(batch: Batch, words: int, settings: Settings, shape: Shape = SMALL, most: float = 1e9) -> tuple[Chunks, int]:
    chunks, meetings = empty_chunks(shape), np.zeros(words, np.int32)
    noise = negative_table(settings.counts, settings.negative_power)
    used, start, pair = fill_chunks(
        batch, batch.start, 0, KEY, noise, settings.schedule, NEGATIVES, most, meetings, chunks
    )
    assert start == batch.stop and pair == len(pairs_of(batch)) and not meetings.any()
    return chunks, used


def pairs_in(chunks: Chunks, chunk: int) -> list[tuple[int, int, int, int]]:
    """(block, position, column, 1) of each pair of a chunk, in order."""
    reach = (chunks.words.shape[2] - BLOCK) // 2
    return [
        (block, number, reach + number + apart, 1)
        for block in range(chunks.words.shape[1])
        for number in range(BLOCK)
        for apart in range(-int(chunks.left[chunk, block, number]), int(chunks.right[chunk, block, number]) + 1)
        if apart
    ]


def test_the_chunks_hold_exactly_the_pairs_of_the_batch() -> None:
    batch = random_batch(40, 300)._replace(start=7, stop=291)
    chunks, used = filled(batch, 40, settings_for(40, 1))
    assert used == -(-284 // 128)
    found = [
        (int(chunks.words[chunk, block, SMALL.reach + number]), int(chunks.words[chunk, block, column]))
        for chunk in range(used)
        for block, number, column, _ in pairs_in(chunks, chunk)
    ]
    assert found == pairs_of(batch)


def reference(vectors: NDArray[np.float64], context_vectors: NDArray[np.float64], chunks: Chunks, chunk: int) -> float:
    """One chunk by the textbook in float64, pair by pair at the tables before it; in place; gives its loss."""
    old_vectors, old_context_vectors = vectors.copy(), context_vectors.copy()
    rate, drawn = float(chunks.rates[chunk]), chunks.negatives[chunk]
    width = chunks.words.shape[2]
    loss = 0.0
    for block, number, column, _ in pairs_in(chunks, chunk):
        center = chunks.words[chunk, block, (width - BLOCK) // 2 + number]
        context = chunks.words[chunk, block, column]
        center_weight = chunks.center_weights[chunk, block * BLOCK + number]
        input_row, output_row = old_vectors[center], old_context_vectors[context]
        slope = rate * expit(-(input_row @ output_row))
        vectors[center] += center_weight * slope * output_row
        context_vectors[context] += chunks.output_weights[chunk, block * width + column] * slope * input_row
        noise = old_context_vectors[drawn]
        share = NEGATIVES / len(drawn)
        slopes = -rate * share * expit(noise @ input_row)
        vectors[center] += center_weight * (slopes @ noise)
        weights = chunks.output_weights[chunk, -len(drawn) :]
        np.add.at(context_vectors, drawn, (weights * slopes)[:, None] * input_row)
        loss -= log_expit(input_row @ output_row) + share * log_expit(-(noise @ input_row)).sum()
    return loss


@pytest.mark.parametrize("most_motion", [0.4, MOST_MOTION])
def test_it_agrees_with_the_textbook_chunk_by_chunk(most_motion: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.kernels.sgns_tensorflow.MOST_MOTION", most_motion)
    words = 40
    batch = random_batch(words, 300)
    settings = settings_for(words, 2 * len(pairs_of(batch)))
    chunks, used = filled(batch, words, settings, most=most_motion)
    assert (chunks.center_weights[:used] < 1).any() or most_motion > 0.4
    tables = random_tables(words)
    expected = [table.astype(np.float64) for table in tables]
    loss = sum(reference(*expected, chunks, chunk) for chunk in range(used))
    engine = TensorflowSgns(*tables, settings, accelerator=False)
    assert engine.train([batch], [0]) == pytest.approx(loss, rel=1e-5)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_step_is_the_gradient_by_finite_differences() -> None:
    rate = 1e-3
    words = np.array([1, 4, 3, 4, 2], np.int32)
    batch = Batch.of(words, np.full(5, 2, np.uint8), np.full(5, 2, np.uint8), 2, 3)
    settings = settings_for(6, 4, rate=rate)
    tables = random_tables(6)

    def loss_at(changed: list[NDArray[np.float32]]) -> float:
        return TensorflowSgns(changed[0], changed[1], settings, accelerator=False).train([batch], [0])

    engine = TensorflowSgns(*tables, settings, accelerator=False)
    engine.train([batch], [0])
    stepped = [(new - old) / -rate for new, old in zip(engine.tables(), tables, strict=True)]
    for table, row, lane in ((0, 3, 3), (1, 4, 1)):  # each look at the loss is a compilation
        around = []
        for change in (+0.02, -0.02):
            moved = [each.copy() for each in tables]
            moved[table][row, lane] += np.float32(change)
            around.append(loss_at(moved))
        assert stepped[table][row, lane] == pytest.approx((around[0] - around[1]) / 0.04, abs=4e-3)


def test_meetings_are_counted_and_scale_what_is_met_often() -> None:
    """One word again and again: it is the center, the context and most of the noise."""
    batch = Batch.of(np.zeros(64, np.int32), np.full(64, 1, np.uint8), np.full(64, 0, np.uint8), 1, 64)
    settings = settings_for(2, 100)
    chunks, used = filled(batch, 2, settings, most=1)  # the rate is 0.1: ten meetings
    assert used == 1
    np.testing.assert_allclose(chunks.center_weights[0, :63], 10 / (63 * 4))
    width = BLOCK + 2 * SMALL.reach
    met = 63 + 3 * int((chunks.negatives[0] == 0).sum())  # 63 pairs times 3 negatives are 189, 64 negatives share them
    np.testing.assert_allclose(chunks.output_weights[0, SMALL.reach : SMALL.reach + BLOCK], 10 / met)
    np.testing.assert_allclose(chunks.output_weights[0, 8 * width :][chunks.negatives[0] == 0], 10 / met)


@pytest.mark.parametrize("words", [2, 3])
def test_fewer_words_than_negatives(words: int) -> None:
    engine = TensorflowSgns(*random_tables(words), settings_for(words, 1000), accelerator=False)
    loss = engine.train([random_batch(words, 50)], [0])
    assert np.isfinite(loss) and all(np.isfinite(table).all() for table in engine.tables())


def test_the_number_of_threads_changes_no_byte() -> None:
    results = []
    for threads in (1, 2):
        engine = TensorflowSgns(
            *random_tables(50), settings_for(50, 5000, streams=2, threads=threads), accelerator=False
        )
        losses = [
            engine.train([random_batch(50, 200, 2 * n), random_batch(50, 200, 2 * n + 1)], [0, 900]) for n in range(3)
        ]
        assert engine.settled
        results.append((losses, [table.tobytes() for table in engine.tables()]))
    assert results[0] == results[1]


def test_rows_come_out_of_variables_and_go_back_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr("tasks.kernels.sgns_tensorflow.PIECE", 4)
    tables = [np.random.default_rng(seed).normal(size=(11, 16)).astype(np.float32) for seed in (1, 2)]
    variables = [tf.Variable(table) for table in tables]
    with ThreadPoolExecutor(2) as pool:
        copies = VariableCopies(variables, pool)
        for variable in variables:
            variable.scatter_add(tf.IndexedSlices(np.ones((2, 16), np.float32), [8, 10]))
        fetched = copies.fetch(9)
        for copy, table in zip(fetched, tables, strict=True):
            np.testing.assert_array_equal(copy[:8], table[:8])
            np.testing.assert_array_equal(copy[8], table[8] + 1)
        copies.put(9, fetched * 2)
    for variable, table in zip(variables, tables, strict=True):
        after = variable.numpy()
        np.testing.assert_array_equal(after[:8], 2 * table[:8])
        np.testing.assert_array_equal(after[8:], [2 * (table[8] + 1), table[9], table[10] + 1])


def test_a_window_that_reaches_farther_than_all_before() -> None:
    settings = settings_for(30, 1000)
    near, far = (
        random_batch(30, 40),
        Batch.of(
            *random_batch(30, 40)[:1], np.minimum(np.arange(40), 17).astype(np.uint8), np.zeros(40, np.uint8), 0, 40
        ),
    )
    engine = TensorflowSgns(*random_tables(30), settings, accelerator=False)
    engine.train([near], [0])
    assert engine.reach == 5
    loss = engine.train([far], [100])
    assert engine.reach == 17 and np.isfinite(loss)
    assert loss > len(pairs_of(far)) * 0.5


def test_the_large_chunks_of_an_accelerator_learn_what_the_small_ones_do() -> None:
    """On this processor: the sizes are what differs. A vocabulary this small is met hundreds of times in a chunk."""
    words, windows = 60, 16_384
    rng = np.random.default_rng(0)
    cluster = np.repeat(rng.integers(0, 6, windows // 16), 16)
    text = (cluster * 10 + rng.integers(0, 10, windows)).astype(np.int32)
    sees = np.full(windows, 3, np.uint8)
    sees[:3] = sees[-3:] = 0
    batch = Batch.of(text, sees, sees, 0, windows)
    pairs = len(pairs_of(batch))
    losses = {}
    for accelerator in (False, True):
        engine = TensorflowSgns(
            *(table / 10 for table in random_tables(words)), settings_for(words, 6 * pairs, rate=0.05), accelerator
        )
        losses[accelerator] = [engine.train([batch], [number * pairs]) / pairs for number in range(6)]
    assert engine.sizes[0] == ACCELERATOR_POSITIONS
    assert losses[True][-1] < 0.95 * losses[True][0]
    assert losses[True][-1] < 1.1 * losses[False][-1]
