"""tau2 in many sets of effects that share their sampling variances, by the same estimators, all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.estimators import ESTIMATORS
from mutau.classic.heterogeneity import pair_sum, row_sum_of_squares
from mutau.classic.likelihood import Profile, likelihood_scores, likelihood_values, tau2_grid
from mutau.classic.moments import moment_tau2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type Rows = NDArray[np.intp]

__all__ = ["row_tau2"]

HALVINGS = 64
"""Brings any bracket to float64 resolution."""

MARGIN = 1.001
"""The grid ends so far beyond the bound that rounding cannot hide that the likelihood falls there."""

BLOCK = 512
"""Rows that are searched on the grid together: bounds the memory."""


def row_tau2(yi: Array, vi: Array, estimator: str) -> Array:
    """Estimate tau2 in every row.

    Parameters
    ----------
    yi : ndarray, shape (p, k)
        Effects; k at least 2.
    vi : ndarray, shape (k,)
        Sampling variances.
    estimator : str
        A key of `ESTIMATORS`.

    Returns
    -------
    ndarray, shape (p,)
        NaN where none was found.
    """
    record = ESTIMATORS[estimator]
    if estimator == "CE":
        return np.zeros(len(yi))
    if record.moment is not None:
        return moment_tau2(yi, record.moment(yi, vi))
    if record.q_target is not None:
        return _rows_by_q(yi, vi, record.q_target(yi.shape[1]))
    blocks = (yi[i : i + BLOCK] for i in range(0, len(yi), BLOCK))
    return np.concatenate(
        [_rows_by_likelihood(block, vi, restricted=estimator == "REML") for block in blocks]
    )


def _halved(function: Callable[[Rows, Array], Array], rows: Rows, lower: Array, upper: Array) -> Array:
    """Bisect in every row between where the function is above 0 and where it is not."""
    for _ in range(HALVINGS):
        middle = 0.5 * (lower + upper)
        above = function(rows, middle) > 0
        lower, upper = np.where(above, middle, lower), np.where(above, upper, middle)
    return 0.5 * (lower + upper)


def _rows_by_q(yi: Array, vi: Array, target: float) -> Array:
    def excess(rows: Rows, tau2: Array) -> Array:
        over: Array = row_sum_of_squares(yi[rows], 1 / (vi + tau2[:, None])) - target
        return over

    every, zero = np.arange(len(yi)), np.zeros(len(yi))
    spread = np.sum((yi - np.mean(yi, axis=1, keepdims=True)) ** 2, axis=1)
    found = _halved(excess, every, zero, MARGIN * spread / target)
    return np.where(excess(every, zero) <= 0, 0.0, found)


def _rows_by_likelihood(yi: Array, vi: Array, *, restricted: bool) -> Array:
    """Every maximum on a grid that all rows share, refined; in each row the highest counts."""
    widest = yi[int(np.argmax(np.var(yi, axis=1)))]
    upper = Profile(widest, vi, restricted).upper()
    if upper == 0:
        return np.zeros(len(yi))
    grid = tau2_grid(MARGIN * upper, float(np.min(vi)))
    scores = _grid_scores(yi, vi, grid, restricted=restricted)
    cells, rows = np.nonzero((scores[:-1] > 0) & (scores[1:] <= 0))

    def score(which: Rows, tau2: Array) -> Array:
        return likelihood_scores(yi[which], vi, tau2, restricted=restricted)

    inside = _halved(score, rows, grid[cells], grid[cells + 1])
    at_zero = np.flatnonzero(scores[0] <= 0)
    rows, maxima = np.concatenate([rows, at_zero]), np.concatenate([inside, np.zeros(len(at_zero))])
    order = np.argsort(likelihood_values(yi[rows], vi, maxima, restricted=restricted), kind="stable")
    tau2 = np.full(len(yi), np.nan)
    tau2[rows[order]] = maxima[order]  # of a row's several maxima the last, which is the highest, stays
    return tau2


def _grid_scores(yi: Array, vi: Array, grid: Array, *, restricted: bool) -> Array:
    """Twice the likelihood's derivative, shape (grid, rows), by matrix products: good enough for its sign."""
    w = 1 / (vi + grid[:, None])
    total, squares = np.sum(w, axis=1, keepdims=True), w**2
    centred = (yi - np.mean(yi, axis=1, keepdims=True)).T
    mean = w @ centred / total
    spread = squares @ centred**2 - mean * (
        2 * (squares @ centred) - mean * np.sum(squares, axis=1, keepdims=True)
    )
    scores: Array = spread - (2 * pair_sum(w)[:, None] / total if restricted else total)
    return scores
