"""Exact duplicates: the first of each kind, whatever the order of the hashes."""

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.text.duplicates import DIGEST_BYTES, digest, first_occurrences


def digests_of(texts: list[str]) -> np.ndarray:
    return np.frombuffer(b"".join(map(digest, texts)), np.uint8).reshape(-1, DIGEST_BYTES)


@settings(deadline=None)
@given(st.lists(st.sampled_from([f"text {number}" for number in range(12)])))
def test_the_first_of_each_text_is_kept(texts: list[str]) -> None:
    wanted = [text not in texts[:position] for position, text in enumerate(texts)]
    assert first_occurrences(digests_of(texts)).tolist() == wanted


def test_digests_that_agree_in_one_half_are_different() -> None:
    digests = np.zeros((4, DIGEST_BYTES), np.uint8)
    digests[1, 15] = digests[2, 8] = digests[3, 7] = 1
    assert first_occurrences(digests).tolist() == [True, True, True, True]


def test_a_hash_is_that_of_the_text() -> None:
    assert digest("é") != digest("e\u0301")
    assert digest("한글") == digest("한글") and len(digest("")) == DIGEST_BYTES


def test_they_are_found_in_24_bytes_a_document() -> None:
    """The budget of duplicate removal, the digests themselves included; NumPy's arrays are traced."""
    many = np.random.default_rng(1).integers(0, 256, (300_000, DIGEST_BYTES), dtype=np.uint8)
    tracemalloc.start()
    first = first_occurrences(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert first.all() and peak > len(many)
    assert DIGEST_BYTES + peak / len(many) <= 24
