"""The joint posterior of mu and tau, as a density of mu at each of some values of tau."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.exact.curves import TO_SERIES, nodes_of
from mutau.exact.posterior import NormalPosterior
from mutau.numerics.tau_density import N

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact.surface_posterior import SurfacePosterior

    type Array = NDArray[np.float64]

__all__ = ["Row", "tau_rows"]

NORMAL_REACH = 8.0  # SDs of mu given tau that its panels cover
NORMAL_PANELS = 4
NEGLIGIBLE = 1e-12  # probability of a row or a panel that is left out


@dataclass(frozen=True, slots=True)
class Row:
    """The posterior of mu at one value of tau.

    Parameters
    ----------
    tau : float
        The value.
    edges : ndarray, shape (m + 1,)
        Ends of panels outside which mu has a negligible probability.
    density : callable
        Of mu and this value of tau, its weight in the sum over tau included: integrated over mu and summed over all
        rows it gives 1.
    """

    tau: float
    edges: Array = field(repr=False)
    density: Callable[[Array], Array]


def tau_rows(posterior: NormalPosterior | SurfacePosterior) -> Iterator[Row]:
    """Give the posterior row by row, those of negligible probability left out.

    Raises
    ------
    mutau.errors.ArgumentError
        mu is fixed by its prior, and so has no density.
    """
    fixed = posterior.request.mu if isinstance(posterior, NormalPosterior) else posterior.mu_prior
    if fixed.is_point:
        rule = "A mean effect that its prior fixes has no density, and nothing can be learnt of it"
        raise ArgumentError(Fault(f"prior of mu {fixed}", rule, "Give mu a prior with a density"))
    return _normal_rows(posterior) if isinstance(posterior, NormalPosterior) else _surface_rows(posterior)


def _normal_rows(posterior: NormalPosterior) -> Iterator[Row]:
    rules = posterior.rules
    parts = np.linspace(-NORMAL_REACH, NORMAL_REACH, NORMAL_PANELS + 1)
    for weight, tau, mean, variance in zip(
        rules.weights, rules.tau, rules.means, rules.variances, strict=True
    ):
        if weight < NEGLIGIBLE:
            continue
        sd = math.sqrt(variance)
        peak = weight / (sd * math.sqrt(2.0 * math.pi))

        def density(mu: Array, peak: float = peak, mean: float = mean, sd: float = sd) -> Array:
            return np.asarray(peak * np.exp(-0.5 * ((mu - mean) / sd) ** 2))

        yield Row(float(tau), mean + sd * parts, density)


def _surface_rows(posterior: SurfacePosterior) -> Iterator[Row]:
    surface = posterior.surface
    edges = surface.mu_edges
    weights = nodes_of(surface.tau_edges)[1].ravel() if len(surface.tau_edges) else np.ones(1)
    mass = weights[:, None] * (posterior.density * nodes_of(edges)[1]).sum(axis=2)
    series = weights[:, None, None] * (posterior.density @ TO_SERIES)
    for tau, own, panels in zip(surface.tau, series, mass, strict=True):
        used = np.flatnonzero(panels > NEGLIGIBLE)
        if not len(used):
            continue

        def density(mu: Array, own: Array = own) -> Array:
            panel = np.clip(np.searchsorted(edges, mu, side="right") - 1, 0, len(own) - 1)
            low, high = edges[panel], edges[panel + 1]
            place = np.clip(2.0 * (mu - low) / (high - low) - 1.0, -1.0, 1.0)
            powers = np.polynomial.legendre.legvander(place, N - 1)
            return np.asarray(np.maximum((powers * own[panel]).sum(axis=-1), 0.0))

        yield Row(float(tau), edges[used[0] : used[-1] + 2], density)
