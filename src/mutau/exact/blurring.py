r"""Densities of study effects and of a new effect, from the joint density of mu and tau at the nodes of panels.

.. math:: q(\theta) = \sum_b w_b \int f_b(\mu)\, r_b(\theta, \mu)\, p\big((\theta - \mu) / \tau_b\big) / \tau_b\, d\mu

with p the standard density of the random effects, and r = 1 for a new effect, :math:`\exp(L_i(\theta) - \ell_i(\mu,
\tau_b))` for that of study i. Where tau is wide enough for the nodes of mu, their rule is used as it is; where it is
narrow, :math:`f_b` is smooth on its scale, and a rule for p is laid at :math:`\theta - \tau z`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mutau.exact.curves import TO_SERIES, nodes_of
from mutau.numerics.tau_density import N
from mutau.priors import student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["blurred", "graded_edges", "log_kernel"]

NODES_PER_TAU = 6.0  # a panel of mu may be this many tau's wide where its own nodes are used
RELEVANT = 1e-11  # probability of a panel, of all, that decides which
LARGEST = 600.0  # log that float64 holds with room for a kernel
KEEP = 1e-13  # weight of a value of tau that is still used


def log_kernel(r: Array, df: float) -> Array:
    """Log density of a standard normal (df infinite) or t variable."""
    if math.isinf(df):
        return np.asarray(-0.5 * r * r - 0.5 * math.log(2.0 * math.pi))
    return student.log_density(r, df)


def blurred(
    theta: Array,
    mu_edges: Array,
    tau: Array,
    weights: Array,
    density: Array,
    rule: tuple[Array, Array],
    df: float,
    own: tuple[Array, Array] | None = None,
) -> Array:
    """Density at given effects.

    Parameters
    ----------
    theta : ndarray, shape (n,)
        Effects.
    mu_edges : ndarray, shape (m + 1,)
        Ends of mu's panels.
    tau, weights : ndarray, shape (b,)
        Values of tau, and their weights in the sum over them.
    density : ndarray, shape (b, m, N)
        f at the nodes of mu.
    rule : tuple of ndarray
        Nodes and log weights of a rule for p.
    df : float
        Of the random effects.
    own : tuple of ndarray, optional
        A study's log likelihood at theta, shape (n,), and its integral over p at the nodes, shape (b, m, N).
    """
    mu, w = nodes_of(mu_edges)
    mass = (density * w).sum(axis=2) * weights[:, None]
    out = np.zeros(len(theta))
    for b in np.flatnonzero(mass.sum(axis=1) > KEEP):
        used = mass[b] > RELEVANT * mass[b].sum()
        ratio = None if own is None else (own[0], own[1][b])
        if tau[b] * NODES_PER_TAU >= np.diff(mu_edges)[used].max():
            out += weights[b] * _by_nodes(theta, mu[used], (w * density[b])[used], tau[b], df, ratio, used)
        else:
            out += weights[b] * _by_rule(theta, mu_edges, density[b], tau[b], rule, ratio)
    return out


def _by_nodes(
    theta: Array,
    mu: Array,
    mass: Array,
    tau: float,
    df: float,
    ratio: tuple[Array, Array] | None,
    used: Array,
) -> Array:
    """The rule over mu's own nodes."""
    logs = log_kernel((theta[:, None] - mu.ravel()) / tau, df) - math.log(tau)
    if ratio is not None:
        logs += np.minimum(ratio[0][:, None] - np.maximum(ratio[1][used].ravel(), -LARGEST), LARGEST)
    return np.asarray(np.exp(logs) @ mass.ravel())


def _by_rule(
    theta: Array,
    edges: Array,
    density: Array,
    tau: float,
    rule: tuple[Array, Array],
    ratio: tuple[Array, Array] | None,
) -> Array:
    """A rule for p at theta - tau z, f and the study's integral by their panels' polynomials."""
    at = theta[:, None] - tau * rule[0]
    panel = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    low, high = edges[panel], edges[panel + 1]
    inside = (at >= edges[0]) & (at <= edges[-1])
    powers = np.polynomial.legendre.legvander(
        np.clip(2.0 * (at - low) / (high - low) - 1.0, -1.0, 1.0), N - 1
    )
    value = np.maximum(np.einsum("nqj,nqj->nq", powers, (density @ TO_SERIES)[panel]), 0.0)
    logs = rule[1]
    if ratio is not None:
        integral = np.einsum("nqj,nqj->nq", powers, (np.maximum(ratio[1], -LARGEST) @ TO_SERIES)[panel])
        logs = logs + np.minimum(ratio[0][:, None] - integral, LARGEST)
    return np.asarray(np.where(inside, value * np.exp(logs), 0.0).sum(axis=1))


def graded_edges(low: float, high: float, places: list[tuple[float, float]], growth: float) -> Array:
    """Ends of panels from low to high: at most each place's scale wide, or `growth` times the distance from it."""
    ends = [low]
    while ends[-1] < high:
        x = ends[-1]
        width = min(max(scale, growth * abs(x - centre)) for centre, scale in places)
        ahead = min(max(scale, growth * abs(x + width - centre)) for centre, scale in places)
        ends.append(x + min(width, ahead))
    return np.array(ends)
