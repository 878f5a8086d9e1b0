"""Means of functions of an effect over its posterior: exactly where it is exact, else over draws with their error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.records import Marginal

    type Array = NDArray[np.float64]

__all__ = ["Mean", "expectation", "posterior_draws", "probability_between"]

_X, _W = np.polynomial.legendre.leggauss(20)
_TAILS = 10.0 ** np.arange(-13.0, -1.0)
_LEVELS = np.concatenate([_TAILS, np.arange(0.1, 0.95, 0.1), 1.0 - _TAILS[::-1]])
"""Probabilities at whose quantiles the panels of the rule end: a smooth density is a polynomial between them."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A posterior mean or probability and its Monte Carlo standard error.

    Parameters
    ----------
    value : float
        The mean; NaN where it does not exist.
    mcse : float
        Its Monte Carlo standard error; 0 where nothing was sampled.
    """

    value: float
    mcse: float = 0.0


def posterior_draws(fit: Fit, quantity: str) -> Array | None:
    """Draws of mu or theta_new, shape (chain, draw); None where the posterior itself is known."""
    return None if fit.exact is not None else np.asarray(fit.posterior[quantity], dtype=np.float64)


def expectation(
    fit: Fit, quantity: str, function: Callable[[Array], Array], breaks: Sequence[float] = ()
) -> Mean:
    """Average a function of mu or theta_new over the posterior.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    quantity : {"mu", "theta_new"}
        Which effect, on the analysis scale.
    function : callable
        Of an array of effects; smooth between `breaks`.
    breaks : sequence of float
        Where the function has a step or a corner.

    Returns
    -------
    Mean

    Notes
    -----
    Exactly: a Gauss-Legendre rule of 20 nodes between quantiles of the posterior, and the breaks. Whether the mean
    exists is the caller's question; probability 1e-13 is left out at either end.
    """
    draws = posterior_draws(fit, quantity)
    if draws is not None:
        import arviz as az

        values = np.asarray(function(draws), dtype=np.float64)
        constant = values.min() == values.max()
        return Mean(float(values.mean()), 0.0 if constant else float(az.mcse(values, method="mean")))
    return Mean(_integral(fit.marginal(quantity), function, breaks))


def _integral(marginal: Marginal, function: Callable[[Array], Array], breaks: Sequence[float]) -> float:
    if marginal.sd == 0:
        return float(function(np.array([marginal.mean]))[0])
    ends = np.asarray(marginal.quantile(_LEVELS))
    inside = [place for place in breaks if ends[0] < place < ends[-1]]
    edges = np.unique(np.concatenate([ends, inside]))
    half = 0.5 * np.diff(edges)[:, None]
    nodes = (edges[:-1, None] + half * (1.0 + _X)).ravel()
    mass = (half * _W).ravel() * np.asarray(marginal.pdf(nodes))
    return float(mass @ function(nodes) / mass.sum())


def probability_between(marginal: Marginal, lower: float, upper: float) -> Mean:
    """P(lower < effect <= upper), either end infinite, with its Monte Carlo standard error.

    Notes
    -----
    The effective number of draws is that behind the end where it is less.
    """
    ends = [end for end in (lower, upper) if np.isfinite(end)]
    if np.isinf(lower):
        value = float(marginal.cdf(upper)) if ends else 1.0
    elif np.isinf(upper):
        value = float(marginal.sf(lower))
    else:
        value = float(marginal.cdf(upper)) - float(marginal.cdf(lower))
    value = min(max(value, 0.0), 1.0)
    ess = min((marginal.ess_at(end) for end in ends), default=np.inf)
    return Mean(value, float(np.sqrt(value * (1.0 - value) / ess)))
