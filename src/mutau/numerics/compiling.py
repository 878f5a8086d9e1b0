"""How kernels are compiled: `entry` for what Python calls, `inner` and `inlined` for kernels' own."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from mutau.errors import MutauWarning

__all__ = ["entry", "inlined", "inner"]

type Compiled = Callable[..., Any]


def inner(function: Compiled) -> Any:
    """Compile a function that only kernels call: serial, without fast-math, part of each entry that uses it.

    Parameters
    ----------
    function : callable
        Plain Python over numbers and float64 arrays.

    Returns
    -------
    callable
        The compiled function; Python cannot call it, which makes it cheaper to compile.

    Notes
    -----
    Fast-math is off: with it a compiler may reorder sums, and the same numbers give other last digits from
    one machine or cache to the next. Nothing is parallel inside a kernel.
    """
    import numba

    return numba.njit(
        function, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )


def inlined(function: Compiled) -> Any:
    """Compile a short function into each kernel that calls it: quicker to run where a call has many arguments.

    Parameters
    ----------
    function : callable
        Plain Python over numbers and float64 arrays.

    Returns
    -------
    callable
        What only kernels call.
    """
    import numba

    return numba.njit(function, nogil=True, error_model="numpy", inline="always")


def entry(function: Compiled) -> Any:
    """Compile a function that Python calls: serial, without the GIL, without fast-math, kept on disk.

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
    Numba compares only an entry's own file with its cache: after an edit of a kernel in another file, delete
    the cache (``make clean``).
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
