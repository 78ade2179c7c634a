"""The pool of negatives: drawn from the noise, seldom the same in windows in a row, never the center."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare
from support.batches import KEY

from tasks.kernels.alias import AliasTable, negative_table
from tasks.kernels.cbow_numba import outputs_of_step
from tasks.kernels.compiler import compiled
from tasks.kernels.negative_pool import POOL, begin_pool, take_outputs, take_outputs_of_two
from tasks.kernels.negative_sampling import Workspace, workspace
from tasks.kernels.tables import Table, empty_table

NEGATIVES, PAIRS = 5, 6  # of a window


@compiled
def take_all(
    table: Table, center: int, key: np.uint64, noise: AliasTable, work: Workspace, found: NDArray[np.int64]
) -> None:
    begin_pool(work, 0)
    for window in range(len(found)):
        take_outputs(table, work, 0, center, window * PAIRS, key, noise)
        found[window] = work.outputs[0]


@compiled
def take_all_of_two(
    table: Table,
    centers: tuple[int, int],
    key: np.uint64,
    noise: AliasTable,
    work: Workspace,
    found: NDArray[np.int64],
) -> None:
    begin_pool(work, 0, 2)
    for step in range(len(found)):
        take_outputs_of_two(table, work, 0, centers, step * 2 * PAIRS, key, noise)
        found[step] = work.outputs[0]


def steps_of_two(centers: tuple[int, int], counts: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """The outputs of steps in a row, all with these centers. int64 [steps, 2 + NEGATIVES + 1]."""
    outputs = outputs_of_step(NEGATIVES)
    found = np.zeros((steps, outputs), np.int64)
    work = workspace(outputs, 16, pool=128, windows=2)
    take_all_of_two(empty_table(len(counts), 16), centers, KEY, negative_table(counts, 0.75), work, found)
    return found


def windows_of(center: int, counts: NDArray[np.int64], windows: int, pool: int) -> NDArray[np.int64]:
    """The outputs of windows in a row, all with that center. int64 [windows, 1 + NEGATIVES]."""
    found = np.zeros((windows, 1 + NEGATIVES), np.int64)
    work = workspace(1 + NEGATIVES, 16, pool=pool)
    take_all(empty_table(len(counts), 16), center, KEY, negative_table(counts, 0.75), work, found)
    return found


@pytest.mark.parametrize("pool", POOL.values())
def test_negatives_have_the_distribution_of_the_noise_without_the_center(pool: int) -> None:
    counts = np.array([400, 300, 200, 100, 50, 25, 10, 5])
    found = windows_of(3, counts, 400_000, pool)
    assert (found[:, 0] == 3).all() and not (found[:, 1:] == 3).any()
    # A row serves some seven windows, and hardly ever two of every hundredth window.
    seen = np.bincount(found[::100, 1], minlength=8)
    shares = np.where(np.arange(8) == 3, 0, counts**0.75)
    kept = np.flatnonzero(shares)
    assert chisquare(seen[kept], shares[kept] / shares.sum() * seen.sum()).pvalue > 1e-3


@pytest.mark.parametrize("pool", POOL.values())
def test_windows_in_a_row_seldom_share_a_negative_and_a_row_serves_several(pool: int) -> None:
    found = windows_of(0, np.ones(1_000_000, np.int64), 20_000, pool)[:, 1:]
    in_a_row = np.mean([bool(np.intersect1d(one, other).size) for one, other in itertools.pairwise(found)])
    assert in_a_row < 0.1
    assert 5 < found.size / len(np.unique(found)) < 8


def test_where_the_noise_gives_the_center_alone_the_next_word_is_the_negative() -> None:
    counts = np.array([1, 10**18, 1])
    assert (windows_of(1, counts, 50, 128)[:, 1:] == 2).all()


def test_two_windows_share_negatives_that_are_neither_center() -> None:
    counts = np.array([400, 300, 200, 100, 50, 25, 10, 5])
    found = steps_of_two((3, 0), counts, 400_000)
    assert (found[:, :2] == (3, 0)).all() and not np.isin(found[:, 2:], (3, 0)).any()
    seen = np.bincount(found[::100, 2], minlength=8)
    kept = np.array([1, 2, 4, 5, 6, 7])
    shares = counts[kept] ** 0.75
    assert chisquare(seen[kept], shares / shares.sum() * seen.sum()).pvalue > 1e-3


@pytest.mark.parametrize(("centers", "negative"), [((1, 0), 2), ((1, 2), 0), ((1, 1), 2)])
def test_where_the_noise_gives_two_centers_alone_another_word_is_the_negative(
    centers: tuple[int, int], negative: int
) -> None:
    counts = np.array([1, 10**18, 1])
    assert (steps_of_two(centers, counts, 50)[:, 2:] == negative).all()


def test_of_two_words_both_of_which_are_centers_one_is_the_negative() -> None:
    assert (steps_of_two((1, 0), np.array([5, 5]), 50)[:, 2:] == 1).all()
