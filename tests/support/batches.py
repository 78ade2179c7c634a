"""Random windows and tables for the kernels, and what they draw, in plain NumPy."""

import itertools
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.alias import AliasTable, draw_row, negative_table
from tasks.kernels.batches import Batch
from tasks.kernels.compiler import compiled
from tasks.kernels.engines import Schedule
from tasks.kernels.fasttext_numba import DRAWS_UNTIL_NEIGHBOUR
from tasks.kernels.random_streams import STEP, mix_numbers, stream_key
from tasks.kernels.settings import Settings
from tasks.models import ModelName

KEY = stream_key(11)
DIM, NEGATIVES = 8, 3
Doubles = NDArray[np.float64]


@compiled
def rows_of(numbers: NDArray[np.uint64], noise: AliasTable) -> NDArray[np.int64]:
    rows = np.empty(len(numbers), np.int64)
    for place in range(len(numbers)):
        rows[place] = draw_row(numbers[place], noise.thresholds, noise.aliases)
    return rows


def settings_for(
    words: int,
    pairs: int,
    model: ModelName = "sgns",
    negatives: int = NEGATIVES,
    rate: float = 0.1,
    power: float = 0.75,
    streams: int = 1,
    threads: int = 1,
    batch_pairs: int = 1_000,
) -> Settings:
    counts = np.sort(np.random.default_rng(1).integers(1, 100, words))[::-1].astype(np.int64)
    schedule = Schedule(rate, rate / 10, float(pairs))
    return Settings(model, counts, negatives, power, schedule, KEY, streams, threads, batch_pairs)


def random_tables(words: int, dim: int = DIM) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    return tuple(rng.normal(scale=0.4, size=(words, dim)).astype(np.float32) for _ in range(2))  # type: ignore[return-value]


def random_batch(words: int, windows: int, seed: int = 3, widest: int = 9) -> Batch:
    rng = np.random.default_rng(seed)
    places = np.arange(windows)
    left = np.minimum(rng.integers(0, widest, windows), places).astype(np.uint8)
    right = np.minimum(rng.integers(0, widest, windows), places[::-1]).astype(np.uint8)
    return Batch.of(rng.integers(0, words, windows).astype(np.int32), left, right, 0, windows)


def pairs_in(batch: Batch, start: int | None = None, stop: int | None = None) -> int:
    windows = slice(start, stop)
    return int(batch.left[windows].sum(dtype=np.int64) + batch.right[windows].sum(dtype=np.int64))


def contexts_of(batch: Batch, window: int) -> NDArray[np.int32]:
    before = batch.words[window - int(batch.left[window]) : window]
    return np.concatenate([before, batch.words[window + 1 : window + 1 + int(batch.right[window])]])


def steps_of(batch: Batch, model: ModelName) -> list[list[int]]:
    """The windows of each step, of those that have pairs: one of skip-gram, two of CBOW, whose last may be alone."""
    windows = [window for window in range(batch.start, batch.stop) if len(contexts_of(batch, window))]
    size = 2 if model == "cbow" else 1
    return [windows[place : place + size] for place in range(0, len(windows), size)]


def pooled_negatives(centers: Collection[int], pair: int, settings: Settings) -> list[list[int]]:
    """The negatives, of skip-gram and CBOW, of each window of the step whose first pair has this number. They are K in
    a row; those of a second window begin one later."""
    size, pairs = {"sgns": (512, 8), "cbow": (128, 16)}[settings.model]
    gone = pair * max(settings.negatives, 5) // (5 * pairs)
    drawn = np.arange(gone, gone + size, dtype=np.uint64)
    noise = negative_table(settings.counts, settings.negative_power)
    pool = np.roll(rows_of(mix_numbers(KEY + drawn * STEP), noise), gone % size).tolist()
    start = mix_numbers(np.array([(int(KEY) + pair * int(STEP)) % 2**64], np.uint64))
    place = int(mix_numbers(start)[0]) * size >> 64
    draws = itertools.cycle(pool[place:] + pool[:place])
    most = settings.negatives + len(centers) - 1
    negatives = list(itertools.islice((row for row in draws if row not in centers), most))
    return [negatives[first : first + settings.negatives] for first in range(len(centers))]


def drawn_negatives(center: int, pair: int, settings: Settings) -> list[int]:
    """Those of fastText, of the pair of this number."""
    noise = negative_table(settings.counts, settings.negative_power)
    start = mix_numbers(np.array([(int(KEY) + pair * int(STEP)) % 2**64], np.uint64))
    places = start + np.arange(1, 1 + settings.negatives * DRAWS_UNTIL_NEIGHBOUR, dtype=np.uint64) * STEP
    draws = rows_of(mix_numbers(places), noise).tolist()
    return list(itertools.islice((row for row in draws if row != center), settings.negatives))
