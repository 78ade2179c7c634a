"""The n-grams of words: fastText's rule in plain Python, over any words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.kernels.subwords import subwords


def textbook(word: str, minn: int, maxn: int, buckets: int) -> list[int]:
    """In fastText's order: by where an n-gram starts, then by its length."""
    marked = f"<{word}>"
    found = []
    for start in range(len(marked)):
        for length in range(minn, min(maxn, len(marked) - start) + 1):
            gram = marked[start : start + length]
            if gram in "<>" and len(gram) == 1 and start in (0, len(marked) - 1):
                continue
            found.append(fnv1a(gram.encode()) % buckets)
    return found


def fnv1a(content: bytes) -> int:
    """With each byte as a signed number, which is then a 32-bit one: what fastText computes."""
    hashed = 2166136261
    for byte in content:
        signed = byte - 256 if byte >= 128 else byte
        hashed = (hashed ^ (signed % 2**32)) * 16777619 % 2**32
    return hashed


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=5),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(1, 10**6),
)
def test_they_are_those_of_the_rule(words: list[str], minn: int, more: int, buckets: int) -> None:
    found = subwords(words, minn, minn + more, buckets)
    each = [found.buckets[start:stop].tolist() for start, stop in zip(found.starts, found.starts[1:], strict=False)]
    assert each == [textbook(word, minn, minn + more, buckets) if word != "</s>" else [] for word in words]


def test_known_hashes() -> None:
    """The first is a test vector of FNV's authors (http://www.isthe.com/chongo/tech/comp/fnv)."""
    assert fnv1a(b"foobar") == 0xBF9CF968
    found = subwords(["ab"], 3, 4, 2**31 - 1)
    assert found.buckets.tolist() == [fnv1a(gram) % (2**31 - 1) for gram in (b"<ab", b"<ab>", b"ab>")]


def test_the_end_of_a_line_and_a_model_without_n_grams_have_none() -> None:
    assert not len(subwords(["</s>"], 1, 6, 100).buckets)
    assert not len(subwords(["word"], 0, 0, 100).buckets)
