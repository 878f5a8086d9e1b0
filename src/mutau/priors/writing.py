"""Numbers as text: to be read back exactly, or to be read by a person."""

from __future__ import annotations

__all__ = ["format_number", "format_parameter", "short_number"]


def format_number(value: float) -> str:
    """Write a number so that it reads back to exactly itself: ``4.0`` as ``"4"``, ``2.82`` as ``"2.82"``."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def short_number(value: float) -> str:
    """Write a number for a label: five significant digits, and no more than it has."""
    return format_number(float(f"{value:.5g}"))


def format_parameter(value: float | tuple[float, ...]) -> str:
    """Write a parameter so that it reads back to exactly itself: a number, or numbers as ``"(0.9, 0.1)"``."""
    if isinstance(value, tuple):
        return f"({', '.join(map(format_number, value))}{',' if len(value) == 1 else ''})"
    return format_number(value)
