"""Arithmetic on one thread: how a product is split over threads changes its last bits, and what follows from them."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it BLAS and OpenMP use one thread, so that equal inputs give equal bits whatever the number of cores."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield
