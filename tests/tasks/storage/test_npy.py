"""Arrays are written as np.save writes them, wherever their rows lie."""

import io
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.storage.npy import ROWS_A_WRITE, write_npy_into

PADDED = np.arange(3 * ROWS_A_WRITE * 16, dtype=np.float32).reshape(-1, 16)


@pytest.mark.parametrize(
    "array",
    [
        PADDED,
        PADDED[:, :10],
        PADDED[: 2 * ROWS_A_WRITE + 1, 3:5],
        PADDED[:0],
        np.arange(5, dtype=np.int64),
        np.array(["text, ㅎ"]),
    ],
)
def test_the_bytes_are_those_of_numpy(array: NDArray[np.generic]) -> None:
    ours, numpys = io.BytesIO(), io.BytesIO()
    write_npy_into(ours, array)
    np.save(numpys, np.ascontiguousarray(array))
    assert ours.getvalue() == numpys.getvalue()


def test_a_table_without_its_padding_is_written_without_a_copy_of_it() -> None:
    table = np.zeros((200_000, 64), np.float32)[:, :50]
    with open("/dev/null", "wb") as file:
        tracemalloc.start()
        try:
            write_npy_into(file, table)
            assert tracemalloc.get_traced_memory()[1] < table.nbytes / 20
        finally:
            tracemalloc.stop()
