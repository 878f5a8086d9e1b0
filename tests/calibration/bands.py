"""Are ranks uniform? Simultaneous bands for their empirical distribution function (ECDF).

The test of Säilynoja, Bürkner and Vehtari (2022), Graphical test for discrete uniformity, Statistics and
Computing 32:32, doi:10.1007/s11222-022-10090-6. Ranks are counted in `bins` equal bins. At the edge of bin i the
count of ranks below it is Binomial(n, i/bins) if they are uniform; the band is the central 1 - gamma interval of
that distribution at every edge, with gamma chosen so that the whole ECDF stays inside with the wanted
probability. That probability is exact, not simulated: the counts in the bins are independent Poisson variables
given their sum, so it is a chain of convolutions (Moscovich and Nadler 2017, arXiv:1503.04363).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["FAMILY_LEVEL", "Deviation", "band", "coverage", "deviations", "gamma_for", "outside", "p_value"]

FAMILY_LEVEL = 0.99  # that every ECDF of a calibration is inside its band; docs/statistics.md

GAMMA_STEPS = 40  # bisections: gamma to a relative 1e-12
JUST_ABOVE = 1 + 1e-9  # so that a count on the limit counts as having left, rounding aside

type Ranks = NDArray[np.int64]


def _limits(n: int, bins: int, gamma: float) -> tuple[Ranks, Ranks]:
    """Central 1 - gamma interval of the count below each inner edge of the bins."""
    edges = np.arange(1, bins) / bins
    lower = stats.binom.ppf(gamma / 2, n, edges).astype(np.int64)
    return lower, n - lower[::-1]


def coverage(lower: Ranks, upper: Ranks, n: int) -> float:
    """Probability that the counts of n uniform ranks lie in [lower, upper] at every inner edge."""
    bins = len(lower) + 1
    steps = stats.poisson.pmf(np.arange(n + 1), n / bins)
    inside, first = np.ones(1), 0  # probabilities of the counts first, first + 1, ... so far
    for low, high in zip([*lower, n], [*upper, n], strict=True):
        reached = np.convolve(inside, steps[: high - first + 1])
        inside, first = reached[low - first : high - first + 1], low
    return float(inside[0] / stats.poisson.pmf(n, n))


@cache
def gamma_for(n: int, bins: int, level: float) -> float:
    """Largest pointwise gamma whose band holds the whole ECDF of n uniform ranks with probability `level`."""
    holds, fails = (1 - level) / bins, 1.0  # the first is Bonferroni's
    for _ in range(GAMMA_STEPS):
        gamma = float(np.sqrt(holds * fails))
        if coverage(*_limits(n, bins, gamma), n) >= level:
            holds = gamma
        else:
            fails = gamma
    return holds


@cache
def band(n: int, bins: int, level: float) -> tuple[Ranks, Ranks]:
    """Smallest and largest count below each inner edge, simultaneously with probability at least `level`."""
    return _limits(n, bins, gamma_for(n, bins, level))


def p_value(histogram: Ranks) -> float:
    """Probability that uniform ranks leave a band as narrow as the widest that this ECDF leaves."""
    n, bins = int(histogram.sum()), len(histogram)
    edges, below = np.arange(1, bins) / bins, np.cumsum(histogram)[:-1]
    tails = np.minimum(stats.binom.cdf(below, n, edges), stats.binom.sf(below - 1, n, edges))
    left = 2 * float(tails.min()) * JUST_ABOVE
    return 1 - coverage(*_limits(n, bins, left), n) if left < 1 else 1.0


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one ECDF is from uniform.

    Parameters
    ----------
    k : int
        Number of studies.
    quantity : str
        What was ranked.
    largest, allowed : float
        Largest difference of the ECDF from the diagonal, and what the band allows there, on that side.
    outside : bool
        It leaves the band somewhere (not only there: the band is narrower in the tails).
    """

    k: int
    quantity: str
    largest: float
    allowed: float
    outside: bool


def deviations(counts: Mapping[int, Mapping[str, Ranks]], level: float = FAMILY_LEVEL) -> list[Deviation]:
    """Every quantity at every k against its band, with Bonferroni's correction over all of them.

    Parameters
    ----------
    counts : mapping of mapping of array
        By k and quantity, how many ranks fell into each bin.
    level : float
        Probability that all are inside if all are uniform (at least).
    """
    family = sum(len(quantities) for quantities in counts.values())
    return [
        _deviation(k, quantity, histogram, 1 - (1 - level) / family)
        for k, quantities in counts.items()
        for quantity, histogram in quantities.items()
    ]


def _deviation(k: int, quantity: str, histogram: Ranks, level: float) -> Deviation:
    n, bins = int(histogram.sum()), len(histogram)
    lower, upper = band(n, bins, level)
    below, expected = np.cumsum(histogram)[:-1], n * np.arange(1, bins) / bins
    there = int(np.abs(below - expected).argmax())
    allowed = upper - expected if below[there] > expected[there] else expected - lower
    leaves = bool(((below < lower) | (below > upper)).any())
    return Deviation(k, quantity, float(abs(below - expected)[there]) / n, float(allowed[there]) / n, leaves)


def outside(found: Iterable[Deviation]) -> list[tuple[int, str]]:
    """The (k, quantity) whose ECDF leaves its band."""
    return [(one.k, one.quantity) for one in found if one.outside]
