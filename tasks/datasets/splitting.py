"""Which documents are for training and which for testing, and smaller draws of both: the same on every machine."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from tasks.datasets.params import TEST, TRAIN, Split
from tasks.sources.selection import uniform


def assign_splits(labels: Sequence[str], given: Sequence[str], split: Split) -> list[str]:
    """The split of each document.

    Args:
        labels: of each document, in corpus order.
        given: the split of each in its collection; looked at by: given only.
        split: how.
    """
    if split.by == "given":
        return list(given)
    count = len(labels)
    share = Fraction(str(split.test))  # the share as it is written: 10 * (1 - 0.9) is less than 1 in floats
    if split.by == "last":
        start = int(count * (1 - share))
        return [TRAIN] * start + [TEST] * (count - start)
    positions: dict[str, list[int]] = defaultdict(list)
    for position, label in enumerate(labels):
        positions[label].append(position)
    splits = [TRAIN] * count
    for having in positions.values():
        wanted = min(round(len(having) * share), len(having) - 1)  # one of each label stays to learn it from
        for position in draw(having, wanted, 2 * split.seed):
            splits[position] = TEST
    return splits


def sample_splits(splits: Sequence[str], limit: int, seed: int) -> list[int]:
    """At most `limit` documents of each split, drawn whatever their labels: their positions, ascending."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, split in enumerate(splits):
        positions[split].append(position)
    # Another seed than that of `stratified`: with the same one, those that just missed the test split would come first.
    return sorted(position for having in positions.values() for position in draw(having, limit, 2 * seed + 1))


def draw(positions: Sequence[int], count: int, seed: int) -> list[int]:
    """`count` of some positions, or all if they are fewer."""
    return sorted(positions, key=lambda position: uniform(seed, position))[:count]
