"""The weighted mean of effects, with all that its intervals are made from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.heterogeneity import Tau2, residual_trace, weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["KenwardRoger", "PooledMean", "hartung_knapp_factor", "kenward_roger", "pooled_mean"]

NO_SPREAD = 1e-20
"""Hartung-Knapp's q at or below this is 0: the effects agree to 1e-10 of their standard errors, which only
equal data do; what is left is the rounding of their logarithms."""

ROUNDING = 16 * np.finfo(float).eps
"""Effects apart by no more than this share of their size are equal up to rounding."""


@dataclass(frozen=True, slots=True)
class PooledMean:
    """An inverse-variance mean.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances.
    tau2 : float
        Between-study variance in the weights; 0 for one study.
    found : float
        Its estimate; NaN for one study.
    estimator : str
        The estimator's name.
    estimate, se : float
        ``sum w y / sum w`` and the conventional standard error, ``1/sqrt(sum w)``, ``w = 1/(vi + tau2)``.
    q : float
        `hartung_knapp_factor`.
    """

    yi: Array
    vi: Array
    tau2: float
    found: float
    estimator: str
    estimate: float
    se: float
    q: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.yi)

    @property
    def w(self) -> Array:
        """Weights, shape (k,)."""
        weights: Array = 1 / (self.vi + self.tau2)
        return weights


def pooled_mean(yi: Array, vi: Array, tau2: Tau2, estimator: str) -> PooledMean:
    """Pool effects with a given tau2 (one study: with none)."""
    used = 0.0 if len(yi) == 1 else tau2.value
    w = 1 / (vi + used)
    q = hartung_knapp_factor(yi, vi, used)
    se = 1 / math.sqrt(float(np.sum(w)))
    return PooledMean(yi, vi, used, tau2.value, estimator, weighted_mean(yi, w), se, q)


def hartung_knapp_factor(yi: Array, vi: Array, tau2: float) -> float:
    """Hartung and Knapp's q, which multiplies the squared conventional standard error.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances.
    tau2 : float
        Between-study variance.

    Returns
    -------
    float
        ``sum w (y - mean)^2 / (k - 1)``, ``w = 1/(vi + tau2)``; exactly 0 where the effects agree up to
        rounding, NaN for one study.
    """
    if len(yi) < 2:
        return math.nan
    w = 1 / (vi + tau2)
    residuals = yi - weighted_mean(yi, w)
    q = float(np.sum(w * residuals**2)) / (len(yi) - 1)
    equal = bool(np.max(np.abs(residuals)) <= ROUNDING * np.max(np.abs(yi)))
    return 0.0 if equal or q <= NO_SPREAD else q


@dataclass(frozen=True, slots=True)
class KenwardRoger:
    """Kenward and Roger's standard error of a mean.

    Parameters
    ----------
    se : float
        Standard error, enlarged for the uncertainty of tau2.
    df : float
        Degrees of freedom of its t distribution.
    """

    se: float
    df: float


def kenward_roger(mean: PooledMean) -> KenwardRoger:
    """Kenward and Roger's standard error and degrees of freedom of a REML mean.

    Parameters
    ----------
    mean : PooledMean
        Of at least two studies.

    Returns
    -------
    KenwardRoger

    Notes
    -----
    With ``W_p = sum w^p`` and the expected information on tau2 ``I = W_2/2 - W_3/W_1 + (W_2/W_1)^2/2``: variance
    ``(1 + 2 (W_3/W_1 - (W_2/W_1)^2)/I)/W_1``, degrees of freedom ``2 I/(variance W_2)^2``. Equal sampling variances
    give the conventional standard error and k - 1.

    References
    ----------
    Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum likelihood.
    Biometrics 53:983-997. doi:10.2307/2533558. Partlett C, Riley RD (2017). doi:10.1002/sim.7140
    """
    w = mean.w
    total, squares = float(np.sum(w)), float(np.sum(w**2))
    information = residual_trace(w, np.ones_like(w)) / 2
    spread = float(np.sum(w * (w - squares / total) ** 2)) / total
    variance = (1 + 2 * spread / information) / total
    return KenwardRoger(math.sqrt(variance), 2 * information / (variance * squares) ** 2)
