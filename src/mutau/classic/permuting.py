"""The permutation test of no mean effect: the signs of the effects are flipped, and everything is estimated again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.pooled_mean import pooled_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.pooled_mean import PooledMean

    type Array = NDArray[np.float64]

__all__ = ["Permutations", "permutation_limits", "permutation_p_value", "permutations"]

EXACT = 4096
"""All sign patterns are looked at where there are at most so many: up to k = 13."""

DRAWN = 2000
"""Sign patterns drawn at random where there are more."""

TIE = 1e-8
"""Values of z closer than this are equal: the same pattern up to rounding."""

CHUNK = 2_000_000
"""Effects that are pooled together: bounds the memory."""

BISECTIONS = 24
"""Halvings of the distance to a limit: 1e-7 of it."""

DOUBLINGS = 60
"""How often the distance from the estimate is doubled in search of a limit."""


@dataclass(frozen=True, slots=True)
class Permutations:
    """Sign patterns.

    Parameters
    ----------
    signs : ndarray of int8, shape (p, k)
        1 or -1; the first row is the data as they are.
    exact : bool
        All patterns but for a change of every sign, which leaves the size of z as it is; else a random draw.
    """

    signs: NDArray[np.int8]
    exact: bool


def permutations(k: int, seed: int) -> Permutations:
    """All sign patterns of k effects, or `DRAWN` of them at random."""
    if k <= math.log2(EXACT) + 1:
        bits = (np.arange(2 ** (k - 1))[:, None] >> np.arange(k)) & 1
        return Permutations(np.where(bits, -1, 1).astype(np.int8), exact=True)
    signs = (1 - 2 * np.random.default_rng(seed).integers(2, size=(DRAWN, k))).astype(np.int8)
    signs[0] = 1
    return Permutations(signs, exact=False)


def permutation_p_value(mean: PooledMean, patterns: Permutations, null: float = 0.0) -> float:
    """Two-sided permutation p-value of "the mean effect is `null`".

    Parameters
    ----------
    mean : PooledMean
        Effects, sampling variances and the estimator of tau2.
    patterns : Permutations
        Sign patterns.
    null : float
        The value that is tested.

    Returns
    -------
    float
        Share of the patterns whose Wald statistic is at least as far from 0 as that of the data; NaN if tau2 was not
        found under one of them.

    References
    ----------
    Follmann DA, Proschan MA (1999). Valid inference in random effects meta-analysis. Biometrics 55:732-737.
    doi:10.1111/j.0006-341X.1999.00732.x
    """
    together = max(1, CHUNK // mean.k)
    blocks = range(0, len(patterns.signs), together)
    z = np.concatenate([_statistics(mean, patterns.signs[i : i + together], null) for i in blocks])
    if not np.isfinite(z).all():
        return math.nan
    return float(np.mean(z >= z[0] - TIE))


def _statistics(mean: PooledMean, signs: NDArray[np.int8], null: float) -> Array:
    """Size of Wald's statistic under each pattern, shape (p,)."""
    yi = signs * (mean.yi - null)
    rows, k = yi.shape
    flipped = pooled_means(yi.ravel(), np.tile(mean.vi, rows), np.arange(rows + 1) * k, mean.estimator)
    z: Array = np.abs(flipped.estimate) / flipped.se
    return z


def permutation_limits(mean: PooledMean, patterns: Permutations, prob: float) -> tuple[float, float]:
    """Confidence limits: the means that the permutation test does not reject at level ``1 - prob``.

    Parameters
    ----------
    mean : PooledMean
        As `permutation_p_value` takes it.
    patterns : Permutations
        Sign patterns.
    prob : float
        Coverage; with k studies no more than ``1 - 2^(1 - k)`` can be had.

    Returns
    -------
    lower, upper : float
        NaN where no mean, however far away, is rejected.
    """
    return _limit(mean, patterns, prob, -1.0), _limit(mean, patterns, prob, 1.0)


def _limit(mean: PooledMean, patterns: Permutations, prob: float, side: float) -> float:
    def rejected(distance: float) -> bool:
        p = permutation_p_value(mean, patterns, mean.estimate + side * distance)
        return p <= 1 - prob + TIE

    outer = 4 * mean.se
    for _ in range(DOUBLINGS):
        if rejected(outer):
            break
        outer *= 2
    else:
        return math.nan
    inner = 0.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (inner + outer)
        inner, outer = (inner, middle) if rejected(middle) else (middle, outer)
    return float(mean.estimate + side * 0.5 * (inner + outer))
