"""The classic prediction interval for the effect in a new study, by its named conventions."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from mutau.classic.nagashima import nagashima_limits
from mutau.classic.pooled_mean import PooledMean, kenward_roger

__all__ = ["CONVENTIONS", "Convention", "prediction_error", "prediction_interval", "quantile", "quantiles"]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a prediction interval is made.

    Parameters
    ----------
    error : {"conventional", "HK", "KR", "SJ", "bootstrap"}
        Which standard error of the mean it takes: the conventional one, Hartung and Knapp's, Kenward and Roger's,
        Sidik and Jonkman's robust one; or no such formula but Nagashima's bootstrap.
    lost : int or None
        Degrees of freedom are ``k - lost``, with Kenward and Roger's error theirs less `lost`; None for the normal
        distribution.
    source : str
        Who uses it.
    estimators : tuple of str
        Estimators of tau2 that it goes with; empty for all.
    """

    error: str
    lost: int | None
    source: str
    estimators: tuple[str, ...] = ()


CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        "HTS": Convention(
            "conventional",
            2,
            "Higgins, Thompson and Spiegelhalter (2009); R pimeta's 'HTS' (with DL) and 'CL', 'APX' (with REML)",
        ),
        "t(k-1)": Convention("conventional", 1, "R meta's default since version 8; metafor with test='t'"),
        "normal": Convention(
            "conventional", None, "metafor's default with test='z'; Skipka (2006), R meta's 'S'"
        ),
        "HK": Convention("HK", 1, "metafor with test='knha'"),
        "HK(k-2)": Convention("HK", 2, "Partlett and Riley (2017); R meta's 'HK-PR', R pimeta's 'HK'"),
        "KR": Convention("KR", 0, "R meta's 'KR'", ("REML",)),
        "KR(df-1)": Convention(
            "KR", 1, "Partlett and Riley (2017); R meta's 'KR-PR', R pimeta's 'KR'", ("REML",)
        ),
        "SJ": Convention("SJ", 2, "Partlett and Riley (2017); R pimeta's 'SJ' (with REML)"),
        "NNF": Convention("bootstrap", None, "Nagashima, Noma and Furukawa (2019); R meta's 'NNF'"),
    }
)
"""Conventions by name."""


@functools.lru_cache(maxsize=1000)
def quantile(df: float, prob: float) -> float:
    """Give the two-sided multiplier: the (1 + prob)/2 quantile of t, or of z where `df` is infinite."""
    tail = (1 - prob) / 2
    return float(-ndtri(tail) if math.isinf(df) else -stdtrit(df, tail))


def quantiles(df: Any, prob: float) -> Any:
    """`quantile` for an array of degrees of freedom; NaN where they are 0 or less."""
    values, which = np.unique(df, return_inverse=True)
    return np.array([quantile(float(v), prob) if v > 0 else math.nan for v in values])[which]


def prediction_error(mean: PooledMean, convention: Convention, at_least_one: bool) -> tuple[Any, Any]:
    """Standard error of the mean (NaN if it does not exist) and degrees of freedom; of one mean or of many."""
    if convention.error == "KR":
        se, df = kenward_roger(mean)
        return se, df - (convention.lost or 0)
    df = math.inf if convention.lost is None else mean.k - float(convention.lost)
    if convention.error == "conventional":
        return mean.se, df
    if convention.error == "SJ":
        return np.where(mean.q > 0, np.sqrt(mean.sandwich_unbiased) / mean.total, math.nan), df
    factor = np.maximum(1.0, mean.q) if at_least_one else mean.q
    return np.where(factor > 0, np.sqrt(factor) * mean.se, math.nan), df


def prediction_interval(
    mean: PooledMean, name: str, prob: float, *, at_least_one: bool = False
) -> tuple[float, float, str]:
    """Prediction interval for the true effect in a new study.

    Parameters
    ----------
    mean : PooledMean
        The random-effects mean and what it was made from.
    name : str
        A key of `CONVENTIONS`.
    prob : float
        Coverage.
    at_least_one : bool
        Whether Hartung and Knapp's factor is kept from falling below 1, as their ad hoc interval does.

    Returns
    -------
    lower, upper : float
        NaN where the interval does not exist.
    reason : str
        Why it does not exist; else empty.

    Notes
    -----
    ``estimate +- t sqrt(tau2 + se^2)``, t the quantile with k - 2 (Higgins, Thompson and Spiegelhalter), k - 1,
    Kenward and Roger's or infinite degrees of freedom. It takes tau2 as known but for the degrees of freedom, so it
    is too narrow for few studies. For Nagashima's see ``mutau.classic.nagashima``.

    References
    ----------
    Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects meta-analysis.
    Journal of the Royal Statistical Society A 172:137-159. doi:10.1111/j.1467-985X.2008.00552.x. Partlett C,
    Riley RD (2017). Random effects meta-analysis: coverage performance of 95% confidence and prediction
    intervals following REML estimation. Statistics in Medicine 36:301-317. doi:10.1002/sim.7140
    """
    convention = CONVENTIONS[name]
    if mean.k < 2:
        return math.nan, math.nan, "No prediction interval: one study says nothing about others"
    if convention.error == "bootstrap":
        if mean.q == 0:
            return (
                math.nan,
                math.nan,
                "No NNF prediction interval: all effects are equal, so it would have no width",
            )
        return (*nagashima_limits(mean.yi, mean.vi, prob), "")
    se, df = map(float, prediction_error(mean, convention, at_least_one))
    if df <= 0:
        unit = "degrees of freedom" if convention.error == "KR" else "studies"
        few = f"it needs more than {convention.lost} {unit}"
        return math.nan, math.nan, f"No {name} prediction interval: {few}"
    if not math.isfinite(mean.tau2 + se):
        return math.nan, math.nan, f"No {name} prediction interval: its standard error does not exist"
    half = quantile(df, prob) * math.sqrt(mean.tau2 + se**2)
    return mean.estimate - half, mean.estimate + half, ""
