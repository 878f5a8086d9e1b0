r"""A study's baseline, integrated out over its prior: one dimension, by a rule that looks where the mass is.

.. math:: \log \int \mathrm{Normal}(\eta; 0, \sigma_\eta^2)\, p(\mathrm{data} \mid \eta, \theta)\, d\eta
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from mutau.likelihoods.record import FloatArray

__all__ = ["BaselineRule", "baseline_rule", "integrate_baseline"]

type LogDensity = Callable[[FloatArray, FloatArray], FloatArray]

DROP = 45.0
"""How far, in log density below its maximum, the integrand is followed: e^-45 is 3e-20."""
NODES = 16
WIDEST = 6.0
"""Widest panel. Every link moves between its limits over a unit or two of eta, with its nearest singularity pi off
the real line; 16 Gauss nodes on a panel of 6 then leave 1e-13 of the step."""
FEWEST, MOST = 4, 400
CHUNK = 2_000_000
"""Evaluations of the density held in memory at once."""
_COARSE, _FINE, _ROUNDS, _HALVINGS = 65, 17, 4, 16


class BaselineRule:
    """Nodes and log weights (prior included) for each theta, both of shape (theta, node), and the log integrand."""

    __slots__ = ("eta", "log_mass")

    def __init__(self, eta: FloatArray, log_mass: FloatArray) -> None:
        self.eta, self.log_mass = eta, log_mass

    @property
    def log_integral(self) -> FloatArray:
        """Log of the integral for each theta."""
        top = self.log_mass.max(axis=1)
        return np.asarray(top + np.log(np.exp(self.log_mass - top[:, np.newaxis]).sum(axis=1)))


def integrate_baseline(log_density: LogDensity, theta: FloatArray, sd: float, reach: float) -> FloatArray:
    """Integrate a baseline eta ~ Normal(0, sd) out of a log density.

    Parameters
    ----------
    log_density : callable
        ``(eta, theta) -> array``: log probability of one study's data, of the arguments' common shape. As a
        function of eta it rises to one maximum, possibly at infinity, and falls.
    theta : array, shape (n,)
        Effects.
    sd : float
        Standard deviation of eta's prior.
    reach : float
        Bound of the maximum over eta of `log_density`, where it is finite.

    Returns
    -------
    array, shape (n,)
        Log of the integral.

    Notes
    -----
    For each theta the integrand's maximum is found by repeated refinement of a grid, and where it has fallen by 45
    on either side by bisection. Each side is cut into equal panels no wider than 6, the innermost halved three
    times, and each panel gets a Gauss-Legendre rule of 16 nodes. Equal panels because a rare event makes the
    integrand a plateau with an edge anywhere; halved ones because large arms make it a spike.
    """
    pieces = []
    size = max(1, CHUNK // (2 * NODES * 30))
    for start in range(0, theta.size, size):
        pieces.append(baseline_rule(log_density, theta[start : start + size], sd, reach).log_integral)
    return np.concatenate(pieces) if pieces else np.empty(0)


def baseline_rule(log_density: LogDensity, theta: FloatArray, sd: float, reach: float) -> BaselineRule:
    """Give the nodes, weights and integrand behind `integrate_baseline`, for all theta at once."""
    column = theta[:, np.newaxis]
    constant = -np.log(sd) - 0.5 * np.log(2 * np.pi)

    def joint(eta: FloatArray) -> FloatArray:
        return np.asarray(log_density(eta, column) + constant - 0.5 * (eta / sd) ** 2)

    limit = reach + np.sqrt(2 * DROP) * sd
    mode, top = _mode(joint, theta.size, limit)
    sides = [_crossing(joint, mode, side * limit, top - DROP) - mode for side in (-1.0, 1.0)]
    panels = int(np.clip(np.ceil(max(np.abs(side).max() for side in sides) / WIDEST), FEWEST, MOST))
    fractions, log_weights = _graded_rule(panels)
    eta = np.concatenate([mode[:, np.newaxis] + side[:, np.newaxis] * fractions for side in sides], axis=1)
    scale = np.concatenate([np.log(np.abs(side))[:, np.newaxis] + log_weights for side in sides], axis=1)
    return BaselineRule(eta, joint(eta) + scale)


def _mode(joint: Callable[[FloatArray], FloatArray], n: int, limit: float) -> tuple[FloatArray, FloatArray]:
    """Find the maximum over eta for each theta, to a small part of the narrowest peak (100,000 per arm)."""
    grid = np.linspace(-1.0, 1.0, _COARSE)
    centre, half = np.zeros(n), np.full(n, limit)
    top = np.zeros(n)
    for _ in range(_ROUNDS + 1):
        eta = centre[:, np.newaxis] + half[:, np.newaxis] * grid
        values = joint(eta)
        best = values.argmax(axis=1)
        centre, top = eta[np.arange(n), best], values[np.arange(n), best]
        half = half * (grid[1] - grid[0])
        grid = np.linspace(-1.0, 1.0, _FINE)
    return centre, top


def _crossing(
    joint: Callable[[FloatArray], FloatArray], mode: FloatArray, outer: float, level: FloatArray
) -> FloatArray:
    """Where the integrand falls through `level` between its mode and a limit, from outside, by bisection."""
    inside, outside = mode, np.full_like(mode, outer)
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        above = joint(middle[:, np.newaxis])[:, 0] > level
        inside, outside = np.where(above, middle, inside), np.where(above, outside, middle)
    return outside


@cache
def _graded_rule(panels: int) -> tuple[FloatArray, FloatArray]:
    """Nodes in (0, 1) and log weights: equal panels, the first halved three times towards 0."""
    edges = np.concatenate([[0.0], np.array([1, 2, 4]) / (8 * panels), np.arange(1, panels + 1) / panels])
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, np.newaxis] / 2
    nodes = (edges[:-1, np.newaxis] + half * (1 + x)).ravel()
    return nodes, np.log(half * w).ravel()
