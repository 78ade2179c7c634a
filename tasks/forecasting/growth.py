"""How many words a corpus has, told from a sample of it.

Each word has its own rate λ, the documents of the sample that it is met in on average; how many really hold it follows
Poisson's law, and so does how many of the rest of the corpus will, with a rate in proportion. In a document it stands
once or several times, as rare words of the sample do. So all that has to be known is how many words have which rate.
Of words met in RARE documents or more, what was counted tells; for rarer ones, and those that the sample misses, a
density C λ^(-1-α) above a smallest rate is fitted to how many were met in one document, in two, ...

The density is the finite Zipf-Mandelbrot law of S. Evert, "A simple LNRE model for random character sequences", JADT
2004.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, xlogy

Floats = NDArray[np.float64]

RARE = 8
"""Words met in fewer documents are rare: their number says little about their rate."""

RATES = np.geomspace(1e-7, 4 * RARE, 600)
"""The rates that words may have, where the density is looked at."""

START = (0.7, np.log(1e-3))
"""α and the logarithm of the smallest rate, from where the fit begins."""


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
        scale: of a corpus that holds the sample; below 1, a part of the sample is counted.
        min_count: words seen less often are left out.
        seed: which documents are that part.
    """
    documents = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    if scale < 1:
        chosen = np.random.default_rng(seed).permutation(len(offsets) - 1)[: round(scale * (len(offsets) - 1))]
        inside = np.isin(documents, chosen)
        ids, documents, scale = ids[inside], documents[inside], 1.0
    counts, spread, clumps = _count(ids, documents, min_count)
    density = _fit_density(np.bincount(np.minimum(spread, RARE), minlength=RARE + 1)[1:RARE])
    tokens = np.arange(min_count)
    sums = _sums(clumps)
    further = _poisson(tokens, (scale - 1) * RATES[:, None]) @ sums  # how probable 0, 1, ... tokens more are

    unseen = density * np.exp(-RATES)
    distinct = len(counts) + float(unseen @ (1 - further[:, 0]))
    words = int((counts >= min_count).sum()) + float(unseen @ (1 - further.sum(axis=1)))
    left_out = float(unseen @ (further @ tokens))
    few = np.stack([spread, counts])[:, counts < min_count]
    groups, numbers = np.unique(few, axis=1, return_counts=True)
    for (met, count), number in zip(groups.T.tolist(), numbers.tolist(), strict=True):
        if met < RARE:
            belief = density * _poisson(met, RATES)
            more = belief @ further / belief.sum()
        else:
            more = _poisson(tokens, np.float64((scale - 1) * met)) @ sums
        short = more[: min_count - count]  # by so many tokens more it still is not frequent enough
        words += number * (1 - float(short.sum()))
        left_out += number * float(short @ (count + tokens[: len(short)]))
    return Growth(round(distinct), round(words), round(len(ids) * scale - left_out))


def _count(
    ids: NDArray[np.int32], documents: NDArray[np.int64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The tokens of each word; the documents that hold it; the share of its documents that hold it 0, 1, ..., `most` or
    more times, of all rare words together. float64 [most + 1].
    """
    size = int(ids.max(initial=0)) + 1
    places, tokens = np.unique(documents * size + ids, return_counts=True)  # of a word in a document
    words = places % size
    spread = np.bincount(words, minlength=size)
    rare = np.minimum(tokens[spread[words] < RARE], most)
    clumps = np.bincount(rare, minlength=most + 1) / max(1, len(rare))
    present = spread > 0
    return np.bincount(ids, minlength=size)[present], spread[present], clumps


def _fit_density(found: NDArray[np.int64]) -> Floats:
    """How many words have each of RATES, float64 [rates], by how many were met in 1, 2, ..., RARE - 1 documents."""
    if not found.any():
        return np.zeros(len(RATES))
    chances = _poisson(np.arange(1, RARE)[:, None], RATES)
    step = np.log(RATES[1] / RATES[0])

    def shape(params: Floats) -> Floats:
        above = np.clip((np.log(RATES) - params[1]) / step + 0.5, 0, 1)
        return np.asarray(above * RATES ** -params[0])

    def misfit(params: Floats) -> float:
        expected = chances @ shape(params)
        return float(-found @ np.log(expected / expected.sum()))

    bounds = [(-1.0, 3.0), (np.log(RATES[0]), 0.0)]
    best = shape(minimize(misfit, START, method="Nelder-Mead", bounds=bounds).x)
    return np.asarray(best * (found.sum() / (chances @ best).sum()))


def _sums(clumps: Floats) -> Floats:
    """Row n: how probable 0, 1, ... tokens are in n documents that hold a word, float64 [most, most]; see `_count`."""
    most = len(clumps) - 1
    sums = np.zeros((most, most))
    sums[0, 0] = 1
    for number in range(1, most):
        sums[number] = np.convolve(sums[number - 1], clumps)[:most]
    return sums


def _poisson(number: NDArray[np.int64] | int, mean: Floats | np.float64) -> Floats:
    return np.asarray(np.exp(xlogy(number, mean) - mean - gammaln(np.asarray(number) + 1)))
