"""The three kinds of shard: pairs as windows, windows drawn on the spot, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InputError
from tasks.kernels.shards import Drawing, broken_row, count_pairs, pairs_as_windows, read_drawing
from tasks.kernels.windows import Windows, expand_pairs


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 600)), min_size=0, max_size=6))
def test_pairs_as_windows_hold_the_same_pairs_in_the_same_order(runs: list[tuple[int, int]]) -> None:
    center = np.repeat([word for word, _ in runs], [length for _, length in runs]).astype(np.int32)
    context = np.random.default_rng(0).integers(1, 99, len(center)).astype(np.int32)
    windows = pairs_as_windows(center, context)
    assert broken_row(windows) is None
    found = expand_pairs(windows, 0, len(windows.center))
    np.testing.assert_array_equal(found[0], center)
    np.testing.assert_array_equal(found[1], context)


def test_a_row_that_reaches_over_the_end_is_found() -> None:
    center, none = np.array([1, 2, 3], np.int32), np.zeros(3, np.uint8)
    assert broken_row(Windows(center, np.array([0, 2, 0], np.uint8), none)) == 1
    assert broken_row(Windows(center, none, np.array([0, 0, 1], np.uint8))) == 2
    assert broken_row(Windows(center, np.array([0, 1, 2], np.uint8), np.array([2, 1, 0], np.uint8))) is None
    many = np.ones(10_000, np.uint8)
    many[0] = 0
    right = np.zeros(10_000, np.uint8)
    assert broken_row(Windows(np.ones(10_000, np.int32), many, right)) is None
    right[9_800] = 200
    assert broken_row(Windows(np.ones(10_000, np.int32), many, right)) == 9_800


def test_a_drawing_that_is_none_is_said(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.json"
    for content in ("", "{}", '{"documents": "part-00000.parquet", "window": 0}'):
        path.write_text(content)
        with pytest.raises(InputError, match=r"part-00000.json: not a drawing .* run skipgrams again"):
            read_drawing(path)
    drawing = Drawing(documents="part-00000.parquet", window=5, dynamic=True, subsample=0, stream=(1, 0, 0), pairs=7)
    path.write_text(drawing.model_dump_json())
    assert read_drawing(path) == drawing and count_pairs(path) == 7
