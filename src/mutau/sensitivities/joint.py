"""An exact posterior of mu and tau on panels of both, its parts apart, so that each part can be raised to a power."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.exact import NormalPosterior, SurfacePosterior
from mutau.exact.blurring import graded_edges
from mutau.exact.curves import Scale, curve, nodes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import ExactPosterior
    from mutau.priors import Prior
    from mutau.records import Marginal

    type Array = NDArray[np.float64]

__all__ = ["PARTS", "Joint", "joint_of"]

PARTS = ("mu prior", "tau prior", "likelihood")
"""What a posterior of mu and tau is the product of."""

_EDGE = 1e-13  # posterior probability of mu left out on either side
_ROOM = 1.5  # and how far beyond the panels reach: half a likelihood is wider
_WIDTH, _GROWTH = 2.0, 0.6  # panels of mu, in its smallest SD given tau, and in distances from there


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Logs of the parts of a posterior at the nodes of panels of mu and of tau's variable.

    Parameters
    ----------
    mu_edges : ndarray, shape (m + 1,)
        Ends of the panels of mu.
    tau_edges : ndarray, shape (t + 1,)
        Ends of the panels of tau's variable; empty where tau is a point.
    tau_scale : Scale
        tau's variable.
    parts : mapping of str to ndarray
        Log of each of `PARTS`, broadcastable to (b, m, N), b being the number of nodes of tau, each up to a constant;
        a point has no part.
    jacobian : ndarray, shape (b,)
        Log of d tau / d variable; 0 where tau is a point.
    """

    mu_edges: Array = field(repr=False)
    tau_edges: Array = field(repr=False)
    tau_scale: Scale = field(repr=False)
    parts: dict[str, Array] = field(repr=False)
    jacobian: Array = field(repr=False)

    def scaled(self, powers: dict[str, float]) -> tuple[Marginal, Marginal | None]:
        """Raise parts to powers, and give the marginals of mu and tau (None where tau is a point)."""
        logs = self.jacobian[:, None, None] + sum(
            powers.get(name, 1.0) * part for name, part in self.parts.items()
        )
        density = np.exp(logs - logs.max())
        tau_weights = nodes_of(self.tau_edges)[1].ravel() if len(self.tau_edges) else np.ones(1)
        mu = curve("mu", self.mu_edges, np.tensordot(tau_weights, density, 1))
        if not len(self.tau_edges):
            return mu, None
        per_tau = (density * nodes_of(self.mu_edges)[1]).sum(axis=(1, 2))
        return mu, curve("tau", self.tau_edges, per_tau.reshape(len(self.tau_edges) - 1, -1), self.tau_scale)


def joint_of(posterior: ExactPosterior, mu: Prior, tau: Prior) -> Joint:
    """Lay an exact posterior out on panels; `mu` is no point."""
    if isinstance(posterior, SurfacePosterior):
        return _of_surface(posterior, mu, tau)
    return _of_normal(posterior, mu, tau)


def _of_surface(posterior: SurfacePosterior, mu: Prior, tau: Prior) -> Joint:
    surface, a = posterior.surface, posterior.surface.stretch
    x, _ = nodes_of(surface.mu_edges)
    scale = Scale(lambda v: a * np.sinh(v), lambda v: a * np.cosh(v), lambda t: np.arcsinh(t / a))
    jacobian = np.log(np.hypot(a, surface.tau)) if len(surface.tau_edges) else np.zeros(1)
    parts = _priors(mu, tau, x, surface.tau) | {"likelihood": surface.values.reshape(-1, *x.shape)}
    return Joint(surface.mu_edges, surface.tau_edges, scale, parts, jacobian)


def _of_normal(posterior: NormalPosterior, mu: Prior, tau: Prior) -> Joint:
    rules, request = posterior.rules, posterior.request
    low, middle, high = (float(end) for end in posterior.mu.quantile(np.array([_EDGE, 0.5, 1.0 - _EDGE])))
    low, high = middle - _ROOM * (middle - low), middle + _ROOM * (high - middle)
    narrow = int(rules.variances.argmin())
    place = (float(rules.means[narrow]), _WIDTH * float(np.sqrt(rules.variances[narrow])))
    mu_edges = graded_edges(low, high, [place], _GROWTH)
    x, _ = nodes_of(mu_edges)
    if tau.is_point:
        edges, taus, jacobian = np.empty(0), np.array([tau.support[0]]), np.zeros(1)
        scale = Scale(lambda v: v, np.ones_like, lambda v: v)
    else:
        edges = np.unique(np.concatenate([rules.lower, rules.upper]))
        scale = _tau_scale(rules.unit, rules.stretch)
        nodes = nodes_of(edges)[0].ravel()
        taus, jacobian = scale.quantity(nodes), np.log(scale.slope(nodes))
    variances = request.sei**2 + taus[:, None] ** 2
    precision = (1.0 / variances).sum(axis=1)
    centre = (request.yi / variances).sum(axis=1) / precision
    spread = np.log(variances).sum(axis=1) + ((request.yi - centre[:, None]) ** 2 / variances).sum(axis=1)
    likelihood = -0.5 * (spread[:, None, None] + precision[:, None, None] * (x - centre[:, None, None]) ** 2)
    return Joint(mu_edges, edges, scale, _priors(mu, tau, x, taus) | {"likelihood": likelihood}, jacobian)


def _tau_scale(unit: float, stretch: float) -> Scale:
    """The variable of the engine's own panels of tau."""
    if stretch > 0:
        a = unit * stretch
        return Scale(lambda v: a * np.sinh(v), lambda v: a * np.cosh(v), lambda t: np.arcsinh(t / a))
    return Scale(lambda v: unit * np.exp(v), lambda v: unit * np.exp(v), lambda t: np.log(t / unit))


def _priors(mu: Prior, tau: Prior, x: Array, taus: Array) -> dict[str, Array]:
    parts = {"mu prior": np.asarray(mu.logpdf(x))[None]}
    if not tau.is_point:
        parts["tau prior"] = np.asarray(tau.logpdf(taus))[:, None, None]
    return parts
