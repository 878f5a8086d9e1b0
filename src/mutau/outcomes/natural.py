"""Whether a number can be an effect on the natural scale of a measure."""

from __future__ import annotations

from mutau.outcomes.records import is_number

__all__ = ["off_scale"]


def off_scale(value: object, kind: str | None) -> tuple[str, str, str] | None:
    """Say why a number cannot be an effect of this kind on the natural scale."""
    natural = "Give it as it is read, not as a logarithm"
    if not isinstance(value, (int, float)) or not is_number(value):
        return f"{value!r} is not a finite number", "An effect is a number", natural
    if kind == "ratio" and value <= 0:
        return f"{value:g} is not above 0", "A ratio is above 0", natural
    if kind == "rd" and abs(value) > 1:
        remedy = "Give it as a proportion, not as a percentage"
        return f"{value:g} is beyond 1", "A risk difference lies between -1 and 1", remedy
    return None
