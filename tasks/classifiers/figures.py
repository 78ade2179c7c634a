"""The pictures of a classifier: its curves, what it takes for what, whether its probabilities can be believed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.classifiers.history import Epoch, best_epoch
from tasks.classifiers.scores import Bin
from tasks.scoring.plots import BLUE, FAINT, INK, ORANGE, new_figure, quiet_axes, save_figure

MOST_NUMBERS = 12
"""Classes up to which the cells of a confusion matrix have their numbers in them."""


def plot_curves(history: Sequence[Epoch], target: Path) -> None:
    """Loss and accuracy over the epochs, on the texts that are learned from and on the others."""
    figure = new_figure(8.4, 3.4)
    epochs = [each.epoch for each in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for column, color, label in ((name, ORANGE, "learned from"), (f"validation_{name}", BLUE, "validation")):
            axes.plot(epochs, [getattr(each, column) for each in history], "o-", color=color, markersize=4, label=label)
        axes.axvline(best_epoch(history), color=FAINT, linewidth=0.8, linestyle=":")
        axes.set_xlabel("epoch", color=INK)
        axes.set_title(name, loc="left", color=INK, fontsize=11, fontweight="bold")
        quiet_axes(axes, "both")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False, fontsize=9)
    save_figure(figure, target)


def plot_confusion(confusion: NDArray[np.int64], names: Sequence[str], target: Path) -> None:
    """What share of each class (a row) was taken for which (a column)."""
    classes = len(names)
    side = 2.2 + 0.36 * max(classes, 4)
    figure = new_figure(side + 1.0, side)
    axes = figure.subplots()
    shares = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if classes <= MOST_NUMBERS:
        for row, column in np.ndindex(classes, classes):
            color = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, f"{confusion[row, column]:,}", ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(classes), names, rotation=90 if classes > 4 else 0, fontsize=8, color=INK)
    axes.set_yticks(range(classes), names, fontsize=8, color=INK)
    axes.set_xlabel("taken for", color=INK)
    axes.set_ylabel("is", color=INK)
    save_figure(figure, target)


def plot_calibration(bins: Sequence[Bin], target: Path) -> None:
    """What is claimed beside what is right: on the diagonal, a probability of 0.8 is right 8 times of 10."""
    figure = new_figure(4.2, 4.0)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
    total = sum(each.texts for each in bins)
    sizes = [20 + 400 * each.texts / max(1, total) for each in bins]
    claimed, right = [each.claimed for each in bins], [each.right for each in bins]
    axes.plot(claimed, right, color=BLUE, linewidth=1.2)
    axes.scatter(claimed, right, s=sizes, color=BLUE, alpha=0.7, linewidths=0)
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("claimed", color=INK)
    axes.set_ylabel("right", color=INK)
    quiet_axes(axes, "both")
    save_figure(figure, target)
