"""Ratios of co-occurrence probabilities: which words tell two others apart.

With X_ij how often word j stands near word i, P(k | i) = X_ik / Σ_j X_ij. Where P(k | ice) / P(k | steam) is far above
or below 1, k goes with one of the two; near 1, with both or none (Pennington, Socher, Manning, "GloVe: Global Vectors
for Word Representation", 2014, section 3 and table 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.errors import InputError
from tasks.storage.parquet import CheckedFile, open_checked
from tasks.storage.schemas import COOCCURRENCES
from tasks.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Ratio:
    """Of one probe k: P(k | first), P(k | second), and the first divided by the second; None where that is zero."""

    probe: str
    first: float
    second: float
    ratio: float | None


def ratios(data: Path, first: str, second: str, probes: Sequence[str]) -> list[Ratio]:
    """The ratio of each probe, from data/cooccurrences/shards.

    Raises:
        InputError: a word is not in the vocabulary, or there are no shards.
    """
    vocabulary = Vocabulary.read(data / "tokenize" / "vocabulary.parquet")
    for word in (first, second, *probes):
        if word not in vocabulary:
            raise InputError(f"{word!r} is not among the {len(vocabulary)} words of the vocabulary")
    given = [_probabilities(data / "cooccurrences" / "shards", vocabulary.ids[word]) for word in (first, second)]
    found: list[Ratio] = []
    for probe in probes:
        one, other = (each.get(vocabulary.ids[probe], 0.0) for each in given)
        found.append(Ratio(probe, one, other, one / other if other else None))
    return found


def _probabilities(shards: Path, row: int) -> dict[int, float]:
    """P(k | row) of each column k that stands near it."""
    paths = sorted(shards.glob("part-*.parquet"))
    if not paths:
        raise InputError(f"{shards}: no shards; run the stage cooccurrences: wordloom stage cooccurrences")
    cells = pa.concat_tables([each for path in paths for each in _row(open_checked(path, COOCCURRENCES), row)])
    weights = cells["weight"].to_numpy().astype(np.float64)
    return dict(zip(cells["column"].to_pylist(), (weights / weights.sum()).tolist(), strict=True))


def _row(file: CheckedFile, row: int) -> list[pa.Table]:
    """The cells of a row, from the row groups that may have some."""
    found = [COOCCURRENCES.empty_table()]
    for group in range(file.num_row_groups):
        known = file.metadata.row_group(group).column(COOCCURRENCES.get_field_index("row")).statistics
        if known is None or not known.has_min_max or known.min <= row <= known.max:
            table = file.read_row_group(group).select(COOCCURRENCES.names).cast(COOCCURRENCES)
            found.append(table.filter(pc.equal(table["row"], row)))
    return found
