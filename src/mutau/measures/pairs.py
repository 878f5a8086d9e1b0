"""Matched pairs: the ratio of the two marginal risks or odds, and the conditional odds ratio.

Arrays of one shape ``(k,)`` in, ``(yi, vi)`` out: pairs with the event under both treatments, under treatment only,
under control only, under neither. What does not exist is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mutau.measures.groups import floats, where_defined

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.measures.groups import Effects

__all__ = [
    "conditional_log_odds_ratio",
    "paired_log_odds_ratio",
    "paired_log_risk_ratio",
    "paired_peto_log_odds_ratio",
]


def paired_log_risk_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Effects:
    """Log ratio of the two marginal risks of matched pairs.

    Parameters
    ----------
    a, b, c, d : array_like, shape (k,)
        Pairs with the event under both, under treatment only, under control only, under neither.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``log((a + b) / (a + c))`` and ``(b + c) / ((a + b)(a + c))``.

    References
    ----------
    Zou GY (2007). One relative risk versus two odds ratios. Clinical Trials 4:25-31. doi:10.1177/1740774506075667
    """
    a, b, c, d = floats(a, b, c, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log((a + b) / (a + c)), (b + c) / ((a + b) * (a + c)))


def paired_log_odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Effects:
    """Log ratio of the two marginal odds of matched pairs (not the conditional ``log(b/c)``).

    Parameters
    ----------
    a, b, c, d : array_like, shape (k,)
        Pairs with the event under both, under treatment only, under control only, under neither.

    Returns
    -------
    yi, vi : ndarray, shape (k,)

    References
    ----------
    Zou GY (2007). doi:10.1177/1740774506075667; Elbourne DR et al. (2002). doi:10.1093/ije/31.1.140
    """
    a, b, c, d = floats(a, b, c, d)
    n = a + b + c + d
    p12, p21, p1, p2 = b / n, c / n, (a + b) / n, (a + c) / n
    spread = p12 * (1 - p12) + p21 * (1 - p21) + 2 * p12 * p21
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = np.log(p1 / (1 - p1)) - np.log(p2 / (1 - p2))
        return where_defined(yi, spread / (n * p1 * (1 - p1) * p2 * (1 - p2)))


def conditional_log_odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Effects:
    """Log odds ratio within pairs, which only the discordant pairs inform.

    Parameters
    ----------
    a, b, c, d : array_like, shape (k,)
        Pairs with the event under both, under treatment only, under control only, under neither.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``log(b/c)`` and ``1/b + 1/c``; NaN where either is 0.

    References
    ----------
    Elbourne DR, Altman DG, Higgins JPT, Curtin F, Worthington HV, Vail A (2002). Meta-analyses involving cross-over
    trials. International Journal of Epidemiology 31:140-149. doi:10.1093/ije/31.1.140

    Examples
    --------
    >>> round(float(conditional_log_odds_ratio([20], [10], [5], [20])[0][0]), 4)
    0.6931
    """
    _, b, c, _ = floats(a, b, c, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(b / c), 1 / b + 1 / c)


def paired_peto_log_odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Effects:
    """Peto's one-step log odds ratio within pairs.

    Parameters
    ----------
    a, b, c, d : array_like, shape (k,)
        Pairs with the event under both, under treatment only, under control only, under neither.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``(b - E)/V`` and ``1/V`` with ``E = (b + c)/2`` and ``V = (b + c)/4``; NaN without discordant pairs.

    References
    ----------
    Curtin F, Elbourne D, Altman DG (2002). Meta-analysis combining parallel and cross-over clinical trials. II:
    binary outcomes. Statistics in Medicine 21:2145-2159. doi:10.1002/sim.1206

    Examples
    --------
    >>> round(float(paired_peto_log_odds_ratio([20], [10], [5], [20])[0][0]), 4)
    0.6667
    """
    _, b, c, _ = floats(a, b, c, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(2 * (b - c) / (b + c), 4 / (b + c))
