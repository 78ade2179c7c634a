"""How many words a corpus has, told from a sample of it.

The different words of a text grow as a power of its length (Heaps, "Information Retrieval", 1978). Those seen at least
m times grow as the same curve some times later: if the sample has as many words seen m times as a part 1/k of it has
words at all, so has the corpus. What has to be extrapolated is then k times shorter.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SLOPE_OVER = 4
"""The power is taken from the last so many-fold growth of the sample; before it, the curve is still steeper."""


class Growth(NamedTuple):
    """The words of the whole corpus, and the tokens that are among them."""

    distinct: int
    words: int
    tokens: int


def extrapolate(
    ids: NDArray[np.int32], offsets: NDArray[np.int64], scale: float, min_count: int, seed: int = 1
) -> Growth:
    """What a corpus `scale` times as long as the sample has.

    Args:
        ids: int32 [tokens]; every word of the sample, however rare, has its number.
        offsets: int64 [documents + 1]; where each document starts in `ids`.
        scale: at least 1.
        min_count: words seen less often are left out.
        seed: of the order in which the documents are read: words come in clumps, and so do the corpus's documents.
    """
    tokens = len(ids)
    counts = np.bincount(ids)
    counts = counts[counts > 0]
    kept = counts >= min_count
    first_seen = _first_seen(ids, offsets, seed)
    distinct = _distinct(first_seen, tokens, tokens * scale)
    if not kept.any():
        return Growth(int(distinct), 0, 0)
    part = first_seen[kept.sum() - 1] + 1  # as many tokens have as many words, however rare
    words = min(distinct, _distinct(first_seen, tokens, part * scale))
    rare_words, rare_tokens = int((~kept).sum()), int(counts[~kept].sum())
    left_out = rare_tokens * (distinct - words) / rare_words if rare_words else 0.0
    return Growth(round(distinct), round(words), round(tokens * scale - left_out))


def _first_seen(ids: NDArray[np.int32], offsets: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Where in the shuffled documents each word comes for the first time, ascending."""
    lengths = np.diff(offsets)
    order = np.random.default_rng(seed).permutation(len(lengths))
    ends = np.cumsum(lengths[order])
    places = np.arange(len(ids)) + np.repeat(offsets[:-1][order] - (ends - lengths[order]), lengths[order])
    return np.sort(np.unique(ids[places], return_index=True)[1])


def _distinct(first_seen: NDArray[np.int64], tokens: int, length: float) -> float:
    """The different words of a text of that length: counted within the sample, by the power law beyond it."""
    if length <= tokens:
        return float(np.searchsorted(first_seen, length))
    part = max(1, int(np.searchsorted(first_seen, tokens / SLOPE_OVER)))
    power = np.log(len(first_seen) / part) / np.log(SLOPE_OVER)
    return float(len(first_seen) * (length / tokens) ** power)
