"""How kernels run: interpreted while there is little to do, compiled from then on.

Compiling takes seconds, once for each machine; one posterior takes the interpreter hundredths of a second. Both
follow the same source in IEEE arithmetic, operation by operation, so both give the same bits.
"""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from mutau.errors import MutauWarning

__all__ = ["Kernel", "entry", "inlined", "inner"]

type Function = Callable[..., Any]

CALL = 0.02
"""Seconds that a call counts for at least: what is called often is soon compiled."""
LOADING = 0.1
"""Seconds of interpreting before numba is loaded to look for compiled code: a third of what loading it takes."""
SERIAL = {"nogil": True, "error_model": "numpy"}
INNER = SERIAL | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
INLINED = SERIAL | {"inline": "always"}

_options: dict[Function, dict[str, Any]] = {}


def inner(function: Function) -> Function:
    """Mark a function that only kernels call: part of each entry that uses it.

    Parameters
    ----------
    function : callable
        Plain Python over numbers and float64 arrays. What it says of floats must be what C says: no ``**``, no
        ``math.hypot`` (Python has its own), and a loop instead of ``sum``.

    Returns
    -------
    callable
        The same.

    Notes
    -----
    Kernels are serial and compiled without fast-math: with it a compiler may reorder sums, and the same numbers
    give other last digits from one machine or cache to the next.
    """
    _options[function] = INNER
    return function


def inlined(function: Function) -> Function:
    """Mark a short function to be compiled into each kernel that calls it: quicker where it has many arguments."""
    _options[function] = INLINED
    return function


def entry(allowance: float, seconds: Callable[..., float]) -> Callable[[Function], Kernel]:
    """Mark a function that Python calls.

    Parameters
    ----------
    allowance : float
        Seconds for which a process interprets it, before it compiles it: a third of what compiling takes, or less.
    seconds : callable
        Takes those of the function's arguments that it names; gives the seconds that interpreting the call takes,
        roughly.

    Returns
    -------
    callable
        Decorator that makes a `Kernel`.
    """
    return lambda function: Kernel(function, allowance, seconds)


class Kernel:
    """A function over numbers and float64 arrays: serial, without fast-math, without the GIL once it is compiled.

    Where its compiled code is on disk, that is used, as soon as numba is there or loading it is worth while.
    Elsewhere calls are interpreted until the allowance is used up; then it is compiled, and kept on disk.

    Parameters
    ----------
    function : callable
        As for `inner`. It writes into arrays that it is given and does not read what it wrote in an earlier call.
    allowance, seconds
        As for `entry`.

    Warns
    -----
    mutau.errors.MutauWarning
        Once, when code is compiled and neither the package's folder nor the user's cache folder can be written:
        everything works, but each process compiles again.

    Notes
    -----
    Numba compares only an entry's own file with its cache: after an edit of a kernel in another file, delete
    the cache (``make clean``).
    """

    def __init__(self, function: Function, allowance: float, seconds: Callable[..., float]) -> None:
        self.function = function
        self.left = allowance
        self.unloaded = allowance - LOADING
        self.seconds = seconds
        names = list(inspect.signature(function).parameters)
        self.sized_by = [names.index(name) for name in inspect.signature(seconds).parameters]
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        if self.left > 0.0 and (self._is_not_worth_loading or not self._is_on_disk):
            self.left -= max(CALL, self.seconds(*(arguments[at] for at in self.sized_by)))
            if self.left > 0.0:
                try:
                    with np.errstate(all="ignore"):
                        return self.function(*arguments)
                except (ArithmeticError, ValueError):
                    pass  # where C gives an infinity or NaN, Python's math refuses
        return self.compiled(*arguments)

    @functools.cached_property
    def compiled(self) -> Function:
        """The compiled function; its first call compiles it, or reads it from numba's cache."""
        compiled: Function = _jit(self.function, {"cache": True} | SERIAL)
        return compiled

    @property
    def _is_not_worth_loading(self) -> bool:
        return self.left > self.unloaded and "numba" not in sys.modules

    @functools.cached_property
    def _is_on_disk(self) -> bool:
        """Whether numba's cache has compiled code of this function."""
        folder = _cache_folder(self.compiled)
        return folder is not None and any(folder.glob(f"*.{self.function.__name__}-*.nbi"))


def _cache_folder(dispatcher: Any) -> Path | None:
    folder = dispatcher.stats.cache_path
    return None if folder is None else Path(folder)


def _jit(function: Function, options: dict[str, Any]) -> Any:
    """Hand a function to numba, with what it calls."""
    import numba

    called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    kernels = {
        name: _inner(it) for name, it in called.items() if isinstance(it, FunctionType) and it in _options
    }
    linked: Any = FunctionType(function.__code__, function.__globals__ | kernels, function.__name__)
    linked.__module__, linked.__qualname__, linked.__doc__ = (
        function.__module__, function.__qualname__, function.__doc__,
    )  # fmt: skip
    try:
        return numba.njit(linked, **options)
    except RuntimeError as error:  # numba: "cannot cache function ...: no locator available for file ..."
        if "cache" not in str(error):
            raise
        _warn_once()
        return numba.njit(linked, **SERIAL)


@functools.cache
def _inner(function: Function) -> Any:
    return _jit(function, _options[function])


@functools.cache
def _warn_once() -> None:
    warnings.warn(
        "Compiled code cannot be kept: neither the package nor the home folder can be written. Each process "
        "compiles anew (seconds). Set NUMBA_CACHE_DIR to a folder that can be written.",
        MutauWarning,
        stacklevel=4,
    )
