"""What a posterior says of the mean effect and of a new setting given one value of tau, whatever tau's own prior."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from mutau.exact.curves import CurveMarginal, curve, nodes_of
from mutau.exact.marginals import MixtureMarginal, PointMarginal, like
from mutau.exact.points import points_of_tau
from mutau.priors import student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import Request
    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = [
    "component_log_weights",
    "components_above",
    "components_given",
    "components_median",
    "curves_given",
    "for_each_tau",
    "new_above",
]

NODES_PER_TAU = (
    6.0  # a panel of mu may be this many tau's wide where its own nodes are used for a new setting
)
RELEVANT = 1e-11  # probability of a panel that decides which


def for_each_tau(tau: ArrayLike, prior: Prior, answer: Callable[[Array], Array]) -> Any:
    """Ask `answer` for the values of tau that can be asked for; NaN for the others.

    Parameters
    ----------
    tau : array_like
        Negative values, NaN and infinity can not; under a point mass for tau only its point can.
    prior : Prior
        Of tau.
    answer : callable
        From values of tau, shape (n,), to as many answers.
    """
    given = np.asarray(tau, dtype=np.float64)
    flat = given.ravel()
    usable = np.isfinite(flat) & (flat >= 0)
    if prior.is_point:
        usable &= flat == prior.support[0]
    out = np.full(len(flat), np.nan)
    if usable.any():
        out[usable] = answer(np.ascontiguousarray(flat[usable]))
    return like(given, out)


def component_log_weights(mean: Array, variance: Array, parts: Array) -> Array:
    """Log weights (n, q), up to a constant, of the components of mu's prior given the data and n values of tau.

    Parameters
    ----------
    mean, variance : ndarray, shape (n,)
        What the data alone say of mu given tau.
    parts : ndarray, shape (3, q)
        Means, SDs and log weights of the prior's components.
    """
    centres, sds, log_weights = parts
    total = variance[:, None] + sds**2
    return np.asarray(log_weights - 0.5 * (np.log(total) + (mean[:, None] - centres) ** 2 / total))


def components_given(tau: Array, request: Request) -> tuple[Array, Array, Array]:
    """Weights, means and variances, each (n, q), of the normal mixture that mu is given tau, shape (n,)."""
    _, mean, variance = points_of_tau(tau, request)
    parts = request.model.parts
    if parts.shape[1] <= 1:
        return np.ones((len(tau), 1)), mean[:, None], variance[:, None]
    logs = component_log_weights(mean, variance, parts)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    share = parts[1] ** 2 / (parts[1] ** 2 + variance[:, None])
    means = parts[0] + (mean[:, None] - parts[0]) * share
    return weights / weights.sum(axis=1, keepdims=True), means, variance[:, None] * share


def components_above(x: float, tau: Array, request: Request, *, new: bool) -> Array:
    """Give P(mu > x) given each tau, or for a new setting P(theta_new > x)."""
    weights, means, variances = components_given(tau, request)
    sd = np.sqrt(variances + tau[:, None] ** 2) if new else np.sqrt(variances)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(sd > 0, ndtr((means - x) / sd), means > x)
    return np.asarray((weights * above).sum(axis=1))


def components_median(tau: Array, request: Request) -> Array:
    """Median of mu given each tau."""
    weights, means, variances = components_given(tau, request)
    if means.shape[1] == 1:
        return means[:, 0]
    nan = math.nan  # moments are not asked for
    return np.array(
        [
            MixtureMarginal("mu", w, m, 1.0 / np.sqrt(v), nan, nan).quantile(0.5)
            for w, m, v in zip(weights, means, variances, strict=True)
        ]
    )


def curves_given(edges: Array, values: Array, mu: Prior) -> list[CurveMarginal]:
    """Distributions of mu given values of tau, one for each row of log likelihoods at the nodes of mu's panels.

    Parameters
    ----------
    edges : ndarray, shape (m + 1,)
        Ends of mu's panels.
    values : ndarray, shape (n, m N)
        Log likelihoods.
    mu : Prior
        Of mu; no point mass.
    """
    x, _ = nodes_of(edges)
    logs = values.reshape(-1, *x.shape) + np.asarray(mu.logpdf(x))
    density = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
    return [curve("mu", edges, row) for row in density]


def new_above(
    x: float, tau: float, given: CurveMarginal | PointMarginal, rule: tuple[Array, Array], df: float
) -> float:
    """P(theta_new > x) given one tau, from the distribution of mu given it.

    Parameters
    ----------
    x, tau : float
        The effect, and tau.
    given : CurveMarginal or PointMarginal
        mu given tau.
    rule : tuple of ndarray
        Nodes and log weights of a rule for the standard density of the random effects.
    df : float
        Of the random effects; infinite for normal ones.

    Notes
    -----
    Where tau is wide enough for the nodes of mu, their rule is used as it is; where it is narrow, the distribution of
    mu is smooth on its scale, and the rule for the random effects is laid at x - tau z.
    """

    def beyond(z: Array) -> Array:
        return np.asarray(ndtr(z) if math.isinf(df) else student.cdf(z, df))

    if isinstance(given, PointMarginal):
        away = np.array([given.mean - x])
        return float(beyond(away / tau)[0]) if tau > 0 else float(away[0] > 0)
    nodes, w = nodes_of(given.edges)
    mass = w * given.pdf(nodes)
    used = mass.sum(axis=1) > RELEVANT
    if tau * NODES_PER_TAU >= np.diff(given.edges)[used].max():
        return float((mass[used] * beyond((nodes[used] - x) / tau)).sum())
    weights = np.exp(rule[1])
    return float(weights @ given.sf(x - tau * rule[0]) / weights.sum())
