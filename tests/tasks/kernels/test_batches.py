"""Row groups cut into steps: every window once, all batches of a step alike, and a place to go on from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.kernels.batches import cut
from tasks.kernels.windows import Windows


def windows_of(sizes: list[tuple[int, int]]) -> Windows:
    left, right = (np.array(column, np.uint8) for column in zip(*sizes, strict=True))
    return Windows(np.arange(1, len(sizes) + 1, dtype=np.int32), left, right)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=80),
    st.integers(1, 50),
    st.integers(1, 5),
)
def test_every_window_comes_once_and_in_order(sizes: list[tuple[int, int]], pairs: int, side_by_side: int) -> None:
    windows = windows_of(sizes)
    steps = list(cut(3, windows, pairs, side_by_side))
    batches = [batch for step in steps for batch in step.batches]
    total = sum(map(sum, sizes))
    assert bool(steps) == (total > 0)
    assert all(len(step.batches) == len(step.pairs) == side_by_side for step in steps)
    bounds = [0, *(batch.stop for batch in batches)]
    if steps:
        assert [batch.start for batch in batches] == bounds[:-1] and bounds[-1] == len(sizes)
        assert steps[-1].after == (3, len(sizes))
    for batch, found in zip(batches, (count for step in steps for count in step.pairs), strict=True):
        assert found == sum(map(sum, sizes[batch.start : batch.stop]))
    assert sum(step.windows for step in steps) == sum(left + right > 0 for left, right in sizes)
    if steps:
        assert batches[0].words.tolist() == list(range(len(sizes)))


def test_batches_have_about_the_same_number_of_pairs() -> None:
    rng = np.random.default_rng(0)
    windows = windows_of([tuple(pair) for pair in rng.integers(0, 6, (100_000, 2)).tolist()])
    steps = list(cut(0, windows, 20_000, 4))
    found = np.array([count for step in steps for count in step.pairs])
    assert len(found) % 4 == 0 and found.max() - found.min() <= 20
    assert found.mean() == pytest.approx(20_000, rel=0.15)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 1000), st.integers(1, 4), st.integers(0, 2**31), st.sampled_from([1, 9, 255]))
def test_a_batch_ends_before_the_window_that_would_be_too_much(
    windows: int, side_by_side: int, seed: int, widest: int
) -> None:
    """In row groups of many blocks, the widest windows among them: by the running sum of all windows."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, widest + 1, (windows, 2)) * (rng.random((windows, 1)) < 0.7)
    before = np.cumsum([0, *sizes.sum(1)])
    batches = [batch for step in cut(0, windows_of(sizes.tolist()), 50, side_by_side) for batch in step.batches]
    for number, batch in enumerate(batches[1:], 1):
        target = number * before[-1] // len(batches)
        assert before[batch.start] <= target < before[batch.start + 1]
