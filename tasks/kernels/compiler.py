"""The one way in which this project compiles: numba's `njit`, lazily, cached on disk, without the GIL."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

FAST_MATH = {"reassoc", "contract", "arcp", "nsz"}
"""What LLVM may assume to vectorise a sum. Not "nnan" and "ninf": a NaN must stay visible to the finite checks."""


def compiled(function: Function) -> Function:
    """Compiles `function` at its first call for the types of that call (never at import); caches the machine code."""
    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST_MATH)
    return cast(Function, compile_it(function))


def compiled_inline(function: Function) -> Function:
    """The same for a small function that only compiled code calls: it becomes part of its callers."""
    compile_it = numba.njit(forceinline=True, error_model="numpy", fastmath=FAST_MATH)
    return cast(Function, compile_it(function))
