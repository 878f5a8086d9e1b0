"""Confidence intervals for tau2, by name; those for I2 and H2 follow from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from mutau.classic.estimators import ESTIMATORS
from mutau.classic.likelihood import Profile, tau2_grid
from mutau.classic.predicting import quantile
from mutau.classic.qprofile import profile_limits
from mutau.classic.quadratic import generalised_limits
from mutau.classic.roots import root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["TAU2_INTERVALS", "Tau2Interval", "profile_likelihood_limits", "tau2_limits"]


@dataclass(frozen=True, slots=True)
class Tau2Interval:
    """A way to make a confidence interval for tau2.

    Parameters
    ----------
    name : str
        In words.
    limits : callable
        Effects, sampling variances, the estimate of tau2, its estimator's name, coverage -> lower and upper limit.
    estimators : tuple of str
        Estimators that it goes with; empty for all.
    """

    name: str
    limits: Callable[[Array, Array, float, str, float], tuple[float, float]]
    estimators: tuple[str, ...] = ()


def profile_likelihood_limits(
    yi: Array, vi: Array, tau2: float, prob: float, *, restricted: bool
) -> tuple[float, float]:
    """Profile likelihood limits: the outermost tau2 whose likelihood is not significantly below the highest.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    tau2 : float
        The maximum of the likelihood.
    prob : float
        Coverage.
    restricted : bool
        The restricted likelihood instead of the plain one.

    Returns
    -------
    lower, upper : float
        Where twice the log likelihood lies the chi-squared quantile (1 degree of freedom) below its maximum; the
        lower limit is 0 if it does not come down so far. With several maxima the set may have gaps; the limits are
        its ends.

    References
    ----------
    Hardy RJ, Thompson SG (1996). doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A
    """
    profile = Profile(yi, vi, restricted)
    allowed = profile.value(tau2) - float(chdtri(1, 1 - prob)) / 2

    def outside(t: float) -> float:
        return allowed - profile.value(t)

    far = 2 * max(profile.upper(), tau2, float(np.mean(vi)))
    while outside(far) <= 0:
        far *= 2
    grid = np.union1d(tau2_grid(far, float(np.min(vi))), [tau2])
    inside = np.flatnonzero(profile.values(grid) >= allowed)
    first, last = int(inside[0]), int(inside[-1])
    lower = 0.0 if first == 0 else root(outside, float(grid[first - 1]), float(grid[first]))
    return lower, root(outside, float(grid[last]), float(grid[last + 1]))


def _q_profile(yi: Array, vi: Array, _tau2: float, _estimator: str, prob: float) -> tuple[float, float]:
    return profile_limits(yi, vi, prob)


def _profile_likelihood(
    yi: Array, vi: Array, tau2: float, estimator: str, prob: float
) -> tuple[float, float]:
    return profile_likelihood_limits(yi, vi, tau2, prob, restricted=estimator == "REML")


def _biggerstaff_jackson(
    yi: Array, vi: Array, _tau2: float, _estimator: str, prob: float
) -> tuple[float, float]:
    return generalised_limits(yi, vi, 1 / vi, prob)


def _jackson(yi: Array, vi: Array, _tau2: float, _estimator: str, prob: float) -> tuple[float, float]:
    return generalised_limits(yi, vi, 1 / np.sqrt(vi), prob)


def _wald(yi: Array, vi: Array, tau2: float, estimator: str, prob: float) -> tuple[float, float]:
    half = quantile(math.inf, prob) * ESTIMATORS[estimator].standard_error(yi, vi, tau2)
    return max(0.0, tau2 - half), tau2 + half


TAU2_INTERVALS: Mapping[str, Tau2Interval] = MappingProxyType(
    {
        "QP": Tau2Interval("Q-profile", _q_profile),
        "PL": Tau2Interval("profile likelihood", _profile_likelihood, ("ML", "REML")),
        "BJ": Tau2Interval("generalised Q, weights 1/vi (Biggerstaff-Jackson)", _biggerstaff_jackson),
        "J": Tau2Interval("generalised Q, weights 1/sei (Jackson)", _jackson),
        "wald": Tau2Interval("Wald", _wald),
    }
)
"""Confidence intervals for tau2 by name."""


def tau2_limits(
    yi: Array, vi: Array, tau2: float, estimator: str, name: str, prob: float
) -> tuple[float, float, str]:
    """Confidence limits of tau2 by the interval `name`, and what has to be said about them.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    tau2 : float
        The estimate.
    estimator : str
        A key of `ESTIMATORS`.
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
    lower, upper = interval.limits(yi, vi, tau2, estimator, prob)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return math.nan, math.nan, f"No {interval.name} interval for tau2: its limits were not found"
    if upper == 0:
        less = "the effects are spread even less than their sampling errors alone explain"
        return lower, upper, f"{interval.name} interval for tau2: both limits are 0, as {less}"
    return lower, upper, ""
