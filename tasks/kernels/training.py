"""The training run: epochs over draws over shards over steps; its clock, its history, its checkpoints.

The number of pairs seen is the only clock. Where nothing waits to be merged (`Engine.settled`), the tables after n
pairs are a function of the recipe and n, so a checkpoint needs the tables, the place in the shards and the sums for
the history, and no random state.
"""

import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError, Interrupted, WordloomError
from tasks.interruption import stop_requested
from tasks.kernels.batches import Place, Step, read_steps
from tasks.kernels.checkpoints import load_checkpoint, save_checkpoint
from tasks.kernels.engines import Engine, Schedule, Settings, start_engine
from tasks.kernels.random_streams import shuffled, stream_key
from tasks.kernels.read_ahead import read_ahead
from tasks.kernels.reading import read_counts
from tasks.kernels.shards import count_pairs
from tasks.kernels.tables import Table, initial_tables
from tasks.models import EngineName, ModelName
from tasks.progress import progress

logger = logging.getLogger("wordloom")

MOST_PAIRS = 200_000
"""Pairs that all streams together train between two merges. More make them drift apart."""

STEPS_AN_EPOCH = 200
"""At the least, so that streams do not drift apart on a small corpus either."""

FEWEST_PAIRS = 1_000
"""Pairs that a stream trains at the least: fewer make more work of starting and merging than of training."""

SEGMENTS = 10
"""Rows of the history an epoch."""

TABLES, ORDER, NEGATIVES = range(3)
"""The random streams of a run."""


@dataclass(frozen=True)
class Recipe:
    """What determines a run, and where its checkpoint lies.

    Attributes:
        model, engine: what is trained, and who computes.
        vocabulary: vocabulary.parquet.
        draws: the shards of each draw; epoch e trains on draw e modulo their number.
        documents: the folder of encoded documents, for shards that are drawn on the spot.
        dim: numbers a vector.
        epochs: passes over the corpus.
        negatives: negatives a pair.
        negative_power: they are drawn by count^negative_power.
        first_rate, last_rate: the learning rate at the first and the last pair.
        shuffle: whether each epoch has an order of shards of its own; else it is the corpus'.
        seed: of the start tables, the negatives and the order of shuffled shards.
        streams: logical streams of a determined run; 0: free-running.
        threads: cores; a determined result does not depend on it.
        checkpoint: the file.
        checkpoint_seconds: how often it is written.
    """

    model: ModelName
    engine: EngineName
    vocabulary: Path
    draws: tuple[tuple[Path, ...], ...]
    documents: Path
    dim: int
    epochs: int
    negatives: int
    negative_power: float
    first_rate: float
    last_rate: float
    shuffle: bool
    seed: int
    streams: int
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
        segment_loss, segment_inputs, segment_pairs: sums since the last row of the history.
        epoch_loss, epoch_inputs: sums since the epoch's start.
        losses: mean loss of each finished epoch, an input: a pair of sgns, a window of cbow.
        history: rows of epoch (with its fraction), pairs, mean loss since the row before, learning rate.
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
    segment_inputs: int = 0
    segment_pairs: int = 0
    epoch_loss: float = 0.0
    epoch_inputs: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    speed: list[dict[str, float]] = field(default_factory=list)
    resumed: int = 0


class Located(NamedTuple):
    """A step, and where in the run it lies; `shard` counts in the epoch's own order."""

    epoch: int
    shard: int
    path: Path
    step: Step


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
    together = max(recipe.streams, 1)
    batch_pairs = max(FEWEST_PAIRS, min(MOST_PAIRS, min(epoch_pairs) // STEPS_AN_EPOCH) // together)
    settings = Settings(
        recipe.model, counts, recipe.negatives, recipe.negative_power, schedule, stream_key(recipe.seed, NEGATIVES),
        recipe.streams, recipe.threads, batch_pairs,
    )  # fmt: skip
    engine = start_engine(recipe.engine, vectors, context_vectors, settings)
    del vectors, context_vectors, saved  # the engine has copies
    started = time.monotonic()
    engine.prepare()
    compile_seconds = time.monotonic() - started
    with closing(read_ahead(_steps(recipe, state, counts, batch_pairs, engine.side_by_side))) as steps:
        _run(recipe, engine, state, epoch_pairs, schedule, steps, tokens * recipe.epochs / pairs)
    return Trained(*_finite_tables(engine, state), state, len(counts), tokens, compile_seconds)


def _run(
    recipe: Recipe,
    engine: Engine,
    state: State,
    epoch_pairs: list[int],
    schedule: Schedule,
    steps: Iterator[Located],
    words_a_pair: float,
) -> None:
    remaining = (sum(epoch_pairs) - state.pair) * words_a_pair
    last = last_saved = time.monotonic()
    segment_seconds = 0.0
    with progress("train", remaining, "words") as advance:
        for epoch, shard, path, step in steps:
            if epoch > state.epoch:
                _close_epoch(state)
            firsts = np.cumsum([state.pair, *step.pairs])
            loss = engine.train(step.batches, firsts[:-1].tolist())
            where = f"epoch {epoch + 1}, {path.name}, row group {step.after.row_group}, window {step.after.window}"
            if not math.isfinite(loss):
                raise WordloomError(
                    f"train: the loss is no longer a finite number ({where}); lower train.learning_rate "
                    f"(it is {recipe.first_rate:g})" + (" or train.streams" if recipe.streams > 2 else "")
                )
            seen = sum(step.pairs)
            inputs = step.windows if recipe.model == "cbow" else seen
            segments_before = _segments(state.epoch_pair, epoch_pairs[epoch])
            state.shard, (state.row_group, state.window) = shard, step.after
            state.pair += seen
            state.epoch_pair += seen
            state.segment_pairs += seen
            state.segment_inputs += inputs
            state.segment_loss += loss
            state.epoch_inputs += inputs
            state.epoch_loss += loss
            now = time.monotonic()
            state.seconds += now - last
            segment_seconds += now - last
            last = now
            if _segments(state.epoch_pair, epoch_pairs[epoch]) > segments_before:
                _note(state, epoch_pairs[epoch], schedule, segment_seconds, words_a_pair)
                segment_seconds = 0.0
            shown = state.segment_loss / state.segment_inputs if state.segment_inputs else state.history[-1]["loss"]
            advance(seen * words_a_pair, note=f"loss {shown:.3f}")
            stop = stop_requested()
            if engine.settled and (stop is not None or now - last_saved >= recipe.checkpoint_seconds):
                save_checkpoint(recipe.checkpoint, *_finite_tables(engine, state), asdict(state))
                last = last_saved = time.monotonic()
                if stop is not None:
                    raise Interrupted(stop)
    _close_epoch(state)


def _steps(recipe: Recipe, state: State, counts: NDArray[np.int64], pairs: int, side_by_side: int) -> Iterator[Located]:
    """What is still to be trained, from the place of `state`, which it only looks at once."""
    first_shard, place = state.shard, Place(state.row_group, state.window)
    for epoch in range(state.epoch, recipe.epochs):
        shards = recipe.draws[epoch % len(recipe.draws)]
        if recipe.shuffle:
            shards = tuple(shards[place] for place in shuffled(stream_key(recipe.seed, ORDER, epoch), len(shards)))
        for shard in range(first_shard, len(shards)):
            path = shards[shard]
            for step in read_steps(path, recipe.documents, counts, pairs, side_by_side, place):
                yield Located(epoch, shard, path, step)
            place = Place()
        first_shard = 0


def _close_epoch(state: State) -> None:
    state.losses.append(state.epoch_loss / state.epoch_inputs)
    state.epoch += 1
    state.shard = state.row_group = state.window = state.epoch_pair = state.epoch_inputs = 0
    state.epoch_loss = 0.0


def _segments(pair: int, pairs: int) -> int:
    """How many of an epoch's segments are over after this many of its pairs."""
    return SEGMENTS * pair // pairs


def _note(state: State, pairs: int, schedule: Schedule, seconds: float, words_a_pair: float) -> None:
    """Closes a segment of the history."""
    epoch = round(state.epoch + state.epoch_pair / pairs, 4)
    loss = state.segment_loss / state.segment_inputs
    rate = schedule.rate(state.pair)
    state.history.append({"epoch": epoch, "pairs": state.pair, "loss": loss, "learning_rate": rate})
    speed = state.segment_pairs / max(seconds, 1e-9)
    state.speed.append(
        {"epoch": epoch, "pairs_per_second": round(speed), "words_per_second": round(speed * words_a_pair)}
    )
    state.segment_loss, state.segment_inputs, state.segment_pairs = 0.0, 0, 0


def _count_epochs(recipe: Recipe) -> list[int]:
    """The pairs of each epoch."""
    with ThreadPoolExecutor(recipe.threads) as pool:
        draws = [sum(pool.map(count_pairs, shards)) for shards in recipe.draws]
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
