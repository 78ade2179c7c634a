"""fastText's kernels against plain NumPy: every step, the gradient by finite differences, streams, rows of a word."""

import functools
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_expit
from support.batches import Doubles, contexts_of, drawn_negatives, pairs_in, random_batch, settings_for

from tasks.kernels.batches import Batch
from tasks.kernels.engine_numba import NumbaEngine, Walk
from tasks.kernels.fasttext_learner import InputRows, input_rows
from tasks.kernels.fasttext_numba import SLOTS, Architecture, fasttext_kernel
from tasks.kernels.negative_sampling import MOST_CONTEXTS, workspace
from tasks.kernels.settings import Settings
from tasks.kernels.streams import noise_shares
from tasks.kernels.subwords import subwords

WORDS = tuple(f"{'ab'[number % 2] * (number % 5)}word{number}" for number in range(30))
BOTH: list[Architecture] = ["skipgram", "cbow"]


def rows_for(settings: Settings, maxn: int = 4) -> InputRows:
    return input_rows(WORDS[: len(settings.counts)], settings.counts, 3, maxn, 500)


def tables_for(rows: InputRows, dim: int = 20) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    shapes = (len(rows.meetings), dim), (len(rows.starts) - 1, dim)
    return tuple(rng.normal(scale=0.4, size=shape).astype(np.float32) for shape in shapes)  # type: ignore[return-value]


def engine_for(
    architecture: Architecture, tables: tuple[NDArray[np.float32], ...], rows: InputRows, settings: Settings
) -> NumbaEngine:
    most = int(np.diff(rows.starts).max()) * MOST_CONTEXTS
    walk = Walk(
        functools.partial(fasttext_kernel(architecture, settings.negatives), rows.starts, rows.rows),
        (np.ones(len(tables[0])), noise_shares(settings)),
        lambda columns: workspace(settings.negatives + 1, columns, most, SLOTS),
    )
    return NumbaEngine(tables[0], tables[1], settings, walk)


def output_step(context_vectors: Doubles, hidden: Doubles, outputs: list[int], rate: float) -> tuple[Doubles, float]:
    """Moves the outputs in place; gives what the hidden vector asks for, and the loss."""
    before = context_vectors[outputs]
    scores = before @ hidden
    slopes = rate * (np.eye(1, len(outputs))[0] - expit(scores))
    np.add.at(context_vectors, outputs, np.outer(slopes, hidden))
    return slopes @ before, float(-log_expit(scores[0]) - log_expit(-scores[1:]).sum())


def textbook(
    architecture: Architecture, inputs: Doubles, context_vectors: Doubles, rows: InputRows, batch: Batch,
    settings: Settings,
) -> float:  # fmt: skip
    """All windows in float64, in place; gives the summed loss."""
    loss, pair = 0.0, 0

    def of(word: int) -> list[int]:
        return rows.rows[rows.starts[word] : rows.starts[word + 1]].tolist()

    for window in range(batch.start, batch.stop):
        center, contexts = int(batch.words[window]), contexts_of(batch, window).tolist()
        if architecture == "skipgram":
            mine, targets = of(center), [(context, pair + number) for number, context in enumerate(contexts)]
        else:
            mine, targets = [row for context in contexts for row in of(context)], [(center, pair)] * bool(contexts)
        change = np.zeros(inputs.shape[1])
        hidden = inputs[mine].mean(0) if mine else change
        for target, number in targets:
            outputs = [target, *drawn_negatives(target, number, settings)]
            moved, lost = output_step(context_vectors, hidden, outputs, settings.schedule.rate(number))
            change += moved
            loss += lost
            hidden = hidden + moved if architecture == "skipgram" else hidden
        np.add.at(inputs, mine, change)
        pair += len(contexts)
    return loss


@pytest.mark.parametrize("negatives", [1, 5, 20])
@pytest.mark.parametrize("architecture", BOTH)
def test_it_agrees_with_the_textbook_step_by_step(architecture: Architecture, negatives: int) -> None:
    batch = random_batch(30, 120, widest=5)
    settings = settings_for(30, 2 * pairs_in(batch), "fasttext", negatives, rate=0.01)
    rows = rows_for(settings)
    tables = tables_for(rows)
    engine = engine_for(architecture, tables, rows, settings)
    expected = [table.astype(np.float64) for table in tables]
    loss = engine.train([batch], [0])
    assert loss == pytest.approx(textbook(architecture, *expected, rows, batch, settings), rel=1e-5)
    for found, wanted in zip(engine.tables(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=5e-5)


@pytest.mark.parametrize("architecture", BOTH)
def test_a_step_is_the_gradient_by_finite_differences(architecture: Architecture) -> None:
    """Of the hidden vector; a row's share of the mean is not divided out, as in the program."""
    rate = 1e-3
    batch = Batch.of(np.array([1, 4, 3, 4, 2], np.int32), np.full(5, 2, np.uint8), np.full(5, 2, np.uint8), 2, 3)
    settings = settings_for(6, 10**9, "fasttext", rate=rate)
    rows = rows_for(settings)
    tables = tables_for(rows)
    engine = engine_for(architecture, tables, rows, settings)
    engine.train([batch], [0])
    stepped = [(new - old) / -rate for new, old in zip(engine.tables(), tables, strict=True)]

    def loss_at(table: int, row: int, lane: int, change: float) -> float:
        moved = [each.copy() for each in tables]
        moved[table][row, lane] += np.float32(change)
        return engine_for(architecture, (moved[0], moved[1]), rows, settings).train([batch], [0])

    center = rows.rows[rows.starts[3] : rows.starts[4]].tolist()
    contexts = [row for word in (1, 4, 4, 2) for row in rows.rows[rows.starts[word] : rows.starts[word + 1]].tolist()]
    mine = center if architecture == "skipgram" else contexts
    checked = [(0, row, row % 20, len(mine)) for row in mine] + [(1, row, row, 1) for row in range(6)]
    for table, row, lane, number in checked:
        slope = (loss_at(table, row, lane, 0.02) - loss_at(table, row, lane, -0.02)) / 0.04
        assert stepped[table][row, lane] == pytest.approx(slope * number, abs=2e-2)


@pytest.mark.parametrize("architecture", BOTH)
def test_batches_may_be_cut_anywhere(architecture: Architecture) -> None:
    batch = random_batch(30, 200)
    settings = settings_for(30, pairs_in(batch), "fasttext")
    rows = rows_for(settings)
    whole, cut = (engine_for(architecture, tables_for(rows), rows, settings) for _ in range(2))
    whole.train([batch], [0])
    for start, stop in ((0, 70), (70, 71), (71, 71), (71, 200)):
        cut.train([batch._replace(start=start, stop=stop)], [pairs_in(batch, 0, start)])
    for one, other in zip(whole.tables(), cut.tables(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_number_of_threads_changes_no_byte() -> None:
    results = []
    for threads in (1, 3):
        settings = settings_for(30, 100_000, "fasttext", streams=3, threads=threads)
        rows = rows_for(settings)
        engine = engine_for("skipgram", tables_for(rows), rows, settings)
        batches = [random_batch(30, 100, seed) for seed in range(6)]
        firsts = [0, *itertools.accumulate(map(pairs_in, batches))]
        losses = [engine.train(batches[at : at + 3], firsts[at : at + 3]) for at in (0, 3)]
        results.append((losses, *(table.tobytes() for table in engine.tables())))
    assert results[0] == results[1]


def test_a_word_has_its_own_row_and_those_of_its_n_grams_and_frequent_rows_come_first() -> None:
    counts = np.array([50, 7, 3])
    found = input_rows(["abab", "b", "abc"], counts, 2, 3, 10_000)
    grams = subwords(["abab", "b", "abc"], 2, 3, 10_000)
    assert len(found.buckets) == len(set(grams.buckets.tolist())) == len(found.of_buckets)
    for word in range(3):
        rows = found.rows[found.starts[word] : found.starts[word + 1]].tolist()
        buckets = grams.buckets[grams.starts[word] : grams.starts[word + 1]]
        assert rows == [found.of_words[word], *found.of_buckets[np.searchsorted(found.buckets, buckets)]]
    assert (np.diff(found.meetings) <= 0).all()
    assert sorted([*found.of_words, *found.of_buckets]) == list(range(len(found.meetings)))
    twice = found.of_buckets[np.searchsorted(found.buckets, subwords(["abab"], 2, 2, 10_000).buckets)][1]
    assert found.meetings[twice] == 103 and found.meetings[found.of_words[1]] == 7  # "ab": twice 50, and 3


def test_without_n_grams_a_word_has_its_own_row_alone() -> None:
    found = input_rows(["abab", "b"], np.array([3, 2]), 3, 0, 100)
    assert found.rows.tolist() == [0, 1] and found.starts.tolist() == [0, 1, 2] and not len(found.buckets)
