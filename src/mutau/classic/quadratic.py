"""The exact distribution of a generalised Q statistic, and the estimate and limits of tau2 that follow from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from mutau.classic.heterogeneity import row_sum_of_squares
from mutau.classic.roots import crossing
from mutau.numerics.quadratic import contour, q_probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["generalised_limits", "generalised_median", "q_distribution"]

ACCURACY = 1e-13
"""Of a limit, relative: that of the distribution."""

LEAST = 1e-16
"""Probabilities closer to 0 or 1 are taken as this while a limit is searched for."""


def q_distribution(q: float, a: Array, variances: Array) -> Array:
    """Probability that ``Q_a = sum a (y - mean_a)^2`` is at most `q`, for independent normal y.

    Parameters
    ----------
    q : float
        The value; at least 0.
    a : ndarray, shape (k,)
        Weights, above 0; k at least 2.
    variances : ndarray, shape (..., k)
        Variances of the effects, ``vi + tau2``.

    Returns
    -------
    ndarray, shape (...)
        Within about 1e-13 (100,000 studies: 5e-12), small probabilities relatively so.

    Notes
    -----
    `mutau.numerics.quadratic` says how: by inverting the Laplace transform, exactly; nothing is approximated by a
    simpler distribution, for any number of studies.

    References
    ----------
    Weideman JAC, Trefethen LN (2007). Parabolic and hyperbolic contours for computing the Bromwich integral.
    Mathematics of Computation 76:1341-1356. doi:10.1090/S0025-5718-07-01945-X

    Examples
    --------
    Two studies: Q is chi-squared with 1 degree of freedom, whose upper 5% point is 3.8415:

    >>> round(float(q_distribution(3.8415, np.array([10.0, 5.0]), np.array([0.1, 0.2]))), 4)
    0.95
    """
    shape, k = np.shape(variances)[:-1], len(a)
    if q <= 0:
        return np.zeros(shape)
    rows = np.ascontiguousarray(variances, dtype=np.float64).reshape(-1, k)
    found, space = np.empty(len(rows)), (np.empty(k), contour())
    for at, row in enumerate(rows):
        q_probability(q, a, row, space[0], found[at : at + 1], space[1])
    return found.reshape(shape)


def generalised_limits(yi: Array, vi: Array, a: Array, prob: float) -> tuple[float, float]:
    """Confidence limits of tau2 from the exact distribution of the generalised Q statistic with weights `a`.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    a : ndarray, shape (k,)
        Weights that do not depend on the effects: ``1/vi`` (Biggerstaff and Jackson) or ``1/sei`` (Jackson).
    prob : float
        Coverage, exact under the model.

    Returns
    -------
    lower, upper : float
        The tau2 under which a Q_a as large, or as small, as the observed has probability ``(1 - prob)/2``; 0 where
        that is so already at 0.

    References
    ----------
    Biggerstaff BJ, Jackson D (2008). The exact distribution of Cochran's heterogeneity statistic in one-way random
    effects meta-analysis. Statistics in Medicine 27:6093-6110. doi:10.1002/sim.3428. Jackson D (2013).
    doi:10.1002/jrsm.1081
    """
    z = -float(ndtri((1 - prob) / 2))
    below, expected, sd = _share_below(yi, vi, a)
    reach = 2 * z * sd
    return (
        crossing(below, z, expected + reach, max(0.0, expected - reach), ACCURACY),
        crossing(below, -z, expected + reach, expected, ACCURACY),
    )


def generalised_median(yi: Array, vi: Array, a: Array) -> float:
    """Median-unbiased estimate of tau2 from the exact distribution of the generalised Q statistic with weights `a`.

    Parameters
    ----------
    yi, vi, a : ndarray, shape (k,)
        As `generalised_limits` takes them.

    Returns
    -------
    float
        The tau2 under which a Q_a below the observed is as likely as one above it; 0 where it is less likely already
        at 0, NaN where it was not found.

    References
    ----------
    Viechtbauer W (2021). Median-unbiased estimators for the amount of heterogeneity in meta-analysis. European
    Congress of Methodology, Valencia; as metafor's ``method="GENQM"``.

    Examples
    --------
    Equal variances v: the sum of squares over the median of chi-squared with k - 1 degrees of freedom, less v.

    >>> yi, vi = np.array([0.0, 2.0, 1.0]), np.full(3, 0.1)
    >>> round(generalised_median(yi, vi, 1 / vi), 4), round(2 / 1.386294 - 0.1, 4)
    (1.3427, 1.3427)
    """
    below, expected, sd = _share_below(yi, vi, a)
    return crossing(below, 0.0, expected + sd, expected, ACCURACY)


def _share_below(yi: Array, vi: Array, a: Array) -> tuple[Callable[[float], float], float, float]:
    """Normal score of P(Q_a <= observed) by tau2, nearly straight; the moment estimate of tau2 and its error."""
    q, shares = float(row_sum_of_squares(yi, a)), a * (1 - a / np.sum(a))
    expected = max(0.0, (q - float(np.sum(shares * vi))) / float(np.sum(shares)))
    sd = math.sqrt(2 * float(np.sum((shares * (vi + expected)) ** 2))) / float(np.sum(shares))

    def below(tau2: float) -> float:
        share = float(q_distribution(q, a, vi + tau2))
        return float(ndtri(min(max(share, LEAST), 1 - LEAST)))

    return below, expected, sd
