"""What was derived, and how: the number, its formula with the numbers in it, its source, its range by rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Derived", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a formula is from.

    Parameters
    ----------
    text : str
        As a table says it: ``"Wan et al. 2014, equation 16"``.
    doi : str
        Without ``https``; empty where there is none.
    """

    text: str
    doi: str = ""

    def __str__(self) -> str:
        return f"{self.text}, doi:{self.doi}" if self.doi else self.text


@dataclass(frozen=True, slots=True)
class Derived:
    """A number that no report prints, with all that is needed to make it again.

    Parameters
    ----------
    value : float
        Unrounded. NaN where it does not exist; `notes` then says why.
    what : str
        What it is: ``"SD"``, ``"SE"``, ``"events"``.
    steps : tuple of str
        Formulas with the numbers in them, in the order in which they were used; the last gives `value`.
    sources : tuple of Source
        Of these formulas.
    lower, upper : float
        Smallest and largest value that the printed digits allow: every number that was given as text stands for all
        numbers that are rounded to it. NaN where a number was given as a number, so that its digits are not known.
    notes : tuple of str
        What a reader has to know before relying on it.

    Examples
    --------
    >>> from mutau.extraction import sd_from_se
    >>> found = sd_from_se("0.60", 50)
    >>> print(found)
    SD = SE × √n = 0.60 × √50 = 4.24264, from 4.20729 to 4.278 by rounding
    """

    value: float
    what: str
    steps: tuple[str, ...]
    sources: tuple[Source, ...]
    lower: float = math.nan
    upper: float = math.nan
    notes: tuple[str, ...] = ()

    @property
    def formula(self) -> str:
        """All steps, the last one last."""
        return "; ".join(self.steps)

    @property
    def source(self) -> str:
        """All sources in words, each once."""
        return "; ".join(dict.fromkeys(map(str, self.sources)))

    @property
    def range_in_words(self) -> str:
        """What the printed digits leave open; empty where that is nothing, or not known."""
        if not self.lower < self.upper:
            return ""
        return f"from {self.lower:.6g} to {self.upper:.6g} by rounding"

    def __str__(self) -> str:
        range_ = f", {self.range_in_words}" if self.range_in_words else ""
        notes = "".join(f". {note}" for note in self.notes)
        return f"{self.formula} = {self.value:.6g}{range_}{notes}"

    def to_frame(self) -> pd.DataFrame:
        """Write it as one row: what, value, lower, upper, formula, source, notes."""
        import pandas as pd

        row = {name: getattr(self, name) for name in ("what", "value", "lower", "upper", "formula", "source")}
        return pd.DataFrame([{**row, "notes": "; ".join(self.notes)}])
