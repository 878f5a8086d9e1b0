"""What the other studies have: median and range of a table's numbers without those of one study."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["Others"]


class Others:
    """Positive numbers of several studies, sorted once, so that each study is compared with the rest quickly.

    Parameters
    ----------
    values : iterable of (str, float)
        Study and number; numbers that are not above 0 (NaN too) are left out.

    Examples
    --------
    >>> sds = Others([("A", 4.0), ("A", 5.0), ("B", 4.5), ("C", 40.0), ("C", math.nan)])
    >>> sds.median("C"), sds.range("A"), sds.studies("C")
    (4.5, (4.5, 40.0), 2)
    """

    def __init__(self, values: Iterable[tuple[str, float]]) -> None:
        pairs = sorted((value, study) for study, value in values if value > 0)
        self._sorted = [value for value, _ in pairs]
        self._places: dict[str, list[int]] = {}
        for place, (_, study) in enumerate(pairs):
            self._places.setdefault(study, []).append(place)

    def studies(self, study: str) -> int:
        """How many other studies have a number."""
        return len(self._places) - (study in self._places)

    def median(self, study: str) -> float:
        """Median of the numbers of the others; NaN where they have none."""
        count = len(self._sorted) - len(self._places.get(study, ()))
        if count == 0:
            return math.nan
        return (self._ranked(study, (count - 1) // 2) + self._ranked(study, count // 2)) / 2

    def range(self, study: str) -> tuple[float, float]:
        """Smallest and largest number of the others; NaN where they have none."""
        count = len(self._sorted) - len(self._places.get(study, ()))
        if count == 0:
            return math.nan, math.nan
        return self._ranked(study, 0), self._ranked(study, count - 1)

    def _ranked(self, study: str, rank: int) -> float:
        for place in self._places.get(study, ()):  # in ascending order
            rank += place <= rank
        return self._sorted[rank]
