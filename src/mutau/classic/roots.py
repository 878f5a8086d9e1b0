"""Where a function of tau2 crosses a level: bracketed, found to float64 resolution, or NaN."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

__all__ = ["crossing", "root"]

RESOLUTION = 4 * float(np.finfo(float).eps)
"""Float64's own, as far as SciPy's root finder takes it."""

MAX_STEPS = 1000
"""Steps allowed to the root finder; bisection alone reaches float64 resolution in fewer."""

MAX_DOUBLINGS = 2000
"""More than lie between the smallest and the largest number of float64."""


def root(function: Callable[[float], float], lower: float, upper: float, rtol: float = RESOLUTION) -> float:
    """Find where a function changes sign between `lower` and `upper`, to the relative accuracy `rtol`; NaN if not."""
    at_lower, at_upper = function(lower), function(upper)
    if at_lower == 0:
        return lower
    if at_upper == 0:
        return upper
    if not at_lower * at_upper < 0:
        return math.nan
    found, report = brentq(
        function,
        lower,
        upper,
        xtol=5e-324,
        rtol=rtol,
        maxiter=MAX_STEPS,
        full_output=True,
        disp=False,
    )
    return float(found) if report.converged else math.nan


def crossing(
    function: Callable[[float], float],
    level: float,
    upper: float,
    lower: float = 0.0,
    rtol: float = RESOLUTION,
) -> float:
    """Find where a decreasing function of ``tau2 >= 0`` comes down to `level`.

    Parameters
    ----------
    function : callable
        Decreasing on ``[0, inf)``.
    level : float
        The level.
    upper : float
        First guess of an upper bound, above 0; doubled until the function is below the level.
    lower : float
        First guess of a lower bound; 0 is taken where the function is below the level already there.
    rtol : float
        Relative accuracy: no more than the function's own.

    Returns
    -------
    float
        0 if the function is at or below the level already at 0; NaN if it never comes down to it.
    """
    function = functools.cache(function)
    if function(lower) <= level:
        if lower == 0 or function(0.0) <= level:
            return 0.0
        lower, upper = 0.0, lower
    for _ in range(MAX_DOUBLINGS):
        if not math.isfinite(upper):
            break
        if function(upper) <= level:
            return root(lambda tau2: function(tau2) - level, lower, upper, rtol)
        lower, upper = upper, 2 * upper
    return math.nan
