"""Estimators of tau2 by the method of moments: one generalised Q statistic, several choices of its weights.

For weights a, ``Q_a = sum a (y - mean_a)^2`` has expectation ``b + c tau2``; every estimator here is ``max(0, (Q_a -
b)/c)`` for its own a, b and c. Effects may have the shape ``(..., k)``: rows are meta-analyses with the same sampling
variances.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.heterogeneity import pair_sum, residual_trace, row_sum_of_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type Weighting = Callable[[Array, Array], Moment]

__all__ = [
    "Moment",
    "dersimonian_laird",
    "generalised_q",
    "hedges",
    "hunter_schmidt",
    "hunter_schmidt_corrected",
    "inverse_se",
    "moment_standard_error",
    "moment_tau2",
    "sidik_jonkman",
    "two_step",
]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment equation for tau2.

    Parameters
    ----------
    weights : ndarray, shape (..., k)
        The weights a of the generalised Q statistic.
    expected : ndarray, shape (...)
        b, what is taken from ``Q_a``.
    factor : ndarray, shape (...)
        ``1/c``, what the rest is multiplied by.
    """

    weights: Array
    expected: Array
    factor: Array


def generalised_q(vi: Array, a: Array) -> Moment:
    """Moment equation of the generalised Q statistic for any positive weights.

    Parameters
    ----------
    vi : ndarray, shape (k,)
        Sampling variances.
    a : ndarray, shape (..., k)
        Weights, above 0, that do not depend on the effects.

    Returns
    -------
    Moment

    Notes
    -----
    ``E Q_a = sum a (1 - a/sum a) vi + (sum a - sum a^2/sum a) tau2`` (DerSimonian and Kacker's equation 6).

    References
    ----------
    DerSimonian R, Kacker R (2007). Random-effects model for meta-analysis of clinical trials: an update. Contemporary
    Clinical Trials 28:105-114. doi:10.1016/j.cct.2006.04.004

    Examples
    --------
    Weights 1/vi give DerSimonian and Laird's estimator:

    >>> yi, vi = np.array([0.0, 2.0, 1.0]), np.array([0.1, 0.2, 0.1])
    >>> round(float(moment_tau2(yi, generalised_q(vi, 1 / vi))), 4)
    0.75
    """
    total = np.sum(a, axis=-1, keepdims=True)
    expected = np.sum(a * (total - a) * vi, axis=-1) / total[..., 0]
    return Moment(a, expected, total[..., 0] / (2 * pair_sum(a)))


def moment_tau2(yi: Array, moment: Moment) -> Array:
    """Solve a moment equation: ``max(0, (Q_a - b)/c)``, shape ``(...)``."""
    q = row_sum_of_squares(yi, moment.weights)
    return np.maximum(0.0, (q - moment.expected) * moment.factor)


def moment_standard_error(moment: Moment, vi: Array, tau2: float) -> float:
    """Standard error of a moment estimator (one meta-analysis), truncation at 0 left aside.

    Parameters
    ----------
    moment : Moment
        Its equation, weights of shape (k,); weights that depend on the effects are taken as known.
    vi : ndarray, shape (k,)
        Sampling variances.
    tau2 : float
        The estimate.

    Returns
    -------
    float
        ``sqrt(var Q_a)/c``.
    """
    return float(moment.factor) * math.sqrt(2 * residual_trace(moment.weights, vi + tau2))


def dersimonian_laird(yi: Array, vi: Array) -> Moment:
    """DerSimonian and Laird: weights ``1/vi``, so b = k - 1.

    References
    ----------
    DerSimonian R, Laird N (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7:177-188.
    doi:10.1016/0197-2456(86)90046-2
    """
    w = 1 / vi
    factor = np.sum(w) / (2 * pair_sum(w))
    return Moment(w, np.asarray(yi.shape[-1] - 1.0), factor)


def hedges(yi: Array, vi: Array) -> Moment:
    """Hedges, or Cochran's analysis of variance: equal weights, the sample variance less the mean sampling variance.

    References
    ----------
    Hedges LV (1983). A random effects model for effect sizes. Psychological Bulletin 93:388-395.
    doi:10.1037/0033-2909.93.2.388
    """
    df = yi.shape[-1] - 1
    return Moment(np.ones_like(vi), np.asarray(np.mean(vi) * df), np.asarray(1 / df))


def hunter_schmidt(yi: Array, vi: Array) -> Moment:
    """Hunter and Schmidt: ``(Q - k)/sum w``; biased downwards, as k is more than Q's expectation.

    References
    ----------
    Schmidt FL, Hunter JE (2015). Methods of meta-analysis, 3rd ed. Sage. Viechtbauer W (2005).
    doi:10.3102/10769986030003261
    """
    w = 1 / vi
    return Moment(w, np.asarray(float(yi.shape[-1])), np.asarray(1 / np.sum(w)))


def hunter_schmidt_corrected(yi: Array, vi: Array) -> Moment:
    """Hunter and Schmidt with a correction for few studies: ``(Q k/(k-1) - k)/sum w``.

    References
    ----------
    Brannick MT, Potter SM, Benitez B, Morris SB (2019). Bias and precision of alternate estimators in meta-analysis:
    benefits of blending Schmidt-Hunter and Hedges approaches. Organizational Research Methods 22:490-514.
    doi:10.1177/1094428117741966
    """
    k, w = yi.shape[-1], 1 / vi
    return Moment(w, np.asarray(k - 1.0), np.asarray(k / (k - 1) / np.sum(w)))


def sidik_jonkman(yi: Array, vi: Array, start: float | None = None) -> Moment:
    """Sidik and Jonkman: ``t Q_a/(k - 1)``, ``a = 1/(vi + t)``, t the effects' plain variance (over k).

    Always above 0 unless all effects are equal, and larger than others where there is little heterogeneity. Another
    `start` for t gives another estimate.

    References
    ----------
    Sidik K, Jonkman JN (2005). Simple heterogeneity variance estimation for meta-analysis. Journal of the Royal
    Statistical Society C 54:367-384. doi:10.1111/j.1467-9876.2005.00489.x. Sidik K, Jonkman JN (2007). A comparison
    of heterogeneity variance estimators in combining results of studies. Statistics in Medicine 26:1964-1981.
    doi:10.1002/sim.2688
    """
    plain = np.mean((yi - np.mean(yi, axis=-1, keepdims=True)) ** 2, axis=-1)
    t = plain if start is None else np.full_like(plain, start)
    zero: Array = np.zeros_like(plain)
    return Moment(1 / (vi + t[..., None]), zero, t / (yi.shape[-1] - 1))


def inverse_se(_yi: Array, vi: Array) -> Moment:
    """Generalised Q with weights ``1/sei``, which lie between Hedges' and DerSimonian and Laird's.

    References
    ----------
    Jackson D (2013). Confidence intervals for the between-study variance in random effects meta-analysis using
    generalised Cochran heterogeneity statistics. Research Synthesis Methods 4:220-229. doi:10.1002/jrsm.1081
    """
    return generalised_q(vi, 1 / np.sqrt(vi))


def two_step(yi: Array, vi: Array) -> Moment:
    """Two-step DerSimonian-Laird: generalised Q with weights ``1/(vi + DL)``, close to Paule and Mandel's estimator.

    References
    ----------
    DerSimonian R, Kacker R (2007). doi:10.1016/j.cct.2006.04.004
    """
    first = moment_tau2(yi, dersimonian_laird(yi, vi))
    return generalised_q(vi, 1 / (vi + first[..., None]))
