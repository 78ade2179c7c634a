"""What `wordloom plan` tells: what a run will take, stage by stage, and whether this machine has it."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from tasks.forecasting.result import Forecast
from tasks.forecasting.room import free_memory
from tasks.progress import human
from tasks.request import Request
from tasks.stages import stage
from tasks.storage.room import free_disk
from tasks.train_params import TrainParams

TIGHT = 0.8
"""Of what is free: more is no refusal yet, but the forecast may be wrong by so much."""

MOST_STREAMS = 8
"""That have been measured on corpora of all sizes (docs/streams.md)."""

LESS_MEMORY = {
    "train": "run.workers, train.dim or train.streams, or raise tokenize.min_count",
    "classify": "run.workers, classify.batch, classify.units or classify.max_words",
}
"""What to lower where a stage takes too much."""


class Room(NamedTuple):
    """Free bytes: on the disk of the data folder, and of memory."""

    disk: int
    memory: int


class Verdict(NamedTuple):
    """A line each: why the run would fail, and what may go wrong."""

    refusals: list[str]
    warnings: list[str]


def room_for(data: Path) -> Room:
    """What is free now."""
    return Room(free_disk(data), free_memory())


def judge(forecast: Forecast, room: Room, data: Path) -> Verdict:
    """Compares what the run will take with what there is; names what is not in the forecast."""
    refusals: list[str] = []
    warnings: list[str] = []
    worst = max(forecast.stages, key=lambda each: each.memory)
    wants = (
        (
            f"{data}: the run will take {_bytes(forecast.disk)} of disk and {_bytes(room.disk)} are free",
            "make room, name another --data, or lower skipgrams.draws or skipgrams.window, or set "
            "skipgrams.materialize=false",
            forecast.disk / max(1, room.disk),
        ),
        (
            f"{worst.stage}: will take {_bytes(worst.memory)} of memory and {_bytes(room.memory)} are free",
            f"end other programs, or lower {LESS_MEMORY.get(worst.stage, 'run.workers')}",
            worst.memory / max(1, room.memory),
        ),
    )
    for found, remedy, share in wants:
        if share > 1:
            refusals.append(f"{found}; {remedy}")
        elif share > TIGHT:
            warnings.append(f"{found}, which is tight; {remedy}")
    if forecast.absent:
        warnings.append(
            f"left out, since not here yet: {', '.join(forecast.absent)}; "
            "wordloom stage download fetches it, then the whole can be forecast"
        )
    if forecast.remote:
        warnings.append(
            f"left out, since they come from the network: the datasets {', '.join(forecast.remote)}; "
            "with a path to a copy they can be forecast"
        )
    return Verdict(refusals, warnings)


def hint_streams(asked: Request, cores: int) -> str | None:
    """How skip-grams could be trained on more cores at equal quality; None if all that can help are at work."""
    if "sgns" not in asked.models:
        return None
    train = asked.context(stage("train"), "sgns").section(TrainParams)
    more = min(MOST_STREAMS, 2 ** int(math.log2(cores)))
    if train.engine != "numba" or not train.deterministic or more <= train.streams:
        return None
    return (
        f"sgns will train on {train.streams} of {cores} cores, and on {more} with train.sgns.streams={more}: other "
        "vectors, as good; docs/streams.md says with which learning rate"
    )


def as_json(forecast: Forecast, room: Room, verdict: Verdict, hint: str | None) -> dict[str, Any]:
    """{"stages", "total", "free", "refusals", "warnings", "hint", the rest of the forecast}; bytes and seconds."""
    return {
        **asdict(forecast),
        "total": {"disk": forecast.disk, "memory": forecast.memory, "seconds": round(forecast.seconds, 2)},
        "free": room._asdict(),
        **verdict._asdict(),
        "hint": hint,
    }


def show(forecast: Forecast, room: Room, verdict: Verdict, hint: str | None) -> None:
    """Prints it for people."""
    console = Console(highlight=False, soft_wrap=True)
    table = Table("stage", "makes")
    for name in ("disk", "disk at work", "memory", "time"):
        table.add_column(name, justify="right")
    for each in forecast.stages:
        makes = ", ".join(f"{human(number)} {name}" for name, number in each.makes.items())
        figures = _bytes(each.disk), _bytes(each.work), _bytes(each.memory), _time(each.seconds)
        name = each.stage if each.variant is None else f"{each.stage} {each.variant}"
        table.add_row(name, makes, *figures, end_section=each is forecast.stages[-1])
    if forecast.cache:
        table.add_row("DVC's cache", "copies of all but skipgrams", _bytes(forecast.cache), "", "", "")
    table.add_row("in all", "", _bytes(forecast.disk), "", _bytes(forecast.memory), _time(forecast.seconds))
    table.add_row("free", "", _bytes(room.disk), "", _bytes(room.memory), "")
    console.print(table)
    console.print(
        f"Forecast from {forecast.sampled:.1%} of the corpus, for {forecast.workers} jobs side by side. Disk in all is "
        "the most that lies there at once."
    )
    if any(each.stage == "classify" for each in forecast.stages):
        console.print("How many epochs a classifier takes is guessed: the validation texts are going to decide it.")
    for line in verdict.refusals:
        console.print(f"not enough: {line}", style="red", markup=False)
    for line in verdict.warnings:
        console.print(f"warning: {line}", style="yellow", markup=False)
    if hint is not None:
        console.print(f"hint: {hint}", markup=False)


def _bytes(number: float) -> str:
    return f"{human(number)}B"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
