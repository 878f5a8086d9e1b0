"""The unstructured covariance of two effects per study: its likelihood, and the search for its maximum."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Maximum", "Pairs", "component_covariance", "maximum"]

type Array = NDArray[np.float64]

_STEPS = 200
_SETTLED = 1e-20
"""Newton's decrement at which a search ends: the squared distance to go, in standard errors."""

_NEAR = 1e-10
"""From here whole steps are taken, as heights differ by rounding only, until they no longer get shorter."""

_SHORTEST = 1e-12

_SAME = 1e-9
"""Log likelihoods that differ by less are called the same; then the simpler covariance is taken."""

_UPHILL = 1e-7
"""Slope of the log likelihood into the cone, per typical variance, from which a boundary is no maximum."""

_IMAGINARY = 1e-30
"""Step of derivatives along the imaginary axis, which has no cancellation."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two effects per study, independent within it given their true values.

    Parameters
    ----------
    y, v : ndarray, shape (k, 2)
        Effects and sampling variances.
    restricted : bool
        REML, or else ML.
    """

    y: Array
    v: Array
    restricted: bool


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the likelihood is highest.

    Parameters
    ----------
    sigma : ndarray, shape (2, 2)
        Between-study covariance.
    rank : int
        Of `sigma`: 2 inside, 1 where the correlation is 1 or -1, 0 where nothing varies.
    means, covariance : ndarray, shape (2,), (2, 2)
        Generalised least squares means and their covariance.
    log_likelihood : float
        The (restricted) log likelihood with all constants, as metafor counts them.
    q : float
        Sum of squared standardised distances for a covariance of 0 (Cochran's Q of both effects).
    """

    sigma: Array
    rank: int
    means: Array
    covariance: Array
    log_likelihood: float
    q: float


def _solve(pairs: Pairs, s11: Any, s12: Any, s22: Any, surplus: Any) -> tuple[Any, ...]:
    """Weights, means and residuals for a covariance whose determinant is `surplus`; complex numbers go too.

    The determinant of ``S_i + Sigma`` is summed from what is positive, so nothing cancels where the correlation is 1.
    """
    v1, v2 = pairs.v.T
    det = v1 * v2 + v1 * s22 + v2 * s11 + surplus
    w11, w12, w22 = (v2 + s22) / det, -s12 / det, (v1 + s11) / det
    m11, m12, m22 = w11.sum(), w12.sum(), w22.sum()
    whole = m11 * m22 - m12 * m12
    y1, y2 = pairs.y.T
    h1, h2 = (w11 * y1 + w12 * y2).sum(), (w12 * y1 + w22 * y2).sum()
    mean1, mean2 = (m22 * h1 - m12 * h2) / whole, (m11 * h2 - m12 * h1) / whole
    return det, (w11, w12, w22), (m11, m12, m22, whole), (mean1, mean2)


def _gradient(pairs: Pairs, s11: Any, s12: Any, s22: Any, surplus: Any) -> tuple[Any, Any, Any]:
    """Derivatives of the profile log likelihood by the entries of Sigma, as the symmetric matrix (11, 12, 22)."""
    _, (w11, w12, w22), (m11, m12, m22, whole), (mean1, mean2) = _solve(pairs, s11, s12, s22, surplus)
    r1, r2 = pairs.y[:, 0] - mean1, pairs.y[:, 1] - mean2
    q1, q2 = w11 * r1 + w12 * r2, w12 * r1 + w22 * r2
    g11, g12, g22 = (q1 * q1).sum() - m11, (q1 * q2).sum() - m12, (q2 * q2).sum() - m22
    if pairs.restricted:
        c11, c12, c22 = m22 / whole, -m12 / whole, m11 / whole
        a11, a12 = w11 * c11 + w12 * c12, w11 * c12 + w12 * c22
        b11, b12 = w12 * c11 + w22 * c12, w12 * c12 + w22 * c22
        g11 = g11 + (a11 * w11 + a12 * w12).sum()
        g12 = g12 + (a11 * w12 + a12 * w22).sum()
        g22 = g22 + (b11 * w12 + b12 * w22).sum()
    return g11 / 2, g12 / 2, g22 / 2


def _log_likelihood(pairs: Pairs, s11: float, s12: float, s22: float, surplus: float) -> float:
    det, (w11, w12, w22), (_, _, _, whole), (mean1, mean2) = _solve(pairs, s11, s12, s22, surplus)
    r1, r2 = pairs.y[:, 0] - mean1, pairs.y[:, 1] - mean2
    distance = float((w11 * r1 * r1 + 2 * w12 * r1 * r2 + w22 * r2 * r2).sum())
    k = len(pairs.y)
    total = 2 * k * math.log(2 * math.pi) + float(np.log(det).sum()) + distance
    if pairs.restricted:
        total += math.log(whole) - 2 * math.log(2 * math.pi) - 2 * math.log(k)
    return -total / 2


def _entries(root: Any) -> tuple[Any, Any, Any, Any]:
    """Sigma of the root (l11, l21, l22), or of rank 1 (l11, l21), and its determinant."""
    last = root[2] if len(root) == 3 else 0.0
    return root[0] ** 2, root[0] * root[1], root[1] ** 2 + last**2, (root[0] * last) ** 2


def _slope(pairs: Pairs, root: Any) -> Any:
    g11, g12, g22 = _gradient(pairs, *_entries(root))
    slope = [g11 * root[0] + g12 * root[1], g12 * root[0] + g22 * root[1]]
    return 2 * np.array([*slope, *([g22 * root[2]] if len(root) == 3 else [])])


def _curvature(gradient: Any, at: Array) -> Array:
    """Second derivatives from complex steps of the first."""
    moved = at + 1j * _IMAGINARY * np.eye(len(at))
    found = np.array([np.imag(gradient(each)) / _IMAGINARY for each in moved])
    return np.asarray((found + found.T) / 2, dtype=np.float64)


def _climb(pairs: Pairs, root: Array) -> tuple[Array, float, bool]:
    """Newton's method uphill in the entries of a root of Sigma: where it ends, how high, whether it settled."""
    height, before = _log_likelihood(pairs, *_entries(root)), math.inf
    for _ in range(_STEPS):
        slope = _slope(pairs, root)
        values, vectors = np.linalg.eigh(-_curvature(lambda at: _slope(pairs, at), root))
        sizes = np.maximum(np.abs(values), 1e-12 * max(1e-300, float(np.abs(values).max())))
        step = vectors @ ((vectors.T @ slope) / sizes)
        decrement = float(slope @ step)
        if decrement <= _SETTLED or (decrement <= _NEAR and decrement >= before / 4):
            return root, height, True
        before, length = decrement, 1.0
        moved = root + step
        while decrement > _NEAR and _log_likelihood(pairs, *_entries(moved)) < height:
            length /= 2
            moved = root + length * step
            if length < _SHORTEST:
                return root, height, False
        root, height = moved, _log_likelihood(pairs, *_entries(moved))
    return root, height, False


def _starts(pairs: Pairs) -> Iterator[Array]:
    """Roots to start from: the spread beyond sampling error, and a tenth of it, with correlations of either sign."""
    spread = pairs.y.var(axis=0, ddof=1)
    beyond = np.maximum(spread - pairs.v.mean(axis=0), 0.1 * spread + 1e-3 * pairs.v.mean(axis=0))
    for share in (1.0, 0.1):
        sd1, sd2 = np.sqrt(share * beyond)
        for rho in (0.0, 0.8, -0.8):
            yield np.array([sd1, rho * sd2, math.sqrt(1 - rho**2) * sd2])


def _outward(pairs: Pairs, sigma: tuple[float, float, float, float], size: float) -> float:
    """Steepest slope of the log likelihood from a singular Sigma into the cone, per typical variance."""
    g11, g12, g22 = _gradient(pairs, *sigma)
    s11, s12, s22, _ = sigma
    if s11 + s22 == 0:
        return float(np.linalg.eigvalsh(np.array([[g11, g12], [g12, g22]])).max()) * size
    across = np.array([-math.copysign(math.sqrt(s22), s12), math.sqrt(s11)]) / math.sqrt(s11 + s22)
    return float(across @ np.array([[g11, g12], [g12, g22]]) @ across) * size


def maximum(pairs: Pairs) -> tuple[Maximum | None, str]:
    """Find the covariance with the highest likelihood, inside or on the boundary.

    Parameters
    ----------
    pairs : Pairs
        Of at least three studies.

    Returns
    -------
    Maximum or None
        None where no search settled at the highest point that was seen.
    reason : str
        What was tried, then; else empty.

    Notes
    -----
    Newton's method on the entries of a Cholesky root, from six starts, once with the full root and once with the root
    of rank 1; Sigma = 0 beside them. A point of the boundary counts if the likelihood falls from there inwards. Where
    it is as high as the best point inside, it is the answer: the correlation is then 1 or -1, or nothing varies.
    """
    size = float(pairs.v.mean())
    nothing = (0.0, 0.0, 0.0, 0.0)
    valid: list[tuple[float, int, tuple[float, float, float, float]]] = []
    highest = base = _log_likelihood(pairs, *nothing)
    if _outward(pairs, nothing, size) <= _UPHILL:
        valid.append((base, 0, nothing))
    for start in _starts(pairs):
        for root in (start, start[:2] if start[1] != 0 else np.array([start[0], start[2]])):
            found, height, settled = _climb(pairs, root)
            sigma = _entries(found)
            highest = max(highest, height)
            if settled and (len(root) == 3 or _outward(pairs, sigma, size) <= _UPHILL):
                valid.append((height, len(root) - 1, sigma))
    best = max((height for height, _, _ in valid), default=-math.inf)
    if not best >= highest - _SAME * max(1.0, abs(highest)):
        tried = f"Newton's method from 12 starts, {_STEPS} steps each"
        return None, f"{tried}, did not settle at the highest log likelihood seen ({highest:.6f})"
    close = [each for each in valid if each[0] >= best - _SAME * max(1.0, abs(best))]
    _, rank, sigma = min(close, key=lambda each: (each[1], -each[0]))
    return _described(pairs, rank, sigma), ""


def _described(pairs: Pairs, rank: int, sigma: tuple[float, float, float, float]) -> Maximum:
    s11, s12, s22, _ = sigma
    _, _, (m11, m12, m22, whole), means = _solve(pairs, *sigma)
    _, (w1, _, w2), _, plain = _solve(pairs, 0.0, 0.0, 0.0, 0.0)
    q = float((w1 * (pairs.y[:, 0] - plain[0]) ** 2 + w2 * (pairs.y[:, 1] - plain[1]) ** 2).sum())
    return Maximum(
        np.array([[s11, s12], [s12, s22]]),
        rank,
        np.array(means, dtype=np.float64),
        np.array([[m22, -m12], [-m12, m11]]) / whole,
        _log_likelihood(pairs, *sigma),
        q,
    )


def component_covariance(pairs: Pairs, sigma: Array) -> Array:
    """Covariance of the estimates of (Sigma11, Sigma12, Sigma22), from the observed information inside the cone.

    Parameters
    ----------
    pairs : Pairs
        The studies.
    sigma : ndarray, shape (2, 2)
        Where the likelihood is highest; of rank 2.

    Returns
    -------
    ndarray, shape (3, 3)
    """

    def slope(at: Any) -> Any:
        g11, g12, g22 = _gradient(pairs, at[0], at[1], at[2], at[0] * at[2] - at[1] ** 2)
        return np.array([g11, 2 * g12, g22])

    at = np.array([sigma[0, 0], sigma[0, 1], sigma[1, 1]])
    information = -_curvature(slope, at)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)
