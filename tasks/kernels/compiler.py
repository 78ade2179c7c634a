"""The ways in which this project compiles: numba's `njit`, lazily, cached on disk, without the GIL.

No float sum may be reordered (no fast math): a result must not depend on how LLVM turns a loop into vectors.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

NOT_COUNTED: dict[str, Any] = {"_nrt": False}
"""numba's option for code that makes no array."""


def compiled(function: Function) -> Function:
    """Compiles `function` at its first call for the types of that call (never at import); caches the machine code."""
    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy")
    return cast(Function, compile_it(function))


def compiled_kernel(function: Function) -> Function:
    """The same for a function that makes no array: numba then need not count who holds which.

    In a loop over windows that call functions with arrays, the counting alone took a tenth of the time.
    """
    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy", **NOT_COUNTED)
    return cast(Function, compile_it(function))


def compiled_inline(function: Function) -> Function:
    """The same for a function that only compiled code calls: it becomes part of its callers. It makes no array."""
    compile_it = numba.njit(forceinline=True, error_model="numpy", **NOT_COUNTED)
    return cast(Function, compile_it(function))
