"""Counts that a report does not print: from a percentage, or from an effect and the margins of a 2x2 table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.extraction.given import ANY, COUNT, PERCENT, POSITIVE, SIZE, Check, Given, Printed, read
from mutau.extraction.record import Derived, Source
from mutau.extraction.sources import DI_PIETRANTONJ, PERCENTAGE, RISKS

__all__ = ["events_from_effect", "events_from_percentage"]

_SLACK = 1e-9
"""How far past the end of its range a count may lie: some round halves up, others to even."""


def events_from_percentage(percent: Printed, n: Printed) -> Derived:
    """Participants with an event, from their percentage.

    Parameters
    ----------
    percent : str or float
        As the report prints it: ``"33"`` is 32.5 to 33.5, ``"33.0"`` is 32.95 to 33.05. A float has the digits that
        Python shows of it, without a closing ``.0``.
    n : int or str
        Participants that it is of.

    Returns
    -------
    Derived
        The one whole number whose percentage is printed like this. Of several, the nearest to it, with the smallest
        and the largest in `lower` and `upper`. NaN where there is none, which a note says: then the percentage is of
        another number of participants, or a misprint.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Examples
    --------
    >>> events_from_percentage("33", 54).value
    18.0
    >>> print(events_from_percentage("33", 540))
    events = 33% of 540 = 178, from 176 to 180 by rounding. 5 counts are printed as 33% of 540: 176 to 180
    >>> print(events_from_percentage("33.0", 54))
    events = 33.0% of 54 = nan. No count of 54 is printed as 33.0%: 17 is 31.5%, 18 is 33.3%
    """
    text = percent if isinstance(percent, (str, Derived)) else f"{percent:.15g}"
    given = read(percent=(text, PERCENT), n=(n, SIZE))
    share, size = given["percent"], given["n"].value
    first, last = _whole_between(share.low * size / 100, share.high * size / 100, size)
    words = f"events = {share.text}% of {size:g}"
    if first <= last:
        notes = _several(first, last, f"are printed as {share.text}% of {size:g}")
        value = _nearest(share.value * size / 100, first, last)
        return Derived(value, "events", (words,), (PERCENTAGE,), first, last, notes)
    around = (math.floor(share.value * size / 100), math.ceil(share.value * size / 100))
    nearest = ", ".join(f"{count} is {100 * count / size:.1f}%" for count in around)
    note = f"No count of {size:g} is printed as {share.text}%: {nearest}"
    return Derived(math.nan, "events", (words,), (PERCENTAGE,), notes=(note,))


def _whole_between(low: float, high: float, most: float) -> tuple[float, float]:
    """Smallest and largest whole number of a range; the first is above the last where there is none."""
    return max(0.0, np.ceil(low - _SLACK)), min(most, np.floor(high + _SLACK))


def _nearest(exact: float, first: float, last: float) -> float:
    return float(np.clip(np.floor(exact + 0.5), first, last))


def _several(first: float, last: float, like: str) -> tuple[str, ...]:
    if first == last:
        return ()
    return (f"{last - first + 1:g} counts {like}: {first:g} to {last:g}",)


def _odds_with_total(effect: Any, n1: float, n2: float, total: float) -> Any:
    """Smaller root of the quadratic that the cross-product ratio gives, written so that no digits cancel."""
    b = effect * (n1 + total) + n2 - total
    c = effect * n1 * total
    return 2 * c / (b + np.sqrt(b**2 - 4 * (effect - 1) * c))


def _odds_with_control(effect: Any, n1: float, n2: float, control: float) -> Any:
    odds = effect * control / (n2 - control)
    return n1 * odds / (1 + odds)


_OR_TOTAL = "root of a(n₂ − m + a) = OR (n₁ − a)(m − a)"
_WAYS: dict[tuple[str, str], tuple[Callable[..., Any], str, Source]] = {
    ("odds_ratio", "total"): (_odds_with_total, _OR_TOTAL, DI_PIETRANTONJ),
    ("odds_ratio", "control"): (
        _odds_with_control,
        "n₁ o/(1 + o) with o = OR c/(n₂ − c)",
        RISKS,
    ),
    ("risk_ratio", "total"): (
        lambda effect, n1, n2, total: effect * n1 * total / (n2 + effect * n1),
        "RR n₁ m / (n₂ + RR n₁)",
        RISKS,
    ),
    ("risk_ratio", "control"): (
        lambda effect, n1, n2, control: n1 * effect * control / n2,
        "n₁ RR c/n₂",
        RISKS,
    ),
    ("risk_difference", "total"): (
        lambda effect, n1, n2, total: (effect + total / n2) / (1 / n1 + 1 / n2),
        "(RD + m/n₂) / (1/n₁ + 1/n₂)",
        RISKS,
    ),
    ("risk_difference", "control"): (
        lambda effect, n1, n2, control: n1 * (control / n2 + effect),
        "n₁ (c/n₂ + RD)",
        RISKS,
    ),
}
_SYMBOLS = {"odds_ratio": "OR", "risk_ratio": "RR", "risk_difference": "RD"}


def events_from_effect(
    n_treatment: Printed,
    n_control: Printed,
    *,
    odds_ratio: Printed | None = None,
    risk_ratio: Printed | None = None,
    risk_difference: Printed | None = None,
    events_total: Printed | None = None,
    events_control: Printed | None = None,
) -> dict[str, Derived]:
    """Fill a 2x2 table from an effect, the sizes of both groups, and the events of both together or of one.

    Parameters
    ----------
    n_treatment, n_control : int or str
        Participants.
    odds_ratio, risk_ratio, risk_difference : float or str
        One of them, treatment against control; not adjusted for anything.
    events_total, events_control : int or str
        One of them: events of both groups together, or of the control group.

    Returns
    -------
    dict of str to Derived
        ``"events_treatment"`` and ``"events_control"``, whole numbers. Where the effect is text they are those whose
        effect is printed like this: of several the nearest, with the range in `lower` and `upper`; NaN where there is
        none, which a note says. Where the effect is a float they are the nearest, and a note says which effect they
        have.

    Raises
    ------
    ArgumentError
        More or fewer than one effect and one margin, a number that breaks its rule, margins that do not fit: all at
        once.

    Notes
    -----
    With a the events under treatment, m those of both groups: of an odds ratio a is the root of ``a (n2 - m + a) = OR
    (n1 - a) (m - a)`` that lies in the table. Di Pietrantonj C (2006). Statistics in Medicine 25:2299-2322.
    doi:10.1002/sim.2287. Risk ratio and difference are solved directly. An adjusted odds ratio belongs to no table.

    Examples
    --------
    >>> found = events_from_effect(46, 54, odds_ratio="10.33", events_total=40)
    >>> [found[name].value for name in ("events_treatment", "events_control")]
    [31.0, 9.0]
    """
    effects = {"odds_ratio": odds_ratio, "risk_ratio": risk_ratio, "risk_difference": risk_difference}
    margins = {"total": events_total, "control": events_control}
    given, kind, margin = _table_numbers(n_treatment, n_control, effects, margins)
    compute, words, source = _WAYS[kind, margin]
    n1, n2, known = given["n_treatment"].value, given["n_control"].value, given["margin"].value

    def events(effect: float) -> float:
        return float(compute(effect, n1, n2, known))

    step = (
        f"events_treatment = {words} with {_SYMBOLS[kind]} = {given['effect'].text}, n₁ = {n1:g}, n₂ = {n2:g}, "
        f"{'m' if margin == 'total' else 'c'} = {known:g}"
    )
    most = min(n1, known) if margin == "total" else n1
    least = max(0.0, known - n2) if margin == "total" else 0.0
    treatment = _whole_events(given["effect"], events, step, source, (least, most))

    def implied(a: float) -> float:
        return _effect(kind, a, n1, known - a if margin == "total" else known, n2)

    treatment = _with_implied(treatment, given["effect"], kind, implied)
    if margin == "control":
        return {"events_treatment": treatment}
    control = Derived(
        known - treatment.value,
        "events",
        (
            *treatment.steps,
            f"events_control = {known:g} − events_treatment = {known:g} − {treatment.value:g}",
        ),
        treatment.sources,
        known - treatment.upper,
        known - treatment.lower,
        treatment.notes,
    )
    return {"events_treatment": treatment, "events_control": control}


def _table_numbers(
    n_treatment: Printed, n_control: Printed, effects: dict[str, Any], margins: dict[str, Any]
) -> tuple[dict[str, Given], str, str]:
    faults = [
        *_one_of(effects, "effect", "odds_ratio, risk_ratio or risk_difference"),
        *_one_of(margins, "margin", "events_total or events_control"),
    ]
    if faults:
        raise ArgumentError(faults)
    kind, margin = (
        next(name for name, value in each.items() if value is not None) for each in (effects, margins)
    )
    rule = (
        POSITIVE
        if kind != "risk_difference"
        else Check("It lies between -1 and 1", lambda x: abs(x) < 1, ANY.remedy)
    )
    known = f"events_{margin}"
    given = read(
        n_treatment=(n_treatment, SIZE),
        n_control=(n_control, SIZE),
        **{kind: (effects[kind], rule), known: (margins[margin], COUNT)},
    )
    given |= {"effect": given[kind], "margin": given[known]}
    most = given["n_control"].value + (given["n_treatment"].value if margin == "total" else 0)
    if not given["margin"].value <= most:
        what = f"{given['margin'].text} events of {most:g} participants"
        raise ArgumentError(
            Fault(
                what, "There are at most as many events as participants", "Check both", key=f"events_{margin}"
            )
        )
    if margin == "control" and kind == "odds_ratio" and given["margin"].value == most:
        what = f"all {most:g} participants of the control group have the event"
        rule_text = "An odds ratio then is infinite or does not exist"
        raise ArgumentError(Fault(what, rule_text, "Check the three numbers", key="events_control"))
    return given, kind, margin


def _one_of(values: dict[str, Any], what: str, names: str) -> Iterable[Fault]:
    count = sum(value is not None for value in values.values())
    if count != 1:
        yield Fault(f"{count} given", f"One {what} is given: {names}", "Give one", key=what)


def _whole_events(
    effect: Given,
    events: Callable[[float], float],
    step: str,
    source: Source,
    bounds: tuple[float, float],
) -> Derived:
    """Take the whole numbers between the ends of the effect's range; events rise with each of the effects."""
    exact = events(effect.value)
    outside = not bounds[0] - 0.5 <= exact <= bounds[1] + 0.5
    nearest = float(np.clip(np.floor(exact + 0.5), *bounds))
    if outside:
        allowed = f"The margins allow {bounds[0]:g} to {bounds[1]:g} events"
        note = f"{allowed}, the effect asks for {exact:.3g}: check the numbers"
        return Derived(math.nan, "events", (step,), (source,), notes=(note,))
    if math.isnan(effect.low) or effect.low == effect.high:
        return Derived(nearest, "events", (step,), (source,), notes=(f"Before rounding it is {exact:.4g}",))
    first, last = _whole_between(max(events(effect.low), bounds[0]), events(effect.high), bounds[1])
    if first > last:
        return Derived(
            math.nan, "events", (step,), (source,), notes=(f"No whole number fits: it is {exact:.4g}",)
        )
    notes = _several(first, last, f"have an effect that is printed as {effect.text}")
    return Derived(_nearest(exact, first, last), "events", (step,), (source,), first, last, notes)


def _effect(kind: str, a: float, n1: float, c: float, n2: float) -> float:
    risk1, risk2 = a / n1, c / n2
    if kind == "risk_difference":
        return risk1 - risk2
    if kind == "risk_ratio":
        return risk1 / risk2 if c > 0 else math.nan
    return a * (n2 - c) / ((n1 - a) * c) if (n1 - a) * c > 0 else math.nan


def _with_implied(found: Derived, effect: Given, kind: str, implied: Callable[[float], float]) -> Derived:
    if math.isnan(found.value):
        return found
    said = (
        f"With {found.value:g} events {_SYMBOLS[kind]} is {implied(found.value):.4g}; {effect.text} was given"
    )
    return replace(found, notes=(*found.notes, said))
