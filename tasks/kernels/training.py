"""The training run, whatever the model: steps over epochs; its clock, its history, its checkpoints.

What a model is, a `Learner` says. The number of examples seen (pairs, cells) is the only clock. Where nothing waits to
be merged (`Engine.settled`), the tables after n examples are a function of the learner and n, so a checkpoint needs the
tables, the place in the corpus and the sums for the history, and no random state.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from tasks.errors import Interrupted, WordloomError
from tasks.interruption import stop_requested
from tasks.kernels.checkpoints import load_checkpoint, save_checkpoint
from tasks.kernels.engines import Engine, Learner, Step
from tasks.kernels.read_ahead import read_ahead
from tasks.kernels.tables import Table
from tasks.progress import progress

logger = logging.getLogger("wordloom")

SEGMENTS = 10
"""Rows of the history an epoch."""


@dataclass
class State:
    """How far a run has come.

    Attributes:
        epoch, place: where to go on; `place` is the learner's, () at the start of an epoch.
        example: examples seen in the whole run.
        epoch_example: examples seen in this epoch.
        segment_loss, segment_inputs, segment_examples: sums since the last row of the history.
        epoch_loss, epoch_inputs: sums since the epoch's start.
        losses: mean loss of each finished epoch, an input (see `Step`).
        history: rows of epoch (with its fraction), examples, mean loss since the row before, learning rate.
        seconds: spent training, in all the pieces of the run; `speed` has a row for each of the history.
        resumed: how often the run was taken up again.
    """

    epoch: int = 0
    place: tuple[int, ...] = ()
    example: int = 0
    epoch_example: int = 0
    segment_loss: float = 0.0
    segment_inputs: int = 0
    segment_examples: int = 0
    epoch_loss: float = 0.0
    epoch_inputs: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    speed: list[dict[str, float]] = field(default_factory=list)
    resumed: int = 0


@dataclass(frozen=True)
class Trained:
    """What came of a run: the learner's tables by name, float32 [rows, ...]."""

    tables: Mapping[str, Table]
    state: State
    compile_seconds: float


def train(learner: Learner, checkpoint: Path, checkpoint_seconds: float) -> Trained:
    """Trains from the start, or from the checkpoint, to the end.

    Args:
        learner: what is trained.
        checkpoint: the file.
        checkpoint_seconds: how often it is written.

    Raises:
        InputError: what is learned from is not what it should be.
        WordloomError: the loss is no longer finite, or the checkpoint is damaged.
        Interrupted: the process was asked to stop; the checkpoint is written.
    """
    saved = load_checkpoint(checkpoint, learner.shapes)
    if saved is None:
        state = State()
        engine = learner.start(learner.initial_tables())
    else:
        tables, content = saved
        state = State(**content | {"place": tuple(content["place"])})
        state.resumed += 1
        logger.info("train: going on from the checkpoint at %.1f %%", 100 * state.example / sum(learner.epochs))
        engine = learner.start(tables)
        del tables, saved  # the engine has copies
    started = time.monotonic()
    engine.prepare()
    compile_seconds = time.monotonic() - started
    with closing(read_ahead(learner.steps(engine, state.epoch, state.place, state.example))) as steps:
        _run(learner, engine, state, steps, checkpoint, checkpoint_seconds)
    return Trained(_finite_tables(learner, engine, state), state, compile_seconds)


def _run(
    learner: Learner, engine: Engine, state: State, steps: Iterator[Step], checkpoint: Path, checkpoint_seconds: float
) -> None:
    words_an_example = learner.tokens * len(learner.epochs) / sum(learner.epochs)
    remaining = (sum(learner.epochs) - state.example) * words_an_example
    last = last_saved = time.monotonic()
    segment_seconds = 0.0
    with progress("train", remaining, "words") as advance:
        for step in steps:
            if step.epoch > state.epoch:
                _close_epoch(state)
            loss = engine.train(*step.material)
            if not math.isfinite(loss):
                raise WordloomError(
                    f"train: the loss is no longer a finite number (epoch {step.epoch + 1}, {step.where}); "
                    f"{learner.advice}"
                )
            segments_before = _segments(state.epoch_example, learner.epochs[step.epoch])
            state.place = step.place
            state.example += step.examples
            state.epoch_example += step.examples
            state.segment_examples += step.examples
            state.segment_inputs += step.inputs
            state.segment_loss += loss
            state.epoch_inputs += step.inputs
            state.epoch_loss += loss
            now = time.monotonic()
            state.seconds += now - last
            segment_seconds += now - last
            last = now
            if _segments(state.epoch_example, learner.epochs[step.epoch]) > segments_before:
                _note(state, learner, segment_seconds, words_an_example)
                segment_seconds = 0.0
            shown = state.segment_loss / state.segment_inputs if state.segment_inputs else state.history[-1]["loss"]
            advance(step.examples * words_an_example, note=f"loss {shown:.3f}")
            stop = stop_requested()
            if engine.settled and (stop is not None or now - last_saved >= checkpoint_seconds):
                save_checkpoint(checkpoint, _finite_tables(learner, engine, state), asdict(state))
                last = last_saved = time.monotonic()
                if stop is not None:
                    raise Interrupted(stop)
    _close_epoch(state)


def _close_epoch(state: State) -> None:
    state.losses.append(state.epoch_loss / state.epoch_inputs)
    state.epoch += 1
    state.place = ()
    state.epoch_example = state.epoch_inputs = 0
    state.epoch_loss = 0.0


def _segments(example: int, examples: int) -> int:
    """How many of an epoch's segments are over after this many of its examples."""
    return SEGMENTS * example // examples


def _note(state: State, learner: Learner, seconds: float, words_an_example: float) -> None:
    """Closes a segment of the history."""
    epoch = round(state.epoch + state.epoch_example / learner.epochs[state.epoch], 4)
    loss = state.segment_loss / state.segment_inputs
    rate = learner.schedule.rate(state.example)
    state.history.append({"epoch": epoch, learner.unit: state.example, "loss": loss, "learning_rate": rate})
    speed = state.segment_examples / max(seconds, 1e-9)
    state.speed.append(
        {
            "epoch": epoch,
            f"{learner.unit}_per_second": round(speed),
            "words_per_second": round(speed * words_an_example),
        }
    )
    state.segment_loss, state.segment_inputs, state.segment_examples = 0.0, 0, 0


def _finite_tables(learner: Learner, engine: Engine, state: State) -> dict[str, Table]:
    """The tables, so that nothing that is not finite is ever written.

    Raises:
        WordloomError: they are not finite.
    """
    tables = dict(zip(learner.shapes, engine.tables(), strict=True))
    for name, table in tables.items():
        broken = np.flatnonzero(~np.isfinite(table).all(axis=tuple(range(1, table.ndim))))
        if len(broken):
            raise WordloomError(
                f"train: row {broken[0]} of {name} is no longer finite after {state.example} {learner.unit} "
                f"(epoch {state.epoch + 1}); {learner.advice}"
            )
    return tables
