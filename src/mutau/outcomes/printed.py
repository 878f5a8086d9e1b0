"""What a printed estimate and its interval say on the analysis scale, and how much rounding leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import Fault, nearest
from mutau.outcomes.records import POOLED, PublishedResult, is_number
from mutau.priors import Prior

if TYPE_CHECKING:
    from mutau.measures import Measure

__all__ = ["CI_METHODS", "Printed", "pooled_faults", "printed", "printed_decimals"]

CI_METHODS = ("wald",)
"""Confidence intervals that give a standard error by dividing their length by 2 z."""

_ONLY_POOLED = ("ci_method", "tau2_published", "decimals")
_MU_FAMILIES = ("Normal", "Flat")
_MOST_DECIMALS = 12
_SLACK = 1e-9  # of the half unit: an estimate exactly on the edge of its rounding interval is inside


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed result on the analysis scale: lowest, printed and highest value that it may stand for.

    Parameters
    ----------
    estimates : tuple of float
        The estimate: lower end of its rounding interval, as printed, upper end.
    ses : tuple of float
        The standard error: from the narrowest, the printed and the widest interval.
    centres : tuple of float
        Middle of the interval, likewise.
    decimals : int
        Digits behind the point.
    """

    estimates: tuple[float, float, float]
    ses: tuple[float, float, float]
    centres: tuple[float, float, float]
    decimals: int

    @property
    def is_centred(self) -> bool:
        """Whether rounding alone can explain how far the estimate lies off the middle of its interval."""
        slack = _SLACK * (self.estimates[2] - self.estimates[0])
        return self.estimates[0] <= self.centres[2] + slack and self.centres[0] <= self.estimates[2] + slack


def printed_decimals(published: PublishedResult) -> int:
    """Say to how many decimals a result was printed: as stated, else the most that a number of it shows."""
    if published.decimals is not None:
        return published.decimals
    return max(_shown(value) for value in (published.estimate, published.lower, published.upper))


def _shown(value: float) -> int:
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def printed(published: PublishedResult, measure: Measure) -> Printed:
    r"""Take a printed result to the analysis scale, with what rounding leaves open.

    Parameters
    ----------
    published : PublishedResult
        Natural scale, as printed.
    measure : Measure
        The effect measure.

    Returns
    -------
    Printed

    Notes
    -----
    :math:`s = (U - L) / (2 z)` on the analysis scale (log for ratios), z the normal quantile of the interval's
    coverage: 1.96 for 95%. A number printed to d decimals stands for anything within half a unit of its last
    digit.

    Examples
    --------
    >>> from mutau.measures import get_measure
    >>> found = printed(PublishedResult(0.74, 0.52, 1.04), get_measure("RR"))
    >>> [round(se, 3) for se in found.ses], found.is_centred
    ([0.173, 0.177, 0.181], True)
    """
    decimals = printed_decimals(published)
    half = 0.5 * 10.0**-decimals
    steps = half * np.array([-1.0, 0.0, 1.0])
    estimate, lower, upper = (
        np.asarray(measure.to_analysis(value + steps))
        for value in (published.estimate, published.lower, published.upper)
    )
    z = NormalDist().inv_cdf(0.5 + 0.5 * published.prob)
    ses = (upper - lower[::-1]) / (2.0 * z)
    return Printed(_three(estimate), _three(ses), _three((lower + upper) / 2.0), decimals)


def _three(values: Any) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in values)
    return low, middle, high


def pooled_faults(fields: Mapping[str, Any], measure: Measure | None) -> Iterator[Fault]:
    """List what is wrong with an outcome of which only the pooled result is known, or with keys meant for one.

    Parameters
    ----------
    fields : mapping
        By the names of `OutcomeModel`'s parameters.
    measure : Measure or None
        The effect measure, where it is known.
    """
    published = fields.get("published")
    if fields.get("likelihood") != POOLED:
        if isinstance(published, PublishedResult):
            yield from _meant_for_pooled(published)
        return
    yield from _no_table(fields)
    yield from _usable_priors(fields)
    if published is None:
        rule = 'likelihood = "pooled" is for an outcome of which only the pooled result is known'
        yield Fault("it is missing", rule, "State the result as it is printed", key="published")
    elif isinstance(published, PublishedResult):
        details = [*_details(published)]
        yield from details
        if measure is not None and not details:
            yield from _interval(published, measure)


def _meant_for_pooled(published: PublishedResult) -> Iterator[Fault]:
    for name in _ONLY_POOLED:
        if getattr(published, name) not in (None, ""):
            rule = 'Only likelihood = "pooled" reads it: elsewhere the trials are known'
            yield Fault(
                f"{getattr(published, name)!r} has no use", rule, "Remove it", key=f"published.{name}"
            )


def _no_table(fields: Mapping[str, Any]) -> Iterator[Fault]:
    rule = "An outcome of which only the pooled result is known reads no table of studies"
    for key, what in (("data", "a table is named"), ("where", "rows are selected")):
        if fields.get(key):
            yield Fault(what, rule, "Remove it, or name another likelihood", key=key)


def _usable_priors(fields: Mapping[str, Any]) -> Iterator[Fault]:
    mu = fields.get("mu_prior")
    if isinstance(mu, Prior) and mu.family not in _MU_FAMILIES:
        rule = "With a pooled result alone mu's prior is normal or flat"
        yield Fault(f"{mu} cannot be used", rule, "Use Normal(mean, sd)", key="mu_prior")
    stated = [("tau_prior", fields.get("tau_prior"))]
    for place, entry in enumerate(fields.get("tau_alternatives") or (), start=1):
        if isinstance(entry, tuple) and len(entry) == 2:
            stated.append((f"tau_alternatives[{place}].prior", entry[1]))
    for key, tau in stated:
        if isinstance(tau, Prior) and not tau.is_proper:
            rule = "A pooled result alone says too little of tau for an improper prior"
            yield Fault(f"{tau} is improper", rule, "Use a proper one, such as HalfNormal(0.5)", key=key)
        elif isinstance(tau, Prior) and tau.is_pending:
            rule = "A pooled result alone does not give the studies' standard errors that this prior is made from"
            yield Fault(f"{tau} cannot be used", rule, "Use another, such as HalfNormal(0.5)", key=key)


def _details(published: PublishedResult) -> Iterator[Fault]:
    if published.k is None:
        rule = "How much tau adds to the variance of a pooled result depends on the number of its studies"
        yield Fault("it is missing", rule, "State the review's k", key="published.k")
    if published.ci_method and published.ci_method not in CI_METHODS:
        rule = "A standard error is read off a Wald interval (estimate and 1.96 standard errors) only"
        remedy = f"Find the review's Wald interval. {nearest(str(published.ci_method), CI_METHODS)}"
        yield Fault(f"'{published.ci_method}' cannot be used", rule, remedy, key="published.ci_method")
    tau2, decimals = published.tau2_published, published.decimals
    if tau2 is not None and not (is_number(tau2) and tau2 >= 0):
        rule = "It is the review's variance between studies on the analysis scale, 0 or more"
        yield Fault(
            f"{tau2!r} cannot be used", rule, "Leave it out if unknown", key="published.tau2_published"
        )
    if decimals is None:
        return
    values = (published.estimate, published.lower, published.upper)
    whole = isinstance(decimals, int) and 0 <= decimals <= _MOST_DECIMALS
    if not whole or any(_shown(value) > decimals for value in values if is_number(value)):
        rule = "It is the number of digits behind the point to which estimate and limits were printed"
        yield Fault(
            f"{decimals!r} does not fit {values[0]}, {values[1]} and {values[2]}",
            rule,
            "Count them",
            key="published.decimals",
        )


def _interval(published: PublishedResult, measure: Measure) -> Iterator[Fault]:
    """Check that the interval is wider than its rounding, and that the estimate lies in its middle."""
    values = (published.estimate, published.lower, published.upper)
    numbers = all(map(is_number, (*values, published.prob)))
    if not numbers or not 0 < published.prob < 1 or not values[1] <= values[0] <= values[2]:
        return  # said already
    if measure.is_ratio and min(values) <= 0:
        return
    found = printed(published, measure)
    unit = 10.0**-found.decimals
    if not found.ses[0] > 0:
        rule = f"An interval has to be longer than rounding (to {unit:g}) alone can make it"
        what = f"[{published.lower:g}, {published.upper:g}] may have no length"
        yield Fault(what, rule, "Find the result with more digits", key="published.upper")
    elif not found.is_centred:
        centre = float(measure.to_natural(found.centres[1]))
        scale = "log scale" if measure.is_ratio else "scale it is analysed on"
        yield Fault(
            f"{published.estimate:g} is off {centre:.{found.decimals + 1}f}, the middle of "
            f"[{published.lower:g}, {published.upper:g}] on the {scale}, by more than rounding (to {unit:g}) allows",
            "A Wald interval has the estimate in its middle",
            "Check the three numbers, the measure and the kind of interval",
            key="published.estimate",
        )
