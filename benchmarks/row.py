"""What a row of the benchmarks is: a declaration. The runner, the result files and the page know nothing else of it.

A round lets each contender measure once, one after the other (A B A B ...), with the same seed. What a contender
measured is one flat JSON object: numbers and texts by the names of the row's figures, and `scores` where vectors came
of it. The ratios compare contenders within a round, so whatever slows the machine for a while slows both sides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.bench import Bench
from tasks.models import ModelName

Measured = dict[str, Any]
"""What one contender measured in one round."""

Ratio = Literal["baseline / own", "own / baseline"]


@dataclass(frozen=True)
class Contender:
    """One side of a row.

    Attributes:
        name: its key in the result file.
        title: its name on the page.
        measure: measures once, with the seed of the round. Raises `MeasurementError` where it cannot.
    """

    name: str
    title: str
    measure: Callable[[Bench, int], Measured]


@dataclass(frozen=True)
class Figure:
    """One thing that the contenders measure.

    Attributes:
        name: its key in what they measured.
        title: its name on the page, with the unit.
        digits: after the point, on the page.
        ratio: how the contenders are compared with the baseline by it; None: not at all.
    """

    name: str
    title: str
    digits: int = 0
    ratio: Ratio | None = None


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        name: of its result file.
        title, about: for the page.
        contenders: who measures, in this order.
        figures: what they measure; the first one with a ratio decides which baseline is the best.
        baseline: the contenders that the others are compared with: the best of them, by the median.
        rounds: how often each contender measures; round n has the seed n.
        cap_seconds: when the rounds have taken so long, no other one starts.
        stages: the stages whose code and params the figures depend on; where there are none, nor are there params.
        models: the models that are trained, on whose own values they depend; none: what `changed` makes it.
        sources: the benchmark's own files that they depend on, relative to the project.
        libraries: the packages, ours and the peers', whose versions they depend on.
        changed: what is laid over the profile for all contenders.
        same: a text that all contenders of a round should have in common.
        bundled: measures the bundled corpus, whichever is asked for.
        quick: belongs to the quick subset.
        optional: runs only if it is named.
        on_tensorflow: measures the engines in TensorFlow, on whose code no other row depends.
        chart: its ratios and scores are drawn.
    """

    name: str
    title: str
    about: str
    contenders: tuple[Contender, ...]
    figures: tuple[Figure, ...]
    rounds: int
    cap_seconds: float
    stages: tuple[str, ...]
    sources: tuple[str, ...]
    libraries: tuple[str, ...]
    models: tuple[ModelName, ...] = ()
    baseline: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: str | None = None
    bundled: bool = False
    quick: bool = False
    optional: bool = False
    on_tensorflow: bool = False
    chart: bool = False
