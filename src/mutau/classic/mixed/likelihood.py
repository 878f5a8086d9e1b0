r"""The marginal likelihood of a mixed model of counts, with gradient and Hessian.

Study i's count a has the linear predictor

.. math:: x_{ia} = \sum_b F_{ab}\beta_b + O_a\alpha_i + \sum_d R_{ad}\, s_d\, z_{id}, \qquad z_{id} \sim N(0, 1),

with fixed effects :math:`\beta`, an intercept :math:`\alpha_i` of the study's own, and standard deviations
:math:`s`. Given z the predictor is linear in all of them, so that the derivatives of the log likelihood are
moments: with S the score and C the Hessian given z, the gradient is :math:`E[S]` and the Hessian :math:`E[C] +
\mathrm{Var}[S]`, over the distribution of z given the counts (Louis 1982, doi:10.1111/j.2517-6161.1982.tb01203.x).
They are exact, by the same nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mutau.classic.mixed.quadrature import normal_rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.mixed.families import Family

    type Array = NDArray[np.float64]

__all__ = ["Contributions", "MixedModel", "Point"]


class Point(NamedTuple):
    """Values of all parameters.

    Parameters
    ----------
    shared : ndarray, shape (b + d,)
        Fixed effects, then standard deviations; their sign does not matter.
    own : ndarray, shape (k,)
        Intercepts of the studies; zeros where the model has none.
    """

    shared: Array
    own: Array


class Contributions(NamedTuple):
    """What each study adds to the log likelihood, its gradient and its Hessian.

    The last parameter is the study's own intercept, where the model has one; shapes (k,), (k, q) and (k, q, q).
    """

    value: Array
    gradient: Array
    hessian: Array


@dataclass(frozen=True, eq=False)
class MixedModel:
    """A mixed model of counts.

    Parameters
    ----------
    family : Family
        The counts' distribution given their linear predictors.
    fixed : ndarray, shape (a, b)
        F.
    random : ndarray, shape (a, d)
        R; d is 0, 1 or 2.
    own : ndarray, shape (a,), optional
        O; None where studies have no intercepts of their own.
    """

    family: Family
    fixed: Array
    random: Array
    own: Array | None = None

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.family.size[0]

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Numbers of fixed effects and of standard deviations."""
        return self.fixed.shape[1], self.random.shape[1]

    def without(self, d: int) -> MixedModel:
        """The same model with standard deviation d at 0."""
        return replace(self, random=np.delete(self.random, d, axis=1))

    def contributions(self, point: Point) -> Contributions:
        """Evaluate log likelihood, gradient and Hessian, study by study."""
        b, _ = self.counts
        centre = np.broadcast_to(self.fixed @ point.shared[:b], self.family.size).copy()
        if self.own is not None:
            centre += point.own[:, np.newaxis] * self.own
        spread = self.random * point.shared[b:]
        z, log_weight = self._nodes(centre, spread)
        value, slope, curvature = self.family(centre[:, np.newaxis] + z @ spread.T)
        log_mass = value.sum(axis=-1) + log_weight
        top = log_mass.max(axis=1)
        mass = np.exp(log_mass - top[:, np.newaxis])
        total = mass.sum(axis=1)
        mass /= total[:, np.newaxis]
        design = self._design(z)
        score = (slope[..., np.newaxis] * design).sum(axis=2)
        gradient = (mass[..., np.newaxis] * score).sum(axis=1)
        score -= gradient[:, np.newaxis]
        bent = design * (mass[..., np.newaxis] * curvature)[..., np.newaxis]
        flat = (self.k, -1, design.shape[-1])
        hessian = bent.reshape(flat).transpose(0, 2, 1) @ design.reshape(flat)
        hessian += (score * mass[..., np.newaxis]).transpose(0, 2, 1) @ score
        return Contributions(top + np.log(total), gradient, hessian)

    def _design(self, z: Array) -> Array:
        """Derivatives of the linear predictors in every parameter, shape (k, n, a, q)."""
        k, n, _ = z.shape
        a = self.fixed.shape[0]
        parts = [
            np.broadcast_to(self.fixed, (k, n, *self.fixed.shape)),
            self.random * z[:, :, np.newaxis, :],
        ]
        if self.own is not None:
            parts.append(np.broadcast_to(self.own[:, np.newaxis], (k, n, a, 1)))
        return np.concatenate(parts, axis=-1)

    def _nodes(self, centre: Array, spread: Array) -> tuple[Array, Array]:
        """Nodes of z, shape (k, n, d), and their log weights, shape (k, n)."""
        k, d = self.k, spread.shape[1]
        if d == 0:
            return np.zeros((k, 1, 0)), np.zeros((k, 1))
        if d == 1:
            z, log_weight = _rule(_Along(self.family, centre, spread[:, 0]), (k,))
            return z[..., np.newaxis], log_weight
        # one arm's counts may hold its predictor fixed: the other's then moves twice as fast, by both random effects
        steepest = 2 * float(np.abs(spread[:, 1]).max())
        outer, log_outer = normal_rule(_Integrated(self.family, centre, spread), (k,), steepest)
        moved = centre[:, np.newaxis] + outer[..., np.newaxis] * spread[:, 1]
        inner, log_inner = _rule(_Along(self.family, moved, spread[:, 0]), outer.shape)
        both = np.stack([inner, np.broadcast_to(outer[..., np.newaxis], inner.shape)], axis=-1)
        log_both = log_inner + log_outer[..., np.newaxis]
        return both.reshape(k, -1, 2), log_both.reshape(k, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Along:
    """Log likelihood along one random effect; `centre` has shape (k, ..., a), z has (k, ..., n)."""

    family: Family
    centre: Array
    spread: Array

    def __call__(self, z: Array) -> tuple[Array, Array, Array]:
        x = self.centre[..., np.newaxis, :] + z[..., np.newaxis] * self.spread
        value, slope, curvature = self.family(x)
        return value.sum(axis=-1), slope @ self.spread, curvature @ self.spread**2


def _rule(along: _Along, rows: tuple[int, ...]) -> tuple[Array, Array]:
    return normal_rule(along, rows, float(np.abs(along.spread).max()))


@dataclass(frozen=True, slots=True, eq=False)
class _Integrated:
    """Log likelihood along the second random effect, the first integrated out."""

    family: Family
    centre: Array
    spread: Array

    def __call__(self, z: Array) -> tuple[Array, Array, Array]:
        first, second = self.spread.T
        centre = self.centre[:, np.newaxis] + z[..., np.newaxis] * second
        inner, log_weight = _rule(_Along(self.family, centre, first), z.shape)
        value, slope, curvature = self.family(centre[..., np.newaxis, :] + inner[..., np.newaxis] * first)
        log_mass = value.sum(axis=-1) + log_weight
        top = log_mass.max(axis=-1, keepdims=True)
        mass = np.exp(log_mass - top)
        total = mass.sum(axis=-1, keepdims=True)
        mass /= total
        score = slope @ second
        mean = (mass * score).sum(axis=-1)
        bend = (mass * (curvature @ second**2 + (score - mean[..., np.newaxis]) ** 2)).sum(axis=-1)
        return (top + np.log(total))[..., 0], mean, bend
