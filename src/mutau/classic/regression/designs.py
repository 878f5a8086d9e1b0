"""A design matrix and what weighted regression on it needs: projections, their traces, no cancellation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from mutau.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["Design", "Projection", "project"]

REPEATS = 1e-9
"""A column whose part that others do not explain is smaller than this share of it says nothing of its own."""

VARIES = 1e-12
"""A column that varies by less than this share of its size is constant: rounding alone makes so much."""

HEAVY = 0.9
"""A study with more leverage than this has what is left of it computed from the others."""


@dataclass(frozen=True, slots=True)
class Design:
    """A design matrix as an orthonormal basis of its columns.

    Parameters
    ----------
    x : ndarray, shape (k, p)
        The design matrix.
    basis : ndarray, shape (k, p)
        Orthonormal columns that span the same space.
    back : ndarray, shape (p, p)
        ``x @ back`` is the basis: takes coefficients of the basis to coefficients of `x`.
    has_constant : bool
        Whether a constant lies in the space, so that the fitted values can all be equal.
    """

    x: Array
    basis: Array
    back: Array
    has_constant: bool

    @classmethod
    def of(cls, x: Array, names: Sequence[str]) -> tuple[Design, list[Fault]]:
        """Make a design, and list every column that repeats what those before it say; it cannot be used then."""
        centred, undo = _centred(x)
        basis, triangle = np.linalg.qr(centred)
        sizes = np.sqrt(np.sum(centred**2, axis=0))
        own = np.abs(np.diag(triangle)) <= REPEATS * sizes
        faults = [_redundant(x[:, j], names, j) for j in map(int, np.flatnonzero(own))]
        ones = np.ones(len(x))
        apart = ones - basis @ (basis.T @ ones)
        constant = float(apart @ apart) <= REPEATS**2 * len(x)
        back = np.full_like(undo, math.nan) if faults else undo @ np.linalg.inv(triangle)
        return cls(x, basis, back, constant), faults


def _redundant(column: Array, names: Sequence[str], j: int) -> Fault:
    what = f"{names[j]} = {column[0]:g} in all studies"
    if np.ptp(column) > VARIES * np.max(np.abs(column)):
        before = " and ".join(names[:j])
        what = f"{names[j]} follows from {before}"
    rule = "Each column of a regression says something that the others do not (full rank)"
    return Fault(what, rule, f"Leave {names[j]} out", key="moderators")


def _centred(x: Array) -> tuple[Array, Array]:
    """Bring the columns to one size, and around 0 where one is constant; and the matrix that undoes it."""
    p = x.shape[1]
    z, undo = x.copy(), np.eye(p)
    most = np.max(np.abs(x), axis=0)
    constant = next((j for j in range(p) if most[j] > 0 and np.ptp(x[:, j]) == 0), None)
    for j in range(p):
        if constant is not None and j != constant:
            z[:, j] -= x[0, j]
            middle = float(np.mean(z[:, j]))
            z[:, j] -= middle
            undo[constant, j] = -(x[0, j] + middle) / x[0, constant]
            if np.max(np.abs(z[:, j])) <= VARIES * most[j]:
                z[:, j] = 0.0
        size = math.ldexp(1.0, math.frexp(float(np.max(np.abs(z[:, j]))))[1])
        z[:, j] /= size
        undo[:, j] /= size
    return z, undo


@dataclass(frozen=True, slots=True)
class Projection:
    """``P = W - W X (X'WX)^-1 X'W`` for diagonal weights W.

    Parameters
    ----------
    w, root : ndarray, shape (k,)
        Weights and their square roots.
    u : ndarray, shape (k, p)
        Orthonormal basis of ``root * X``.
    r : ndarray, shape (p, p)
        ``u @ r`` is ``root * basis``.
    free : ndarray, shape (k,)
        One less each study's leverage.
    """

    w: Array
    root: Array
    u: Array
    r: Array
    free: Array

    def residual(self, y: Array) -> Array:
        """``root * (y - fitted)``; its squares sum to ``y'Py``."""
        z = self.root * y
        z = z - self.u @ (self.u.T @ z)
        again: Array = z - self.u @ (self.u.T @ z)
        return again

    def apply(self, y: Array) -> Array:
        """``P y``."""
        product: Array = self.root * self.residual(y)
        return product

    def quadratic(self, y: Array) -> float:
        """``y'Py``."""
        return float(np.sum(self.residual(y) ** 2))

    def coefficients(self, y: Array) -> Array:
        """Coefficients of the basis."""
        found: Array = solve_triangular(self.r, self.u.T @ (self.root * y))
        return found

    def trace(self, d: Array | float = 1.0) -> float:
        """``tr(P D)``, D diagonal."""
        return float(np.sum(self.w * self.free * d))

    def trace_of_square(self, d: Array | float = 1.0) -> float:
        """``tr(P D P D)``; pairs with a heavy study are summed one by one."""
        c = self.w * d
        heavy = self.free < 1 - HEAVY
        light = ~heavy
        total = float(np.sum((c * self.free) ** 2))
        u, weight = self.u[light], c[light]
        within = u.T @ (weight[:, None] * u)
        total += max(0.0, float(np.sum(within**2) - np.sum((weight * (1 - self.free[light])) ** 2)))
        if heavy.any():
            pairs = (self.u[heavy] @ self.u.T) ** 2 * c[heavy][:, None] * c
            pairs[np.arange(int(heavy.sum())), np.flatnonzero(heavy)] = 0.0
            total += float(2 * np.sum(pairs[:, light]) + np.sum(pairs[:, heavy]))
        return total

    @property
    def log_determinant(self) -> float:
        """``log det(basis' W basis)``: that of ``X'WX`` less that of ``X'X``."""
        return float(2 * np.sum(np.log(np.abs(np.diag(self.r)))))


def project(basis: Array, w: Array) -> Projection:
    """Make the projection of a space and weights.

    Parameters
    ----------
    basis : ndarray, shape (k, p)
        Orthonormal columns; k above p.
    w : ndarray, shape (k,)
        Weights above 0; best from the largest to the smallest.

    Returns
    -------
    Projection

    Notes
    -----
    All sums have terms of one sign. What is left of a study with nearly all leverage is ``1/(1 + d)``, d its distance
    from the others by their own weights, so that nothing is taken from 1.
    """
    root = np.sqrt(w)
    weighted = root[:, None] * basis
    u, r = np.linalg.qr(weighted)
    free = 1 - np.sum(u**2, axis=1)
    for i in map(int, np.flatnonzero(free < 1 - HEAVY)):
        free[i] = _left(weighted, i)
    return Projection(w, root, u, r, free)


def _left(weighted: Array, i: int) -> float:
    """One less the leverage of study i; 0 where it alone determines a coefficient."""
    others = np.delete(weighted, i, axis=0)
    triangle = np.linalg.qr(others, mode="r")
    diagonal = np.abs(np.diag(triangle))
    if np.min(diagonal) <= VARIES * np.max(np.abs(others)):
        return 0.0
    distance = solve_triangular(triangle, weighted[i], trans="T")
    return float(1 / (1 + distance @ distance))
