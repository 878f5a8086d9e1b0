"""Nagashima, Noma and Furukawa's bootstrap prediction interval, without random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtrit

from mutau.classic.heterogeneity import row_sum_of_squares
from mutau.classic.quadratic import q_distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["nagashima_limits"]

LOG2_POINTS = 16
"""Of the 65,536 points: the limits lie within about a thousandth of the interval's width of their limit."""

GRID_STEP = 0.02
"""Spacing, in log(tau2 + smallest variance), of the tabulated distribution of tau2."""

CHUNK = 20_000
"""Effects in the rows of the table that are computed together: bounds the memory."""


def _distribution_of_tau2(yi: Array, vi: Array, least: float) -> tuple[Array, Array]:
    """Tabulate ``P(Q >= observed; tau2)``, which rises from Q's p-value to 1, until less than `least` is left."""
    w = 1 / vi
    q, smallest = float(row_sum_of_squares(yi, w)), float(np.min(vi))
    growth = np.exp(GRID_STEP * np.arange(1, max(2, CHUNK // len(vi))))
    tau2, below = [np.zeros(1)], [q_distribution(q, w, vi[None])]
    while below[-1][-1] > least:
        tau2.append((tau2[-1][-1] + smallest) * growth - smallest)
        below.append(q_distribution(q, w, vi + tau2[-1][:, None]))
    return np.concatenate(tau2), 1 - np.concatenate(below)


def nagashima_limits(yi: Array, vi: Array, prob: float) -> tuple[float, float]:
    """Prediction limits from the confidence distribution of tau2.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float

    Notes
    -----
    The effect in a new study is ``mean(t) + sqrt(t) z - se(t) T``, where t is drawn from the confidence
    distribution of tau2 that belongs to DerSimonian and Laird's estimator, ``P(t <= x) = P(Q >= observed; tau2 =
    x)`` by the exact distribution of Q; z is standard normal; T follows t with k - 1 degrees of freedom; mean and
    se are the inverse-variance mean and Hartung and Knapp's standard error with weights ``1/(vi + t)``. The limits
    are quantiles. It does not depend on the estimator of tau2 that the mean was pooled with.

    The authors draw 25,000 times; here the three uniform numbers behind a draw are the points of a Sobol sequence,
    which cover the cube evenly: no seed, and a smaller error.

    References
    ----------
    Nagashima K, Noma H, Furukawa TA (2019). Prediction intervals for random-effects meta-analysis: a confidence
    distribution approach. Statistical Methods in Medical Research 28:1689-1702. doi:10.1177/0962280218773520
    """
    from scipy.stats.qmc import Sobol  # scipy.stats takes long to import, and nothing else here needs it

    points = 2**LOG2_POINTS
    u = Sobol(3, scramble=False).random_base2(LOG2_POINTS) + 0.5 / points
    tau2, above = _distribution_of_tau2(yi, vi, 0.25 / points)
    w = 1 / (vi + tau2[:, None])
    first, df = yi[0], len(yi) - 1
    mean = first + np.sum(w * (yi - first), axis=1) / np.sum(w, axis=1)
    se = np.sqrt(row_sum_of_squares(yi, w) / df / np.sum(w, axis=1))
    at = np.arange(len(above), dtype=float)
    cell = np.interp(u[:, 0], above, at)
    t, m, s = (np.interp(cell, at, table) for table in (tau2, mean, se))
    drawn = m + np.sqrt(t) * ndtri(u[:, 1]) - s * stdtrit(df, u[:, 2])
    lower, upper = np.quantile(drawn, [(1 - prob) / 2, (1 + prob) / 2])
    return float(lower), float(upper)
