"""Where a function of tau2 crosses a level: bracketed, found to float64 resolution, or NaN."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

__all__ = ["crossing", "root"]

MAX_STEPS = 1000
"""Steps allowed to the root finder; bisection alone reaches float64 resolution in fewer."""

MAX_DOUBLINGS = 2000
"""More than lie between the smallest and the largest number of float64."""


def root(function: Callable[[float], float], lower: float, upper: float) -> float:
    """Find where a function changes sign between `lower` and `upper`, to float64 resolution; NaN if not."""
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
        rtol=4 * np.finfo(float).eps,
        maxiter=MAX_STEPS,
        full_output=True,
        disp=False,
    )
    return float(found) if report.converged else math.nan


def crossing(function: Callable[[float], float], level: float, start: float) -> float:
    """Find where a decreasing function of ``tau2 >= 0`` comes down to `level`.

    Parameters
    ----------
    function : callable
        Decreasing on ``[0, inf)``.
    level : float
        The level.
    start : float
        First guess of an upper bound, above 0; doubled until the function is below the level.

    Returns
    -------
    float
        0 if the function is at or below the level already at 0; NaN if it never comes down to it.
    """
    if function(0.0) <= level:
        return 0.0
    upper = start
    for _ in range(MAX_DOUBLINGS):
        if not math.isfinite(upper):
            break
        if function(upper) <= level:
            return root(lambda tau2: function(tau2) - level, 0.0, upper)
        upper *= 2
    return math.nan
