"""The posterior of the mean effect under every pair of many priors of mu and many of tau."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError
from mutau.exact.components import probabilities
from mutau.exact.curves import many_curves, nodes_of
from mutau.exact.many import Asked, solve_sets
from mutau.exact.marginals import check_prob
from mutau.exact.requests import (
    data_faults,
    farthest,
    mu_parts,
    prior_faults,
    require_proper,
    tau_vector,
)
from mutau.numerics import solving

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import KernelModels
    from mutau.exact.surfaces import Surface
    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["GridPosteriors", "normal_grid", "surface_grid"]


@dataclass(frozen=True, slots=True)
class GridPosteriors:
    """What is known of mu under a priors of mu and b priors of tau, on the analysis scale.

    Parameters
    ----------
    prob : float
        Probability content of the intervals.
    quantiles : ndarray, shape (a, b, 3)
        Lower limit, median and upper limit of the equal-tailed credible interval.
    below, above : ndarray, shape (a, b)
        Posterior probability of a value below, and above, the threshold.
    log_marginal : ndarray, shape (a, b)
        Log marginal likelihoods; under an improper prior only their differences along the other axis mean anything.
    """

    prob: float
    quantiles: Array = field(repr=False)
    below: Array = field(repr=False)
    above: Array = field(repr=False)
    log_marginal: Array = field(repr=False)


def normal_grid(
    yi: ArrayLike,
    sei: ArrayLike,
    mus: Sequence[Prior],
    taus: Sequence[Prior],
    *,
    prob: float = 0.95,
    threshold: float = 0.0,
    threads: int | None = None,
) -> GridPosteriors:
    """Posteriors of the normal-normal model for one set of studies under every pair of priors.

    Parameters
    ----------
    yi, sei : array_like, shape (k,)
        Effects and standard errors on the analysis scale.
    mus : sequence of a priors
        Of the mean effect; of one family.
    taus : sequence of b priors
        Of the between-study SD.
    prob : float
        Probability content of the equal-tailed intervals, in (0, 1).
    threshold : float
        P(mu > threshold) is given.
    threads : int, optional
        By default one for each core; changes no digit.

    Returns
    -------
    GridPosteriors

    Raises
    ------
    mutau.errors.ArgumentError
        The data or a prior cannot be used; every fault is named.
    mutau.errors.ImproperPosteriorError
        A pair of priors defines no posterior.

    Examples
    --------
    >>> from mutau.priors import HalfNormal, Normal
    >>> grid = normal_grid([0.1, 0.4], [0.2, 0.3], [Normal(0, 0.1), Normal(0, 4)], [HalfNormal(0.5)])
    >>> grid.above.round(3).ravel()
    array([0.643, 0.795])
    """
    effects, errors = (np.ascontiguousarray(values, dtype=np.float64) for values in (yi, sei))
    check_prob(prob)
    faults = [*data_faults(effects, errors)]
    pairs = [(mu, taus[0]) for mu in mus] + [(mus[0], tau) for tau in taus]
    faults += dict.fromkeys(fault for pair in pairs for fault in prior_faults(*pair))
    if faults:
        raise ArgumentError(faults)
    for mu, tau in pairs:
        require_proper(mu, tau, len(effects))
    n = len(mus) * len(taus)
    ends = len(effects) * np.arange(n + 1)
    asked = Asked(probabilities(prob), np.array([[threshold, threshold]]), False, False)
    models = _models(effects, errors, mus, taus)
    facts = solve_sets(np.tile(effects, n), np.tile(errors, n), ends, models, asked, threads, max(1, n // 8))
    at, shape = solving.ANSWERS, (len(mus), len(taus))
    return GridPosteriors(
        prob,
        facts[:, at + 2 : at + 5].reshape(*shape, 3).copy(),
        facts[:, at + 5].reshape(shape).copy(),
        facts[:, at + 6].reshape(shape).copy(),
        facts[:, solving.LOG_Z].reshape(shape).copy(),
    )


def _models(yi: Array, sei: Array, mus: Sequence[Prior], taus: Sequence[Prior]) -> KernelModels:
    """Write every pair of priors in the kernels' form; tau's depends on mu's only by its tail and location."""
    parts, finer = zip(*(mu_parts(mu, yi) for mu in mus), strict=True)
    keys = [(mu.tail_exponent, farthest(own)) for mu, own in zip(mus, parts, strict=True)]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    vectors = [tau_vector(tau, *key, yi, sei, len(yi)) for key in places for tau in taus]
    which = [(places[key] * len(taus) + b, a) for a, key in enumerate(keys) for b in range(len(taus))]
    return np.stack(vectors), np.stack(parts), np.stack(finer), np.array(which, np.int64)


def surface_grid(
    surface: Surface,
    mus: Sequence[Prior],
    taus: Sequence[Prior],
    *,
    prob: float = 0.95,
    threshold: float = 0.0,
) -> GridPosteriors:
    """Weigh a surface by every pair of priors.

    Parameters
    ----------
    surface : Surface
        The likelihood of mu and tau.
    mus, taus : sequence of a and of b priors
        Densities that the surface holds.
    prob, threshold
        As for `normal_grid`.

    Returns
    -------
    GridPosteriors

    Raises
    ------
    mutau.errors.ArgumentError
        The surface does not hold a prior: make it for the widest.
    """
    check_prob(prob)
    faults = [fault for mu in mus for fault in surface.faults(mu, taus[0])]
    faults += [fault for tau in taus for fault in surface.faults(mus[0], tau) if fault not in faults]
    if faults:
        raise ArgumentError(faults)
    x, w = nodes_of(surface.mu_edges)
    peak = surface.values.max()
    likelihood = np.exp(surface.values - peak)
    slope = np.hypot(surface.stretch, surface.tau)  # d tau / dx
    weights = nodes_of(surface.tau_edges)[1].ravel() * slope
    of_tau = np.stack([weights * np.exp(np.asarray(tau.logpdf(surface.tau))) for tau in taus])
    of_mu = np.stack([np.exp(np.asarray(mu.logpdf(x))) for mu in mus])
    density = of_mu[:, None] * (of_tau @ likelihood).reshape(1, len(taus), *x.shape)
    total = (density * w).sum(axis=(-2, -1))
    p = probabilities(prob)[0]
    quantiles, below, above = many_curves(surface.mu_edges, density.reshape(-1, *x.shape), p, threshold)
    shape = (len(mus), len(taus))
    return GridPosteriors(
        prob, quantiles.reshape(*shape, 3), below.reshape(shape), above.reshape(shape), peak + np.log(total)
    )
