"""The LSTM's kernel: against NumPy step by step, its gradient against finite differences, texts apart."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.kernels.lstm_numba import MULTIPLE, TEXTS, TINY, follow_back, read_texts

STEPS = 6
COUNT = TEXTS + 3
"""One whole block of texts, and a part of one."""

Numbers = NDArray[np.float32]


class Case(NamedTuple):
    """What is read: x W + b [texts * steps, 4 * units], U [units, 4 * units], the mask [texts, steps]."""

    inputs: Numbers
    recurrent: Numbers
    mask: NDArray[np.bool_]


class Read(NamedTuple):
    """What `read_texts` writes."""

    gates: Numbers
    cells: Numbers
    states: Numbers


@pytest.fixture
def case() -> Case:
    """Some texts begin later, some end sooner."""
    random = np.random.default_rng(3)
    inputs = random.normal(size=(COUNT * STEPS, 4 * MULTIPLE)).astype(np.float32)
    recurrent = random.normal(scale=0.3, size=(MULTIPLE, 4 * MULTIPLE)).astype(np.float32)
    mask = np.ones((COUNT, STEPS), np.bool_)
    mask[1, :2] = mask[4, 3:] = mask[COUNT - 1, 1:] = False
    return Case(inputs, recurrent, mask)


def read(case: Case, first: int = 0, last: int = COUNT) -> Read:
    found = Read(*(np.full((COUNT * STEPS, width), 7, np.float32) for width in (4 * MULTIPLE, MULTIPLE, MULTIPLE)))
    read_texts(*case, first, last, *found)
    return found


def followed(case: Case, found: Read, last_slopes: Numbers, first: int = 0, last: int = COUNT) -> Numbers:
    slopes = np.full_like(found.gates, 7)
    transposed = np.ascontiguousarray(case.recurrent.T)
    follow_back(last_slopes, transposed, case.mask, first, last, found.gates, found.cells, slopes)
    return slopes


def last_states(inputs: NDArray[np.float64], case: Case) -> NDArray[np.float64]:
    """The equations, in float64: float64 [texts, units]."""
    state = cell = np.zeros((COUNT, MULTIPLE))
    for step in range(STEPS):
        entered, kept, candidate, shown = np.split(
            inputs.reshape(COUNT, STEPS, -1)[:, step] + state @ case.recurrent.astype(np.float64), 4, axis=1
        )
        next_cell = cell / (1 + np.exp(-kept)) + np.tanh(candidate) / (1 + np.exp(-entered))
        word = case.mask[:, step, None]
        state = np.where(word, np.tanh(next_cell) / (1 + np.exp(-shown)), state)
        cell = np.where(word, next_cell, cell)
    return state


def test_it_does_what_the_equations_say(case: Case) -> None:
    found = read(case).states.reshape(COUNT, STEPS, -1)[:, -1]
    np.testing.assert_allclose(found, last_states(case.inputs.astype(np.float64), case), atol=2e-6)


def test_its_gradient_is_that_of_finite_differences(case: Case) -> None:
    random = np.random.default_rng(4)
    last_slopes = random.normal(size=(COUNT, MULTIPLE)).astype(np.float32)
    slopes = followed(case, read(case), last_slopes)
    for _ in range(5):
        way = random.normal(size=case.inputs.shape)
        ahead, behind = (last_states(case.inputs + sign * 1e-5 * way, case) for sign in (1, -1))
        expected = float(((ahead - behind) / 2e-5 * last_slopes).sum())
        assert float((slopes * way).sum()) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_step_without_a_word_changes_nothing(case: Case) -> None:
    found = read(case)
    slopes = followed(case, found, np.ones((COUNT, MULTIPLE), np.float32)).reshape(COUNT, STEPS, -1)
    states = found.states.reshape(COUNT, STEPS, -1)
    assert not states[1, :2].any() and states[1, 2].any()
    np.testing.assert_array_equal(states[4, 3:], np.repeat(states[4, 2:3], STEPS - 3, axis=0))
    assert not slopes[~case.mask].any() and slopes[case.mask].any(axis=-1).all()


def test_no_number_depends_on_the_other_texts(case: Case) -> None:
    last_slopes = np.random.default_rng(5).normal(size=(COUNT, MULTIPLE)).astype(np.float32)
    whole = read(case)
    slopes = followed(case, whole, last_slopes)
    for first, last in ((0, 1), (2, 7), (COUNT - 1, COUNT)):
        part, rows = read(case, first, last), slice(first * STEPS, last * STEPS)
        for one, other in zip(whole, part, strict=True):
            np.testing.assert_array_equal(one[rows], other[rows])
        np.testing.assert_array_equal(slopes[rows], followed(case, part, last_slopes, first, last)[rows])


def test_slopes_that_fade_become_none_and_wrong_ones_stay_wrong(case: Case) -> None:
    found = read(case)
    assert (np.abs(slopes := followed(case, found, np.full((COUNT, MULTIPLE), TINY * 0.1))) < TINY).all()
    assert not slopes.reshape(COUNT, STEPS, -1)[0, :-1].any()
    wrong = np.zeros((COUNT, MULTIPLE), np.float32)
    wrong[0] = np.nan
    assert np.isnan(followed(case, found, wrong).reshape(COUNT, STEPS, -1)[0]).all()
