r"""What a new trial of given arms may show, and what each showing says of its effect, for every likelihood.

Counts: with :math:`\phi = \arcsin\sqrt p` a binomial likelihood has the same width 1/(2 sqrt n) wherever its maximum
lies (and a Poisson one the width 1/2 in the root of its mean). So both arms' likelihoods are tabulated on even grids
of phi, and every pair of a baseline and an effect is shared among the grid's points by cubic weights: what remains
for all pairs of counts at once is a product of three matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array
from scipy.special import gammaln, ndtr, xlogy

from mutau.decisions.effects_grid import cubic_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.effects_grid import EffectsGrid

    type Array = NDArray[np.float64]

__all__ = ["Arm", "Baselines", "Outcomes", "binomial_arm", "count_outcomes", "normal_outcomes", "poisson_arm"]

PER_WIDTH = 5.0
"""Steps of a grid of phi in the width of the likelihood."""
PER_SD = 12
"""Outcomes of a normal trial in its standard error."""
MOST = 6_000
"""Outcomes of a normal trial at most."""
CHUNK = 4_000_000
SHARES = 16
"""Points of two grids among which a pair of risks is shared: four of either."""
RARE = 1e-9
"""Counts of an arm that are less probable than this are at the ends left out."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything a new trial may show. Made by the functions of this module.

    Parameters
    ----------
    chance : ndarray, shape (n,)
        Predictive probability of each outcome; sums to nearly 1.
    means : ndarray, shape (f, n)
        Posterior mean of each functional of the grid after the outcome; the first is 1.
    shape : tuple of int
        Of the outcomes: (n,), or counts of the treatment arm by those of the control arm.
    """

    chance: Array = field(repr=False)
    means: Array = field(repr=False)
    shape: tuple[int, ...]


def normal_outcomes(grid: EffectsGrid, sei: float) -> tuple[Array, Outcomes]:
    """Estimates y ~ Normal(effect, sei squared) on a fine grid, and their outcomes.

    Returns
    -------
    ndarray, shape (n,)
        Estimates, in the middle of cells that partition the line.
    Outcomes
    """
    step = sei / PER_SD
    count = min(math.ceil((grid.t[-1] - grid.t[0] + 16 * sei) / step), MOST)
    y = np.linspace(grid.t[0] - 8 * sei, grid.t[-1] + 8 * sei, count)
    edge = 0.5 * (y[1] - y[0])
    joint, chance = np.empty((len(grid.values), count)), np.empty(count)
    rows = max(1, CHUNK // len(grid.t))
    for start in range(0, count, rows):
        part = slice(start, start + rows)
        z = (y[part, None] - grid.t) / sei
        joint[:, part] = grid.values @ np.exp(-0.5 * z * z).T
        cell = ndtr(z + edge / sei) - ndtr(z - edge / sei)
        chance[part] = cell @ grid.values[0]
    return y, _outcomes(chance, joint, (count,))


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of counts.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        What it may show.
    phi : ndarray, shape (g,)
        Even grid of the variable in which the likelihood has one width.
    likelihood : ndarray, shape (n, g)
        Of each count at each point.
    variable : callable
        phi at a logarithm of the risk (or rate).
    """

    counts: Array = field(repr=False)
    phi: Array = field(repr=False)
    likelihood: Array = field(repr=False)
    variable: Callable[[Array], Array]


def binomial_arm(n: int) -> Arm:
    """Give an arm of n people."""
    step = 0.5 / math.sqrt(n) / PER_WIDTH
    phi = np.linspace(0.0, 0.5 * math.pi, math.ceil(0.5 * math.pi / step) + 1)
    phi = phi[0] + (phi[1] - phi[0]) * np.arange(-2, len(phi) + 2)
    a = np.arange(n + 1.0)[:, None]
    p, q = np.sin(phi) ** 2, np.cos(phi) ** 2
    choose = gammaln(n + 1) - gammaln(a + 1) - gammaln(n - a + 1)
    likelihood = np.exp(choose + xlogy(a, p) + xlogy(n - a, q))
    return Arm(a[:, 0], phi, likelihood, lambda log_p: np.arcsin(np.exp(0.5 * np.minimum(log_p, 0.0))))


def poisson_arm(time: float, most: int) -> Arm:
    """Give an arm of so much person-time, counts up to `most`."""
    step = 0.5 / PER_WIDTH
    phi: Array = step * np.arange(-2.0, math.ceil((math.sqrt(most) + 4.0) / step) + 3)
    a = np.arange(most + 1.0)[:, None]
    likelihood: Array = np.asarray(np.exp(xlogy(a, phi**2) - phi**2 - gammaln(a + 1)))
    return Arm(
        a[:, 0], phi, likelihood, lambda log_rate: np.exp(0.5 * np.minimum(log_rate + math.log(time), 700.0))
    )


@dataclass(frozen=True, slots=True)
class Baselines:
    """Nodes of a new trial's baseline, and the risks (or rates) that each makes with an effect.

    Parameters
    ----------
    weights : ndarray, shape (e,)
        Sum to 1.
    log_risks : callable
        ``(nodes, t) -> (log treatment risk, log control risk, possible)``, each of shape (nodes, m): the third 0
        where there is no such risk, else 1.
    """

    weights: Array = field(repr=False)
    log_risks: Callable[[slice, Array], tuple[Array, Array, Array]]

    def impossible(self, grid: EffectsGrid) -> float:
        """Probability of a baseline and an effect that make an impossible risk."""
        possible = self.log_risks(slice(None), grid.t)[2]
        return 1.0 - float(self.weights @ possible @ grid.values[0]) / float(grid.values[0].sum())


def count_outcomes(
    grid: EffectsGrid, arms: tuple[Arm, Arm], arising: Baselines, analysed: Baselines | None
) -> Outcomes:
    """Pairs of counts in two arms.

    Parameters
    ----------
    grid : EffectsGrid
        Functionals by effect.
    arms : (Arm, Arm)
        Treatment, control.
    arising : Baselines
        Those from which the new trial is thought to come. Its impossible risks are left out.
    analysed : Baselines, optional
        The baselines over which the analysis of the new trial integrates: the model's prior. Without them the
        analysis is conditional on the number of all events.
    """
    chance = _product(arms, _matrices(grid.t, grid.values[:1], arms, arising)[0])
    chance /= 1.0 - arising.impossible(grid)
    if analysed is None:
        joint = _conditional(grid, arms)
    else:
        likely = tuple(_likely(chance.sum(axis=axis)) for axis in (1, 0))
        first, second = (
            replace(arm, likelihood=arm.likelihood[own]) for arm, own in zip(arms, likely, strict=True)
        )
        joint = np.zeros((len(grid.values), *chance.shape))
        for f, each in enumerate(_matrices(grid.t, grid.values, arms, analysed)):
            joint[f][likely] = _product((first, second), each)
    return _outcomes(chance.ravel(), joint.reshape(len(joint), -1), chance.shape)


def _likely(margin: Array) -> slice:
    """Give the counts from the first to the last that is not rare."""
    found = np.flatnonzero(margin > RARE)
    return slice(int(found[0]), int(found[-1]) + 1)


def _outcomes(chance: Array, joint: Array, shape: tuple[int, ...]) -> Outcomes:
    """Divide by the likelihood of the outcome; one too improbable for that has no part."""
    possible = joint[0] > 1e-290
    means = np.where(possible, joint / np.where(possible, joint[0], 1.0), np.nan)
    return Outcomes(np.where(possible, np.maximum(chance, 0.0), 0.0), means, shape)


def _conditional(grid: EffectsGrid, arms: tuple[Arm, Arm]) -> Array:
    """Functionals times the noncentral hypergeometric likelihood, for every pair of counts."""
    n1, n0 = (len(arm.counts) - 1 for arm in arms)
    out = np.zeros((len(grid.values), n1 + 1, n0 + 1))
    logs = [
        gammaln(n + 1) - gammaln(arm.counts + 1) - gammaln(n - arm.counts + 1)
        for n, arm in zip((n1, n0), arms, strict=True)
    ]
    for events in range(n1 + n0 + 1):
        a = np.arange(max(0, events - n0), min(n1, events) + 1)
        terms = (logs[0][a] + logs[1][events - a])[:, None] + a[:, None] * grid.t
        terms = np.exp(terms - terms.max(axis=0))
        out[:, a, events - a] = grid.values @ (terms / terms.sum(axis=0)).T
    return out.reshape(len(grid.values), -1)


def _matrices(t: Array, values: Array, arms: tuple[Arm, Arm], baselines: Baselines) -> Array:
    """Share every (baseline, effect) among the points of both grids, shape (f, g1, g0).

    The sixteen shares of a pair are a column of a sparse matrix, which all functionals are multiplied by at once.
    """
    sizes = [len(arm.phi) for arm in arms]
    out = np.zeros((sizes[0] * sizes[1], len(values)))
    rows = max(1, CHUNK // (SHARES * len(t)))
    for start in range(0, len(baselines.weights), rows):
        part = slice(start, start + rows)
        *logs, possible = baselines.log_risks(part, t)
        (first, one), (second, other) = (
            cubic_weights((arm.variable(log) - arm.phi[0]) / (arm.phi[1] - arm.phi[0]), len(arm.phi))
            for arm, log in zip(arms, logs, strict=True)
        )
        corner = (first * sizes[1] + second).ravel().astype(np.int32)
        around = np.add.outer(np.arange(4) * sizes[1], np.arange(4)).ravel().astype(np.int32)
        places = np.add.outer(corner, around)
        both = np.stack(one, axis=-1)[..., :, None] * np.stack(other, axis=-1)[..., None, :]
        mass = (baselines.weights[part, None] * possible)[..., None] * values.T
        ends = np.arange(0, places.size + 1, SHARES, dtype=np.int32)
        shares = csc_array((both.ravel(), places.ravel(), ends), shape=(len(out), len(corner)))
        out += shares @ mass.reshape(len(corner), -1)
    return np.ascontiguousarray(out.T).reshape(len(values), *sizes)


def _product(arms: tuple[Arm, Arm], shared: Array) -> Array:
    return np.asarray(arms[0].likelihood @ shared @ arms[1].likelihood.T)
