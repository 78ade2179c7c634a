"""What `wordloom classify` asks, and how it shows the answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.classifiers.saved import TEXT_FILE
from tasks.errors import InputError

SHOWN_CHARACTERS = 80


def best_classifier(data: Path) -> Path:
    """The folder of the best network of the only dataset that is classified below `data`.

    Raises:
        InputError: there is none, or there are several datasets.
    """
    metrics = sorted((data / "classify").glob("*/metrics.json"))
    if len(metrics) != 1:
        names = ", ".join(path.parent.name for path in metrics) or "none"
        raise InputError(
            f"{data / 'classify'}: the datasets classified here are {names}; name a classifier with --model, such as "
            "data/classify/sms/cnn/ours-tuned-1"
        )
    best: dict[str, str] = json.loads(metrics[0].read_text("utf-8"))["best"]
    folders: list[Path] = sorted((metrics[0].parent / best["model"]).glob(f"{best['vectors']}-*/{TEXT_FILE}"))
    if not folders:
        raise InputError(f"{metrics[0].parent}: its best classifier is no network; name one with --model")
    return folders[0].parent


def show(texts: Sequence[str], labels: Sequence[str], probabilities: Any) -> None:
    """A line a text: its class, how sure that is, the text.

    Args:
        texts: the n texts.
        labels: the classes.
        probabilities: float32 [n, classes].
    """
    table = Table("class", "%", "text")
    for text, row in zip(texts, probabilities, strict=True):
        best = int(row.argmax())
        shown = " ".join(text.split())
        shown = shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[: SHOWN_CHARACTERS - 1]}…"
        table.add_row(Text(labels[best]), f"{100 * row[best]:.1f}", Text(shown))
    Console(highlight=False).print(table)
