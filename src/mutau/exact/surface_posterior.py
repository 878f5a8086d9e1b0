"""Answers from a surface weighed by priors: marginals, log marginal likelihood, independent draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mutau.exact.blurring import blurred, graded_edges, log_kernel
from mutau.exact.curves import Scale, curve, nodes_of, roughness
from mutau.exact.given_tau import curves_given, for_each_tau, new_above
from mutau.exact.marginals import Marginal, PointMarginal
from mutau.exact.posterior import Draws
from mutau.numerics.surfaces import NARROW
from mutau.priors import student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.curves import CurveMarginal
    from mutau.exact.surfaces import Surface
    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["SurfacePosterior", "weigh"]

FLOOR = 1e-9  # of the tables' interpolation and rounding
GROWTH = 0.6  # of a panel of effects, with the distance from where panels are narrowest
STUDY_WIDTH = 2.0  # of a study's standard error: panels of its effect around its estimate
CELLS = 161  # of the grid on which a study's effect is drawn where tau is narrow


@dataclass(frozen=True, eq=False)
class SurfacePosterior:
    """The posterior for one set of studies under any likelihood. Made by `Surface.posterior`.

    Parameters
    ----------
    surface : Surface
        The likelihood.
    mu_prior, tau_prior : Prior
        Priors.
    density : ndarray, shape (b, panels of mu, N)
        Joint density of mu and tau's variable x at the nodes, integrating to 1 (of mu, where tau is a point).
    log_marginal : float
        Log marginal likelihood.
    beyond : float
        Posterior density of tau's variable at the last node: about the probability that lies beyond the panels.
    error_estimate : float
        How far the densities of mu and tau lie from the polynomials that carry them, integrated, and a floor.
    log_marginal_reason : str
        Empty: priors are proper here.
    """

    surface: Surface = field(repr=False)
    mu_prior: Prior
    tau_prior: Prior
    density: Array = field(repr=False)
    log_marginal: float
    beyond: float
    error_estimate: float
    log_marginal_reason: str = ""

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.surface.k

    @cached_property
    def mu(self) -> Marginal:
        """Posterior of the mean effect."""
        if self.mu_prior.is_point:
            return PointMarginal("mu", self.mu_prior.support[0])
        return curve("mu", self.surface.mu_edges, np.tensordot(self._tau_weights(), self.density, 1))

    @cached_property
    def tau(self) -> Marginal:
        """Posterior of the between-study SD."""
        if self.tau_prior.is_point:
            return PointMarginal("tau", self.tau_prior.support[0])
        per_tau = (self.density * nodes_of(self.surface.mu_edges)[1]).sum(axis=(1, 2))
        edges, a = self.surface.tau_edges, self.surface.stretch
        scale = Scale(lambda x: a * np.sinh(x), lambda x: a * np.cosh(x), lambda t: np.arcsinh(t / a))
        return curve("tau", edges, per_tau.reshape(len(edges) - 1, -1), scale)

    @cached_property
    def theta_new(self) -> Marginal:
        """Posterior of the effect in a new setting."""
        if self.tau_prior.is_point and self.tau_prior.support[0] == 0:
            return cast("Marginal", replace(cast("Any", self.mu), quantity="theta_new"))
        low, high = self._reach()
        edges = graded_edges(low, high, [self._middle()], GROWTH)
        return self._effect("theta_new", edges, None)

    @property
    def theta(self) -> Sequence[Marginal]:
        """Posterior of the effect in each study, in the order of the data."""
        return tuple(self._study(i) for i in range(self.k))

    @lru_cache(maxsize=256)  # noqa: B019  (a posterior lives as long as its fit)
    def _study(self, i: int) -> Marginal:
        if self.tau_prior.is_point and self.tau_prior.support[0] == 0:
            return cast("Marginal", replace(cast("Any", self.mu), quantity=f"theta[{i}]"))
        tables = self.surface.tables
        low, high = self._reach()
        place = (float(tables.centre[i]), STUDY_WIDTH * float(tables.scale[i]))
        edges = graded_edges(low, high, [self._middle(), place], GROWTH)
        theta = nodes_of(edges)[0].ravel()
        own = tables.at(i, theta), self.surface.of_study(i).reshape(self.density.shape)
        return self._effect(f"theta[{i}]", edges, own)

    def _effect(self, name: str, edges: Array, own: tuple[Array, Array] | None) -> Marginal:
        surface = self.surface
        theta, _ = nodes_of(edges)
        values = blurred(
            theta.ravel(), surface.mu_edges, surface.tau, self._tau_weights(), self.density, surface.rule[:2],
            surface.effects_df, own,
        )  # fmt: skip
        return curve(name, edges, values.reshape(theta.shape))

    def _middle(self) -> tuple[float, float]:
        """Where panels of effects are narrowest, and how narrow."""
        widths = np.diff(self.surface.mu_edges)
        narrow = int(widths.argmin())
        return float(self.surface.mu_edges[narrow] + 0.5 * widths[narrow]), float(widths[narrow])

    def _reach(self) -> tuple[float, float]:
        """Interval outside which an effect has a negligible probability."""
        low, high = self.mu.quantile(np.array([1e-13, 1.0 - 1e-13]))
        df = self.surface.effects_df
        far = 7.5 if math.isinf(df) else float(student.quantile(np.array([1.0 - 1e-11]), df)[0])
        far *= float(self.tau.quantile(1.0 - 1e-11))
        return float(low) - far, float(high) + far

    def mu_above(self, x: float, tau: ArrayLike) -> Any:
        """P(mu > x) given tau and the data; whatever prior tau has, it does not enter.

        Parameters
        ----------
        x : float
            An effect.
        tau : array_like
            Values of tau, 0 allowed.

        Returns
        -------
        float or ndarray
            Of the shape of `tau`. NaN for a negative or infinite tau, and under a point mass for tau for every value
            but its point, because the model then has no other.
        """
        return for_each_tau(tau, self.tau_prior, lambda t: np.array([g.sf(x) for g in self._given(t)]))

    def theta_new_above(self, x: float, tau: ArrayLike) -> Any:
        """P(theta_new > x) given tau and the data; see `mu_above`."""
        surface = self.surface

        def above(taus: Array) -> Array:
            given = zip(taus, self._given(taus), strict=True)
            return np.array(
                [new_above(x, float(t), mu, surface.rule[:2], surface.effects_df) for t, mu in given]
            )

        return for_each_tau(tau, self.tau_prior, above)

    def mu_median(self, tau: ArrayLike) -> Any:
        """Median of mu given tau and the data; see `mu_above`."""
        return for_each_tau(
            tau, self.tau_prior, lambda t: np.array([g.quantile(0.5) for g in self._given(t)])
        )

    def _given(self, taus: Array) -> Sequence[CurveMarginal | PointMarginal]:
        """Give the distribution of mu given each tau: of its prior and the likelihood, made anew at that tau."""
        if self.mu_prior.is_point:
            return [PointMarginal("mu", self.mu_prior.support[0])] * len(taus)
        values = self.surface.likelihood_at(taus)
        return curves_given(self.surface.mu_edges, values, self.mu_prior)

    def sample(self, rng: np.random.Generator, n: int) -> Draws:
        """Draw independently from the joint posterior.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.
        n : int
            Number of draws.

        Notes
        -----
        tau from its distribution function; mu from its distribution given one of the two nearest nodes of tau,
        chosen at random by distance; each theta from its distribution given both, on a grid. Answers are never
        read from draws.
        """
        tau = np.asarray(self.tau.quantile(rng.random(n)))
        mu = self._draw_mu(rng, tau)
        theta = np.stack([self._draw_theta(rng, i, mu, tau) for i in range(self.k)], axis=1)
        df = self.surface.effects_df
        z = rng.standard_normal(n) if math.isinf(df) else rng.standard_t(df, n)
        return Draws(mu, tau, theta, mu + tau * z)

    def _draw_mu(self, rng: np.random.Generator, tau: Array) -> Array:
        if self.mu_prior.is_point:
            return np.full_like(tau, self.mu_prior.support[0])
        nodes, u = self.surface.tau, rng.random(len(tau))
        above = (
            np.clip(np.searchsorted(nodes, tau), 1, max(len(nodes) - 1, 1))
            if len(nodes) > 1
            else np.zeros(len(tau), int)
        )
        node = above
        if len(nodes) > 1:
            share = np.clip((tau - nodes[above - 1]) / (nodes[above] - nodes[above - 1]), 0.0, 1.0)
            node = np.where(rng.random(len(tau)) < share, above, above - 1)
        mu = np.empty_like(tau)
        for b in np.unique(node):
            own = node == b
            mu[own] = curve("mu", self.surface.mu_edges, self.density[b]).quantile(u[own])
        return mu

    def _draw_theta(self, rng: np.random.Generator, i: int, mu: Array, tau: Array) -> Array:
        tables, df = self.surface.tables, self.surface.effects_df
        u, out = rng.random(len(mu)), mu.copy()
        wide = tau > NARROW * tables.scale[i]
        grid = tables.theta[i]
        logs = (
            tables.values[i]
            + tables.slope[i]
            + log_kernel((grid - mu[wide, None]) / np.maximum(tau[wide, None], 1e-300), df)
        )
        out[wide] = _inverse(np.broadcast_to(grid, logs.shape), logs, u[wide])
        z = np.linspace(-1.0, 1.0, CELLS) * (8.0 if math.isinf(df) else 40.0)
        at = mu[~wide, None] + tau[~wide, None] * z
        logs = tables.at(i, at.ravel()).reshape(at.shape) + log_kernel(z, df)
        out[~wide] = _inverse(at, logs, u[~wide])
        return out

    def _tau_weights(self) -> Array:
        """Weights of the nodes of tau's variable."""
        if not len(self.surface.tau_edges):
            return np.ones(1)
        return nodes_of(self.surface.tau_edges)[1].ravel()


def _inverse(grid: Array, logs: Array, u: Array) -> Array:
    """Turn uniform numbers into draws from densities on a grid (n, m), linear between its points."""
    mass = np.exp(logs - logs.max(axis=1, keepdims=True)) if len(logs) else logs
    ends = np.cumsum(mass, axis=1)
    level = u * ends[:, -1]
    cell = np.minimum((ends < level[:, None]).sum(axis=1), grid.shape[1] - 1)
    rows = np.arange(len(u))
    before = np.where(cell > 0, ends[rows, np.maximum(cell - 1, 0)], 0.0)
    share = (level - before) / np.maximum(mass[rows, cell], 1e-300) - 0.5
    step = np.gradient(grid, axis=1)[rows, cell] if len(u) else np.empty(0)
    return np.asarray(grid[rows, cell] + share * step)


def weigh(surface: Surface, mu: Prior, tau: Prior) -> SurfacePosterior:
    """Multiply by priors and normalise."""
    x, w_mu = nodes_of(surface.mu_edges)
    logs = surface.values.reshape(-1, *x.shape) + np.asarray(mu.logpdf(x))
    if not tau.is_point:
        slope = np.hypot(surface.stretch, surface.tau)  # d tau / dx
        logs += (np.asarray(tau.logpdf(surface.tau)) + np.log(slope))[:, None, None]
    peak = logs.max()
    density = np.exp(logs - peak)
    weights = nodes_of(surface.tau_edges)[1].ravel() if len(surface.tau_edges) else np.ones(1)
    total = float(np.einsum("b,bpn,pn->", weights, density, w_mu))
    density /= total
    rough, beyond = roughness(surface.mu_edges, np.tensordot(weights, density, 1)), 0.0
    if len(surface.tau_edges):
        per_tau = (density * w_mu).sum(axis=(1, 2)).reshape(len(surface.tau_edges) - 1, -1)
        rough += roughness(surface.tau_edges, per_tau)
        beyond = (
            float(per_tau[-1, -1])
            if surface.stretch * math.sinh(surface.tau_edges[-1]) < tau.support[1]
            else 0.0
        )
    return SurfacePosterior(surface, mu, tau, density, float(peak) + math.log(total), beyond, rough + FLOOR)
