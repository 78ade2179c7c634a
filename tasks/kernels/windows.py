"""Documents into windows: subsampling, window sizes, and the pairs that a window stands for.

A window is one row a kept token: its contexts are the `left` rows before and the `right` rows after it. Windows never
cross a document. What is drawn for a token depends on the stream's key and the token's number alone, so the same
windows come out whatever the batches.

Sources: Mikolov et al., "Distributed Representations of Words and Phrases", 2013 (subsampling; the keep probability is
that of their word2vec.c), and word2vec.c's dynamic window, uniform in 1 .. window.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.kernels.compiler import compiled
from tasks.kernels.random_streams import LOW_HALF, STEP, below, mix

WIDEST_WINDOW = 255
"""`left` and `right` are uint8."""


BLOCK = 1024
"""Tokens whose random numbers are drawn together, before it is decided which of them are kept: a loop that only
computes becomes vector instructions, and what it writes stays in a core's nearest cache."""


class Windows(NamedTuple):
    """Kept tokens and how far they see: center int32 [n], left uint8 [n], right uint8 [n]."""

    center: NDArray[np.int32]
    left: NDArray[np.uint8]
    right: NDArray[np.uint8]


def keep_probability(counts: NDArray[np.int64], subsample: float) -> NDArray[np.float64]:
    """The chance of each word to be kept: min(1, sqrt(t / f) + t / f) with f its share of the tokens; t 0 keeps all.

    Args:
        counts: int64 [n], from 1 up.
        subsample: t, the share above which a word is thinned out.

    Returns:
        float64 [n].
    """
    if subsample == 0:
        return np.ones(len(counts))
    ratio = subsample * (counts.sum() / counts)
    chance: NDArray[np.float64] = np.minimum(np.sqrt(ratio) + ratio, 1.0)
    return chance


def keep_thresholds(probability: NDArray[np.float64]) -> NDArray[np.uint32]:
    """The greatest 32-bit random numbers with which `draw_windows` keeps a word. uint32 [n].

    Half as large as with 2^32 for certainty: they are looked up at random, and should fit into a core's cache.
    """
    return (np.maximum(np.floor(probability * 2.0**32), 1) - 1).astype(np.uint32)


def draw_windows(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    thresholds: NDArray[np.uint32],
    window: int,
    dynamic: bool,
    key: np.uint64,
    first_token: int,
) -> Windows:
    """The windows of a batch of documents.

    Args:
        ids: int32 [tokens], from 1 to the size of the vocabulary.
        offsets: int64 [documents + 1]; document d is ids[offsets[d]:offsets[d + 1]].
        thresholds: of `keep_thresholds`, one a word.
        window: how far a window reaches at most, 1 to 255.
        dynamic: each token's reach is drawn from 1 .. window; else it is `window`.
        key: of the shard's random stream.
        first_token: the number of ids[0] in the shard.
    """
    drawn = Windows(np.empty(len(ids), np.int32), np.empty(len(ids), np.uint8), np.empty(len(ids), np.uint8))
    kept = _draw_windows(ids, offsets, thresholds, np.uint64(window), dynamic, key, np.uint64(first_token), *drawn)
    return Windows(drawn.center[:kept], drawn.left[:kept], drawn.right[:kept])


@compiled
def _draw_windows(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    thresholds: NDArray[np.uint32],
    window: np.uint64,
    dynamic: bool,
    key: np.uint64,
    first_token: np.uint64,
    center: NDArray[np.int32],
    left: NDArray[np.uint8],
    right: NDArray[np.uint8],
) -> int:
    high, reach = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint8)
    kept = 0
    for document in range(len(offsets) - 1):
        begin = kept
        for first in range(offsets[document], offsets[document + 1], BLOCK):
            tokens = min(BLOCK, offsets[document + 1] - first)
            for token in range(tokens):  # what vector registers can do
                number = mix(key + (first_token + np.uint64(first + token)) * STEP)
                high[token] = np.uint32(number >> np.uint64(32))
                reach[token] = np.uint64(1) + below(number & LOW_HALF, window) if dynamic else window
            # A token that is not kept is written too, then the next one over it: a branch would often be guessed wrong.
            # Unsigned, since a number that may be negative is one that numba counts from the end of an array.
            row = np.uint64(kept)
            for token in range(np.uint64(tokens)):
                word = ids[np.uint64(first) + token]
                center[row] = word
                left[row] = reach[token]
                row += np.uint64(high[token] <= thresholds[np.uint64(word - 1)])
            kept = np.int64(row)  # type: ignore[assignment]  # int() would leave it unsigned
        right[begin:kept] = left[begin:kept]
        edge = min(int(window), kept - begin)  # rows farther in see as far as they reach
        for inner in range(edge):
            left[begin + inner] = min(int(left[begin + inner]), inner)
            right[kept - 1 - inner] = min(int(right[kept - 1 - inner]), inner)
    return kept


def expand_pairs(windows: Windows, start: int, stop: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The pairs of the windows start .. stop - 1, in order: center int32 [pairs], context int32 [pairs].

    The rows must lie within their windows' reach: `left` of them before, `right` after (`broken_row` says so).
    """
    pairs = int(windows.left[start:stop].sum(dtype=np.int64) + windows.right[start:stop].sum(dtype=np.int64))
    center, context = np.empty(pairs, np.int32), np.empty(pairs, np.int32)
    _expand_pairs(*windows, start, stop, center, context)
    return center, context


@compiled
def _expand_pairs(
    word: NDArray[np.int32],
    left: NDArray[np.uint8],
    right: NDArray[np.uint8],
    start: int,
    stop: int,
    center: NDArray[np.int32],
    context: NDArray[np.int32],
) -> None:
    pair = np.uint64(0)
    for row in range(np.uint64(start), np.uint64(stop)):
        for other in range(row - np.uint64(left[row]), row):
            center[pair], context[pair] = word[row], word[other]
            pair += np.uint64(1)
        for other in range(row + np.uint64(1), row + np.uint64(1) + np.uint64(right[row])):
            center[pair], context[pair] = word[row], word[other]
            pair += np.uint64(1)


def document_pairs(ids: NDArray[np.int32], window: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The positive pairs of one document, window fixed, no subsampling: center and context, int32 [pairs] each."""
    keep_all = keep_thresholds(np.ones(int(ids.max(initial=1))))
    windows = draw_windows(ids, np.array([0, len(ids)]), keep_all, window, False, np.uint64(0), 0)
    return expand_pairs(windows, 0, len(ids))
