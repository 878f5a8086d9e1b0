r"""The residual between-study variance of a regression: estimators, their search, confidence limits.

Everything that `mutau.numerics.tau2` says of one mean holds with :math:`P = W - W X (X^\top W X)^{-1} X^\top W`,
because :math:`dP/d\tau^2 = -P P` still. :math:`Q = y^\top P y` falls, and by Cauchy and Schwarz :math:`1/Q` is
concave: Newton's steps from 0 never pass its root. Both parts of the slope of the log likelihood, :math:`y^\top P P
y` and :math:`\mathrm{tr} P` (restricted) or :math:`\sum w`, fall too, and so do both parts of its own slope: their
values at the ends of an interval say whether it may hold a turning point, and intervals are halved until that is
decided.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from mutau.classic.estimators import ESTIMATORS, Estimator
from mutau.classic.quadratic import chi_squared_sum, median_of_q
from mutau.classic.regression.designs import Projection, project
from mutau.classic.roots import root
from mutau.numerics.pooling import LIKELIHOOD, MOMENT, Q_EQUAL
from mutau.numerics.tau2 import (
    EQUAL,
    HUNTER_SCHMIDT,
    HUNTER_SCHMIDT_CORRECTED,
    ROOT,
    SIDIK_JONKMAN,
    TWO_STEP,
)

if TYPE_CHECKING:
    from mutau.classic.regression.designs import Array

__all__ = ["Found", "MixedModel", "Turning", "estimate", "q_root", "share_below", "turning"]

STEPS = 10_000
"""Evaluations allowed to each search: some thirty are used."""

LAST = 1e-9
"""A Newton step this small, relative to tau2 + the smallest variance, is the last: what is left is of its square."""

NARROW = 1e-6
"""Intervals narrower than this, on the same scale, are not halved."""

FAR = 1e-9
"""The bound beyond which the likelihood falls is widened by this share, so that rounding cannot cut a root off."""


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Effects to be regressed.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects, less any combination of the columns of the design, and sampling variances, in ascending order of
        variance.
    basis : ndarray, shape (k, p)
        Orthonormal columns of the design.
    spread : float
        Plain variance of the effects themselves (over k).
    """

    y: Array
    v: Array
    basis: Array
    spread: float

    @property
    def df(self) -> int:
        """K - p."""
        return len(self.y) - int(self.basis.shape[1])

    def at(self, tau2: float) -> Projection:
        """Give the projection with weights ``1/(v + tau2)``."""
        return project(self.basis, 1 / (self.v + tau2))

    def slopes(self, tau2: float, restricted: bool) -> tuple[float, float, float, float]:
        """Give both parts of twice the slope of the log likelihood, rise and fall, and of its own slope."""
        p = self.at(tau2)
        py = p.apply(self.y)
        fall = p.trace() if restricted else float(np.sum(p.w))
        fall2 = p.trace_of_square() if restricted else float(np.sum(p.w**2))
        return float(py @ py), fall, p.quadratic(py), fall2

    def log_likelihood(self, tau2: float, restricted: bool) -> float:
        """Log likelihood of tau2 with the coefficients at their best; restricted per unit of the design's volume."""
        p = self.at(tau2)
        count = self.df if restricted else len(self.y)
        value = count * math.log(2 * math.pi) - float(np.sum(np.log(p.w))) + p.quadratic(self.y)
        return -0.5 * (value + (p.log_determinant if restricted else 0.0))


@dataclass(frozen=True, slots=True)
class Found:
    """An estimate of tau2 (NaN where none was found), its standard error, and the maxima of the likelihood."""

    tau2: float
    se: float
    maxima: tuple[float, ...] = ()


def estimate(model: MixedModel, estimator: str) -> Found:
    """Estimate tau2.

    Parameters
    ----------
    model : MixedModel
    estimator : str
        A key of `mutau.classic.estimators.ESTIMATORS`.

    Returns
    -------
    Found

    Notes
    -----
    As for one mean (see `mutau.classic.estimators`), with k - p for k - 1, the residuals for the effects, and the
    traces of P and P V for their sums; the median-unbiased ones by the exact distribution of ``y'P_a y``. Sidik and
    Jonkman's first tau2 is the plain variance of the effects, as in metafor; the two-step estimator's is DerSimonian
    and Laird's with the same moderators.
    """
    record = ESTIMATORS[estimator]
    if record.way == MOMENT:
        return _by_moments(model, record)
    if record.way == Q_EQUAL:
        target = model.df if record.quantile is None else float(chdtri(model.df, record.quantile))
        tau2 = q_root(model, target)
        weights = np.sum(1 / (model.v + tau2))
        return Found(tau2, float(math.sqrt(2 / model.df) * len(model.y) / weights))
    if record.way == LIKELIHOOD:
        return _by_likelihood(model, restricted=record.kind == 1)
    return Found(0.0, math.nan)


def _by_moments(model: MixedModel, record: Estimator) -> Found:
    y, v = model.y, model.v
    weights = 1 / v
    if record.kind == SIDIK_JONKMAN:
        weights = 1 / (v + model.spread)
    elif record.kind == TWO_STEP:
        weights = 1 / (v + _by_moments(model, ESTIMATORS["DL"]).tau2)
    elif record.kind in (EQUAL, ROOT):
        weights = np.ones_like(v) if record.kind == EQUAL else 1 / np.sqrt(v)
    p = project(model.basis, weights)
    q, factor, expected = p.quadratic(y), 1 / p.trace(), p.trace(v)
    if record.kind == SIDIK_JONKMAN:
        factor, expected = model.spread / model.df, 0.0
    elif record.rule == HUNTER_SCHMIDT:
        factor, expected = 1 / float(np.sum(weights)), float(len(y))
    elif record.rule == HUNTER_SCHMIDT_CORRECTED:
        factor, expected = len(y) / model.df / float(np.sum(weights)), float(model.df)
    tau2 = max(0.0, (q - expected) * factor)
    if record.is_of_a_distribution:
        tau2 = median_of_q(*share_below(model, weights))
    return Found(tau2, factor * math.sqrt(2 * p.trace_of_square(v + tau2)))


def share_below(model: MixedModel, weights: Array) -> tuple[Callable[[float], float], float, float]:
    """P(y'P_a y <= observed) by tau2, for weights a that do not depend on it; the moment estimate and its error.

    The quadratic form is a sum of chi-squared variables times eigenvalues of ``P_a (V + tau2)``.
    """
    p = project(model.basis, weights)
    whole, _ = np.linalg.qr(p.u, mode="complete")
    half = p.root[:, None] * whole[:, p.u.shape[1] :]  # P_a is its product with its transpose
    fixed, growing = half.T @ (model.v[:, None] * half), half.T @ half
    q, factor = p.quadratic(model.y), 1 / p.trace()
    expected = max(0.0, (q - p.trace(model.v)) * factor)
    sd = factor * math.sqrt(2 * p.trace_of_square(model.v + expected))

    def share(tau2: float) -> float:
        return chi_squared_sum(q, np.linalg.eigvalsh(fixed + tau2 * growing))

    return share, expected, sd


def _by_likelihood(model: MixedModel, *, restricted: bool) -> Found:
    turns = turning(model, restricted=restricted)
    if not turns.maxima:
        return Found(math.nan, math.nan)
    tau2 = max(turns.maxima, key=lambda at: (model.log_likelihood(at, restricted), -at))
    p = model.at(tau2)
    information = p.trace_of_square() if restricted else float(np.sum(p.w**2))
    return Found(tau2, math.sqrt(2 / information), turns.maxima)


def q_root(model: MixedModel, target: float) -> float:
    """Find the tau2 at which ``y'Py`` is `target`: 0 where it is no more than that at 0, NaN where not found."""
    tau2 = 0.0
    for _ in range(STEPS):
        p = model.at(tau2)
        q = p.quadratic(model.y)
        if q <= target:
            return tau2
        step = q * (q / target - 1) / float(np.sum(p.apply(model.y) ** 2))
        tau2 += step
        if step <= LAST * (tau2 + model.v[0]):
            return tau2
    return math.nan


@dataclass(frozen=True, slots=True)
class Turning:
    """Where the likelihood turns: `points` above 0, maxima and minima in turn; empty `maxima` where not found."""

    points: tuple[float, ...] = ()
    maxima: tuple[float, ...] = ()


def turning(model: MixedModel, *, restricted: bool) -> Turning:
    """Find every point at which the likelihood turns, none missed down to `NARROW`.

    Parameters
    ----------
    model : MixedModel
    restricted : bool
        The restricted likelihood instead of the plain one.

    Returns
    -------
    Turning
        With 0 among the maxima where the likelihood falls from there.
    """

    def slopes(tau2: float) -> tuple[float, float, float, float]:
        return model.slopes(tau2, restricted)

    smallest, end = float(model.v[0]), _end(model, restricted)
    left, at_left = 0.0, slopes(0.0)
    rises = end > 0 and at_left[0] > at_left[1]
    waiting = [(end, slopes(end))] if end > 0 else []
    points: list[float] = []
    for _ in range(STEPS):
        if not waiting:
            found = tuple(points)
            return Turning(found, found[::2] if rises else (0.0, *found[1::2]))
        right, at_right = waiting[-1]
        if right - left > NARROW * (right + smallest) and _may_turn_twice(at_left, at_right):
            ratio = (right + smallest) / (left + smallest)
            middle = left + (left + smallest) * (math.sqrt(ratio) - 1)
            waiting.append((middle, slopes(middle)))
            continue
        if (at_left[0] > at_left[1]) != (at_right[0] > at_right[1]):
            points.append(_turn(slopes, left, right))
        left, at_left = waiting.pop()
    return Turning()


def _may_turn_twice(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
    """Whether both parts of the slope allow a root between two points, and those of its slope a second one."""
    no_root = right[0] > left[1] or left[0] < right[1]
    one_root = left[3] < 2 * right[2] or 2 * left[2] < right[3]
    return not (no_root or one_root)


def _turn(slopes: Callable[[float], tuple[float, ...]], left: float, right: float) -> float:
    def difference(tau2: float) -> float:
        rise, fall, *_ = slopes(tau2)
        return rise - fall

    return root(difference, left, right)


def _end(model: MixedModel, restricted: bool) -> float:
    """Give a tau2 beyond which the likelihood falls; 0 if it falls everywhere."""
    plain = project(model.basis, np.ones_like(model.v)).quadratic(model.y)
    df = model.df if restricted else len(model.y)
    room = plain * (plain + 4 * df * float(model.v[-1] - model.v[0]))
    end = (1 + FAR) * (plain + math.sqrt(room)) / (2 * df) - float(model.v[0])
    return max(0.0, end)
