r"""What is known of the effect in a new trial, jointly with what would follow from it.

A new trial's data depend on mu and tau through its own effect t alone. With :math:`q_g(t)\,dt = E[g(\mu, \tau);
\theta_{new} \in dt]` under the posterior of today, the posterior mean of g after any data with likelihood L(t) is

.. math:: E[g \mid \text{new}] = \int q_g(t) L(t)\,dt \Big/ \int q_1(t) L(t)\,dt,

so one grid of t, made once, answers for every outcome of every trial, whatever the likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mutau.exact.blurring import log_kernel
from mutau.exact.rows import tau_rows
from mutau.exact.surface_posterior import SurfacePosterior
from mutau.exact.surfaces import effect_rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import ExactPosterior
    from mutau.exact.rows import Row

    type Array = NDArray[np.float64]
    type Functional = Callable[[Array, float], Array]

__all__ = ["EffectsGrid", "cubic_weights", "effects_grid"]

TAIL = 1e-6
"""Posterior probability of a new trial's effect that is left out at either end of the grid."""
MOST = 30_000
"""Points of the grid at most."""
PER_LIKELIHOOD = 5.0
"""Steps of the grid in one standard error of the most precise trial asked of."""
RESOLVED = {True: 1.2, False: 2.5}
"""Steps of the grid in tau from which a normal, or a t, distribution of effects is resolved by the grid itself."""
WIDEST = 5.0
"""A panel of mu in units of the width over which what is integrated changes: 16 Gauss nodes then see it all."""
_X, _W = np.polynomial.legendre.leggauss(16)
_HERMITE = 8


@dataclass(frozen=True, slots=True)
class EffectsGrid:
    """Functionals of the posterior by the effect in a new trial. Made by `effects_grid`.

    Parameters
    ----------
    t : ndarray, shape (m,)
        Effects on the analysis scale, evenly spaced.
    values : ndarray, shape (f, m)
        Of each functional: its part at each t. The first is the constant 1: the posterior of theta_new itself.
    """

    t: Array = field(repr=False)
    values: Array = field(repr=False)

    @property
    def now(self) -> Array:
        """Posterior means of the functionals today, shape (f,); the first is 1 but for the ends left out."""
        return np.asarray(self.values.sum(axis=1))


def effects_grid(
    posterior: ExactPosterior, functionals: Sequence[Functional], breaks: Sequence[float], step: float
) -> EffectsGrid:
    """Tabulate functionals of (mu, tau) by the effect in a new trial.

    Parameters
    ----------
    posterior : NormalPosterior or SurfacePosterior
        The posterior of today.
    functionals : sequence of f - 1 callables
        ``(mu, tau) -> array``: of values of mu (n,) and one of tau; smooth in mu between `breaks`.
    breaks : sequence of float
        Where one of them has a step or corner in mu.
    step : float
        Distance of the grid's points: at most a fifth of the standard error of the most precise trial.

    Notes
    -----
    At each tau, mu is integrated by Gauss rules on panels that end at the breaks. The effects around each mu are read
    on the grid where tau is wider than its step, and otherwise a rule for them is laid around mu and its weights are
    shared among the grid's points so that every cubic is integrated right.
    """
    low, high = np.asarray(posterior.theta_new.quantile(np.array([TAIL, 1.0 - TAIL])))
    count = min(math.ceil((high - low) / step) + 5, MOST)
    step = max(step, (high - low) / (count - 5))
    t = low + step * (np.arange(count) - 2)
    values = np.zeros((1 + len(functionals), count))
    df = posterior.surface.effects_df if isinstance(posterior, SurfacePosterior) else math.inf
    for row in tau_rows(posterior):
        mu, mass = _nodes(row, breaks, math.hypot(PER_LIKELIHOOD * step, row.tau))
        own = np.stack([mass, *(mass * functional(mu, row.tau) for functional in functionals)])
        if row.tau >= RESOLVED[math.isinf(df)] * step:
            kernel = np.exp(log_kernel((t - mu[:, None]) / row.tau, df)) * (step / row.tau)
            values += own @ kernel
        else:
            _share(values, own, mu, row.tau, t[0], step, df)
    return EffectsGrid(t, values)


def _nodes(row: Row, breaks: Sequence[float], width: float) -> tuple[Array, Array]:
    """Values of mu and their masses."""
    inside = [place for place in breaks if row.edges[0] < place < row.edges[-1]]
    coarse = np.unique(np.concatenate([row.edges, inside]))
    edges = np.concatenate(
        [np.linspace(a, b, math.ceil((b - a) / (WIDEST * width)) + 1)[:-1] for a, b in pairwise(coarse)]
        + [coarse[-1:]]
    )
    half = 0.5 * np.diff(edges)[:, None]
    mu = (edges[:-1, None] + half * (1.0 + _X)).ravel()
    mass = (half * _W).ravel() * row.density(mu)
    used = mass > 1e-14
    return mu[used], mass[used]


def _share(values: Array, own: Array, mu: Array, tau: float, low: float, step: float, df: float) -> None:
    """Add the effects around each mu to the grid, in place."""
    if math.isinf(df):
        z, w = np.polynomial.hermite_e.hermegauss(_HERMITE)
        w = w / w.sum()
    else:
        z, log_w, _ = effect_rule(df)
        w = np.exp(log_w)
    if tau == 0:
        z, w = np.zeros(1), np.ones(1)
    first, shares = cubic_weights((mu[:, None] + tau * z - low) / step, values.shape[1])
    for k in range(4):
        place = (first + k).ravel()
        for f in range(len(values)):
            weights = (own[f][:, None] * w * shares[k]).ravel()
            values[f] += np.bincount(place, weights, minlength=values.shape[1])


def cubic_weights(place: Array, count: int) -> tuple[NDArray[np.intp], list[Array]]:
    """Give the four grid points around each place, and each one's share in the cubic through them.

    Parameters
    ----------
    place : ndarray
        In steps of the grid from its first point. Those off the grid have no share.
    count : int
        Points of the grid.

    Returns
    -------
    ndarray of int
        The first of the four points, shape as `place`.
    list of 4 ndarray
        Shares.
    """
    first = np.clip(np.floor(place).astype(np.intp) - 1, 0, count - 4)
    x = place - first
    held = ((place >= 0) & (place <= count - 1)).astype(np.float64)
    a, b, c, d = x, x - 1.0, x - 2.0, x - 3.0
    return first, [
        -held * b * c * d / 6.0,
        held * a * c * d / 2.0,
        -held * a * b * d / 2.0,
        held * a * b * c / 6.0,
    ]
