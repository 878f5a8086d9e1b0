"""Nagashima, Noma and Furukawa's bootstrap intervals of a new effect and of the mean, without random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from mutau.classic.gamma_q import GammaQ, gamma_q
from mutau.classic.heterogeneity import row_sum_of_squares
from mutau.classic.quadratic import q_distribution
from mutau.classic.roots import root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["nagashima_limits", "nagashima_mean_limits"]

LOG2_POINTS = 16
"""Of the 65,536 points: the limits lie within about a thousandth of the interval's width of their limit."""

LEAST = 0.25 / 2**LOG2_POINTS
"""Probability that may be left beyond either end of the table."""

ROWS = (13, 401)
"""Rows of the table: the more, the fewer studies, whose distribution of tau2 is farther from normal."""

EFFECTS = 200_000
"""Effects in a table between those bounds."""

STEPS = 60
"""Halvings of the interval in which a row's tau2 lies: to float64's resolution."""

FARTHER = 1.5
"""By which the table's ends are moved out where too much is left beyond them."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The confidence distribution of tau2, and the mean and its standard error that go with each tau2.

    Parameters
    ----------
    score : ndarray, shape (rows,)
        Normal score of ``P(Q >= observed; tau2)``, which rises from Q's p-value to 1.
    tau2, mean, se : ndarray, shape (rows,)
        tau2, and the mean and Hartung and Knapp's standard error with weights ``1/(vi + tau2)``.
    """

    score: Array
    tau2: Array
    mean: Array
    se: Array


def _rows_of(spread: GammaQ, scores: Array) -> Array:
    """tau2 whose normal scores by the gamma distribution are these, or 0, by halving on a logarithmic scale."""
    unit = 1 / spread.first
    low, high = np.zeros(len(scores)), np.ones(len(scores))
    while (spread.score(unit * np.expm1(high)) < scores).any():
        high *= 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        less = spread.score(unit * np.expm1(middle)) < scores
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    found: Array = np.unique(np.where(scores > spread.score(0.0), unit * np.expm1(high), 0.0))
    return found


def _table(yi: Array, vi: Array) -> _Table:
    """Tabulate at quantiles of the gamma distribution, which is near: rows stand where the probability is."""
    w, spread = 1 / vi, gamma_q(yi, vi)
    q = float(row_sum_of_squares(yi, w))
    rows, end = int(np.clip(EFFECTS // len(vi), *ROWS)), -float(ndtri(LEAST / 2))
    lower, upper = -end, end
    while True:
        tau2 = _rows_of(spread, np.linspace(lower, upper, rows))
        below = q_distribution(q, w, vi + tau2[:, None])
        too_high, too_low = tau2[0] > 0 and 1 - below[0] > LEAST, below[-1] > LEAST
        if not (too_high or too_low):
            break
        lower, upper = lower * (FARTHER if too_high else 1), upper * (FARTHER if too_low else 1)
    score = -ndtri(np.clip(below, LEAST * LEAST, 1 - LEAST * LEAST))
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(score)) > 0])
    score, tau2 = score[rising], tau2[rising]
    return _Table(score, tau2, *_means(yi, vi, tau2))


def _means(yi: Array, vi: Array, tau2: Array) -> tuple[Array, Array]:
    first, mean, se = yi[0], np.empty(len(tau2)), np.empty(len(tau2))
    for at, between in enumerate(tau2):
        w = 1 / (vi + between)
        total = np.sum(w)
        moved = np.sum(w * (yi - first)) / total
        mean[at] = first + moved
        se[at] = np.sqrt(np.sum(w * (yi - first - moved) ** 2) / (len(yi) - 1) / total)
    return mean, se


def nagashima_limits(yi: Array, vi: Array, prob: float) -> tuple[float, float]:
    """Prediction limits from the confidence distribution of tau2.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    prob : float
        Coverage.

    Returns
    -------
    lower, upper : float

    Notes
    -----
    The effect in a new study is ``mean(t) + sqrt(t) z - se(t) T``, where t is drawn from the confidence
    distribution of tau2 that belongs to DerSimonian and Laird's estimator, ``P(t <= x) = P(Q >= observed; tau2 =
    x)`` by the exact distribution of Q; z is standard normal; T follows t with k - 1 degrees of freedom; mean and
    se are the inverse-variance mean and Hartung and Knapp's standard error with weights ``1/(vi + t)``. The limits
    are quantiles. It does not depend on the estimator of tau2 that the mean was pooled with.

    The authors draw 25,000 times; here the three uniform numbers behind a draw are the points of a Sobol sequence,
    which cover the cube evenly: no seed, and a smaller error.

    References
    ----------
    Nagashima K, Noma H, Furukawa TA (2019). Prediction intervals for random-effects meta-analysis: a confidence
    distribution approach. Statistical Methods in Medical Research 28:1689-1702. doi:10.1177/0962280218773520
    """
    from scipy.interpolate import PchipInterpolator  # both take long to import
    from scipy.stats.qmc import Sobol

    u = Sobol(3, scramble=False).random_base2(LOG2_POINTS) + 0.5 / 2**LOG2_POINTS
    table = _table(yi, vi)
    score = np.clip(ndtri(u[:, 0]), table.score[0], table.score[-1])
    smallest = float(np.min(vi))
    t, m, s = (
        PchipInterpolator(table.score, column)(score) if len(table.score) > 1 else np.full(len(u), column[0])
        for column in (np.log(table.tau2 + smallest), table.mean, table.se)
    )
    spread = np.sqrt(np.maximum(0.0, np.exp(t) - smallest))
    drawn = m + spread * ndtri(u[:, 1]) - s * stdtrit(len(yi) - 1, u[:, 2])
    lower, upper = np.quantile(drawn, [(1 - prob) / 2, (1 + prob) / 2])
    return float(lower), float(upper)


def nagashima_mean_limits(yi: Array, vi: Array, prob: float) -> tuple[float, float]:
    """Confidence limits of the mean from the confidence distribution of tau2.

    Parameters
    ----------
    yi, vi, prob
        As for `nagashima_limits`.

    Returns
    -------
    lower, upper : float

    Notes
    -----
    Quantiles of ``mean(t) - se(t) T``, without the new study's own deviation: a mixture of t distributions over the
    confidence distribution of tau2, which is summed, not drawn.
    """
    table, df = _table(yi, vi), len(yi) - 1
    below = ndtr(table.score)
    share = np.concatenate([[below[0]], np.diff(below), [1 - below[-1]]])
    weights = np.concatenate([[0.0], share[1:-1] / 2]) + np.concatenate([share[1:-1] / 2, [0.0]])
    weights[0] += share[0]
    weights[-1] += share[-1]

    def share_below(x: float) -> float:
        return float(weights @ stdtr(df, (x - table.mean) / table.se))

    def limit(p: float) -> float:
        """Between the outermost of the components' own quantiles, which may be equal but for rounding."""
        each = table.mean + table.se * float(stdtrit(df, p))
        low, high = float(np.min(each)), float(np.max(each))
        if share_below(low) >= p:
            return low
        return high if share_below(high) <= p else root(lambda x: share_below(x) - p, low, high)

    return limit((1 - prob) / 2), limit((1 + prob) / 2)
