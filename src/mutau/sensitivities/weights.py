"""Pareto-smoothed importance weights, and what is read from draws by them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Array = NDArray[np.float64]

__all__ = [
    "FEWEST_DRAWS",
    "ManySmoothed",
    "Smoothed",
    "WeightedMarginal",
    "pareto_k_limit",
    "rarer_side",
    "smoothed",
    "smoothed_many",
    "why_unusable",
]

FEWEST_DRAWS = 400.0
"""Effective draws below which re-weighted draws are not used: as many as a sampled fit has to have."""

FEWEST_BEYOND = 25.0
"""Effective draws on the rarer side of no effect below which its probability is not told from weights whose variance
may be infinite: 25 leave a relative error of a fifth."""

FINITE_VARIANCE = 0.5
"""Pareto k up to which weights have a finite variance."""

_LEVEL = 1e-9
"""Log ratios that differ by less are equal: what is left is rounding, to which no tail should be fitted."""

_NOTHING = 600.0
"""Below the largest log ratio: exp(-600) is no weight, and a number."""


def pareto_k_limit(draws: int) -> float:
    r"""Largest Pareto k at which re-weighted draws are used.

    Notes
    -----
    :math:`\min(1 - 1/\log_{10} S, 0.7)` for S draws [1]_.

    References
    ----------
    .. [1] Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J (2024). Pareto smoothed importance sampling. Journal of
       Machine Learning Research 25(72):1-58.

    Examples
    --------
    >>> round(pareto_k_limit(1000), 3), pareto_k_limit(16000)
    (0.667, 0.7)
    """
    return min(1.0 - 1.0 / math.log10(draws), 0.7)


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """Importance weights, their largest ones smoothed by a generalised Pareto distribution.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Sum to 1.
    pareto_k : float
        Shape of the tail of the raw weights; 0 where all are equal.
    ess : float
        Effective number of draws behind an average.
    """

    weights: Array = field(repr=False)
    pareto_k: float
    ess: float

    def why_unusable(self, above: NDArray[np.bool_]) -> str:
        """Say why averages by these weights are not to be relied on, as `why_unusable`; nothing if they are."""
        beyond = float(rarer_side(self.weights[None], above)[0])
        return why_unusable(self.pareto_k, self.ess, beyond, len(self.weights))


def why_unusable(pareto_k: float, ess: float, beyond: float, draws: int) -> str:
    """Say why weighted draws are not to be relied on; nothing if they are.

    Parameters
    ----------
    pareto_k, ess : float
        Of the weights.
    beyond : float
        Effective draws on the rarer side of no effect. Pareto k does not tell of what lies where hardly any draw is;
        from 0.5 on, where the weights' variance is no longer finite, that may be much of P(benefit).
    draws : int
        How many there are.
    """
    limit = pareto_k_limit(draws)
    if not pareto_k <= limit:
        return f"Pareto k is {pareto_k:.2f}, above {limit:.2f}: the draws do not cover it"
    if ess < FEWEST_DRAWS:
        return f"with their weights the draws are worth {ess:.0f} independent ones, fewer than {FEWEST_DRAWS:.0f}"
    if pareto_k > FINITE_VARIANCE and beyond < FEWEST_BEYOND:
        return (
            f"Pareto k is {pareto_k:.2f}, and the draws on the rarer side of no effect are worth {beyond:.0f}, fewer "
            f"than {FEWEST_BEYOND:.0f}: too few to tell how probable that side is"
        )
    return ""


def rarer_side(weights: Array, above: NDArray[np.bool_]) -> Array:
    """Effective draws above or not above a threshold, whichever are fewer; weights (c, n), above (n,), gives (c,)."""
    sides = []
    for side in (above, ~above):
        own = weights[:, side]
        squares = (own**2).sum(axis=1)
        sides.append(np.divide(own.sum(axis=1) ** 2, squares, out=np.zeros(len(own)), where=squares > 0))
    return np.minimum(*sides)


def smoothed(log_ratios: Array, efficiency: float = 1.0) -> Smoothed:
    """Turn log importance ratios into Pareto-smoothed weights.

    Parameters
    ----------
    log_ratios : ndarray, shape (n,)
        Log of wanted over available density at each draw, up to a constant.
    efficiency : float
        Effective draws over draws, of the draws themselves.
    """
    many = smoothed_many(log_ratios[None], efficiency)
    return Smoothed(many.weights[0], float(many.pareto_k[0]), float(many.ess[0]))


@dataclass(frozen=True, slots=True, eq=False)
class ManySmoothed:
    """Weights of the same draws for several posteriors, one a row: see `Smoothed`.

    Parameters
    ----------
    weights : ndarray, shape (c, n)
        Each row sums to 1.
    pareto_k, ess : ndarray, shape (c,)
        Of each row.
    """

    weights: Array = field(repr=False)
    pareto_k: Array
    ess: Array


def smoothed_many(log_ratios: Array, efficiency: float = 1.0) -> ManySmoothed:
    """Turn log importance ratios of several posteriors, shape (c, n), into weights.

    Notes
    -----
    Where every draw lies outside a posterior's support, its Pareto k is infinite and its draws are worth nothing;
    where all ratios are equal, k is 0.
    """
    c, n = log_ratios.shape
    most = log_ratios.max(axis=1)
    inside = np.isfinite(most)
    ratios = np.where(inside[:, None], log_ratios, 0.0)
    ratios = np.maximum(ratios, ratios.max(axis=1, keepdims=True) - _NOTHING)
    level = np.ptp(ratios, axis=1) < _LEVEL
    weights, k = np.full((c, n), 1.0 / n), np.zeros(c)
    if (uneven := ~level).any():
        from arviz_stats.base.array import array_stats

        logs, k[uneven] = array_stats.psislw(-ratios[uneven], r_eff=min(efficiency, 1.0))  # type: ignore[no-untyped-call]
        weights[uneven] = np.exp(logs - logs.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
    k[~inside] = math.inf
    ess = np.where(inside, efficiency / (weights**2).sum(axis=1), 0.0)
    return ManySmoothed(weights, k, ess)


@dataclass(frozen=True, slots=True, eq=False)
class WeightedMarginal:
    """The posterior of one quantity, read from draws of another posterior by importance weights.

    Parameters
    ----------
    draws, weights : ndarray, shape (n,)
        Draws on the analysis scale; weights that sum to 1.
    ess : float
        Effective number of draws.
    """

    draws: Array = field(repr=False)
    weights: Array = field(repr=False)
    ess: float

    @property
    def mean(self) -> float:
        """Weighted mean."""
        return float(self.weights @ self.draws)

    @property
    def sd(self) -> float:
        """Weighted standard deviation."""
        return float(np.sqrt(self.weights @ (self.draws - self.mean) ** 2))

    def cdf(self, x: ArrayLike) -> Any:
        """Weight of the draws at or below `x`; shape as `x`."""
        order = np.argsort(self.draws)
        below = np.append(0.0, np.cumsum(self.weights[order]))
        place = np.searchsorted(self.draws[order], np.asarray(x, dtype=np.float64), side="right")
        return np.minimum(below[place], 1.0)

    def sf(self, x: ArrayLike) -> Any:
        """Weight of the draws above `x`; shape as `x`."""
        return 1 - self.cdf(x)

    def quantile(self, p: ArrayLike) -> Any:
        """Weighted quantiles at probabilities `p`, linear between draws; shape as `p`."""
        order = np.argsort(self.draws)
        weights = self.weights[order]
        middle = np.cumsum(weights) - 0.5 * weights
        return np.interp(np.asarray(p, dtype=np.float64), middle, self.draws[order])

    def pdf(self, x: Array) -> Array:
        """Kernel density estimate at `x`, shape (n,)."""
        from scipy.stats import gaussian_kde

        return np.asarray(gaussian_kde(self.draws, weights=self.weights)(np.asarray(x, dtype=np.float64)))

    def ess_at(self, x: float) -> float:
        """Effective number of draws behind P(quantity > x): few where those beyond carry large weights."""
        above = self.draws > x
        p, squares = float(self.weights @ above), self.weights**2
        error = float(squares @ (above - p) ** 2)
        if not 0.0 < p < 1.0 or error == 0.0:
            return self.ess
        independent = self.ess * float(squares.sum())  # what one draw is worth
        return independent * min(p * (1.0 - p) / error, float(len(self.draws)))

    def mcse_quantile(self, p: float) -> float:
        """Monte Carlo standard error of the quantile at `p`: half the width of the quantiles one error of p away."""
        error = math.sqrt(p * (1 - p) / self.ess)
        low, high = self.quantile(np.clip([p - error, p + error], 0.0, 1.0))
        return float(high - low) / 2

    def diagnostics(self) -> dict[str, float]:
        """Effective number of draws and Monte Carlo error of the median; no R-hat."""
        return {
            "r_hat": math.nan,
            "ess_bulk": self.ess,
            "ess_tail": self.ess,
            "mcse_median": self.mcse_quantile(0.5),
        }
