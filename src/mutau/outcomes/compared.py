"""What a model's measure compares, and the value that means no effect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mutau.errors import Fault
from mutau.measures import MEASURES, Measure
from mutau.outcomes.records import is_number

__all__ = ["check_compares", "compared_measure", "contrast_words", "default_labels", "off_one_group"]


def compared_measure(fields: Mapping[str, Any]) -> Measure | None:
    """Give the measure with the value that a model compares one group with; None where the measure is unknown."""
    measure, value = MEASURES.get(str(fields.get("measure"))), fields.get("compared_with")
    if measure is None or measure.has_null or _fault(value, measure) is not None:
        return measure
    return replace(measure, compared_with=float(str(value)))


def check_compares(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Ask for the value that one group is compared with: without it there is no benefit to speak of."""
    measure, value = MEASURES.get(str(fields.get("measure"))), fields.get("compared_with")
    if measure is None or (value is None and measure.has_null):
        return
    if measure.needs_size:
        rule = f"A mean {measure.name} is no value of its own: each study's goes back by its own size"
        remedy = "Use PLO or PAS for proportions, IRLN or IRS for rates; mutau.pool pools it"
        yield Fault(f"'{measure.code}' cannot be used", rule, remedy, key="measure")
        return
    if measure.has_null:
        rule = f"{measure.code} compares by itself: no effect is {measure.null_natural:g}"
        yield Fault(f"{value!r} has no use", rule, "Remove it", key="compared_with")
        return
    fault = _fault(value, measure)
    if fault is not None:
        yield fault


def _fault(value: object, measure: Measure) -> Fault | None:
    """Say why a value cannot be what one group is compared with."""
    if value is None:
        rule = f"{measure.code} ({measure.name}) describes one group, which has no value of no effect"
        remedy = "State the value that benefit is measured from: compared_with = 0.1 for a proportion of 10%"
        return Fault("it is missing", rule, remedy, key="compared_with")
    problem = off_one_group(value, measure)
    return None if problem is None else Fault(*problem, key="compared_with")


def off_one_group(value: object, measure: Measure | None) -> tuple[str, str, str] | None:
    """Say why a number cannot be a value of a measure of one group, on the natural scale; None where it can."""
    if measure is None or measure.design != "one group":
        return None
    least, most = _RANGES.get(measure.code, _RANGES.get(measure.analysis_scale, (-math.inf, math.inf)))
    if is_number(value) and least < float(str(value)) < most:
        return None
    remedy = "Give it as it is read: a proportion, not a percentage; a rate above 0; no logarithm"
    return f"{value!r} cannot be used", f"It is a possible value of the {measure.name}", remedy


_RANGES = {"log": (0.0, math.inf), "root": (0.0, math.inf), "IR": (0.0, math.inf)}
_RANGES |= dict.fromkeys(("logit", "arcsine", "PR", "PLN"), (0.0, 1.0))
"""Between what the values of a measure, or of every measure on a scale, lie."""


def default_labels(measure: Measure) -> tuple[str, str]:
    """Say what the two sides are called where the model does not."""
    return ("after", "before") if measure.design == "one sample" else ("treatment", "control")


def contrast_words(measure: Measure, treatment: str, control: str, word: str = "versus") -> str:
    """Say what is compared with what, inside a sentence; `word` stands between the two sides.

    Examples
    --------
    >>> contrast_words(MEASURES["RR"], "exercise", "usual care", "against")
    'exercise against usual care'
    >>> contrast_words(MEASURES["ZCOR"], "treatment", "control")
    'two variables in one sample'
    """
    if measure.design == "one group":
        value = "" if measure.compared_with is None else f", compared with {measure.compared_with:g}"
        return f"single groups{value}"
    if measure.design == "association":
        return "two variables in one sample"
    sides = f"{treatment} {word} {control}"
    return f"{sides} in matched pairs" if measure.design == "pairs" else sides
