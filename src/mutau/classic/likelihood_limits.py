"""Confidence limits of the mean from its profile likelihood, plain and with Noma's Bartlett-type correction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.pooled_mean import pooled_mean
from mutau.classic.roots import crossing, root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.pooled_mean import PooledMean

    type Array = NDArray[np.float64]

__all__ = ["MeanProfile"]

ACCURACY = 1e-12
"""Of a limit's distance from the estimate: the likelihood's, where it is steep."""

SCANNED = 400
"""Means looked at on each side where the likelihood has several maxima, so that its set may have gaps."""


@dataclass(frozen=True, slots=True)
class MeanProfile:
    """The likelihood of the mean, tau2 at its maximum for each.

    Parameters
    ----------
    mean : PooledMean
        Of at least two studies, by maximum likelihood.
    corrected : bool
        Whether the statistic is divided by Noma's Bartlett-type correction.

    Notes
    -----
    Twice the log likelihood ratio of a mean mu is ``LR(mu) = 2 [l(mean, tau2) - l(mu, tau2(mu))]``, chi-squared with
    1 degree of freedom up to terms of order 1/k; ``LR/(1 + 2 C)`` is so up to smaller ones, ``C = sum w^3/(sum w sum
    w^2)`` with ``w = 1/(vi + tau2(mu))``.

    tau2(mu) is the maximum likelihood estimate for the effects together with their mirror images about mu, whose mean
    is mu whatever tau2: the global maximum, found as any other.

    References
    ----------
    Hardy RJ, Thompson SG (1996). doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A. Noma H (2011).
    Confidence intervals for a random-effects meta-analysis based on Bartlett-type corrections. Statistics in Medicine
    30:3304-3312. doi:10.1002/sim.4350
    """

    mean: PooledMean
    corrected: bool

    def score(self, mu: float) -> float:
        """Signed root of the statistic of "the mean is `mu`", about standard normal; above 0 where `mu` is small."""
        apart = self.mean.yi - mu
        vi = self.mean.vi
        tau2 = pooled_mean(np.concatenate([apart, -apart]), np.concatenate([vi, vi]), "ML").found
        top = _log_likelihood(self.mean.yi - self.mean.estimate, vi, self.mean.tau2)
        ratio = max(0.0, 2 * (top - _log_likelihood(apart, vi, tau2))) if tau2 >= 0 else math.nan
        if self.corrected:
            w = 1 / (vi + tau2)
            ratio /= 1 + 2 * float(np.sum(w**3)) / float(np.sum(w) * np.sum(w**2))
        return math.copysign(math.sqrt(ratio), self.mean.estimate - mu)

    def limits(self, multiplier: float) -> tuple[float, float]:
        """Outermost means whose score is no farther from 0 than `multiplier`; NaN where they were not found."""
        return self._limit(multiplier, -1.0), self._limit(multiplier, 1.0)

    def _limit(self, multiplier: float, side: float) -> float:
        mean = self.mean

        def near(distance: float) -> float:
            """Falls from 0 with the distance, where the likelihood has one maximum."""
            return -abs(self.score(mean.estimate + side * distance))

        first = multiplier * mean.se
        if mean.maxima < 2:
            distance = crossing(near, -multiplier, first, 0.0, ACCURACY)
        else:
            distance = _outermost(near, -multiplier, float(np.ptp(mean.yi)) + first)
        return float(mean.estimate + side * distance)


def _outermost(near: Callable[[float], float], level: float, end: float) -> float:
    """Farthest distance at which `near` comes down to the level; beyond all effects it only falls."""
    while near(end) > level:
        end *= 2
    grid = np.linspace(0.0, end, SCANNED + 1)
    last = max(i for i, distance in enumerate(grid) if near(float(distance)) > level)
    return root(lambda distance: near(distance) - level, float(grid[last]), float(grid[last + 1]), ACCURACY)


def _log_likelihood(apart: Array, vi: Array, tau2: float) -> float:
    """Log likelihood but for a constant, of effects so far from their mean."""
    total = vi + tau2
    return -0.5 * float(np.sum(np.log(total) + apart**2 / total))
