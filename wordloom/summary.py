"""What a run ends with on the terminal: a page of figures, a few neighbours, and where the results lie."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.errors import InputError
from tasks.models import model_folder
from tasks.progress import human
from tasks.request import Request
from tasks.scoring.comparison import COMPARISON, scored_sets

SHOWN_NEIGHBOURS = 6

READ_IN = {"pairs": "skipgrams", "cells": "cooccurrences"}
"""What models learn from, and the stage whose artifact it is."""

LOSS_OF = {"cbow": "window", "glove": "cell"}
"""What the loss is the mean of, where it is not a pair."""


def trained_folder(asked: Request) -> Path | None:
    """The folder of the vectors that the last run trained, of the first of its models; None if there are none yet."""
    folder = asked.data / model_folder("train", asked.models[0])
    return folder if (folder / "vectors.npy").is_file() else None


def default_vectors(asked: Request) -> Path:
    """The folder of the vectors that the last run trained.

    Raises:
        InputError: there are none yet.
    """
    folder = trained_folder(asked)
    if folder is None:
        place = asked.data / model_folder("train", asked.models[0])
        raise InputError(f"{place}: no vectors yet; make run trains them, or name a file with --vectors")
    return folder


def show(asked: Request) -> None:
    """Prints the summary of what lies in the run's data folder."""
    console = Console()
    sections = [("Corpus", _corpus(asked.data))]
    for model in asked.models:
        behind = f", {model}" if len(asked.models) > 1 else ""
        sections += [(f"{title}{behind}", rows) for title, rows in _model(asked.data, model)]
    sections += [(f"Classifiers, {dataset}", _classifiers(asked.data, dataset)) for dataset in asked.datasets]
    for title, rows in sections:
        table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 2))
        table.add_column(style="dim", min_width=18)
        table.add_column()
        for name, value in rows:
            table.add_row(name, Text(value))
        console.print(table)
    for model in asked.models:
        export, evaluate = (asked.data / model_folder(stage, model) for stage in ("export", "evaluate"))
        for name, path in (("vectors", export), ("report", evaluate / "report.md")):
            console.print(f"{name:<9}{near(path)}", highlight=False, markup=False, soft_wrap=True)
    for dataset in asked.datasets:
        page = near(asked.data / "classify" / dataset / "report.md")
        console.print(f"{dataset:<9}{page}", highlight=False, markup=False, soft_wrap=True)
    if len(asked.models) > 1:
        comparison = near(asked.data / "evaluate" / COMPARISON)
        console.print(f"{'models':<9}{comparison}", highlight=False, markup=False, soft_wrap=True)


def _corpus(data: Path) -> list[tuple[str, str]]:
    download, clean, tokenize = (_facts(data / name) for name in ("download", "clean", "tokenize"))
    learned_from = [(unit, data / READ_IN[unit]) for unit in READ_IN if (data / READ_IN[unit]).is_dir()]
    return [
        ("documents", f"{download['documents']:,} in, {tokenize['documents']:,} out"),
        *[("  dropped", f"{count:,} {reason}") for reason, count in sorted(clean["dropped"].items()) if count],
        ("vocabulary", f"{tokenize['vocabulary']:,} words, {tokenize['tokens']:,} tokens"),
        *[(unit, f"{_facts(folder)[unit]:,}") for unit, folder in learned_from],
    ]


def _model(data: Path, model: str) -> list[tuple[str, list[tuple[str, str]]]]:
    train, scores = _facts(data / model_folder("train", model)), _facts(data / model_folder("evaluate", model))
    run = data / model_folder("train", model) / "run.json"
    speed = _read(run) if run.is_file() else None  # vectors that came by `dvc pull` were trained elsewhere
    training = [("loss", f"{train['loss']:.4f} a {LOSS_OF.get(model, 'pair')} in the last epoch")]
    if speed is not None:
        training.append(("speed", f"{human(speed['words_per_second'])} words/s, {speed['seconds']:.1f} s"))
    quality = [(each.name, f"{each.shown} {each.measure}, {each.coverage:.0%} covered") for each in scored_sets(scores)]
    found = _read(data / model_folder("evaluate", model) / "neighbours.json")
    nearest = [(word, _words(entries)) for word, entries in found.items() if entries]
    return [("Training", training), ("Scores", quality), ("Neighbours", nearest)]


def _classifiers(data: Path, dataset: str) -> list[tuple[str, str]]:
    """How many of the test texts each classifier has right, with the vectors that are best on the validation texts."""
    rows = []
    for model, found in _facts(data / "classify" / dataset)["rows"].items():
        vectors, best = max(found.items(), key=lambda each: each[1]["validation"])
        accuracy, spread = 100 * best["accuracy"], 100 * best["accuracy_spread"]
        rows.append((model, f"{accuracy:.1f} ± {spread:.1f} % right, {vectors}"))
    return rows


def _words(entries: Sequence[Any]) -> str:
    return " ".join(str(entry["word"] if isinstance(entry, dict) else entry[0]) for entry in entries[:SHOWN_NEIGHBOURS])


def _facts(folder: Path) -> dict[str, Any]:
    return _read(folder / "metrics.json")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def near(path: Path) -> str:
    """A path as one would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
