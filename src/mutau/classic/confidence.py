"""Confidence intervals for the mean effect, by name, with the test that each inverts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import ndtr, stdtr

from mutau.classic.henmi_copas import henmi_copas
from mutau.classic.likelihood_limits import MeanProfile
from mutau.classic.nagashima import nagashima_mean_limits
from mutau.classic.permuting import DRAWN, permutation_limits, permutation_p_value, permutations
from mutau.classic.pooled_mean import PooledMean, kenward_roger, pooled_mean
from mutau.classic.predicting import quantile

__all__ = [
    "CI_ESTIMATORS",
    "CI_METHODS",
    "ERRORS",
    "SOUGHT",
    "MeanInterval",
    "estimator_for",
    "mean_interval",
    "p_values",
    "wald_interval",
]

BELOW_ONE = 1 - 1e-8
"""q is called below 1 from here: Paule-Mandel makes it 1 up to rounding, as does REML with two studies."""

FEW_DEGREES = 3
"""Below so many degrees of freedom the multiplier is told."""


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
    mean : PooledMean or None
        The mean that the interval is of, where it is another than was pooled: Henmi and Copas' has common-effect
        weights.
    """

    se: float
    lower: float
    upper: float
    statistic: float
    df: float
    p_value: float
    notes: tuple[str, ...] = ()
    mean: PooledMean | None = None


def p_values(statistic: Any, df: Any) -> Any:
    """Two-sided p-value of z (infinite `df`) or t; numbers or arrays."""
    return 2 * np.where(np.isinf(df), ndtr(-np.abs(statistic)), stdtr(df, -np.abs(statistic)))


def _from_se(estimate: float, se: float, df: float, prob: float, notes: tuple[str, ...] = ()) -> MeanInterval:
    half = quantile(df, prob) * se
    statistic = estimate / se
    tail = float(p_values(statistic, df))
    return MeanInterval(se, estimate - half, estimate + half, statistic, df, tail, notes)


def _undefined(df: float, reason: str) -> MeanInterval:
    return MeanInterval(math.nan, math.nan, math.nan, math.nan, df, math.nan, (reason,))


def wald_interval(estimate: float, se: float, prob: float, df: float = math.inf) -> MeanInterval:
    """``estimate +- z se``, or t with `df` degrees of freedom.

    Parameters
    ----------
    estimate, se : float
        Mean effect and its standard error.
    prob : float
        Coverage.
    df : float
        Degrees of freedom; infinite for z.

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
    return _from_se(estimate, se, df, prob)


def _wald(mean: PooledMean) -> tuple[Any, Any]:
    return mean.se, math.inf


def _t(mean: PooledMean) -> tuple[Any, Any]:
    return mean.se, mean.k - 1.0


def _hartung_knapp(mean: PooledMean) -> tuple[Any, Any]:
    return np.where(mean.q > 0, np.sqrt(mean.q) * mean.se, math.nan), mean.k - 1.0


def _ad_hoc(mean: PooledMean) -> tuple[Any, Any]:
    return np.sqrt(np.maximum(1.0, mean.q)) * mean.se, mean.k - 1.0


def _cochrane(mean: PooledMean) -> tuple[Any, Any]:
    se, df = _hartung_knapp(mean)
    spread = (mean.k > 2) & (mean.found > 0)
    return np.where(spread, se, mean.se), np.where(spread, df, math.inf)


def _robust(mean: PooledMean) -> tuple[Any, Any]:
    se, df = _robust_plain(mean)
    return se * np.sqrt(mean.k / df), df


def _robust_plain(mean: PooledMean) -> tuple[Any, Any]:
    return np.where(mean.q > 0, np.sqrt(mean.sandwich) / mean.total, math.nan), mean.k - 1.0


def _sidik_jonkman(mean: PooledMean) -> tuple[Any, Any]:
    return np.where(mean.q > 0, np.sqrt(mean.sandwich_unbiased) / mean.total, math.nan), mean.k - 1.0


ERRORS: Mapping[str, Callable[[PooledMean], tuple[Any, Any]]] = MappingProxyType(
    {
        "wald": _wald,
        "t": _t,
        "HK": _hartung_knapp,
        "HK-adhoc": _ad_hoc,
        "cochrane": _cochrane,
        "KR": kenward_roger,
        "robust": _robust,
        "robust-HC0": _robust_plain,
        "SJ": _sidik_jonkman,
    }
)
"""Standard error and degrees of freedom of an interval ``estimate +- t se``, by name; of one mean or of many."""


def _said_before(mean: PooledMean, ci: str) -> tuple[str, ...]:
    if ci != "cochrane":
        return ()
    if mean.k > 2 and mean.found > 0:
        return ("Cochrane's rule: Hartung-Knapp, as k > 2 and tau2 > 0",)
    return (f"Cochrane's rule: Wald, as {'k <= 2' if mean.k <= 2 else 'tau2 = 0'}",)


def _said(mean: PooledMean, ci: str, df: float, prob: float) -> tuple[str, ...]:
    """What has to be said of an interval that exists."""
    notes: tuple[str, ...] = ()
    name = "HK" if ci == "cochrane" else ci
    if name == "HK" and math.isfinite(df) and mean.q < BELOW_ONE:
        notes += (f"HK: q = {mean.q:.3g} is below 1, so its standard error is below the conventional one",)
    if name == "KR" and df < FEW_DEGREES:
        notes += (f"KR: {df:.3g} degrees of freedom, a multiplier of {quantile(df, prob):.3g}",)
    elif df == 1:
        multiplier = quantile(df, prob)
        notes += (f"{name}: two studies leave 1 degree of freedom, a multiplier of {multiplier:.3g}",)
    return notes


def _from_error(mean: PooledMean, ci: str, prob: float) -> MeanInterval:
    se, df = map(float, ERRORS[ci](mean))
    if not math.isfinite(se):
        name = "HK" if ci == "cochrane" else ci
        reason = f"No {name} interval: all effects are equal (q = 0), so it would have no width"
        return replace(_undefined(df, reason), notes=(*_said_before(mean, ci), reason))
    notes = (*_said_before(mean, ci), *_said(mean, ci, df, prob))
    return _from_se(mean.estimate, se, df, prob, notes)


def _permutation(mean: PooledMean, prob: float, seed: int) -> MeanInterval:
    patterns = permutations(mean.k, seed)
    p_value = permutation_p_value(mean, patterns)
    lower, upper = permutation_limits(mean, patterns, prob)
    what = f"all {len(patterns.signs)} sign patterns that differ in |z|"
    said = what if patterns.exact else f"{DRAWN} sign patterns drawn at random (seed {seed})"
    notes: tuple[str, ...] = (f"Permutation: p-value and limits from {said}; the standard error is Wald's",)
    if math.isnan(lower) or math.isnan(upper):
        least = f"with {mean.k} studies no p-value is below {1 / len(patterns.signs):.3g}"
        notes += (f"No permutation interval at {prob:g}: {least}",)
    if math.isnan(p_value):
        notes += ("No permutation p-value: tau2 was not found under some sign pattern",)
    return MeanInterval(mean.se, lower, upper, mean.estimate / mean.se, math.nan, p_value, notes)


def _henmi_copas(mean: PooledMean, prob: float, _seed: int) -> MeanInterval:
    common = pooled_mean(mean.yi, mean.vi, "CE")
    se, multiplier = henmi_copas(common, mean.tau2, prob)
    notes: tuple[str, ...] = (
        "HC: the estimate is Henmi and Copas', with common-effect weights, and comes with no test; tau2, and a "
        "prediction interval about the random-effects mean, are DerSimonian and Laird's",
    )
    if math.isnan(multiplier):
        notes += (
            "No HC interval: its multiplier was not found (tried: bracketed by doubling, Brent's method)",
        )
    half, nan = multiplier * se, math.nan
    return MeanInterval(se, common.estimate - half, common.estimate + half, nan, nan, nan, notes, common)


def _profile(mean: PooledMean, prob: float, corrected: bool) -> MeanInterval:
    name, profile = "BC" if corrected else "PL", MeanProfile(mean, corrected)
    lower, upper = profile.limits(quantile(math.inf, prob))
    statistic = profile.score(0.0)
    said = "with Noma's Bartlett-type correction; " if corrected else ""
    notes: tuple[str, ...] = (
        f"{name}: limits and test from the profile likelihood of the mean, {said}the standard error is Wald's",
    )
    if math.isnan(lower) or math.isnan(upper):
        notes += (
            f"No {name} interval: its limits were not found (tried: bracketed by doubling, then Brent's method)",
        )
    return MeanInterval(
        mean.se, lower, upper, statistic, math.inf, float(p_values(statistic, math.inf)), notes
    )


def _likelihood(mean: PooledMean, prob: float, _seed: int) -> MeanInterval:
    return _profile(mean, prob, corrected=False)


def _bartlett(mean: PooledMean, prob: float, _seed: int) -> MeanInterval:
    return _profile(mean, prob, corrected=True)


def _nagashima(mean: PooledMean, prob: float, _seed: int) -> MeanInterval:
    if mean.q == 0:
        return _undefined(
            math.nan, "No NNF interval: all effects are equal (q = 0), so it would have no width"
        )
    lower, upper = nagashima_mean_limits(mean.yi, mean.vi, prob)
    note = "NNF: limits from the confidence distribution of tau2; the standard error is Wald's, and there is no test"
    return MeanInterval(mean.se, lower, upper, math.nan, math.nan, math.nan, (note,))


SOUGHT: Mapping[str, Callable[[PooledMean, float, int], MeanInterval]] = MappingProxyType(
    {
        "permutation": _permutation,
        "HC": _henmi_copas,
        "PL": _likelihood,
        "BC": _bartlett,
        "NNF": _nagashima,
    }
)
"""Intervals that are no multiple of a standard error: the mean, coverage, seed -> interval."""

CI_METHODS = (*ERRORS, *SOUGHT)
"""Confidence intervals of the mean."""

CI_ESTIMATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"KR": ("REML",), "HC": ("DL",), "PL": ("ML",), "BC": ("ML",), "NNF": ("DL",)}
)
"""Estimators that an interval goes with, where not all do."""


def estimator_for(ci: str | None) -> str:
    """Give the estimator of tau2 where none is named: REML, or what the interval goes with."""
    return CI_ESTIMATORS.get(str(ci), ("REML",))[0]


NEEDS_ONE_STUDY = ("wald", "cochrane")


def mean_interval(mean: PooledMean, ci: str, prob: float, seed: int = 0) -> MeanInterval:
    """Compute the confidence interval that `ci` names.

    Parameters
    ----------
    mean : PooledMean
        The mean and what it was made from.
    ci : str
        Which interval, one of `CI_METHODS`.
    prob : float
        Coverage.
    seed : int
        For sign patterns that are drawn at random.

    Returns
    -------
    MeanInterval

    Notes
    -----
    t: the conventional standard error with k - 1 degrees of freedom. HK: standard error ``sqrt(q) se``, t with k -
    1 degrees of freedom. HK-adhoc: ``sqrt(max(1, q)) se``. cochrane: HK if k > 2 and tau2 > 0, else Wald. KR:
    Kenward and Roger's, of a REML mean; see `mutau.classic.pooled_mean.kenward_roger`. permutation: the means that
    a test by flipping signs does not reject; see `mutau.classic.permuting`.

    robust: Huber and White's sandwich, ``se^2 = k/(k - 1) sum w^2 (y - mean)^2/(sum w)^2``, t with k - 1 degrees of
    freedom, which holds whatever the effects' true variances if there are many studies; robust-HC0: without the
    factor k/(k - 1); SJ: Sidik and Jonkman's, each term over ``1 - w/sum w`` instead, which makes it unbiased if the
    weights are right. With two studies, or equal weights, SJ and HK are the same.

    HC: Henmi and Copas', about the common-effect mean; see `mutau.classic.henmi_copas`. PL and BC: the profile
    likelihood's, plain and with Noma's Bartlett-type correction; see `mutau.classic.likelihood_limits`. NNF:
    Nagashima, Noma and Furukawa's; see `mutau.classic.nagashima`. These go with the estimators in `CI_ESTIMATORS`.

    Only Wald's exists for one study. HK, robust, SJ and NNF do not where q = 0: equal effects would give an interval
    of no width. q < 1 gives a standard error below the conventional one; with two studies the multiplier is that of
    t with 1 degree of freedom, 12.7 for 95%. Both are said in the notes.

    References
    ----------
    Hartung J, Knapp G (2001). A refined method for the meta-analysis of controlled clinical trials with binary
    outcome. Statistics in Medicine 20:3875-3889. doi:10.1002/sim.1009. Knapp G, Hartung J (2003). Improved tests for
    a random effects meta-regression with a single covariate. Statistics in Medicine 22:2693-2710.
    doi:10.1002/sim.1482. Follmann DA, Proschan MA (1999). doi:10.1111/j.0006-341X.1999.00732.x. Cochrane Handbook
    for Systematic Reviews of Interventions, section 10.10.4.4. White H (1980). A heteroskedasticity-consistent
    covariance matrix estimator and a direct test for heteroskedasticity. Econometrica 48:817-838.
    doi:10.2307/1912934. Sidik K, Jonkman JN (2006). Robust variance estimation for random effects meta-analysis.
    Computational Statistics and Data Analysis 50:3681-3701. doi:10.1016/j.csda.2005.07.019.
    """
    if mean.k < 2 and ci not in NEEDS_ONE_STUDY:
        spread = "one study has no spread to estimate its standard error from"
        return _undefined(mean.k - 1.0, f"No {ci} interval: {spread}")
    return SOUGHT[ci](mean, prob, seed) if ci in SOUGHT else _from_error(mean, ci, prob)
