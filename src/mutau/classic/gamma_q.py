"""Cochran's Q as a gamma variable, as Biggerstaff and Tweedie have it, and the limits of tau2 that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammainc, gammaincc, ndtri

from mutau.classic.pooled_mean import pooled_mean
from mutau.classic.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["GammaQ", "gamma_limits", "gamma_q"]

FAR = 38.0
"""Normal scores beyond this are taken as this: probabilities that float64 does not hold."""


@dataclass(frozen=True, slots=True)
class GammaQ:
    """Q's distribution by tau2, as that of a gamma variable with its expectation and variance.

    Parameters
    ----------
    q : float
        As observed.
    k : int
        Number of studies, at least 2.
    first, second : float
        ``sum w - sum w^2/sum w`` and ``sum w^2 - 2 sum w^3/sum w + (sum w^2/sum w)^2``, ``w = 1/vi``.
    """

    q: float
    k: int
    first: float
    second: float

    def moments(self, tau2: Any) -> tuple[Any, Any]:
        """Expectation and variance of Q."""
        df = self.k - 1
        variance = 2 * df + 4 * self.first * tau2 + 2 * self.second * tau2**2
        return df + self.first * tau2, variance

    def score(self, tau2: Any) -> Any:
        """Normal score of the probability of a Q above the observed, which rises with `tau2`."""
        mean, variance = self.moments(tau2)
        shape, at = mean**2 / variance, self.q * mean / variance
        above, below = gammaincc(shape, at), gammainc(shape, at)
        return np.clip(np.where(above < below, ndtri(above), -ndtri(below)), -FAR, FAR)

    def expected(self) -> tuple[float, float]:
        """Give the tau2 of which the observed Q is the expectation, and about its standard error."""
        tau2 = max(0.0, (self.q - (self.k - 1)) / self.first)
        return tau2, math.sqrt(float(self.moments(tau2)[1])) / self.first


def gamma_q(yi: Array, vi: Array) -> GammaQ:
    """Give the gamma distribution of Q about the common-effect mean of at least two studies."""
    common = pooled_mean(yi, vi, "CE")
    k = len(yi)
    return GammaQ(common.cochran, k, (k - 1) / common.typical, common.trace)


def gamma_limits(yi: Array, vi: Array, prob: float) -> tuple[float, float]:
    """Biggerstaff and Tweedie's confidence limits of tau2.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    prob : float
        Coverage, approximate.

    Returns
    -------
    lower, upper : float
        The tau2 under which a Q as large, or as small, as the observed has probability ``(1 - prob)/2``; 0 where that
        is so already at 0.

    Notes
    -----
    Q is taken for a gamma variable with its own expectation, ``k - 1 + s1 tau2``, and variance, ``2 (k - 1) + 4 s1
    tau2 + 2 s2 tau2^2``; s1 and s2 as in `GammaQ`. With two studies, or equal variances, that is exact. The exact
    distribution for any other gives Biggerstaff and Jackson's interval, ``"BJ"``.

    References
    ----------
    Biggerstaff BJ, Tweedie RL (1997). Incorporating variability in estimates of heterogeneity in the random effects
    model in meta-analysis. Statistics in Medicine 16:753-768.
    doi:10.1002/(SICI)1097-0258(19970415)16:7<753::AID-SIM494>3.0.CO;2-G
    """
    spread = gamma_q(yi, vi)
    expected, sd = spread.expected()
    z = -float(ndtri((1 - prob) / 2))
    reach = 2 * z * sd

    def below(tau2: float) -> float:
        return -float(spread.score(tau2))

    return (
        crossing(below, z, expected + reach, max(0.0, expected - reach)),
        crossing(below, -z, expected + reach, expected),
    )
