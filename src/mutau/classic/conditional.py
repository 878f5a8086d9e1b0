"""Conditional maximum likelihood: a common odds or rate ratio, given the events of every study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from mutau.classic.arms import COUNTS, RATES, checked_arms, fractional_counts
from mutau.classic.confidence import wald_interval
from mutau.classic.generic import NO_PREDICTION, nothing_pooled
from mutau.classic.heterogeneity import Heterogeneity
from mutau.classic.mixed.models import make_model
from mutau.classic.requests import Request, label_array, request_faults, wald_only_faults
from mutau.classic.roots import root
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.arms import Arms
    from mutau.classic.mixed.families import Family
    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["CONDITIONAL_MEASURES", "conditional"]

CONDITIONAL_MEASURES = ("OR", "IRR")
"""Measures whose likelihood, given the events of both arms together, is free of the baseline."""

WIDEST = 700.0
"""Log ratios beyond this are not sought: their ratio is no float64 number."""


def conditional(
    events_treatment: ArrayLike,
    size_treatment: ArrayLike,
    events_control: ArrayLike,
    size_control: ArrayLike,
    *,
    measure: str = "OR",
    ci: str = "wald",
    prob: float = 0.95,
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool two-arm counts, or events in person-time, by conditional maximum likelihood.

    Parameters
    ----------
    events_treatment, size_treatment, events_control, size_control : array_like, shape (k,)
        Events, whole numbers, and participants (OR) or person-time (IRR) per arm.
    measure : {"OR", "IRR"}
        Odds ratio or incidence rate ratio, pooled as its logarithm.
    ci : {"wald"}
        Confidence interval.
    prob : float
        Its coverage.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        A common effect on the log scale, with ``method="CMLE"``. No zero-cell correction enters. A study whose events
        could have fallen in one way only says nothing: it has weight 0 and is not counted in `k`. `weights` are the
        studies' shares of the information at the estimate; `q` is the likelihood-ratio test of one common effect
        against an effect of its own in every study.

    Raises
    ------
    ArgumentError
        Impossible or fractional counts, unequal lengths, no studies, unknown names: all at once.

    Notes
    -----
    Given the margins of a study's table, its events under treatment follow Fisher's noncentral hypergeometric
    distribution (OR), and given all its events in person-time a binomial one (IRR). The estimate makes the sum of
    their means equal to the events observed; the left-hand side rises with the effect, so that the root is bracketed
    and found to the last digit. Where all events are as extreme as they could be there is no finite estimate, and the
    result is NaN with that reason.

    References
    ----------
    Breslow NE, Day NE (1980). Statistical methods in cancer research I: the analysis of case-control studies. IARC,
    Lyon. van Houwelingen HC, Zwinderman KH, Stijnen T (1993). A bivariate approach to meta-analysis. Statistics in
    Medicine 12:2273-2284. doi:10.1002/sim.4780122405

    Examples
    --------
    Tolbutamide and deaths by age, in Rothman, Greenland and Lash (2008), table 15-1:

    >>> result = conditional([8, 22], [106, 98], [5, 16], [120, 85])
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.3381, 0.3106)
    """
    request = Request("CMLE", "CE", ci, prob, "HTS")
    arms, names = _checked(
        (events_treatment, size_treatment, events_control, size_control), measure, request, labels
    )
    events, size = np.column_stack(arms[::2]), np.column_stack(arms[1::2])
    low, high = _extremes(events, size, measure)
    told = low < high
    silent = ", ".join(name for name, says in zip(names, told, strict=True) if not says)
    notes = [f"The events of {silent} could have fallen in one way only: left out"] if silent else []
    estimate, reason, likelihood = math.nan, "No study has an effect to pool", None
    if told.any():
        likelihood = make_model("CM.EL", measure, events[told], size[told]).family
        estimate, reason = _estimate(likelihood, low[told], high[told])
    if likelihood is None or math.isnan(estimate):
        nothing = Heterogeneity(math.nan, math.nan, math.nan, math.nan)
        empty = nothing_pooled(len(names), nothing, request, (*notes, reason))
        return replace(empty, k=int(told.sum()))
    return _result(likelihood, told, estimate, request, notes)


def _extremes(events: Array, size: Array, measure: str) -> tuple[Array, Array]:
    """Least and greatest possible number of events under treatment, less those observed, shape (k,)."""
    total = events.sum(axis=1)
    if measure == "IRR":
        return -events[:, 0], events[:, 1]
    low, high = np.maximum(0, total - size[:, 1]), np.minimum(size[:, 0], total)
    return low - events[:, 0], high - events[:, 0]


def _at(likelihood: Family, theta: float) -> tuple[Array, Array, Array]:
    """Log probability of each study's events under treatment, their number less its mean, minus its variance."""
    value, slope, curvature = likelihood(np.full((likelihood.size[0], 1, 1), theta))
    return value[:, 0, 0], slope[:, 0, 0], curvature[:, 0, 0]


def _estimate(likelihood: Family, low: Array, high: Array) -> tuple[float, str]:
    """Find the common log ratio, where the means of all events under treatment add up to those observed."""
    if (high == 0).all() or (low == 0).all():
        return math.nan, "No finite estimate: in every study the events are as extreme as they could be"

    def excess(theta: float) -> float:
        return -math.fsum(_at(likelihood, theta)[1])

    missed = f"The estimate was not found: log ratios from {-WIDEST:g} to {WIDEST:g} were searched"
    reach = 1.0
    while excess(-reach) >= 0 or excess(reach) <= 0:
        if reach >= WIDEST:
            return math.nan, missed
        reach = min(2 * reach, WIDEST)
    found = root(excess, -reach, reach)
    return found, missed if math.isnan(found) else ""


def _result(
    likelihood: Family, told: NDArray[np.bool_], estimate: float, request: Request, notes: list[str]
) -> ClassicResult:
    value, _, curvature = _at(likelihood, estimate)
    k, total = likelihood.size[0], -math.fsum(curvature)
    mean = wald_interval(estimate, 1 / math.sqrt(total), request.prob)
    df = k - 1.0
    q = 2 * math.fsum(likelihood.highest - value) if df > 0 else math.nan
    p_value = float(chdtrc(df, max(q, 0.0))) if df > 0 else math.nan
    said = "Q is the likelihood-ratio test; I2 and H2 are not defined from it" if df > 0 else ""
    weights = np.zeros(len(told))
    weights[told] = -100 * curvature / total
    base = nothing_pooled(len(told), Heterogeneity(q, df, p_value, math.nan), request, ())
    return replace(
        base,
        estimate=estimate, se=mean.se, lower=mean.lower, upper=mean.upper, statistic=mean.statistic, df=mean.df,
        p_value=mean.p_value, tau2=0.0, k=k, i2=math.nan, h2=math.nan, weights=tuple(weights.tolist()),
        notes=tuple(note for note in (*notes, *mean.notes, said, NO_PREDICTION) if note),
    )  # fmt: skip


def _checked(
    values: Sequence[ArrayLike], measure: str, request: Request, labels: Sequence[str] | None
) -> tuple[Arms, list[str]]:
    faults = request_faults(request, ("CE",)) + wald_only_faults(request)
    if measure not in CONDITIONAL_MEASURES:
        rule = "Conditional likelihood is free of the baseline for odds ratios and rate ratios"
        faults.append(
            Fault(f"measure={measure!r}", rule, nearest(str(measure), CONDITIONAL_MEASURES), key="measure")
        )
    keys = RATES if measure == "IRR" else COUNTS
    arms = checked_arms(values, faults, labels, keys)
    names = [str(name) for name in label_array(labels, len(arms[0]))]
    rule, remedy = "A conditional likelihood is of whole numbers", "Give what was counted, or use method='MH'"
    fractional = fractional_counts(arms, keys, names, rule, remedy)
    if fractional:
        raise ArgumentError(fractional)
    return arms, names
