"""Misspellings by one slip of the hand: a letter wrong, missing or too many, or two neighbours in the wrong order.

Four in five misspelled words are of this kind (Damerau, "A technique for computer detection and correction of spelling
errors", 1964).
"""


def one_slip_apart(first: str, second: str) -> bool:
    """Whether at most one slip makes one of the other."""
    if abs(len(first) - len(second)) > 1:
        return False
    start = _common(first, second)
    first, second = first[start:], second[start:]
    end = _common(first[::-1], second[::-1])
    first, second = first[: len(first) - end], second[: len(second) - end]
    return max(len(first), len(second)) <= 1 or (len(first) == 2 and first == second[::-1])


def _common(first: str, second: str) -> int:
    """How many letters both begin with."""
    places = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in places if one != other), min(len(first), len(second)))
