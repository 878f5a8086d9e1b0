"""Many roots at once: Newton's steps, each kept inside a bracket that every evaluation narrows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["find_roots"]

STEPS = 100  # bisection alone reaches float64 resolution of a bracket in fewer
STEP_DONE = 1e-9  # of a bracket's first width, for a Newton step, whose error is about its square


def find_roots(evaluate: Callable[[Integers, Array], tuple[Array, Array]], low: Array, high: Array) -> Array:
    """Find the root of each of n increasing functions.

    Parameters
    ----------
    evaluate : callable
        ``(which, x) -> (values, slopes)``, all of shape (m,): functions number `which` at x, and their slopes. It is
        asked only for those whose root is not found yet.
    low, high : ndarray, shape (n,)
        Brackets.

    Returns
    -------
    ndarray, shape (n,)
        The roots; an end of the bracket where a function has one sign in it.
    """
    low, high, width = low.copy(), high.copy(), high - low
    x, open_ = 0.5 * (low + high), np.arange(len(low))
    for _ in range(STEPS):
        at = x[open_]
        value, slope = evaluate(open_, at)
        low[open_], high[open_] = np.where(value < 0, at, low[open_]), np.where(value >= 0, at, high[open_])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = np.where(value == 0, 0.0, -value / slope)
        done = np.abs(step) <= STEP_DONE * width[open_]
        inside = done | ((at + step > low[open_]) & (at + step < high[open_]))
        new = np.where(inside, at + step, 0.5 * (low[open_] + high[open_]))
        x[open_] = np.clip(new, low[open_], high[open_])
        open_ = open_[~done & (high[open_] > low[open_])]
        if not len(open_):
            break
    return x
