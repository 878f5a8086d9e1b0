"""The effect measures as far as a prior has to know them: which kind of scale, and how a statement gets onto it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from mutau.errors import Fault, nearest

__all__ = ["SCALE_OF", "STATED_ON", "analysis_value", "measure_faults", "scale_faults"]

SCALE_OF: Mapping[str, str] = MappingProxyType(
    {
        "RR": "ratio",
        "OR": "ratio",
        "HR": "ratio",
        "IRR": "ratio",
        "RD": "rd",
        "SMD": "smd",
        "MD": "md",
        "GEN": "generic",
        **dict.fromkeys(("PETO", "ROM", "VR", "CVR", "ROMC", "MPRR", "MPOR", "MPORC", "MPPETO"), "ratio"),
        **dict.fromkeys(("SMD1", "SMD1T", "SMDH", "SMCC", "SMCR", "SMCRH", "PBIT", "OR2D", "OR2DN"), "smd"),
        "MC": "md",
        **dict.fromkeys(("AS", "IRD", "IRSD", "COR", "ZCOR", "PCOR", "ZPCOR", "RPB", "RBIS"), "generic"),
        **dict.fromkeys(("UCOR", "PHI", "YUQ", "YUY", "RTET"), "generic"),
        **dict.fromkeys(
            ("PR", "PLN", "PLO", "PAS", "PFT", "MN", "MNLN", "IR", "IRLN", "IRS", "IRFT"), "generic"
        ),
    }
)
"""Kind of analysis scale of every effect measure, by its code."""

STATED_ON = ("natural", "analysis")
"""Scales that a statement can be made on: as an effect is read, or as it is analysed (the log of a ratio)."""


def measure_faults(measure: object) -> list[Fault]:
    """List what is wrong with a measure's code."""
    if measure in SCALE_OF:
        return []
    rule = "A statement about an effect is about one effect measure"
    return [Fault(f"measure = {measure!r}", rule, nearest(str(measure), tuple(SCALE_OF)), key="measure")]


def scale_faults(scale: object) -> list[Fault]:
    """List what is wrong with the name of a scale."""
    if scale in STATED_ON:
        return []
    rule = "Effects are stated as they are read (natural) or as they are analysed"
    return [Fault(f"scale = {scale!r}", rule, nearest(str(scale), STATED_ON), key="scale")]


def analysis_value(value: object, name: str, measure: str, scale: str, faults: list[Fault]) -> float:
    """Put a stated effect onto the analysis scale; what cannot be an effect is added to `faults` and gives NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        faults.append(Fault(f"{name} = {value!r}", "It is a finite number", "Write the effect out", key=name))
        return math.nan
    kind = SCALE_OF.get(measure)
    if scale == "natural" and kind == "ratio":
        if value <= 0:
            rule, remedy = (
                "A ratio is above 0",
                'Give the ratio itself, or scale = "analysis" for its logarithm',
            )
            faults.append(Fault(f"{name} = {value:g} for {measure}", rule, remedy, key=name))
            return math.nan
        return math.log(value)
    if scale == "natural" and kind == "rd" and abs(value) >= 1:
        rule, remedy = "A risk difference lies between -1 and 1", "Give a proportion, not a percentage"
        faults.append(Fault(f"{name} = {value:g} for {measure}", rule, remedy, key=name))
        return math.nan
    return float(value)
