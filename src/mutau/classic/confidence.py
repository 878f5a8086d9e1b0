"""Confidence intervals for the mean effect: Wald, Hartung-Knapp (plain, ad hoc), Cochrane's current rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtr

from mutau.classic.heterogeneity import weighted_mean
from mutau.classic.predicting import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MeanInterval", "hartung_knapp_factor", "mean_interval", "wald_interval"]

NO_SPREAD = 1e-20
"""Hartung-Knapp's q at or below this is 0: the effects agree to 1e-10 of their standard errors, which only
equal data do; what is left is the rounding of their logarithms."""

BELOW_ONE = 1 - 1e-8
"""q is called below 1 from here: Paule-Mandel makes it 1 up to rounding, as does REML with two studies."""

ROUNDING = 16 * np.finfo(float).eps
"""Effects apart by no more than this share of their size are equal up to rounding."""


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """Standard error, test and confidence interval of a mean effect.

    Parameters
    ----------
    se, lower, upper : float
        Standard error and confidence limits; NaN where they do not exist.
    statistic, df, p_value : float
        Test of no mean effect: z (infinite `df`) or t, and its two-sided p-value.
    notes : tuple of str
        Why something does not exist, or should not be relied on.
    """

    se: float
    lower: float
    upper: float
    statistic: float
    df: float
    p_value: float
    notes: tuple[str, ...] = ()


def _from_se(estimate: float, se: float, df: float, prob: float, notes: tuple[str, ...] = ()) -> MeanInterval:
    half = quantile(df, prob) * se
    statistic = estimate / se
    tail = float(ndtr(-abs(statistic)) if math.isinf(df) else stdtr(df, -abs(statistic)))
    return MeanInterval(se, estimate - half, estimate + half, statistic, df, 2 * tail, notes)


def _undefined(df: float, reason: str) -> MeanInterval:
    return MeanInterval(math.nan, math.nan, math.nan, math.nan, df, math.nan, (reason,))


def wald_interval(estimate: float, se: float, prob: float) -> MeanInterval:
    """``estimate +- z se``.

    Parameters
    ----------
    estimate, se : float
        Mean effect and its standard error.
    prob : float
        Coverage.

    Returns
    -------
    MeanInterval

    Examples
    --------
    BCG, risk ratio, REML (as metafor prints it):

    >>> wald = wald_interval(-0.7145323, 0.1797815, 0.95)
    >>> round(wald.lower, 4), round(wald.upper, 4), round(wald.statistic, 4)
    (-1.0669, -0.3622, -3.9744)
    """
    return _from_se(estimate, se, math.inf, prob)


def hartung_knapp_factor(yi: NDArray[np.float64], vi: NDArray[np.float64], tau2: float) -> float:
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


def mean_interval(
    estimate: float, se: float, k: int, q: float, tau2: float, ci: str, prob: float
) -> MeanInterval:
    """Compute the confidence interval that `ci` names.

    Parameters
    ----------
    estimate, se : float
        Mean effect and its conventional standard error, ``1 / sqrt(sum w)``.
    k : int
        Number of studies.
    q : float
        `hartung_knapp_factor`.
    tau2 : float
        Between-study variance; NaN if it was not estimated.
    ci : {"wald", "HK", "HK-adhoc", "cochrane"}
        Which interval.
    prob : float
        Coverage.

    Returns
    -------
    MeanInterval

    Notes
    -----
    HK: standard error ``sqrt(q) se``, t with k - 1 degrees of freedom. HK-adhoc: ``sqrt(max(1, q)) se``.
    cochrane: HK if k > 2 and tau2 > 0, else Wald. HK does not exist for one study, nor where q = 0: equal
    effects would give an interval of no width. q < 1 gives a standard error below the conventional one; with
    two studies the multiplier is that of t with 1 degree of freedom, 12.7 for 95%. Both are said in the
    notes.

    References
    ----------
    Hartung J, Knapp G (2001). A refined method for the meta-analysis of controlled clinical trials with
    binary outcome. Statistics in Medicine 20:3875-3889. doi:10.1002/sim.1009. Knapp G, Hartung J (2003).
    Improved tests for a random effects meta-regression with a single covariate. Statistics in Medicine
    22:2693-2710. doi:10.1002/sim.1482. Cochrane Handbook for Systematic Reviews of Interventions, section
    10.10.4.4.
    """
    if ci == "cochrane":
        ci, said = _cochrane_choice(k, tau2)
        chosen = mean_interval(estimate, se, k, q, tau2, ci, prob)
        return MeanInterval(*_numbers(chosen), notes=(said, *chosen.notes))
    if ci == "wald":
        return wald_interval(estimate, se, prob)
    df = float(k - 1)
    if k < 2:
        return _undefined(
            df, f"No {ci} interval: one study has no spread to estimate its standard error from"
        )
    if ci == "HK" and q == 0:
        return _undefined(df, "No HK interval: all effects are equal (q = 0), so it would have no width")
    notes: tuple[str, ...] = ()
    if ci == "HK" and q < BELOW_ONE:
        notes += (f"HK: q = {q:.3g} is below 1, so its standard error is below the conventional one",)
    if df == 1:
        multiplier = quantile(df, prob)
        notes += (f"{ci}: two studies leave 1 degree of freedom, a multiplier of {multiplier:.3g}",)
    factor = q if ci == "HK" else max(1.0, q)
    return _from_se(estimate, math.sqrt(factor) * se, df, prob, notes)


def _numbers(interval: MeanInterval) -> tuple[float, float, float, float, float, float]:
    return (
        interval.se,
        interval.lower,
        interval.upper,
        interval.statistic,
        interval.df,
        interval.p_value,
    )


def _cochrane_choice(k: int, tau2: float) -> tuple[str, str]:
    if k > 2 and tau2 > 0:
        return "HK", "Cochrane's rule: Hartung-Knapp, as k > 2 and tau2 > 0"
    reason = "k <= 2" if k <= 2 else "tau2 = 0"
    return "wald", f"Cochrane's rule: Wald, as {reason}"
