"""The prior predictive distribution: what priors of mu and tau together say of the effect in one study."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from mutau.errors import ArgumentError, Fault
from mutau.priors.existence import tau_prior_faults
from mutau.priors.mixture import NormalMixture

if TYPE_CHECKING:
    from mutau.priors.base import FloatArray, Prior

__all__ = ["PREDICTABLE", "Predicted", "PriorPredictive", "prior_predictive"]

_REACH = 7.6  # in standard normal quantiles: beyond lies a probability of 3e-14
_PANELS, _NODES = 20, 12
_X, _W = np.polynomial.legendre.leggauss(_NODES)
_SMALLEST = 1e-300  # of a standard deviation, so that a component stays a distribution


@dataclass(frozen=True, slots=True)
class Predicted:
    """A distribution that priors predict.

    Parameters
    ----------
    distribution : Prior
        The mixture of normals that carries it; its ``cdf``, ``sf``, ``ppf`` and ``pdf`` hold to about 1e-9.
    mean, sd : float
        Mean and standard deviation; NaN where they do not exist.
    """

    distribution: Prior
    mean: float
    sd: float

    def cdf(self, x: Any) -> Any:
        """Probability of at most x."""
        return self.distribution.cdf(x)

    def sf(self, x: Any) -> Any:
        """Probability of more than x."""
        return self.distribution.sf(x)

    def ppf(self, p: Any) -> Any:
        """Value with probability p below it."""
        return self.distribution.ppf(p)

    def pdf(self, x: Any) -> Any:
        """Density at x."""
        return self.distribution.pdf(x)


@dataclass(frozen=True)
class PriorPredictive:
    """What priors of mu and tau say of study effects, before any study is seen. Made by `prior_predictive`.

    Parameters
    ----------
    mu, tau : Prior
        The priors.
    taus, weights : ndarray, shape (n,)
        A quadrature rule for tau: values and probabilities.
    """

    mu: Prior
    tau: Prior
    taus: FloatArray
    weights: FloatArray

    @cached_property
    def theta_new(self) -> Predicted:
        """The effect in one setting, Normal(mu, tau squared) over both priors; analysis scale."""
        mean = self.mu.mean if self._has_mean else math.nan
        sd = math.hypot(self.mu.sd, self._root_mean_square)
        if self.tau.is_point and self.tau.mean == 0:
            return Predicted(self.mu, self.mu.mean, self.mu.sd)
        weights, means, sds = _components(self.mu)
        spread = np.hypot(sds, self.taus[:, None])
        every = (
            np.outer(self.weights, weights).ravel(),
            np.broadcast_to(means, spread.shape).ravel(),
            spread.ravel(),
        )
        return Predicted(_mixture(*every), mean, sd)

    @cached_property
    def deviation(self) -> Predicted:
        """A study's effect less the mean effect, theta_new - mu; analysis scale."""
        return self._centred(1.0)

    @cached_property
    def difference(self) -> Predicted:
        """The effect in one study less that in a similar one; analysis scale."""
        return self._centred(math.sqrt(2.0))

    def _centred(self, times: float) -> Predicted:
        if self.tau.is_point and self.tau.mean == 0:
            return Predicted(self.tau, 0.0, 0.0)
        mean = 0.0 if self._has_mean else math.nan
        mixture = _mixture(self.weights, np.zeros_like(self.taus), times * self.taus)
        return Predicted(mixture, mean, times * self._root_mean_square)

    @property
    def _has_mean(self) -> bool:
        return not math.isnan(self.tau.mean)

    @property
    def _root_mean_square(self) -> float:
        return math.hypot(self.tau.mean, self.tau.sd)


def prior_predictive(mu: Prior, tau: Prior) -> PriorPredictive:
    r"""Give the prior predictive distribution, by quadrature and not by simulation.

    Parameters
    ----------
    mu : Prior
        Of the mean effect: `Normal`, `NormalMixture`, `StudentT`, `Cauchy` or `PointMass`.
    tau : Prior
        Of the between-study SD: any proper one.

    Returns
    -------
    PriorPredictive
        Distributions of ``theta_new``, ``deviation`` and ``difference`` that answer as priors do: ``cdf``, ``sf``,
        ``ppf``, ``pdf``, ``mean``, ``sd``.

    Raises
    ------
    mutau.errors.ArgumentError
        A prior is improper, still lacks the studies' standard errors, or mu's is of another family.

    Notes
    -----
    Given tau (and the latent scale of a t prior) everything is normal, so each distribution is a mixture of normals
    over the prior, at 120 to 240 Gauss nodes in the normal quantile of tau's distribution function. Probabilities are
    right to about 1e-9.

    References
    ----------
    Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of Statistical
    Software 93(6). doi:10.18637/jss.v093.i06. Its function ``normalmixture`` gives 1.0923 for the first figure below:
    at its default accuracy the probability beyond is 0.3% off.

    Examples
    --------
    >>> from mutau import priors
    >>> prior_predictive(priors.PointMass(0), priors.HalfNormal(0.5)).theta_new.ppf(0.975).__round__(4)
    1.091
    >>> both = prior_predictive(priors.Normal(0, 2.82), priors.HalfNormal(0.5))
    >>> round(both.theta_new.ppf(0.975), 3), round(both.theta_new.sd, 3)
    (5.614, 2.864)
    """
    faults = list(tau_prior_faults(tau))
    for name, prior in (("mu", mu), ("tau", tau)):
        if prior.is_pending or not prior.is_proper:
            lacks = "has no standard errors yet" if prior.is_pending else "is improper"
            rule = "What a prior predicts follows only from a proper and complete one"
            faults.append(
                Fault(f"{prior} for {name} {lacks}", rule, "Use a proper one, such as HalfNormal(0.5)")
            )
    if mu.is_proper and mu.family not in _PARTS:
        rule = f"The mean effect's prior is one of {', '.join(sorted(_PARTS))}"
        faults.append(Fault(f"{mu} for mu", rule, "Use one of these"))
    if faults:
        raise ArgumentError(faults)
    if tau.is_point:
        return PriorPredictive(mu, tau, np.array([tau.mean]), np.ones(1))
    shares, weights = _rule(_PANELS // 2 if mu.family in ("StudentT", "Cauchy") else _PANELS)
    return PriorPredictive(mu, tau, np.asarray(tau.ppf(shares)), weights)


def _rule(panels: int) -> tuple[FloatArray, FloatArray]:
    """Probabilities and weights of a composite Gauss rule over the normal quantile of a distribution function."""
    edges = np.linspace(-_REACH, _REACH, panels + 1)
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half * (1.0 + _X)).ravel()
    weights = (half * _W).ravel() * np.exp(-0.5 * z * z)
    return special.ndtr(z), weights / weights.sum()


def _mixture(weights: FloatArray, means: FloatArray, sds: FloatArray) -> NormalMixture:
    keep = (weights > _SMALLEST) & np.isfinite(sds)
    return NormalMixture(
        tuple(weights[keep] / weights[keep].sum()),
        tuple(means[keep]),
        tuple(np.maximum(sds[keep], _SMALLEST)),
    )


type _Components = tuple[FloatArray, FloatArray, FloatArray]


def _components(mu: Prior) -> _Components:
    """Weights, means and SDs of the normal mixture that mu's prior is."""
    parts = _PARTS[mu.family](mu)
    weights, means, sds = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in parts)
    return weights, means, sds


def _student(mu: Any) -> _Components:
    """A t variable is normal with SD s / sqrt(g), g gamma of shape and rate df / 2."""
    df = mu.parameters.get("df", 1.0)
    shares, weights = _rule(_PANELS // 4)
    sds = mu.scale / np.sqrt(special.gammaincinv(0.5 * df, shares) / (0.5 * df))
    return weights, np.full_like(sds, mu.location), sds


_PARTS: dict[str, Callable[[Any], Any]] = {
    "Normal": lambda mu: (1.0, mu.mean, mu.sd),
    "NormalMixture": lambda mu: (mu.shares, mu.means, mu.sds),
    "PointMass": lambda mu: (1.0, mu.value, 0.0),
    "StudentT": _student,
    "Cauchy": _student,
}

PREDICTABLE = tuple(_PARTS)
"""Families of mu that there is a prior predictive distribution for."""
