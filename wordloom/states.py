"""What `wordloom stages` tells: of each stage, whether its result is there and up to date."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.pipeline.carry_out import fresh
from tasks.request import Request
from tasks.stages import stages

State = Literal["fresh", "stale", "missing", "waiting", "unwanted"]

MEANING: dict[State, str] = {
    "fresh": "made from today's params, inputs and code",
    "stale": "params, inputs or code have changed since",
    "missing": "not made yet",
    "waiting": "its inputs are going to be made anew",
    "unwanted": "a run passes it over: no model in train.model learns from it, and its wanted_by is empty",
}


@dataclass(frozen=True)
class StageState:
    """A row of the list; `variant` is the model or dataset, None where the stage is the same for all."""

    stage: str
    variant: str | None
    state: State
    about: str
    folder: Path


def states(asked: Request) -> list[StageState]:
    """All stages in order. What comes after a stage that is not fresh waits for it, however whole it looks."""
    rows: list[StageState] = []
    waiting: set[str | None] = set()  # models and datasets whose stages wait; None: all stages do
    for stage in stages():
        for context in asked.contexts(stage):
            variant = stage.variant(context)
            folder = asked.data / stage.folder(context)
            state: State
            if not asked.wants(stage):
                state = "unwanted"
            elif not (folder / "manifest.json").is_file():
                state = "missing"
            elif waiting & {None, variant}:
                state = "waiting"
            else:
                state = "fresh" if fresh(stage, context) else "stale"
            if state not in ("fresh", "unwanted"):
                waiting.add(variant)
            rows.append(StageState(stage.name, variant, state, stage.about, folder))
    return rows
