"""The chart of the page: on the left how many times as fast as the peer, on the right the quality of both."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from benchmarks.row import Row
from tasks.storage.atomic import atomic_path

OURS, PEER = "#2f6f9f", "#c46a2b"
INCHES_A_BAR = 0.32


@dataclass(frozen=True)
class Bar:
    """One contender of ours: its ratio to the peer, and the mean score over the sets, with its error, of both."""

    label: str
    ratio: Mapping[str, float]
    own: tuple[float, float] | None
    peer: tuple[float, float] | None


def bars(found: Sequence[tuple[str, Sequence[tuple[Row, Mapping[str, Any]]]]]) -> list[Bar]:
    """What there is to draw."""
    drawn = []
    for corpus, measured in found:
        for row, content in ((row, content) for row, content in measured if row.chart):
            summary = content["summary"]
            figure = next(figure for figure in row.figures if figure.ratio)
            for contender in row.contenders:
                each = summary["contenders"].get(contender.name)
                if each is None or figure.name not in each["ratios"]:
                    continue
                peer = summary["contenders"][summary["baseline"]]
                label = f"{corpus} {row.name}: {contender.title.replace('`', '')}"
                scores = mean_over_sets(each["scores"], peer["scores"]), mean_over_sets(peer["scores"], each["scores"])
                drawn.append(Bar(label, each["ratios"][figure.name], *scores))
    return drawn


def mean_over_sets(scores: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[float, float] | None:
    """The mean over the sets that both sides have, and its standard error."""
    both = [scores[name] for name in scores if name in other]
    if not both:
        return None
    errors = [each["standard_error"] or 0.0 for each in both]
    return statistics.mean(each["mean"] for each in both), math.hypot(*errors) / len(both)


def draw(target: Path, found: Sequence[tuple[str, Sequence[tuple[Row, Mapping[str, Any]]]]]) -> bool:
    """Draws the chart; False, and no file, if there is nothing to draw."""
    drawn = bars(found)
    if not drawn:
        target.unlink(missing_ok=True)
        return False
    places = range(len(drawn))
    figure, (speed, quality) = pyplot.subplots(
        1, 2, figsize=(11, 1.4 + INCHES_A_BAR * len(drawn)), width_ratios=(3, 2), sharey=True, layout="constrained"
    )
    medians = [bar.ratio["median"] for bar in drawn]
    spread = [
        [bar.ratio["median"] - bar.ratio["min"] for bar in drawn],
        [bar.ratio["max"] - bar.ratio["median"] for bar in drawn],
    ]
    speed.barh(places, medians, xerr=spread, color=OURS, height=0.6, capsize=2)
    speed.axvline(1, color=PEER, linestyle="--")
    speed.set_xlabel("times as fast as gensim; median, least, greatest")
    speed.set_yticks(places, [bar.label for bar in drawn])
    speed.invert_yaxis()
    for scores, color, label in (
        ([bar.own for bar in drawn], OURS, "ours"),
        ([bar.peer for bar in drawn], PEER, "gensim"),
    ):
        known = [(place, *score) for place, score in zip(places, scores, strict=True) if score is not None]
        if known:
            heights, means, errors = zip(*known, strict=True)
            quality.errorbar(means, heights, xerr=errors, fmt="o", color=color, capsize=2, label=label)
    quality.set_xlabel("mean score ± standard error")
    if quality.get_legend_handles_labels()[1]:
        quality.legend()
    for axes in (speed, quality):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.3)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    pyplot.close(figure)
    return True
