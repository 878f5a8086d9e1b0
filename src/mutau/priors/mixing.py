"""What finite mixtures share: weights that sum to 1, and quantiles as roots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mutau.priors.base import FloatArray

__all__ = ["mixture_quantile", "shares", "weight_faults"]

_WEIGHTS_SUM = 1e-5  # how far from 1 weights may sum: what five written decimals leave of a third
_STEPS = 4000  # of the root search: more than bisection needs from 1e308 to 1e-308


def weight_faults(family: str, weights: Sequence[float]) -> tuple[Fault, ...]:
    """Refuse weights that do not sum to 1."""
    total = math.fsum(weights)
    if abs(total - 1.0) <= _WEIGHTS_SUM:
        return ()
    rule = f"The weights must sum to 1 (within {_WEIGHTS_SUM:.5f})"
    return (Fault(f"{family}: the weights sum to {total:.6g}", rule, "Divide each by their sum"),)


def shares(weights: Sequence[float]) -> FloatArray:
    """The weights, divided by their sum, shape (components,)."""
    return np.asarray(weights) / math.fsum(weights)


def mixture_quantile(
    p: float, low: float, high: float, cdf: Callable[[float], float], sf: Callable[[float], float]
) -> float:
    """Quantile at `p`, between the least and the largest quantile of the components.

    Notes
    -----
    A root of the logarithm of the tail on the side of `p`, so that a far tail has a slope.
    """
    from scipy.optimize import brentq

    tail, wanted, side = (cdf, p, 1.0) if p <= 0.5 else (sf, 1.0 - p, -1.0)

    def excess(x: float) -> float:
        """Rises through 0 at the quantile."""
        found = tail(x)
        return side * (math.log(found) - math.log(wanted)) if found > 0 else -side * math.inf

    if excess(low) >= 0.0:
        return low
    if excess(high) <= 0.0:
        return high
    return float(brentq(excess, low, high, xtol=1e-300, rtol=4.0 * np.finfo(float).eps, maxiter=_STEPS))
