"""The models beside each other: scores, loss, speed and the sizes of their files, as Markdown.

It is no artifact, since seconds differ between equal runs.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tasks.models import MODELS, model_folder
from tasks.progress import human
from tasks.storage.atomic import atomic_file

COMPARISON = "comparison.md"
"""Its name below data/evaluate/."""

VOCABULARY = "data/tokenize/vocabulary.parquet"
"""Its name in a manifest."""

SCORES = ("spearman", "accuracy")


def write_comparison(data: Path, model: str) -> None:
    """Writes data/evaluate/comparison.md about `model` and all others that are evaluated there on the same tokens."""
    ids: dict[str, str | None] = {each: _vocabulary_hash(data / model_folder("evaluate", each)) for each in MODELS}
    evaluated = [each for each in MODELS if ids[each] is not None and ids[each] == ids.get(model)]
    with atomic_file(data / "evaluate" / COMPARISON, "w") as file:
        file.write(_page([(model, *_found(data, model)) for model in evaluated]))


def _vocabulary_hash(folder: Path) -> str | None:
    """Of the vocabulary that a model was evaluated with; None where it was not."""
    hashed: str | None = _read(folder / "manifest.json").get("inputs", {}).get(VOCABULARY)
    return hashed


def _found(data: Path, model: str) -> tuple[dict[str, Any], ...]:
    """What is known of a model: {} where it was made elsewhere."""
    places = (
        ("evaluate", "metrics.json"),
        ("train", "metrics.json"),
        ("train", "run.json"),
        ("export", "metrics.json"),
    )
    return tuple(_read(data / model_folder(stage, model) / name) for stage, name in places)


def _page(found: Sequence[tuple[Any, ...]]) -> str:
    columns: list[dict[str, str]] = []
    for model, scores, train, run, export in found:
        cells = {"model": model, **_scores(scores), "loss": f"{train['loss']:.4f}" if "loss" in train else ""}
        cells["words/s"] = human(run["words_per_second"]) if "words_per_second" in run else ""
        cells["seconds"] = f"{run['seconds']:.1f}" if "seconds" in run else ""
        sizes = [file["bytes"] for file in export.get("files", {}).values()]
        cells["exported"] = f"{human(sum(sizes))}B" if sizes else ""
        columns.append(cells)
    names = list(dict.fromkeys(name for cells in columns for name in cells))
    lines = ["| " + " | ".join([name, *(cells.get(name, "") for cells in columns)]) + " |" for name in names]
    rule = "| --- " * (1 + len(found)) + "|"
    note = "Losses of different models are no measure beside each other; seconds are of this machine."
    return "\n".join(["# The models beside each other", "", lines[0], rule, *lines[1:], "", note, ""])


def _scores(metrics: Mapping[str, Any]) -> dict[str, str]:
    return {
        each.name: each.shown if each.value is None else f"{each.shown}, {each.coverage:.0%} covered"
        for each in scored_sets(metrics)
    }


class ScoredSet(NamedTuple):
    """A test set's score. measure: spearman or accuracy; value: None where there is none; coverage: from 0 to 1."""

    name: str
    measure: str
    value: float | None
    coverage: float

    @property
    def shown(self) -> str:
        return "undefined" if self.value is None else f"{self.value:.3f}"


def scored_sets(metrics: Mapping[str, Any]) -> list[ScoredSet]:
    """The scores in the metrics of the stage evaluate."""
    sets = {name: value for name, value in metrics.items() if isinstance(value, dict) and "coverage" in value}
    measures = {name: next(kind for kind in SCORES if kind in value) for name, value in sets.items()}
    return [ScoredSet(name, measures[name], sets[name][measures[name]], sets[name]["coverage"]) for name in sets]


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content
