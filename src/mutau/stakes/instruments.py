"""Scales on which people are scored, in whose points a standardised effect can be said again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mutau.errors import ArgumentError, Fault

__all__ = ["Instrument"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scale on which people are scored.

    Parameters
    ----------
    name : str
        Its name: ``"Edinburgh Postnatal Depression Scale"``.
    sd : float
        Standard deviation of its scores among people like those of the trials, without treatment; above 0.
    source : str
        Where the SD comes from. It is stated, never computed here.

    Raises
    ------
    ArgumentError
        The SD is not a number above 0, or name or source are empty.
    """

    name: str
    sd: float
    source: str

    def __post_init__(self) -> None:
        faults = []
        if not (math.isfinite(self.sd) and self.sd > 0):
            rule = "A standard deviation is a number above 0"
            faults.append(Fault(f"sd = {self.sd!r}", rule, "Give it in points of the instrument", key="sd"))
        for key in ("name", "source"):
            if not getattr(self, key).strip():
                rule = "Whoever reads points has to know of what, and where the SD comes from"
                faults.append(Fault(f"{key} is empty", rule, "Say it", key=key))
        if faults:
            raise ArgumentError(faults)

    def __str__(self) -> str:
        return f"{self.name}, SD {self.sd:g} ({self.source})"
