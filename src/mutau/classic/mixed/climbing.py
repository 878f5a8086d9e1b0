"""The maximum of a mixed model's likelihood: Newton's steps with the exact Hessian, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.mixed.likelihood import MixedModel, Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.mixed.likelihood import Contributions

    type Array = NDArray[np.float64]
    type Which = NDArray[np.bool_]

__all__ = ["LARGEST_SD", "STEPS", "Summit", "climb"]

STEPS = 100
"""Newton's steps allowed; five to fifteen are used."""

CLOSE = 1e-7
"""Length of a step, in standard errors, after which the next would change nothing: steps shrink quadratically."""

FARTHEST = 3.0
"""Longest step of a shared parameter, on the log or logit scale."""

LARGEST_SD = 20.0
"""On the log or logit scale: a likelihood that still rises there has no maximum."""

NEAR_0 = 0.01
SHORTENINGS = 40
ROUNDING = 1e-12
"""Of the log likelihood's size: a fall by less is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Summit:
    """Where the climb ended.

    Parameters
    ----------
    point : Point
        Parameters.
    value : float
        Log likelihood.
    gradient, hessian : ndarray, shape (b + d,) and (b + d, b + d)
        In the shared parameters, the studies' own intercepts at their best for these.
    curvatures : ndarray, shape (k, b + d)
        Each study's share of the Hessian's diagonal.
    converged : bool
        Whether it is a maximum over the parameters that were free.
    """

    point: Point
    value: float
    gradient: Array
    hessian: Array
    curvatures: Array
    converged: bool


def climb(model: MixedModel, start: Point, free: Which) -> Summit:
    """Seek the maximum over some of the shared parameters and the studies' own intercepts.

    Parameters
    ----------
    model : MixedModel
        What is fitted.
    start : Point
        Where to begin.
    free : ndarray of bool, shape (b + d,)
        Shared parameters that are moved; the others stay.

    Returns
    -------
    Summit

    Notes
    -----
    For fixed standard deviations the log likelihood is concave (Prekopa 1973), so that its maximum is one. In a
    standard deviation it need not be: directions of positive curvature are climbed, not descended. A step is halved
    until the likelihood does not fall.
    """
    point, here = start, model.contributions(start)
    for _ in range(STEPS):
        shared, own, length, bends = _step(here, model, free)
        if not np.isfinite(length) or (length < CLOSE and not bends):
            break
        if length < CLOSE:
            point = _moved(point, shared, own, 1.0)
            return _summit(model, point, model.contributions(point))
        part = min(1.0, _longest(model, point, bends) / max(float(np.abs(shared).max(initial=0.0)), 1e-300))
        floor = _total(here) - ROUNDING * (1 + abs(_total(here)))
        for _ in range(SHORTENINGS):
            new = _moved(point, shared, own, part)
            there = model.contributions(new)
            if _total(there) >= floor:
                break
            part /= 2
        else:
            break
        point, here = new, there
        if (np.abs(point.shared)[free] > LARGEST_SD)[int(free[: model.counts[0]].sum()) :].any():
            break
    return _summit(model, point, here, converged=False)


def _longest(model: MixedModel, point: Point, bends: bool) -> float:
    """Where the likelihood is not concave a step stays clear of 0, which is a saddle for every standard deviation."""
    sds = np.abs(point.shared[model.counts[0] :])
    return FARTHEST if bends or not len(sds) else 0.5 * max(float(sds.min()), NEAR_0)


def _total(here: Contributions) -> float:
    return float(here.value.sum())


def _moved(point: Point, shared: Array, own: Array, part: float) -> Point:
    return Point(point.shared + part * shared, point.own + part * own)


def _reduced(here: Contributions, model: MixedModel) -> tuple[Array, Array, Array]:
    """Gradient (q,), Hessian by study (k, q, q) in the shared parameters, and what a step does to each intercept.

    A study's own intercept is eliminated; the last array, shape (k, q + 1), gives its step as a linear function of
    (1, step of the shared parameters).
    """
    gradient, hessian = here.gradient, here.hessian
    if model.own is None:
        k, q = gradient.shape
        return gradient.sum(axis=0), hessian, np.zeros((k, q + 1))
    bend = np.minimum(hessian[:, -1, -1], -1e-280)[:, np.newaxis]
    across = hessian[:, :-1, -1]
    own = -np.concatenate([gradient[:, -1:], across], axis=1) / bend
    rest = gradient[:, :-1] + own[:, :1] * across
    reduced = hessian[:, :-1, :-1] + own[:, 1:, np.newaxis] * across[:, np.newaxis, :]
    return rest.sum(axis=0), reduced, own


def _step(here: Contributions, model: MixedModel, free: Which) -> tuple[Array, Array, float, bool]:
    """Newton's step, its length in standard errors (NaN where there is none), whether the likelihood is concave."""
    gradient, by_study, own = _reduced(here, model)
    information = -by_study.sum(axis=0)[np.ix_(free, free)]
    shared = np.zeros(len(gradient))
    if not (np.isfinite(information).all() and np.isfinite(gradient).all() and np.isfinite(own).all()):
        return shared, own[:, 0], np.nan, False
    values, vectors = np.linalg.eigh(information)
    size = np.abs(values)
    least = 1e-8 * float(size.max(initial=0.0)) + 1e-280
    shared[free] = vectors @ ((vectors.T @ gradient[free]) / np.maximum(size, least))
    step = own[:, 0] + own[:, 1:] @ shared
    square = float(gradient @ shared)
    if model.own is not None:
        square += float((here.gradient[:, -1] * own[:, 0]).sum())
    return shared, step, float(np.sqrt(max(square, 0.0))), bool((values > 0).all())


def _summit(model: MixedModel, point: Point, here: Contributions, converged: bool = True) -> Summit:
    gradient, by_study, _ = _reduced(here, model)
    hessian = by_study.sum(axis=0)
    finite = bool(np.isfinite(hessian).all() and np.isfinite(here.value).all())
    curvatures = np.diagonal(by_study, axis1=1, axis2=2)
    return Summit(point, _total(here), gradient, hessian, curvatures, converged and finite)
