"""What a network's training came to, epoch by epoch."""

from collections.abc import Sequence
from typing import NamedTuple


class Epoch(NamedTuple):
    """A line of history.csv; losses are means a text, in nats."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


def best_epoch(history: Sequence[Epoch]) -> int:
    """The epoch with the lowest loss on the validation texts, the first of equals."""
    return min(history, key=lambda each: (each.validation_loss, each.epoch)).epoch
