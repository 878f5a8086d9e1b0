"""Conditional maximum likelihood: a common odds or rate ratio, given the events of every study."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, expit

from mutau.classic.arms import COUNTS, RATES, checked_arms, fractional_counts
from mutau.classic.confidence import wald_interval
from mutau.classic.generic import NO_PREDICTION, nothing_pooled
from mutau.classic.heterogeneity import Heterogeneity
from mutau.classic.requests import Request, label_array, request_faults, wald_only_faults
from mutau.classic.roots import root
from mutau.errors import ArgumentError, Fault, nearest
from mutau.likelihoods.hypergeometric import support

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.arms import Arms
    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["CONDITIONAL_MEASURES", "conditional"]

CONDITIONAL_MEASURES = ("OR", "IRR")
"""Measures whose likelihood, given the events of both arms together, is free of the baseline."""

WIDEST = 700.0
"""Log ratios beyond this are not sought: their ratio is no float64 number."""


@dataclass(frozen=True, slots=True)
class _Study:
    """What a study's events under treatment say, given all its events.

    Parameters
    ----------
    low, high : float
        Least and greatest possible number of events under treatment, less those observed.
    moments : callable
        Log ratio -> mean and variance of the number less those observed.
    log_likelihood : callable
        Log ratio -> log probability of the number observed.
    """

    low: float
    high: float
    moments: Callable[[float], tuple[float, float]]
    log_likelihood: Callable[[float], float]

    def own_maximum(self) -> float:
        """Log probability at the study's own estimate: 0 where that is infinite, the number then being certain."""
        if 0 in (self.low, self.high):
            return 0.0
        own = _estimate([self])
        return math.nan if math.isnan(own) else self.log_likelihood(own)


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
    studies = [_MAKERS[measure](arms, i) for i in range(len(names))]
    informative = [study for study in studies if study.low < study.high]
    silent = [name for name, study in zip(names, studies, strict=True) if study.low == study.high]
    notes = (
        [f"The events of {', '.join(silent)} could have fallen in one way only: left out"] if silent else []
    )
    estimate, reason = _pooled(informative)
    if math.isnan(estimate):
        nothing = Heterogeneity(math.nan, math.nan, math.nan, math.nan)
        empty = nothing_pooled(len(studies), nothing, request, (*notes, reason))
        return replace(empty, k=len(informative))
    information = [study.moments(estimate)[1] for study in studies]
    return _result(informative, information, estimate, request, notes)


def _pooled(studies: Sequence[_Study]) -> tuple[float, str]:
    """Return the common log ratio; NaN with the reason where there is none."""
    if not studies:
        return math.nan, "No study has an effect to pool"
    if all(study.high == 0 for study in studies) or all(study.low == 0 for study in studies):
        return math.nan, "No finite estimate: in every study the events are as extreme as they could be"
    found = _estimate(studies)
    if math.isnan(found):
        return found, f"The estimate was not found: log ratios from {-WIDEST:g} to {WIDEST:g} were searched"
    return found, ""


def _estimate(studies: Sequence[_Study]) -> float:
    """Find where the means of all events under treatment add up to those observed; NaN if nowhere in reach."""

    def excess(theta: float) -> float:
        return math.fsum(study.moments(theta)[0] for study in studies)

    reach = 1.0
    while excess(-reach) >= 0 or excess(reach) <= 0:
        if reach >= WIDEST:
            return math.nan
        reach = min(2 * reach, WIDEST)
    return root(excess, -reach, reach)


def _result(
    studies: Sequence[_Study],
    information: Sequence[float],
    estimate: float,
    request: Request,
    notes: list[str],
) -> ClassicResult:
    total = math.fsum(information)
    mean = wald_interval(estimate, 1 / math.sqrt(total), request.prob)
    df, q = len(studies) - 1.0, math.nan
    if df > 0:
        q = 2 * math.fsum(each.own_maximum() - each.log_likelihood(estimate) for each in studies)
    p_value = float(chdtrc(df, max(q, 0.0))) if df > 0 else math.nan
    said = "Q is the likelihood-ratio test; I2 and H2 are not defined from it" if df > 0 else ""
    spread = Heterogeneity(q, df, p_value, math.nan)
    base = nothing_pooled(len(information), spread, request, ())
    return replace(
        base,
        estimate=estimate, se=mean.se, lower=mean.lower, upper=mean.upper, statistic=mean.statistic, df=mean.df,
        p_value=mean.p_value, tau2=0.0, k=len(studies), i2=math.nan, h2=math.nan,
        weights=tuple(100 * share / total for share in information),
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


def _of_counts(arms: Arms, i: int) -> _Study:
    """Fisher's noncentral hypergeometric distribution of the events under treatment."""
    possible = support(dict(zip(COUNTS, arms, strict=True)), i)
    offset, log_weight = possible.offset, possible.log_weight

    def chances(theta: float) -> tuple[Array, float]:
        terms = log_weight + theta * offset
        top = float(np.max(terms))
        mass = np.exp(terms - top)
        total = float(np.sum(mass))
        return mass / total, top + math.log(total)

    def moments(theta: float) -> tuple[float, float]:
        p = chances(theta)[0]
        mean = float(p @ offset)
        return mean, float(p @ (offset - mean) ** 2)

    return _Study(float(offset[0]), float(offset[-1]), moments, lambda theta: -chances(theta)[1])


def _of_rates(arms: Arms, i: int) -> _Study:
    """Binomial distribution of the events under treatment among all."""
    a, t1, c, t2 = (float(values[i]) for values in arms)
    at_null = math.log(t1) - math.log(t2)

    def moments(theta: float) -> tuple[float, float]:
        p = float(expit(theta + at_null))
        return (a + c) * p - a, (a + c) * p * (1 - p)

    def log_likelihood(theta: float) -> float:
        x = theta + at_null
        return float(-a * np.logaddexp(0, -x) - c * np.logaddexp(0, x))

    return _Study(-a, c, moments, log_likelihood)


_MAKERS: dict[str, Callable[[Any, int], _Study]] = {"OR": _of_counts, "IRR": _of_rates}
