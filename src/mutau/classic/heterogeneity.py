"""Cochran's Q, I2 and H2.

Arrays of effects ``yi`` and sampling variances ``vi``, shape ``(k,)``, on one analysis scale. ``w = 1/(vi +
tau2)``. Where a function says ``(..., k)``, rows are separate meta-analyses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.pooled_mean import PooledMean

    type Array = NDArray[np.float64]

__all__ = [
    "Heterogeneity",
    "cochran",
    "heterogeneity",
    "row_sum_of_squares",
    "trace_term",
    "weighted_mean",
]


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q and what follows from it; of many sets of studies, as arrays.

    Parameters
    ----------
    q, q_df, q_p_value : float
        Q about a mean, its degrees of freedom ``k - 1``, its chi-squared p-value.
    typical_variance : float
        Higgins and Thompson's typical sampling variance, ``(k - 1) / (sum w - sum w^2 / sum w)`` with ``w =
        1/vi``.
    """

    q: Any
    q_df: Any
    q_p_value: Any
    typical_variance: Any

    def i2_h2(self, tau2: Any) -> tuple[Any, Any]:
        """I2 (percent) and H2: from Q for a common-effect result (`tau2` None), else from tau2; NaN for one study.

        Notes
        -----
        As metafor. Common effect: ``I2 = max(0, 100 (Q - df) / Q)``, ``H2 = Q / df`` (below 1 where Q < df).
        Random effects, whatever the estimator: ``I2 = 100 tau2 / (tau2 + s2)``, ``H2 = (tau2 + s2) / s2``,
        with s2 the typical variance; with DerSimonian-Laird the two definitions agree.
        """
        if tau2 is None:
            df = np.where(np.asarray(self.q_df) < 1, math.nan, self.q_df)
            share = np.maximum(0.0, self.q - df) / np.where(np.asarray(self.q) > 0, self.q, 1.0)
            return 100 * share, self.q / df
        total = tau2 + self.typical_variance
        return 100 * tau2 / total, total / self.typical_variance


def weighted_mean(y: Array, w: Array) -> float:
    """Weighted mean; exact where all effects are equal."""
    return float(y[0] + np.sum(w * (y - y[0])) / np.sum(w))


def trace_term(w: Array) -> float:
    """Compute ``sum w - sum w^2 / sum w`` as ``2 sum_{i<j} w_i w_j / sum w``: no cancellation."""
    ordered = np.sort(w)
    smaller = np.cumsum(ordered) - ordered
    return float(2 * np.sum(ordered * smaller) / np.sum(w))


def row_sum_of_squares(yi: Array, a: Array) -> Array:
    """Compute ``sum a (y - mean_a)^2`` along the last axis; effects and weights of shape ``(..., k)``."""
    first = yi[..., :1]
    mean = first + np.sum(a * (yi - first), axis=-1, keepdims=True) / np.sum(a, axis=-1, keepdims=True)
    squares: Array = np.sum(a * (yi - mean) ** 2, axis=-1)
    return squares


def cochran(mean: PooledMean) -> Heterogeneity:
    """Cochran's Q about the inverse-variance mean, from what the kernel found; see `heterogeneity`."""
    df = mean.k - 1.0
    p_value = chdtrc(df, mean.cochran)  # NaN where df = 0
    return Heterogeneity(mean.cochran, df, p_value, mean.typical)


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
