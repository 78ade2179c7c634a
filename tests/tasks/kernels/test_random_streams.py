"""SplitMix64 against its published output, and what the project builds on it."""

import numpy as np
from scipy.stats import chisquare

from tasks.kernels.random_streams import STEP, mix_numbers, shuffled, stream_key, uniform


def test_splitmix64_gives_the_published_sequence() -> None:
    # The reference implementation (Vigna, splitmix64.c) with seed 1234567.
    state = np.uint64(1234567) + np.arange(1, 6, dtype=np.uint64) * STEP
    assert mix_numbers(state).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_keys_depend_on_every_number_and_on_their_order() -> None:
    keys = {stream_key(*numbers) for numbers in [(1,), (2,), (1, 0), (0, 1), (1, 0, 0), (1, 2), (2, 1)]}
    assert len(keys) == 7


def test_uniform_is_even_and_continues_where_it_stopped() -> None:
    numbers = uniform(stream_key(3), 100_000)
    assert numbers.dtype == np.float32 and numbers.min() >= 0 and numbers.max() < 1
    assert chisquare(np.histogram(numbers, 50, (0, 1))[0]).pvalue > 1e-4
    np.testing.assert_array_equal(uniform(stream_key(3), 10, start=500), numbers[500:510])


def test_shuffled_is_a_permutation_of_its_own() -> None:
    first, second = shuffled(stream_key(1, 0), 50), shuffled(stream_key(1, 1), 50)
    assert sorted(first) == list(range(50)) and first.tolist() != second.tolist()
