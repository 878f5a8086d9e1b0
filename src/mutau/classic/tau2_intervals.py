"""Confidence intervals for tau2, by name; those for I2 and H2 follow from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from mutau.classic.gamma_q import gamma_limits
from mutau.classic.predicting import quantile
from mutau.classic.quadratic import generalised_limits
from mutau.classic.searches import turning

if TYPE_CHECKING:
    from mutau.classic.pooled_mean import PooledMean

__all__ = ["TAU2_INTERVALS", "Tau2Interval", "sidik_jonkman_limits", "tau2_limits"]


@dataclass(frozen=True, slots=True)
class Tau2Interval:
    """A way to make a confidence interval for tau2.

    Parameters
    ----------
    name : str
        In words.
    limits : callable
        The mean with its tau2, coverage -> lower and upper limit.
    estimators : tuple of str
        Estimators that it goes with; empty for all.
    search : str
        How its limits are sought; empty where they are a formula of tau2, which may itself be missing.
    """

    name: str
    limits: Callable[[PooledMean, float], tuple[float, float]]
    estimators: tuple[str, ...] = ()
    search: str = ""


def _q_profile(mean: PooledMean, _prob: float) -> tuple[float, float]:
    """Where Q equals the upper and the lower quantile of its distribution (doi:10.1002/sim.2514)."""
    return mean.q_lower, mean.q_upper


def _profile_likelihood(mean: PooledMean, prob: float) -> tuple[float, float]:
    """Outermost tau2 whose likelihood is not significantly below the highest.

    That is where twice the log likelihood lies the chi-squared quantile (1 degree of freedom) below its maximum; the
    lower limit is 0 if it does not come down so far. With several maxima the set may have gaps; the limits are its
    ends. Hardy and Thompson (1996), doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A
    """
    turns = turning(mean.yi, mean.vi, mean.estimator, float(chdtri(1, 1 - prob)) / 2)
    return turns.lower, turns.upper


def _biggerstaff_jackson(mean: PooledMean, prob: float) -> tuple[float, float]:
    return generalised_limits(mean.yi, mean.vi, 1 / mean.vi, prob)


def _biggerstaff_tweedie(mean: PooledMean, prob: float) -> tuple[float, float]:
    return gamma_limits(mean.yi, mean.vi, prob)


def _jackson(mean: PooledMean, prob: float) -> tuple[float, float]:
    return generalised_limits(mean.yi, mean.vi, 1 / np.sqrt(mean.vi), prob)


def _wald(mean: PooledMean, prob: float) -> tuple[float, float]:
    half = quantile(math.inf, prob) * mean.tau2_se
    return max(0.0, mean.tau2 - half), mean.tau2 + half


def sidik_jonkman_limits(k: Any, tau2: Any, prob: float) -> tuple[Any, Any]:
    """Sidik and Jonkman (2005), doi:10.1111/j.1467-9876.2005.00489.x: ``(k - 1) tau2`` over chi-squared quantiles."""
    df = k - 1
    high, low = (chdtri(df, tail) for tail in ((1 - prob) / 2, (1 + prob) / 2))
    return df * tau2 / high, df * tau2 / low


def _sidik_jonkman(mean: PooledMean, prob: float) -> tuple[float, float]:
    lower, upper = sidik_jonkman_limits(mean.k, mean.tau2, prob)
    return float(lower), float(upper)


_BRENT = "bracketed by doubling, then Brent's method"

TAU2_INTERVALS: Mapping[str, Tau2Interval] = MappingProxyType(
    {
        "QP": Tau2Interval("Q-profile", _q_profile, search="Newton's steps from 0, which rise to the root"),
        "PL": Tau2Interval(
            "profile likelihood",
            _profile_likelihood,
            ("ML", "REML"),
            "halvings of intervals in which the likelihood crosses its limit",
        ),
        "BJ": Tau2Interval(
            "generalised Q, weights 1/vi (Biggerstaff-Jackson)", _biggerstaff_jackson, search=_BRENT
        ),
        "BT": Tau2Interval("gamma Q (Biggerstaff-Tweedie)", _biggerstaff_tweedie, search=_BRENT),
        "J": Tau2Interval("generalised Q, weights 1/sei (Jackson)", _jackson, search=_BRENT),
        "SJ": Tau2Interval("Sidik-Jonkman", _sidik_jonkman, ("SJ",)),
        "wald": Tau2Interval("Wald", _wald),
    }
)
"""Confidence intervals for tau2 by name."""


def tau2_limits(mean: PooledMean, name: str, prob: float) -> tuple[float, float, str]:
    """Confidence limits of tau2 by the interval `name`, and what has to be said about them.

    Parameters
    ----------
    mean : PooledMean
        Of at least two studies, made with the Q-profile limits at `prob`.
    name : str
        A key of `TAU2_INTERVALS`.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float
        NaN where they were not found.
    note : str
        Else empty.
    """
    interval = TAU2_INTERVALS[name]
    lower, upper = interval.limits(mean, prob)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        tried = f" (tried: {interval.search})" if interval.search else ""
        return math.nan, math.nan, f"No {interval.name} interval for tau2: its limits were not found{tried}"
    if upper == 0:
        less = "the effects are spread even less than their sampling errors alone explain"
        return lower, upper, f"{interval.name} interval for tau2: both limits are 0, as {less}"
    return lower, upper, ""
