"""Mantel-Haenszel estimates from 2x2 tables and from rates, with their variances.

``a`` of ``n1`` have the event under treatment, ``c`` of ``n2`` under control; ``b = n1 - a``, ``d = n2 - c``,
``N = n1 + n2``; arrays of shape ``(k,)``. None of these needs a zero-cell correction: only sums over studies
are divided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = [
    "RD_VARIANCES",
    "TableEstimate",
    "mh_odds_ratio",
    "mh_rate_difference",
    "mh_rate_ratio",
    "mh_risk_difference",
    "mh_risk_ratio",
]

RD_VARIANCES = ("Greenland-Robins", "Sato")
"""Variances of the Mantel-Haenszel risk difference: RevMan's and Stata's; metafor's."""


@dataclass(frozen=True, slots=True)
class TableEstimate:
    """A Mantel-Haenszel estimate.

    Parameters
    ----------
    estimate, se : float
        Estimate on the analysis scale (log for ratios) and its standard error; NaN if it does not exist.
    weights : ndarray, shape (k,)
        Mantel-Haenszel weights, not normalised.
    reason : str
        Why it does not exist; else empty.
    """

    estimate: float
    se: float
    weights: Array
    reason: str = ""


def mh_risk_ratio(a: Array, n1: Array, c: Array, n2: Array) -> TableEstimate:
    """Mantel-Haenszel log risk ratio with Greenland and Robins' variance.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and participants, treatment then control.

    Returns
    -------
    TableEstimate

    Notes
    -----
    ``RR = R/S``, ``R = sum a n2/N``, ``S = sum c n1/N``; ``var(log RR) = sum (n1 n2 (a + c)/N^2 - a c/N) / (R
    S)``.

    References
    ----------
    Greenland S, Robins JM (1985). Estimation of a common effect parameter from sparse follow-up data.
    Biometrics 41:55-68. doi:10.2307/2530643
    """
    total = n1 + n2
    r, s = float(np.sum(a * n2 / total)), float(np.sum(c * n1 / total))
    weights = c * n1 / total
    if r == 0 or s == 0:
        return TableEstimate(
            math.nan, math.nan, weights, "No Mantel-Haenszel RR: an arm has no events in any study"
        )
    p = float(np.sum(n1 / total * (n2 / total) * (a + c) - a * c / total))
    return TableEstimate(math.log(r / s), math.sqrt(max(p, 0.0) / (r * s)), weights)


def mh_odds_ratio(a: Array, n1: Array, c: Array, n2: Array) -> TableEstimate:
    """Mantel-Haenszel log odds ratio with Robins, Breslow and Greenland's variance.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and participants, treatment then control.

    Returns
    -------
    TableEstimate

    Notes
    -----
    ``OR = R/S``, ``R = sum a d/N``, ``S = sum b c/N``; with ``P = (a + d)/N`` and ``Q = (b + c)/N``,
    ``var(log OR) = 1/2 (sum P a d/N / R^2 + sum (P b c/N + Q a d/N) / (R S) + sum Q b c/N / S^2)``.

    References
    ----------
    Robins J, Breslow N, Greenland S (1986). Estimators of the Mantel-Haenszel variance consistent in both
    sparse data and large-strata limiting models. Biometrics 42:311-323. doi:10.2307/2531052
    """
    b, d, total = n1 - a, n2 - c, n1 + n2
    ri, si = a * d / total, b * c / total
    p, q = (a + d) / total, (b + c) / total
    r, s = float(np.sum(ri)), float(np.sum(si))
    if r == 0 or s == 0:
        reason = "No Mantel-Haenszel OR: the sum of a d/N or of b c/N over the studies is 0"
        return TableEstimate(math.nan, math.nan, si, reason)
    variance = np.sum(p * ri) / r**2 + np.sum(p * si + q * ri) / (r * s) + np.sum(q * si) / s**2
    return TableEstimate(math.log(r / s), math.sqrt(float(variance) / 2), si)


def mh_risk_difference(
    a: Array, n1: Array, c: Array, n2: Array, variance: str = "Greenland-Robins"
) -> TableEstimate:
    """Mantel-Haenszel risk difference.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and participants, treatment then control.
    variance : {"Greenland-Robins", "Sato"}
        Greenland and Robins' (RevMan, Stata's metan, R's meta) or Sato's (metafor), which stays consistent
        with many small studies.

    Returns
    -------
    TableEstimate

    Notes
    -----
    ``RD = sum (a n2 - c n1)/N / W``, ``W = sum n1 n2/N``. Greenland-Robins: ``sum (a b n2^3 + c d n1^3)/(n1
    n2 N^2) / W^2``, 0 if no study has a p strictly between 0 and 1. Sato: ``(RD P + Q)/W^2`` with ``P = sum
    (n1^2 c - n2^2 a + n1 n2 (n2 - n1)/2)/N^2`` and ``Q = sum (a d + b c)/(2 N)``.

    References
    ----------
    Greenland S, Robins JM (1985). doi:10.2307/2530643. Sato T (1989). On the variance estimator for the
    Mantel-Haenszel risk difference. Biometrics 45:1323-1324.
    """
    b, d, total = n1 - a, n2 - c, n1 + n2
    weights = n1 * n2 / total
    w = float(np.sum(weights))
    estimate = float(np.sum((a * n2 - c * n1) / total)) / w
    if variance == "Sato":
        p = float(np.sum((n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / total**2))
        spread = estimate * p + float(np.sum((a * d + b * c) / total)) / 2
    else:
        spread = float(np.sum((a * b * n2**3 + c * d * n1**3) / (n1 * n2 * total**2)))
    if spread <= 0:
        return TableEstimate(
            estimate, math.nan, weights, "No standard error: no arm has both events and non-events"
        )
    return TableEstimate(estimate, math.sqrt(spread) / w, weights)


def mh_rate_ratio(a: Array, t1: Array, c: Array, t2: Array) -> TableEstimate:
    """Mantel-Haenszel log incidence rate ratio.

    Parameters
    ----------
    a, t1, c, t2 : ndarray, shape (k,)
        Events and person-time, treatment then control.

    Returns
    -------
    TableEstimate

    Notes
    -----
    With ``T = t1 + t2``: ``IRR = R/S``, ``R = sum a t2/T``, ``S = sum c t1/T``; ``var(log IRR) = sum t1 t2 (a +
    c)/T^2 / (R S)``.

    References
    ----------
    Greenland S, Robins JM (1985). doi:10.2307/2530643
    """
    share1, share2 = t1 / (t1 + t2), t2 / (t1 + t2)
    weights = c * share1
    r, s = float(np.sum(a * share2)), float(np.sum(weights))
    if r == 0 or s == 0:
        reason = "No Mantel-Haenszel IRR: an arm has no events in any study"
        return TableEstimate(math.nan, math.nan, weights, reason)
    return TableEstimate(
        math.log(r / s), math.sqrt(float(np.sum(share1 * share2 * (a + c))) / (r * s)), weights
    )


def mh_rate_difference(a: Array, t1: Array, c: Array, t2: Array) -> TableEstimate:
    """Mantel-Haenszel incidence rate difference.

    Parameters
    ----------
    a, t1, c, t2 : ndarray, shape (k,)
        Events and person-time, treatment then control.

    Returns
    -------
    TableEstimate

    Notes
    -----
    With weights ``w = t1 t2/(t1 + t2)``: ``IRD = sum w (a/t1 - c/t2) / sum w``, ``var(IRD) = sum w^2 (a/t1^2 +
    c/t2^2) / (sum w)^2``.

    References
    ----------
    Greenland S, Robins JM (1985). doi:10.2307/2530643
    """
    weights = t1 * (t2 / (t1 + t2))
    w = weights / np.sum(weights)
    estimate = float(np.sum(w * (a / t1 - c / t2)))
    variance = float(np.sum(w**2 * (a / t1**2 + c / t2**2)))
    if variance == 0:
        return TableEstimate(estimate, math.nan, weights, "No standard error: no arm has events")
    return TableEstimate(estimate, math.sqrt(variance), weights)
