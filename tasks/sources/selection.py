"""Which of a source's documents enter the corpus, and how often: the split filter, the limit, the weight."""

import math
from collections.abc import Iterable, Iterator
from itertools import islice

from tasks.sources.document import Document
from tasks.sources.params import TEST_SPLIT, SourceParams

MASK = (1 << 64) - 1


def select(documents: Iterable[Document], params: SourceParams, seed: int) -> Iterator[Document]:
    """The documents of one source that enter the corpus, in order; repeats stand side by side.

    Args:
        documents: all documents of the source.
        params: its weight, splits and limit. A test split never passes.
        seed: decides which documents a fractional weight keeps.
    """
    kept = (document for document in documents if keeps_split(document.split, params.splits))
    whole, fraction = int(params.weight), params.weight - int(params.weight)
    for position, document in enumerate(islice(kept, params.limit)):
        extra = fraction > 0 and uniform(seed, position) < fraction
        for _ in range(whole + extra):
            yield document


def keeps_split(split: str | None, splits: tuple[str, ...] | None) -> bool:
    """Whether a document of this split is kept; `splits` None keeps all but the test split."""
    if split is not None and split.casefold() == TEST_SPLIT:
        return False
    return splits is None or split in splits


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on `seed` and `position` alone, whoever asks and in what order.

    SplitMix64's output function over a counter (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
    OOPSLA 2014), started at the mixed seed.
    """
    return math.ldexp(_mix(_mix(seed & MASK) + (position + 1) * 0x9E3779B97F4A7C15 & MASK) >> 11, -53)


def _mix(bits: int) -> int:
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & MASK
    return bits ^ bits >> 31
