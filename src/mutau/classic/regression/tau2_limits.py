"""Confidence intervals for the residual tau2 of a regression, by the names they have for one mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from mutau.classic.predicting import quantile
from mutau.classic.quadratic import limits_of_q
from mutau.classic.regression.residual_tau2 import q_root, share_below, turning
from mutau.classic.roots import crossing, root
from mutau.classic.tau2_intervals import TAU2_INTERVALS

if TYPE_CHECKING:
    from mutau.classic.regression.designs import Array
    from mutau.classic.regression.residual_tau2 import Found, MixedModel

__all__ = ["RESIDUAL_INTERVALS", "residual_limits"]


def _q_profile(model: MixedModel, _found: Found, _estimator: str, prob: float) -> tuple[float, float]:
    tail = (1 - prob) / 2
    upper, lower = (float(chdtri(model.df, level)) for level in (1 - tail, tail))
    return q_root(model, lower), q_root(model, upper)


def _profile_likelihood(model: MixedModel, found: Found, estimator: str, prob: float) -> tuple[float, float]:
    """Outermost tau2 whose likelihood is not significantly below the highest."""
    restricted = estimator == "REML"
    points = (0.0, *turning(model, restricted=restricted).points)
    level = model.log_likelihood(found.tau2, restricted) - float(chdtri(1, 1 - prob)) / 2

    def above(tau2: float) -> float:
        return model.log_likelihood(tau2, restricted) - level

    high = [i for i, point in enumerate(points) if point == found.tau2 or above(point) >= 0]
    first, last = high[0], high[-1]
    lower = 0.0 if first == 0 else root(above, points[first - 1], points[first])
    if last + 1 < len(points):
        return lower, root(above, points[last], points[last + 1])
    start = points[last]
    upper = crossing(lambda more: above(start + more), 0.0, start + float(model.v[0]))
    return lower, start + upper


def _generalised(weights: Callable[[Array], Array]) -> Callable[..., tuple[float, float]]:
    """Limits from the exact distribution of ``y'P_a y``: a sum of chi-squared variables times eigenvalues."""

    def limits(model: MixedModel, _found: Found, _estimator: str, prob: float) -> tuple[float, float]:
        return limits_of_q(*share_below(model, weights(model.v)), prob)

    return limits


def _wald(_model: MixedModel, found: Found, _estimator: str, prob: float) -> tuple[float, float]:
    half = quantile(math.inf, prob) * found.se
    return max(0.0, found.tau2 - half), found.tau2 + half


RESIDUAL_INTERVALS: Mapping[str, Callable[..., tuple[float, float]]] = MappingProxyType(
    {
        "QP": _q_profile,
        "PL": _profile_likelihood,
        "BJ": _generalised(lambda v: 1 / v),
        "J": _generalised(lambda v: 1 / np.sqrt(v)),
        "wald": _wald,
    }
)
"""Confidence intervals for the residual tau2 by name."""


def residual_limits(
    model: MixedModel, found: Found, estimator: str, name: str, prob: float
) -> tuple[float, float, str]:
    """Confidence limits of the residual tau2, and what has to be said about them.

    Parameters
    ----------
    model : MixedModel
    found : Found
        Its tau2, which exists.
    estimator : str
        Of `found`.
    name : str
        A key of `RESIDUAL_INTERVALS`.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float
        NaN where they were not found.
    note : str
        Else empty.

    References
    ----------
    Viechtbauer W (2007). Confidence intervals for the amount of heterogeneity in meta-analysis. Statistics in
    Medicine 26:37-52. doi:10.1002/sim.2514. Jackson D, Turner R, Rhodes K, Viechtbauer W (2014). Methods for
    calculating confidence and credible intervals for the residual between-study variance in random effects
    meta-regression models. BMC Medical Research Methodology 14:103. doi:10.1186/1471-2288-14-103
    """
    lower, upper = RESIDUAL_INTERVALS[name](model, found, estimator, prob)
    said = TAU2_INTERVALS[name].name
    if not (math.isfinite(lower) and math.isfinite(upper)):
        tried = TAU2_INTERVALS[name].search
        return math.nan, math.nan, f"No {said} interval for tau2: its limits were not found (tried: {tried})"
    if upper == 0:
        less = (
            "the effects are spread around the regression even less than their sampling errors alone explain"
        )
        return lower, upper, f"{said} interval for tau2: both limits are 0, as {less}"
    return lower, upper, ""
