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

__all__ = [
    "chi_squared_sum",
    "generalised_limits",
    "generalised_median",
    "limits_of_q",
    "median_of_q",
    "q_distribution",
]

ACCURACY = 1e-13
"""Of a limit, relative: that of the distribution."""

INFINITELY = 1e40
"""Times the others' weight, a weight that leaves nothing of theirs in a sum."""

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
    return limits_of_q(*_share_below(yi, vi, a), prob)


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
    return median_of_q(*_share_below(yi, vi, a))


type Share = Callable[[float], float]
"""tau2 -> probability of a value no larger than the observed one; it falls."""


def limits_of_q(share: Share, expected: float, sd: float, prob: float) -> tuple[float, float]:
    """Confidence limits of tau2 from the distribution of a quadratic form.

    Parameters
    ----------
    share : callable
        tau2 -> probability of a value no larger than the observed one.
    expected, sd : float
        The tau2 of which the observed value is the expectation, and about its standard error, to begin with.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float
        0 where the probability is as wanted already at 0; NaN where not found.
    """
    z = -float(ndtri((1 - prob) / 2))
    below, reach = _score(share), 2 * z * sd
    return (
        crossing(below, z, expected + reach, max(0.0, expected - reach), ACCURACY),
        crossing(below, -z, expected + reach, expected, ACCURACY),
    )


def median_of_q(share: Share, expected: float, sd: float) -> float:
    """Find the tau2 under which a value below the observed is as likely as one above; arguments as `limits_of_q`."""
    return crossing(_score(share), 0.0, expected + sd, expected, ACCURACY)


def _score(share: Share) -> Share:
    """Turn a probability into its normal score, which is nearly straight in tau2."""
    return lambda tau2: float(ndtri(min(max(share(tau2), LEAST), 1 - LEAST)))


def _share_below(yi: Array, vi: Array, a: Array) -> tuple[Share, float, float]:
    """P(Q_a <= observed) by tau2; the moment estimate of tau2 and its error."""
    q, shares = float(row_sum_of_squares(yi, a)), a * (1 - a / np.sum(a))
    expected = max(0.0, (q - float(np.sum(shares * vi))) / float(np.sum(shares)))
    sd = math.sqrt(2 * float(np.sum((shares * (vi + expected)) ** 2))) / float(np.sum(shares))
    return lambda tau2: float(q_distribution(q, a, vi + tau2)), expected, sd


def chi_squared_sum(q: float, weights: Array) -> float:
    """Probability that ``sum weights chi2`` is at most `q`, for independent chi2 on 1 degree of freedom.

    Parameters
    ----------
    q : float
        The value; at least 0.
    weights : ndarray, shape (m,)
        Above 0.

    Returns
    -------
    float
        As accurate as `q_distribution`.

    Notes
    -----
    The same transform: one more effect, so heavy that the weighted mean is that effect, takes no degree of freedom
    from the others.

    Examples
    --------
    >>> round(chi_squared_sum(3.8415, np.array([1.0])), 4)
    0.95
    """
    if q <= 0:
        return 0.0
    heavy = INFINITELY * float(np.max(weights))
    out = np.empty(1)
    a = np.concatenate([[heavy], weights])
    variances = np.concatenate([[float(np.min(weights)) / heavy], np.ones(len(weights))])
    q_probability(q, a, variances, np.empty(len(a)), out, contour())
    return float(out[0])
