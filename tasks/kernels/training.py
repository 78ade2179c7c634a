"""The training run: epochs over draws over shards over batches; its clock, its history, its checkpoints.

The number of pairs seen is the only clock. With one thread the tables after n pairs are a function of the recipe and n,
so a checkpoint needs the tables, the place in the shards and the sums for the history, and no random state.
"""

import itertools
import logging
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tasks.errors import InputError, Interrupted, WordloomError
from tasks.interruption import stop_requested
from tasks.kernels.batches import Place, count_pairs, read_batches
from tasks.kernels.checkpoints import load_checkpoint, save_checkpoint
from tasks.kernels.engines import Engine, EngineName, Schedule, Settings, start_engine
from tasks.kernels.random_streams import shuffled, stream_key
from tasks.kernels.reading import read_counts
from tasks.kernels.tables import Table, initial_tables
from tasks.progress import progress

logger = logging.getLogger("wordloom")

BATCH_PAIRS = 200_000
"""Pairs a thread trains between two looks at the clock and at the stop flag: some 0.05 s, 0.5 s where rows are long."""

SEGMENTS = 10
"""Rows of the history an epoch."""

TABLES, ORDER, NEGATIVES = range(3)
"""The random streams of a run."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Recipe:
    """What determines a run, and where its checkpoint lies.

    Attributes:
        engine: who computes.
        vocabulary: vocabulary.parquet.
        draws: the shards of each draw; epoch e trains on draw e modulo their number.
        dim: numbers a vector.
        epochs: passes over the corpus.
        negatives: negatives a pair.
        negative_power: they are drawn by count^negative_power.
        first_rate, last_rate: the learning rate at the first and the last pair.
        seed: of the start tables, the order of the shards and the negatives.
        threads: cores; the result is determined with 1 only.
        checkpoint: the file.
        checkpoint_seconds: how often it is written.
    """

    engine: EngineName
    vocabulary: Path
    draws: tuple[tuple[Path, ...], ...]
    dim: int
    epochs: int
    negatives: int
    negative_power: float
    first_rate: float
    last_rate: float
    seed: int
    threads: int
    checkpoint: Path
    checkpoint_seconds: float


@dataclass
class State:
    """How far a run has come.

    Attributes:
        epoch, shard, row_group, window: where to go on; `shard` counts in the epoch's own order.
        pair: pairs seen in the whole run.
        epoch_pair: pairs seen in this epoch.
        segment_loss, segment_pairs: sums since the last row of the history.
        epoch_loss: sum since the epoch's start.
        losses: mean loss a pair of each finished epoch.
        history: rows of epoch (with its fraction), pairs, mean loss a pair since the row before, learning rate.
        seconds: spent training, in all the pieces of the run; `speed` has a row for each of the history.
        resumed: how often the run was taken up again.
    """

    epoch: int = 0
    shard: int = 0
    row_group: int = 0
    window: int = 0
    pair: int = 0
    epoch_pair: int = 0
    segment_loss: float = 0.0
    segment_pairs: int = 0
    epoch_loss: float = 0.0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    speed: list[dict[str, float]] = field(default_factory=list)
    resumed: int = 0


@dataclass(frozen=True)
class Trained:
    """What came of a run. vectors, context_vectors: float32 [words, dim]; tokens: of the corpus, an epoch."""

    vectors: Table
    context_vectors: Table
    state: State
    words: int
    tokens: int
    compile_seconds: float


def train(recipe: Recipe) -> Trained:
    """Trains from the start or from the checkpoint to the end.

    Raises:
        InputError: the corpus has one word or no pairs, or a shard is not what it should be.
        WordloomError: the loss is no longer finite, or the checkpoint is damaged.
        Interrupted: the process was asked to stop; the checkpoint is written.
    """
    counts = read_counts(recipe.vocabulary)
    if len(counts) < 2:
        raise InputError(f"{recipe.vocabulary}: one word only, so no word can be its negative; give more text")
    epoch_pairs = _count_epochs(recipe)
    pairs = sum(epoch_pairs)
    tokens = int(counts.sum())
    shape = (len(counts), recipe.dim)
    saved = load_checkpoint(recipe.checkpoint, shape)
    if saved is None:
        vectors, context_vectors = initial_tables(*shape, stream_key(recipe.seed, TABLES))
        state = State()
    else:
        vectors, context_vectors, content = saved
        state = State(**content)
        state.resumed += 1
        logger.info("train: going on from the checkpoint at %.1f %%", 100 * state.pair / pairs)
    schedule = Schedule(recipe.first_rate, recipe.last_rate, float(pairs))
    key = stream_key(recipe.seed, NEGATIVES)
    settings = Settings(counts, recipe.negatives, recipe.negative_power, schedule, key, recipe.threads)
    engine = start_engine(recipe.engine, vectors, context_vectors, settings)
    del vectors, context_vectors, saved  # the engine has copies
    started = time.monotonic()
    engine.prepare()
    compile_seconds = time.monotonic() - started

    words_a_pair = tokens * recipe.epochs / pairs
    _run(recipe, engine, state, epoch_pairs, schedule, len(counts), words_a_pair)
    return Trained(*_finite_tables(engine, state), state, len(counts), tokens, compile_seconds)


def _run(
    recipe: Recipe,
    engine: Engine,
    state: State,
    epoch_pairs: list[int],
    schedule: Schedule,
    words: int,
    words_a_pair: float,
) -> None:
    remaining = (sum(epoch_pairs) - state.pair) * words_a_pair
    last = last_saved = time.monotonic()
    segment_seconds = 0.0
    with progress("train", remaining, "words") as advance:
        for batches, done, after in _steps(recipe, state, words):
            loss = engine.train(batches, state.pair)
            where = f"epoch {state.epoch + 1}, {done.name}, row group {after.row_group}, window {after.window}"
            if not math.isfinite(loss):
                raise WordloomError(
                    f"train: the loss is no longer a finite number ({where}); lower train.learning_rate "
                    f"(it is {recipe.first_rate:g})"
                )
            seen = sum(len(batch.contexts) for batch in batches)
            segments_before = _segments(state.epoch_pair, epoch_pairs[state.epoch])
            state.row_group, state.window = after
            state.pair += seen
            state.epoch_pair += seen
            state.segment_pairs += seen
            state.segment_loss += loss
            state.epoch_loss += loss
            now = time.monotonic()
            state.seconds += now - last
            segment_seconds += now - last
            last = now
            if _segments(state.epoch_pair, epoch_pairs[state.epoch]) > segments_before:
                _note(state, epoch_pairs[state.epoch], schedule, segment_seconds, words_a_pair)
                segment_seconds = 0.0
            shown = state.segment_loss / state.segment_pairs if state.segment_pairs else state.history[-1]["loss"]
            advance(seen * words_a_pair, note=f"loss {shown:.3f}")
            stop = stop_requested()
            if stop is not None or now - last_saved >= recipe.checkpoint_seconds:
                save_checkpoint(recipe.checkpoint, *_finite_tables(engine, state), asdict(state))
                last = last_saved = time.monotonic()
            if stop is not None:
                raise Interrupted(stop)


def _steps(recipe: Recipe, state: State, words: int) -> Iterator[tuple[list[Any], Path, Place]]:
    """What is still to be trained, `threads` batches at a time, with their shard and the place after them.

    Moves `state` from shard to shard and from epoch to epoch.
    """
    while state.epoch < recipe.epochs:
        shards = recipe.draws[state.epoch % len(recipe.draws)]
        order = shuffled(stream_key(recipe.seed, ORDER, state.epoch), len(shards))
        while state.shard < len(shards):
            path = shards[order[state.shard]]
            found = read_batches(path, words, BATCH_PAIRS, Place(state.row_group, state.window))
            for together in _grouped(found, recipe.threads):
                yield [batch for batch, _ in together], path, together[-1][1]
            state.shard += 1
            state.row_group = state.window = 0
        state.losses.append(state.epoch_loss / state.epoch_pair)
        state.epoch += 1
        state.shard = state.epoch_pair = 0
        state.epoch_loss = 0.0


def _grouped(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while group := list(itertools.islice(iterator, size)):
        yield group


def _segments(pair: int, pairs: int) -> int:
    """How many of an epoch's segments are over after this many of its pairs."""
    return SEGMENTS * pair // pairs


def _note(state: State, pairs: int, schedule: Schedule, seconds: float, words_a_pair: float) -> None:
    """Closes a segment of the history."""
    epoch = round(state.epoch + state.epoch_pair / pairs, 4)
    loss = state.segment_loss / state.segment_pairs
    rate = schedule.rate(state.pair)
    state.history.append({"epoch": epoch, "pairs": state.pair, "loss": loss, "learning_rate": rate})
    speed = state.segment_pairs / max(seconds, 1e-9)
    state.speed.append(
        {"epoch": epoch, "pairs_per_second": round(speed), "words_per_second": round(speed * words_a_pair)}
    )
    state.segment_loss, state.segment_pairs = 0.0, 0


def _count_epochs(recipe: Recipe) -> list[int]:
    """The pairs of each epoch."""
    draws = [sum(map(count_pairs, shards)) for shards in recipe.draws]
    if not draws or min(draws) == 0:
        raise InputError("train: the skip-gram shards hold no pairs; run skipgrams, or give longer documents")
    return [draws[epoch % len(draws)] for epoch in range(recipe.epochs)]


def _finite_tables(engine: Engine, state: State) -> tuple[Table, Table]:
    """The tables, so that nothing that is not finite is ever written.

    Raises:
        WordloomError: they are not finite.
    """
    tables = engine.tables()
    for name, table in zip(("vectors", "context_vectors"), tables, strict=True):
        broken = np.flatnonzero(~np.isfinite(table).all(axis=1))
        if len(broken):
            raise WordloomError(
                f"train: row {broken[0]} of {name} is no longer finite after {state.pair} pairs "
                f"(epoch {state.epoch + 1}); lower train.learning_rate"
            )
    return tables
