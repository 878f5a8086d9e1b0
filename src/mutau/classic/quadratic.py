"""The exact distribution of a generalised Q statistic, and the confidence limits of tau2 that follow from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.heterogeneity import row_sum_of_squares
from mutau.classic.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["generalised_limits", "q_distribution"]

NODES = 80
"""Points of the contour on one side of the real axis."""

HALVINGS = 40
"""Steps to the saddle point, which need not be exact."""

REACH = 6.1
"""The contour ends where ``exp(-REACH^2)`` times its largest value is left: 1e-16."""

_SHARES = np.arange(NODES + 1) / NODES
_HALVES = np.where(_SHARES == 0, 1.0, 2.0)


def _saddle(ratios: Array, shares: Array, branch: Array, below: NDArray[np.bool_]) -> Array:
    """Minimum of ``z - 1/2 sum s log(1 + 2 r z) - log |z|``, over z > 0 if `below`, else over branch < z < 0."""
    left = np.where(below, 0.0, branch)
    right = np.where(below, 1 + ratios.shape[-1] / 2, 0.0)
    for _ in range(HALVINGS):
        z = 0.5 * (left + right)
        rises = 1 - np.sum(shares * ratios / (1 + 2 * ratios * z[..., None]), axis=-1) - 1 / z > 0
        left, right = np.where(rises, left, z), np.where(rises, z, right)
    return 0.5 * (left + right)


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
        Within about 1e-13, small probabilities relatively so.

    Notes
    -----
    Q_a is a sum of k - 1 chi-squared variables with unequal weights. Its Laplace transform needs no eigenvalues: by
    the determinant of a diagonal matrix less one of rank 1, ``E exp(-s Q_a) = prod (1 + 2 s a_i d_i)^(-1/2) [sum
    (a_i/sum a) / (1 + 2 s a_i d_i)]^(-1/2)``. Its singularities lie on the negative real axis, from a branch
    point on. The inversion integral runs along a parabola about that branch cut whose vertex is the saddle point of
    the integrand, to the right of its pole at 0 for the lower tail and to the left of it for the upper, and the
    trapezoidal rule along it converges geometrically (Weideman and Trefethen). Nothing cancels.

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
    shape = np.shape(variances)[:-1]
    if q <= 0:
        return np.zeros(shape)
    ratios = a * variances / q
    branch = -0.5 / np.max(ratios, axis=-1)
    shares = 1 - a / np.sum(a)
    below = np.sum(shares * ratios, axis=-1) > 1
    vertex = _saddle(ratios, shares, branch, below)
    opening = vertex - branch
    step = REACH / NODES / np.sqrt(opening)
    side = 1 + 1j * (step * NODES)[..., None] * _SHARES
    z = branch[..., None] + opening[..., None] * side**2
    factors = 1 + 2 * z[..., None] * ratios[..., None, :]
    logs = np.sum(np.log(factors), axis=-1) + np.log(np.sum(a / np.sum(a) / factors, axis=-1))
    terms = (np.exp(z - 0.5 * logs) * side / z).real
    integral = np.sum(_HALVES * terms, axis=-1) * opening * step / math.pi
    return np.clip(np.where(below, integral, 1 + integral), 0.0, 1.0)


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
    q, tail = float(row_sum_of_squares(yi, a)), (1 - prob) / 2

    def below(tau2: float) -> float:
        return float(q_distribution(q, a, vi + tau2))

    start = float(np.mean(vi))
    return crossing(below, 1 - tail, start), crossing(below, tail, start)
