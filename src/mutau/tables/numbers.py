"""How a number is written for reading: rounding, intervals, probabilities, in one place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutau.measures import Measure

__all__ = [
    "NOT_AVAILABLE",
    "effect",
    "effect_interval",
    "interval",
    "number",
    "p_sentence",
    "p_value",
    "percent",
    "probability",
]

NOT_AVAILABLE = "–"
_LARGE = 1e4


def number(value: float, decimals: int = 2) -> str:
    """Round a number for reading: fixed decimals, but never to a false zero and never with idle digits.

    Examples
    --------
    >>> number(8.9342), number(0.0012), number(2613402.7), number(-0.2), number(float("nan"))
    ('8.93', '0.0012', '2.6 million', '-0.20', '–')
    """
    size = abs(value)
    if math.isnan(value):
        return NOT_AVAILABLE
    if size >= _LARGE:
        return _large(value)
    if (
        0 < size < 10 ** (1 - decimals)
    ):  # two significant digits, where fixed decimals would leave one or none
        digits = decimals + 1 if size >= 10**-decimals else -math.floor(math.log10(size)) + 1
        return f"{value:.{digits}f}" if size >= 1e-6 else f"{value:.1e}"
    return f"{value:.{decimals}f}"


def _large(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    for word, unit in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if unit <= abs(value) < 1e15:
            return f"{value / unit:.1f} {word}"
    return f"{value:,.0f}" if abs(value) < 1e6 else f"{value:.1e}"


def interval(lower: float, upper: float, decimals: int = 2) -> str:
    """Write an interval as ``[lower, upper]``."""
    if math.isnan(lower) and math.isnan(upper):
        return NOT_AVAILABLE
    return f"[{number(lower, decimals)}, {number(upper, decimals)}]"


def effect(value: float, measure: Measure) -> str:
    """Write an effect on the natural scale with its measure: ``RR 8.93``."""
    return f"{measure.code} {number(value)}"


def effect_interval(estimate: float, lower: float, upper: float) -> str:
    """Write an estimate with its interval: ``8.93 [1.25, 63.70]``; says so where there is no interval."""
    if math.isnan(lower) and math.isnan(upper) and not math.isnan(estimate):
        return f"{number(estimate)}, no interval"
    return f"{number(estimate)} {interval(lower, upper)}"


def probability(value: float, ess: float = math.inf) -> str:
    """Write a probability to three decimals, four near 0 and 1; never as a plain 0 or 1.

    Parameters
    ----------
    value : float
        In [0, 1], or NaN.
    ess : float
        Effective number of draws behind it, if it was sampled: what cannot be told from 0 or 1 is written as
        nearer than 1/ess.

    Examples
    --------
    >>> probability(0.9384), probability(0.99823), probability(0.99979), probability(0.0, ess=5000)
    ('0.938', '0.998', '0.9998', '< 0.0002')
    """
    if math.isnan(value):
        return NOT_AVAILABLE
    floor = float(f"{max(1 / ess, 1e-4):.1g}")
    if value < floor:
        return f"< {floor:g}"
    if value > 1 - floor:
        return f"> {1 - floor:g}"
    return f"{value:.4f}" if min(value, 1 - value) < 1e-3 else f"{value:.3f}"


def p_value(value: float) -> str:
    """Write a p-value to four decimals.

    Examples
    --------
    >>> p_value(0.03712), p_value(2e-9)
    ('0.0371', '<0.0001')
    """
    return NOT_AVAILABLE if math.isnan(value) else "<0.0001" if value < 1e-4 else f"{value:.4f}"


def p_sentence(value: float) -> str:
    """Write a p-value in a sentence: ``p = 0.0371``, ``p < 0.0001``."""
    said = p_value(value)
    return f"p < {said[1:]}" if said.startswith("<") else f"p = {said}"


def percent(prob: float) -> str:
    """Write an interval's probability: ``95%``."""
    return f"{100 * prob:g}%"
