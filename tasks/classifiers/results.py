"""What came of the rows of a dataset: the table that compares them, as CSV, as Markdown, as a picture."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from tasks.classifiers.grid import BASELINE, Row
from tasks.datasets.params import SPLITS
from tasks.errors import InputError
from tasks.scoring.plots import BLUE, FAINT, INK, ORANGE, new_figure, quiet_axes, save_figure

ROW_FILE = "metrics.json"
"""In a row's folder, written last: what it came to."""

MISTAKES_SHOWN = 8


class Cell(NamedTuple):
    """What the seeds of one classifier with one setting of vectors came to: means and standard deviations."""

    model: str
    vectors: str
    seeds: int
    validation: float
    accuracy: float
    accuracy_spread: float
    macro_f1: float
    macro_f1_spread: float
    calibration_error: float


def read_row(folder: Path, row: Row) -> dict[str, Any]:
    """The figures of a row of the dataset whose results lie in `folder`.

    Raises:
        InputError: they are not there, or damaged.
    """
    path = folder / row.model / row.name / ROW_FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{path}: absent or damaged; run the stage classify again") from None
    return content


def cells(found: Mapping[Row, Mapping[str, Any]]) -> list[Cell]:
    """One for each classifier and setting, in the order of the rows."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row, figures in found.items():
        groups.setdefault((row.model, row.vectors), []).append(figures)
    return [_cell(model, vectors, each) for (model, vectors), each in groups.items()]


def _cell(model: str, vectors: str, seeds: Sequence[Mapping[str, Any]]) -> Cell:
    def over(name: str) -> tuple[float, float]:
        values = [float(each[name]) for each in seeds]
        return round(mean(values), 6), round(stdev(values), 6) if len(values) > 1 else 0.0

    calibration_error, _ = over("calibration_error")
    validation, _ = over("validation_accuracy")
    return Cell(
        model, vectors, len(seeds), validation, *over("accuracy"), *over("macro_f1"), calibration_error
    )  # fmt: skip


def best_cell(found: Sequence[Cell]) -> Cell:
    """The one that is best on the validation texts: the test texts have no say. A network where there is one."""
    networks = [cell for cell in found if cell.model != BASELINE] or list(found)
    return max(networks, key=lambda cell: cell.validation)


def rows_csv(found: Mapping[Row, Mapping[str, Any]]) -> str:
    """A line a row: model, vectors, seed and its figures."""
    names = ("accuracy", "macro_f1", "log_loss", "calibration_error", "validation_accuracy", "best_epoch", "epochs")
    lines = [[*row, *(figures.get(name, "") for name in names)] for row, figures in found.items()]
    return csv_text([["model", "vectors", "seed", *names], *lines])


def csv_text(rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def report(
    name: str,
    facts: Mapping[str, Any],
    found: Sequence[Cell],
    best: Mapping[str, Any],
    mistakes: Sequence[Mapping[str, str]],
) -> str:
    """The page about a dataset, as Markdown.

    Args:
        name: of the dataset.
        facts: of the dataset, its encoding and its embeddings (the stage's metrics).
        found: the table.
        best: the figures of one row of the best cell.
        mistakes: the rows of its mistakes.csv.
    """
    chosen = best_cell(found)
    lines = [f"# Classifiers: {name}", "", *_dataset(facts), "", "## Results", "", *_table(found, chosen), ""]
    lines += ["Accuracy and macro F1 on the test texts, in points of 100: means over the seeds ± their standard"]
    lines += ["deviation. * is the best on the validation texts, which alone decide. Calibration: by how much a"]
    lines += ["probability is wrong in the mean.", "", "![Accuracy](comparison.png)", ""]
    lines += [f"## The best: {chosen.model}, {chosen.vectors}", "", "| class | precision | recall | F1 | texts |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for label, each in best["classes"].items():
        numbers = " | ".join(f"{100 * each[key]:.1f}" for key in ("precision", "recall", "f1"))
        lines.append(f"| {_plain(label)} | {numbers} | {each['texts']:,} |")
    folder = f"{chosen.model}/{Row(chosen.model, chosen.vectors, best['seed']).name}"
    pictures = ("curves", "confusion", "calibration") if chosen.model != BASELINE else ("confusion", "calibration")
    lines += ["", *(f"![{each}]({folder}/{each}.png)" for each in pictures)]
    if mistakes:
        lines += ["", "## Taken for another class with the greatest certainty", "", "| is | taken for | % | text |"]
        lines += ["| --- | --- | --- | --- |"]
        for each in mistakes[:MISTAKES_SHOWN]:
            share = 100 * float(each["probability"])
            cells = (each["label"], each["taken_for"], f"{share:.0f}", each["text"][:160])
            lines.append("| " + " | ".join(map(_plain, cells)) + " |")
    return "\n".join([*lines, ""])


def _dataset(facts: Mapping[str, Any]) -> list[str]:
    splits = ", ".join(f"{facts['documents'][split]:,} {split}" for split in SPLITS if split in facts["documents"])
    both = facts["duplicates"]["train_and_test"]
    encoding = facts["encoding"]
    lines = [
        f"- texts: {splits}; {len(facts['labels'])} classes",
        f"- texts that stand in train and in test: {both:,}, {facts['duplicates']['dropped']:,} dropped from train",
        f"- words known: {encoding['words']:,}; {encoding['known']:.1%} of the test texts' words are",
        f"- length: {encoding['length']:,} words are read, which {encoding['covered']:.1%} of the texts do not exceed",
    ]
    for name, each in facts["embeddings"].items():
        spelled = f", {each['spelled']:,} are made of n-grams" if each["spelled"] else ""
        lines.append(
            f"- vectors {name}: {each['hits']:,} words have one{spelled}, {each['missing']:,} have not "
            f"({each['missing_filled']}); {each['covered']:.1%} of the words read have one"
        )
    return lines


def _table(found: Sequence[Cell], best: Cell) -> list[str]:
    lines = [
        "| model | vectors | accuracy | macro F1 | calibration error | seeds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for cell in found:
        accuracy = f"{100 * cell.accuracy:.2f} ± {100 * cell.accuracy_spread:.2f}"
        f1 = f"{100 * cell.macro_f1:.2f} ± {100 * cell.macro_f1_spread:.2f}"
        mark = " *" if cell == best else ""
        error = f"{100 * cell.calibration_error:.1f}"
        lines.append(f"| {cell.model}{mark} | {cell.vectors} | {accuracy} | {f1} | {error} | {cell.seeds} |")
    return lines


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def plot_comparison(found: Sequence[Cell], target: Path) -> None:
    """A point for each cell, a line for each model; the baseline's as a line across."""
    networks = [cell for cell in found if cell.model != BASELINE]
    names = list(dict.fromkeys(cell.model for cell in networks))
    settings = list(dict.fromkeys(cell.vectors for cell in networks))
    figure = new_figure(8.4, 1.4 + 0.42 * max(1, len(names)))
    axes = figure.subplots()
    for baseline in (cell for cell in found if cell.model == BASELINE):
        axes.axvline(100 * baseline.accuracy, color=FAINT, linewidth=1.0, linestyle="--", label="tfidf, linear")
    colors = (FAINT, BLUE, "#7fb0d0", ORANGE, "#e3b184", "#5b7553", "#9db89a")
    for number, setting in enumerate(settings):
        here = [cell for cell in networks if cell.vectors == setting]
        axes.errorbar(
            [100 * cell.accuracy for cell in here],
            [names.index(cell.model) + 0.1 * (number - (len(settings) - 1) / 2) for cell in here],
            xerr=[100 * cell.accuracy_spread for cell in here],
            fmt="o", color=colors[number % len(colors)], markersize=5, linewidth=1.2, label=setting,
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names, color=INK)
    axes.set_ylim(max(1, len(names)) - 0.5, -0.5)
    axes.set_xlabel("accuracy on the test texts, %", color=INK)
    quiet_axes(axes, "x")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    save_figure(figure, target)
