r"""Integrals over standard normal variables by the trapezoid rule, wherever the mass lies.

.. math:: \int \exp\{g(z)\}\, \phi(z)\, dz

for concave g. The exponent's maximum is sought, then the points at which the integrand has fallen to
:math:`e^{-36}` of it, and equal steps are laid between them. The integrand vanishes at both ends with all its
derivatives, so that the rule converges geometrically: a step h leaves :math:`e^{-2\pi d/h}` of it, where it stays
bounded within d of the real line. Every likelihood here does so to :math:`\pi/2` of its linear predictor x: the
mean of rare events, :math:`e^{x}`, turns negative there.

References
----------
Trefethen LN, Weideman JAC (2014). The exponentially convergent trapezoidal rule. SIAM Review 56:385-458.
doi:10.1137/130932132. Liu Q, Pierce DA (1994). A note on Gauss-Hermite quadrature. Biometrika 81:624-629.
doi:10.1093/biomet/81.3.624
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type Exponent = Callable[[Array], tuple[Array, Array, Array]]

__all__ = ["normal_rule"]

STEP = 0.6
"""Of the standard deviation that the curvature at the maximum tells: a normal integrand is then exact to 1e-23."""

PREDICTOR_STEP = 0.35
"""Of the linear predictor: pi^2 / 0.35 is 28, and e^-28 is 6e-13."""

DROP = 36.0
"""How far below its maximum the exponent is followed: e^-36 is 2e-16."""

MOST_STEPS = 200
CLOSER = 3
CLOSE = 0.1
"""How far, in standard deviations, the maximum may be missed: it places the nodes only."""

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def normal_rule(exponent: Exponent, rows: tuple[int, ...], steepest: float) -> tuple[Array, Array]:
    """Place nodes for one standard normal variable in each row.

    Parameters
    ----------
    exponent : callable
        g with two derivatives: ``z (*rows, n) -> values, slopes, curvatures`` of that shape; concave.
    rows : tuple of int
        Shape of the rows.
    steepest : float
        By how much a linear predictor moves, at most, for a unit of z.

    Returns
    -------
    z, log_weight : ndarray, shape (*rows, n)
        Nodes, and the log of what g's exponential is multiplied by: the normal density and the step.
    """

    def joint(z: Array) -> tuple[Array, Array, Array]:
        value, slope, curvature = exponent(z)
        return value - 0.5 * z * z, slope - z, curvature - 1.0

    mode, top, sd = _maximum(joint, rows)
    ends = _ends(joint, mode, sd, top - DROP)
    span = ends[..., 1:] - ends[..., :1]
    step = np.minimum(STEP * sd, PREDICTOR_STEP / max(steepest, 1e-300))
    n = max(math.ceil(float((span / step).max())) + 1, 2)
    z = ends[..., :1] + span * np.linspace(0.0, 1.0, n)
    return z, np.log(np.maximum(span, 1e-300) / (n - 1)) - 0.5 * z * z - HALF_LOG_2PI


def _maximum(joint: Exponent, rows: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Find each row's maximum, roughly: its place, its height and the standard deviation there, shape (*rows, 1).

    The exponent's slope falls by at least 1 for each unit, so that the maximum is no farther from 0 than the slope is
    large there. Newton's step is taken where it stays in the bracket and is shorter than half the one before.
    """
    z = np.zeros((*rows, 1))
    value, slope, curvature = joint(z)
    low, high = np.minimum(slope, 0.0), np.maximum(slope, 0.0)
    last = high - low
    for _ in range(MOST_STEPS):
        step = -slope / curvature
        if (np.abs(step) * np.sqrt(-curvature) < CLOSE).all():
            break
        newton = z + step
        good = (newton >= low) & (newton <= high) & (np.abs(step) <= 0.5 * last)
        new = np.where(good, newton, 0.5 * (low + high))
        last, z = np.abs(new - z), new
        value, slope, curvature = joint(z)
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
    return z, value, 1 / np.sqrt(-curvature)


def _ends(joint: Exponent, mode: Array, sd: Array, level: Array) -> Array:
    """Points on both sides where the exponent is below `level`, not much farther out than need be, shape (*rows, 2).

    A normal exponent falls to the level at a known number of its standard deviations, any at that number of units,
    as it bends by 1 at least. From a point below the level Newton's steps come closer and, by concavity, stay below
    it.
    """
    sides = np.array([-1.0, 1.0])
    far = mode + math.sqrt(2 * DROP) * sides
    z = mode + math.sqrt(2 * DROP) * sd * sides
    value, slope, _ = joint(z)
    z = np.where(value <= level, z, far)
    for _ in range(CLOSER):
        value, slope, _ = joint(z)
        z = z - np.minimum(value - level, 0.0) / slope
    return z
