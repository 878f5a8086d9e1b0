"""The classic prediction interval for the effect in a new study, by its named conventions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

__all__ = ["CONVENTIONS", "Convention", "prediction_interval", "quantile"]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a prediction interval is made.

    Parameters
    ----------
    lost : int or None
        Degrees of freedom are ``k - lost``; None for the normal distribution.
    hartung_knapp : bool
        Whether the standard error of the mean is Hartung and Knapp's instead of the conventional one.
    source : str
        Who uses it.
    """

    lost: int | None
    hartung_knapp: bool
    source: str


CONVENTIONS = {
    "HTS": Convention(2, hartung_knapp=False, source="Higgins, Thompson and Spiegelhalter (2009)"),
    "t(k-1)": Convention(
        1, hartung_knapp=False, source="R meta's default since version 8; metafor with test='t'"
    ),
    "normal": Convention(None, hartung_knapp=False, source="metafor's default with test='z'"),
    "HK": Convention(1, hartung_knapp=True, source="metafor with test='knha'"),
    "HK(k-2)": Convention(2, hartung_knapp=True, source="Partlett and Riley (2017); R meta's 'HK-PR'"),
}
"""Conventions by name."""


def quantile(df: float, prob: float) -> float:
    """Give the two-sided multiplier: the (1 + prob)/2 quantile of t, or of z where `df` is infinite."""
    tail = (1 - prob) / 2
    return float(-ndtri(tail) if math.isinf(df) else -stdtrit(df, tail))


def prediction_interval(
    estimate: float, tau2: float, se: float, k: int, prob: float, name: str
) -> tuple[float, float, str]:
    """Prediction interval for the true effect in a new study.

    Parameters
    ----------
    estimate : float
        Random-effects mean.
    tau2 : float
        Between-study variance.
    se : float
        Standard error of the mean that the convention asks for.
    k : int
        Number of studies.
    prob : float
        Coverage.
    name : str
        A key of `CONVENTIONS`.

    Returns
    -------
    lower, upper : float
        NaN where the interval does not exist.
    reason : str
        Why it does not exist; else empty.

    Notes
    -----
    ``estimate +- t sqrt(tau2 + se^2)``, t the quantile with k - 2 (Higgins, Thompson and Spiegelhalter), k -
    1 or infinite degrees of freedom. It takes tau2 as known but for the degrees of freedom, so it is too
    narrow for few studies.

    References
    ----------
    Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects meta-analysis.
    Journal of the Royal Statistical Society A 172:137-159. doi:10.1111/j.1467-985X.2008.00552.x. Partlett C,
    Riley RD (2017). Random effects meta-analysis: coverage performance of 95% confidence and prediction
    intervals following REML estimation. Statistics in Medicine 36:301-317. doi:10.1002/sim.7140

    Examples
    --------
    BCG, risk ratio, REML (metafor prints [-1.87, 0.44] and, with Riley's degrees of freedom, [-2.01, 0.58]):

    >>> lower, upper, _ = prediction_interval(-0.7145, 0.3132, 0.1798, 13, 0.95, "normal")
    >>> round(lower, 2), round(upper, 2)
    (-1.87, 0.44)
    >>> lower, upper, _ = prediction_interval(-0.7145, 0.3132, 0.1798, 13, 0.95, "HTS")
    >>> round(lower, 2), round(upper, 2)
    (-2.01, 0.58)
    """
    lost = CONVENTIONS[name].lost
    df = math.inf if lost is None else float(k - lost)
    if k < 2:
        return math.nan, math.nan, "No prediction interval: one study says nothing about others"
    if df <= 0:
        return math.nan, math.nan, f"No {name} prediction interval: it needs more than {lost} studies"
    if not math.isfinite(tau2 + se):
        return math.nan, math.nan, f"No {name} prediction interval: its standard error does not exist"
    half = quantile(df, prob) * math.sqrt(tau2 + se**2)
    return estimate - half, estimate + half, ""
