"""The models beside each other: scores, loss, speed and the sizes of their files, as Markdown.

It is no artifact, since seconds differ between equal runs.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.models import MODELS, model_folder
from tasks.progress import human
from tasks.storage.atomic import atomic_file

COMPARISON = "comparison.md"
"""Its name below data/evaluate/."""

SCORES = ("spearman", "accuracy")


def write_comparison(data: Path) -> None:
    """Writes data/evaluate/comparison.md about all models that are evaluated there."""
    evaluated = [model for model in MODELS if (data / model_folder("evaluate", model) / "metrics.json").is_file()]
    with atomic_file(data / "evaluate" / COMPARISON, "w") as file:
        file.write(_page([(model, *_found(data, model)) for model in evaluated]))


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


def _scores(scores: dict[str, Any]) -> dict[str, str]:
    sets = {name: value for name, value in scores.items() if isinstance(value, dict) and "coverage" in value}
    return {name: _score(value) for name, value in sets.items()}


def _score(value: dict[str, Any]) -> str:
    score = next(value[kind] for kind in SCORES if kind in value)
    return "undefined" if score is None else f"{score:.3f}, {value['coverage']:.0%} covered"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content
