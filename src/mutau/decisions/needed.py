"""The number needed to treat, with an interval that goes through infinity where it must."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mutau.tables import number

__all__ = ["NumberNeeded", "number_needed"]


@dataclass(frozen=True, slots=True)
class NumberNeeded:
    r"""Number needed to treat for one more person to benefit (NNTB) or to be harmed (NNTH). Made by `number_needed`.

    Parameters
    ----------
    estimate, lower, upper : float
        1 over the difference in risk in the direction of benefit at its estimate, its most and its least favourable
        limit: above 0 an NNTB, below 0 an NNTH (of that size); infinite at no difference. `lower` to `upper` is a
        path on the circle of numbers needed: through infinity where `crosses`.

    Notes
    -----
    An interval of the risk difference that holds no effect, from a harm of 1/h to a benefit of 1/b, becomes NNTB b to
    infinity to NNTH h: not the interval from -h to b, which would hold 0, better than any treatment can be.

    References
    ----------
    Altman DG (1998). Confidence intervals for the number needed to treat. BMJ 317:1309-1312.
    doi:10.1136/bmj.317.7168.1309

    Examples
    --------
    Altman's own: an absolute risk reduction of 10%, with limits of 5% to 15%, or of -5% to 25%.

    >>> print(number_needed(0.10, 0.05, 0.15))
    NNTB 10 (NNTB 6.7 to 20)
    >>> print(number_needed(0.10, -0.05, 0.25))
    NNTB 10 (NNTB 4.0 to ∞ to NNTH 20)
    """

    estimate: float
    lower: float
    upper: float

    @property
    def crosses(self) -> bool:
        """Whether the interval goes through infinity."""
        return math.isfinite(self.lower) and self.lower > 0 > self.upper

    def __str__(self) -> str:
        if math.isnan(self.estimate):
            return number(self.estimate)
        if math.isnan(self.lower) or self.estimate == self.lower == self.upper:
            return _one(self.estimate)
        if self.crosses:
            return f"{_one(self.estimate)} ({_one(self.lower)} to ∞ to {_one(self.upper)})"
        near, far = sorted((self.lower, self.upper), key=abs)
        end = "∞" if math.isinf(far) else number(abs(far), _digits(far))
        return f"{_one(self.estimate)} ({_one(near)} to {end})"


def number_needed(difference: float, lower: float = math.nan, upper: float = math.nan) -> NumberNeeded:
    """Turn a risk difference into a number needed to treat.

    Parameters
    ----------
    difference, lower, upper : float
        Difference in risk, above 0 where the treatment helps, and the limits of its interval, lower first.

    Returns
    -------
    NumberNeeded
        Infinite where a difference is 0; an exactly known limit at 0 is on the side of the other.
    """
    return NumberNeeded(_reciprocal(difference), _reciprocal(upper), _reciprocal(lower))


def _reciprocal(difference: float) -> float:
    return math.inf if difference == 0 else 1.0 / difference


def _digits(size: float) -> int:
    """One digit behind the point, unless it is an idle one of a whole number of 10 or more."""
    return 0 if abs(size) >= 10 else 1


def _one(size: float) -> str:
    if math.isinf(size):
        return "∞"
    return f"{'NNTB' if size > 0 else 'NNTH'} {number(abs(size), _digits(size))}"
