"""Rounds into figures: medians with their spread, ratios within a round, mean scores, and the verdict on quality.

The verdict. In each test set ours may be below the peer's by at most max(1 point, 2 standard errors of the difference);
the mean over the sets by at most 0.3 points. Below that by no more than 2 standard errors it is open: more seeds may
still turn it (`benchmarks.result.rounds_wanted`).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.row import Figure, Measured, Row

SET_MARGIN = 1.0
"""Points that a single set may be worse by, whatever its noise."""

MEAN_MARGIN = 0.3
"""Points that the mean over the sets may be worse by."""

Rounds = Sequence[Mapping[str, Measured]]


def summarise(row: Row, rounds: Rounds) -> dict[str, Any]:
    """The summary of a row.

    Args:
        row: its declaration.
        rounds: of each round, what each contender measured; a contender that failed once is in none of them.

    Returns:
        {"baseline", "same", "contenders": {name: {"figures", "ratios", "scores", "verdict"}}}; baseline is the best of
        the row's, or None; same is None where the row asks for no equal text.
    """
    measured = [one.name for one in row.contenders if rounds and one.name in rounds[0]]
    baseline = best_baseline(row, rounds, measured)
    return {
        "baseline": baseline,
        "same": _all_same(row.same, rounds) if row.same and len(measured) == len(row.contenders) else None,
        "contenders": {name: _contender(row, rounds, name, baseline) for name in measured},
    }


def best_baseline(row: Row, rounds: Rounds, measured: Sequence[str]) -> str | None:
    """The row's baseline that is the best by the median of the first figure with a ratio."""
    candidates = [name for name in row.baseline if name in measured]
    figure = next((figure for figure in row.figures if figure.ratio), None)
    if not candidates or figure is None:
        return None
    best = min if figure.ratio == "baseline / own" else max
    return best(candidates, key=lambda name: statistics.median(_values(rounds, name, figure)))


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest, to six digits."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def mean_score(values: Sequence[float]) -> dict[str, float | int | None]:
    """The mean, its standard error, and how many seeds; one seed has no standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return {
        "mean": round(statistics.mean(values), 3),
        "standard_error": None if error is None else round(error, 3),
        "seeds": len(values),
    }


def verdict(own: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, Any] | None:
    """Whether the quality is that of the baseline; None if they have no test set in common.

    Args:
        own, baseline: `mean_score` by test set.

    Returns:
        {"sets": {name: {"difference", "margin", "passed"}}, "mean_difference", "passed", "open"}, in points.
    """
    sets = {}
    errors = []
    reachable = True  # by every set and the mean, were they 2 standard errors better
    for name in (name for name in own if name in baseline):
        difference = own[name]["mean"] - baseline[name]["mean"]
        error = math.hypot(own[name]["standard_error"] or 0.0, baseline[name]["standard_error"] or 0.0)
        errors.append(error)
        margin = max(SET_MARGIN, 2 * error)
        reachable &= difference >= -SET_MARGIN - 2 * error
        sets[name] = {
            "difference": round(difference, 3),
            "margin": round(margin, 3),
            "passed": difference >= -margin,
        }
    if not sets:
        return None
    mean = statistics.mean(each["difference"] for each in sets.values())
    passed = all(each["passed"] for each in sets.values()) and mean >= -MEAN_MARGIN
    reachable &= mean >= -MEAN_MARGIN - 2 * math.hypot(*errors) / len(errors)
    return {"sets": sets, "mean_difference": round(mean, 3), "passed": passed, "open": reachable and not passed}


def _contender(row: Row, rounds: Rounds, name: str, baseline: str | None) -> dict[str, Any]:
    figures = [figure for figure in row.figures if figure.name in rounds[0][name]]
    numbers = [figure for figure in figures if not isinstance(rounds[0][name][figure.name], str)]
    scores = _scores(rounds, name)
    compared = baseline is not None and name not in row.baseline
    ratios = {
        figure.name: spread(_ratios(rounds, name, str(baseline), figure))
        for figure in numbers
        if compared and figure.ratio and figure.name in rounds[0][str(baseline)]
    }
    return {
        "figures": {figure.name: spread(_values(rounds, name, figure)) for figure in numbers},
        "texts": {
            figure.name: [one[name][figure.name] for one in rounds] for figure in figures if figure not in numbers
        },
        "ratios": ratios,
        "scores": scores,
        "verdict": verdict(scores, _scores(rounds, str(baseline))) if compared else None,
    }


def _values(rounds: Rounds, name: str, figure: Figure) -> list[float]:
    return [float(one[name][figure.name]) for one in rounds]


def _ratios(rounds: Rounds, name: str, baseline: str, figure: Figure) -> list[float]:
    pairs = zip(_values(rounds, name, figure), _values(rounds, baseline, figure), strict=True)
    return [theirs / own if figure.ratio == "baseline / own" else own / theirs for own, theirs in pairs]


def _scores(rounds: Rounds, name: str) -> dict[str, dict[str, float | int | None]]:
    """By test set; one that some seed could not be scored on, for want of known words, is left out."""
    every = [one[name].get("scores") or {} for one in rounds]
    sets = [each for each in every[0] if all(scores.get(each) is not None for scores in every)]
    return {each: mean_score([scores[each] for scores in every]) for each in sets}


def _all_same(text: str, rounds: Rounds) -> bool:
    return all(len({measured[text] for measured in one.values()}) == 1 for one in rounds)
