"""The curves of a training run as PNG: the loss (determined by params and input), the speed (of this one run).

Equal values are equal bytes: no dates, no library versions, a font that comes with matplotlib.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tasks.errors import InputError
from tasks.storage.atomic import atomic_file, atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#26323d"
FAINT = "#8b98a5"
GRID = "#e4e8ec"
BLUE = "#2f6690"
ORANGE = "#c8752d"

DOTS_PER_INCH = 144
MOST_MARKERS = 30
"""With more points than this a curve is drawn without markers."""


def new_figure(width: float, height: float) -> "Figure":
    """An empty white figure, in inches, that belongs to no window system."""
    from matplotlib import rcParams
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rcParams["font.family"] = "DejaVu Sans"
    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: "Figure", target: Path) -> None:
    """Writes a PNG, atomically and without metadata."""
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})


def read_history(path: Path) -> list[dict[str, float]]:
    """The rows of train's history.csv as numbers; columns that hold none are left out.

    Raises:
        InputError: the file is absent, has no rows or no loss.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the stage train") from None
    history = [{name: number for name, text in row.items() if (number := _number(text)) is not None} for row in rows]
    if not history or not all("loss" in row for row in history):
        raise InputError(f"{path}: should have a row an epoch and a column loss; run the stage train again")
    return history


def plot_loss(history: Sequence[Mapping[str, float]], target: Path) -> None:
    """Draws the mean loss a pair over the epochs, with the learning rate below it where the history has one."""
    epochs = [row.get("epoch", float(number)) for number, row in enumerate(history, start=1)]
    rates = [row["learning_rate"] for row in history if "learning_rate" in row]
    figure = new_figure(7.2, 4.2)
    if len(rates) == len(history):
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _curve(lower, epochs, rates, ORANGE, "learning rate")
        lower.set_ylim(bottom=0)
        lower.set_xlabel("epoch", color=INK)
    else:
        upper = figure.subplots()
        upper.set_xlabel("epoch", color=INK)
    losses = [row["loss"] for row in history]
    _curve(upper, epochs, losses, BLUE, "mean loss a pair")
    _name_end(upper, epochs[-1], losses[-1], f"{losses[-1]:.4f}")
    upper.set_title("Training loss", loc="left", color=INK, fontsize=11, fontweight="bold")
    if all(epoch == int(epoch) for epoch in epochs) and len(epochs) <= MOST_MARKERS:
        upper.set_xticks(epochs)
    save_figure(figure, target)


def plot_speed(run: Mapping[str, Any], target: Path) -> bool:
    """Draws the words a second over the time of one run, and writes the same as CSV beside it.

    Args:
        run: train's run.json; run["speed"] is a list of {"seconds" or "epoch", "words_per_second", ...}.
        target: the PNG; the CSV has the same name with .csv.

    Returns:
        whether there was anything to draw: at least one point.
    """
    speed = [point for point in run.get("speed", []) if _number(point.get("words_per_second")) is not None]
    if not speed:
        return False
    columns = list(dict.fromkeys(name for point in speed for name in point))
    with atomic_file(target.with_suffix(".csv"), "w") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(speed)
    unit = "seconds" if all("seconds" in point for point in speed) else "epoch"
    x = [float(point.get(unit, number)) for number, point in enumerate(speed, start=1)]
    thousands = [float(point["words_per_second"]) / 1000 for point in speed]
    figure = new_figure(7.2, 3.2)
    axes = figure.subplots()
    _curve(axes, x, thousands, BLUE, "thousand words a second")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel(unit, color=INK)
    _name_end(axes, x[-1], thousands[-1], f"{thousands[-1]:,.0f} k")
    axes.set_title("Training speed of this run", loc="left", color=INK, fontsize=11, fontweight="bold")
    save_figure(figure, target)
    return True


def quiet_axes(axes: "Axes", grid: Literal["x", "y", "both"]) -> None:
    """Faint axes at the left and below, with a grid of these lines."""
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelcolor=INK, labelsize=9, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def _curve(axes: "Axes", x: Sequence[float], y: Sequence[float], color: str, label: str) -> None:
    few = len(x) <= MOST_MARKERS
    axes.plot(x, y, color=color, linewidth=1.8, marker="o" if few else None, markersize=4.5, clip_on=False)
    axes.set_ylabel(label, color=INK)
    quiet_axes(axes, "y")


def _name_end(axes: "Axes", x: float, y: float, text: str) -> None:
    axes.annotate(text, (x, y), (6, 6), textcoords="offset points", color=INK, fontsize=9, annotation_clip=False)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
