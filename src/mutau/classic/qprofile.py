"""The generalised Q statistic as a function of tau2: the estimators that set it to a number, and its profile.

``Q(tau2) = sum w (y - mean)^2``, ``w = 1/(vi + tau2)``, falls strictly in tau2 and at the true one is chi-squared
with k - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from mutau.classic.heterogeneity import Tau2, row_sum_of_squares
from mutau.classic.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["median_target", "paule_mandel", "paule_mandel_median", "profile_limits", "solve_q"]


def solve_q(yi: Array, vi: Array, target: float) -> float:
    """Find the tau2 at which Q is `target`; 0 where Q is at most that already at 0, NaN if none was found."""

    def q(tau2: float) -> float:
        return float(row_sum_of_squares(yi, 1 / (vi + tau2)))

    return crossing(q, target, float(np.mean(vi)))


def _estimate(yi: Array, vi: Array, target: float, name: str) -> Tau2:
    value = solve_q(yi, vi, target)
    if math.isfinite(value):
        return Tau2(value)
    tried = "bracketed by doubling from the mean sampling variance, then Brent's method"
    return Tau2(value, f"{name}: no root was found for these effects ({tried})")


def paule_mandel(yi: Array, vi: Array) -> Tau2:
    """Paule and Mandel's estimator: the tau2 at which Q equals its expectation, k - 1.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2

    Notes
    -----
    0 where Q is at most k - 1 already at 0. Bracketed by doubling, then found by Brent's method to float64
    resolution. It is also the empirical Bayes estimator: Morris's equation is the same one.

    References
    ----------
    Paule RC, Mandel J (1982). Consensus values and weighting factors. Journal of Research of the National
    Bureau of Standards 87:377-385. doi:10.6028/jres.087.022. Morris CN (1983). Parametric empirical Bayes inference.
    Journal of the American Statistical Association 78:47-55. doi:10.1080/01621459.1983.10477920
    """
    return _estimate(yi, vi, len(yi) - 1.0, "Paule-Mandel")


def median_target(k: int) -> float:
    """Median of chi-squared with k - 1 degrees of freedom."""
    return float(chdtri(k - 1, 0.5))


def paule_mandel_median(yi: Array, vi: Array) -> Tau2:
    """Median-unbiased Paule-Mandel estimator: the tau2 at which Q equals its median.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2

    References
    ----------
    Viechtbauer W (2021). Median-unbiased estimators for the amount of heterogeneity in meta-analysis. European
    Congress of Methodology, Valencia. As metafor's ``method="PMM"``.
    """
    return _estimate(yi, vi, median_target(len(yi)), "Median-unbiased Paule-Mandel")


def profile_limits(yi: Array, vi: Array, prob: float) -> tuple[float, float]:
    """Q-profile confidence limits of tau2: where Q equals the upper and the lower quantile of its distribution.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float
        At least 0; both are 0 where Q lies below its lower quantile already at 0.

    References
    ----------
    Viechtbauer W (2007). Confidence intervals for the amount of heterogeneity in meta-analysis. Statistics in
    Medicine 26:37-52. doi:10.1002/sim.2514
    """
    df, tail = len(yi) - 1, (1 - prob) / 2
    return solve_q(yi, vi, float(chdtri(df, tail))), solve_q(yi, vi, float(chdtri(df, 1 - tail)))
