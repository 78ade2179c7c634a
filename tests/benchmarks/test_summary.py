"""The arithmetic of the figures: spread, ratios within a round, mean scores, the verdict."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.toy_row import TOY

from benchmarks.row import Figure
from benchmarks.summary import best_baseline, mean_score, spread, summarise, verdict


def scored(**values: tuple[float, float | None]) -> Mapping[str, Any]:
    return {name: {"mean": mean, "standard_error": error} for name, (mean, error) in values.items()}


def judged(own: Mapping[str, Any], peer: Mapping[str, Any]) -> dict[str, Any]:
    found = verdict(own, peer)
    assert found is not None
    return found


def test_a_set_may_be_a_point_worse_and_no_more() -> None:
    peer = scored(a=(50, 0.1), b=(30, 0.1))
    assert judged(scored(a=(49.0, 0.1), b=(31, 0.1)), peer)["passed"]
    worse = judged(scored(a=(48.9, 0.1), b=(33, 0.1)), peer)
    assert worse["sets"]["a"] == {"difference": -1.1, "margin": 1.0, "passed": False}
    assert worse["mean_difference"] > 0 and not worse["passed"]


def test_noise_widens_the_margin_to_two_standard_errors_of_the_difference() -> None:
    found = judged(scored(a=(47.6, 0.9), b=(40, 0.0)), scored(a=(50, 1.2), b=(38, 0.0)))
    assert found["sets"]["a"] == {"difference": -2.4, "margin": 3.0, "passed": True}
    assert found["passed"]


def test_the_mean_over_the_sets_may_be_three_tenths_worse_and_no_more() -> None:
    peer = scored(a=(50, 0.1), b=(30, 0.1))
    assert judged(scored(a=(49.4, 0.1), b=(30, 0.1)), peer) | {"sets": {}} == {
        "sets": {}, "mean_difference": -0.3, "passed": True, "open": False,
    }  # fmt: skip
    found = judged(scored(a=(49.3, 0.1), b=(30, 0.1)), peer)
    assert all(each["passed"] for each in found["sets"].values()) and not found["passed"]


def test_a_verdict_is_open_where_two_standard_errors_more_would_pass() -> None:
    peer = scored(a=(50, 0.3), b=(30, 0.3))
    found = {own: judged(scored(a=(own, 0.4), b=(31, 0.4)), peer) for own in (49.0, 48.5, 48.01, 47.9)}
    assert [(each["passed"], each["open"]) for each in found.values()] == [
        (True, False), (False, True), (False, True), (False, False),
    ]  # fmt: skip
    by_mean = [judged(scored(a=(own, 0.4), b=(29.3, 0.4)), peer) for own in (49.5, 49.0)]
    assert [each["open"] for each in by_mean] == [True, True] and not any(each["passed"] for each in by_mean)
    certain = judged(scored(a=(49.3, 0.0), b=(29.3, 0.0)), scored(a=(50, 0.0), b=(30, 0.0)))
    assert not certain["passed"] and not certain["open"]


def test_only_sets_of_both_sides_count_and_one_seed_has_no_error() -> None:
    found = judged(scored(a=(49.5, None), b=(1, None)), scored(a=(49.0, None), c=(99, None)))
    assert list(found["sets"]) == ["a"] and found["sets"]["a"]["margin"] == 1.0 and found["passed"]
    assert verdict(scored(a=(1, None)), scored(b=(1, None))) is None


def test_the_standard_error_is_that_of_the_mean() -> None:
    assert mean_score([1.0, 2.0, 3.0, 4.0]) == {
        "mean": 2.5, "standard_error": round(math.sqrt(5 / 3) / 2, 3), "seeds": 4,
    }  # fmt: skip
    assert mean_score([7.0])["standard_error"] is None


def test_spread_is_median_least_and_greatest() -> None:
    assert spread([3.0, 1.0, 10.0, 4.0]) == {"median": 3.5, "min": 1.0, "max": 10.0}


def test_ratios_are_taken_within_a_round() -> None:
    rounds = [
        {"peer": {"seconds": 10.0}, "ours": {"seconds": 5.0}},
        {"peer": {"seconds": 90.0}, "ours": {"seconds": 30.0}},  # a slow moment of the machine
        {"peer": {"seconds": 12.0}, "ours": {"seconds": 5.0}},
    ]
    ours = summarise(replace(TOY, same=None), rounds)["contenders"]["ours"]
    assert ours["ratios"]["seconds"] == {"median": 2.4, "min": 2.0, "max": 3.0}
    assert ours["figures"]["seconds"]["median"] == 5.0
    more = replace(TOY, same=None, figures=(Figure("seconds", "", 0, "own / baseline"),))
    assert summarise(more, rounds)["contenders"]["ours"]["ratios"]["seconds"]["max"] == 0.5


def test_the_best_of_several_baselines_is_the_one_with_the_better_median() -> None:
    both = replace(TOY, baseline=("peer", "ours"))
    rounds = [{"peer": {"seconds": peer}, "ours": {"seconds": 2.0}} for peer in (1.0, 3.0, 9.0)]
    assert best_baseline(both, rounds, ["peer", "ours"]) == "ours"
    assert best_baseline(both, rounds, ["peer"]) == "peer"
    more = replace(both, figures=(Figure("seconds", "", 0, "own / baseline"),))
    assert best_baseline(more, rounds, ["peer", "ours"]) == "peer"
    assert best_baseline(TOY, rounds, ["ours"]) is None


def test_a_set_that_a_seed_could_not_be_scored_on_is_left_out() -> None:
    rounds = [
        {"peer": {"seconds": 1.0, "scores": {"a": 1.0, "b": score}}, "ours": {"seconds": 1.0, "scores": {"a": 2.0}}}
        for score in (None, 5.0)
    ]
    found = summarise(replace(TOY, same=None), rounds)["contenders"]
    assert list(found["peer"]["scores"]) == ["a"] and found["ours"]["verdict"]["passed"]


@pytest.mark.parametrize(("hashes", "same"), [(("x", "x"), True), (("x", "y"), False)])
def test_equal_bytes_are_told(hashes: tuple[str, str], same: bool) -> None:
    rounds = [{name: {"seconds": 1.0, "sha256": each} for name, each in zip(("peer", "ours"), hashes, strict=True)}]
    assert summarise(TOY, rounds)["same"] is same
