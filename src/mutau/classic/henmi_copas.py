"""Henmi and Copas' confidence interval: a random-effects interval about the common-effect mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainc, ndtri

from mutau.classic.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.pooled_mean import PooledMean

    type Array = NDArray[np.float64]

__all__ = ["henmi_copas"]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
"""Of each panel of the integral."""

WIDENING = 2.0 ** np.arange(-2, 8)
"""Distances of the panels' ends from where the integrand steps, in widths of the step."""

END = 9.0
"""Normal deviates beyond have a probability of 1e-19."""

ACCURACY = 1e-12
"""Of the multiplier, relative: the integral's."""


def henmi_copas(common: PooledMean, tau2: float, prob: float) -> tuple[float, float]:
    """Give the standard error and the multiplier of Henmi and Copas' interval.

    Parameters
    ----------
    common : PooledMean
        The common-effect mean of at least two studies, about which the interval lies.
    tau2 : float
        DerSimonian and Laird's estimate.
    prob : float
        Coverage.

    Returns
    -------
    se, multiplier : float
        The interval is ``estimate +- multiplier se``; NaN where the multiplier was not found.

    Notes
    -----
    With ``w = 1/vi``, ``W_r = sum w^r/sum w`` (W1 the plain sum), the common-effect mean b has variance ``(1 + tau2
    W2)/W1``; se has the estimate in it. ``U = (b - mu)/se`` is neither normal nor t. The multiplier u solves

    ``P(U > u) = integral from u/sd to infinity of P(Q <= (W1/W2 - 1)((z sd/u)^2 - 1) + k - 1 | R = z sd) phi(z) dz =
    (1
    - prob)/2``,

    R the mean's distance from mu in common-effect standard errors, ``sd^2 = 1 + tau2 W2`` its variance, and Q given
    R a gamma variable with its own expectation and variance. Common-effect weights give the small studies less
    weight, so that the estimate suffers less where small studies are published by their results.

    References
    ----------
    Henmi M, Copas JB (2010). Confidence intervals for random effects meta-analysis and robustness to publication
    bias. Statistics in Medicine 29:2969-2983. doi:10.1002/sim.4029
    """
    given = _Given(common, tau2)
    tail = (1 - prob) / 2
    t = crossing(given.beyond, tail, -float(ndtri(tail)), 0.0, ACCURACY)
    return math.sqrt(given.variance / common.total), math.sqrt(given.variance) * t


class _Given:
    """Q given R, and the probability of U beyond a multiplier."""

    def __init__(self, common: PooledMean, tau2: float) -> None:
        w, total = common.w, common.total
        second = common.squares / total  # W2; the next are W1 - W2, W3 - W2^2, W4 - 2 W2 W3 + W2^3
        first, third = (common.k - 1) / common.typical, common.spread
        fourth = float(np.sum((w * (w - second)) ** 2)) / total
        self.df, self.variance = common.k - 1, 1 + tau2 * second
        self.slope = first / second
        self.mean = self.df + tau2 * first
        self.mean_bend = tau2**2 * third / self.variance
        self.spread = 2 * self.df + 4 * tau2 * first + 2 * tau2**2 * common.trace
        self.spread_bend = 4 * tau2**2 * (third + tau2 * fourth) / self.variance
        self.curl = 2 * tau2**4 * third**2 / self.variance**2

    def moments(self, z: Array) -> tuple[Array, Array]:
        """Expectation and variance of Q given ``R = z sd``."""
        apart = z * z - 1
        return self.mean + self.mean_bend * apart, self.spread + self.spread_bend * apart - self.curl * (
            2 * z * z - 1
        )

    def beyond(self, t: float) -> float:
        """Probability that U is beyond ``t sd``, on one side."""
        if t == 0:
            return 0.5
        ends = self._panels(t)
        middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
        z = middle[:, None] + half[:, None] * NODES
        mean, variance = self.moments(z)
        bound = self.slope * ((z / t) ** 2 - 1) + self.df
        share = gammainc(mean**2 / variance, bound * mean / variance)
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return float(np.sum(half[:, None] * WEIGHTS * share * density))

    def _panels(self, t: float) -> Array:
        """Ends of panels from t on, close together where the bound passes Q's expectation."""
        steep = self.slope / t**2 - self.mean_bend
        rest = self.slope + self.mean - self.df - self.mean_bend
        step = math.sqrt(rest / steep) if steep > 0 else math.inf
        even = np.linspace(t, max(END, t + 1), 10)
        if not t < step < even[-1]:
            return even
        width = math.sqrt(float(self.moments(np.array(step))[1])) / (2 * step * steep)
        near = np.concatenate([step - width * WIDENING, [step], step + width * WIDENING])
        inside = near[(near > t) & (near < even[-1])]
        ends: Array = np.unique(np.concatenate([even, inside]))
        return ends
