"""How kernels are compiled: one decorator, used by every compiled function of mutau."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from mutau.errors import MutauWarning

__all__ = ["kernel"]

type Compiled = Callable[..., Any]


def kernel(function: Compiled) -> Any:
    """Compile a function with numba: serial, without the GIL, without fast-math, kept on disk.

    Parameters
    ----------
    function : callable
        Plain Python over numbers and float64 arrays.

    Returns
    -------
    callable
        The compiled function. It is compiled at its first call, in a second or so, and read from numba's
        cache in later processes.

    Warns
    -----
    mutau.errors.MutauWarning
        Once, where neither the package's folder nor the user's cache folder can be written: everything works,
        but each process compiles again.

    Notes
    -----
    Fast-math is off: with it a compiler may reorder sums, and the same numbers give other last digits from
    one machine or cache to the next. Nothing is parallel inside a kernel. Numba compares only a kernel's own
    file with its cache: after an edit of a kernel that kernels of other files call, delete the cache (``make
    clean``).
    """
    import numba

    try:
        return numba.njit(function, nogil=True, cache=True, error_model="numpy")
    except RuntimeError as error:  # numba: "cannot cache function ...: no locator available for file ..."
        if "cache" not in str(error):
            raise
        _warn_once()
        return numba.njit(function, nogil=True, error_model="numpy")


@functools.cache
def _warn_once() -> None:
    warnings.warn(
        "Compiled code cannot be kept: neither the package nor the home folder can be written. Each process "
        "compiles anew (seconds). Set NUMBA_CACHE_DIR to a folder that can be written.",
        MutauWarning,
        stacklevel=4,
    )
