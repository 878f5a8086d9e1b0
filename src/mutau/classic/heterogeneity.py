"""Between-study variance: Cochran's Q and the estimators of tau2.

Arrays of effects ``yi`` and sampling variances ``vi``, shape ``(k,)``, on one analysis scale. ``w = 1/(vi +
tau2)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = [
    "ESTIMATORS",
    "Heterogeneity",
    "Tau2",
    "dersimonian_laird",
    "heterogeneity",
    "paule_mandel",
    "restricted_maximum_likelihood",
    "trace_term",
    "weighted_mean",
]

GRID_STEP = 0.02
"""Spacing, in log(tau2 + smallest variance), of the search for every maximum of the restricted likelihood:
each term 1/(vi + tau2) changes by at most 2% from one point to the next."""

MAX_STEPS = 1000
"""Steps allowed to the root finder; bisection alone reaches float64 resolution in fewer."""


@dataclass(frozen=True, slots=True)
class Tau2:
    """An estimate of the between-study variance.

    Parameters
    ----------
    value : float
        tau2 on the squared analysis scale, at least 0; NaN if it could not be found.
    note : str
        What a reader must know: why it is NaN, or that the likelihood has several maxima.
    """

    value: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q and what follows from it.

    Parameters
    ----------
    q, q_df, q_p_value : float
        Q about a mean, its degrees of freedom ``k - 1``, its chi-squared p-value.
    typical_variance : float
        Higgins and Thompson's typical sampling variance, ``(k - 1) / (sum w - sum w^2 / sum w)`` with ``w =
        1/vi``.
    """

    q: float
    q_df: float
    q_p_value: float
    typical_variance: float

    def i2_h2(self, tau2: float | None) -> tuple[float, float]:
        """I2 (percent) and H2: from Q for a common-effect result (`tau2` None), else from tau2.

        Notes
        -----
        As metafor. Common effect: ``I2 = max(0, 100 (Q - df) / Q)``, ``H2 = Q / df`` (below 1 where Q < df).
        Random effects, whatever the estimator: ``I2 = 100 tau2 / (tau2 + s2)``, ``H2 = (tau2 + s2) / s2``,
        with s2 the typical variance; with DerSimonian-Laird the two definitions agree.
        """
        if self.q_df < 1:
            return math.nan, math.nan
        if tau2 is None:
            return (100 * max(0.0, self.q - self.q_df) / self.q if self.q > 0 else 0.0), self.q / self.q_df
        total = tau2 + self.typical_variance
        return 100 * tau2 / total, total / self.typical_variance


def weighted_mean(y: Array, w: Array) -> float:
    """Weighted mean; exact where all effects are equal."""
    return float(y[0] + np.sum(w * (y - y[0])) / np.sum(w))


def trace_term(w: Array) -> float:
    """Compute ``sum w - sum w^2 / sum w`` as ``2 sum_{i<j} w_i w_j / sum w``: no cancellation."""
    ordered = np.sort(w)
    smaller = np.cumsum(ordered) - ordered
    return float(2 * np.sum(ordered * smaller) / np.sum(ordered))


def heterogeneity(yi: Array, vi: Array, about: float | None = None) -> Heterogeneity:
    """Cochran's Q.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances.
    about : float, optional
        The mean that Q is taken about; the inverse-variance mean by default, the Mantel-Haenszel estimate as
        RevMan.

    Returns
    -------
    Heterogeneity

    Notes
    -----
    ``Q = sum w (y - mean)^2`` with ``w = 1/vi``, referred to chi-squared with k - 1 degrees of freedom. With
    one study Q is 0 and its p-value, I2 and H2 do not exist.

    References
    ----------
    Cochran WG (1954). The combination of estimates from different experiments. Biometrics 10:101-129.
    doi:10.2307/3001666. Higgins JPT, Thompson SG (2002). Quantifying heterogeneity in a meta-analysis.
    Statistics in Medicine 21:1539-1558. doi:10.1002/sim.1186
    """
    df = len(yi) - 1
    if df < 1:
        return Heterogeneity(0.0 if df == 0 else math.nan, 0.0, math.nan, math.nan)
    w = 1 / vi
    mean = weighted_mean(yi, w) if about is None else about
    q = float(np.sum(w * (yi - mean) ** 2))
    return Heterogeneity(q, float(df), float(chdtrc(df, q)), df / trace_term(w))


def dersimonian_laird(yi: Array, vi: Array, about: float | None = None) -> Tau2:
    """DerSimonian and Laird's moment estimator, ``max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w))``.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    about : float, optional
        The mean that Q is taken about; see `heterogeneity`.

    Returns
    -------
    Tau2

    References
    ----------
    DerSimonian R, Laird N (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7:177-188.
    doi:10.1016/0197-2456(86)90046-2
    """
    q = heterogeneity(yi, vi, about).q
    return Tau2(max(0.0, (q - (len(yi) - 1)) / trace_term(1 / vi)))


def _root(function: Callable[[float], float], lower: float, upper: float) -> float:
    """Find where a function changes sign between `lower` and `upper`, to float64 resolution; NaN if not."""
    at_lower, at_upper = function(lower), function(upper)
    if at_lower == 0:
        return lower
    if at_upper == 0:
        return upper
    if not at_lower * at_upper < 0:
        return math.nan
    root, report = brentq(
        function,
        lower,
        upper,
        xtol=5e-324,
        rtol=4 * np.finfo(float).eps,
        maxiter=MAX_STEPS,
        full_output=True,
        disp=False,
    )
    return float(root) if report.converged else math.nan


def paule_mandel(yi: Array, vi: Array) -> Tau2:
    """Paule and Mandel's estimator: the tau2 at which the generalised Q equals its expectation.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2

    Notes
    -----
    Solves ``sum w (y - mean)^2 = k - 1``, ``w = 1/(vi + tau2)``; 0 where the left side is at most k - 1
    already at 0. The left side falls strictly, and is at most ``S / (tau2 + min vi)`` with S the sum of
    squares about the plain mean, so the root lies below ``S / (k - 1)``: bracketed, then found by Brent's
    method to float64 resolution. It is also the empirical Bayes estimator.

    References
    ----------
    Paule RC, Mandel J (1982). Consensus values and weighting factors. Journal of Research of the National
    Bureau of Standards 87:377-385. doi:10.6028/jres.087.022
    """
    df = len(yi) - 1

    def excess(tau2: float) -> float:
        w = 1 / (vi + tau2)
        return float(np.sum(w * (yi - weighted_mean(yi, w)) ** 2)) - df

    if excess(0.0) <= 0:
        return Tau2(0.0)
    upper = 1.001 * float(np.sum((yi - np.mean(yi)) ** 2)) / df
    value = _root(excess, 0.0, upper)
    return Tau2(value, "" if math.isfinite(value) else "Paule-Mandel: no root was found for these effects")


def _restricted_score(tau2: float, yi: Array, vi: Array) -> float:
    """Twice the derivative of the restricted log likelihood in tau2."""
    w = 1 / (vi + tau2)
    return float(np.sum((w * (yi - weighted_mean(yi, w))) ** 2)) - trace_term(w)


def _restricted_log_likelihood(tau2: float, yi: Array, vi: Array) -> float:
    w = 1 / (vi + tau2)
    residual = float(np.sum(w * (yi - weighted_mean(yi, w)) ** 2))
    return -0.5 * (residual - float(np.sum(np.log(w))) + math.log(float(np.sum(w))))


def _restricted_upper(yi: Array, vi: Array) -> float:
    """Give a tau2 beyond which the restricted score is negative; 0 if it is negative everywhere."""
    df = len(yi) - 1
    s = float(np.sum((yi - np.mean(yi)) ** 2))
    smallest, largest = float(np.min(vi)), float(np.max(vi))
    positive = (s + math.sqrt(s * (s + 4 * df * (largest - smallest)))) / (2 * df)
    return max(0.0, 1.001 * positive - smallest)


def restricted_maximum_likelihood(yi: Array, vi: Array) -> Tau2:
    """Restricted maximum likelihood estimator: the global maximum over tau2 >= 0.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2
        With a note where the restricted likelihood has more than one local maximum.

    Notes
    -----
    Maximises ``-1/2 [sum log(vi + tau2) + log(sum w) + sum w (y - mean)^2]``. Its derivative is
    ``1/2 [sum w^2 (y - mean)^2 - (sum w - sum w^2 / sum w)]``. With S the sum of squares about the plain mean
    and a and b the smallest and largest vi, the derivative is negative as soon as ``(k-1) (tau2 + a)^2 > S
    (tau2 + b)``: that bounds the search from above. Below, the derivative is taken on a grid even in log(tau2
    + a) with steps of 0.02, finer than any feature of a sum of functions of ``1/(vi + tau2)``; every change
    from rising to falling is a local maximum, found by Brent's method to float64 resolution; 0 is one if the
    derivative there is not positive. The likelihoods of all are compared, a tie going to the smaller tau2.
    Two extrema inside one cell of the grid would be missed, but such a maximum is higher than its
    neighbourhood by no more than the likelihood moves in one cell, and lower than where the likelihood came
    from.

    Fisher scoring, as in most programs, finds the maximum nearest to its start instead.

    References
    ----------
    Viechtbauer W (2005). Bias and efficiency of meta-analytic variance estimators in the random-effects
    model. Journal of Educational and Behavioral Statistics 30:261-293. doi:10.3102/10769986030003261
    """
    upper = _restricted_upper(yi, vi)
    if upper == 0:
        return Tau2(0.0)

    def score(tau2: float) -> float:
        return _restricted_score(tau2, yi, vi)

    smallest = float(np.min(vi))
    span = math.log1p(upper / smallest)
    grid = smallest * np.expm1(np.linspace(0.0, span, max(3, math.ceil(span / GRID_STEP) + 1)))
    scores = [score(float(t)) for t in grid]
    maxima = [0.0] if scores[0] <= 0 else []
    for i in range(len(grid) - 1):
        if scores[i] > 0 >= scores[i + 1]:
            maxima.append(_root(score, float(grid[i]), float(grid[i + 1])))
    if not maxima or not all(map(math.isfinite, maxima)):
        return Tau2(math.nan, "REML: no maximum of the restricted likelihood was found for these effects")
    best = max(maxima, key=lambda tau2: _restricted_log_likelihood(tau2, yi, vi))
    if len(maxima) == 1:
        return Tau2(best)
    places = ", ".join(f"{math.sqrt(tau2):.4g}" for tau2 in maxima)
    return Tau2(
        best, f"The restricted likelihood has {len(maxima)} maxima, at tau = {places}; the highest is used"
    )


ESTIMATORS: Mapping[str, Callable[[Array, Array], Tau2]] = MappingProxyType(
    {
        "CE": lambda _yi, _vi: Tau2(0.0),
        "DL": dersimonian_laird,
        "PM": paule_mandel,
        "REML": restricted_maximum_likelihood,
    }
)
"""Estimator of tau2 by name."""
