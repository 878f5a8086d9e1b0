"""The maximum likelihood estimate of a mixed model of counts, and the likelihood's profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.mixed.climbing import LARGEST_SD, Summit, climb
from mutau.classic.mixed.likelihood import MixedModel, Point
from mutau.classic.predicting import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = [
    "LARGEST_SD",
    "NONE",
    "Fitted",
    "fit_common",
    "fit_random",
    "profile",
    "profile_limits",
    "whole_point",
]

STARTS = (0.4, 2.0)
"""Values of tau from which the maximum is sought, on the log or logit scale."""

NONE = 1e-5
"""A tau below this is none: the climb ends at 0, but for rounding."""

FLAT = 1e-9
"""Log likelihood by which a maximum has to exceed that of a common effect, to be told from rounding."""

SAME = 1e-3
"""Relative: two climbs that end so close have found one maximum."""

CLEAR = 0.1
"""Where a climb over a standard deviation starts at least: 0 is a saddle wherever it is no maximum."""

STEPS = 50
NEAR = 1e-9
"""Of a limit's distance from the estimate: how exactly it is found."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A maximum of the likelihood.

    Parameters
    ----------
    model : MixedModel
        Without the standard deviation tau where it is 0.
    summit : Summit
        Where it lies.
    tau : float
        Between-study standard deviation.
    taus : tuple of float
        Every local maximum that was found.
    reason : str
        Why there is none; else empty. Everything else is then to be left alone.
    """

    model: MixedModel
    summit: Summit
    tau: float = 0.0
    taus: tuple[float, ...] = ()
    reason: str = ""

    @property
    def estimate(self) -> float:
        """The mean effect mu."""
        return float(self.summit.point.shared[0])

    @property
    def covariance(self) -> Array:
        """Inverse of the observed information on the shared parameters."""
        return np.linalg.inv(-self.summit.hessian)


def fit_common(model: MixedModel) -> Fitted:
    """Maximise the likelihood with tau at 0.

    Parameters
    ----------
    model : MixedModel
        Its first standard deviation is tau.
    """
    null = model.without(0)
    start = null.family.start
    b, d = null.counts
    if null.own is None:
        beta, *_ = np.linalg.lstsq(null.fixed, start.mean(axis=0), rcond=None)
        own = np.zeros(null.k)
    else:
        both = np.column_stack([null.fixed, null.own])
        each = np.linalg.lstsq(both, start.T, rcond=None)[0]
        beta, own = each[:b].mean(axis=1), each[b]
    shared = np.concatenate([beta, np.ones(d)])
    summit = climb(null, Point(shared, own), np.ones(b + d, dtype=np.bool_))
    return Fitted(null, summit, reason="" if summit.converged else _not_found("a common effect", summit))


def fit_random(model: MixedModel, common: Fitted) -> Fitted:
    """Maximise the likelihood over tau too.

    Parameters
    ----------
    model : MixedModel
        Of at least two studies.
    common : Fitted
        The same with tau at 0, whose maximum is one of this model too where the likelihood falls from there.

    Notes
    -----
    As a function of tau the likelihood is even, so that its slope in tau^2 at 0 is half its second derivative in tau.
    """
    b, _ = model.counts
    everything = np.ones(sum(model.counts), dtype=np.bool_)
    at_0 = climb(model, _with_tau(common.summit.point, b, 0.0), np.zeros_like(everything))
    found = [common] if at_0.hessian[b, b] <= FLAT * model.k else []
    last = at_0
    for tau in STARTS:
        last = climb(model, _with_tau(common.summit.point, b, tau), everything)
        there = abs(float(last.point.shared[b]))
        known = any(abs(there - one.tau) <= SAME * (there + one.tau) for one in found)
        higher = last.value > common.summit.value + FLAT
        if last.converged and higher and NONE < there < LARGEST_SD and not known:
            found.append(Fitted(model, last, there))
    if not found:
        return Fitted(model, last, reason=_not_found("random effects", last, b))
    best = max(found, key=lambda one: one.summit.value)
    return Fitted(best.model, best.summit, best.tau, tuple(sorted(one.tau for one in found)))


def _with_tau(point: Point, b: int, tau: float) -> Point:
    return Point(np.insert(point.shared, b, tau), point.own)


def _not_found(what: str, summit: Summit, b: int | None = None) -> str:
    rises = b is not None and abs(float(summit.point.shared[b])) >= LARGEST_SD
    said = f"The likelihood still rises at tau = {LARGEST_SD:g}: " if rises else ""
    tried = "Newton's steps" if b is None else f"Newton's steps from tau = {', '.join(map(str, STARTS))}"
    return f"{said}no maximum of the likelihood was found for {what} (tried: {tried})"


def whole_point(model: MixedModel, fitted: Fitted) -> Point:
    """Give the maximum as a point of the model with tau, which a maximum at 0 is without."""
    point = fitted.summit.point
    return point if fitted.model is model else _with_tau(point, model.counts[0], 0.0)


def profile(model: MixedModel, point: Point, parameter: int, value: float) -> Summit:
    """Maximise the likelihood with one shared parameter held at a value, from a point near."""
    free = np.ones(len(point.shared), dtype=np.bool_)
    free[parameter] = False
    shared, b = point.shared.copy(), model.counts[0]
    shared[b:] = np.maximum(np.abs(shared[b:]), CLEAR)
    shared[parameter] = value
    return climb(model, Point(shared, point.own), free)


def profile_limits(
    model: MixedModel, fitted: Fitted, parameter: int, prob: float, at_0: float = math.nan
) -> tuple[float, float]:
    """Where twice the log likelihood, the other parameters at their best, lies z^2 below its maximum.

    Parameters
    ----------
    model : MixedModel
        With tau.
    fitted : Fitted
        Its maximum.
    parameter : int
        Which shared parameter.
    prob : float
        Coverage.
    at_0 : float
        For a standard deviation: the highest log likelihood where it is 0, its lower limit if that has not come down.

    Returns
    -------
    lower, upper : float
        NaN where not found; a standard deviation's upper limit is infinite where the likelihood has not come down at
        `LARGEST_SD`.
    """
    point = whole_point(model, fitted)
    at, top, z = float(point.shared[parameter]), fitted.summit.value, quantile(math.inf, prob)
    search = _Search(model, point, top, parameter, z)
    if math.isnan(at_0):
        return search.limit(at, -math.inf), search.limit(at, math.inf)
    at = abs(at)
    lower = search.limit(at, 0.0) if 2 * (top - at_0) > z * z else 0.0
    return lower, search.limit(at, math.inf, LARGEST_SD)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Where the likelihood of a parameter has fallen far enough."""

    model: MixedModel
    point: Point
    top: float
    parameter: int
    z: float

    def limit(self, at: float, outside: float, farthest: float = math.inf) -> float:
        """Find the limit between `at`, where the likelihood is highest, and `outside`; NaN where it is not found.

        Infinite where the likelihood has not come down at `farthest`. The signed root of the likelihood ratio is
        nearly linear, so that Newton's steps find it.
        """
        side = 1.0 if outside > at else -1.0
        inside, value, point = at, at + side * self._first_step(at), self.point
        for _ in range(STEPS):
            if (value - outside) * side >= 0:
                value = 0.5 * (inside + outside)
            value = min(value, farthest)
            summit = profile(self.model, point, self.parameter, value)
            if not summit.converged:
                return math.nan
            point = summit.point
            r = math.sqrt(max(2 * (self.top - summit.value), 0.0))
            if value == farthest and r < self.z:
                return math.inf
            slope = abs(float(summit.gradient[self.parameter])) / max(r, 1e-300)
            inside, outside = (value, outside) if r < self.z else (inside, value)
            gone = abs(value - at)
            step = min(max((self.z - r) / max(slope, 1e-300), -gone), 3 * gone)
            if abs(step) <= NEAR * gone:
                return value + side * step
            value += side * step
            if (value - inside) * side <= 0:
                value = 0.5 * (inside + value - side * step)
        return math.nan

    def _first_step(self, at: float) -> float:
        """How far Wald's limit would be."""
        here = climb(self.model, self.point, np.zeros(len(self.point.shared), dtype=np.bool_))
        information = -float(here.hessian[self.parameter, self.parameter])
        return self.z / math.sqrt(information) if information > 0 else max(abs(at), 0.1)
