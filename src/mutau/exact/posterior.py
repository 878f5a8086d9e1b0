"""`normal`: the whole posterior of the normal-normal model, without Monte Carlo error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.exact.components import Rules, solve_request
from mutau.exact.given_tau import component_log_weights, components_above, components_median, for_each_tau
from mutau.exact.marginals import Marginal, MixtureMarginal, PointMarginal
from mutau.exact.points import points_of_tau
from mutau.exact.requests import prepare
from mutau.exact.tau_marginal import Panels, TauMarginal
from mutau.priors import HalfNormal, Normal, moment_exists

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import Request
    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["Draws", "NormalPosterior", "normal"]


class Draws(NamedTuple):
    """Independent joint draws.

    Parameters
    ----------
    mu, tau, theta_new : ndarray, shape (n,)
        Mean effect, between-study SD, effect in a new setting.
    theta : ndarray, shape (n, k)
        Effect in each study.
    """

    mu: Array
    tau: Array
    theta: Array
    theta_new: Array


class Thetas(Sequence[Marginal]):
    """The marginals of the study effects, each made when it is asked for."""

    __slots__ = ("_posterior",)

    def __init__(self, posterior: NormalPosterior) -> None:
        self._posterior = posterior

    def __len__(self) -> int:
        return self._posterior.request.k

    @overload
    def __getitem__(self, index: int) -> Marginal: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Marginal]: ...
    def __getitem__(self, index: int | slice) -> Marginal | Sequence[Marginal]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = range(len(self))[index]
        return self._posterior._theta(place)

    def __iter__(self) -> Iterator[Marginal]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True, slots=True)
class NormalPosterior:
    r"""The posterior of the normal-normal model for one set of studies.

    Made by `normal`. All quantities are on the analysis scale.

    Parameters
    ----------
    request : Request
        Data (`yi`, `sei`) and priors (`mu`, `tau`), as checked.
    log_marginal : float
        Log marginal likelihood :math:`\log p(y)`; NaN under an improper prior, where it means nothing.
    log_marginal_reason : str
        Why `log_marginal` is NaN; empty otherwise.
    error_estimate : float
        Bound on the quadrature's own error, in one number: the largest of the errors of probabilities, of
        quantiles (in units of the 95% interval over 3.92, which is the SD of a normal distribution) of mu and
        theta_new, of the probabilities of tau, and of `log_marginal`.

    Notes
    -----
    Probabilities, quantiles and moments come from one weighted set of values of tau, given each of which mu,
    theta and theta_new are normal; see `docs/quadrature.md` for the rule and why its error estimate holds.
    """

    request: Request = field(repr=False)
    rules: Rules = field(repr=False)
    log_marginal: float
    log_marginal_reason: str
    error_estimate: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.request.k

    @property
    def mu(self) -> Marginal:
        """Posterior of the mean effect."""
        if self.request.mu.is_point:
            return PointMarginal("mu", self.request.mu.parameters["value"])
        rules = self.rules
        return self._mixture("mu", rules.means, rules.variances, 0.0)

    @property
    def theta_new(self) -> Marginal:
        """Posterior of the effect in a new setting: Normal(mu, tau squared) given both."""
        rules = self.rules
        return self._mixture("theta_new", rules.means, rules.variances + rules.tau**2, rules.excess)

    @property
    def theta(self) -> Sequence[Marginal]:
        """Posterior of the effect in each study, in the order of the data."""
        return Thetas(self)

    @property
    def tau(self) -> Marginal:
        """Posterior of the between-study SD."""
        request, rules = self.request, self.rules
        if request.tau.is_point:
            return PointMarginal("tau", request.tau.parameters["value"])
        mean, sd, reason = self._moments("tau", rules.tau_mean, rules.tau_square - rules.tau_mean**2)
        tail = request.tau.tail_exponent - 1.0 + min(1.0, request.mu.tail_exponent) + self.k - 1.0
        return TauMarginal(request, self._panels(), rules.log_z, tail, mean, sd, reason)

    def joint_pdf(self, mu: ArrayLike, tau: ArrayLike) -> Any:
        """Joint posterior density of mu and tau, for arrays that broadcast.

        Raises
        ------
        mutau.errors.ArgumentError
            A prior is a point mass: there is no joint density.
        """
        request = self.request
        if request.mu.is_point or request.tau.is_point:
            raise ArgumentError(
                Fault(
                    f"joint_pdf with {request.mu} for mu and {request.tau} for tau",
                    "A point mass has no density",
                    "Use the marginal of the other parameter",
                )
            )
        at_mu, at_tau = np.broadcast_arrays(np.asarray(mu, np.float64), np.asarray(tau, np.float64))
        flat_mu, flat_tau = at_mu.ravel(), np.ascontiguousarray(at_tau.ravel())
        density = np.asarray(self.tau.pdf(flat_tau))
        safe = np.where(density > 0, flat_tau, self.rules.tau[0])
        own, flat = points_of_tau(safe, request), points_of_tau(safe, request, np.empty((3, 0)))
        log_normal = -0.5 * (np.log(2 * np.pi * flat[2]) + (flat_mu - flat[1]) ** 2 / flat[2])
        given = np.exp(log_normal + np.asarray(request.mu.logpdf(flat_mu)) + flat[0] - own[0])
        value = np.where(density > 0, density * given, density)
        return float(value[0]) if at_mu.ndim == 0 else value.reshape(at_mu.shape)

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
        return for_each_tau(tau, self.request.tau, lambda t: components_above(x, t, self.request, new=False))

    def theta_new_above(self, x: float, tau: ArrayLike) -> Any:
        """P(theta_new > x) given tau and the data; see `mu_above`."""
        return for_each_tau(tau, self.request.tau, lambda t: components_above(x, t, self.request, new=True))

    def mu_median(self, tau: ArrayLike) -> Any:
        """Median of mu given tau and the data; see `mu_above`."""
        return for_each_tau(tau, self.request.tau, lambda t: components_median(t, self.request))

    def sample(self, rng: np.random.Generator, n: int) -> Draws:
        """Draw independently from the joint posterior.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.
        n : int
            Number of draws.

        Returns
        -------
        Draws
            ``mu``, ``tau``, ``theta_new`` of shape (n,), ``theta`` of shape (n, k).

        Notes
        -----
        tau by inverting its distribution function, interpolated between exact points (no draw moves by more than
        1e-4 in probability), then mu given tau, then theta and theta_new given both.
        """
        request = self.request
        if n < 1:
            raise ArgumentError(Fault(f"n = {n}", "The number of draws must be at least 1", "Give 4000"))
        marginal, u = self.tau, rng.random(n)
        tau = marginal.draw(u) if isinstance(marginal, TauMarginal) else np.asarray(marginal.quantile(u))
        mu = self._draw_mu(rng, tau)
        s2 = request.sei**2
        t2 = tau[:, None] ** 2
        share = s2 / (s2 + t2)
        theta = request.yi + share * (mu[:, None] - request.yi)
        theta = theta + np.sqrt(share * t2) * rng.standard_normal((n, request.k))
        theta_new = mu + tau * rng.standard_normal(n)
        return Draws(mu, tau, theta, theta_new)

    def _draw_mu(self, rng: np.random.Generator, tau: Array) -> Array:
        _, mean, variance = points_of_tau(tau, self.request)
        if self.request.model.parts.shape[1] > 1:
            mean, variance = self._draw_component(rng, mean, variance)
        return np.asarray(mean + np.sqrt(variance) * rng.standard_normal(len(tau)))

    def _draw_component(self, rng: np.random.Generator, mean: Array, variance: Array) -> tuple[Array, Array]:
        """Draw a component of mu's prior given tau, and give mu's mean and variance under it."""
        centres, sds, _ = self.request.model.parts
        log_weight = component_log_weights(mean, variance, self.request.model.parts)
        weight = np.cumsum(np.exp(log_weight - log_weight.max(axis=1, keepdims=True)), axis=1)
        level = rng.random(len(mean)) * weight[:, -1]
        chosen = np.minimum((weight < level[:, None]).sum(axis=1), len(sds) - 1)
        share = sds[chosen] ** 2 / (sds[chosen] ** 2 + variance)
        return np.asarray(centres[chosen] + (mean - centres[chosen]) * share), variance * share

    def _theta(self, index: int) -> Marginal:
        request, rules = self.request, self.rules
        y, s2 = request.yi[index], request.sei[index] ** 2
        share = s2 / (s2 + rules.tau**2)
        means = y + share * (rules.means - y)
        variances = share * rules.tau**2 + share**2 * rules.variances
        return self._mixture(f"theta[{index}]", means, variances, 0.0)

    def _mixture(self, quantity: str, means: Array, variances: Array, excess: float) -> Marginal:
        """The marginal with these components; `excess` is what the atom of a heavy tail adds to the variance."""
        weights = self.rules.weights
        if not variances.any():
            return PointMarginal(quantity, float(means[0]))
        mean = float(weights @ means)
        square = float(weights @ (variances + (means - mean) ** 2)) + excess
        if quantity == "mu" and self.request.mu.family == "Flat":
            square += self.rules.excess / self.k
        mean, sd, reason = self._moments(quantity.partition("[")[0], mean, square)
        return MixtureMarginal(quantity, weights, means, 1.0 / np.sqrt(variances), mean, sd, reason)

    def _moments(self, quantity: str, mean: float, variance: float) -> tuple[float, float, str]:
        """Mean and SD where they exist, and why not otherwise."""
        request = self.request
        if math.isinf(request.tau.tail_exponent) and request.mu.is_proper:
            return mean, math.sqrt(max(variance, 0.0)), ""  # every moment exists, see moment_exists
        first, second = (moment_exists(quantity, r, request.mu, request.tau, self.k) for r in (1, 2))
        sd = math.sqrt(max(variance, 0.0)) if second.exists else math.nan
        reason = first.reason if not first.exists else "" if second.exists else second.reason
        return mean if first.exists else math.nan, sd, reason

    def _panels(self) -> Panels:
        """The panels with the probabilities below and above them."""
        rules = self.rules
        below = rules.below + np.cumsum(rules.masses) - rules.masses
        above = rules.above + np.append(np.cumsum(rules.masses[::-1])[::-1][1:], 0.0)
        return Panels(rules.lower, rules.upper, below, above, rules.unit, rules.stretch)


def normal(
    yi: ArrayLike,
    sei: ArrayLike,
    mu: Prior = Normal(0, 4),  # noqa: B008
    tau: Prior = HalfNormal(0.5),  # noqa: B008
) -> NormalPosterior:
    r"""Posterior of the normal-normal model by quadrature.

    Parameters
    ----------
    yi, sei : array_like, shape (k,)
        Effects and their standard errors on the analysis scale (log for ratios), k from 1 on.
    mu : Prior
        Prior of the mean effect: `Normal`, `NormalMixture`, `Flat`, `StudentT`, `Cauchy`, or `PointMass` for a
        fixed value. The default, Normal(0, 4), is that of the JSS paper's example below; for a real analysis
        state your own.
    tau : Prior
        Prior of the between-study SD: any family of positive values, `Uniform` with or without upper limit,
        or `PointMass`, of which ``PointMass(0)`` is the common-effect model.

    Returns
    -------
    NormalPosterior

    Raises
    ------
    mutau.errors.ArgumentError
        The data or a prior cannot be used; every fault is named.
    mutau.errors.ImproperPosteriorError
        The priors and the number of studies define no posterior; says how many studies would be enough.

    Notes
    -----
    :math:`y_i \sim N(\theta_i, s_i^2)`, :math:`\theta_i \sim N(\mu, \tau^2)`. Given tau everything else is
    normal (for a t or mixture prior of mu, given tau and the prior's latent component), so only tau is integrated
    numerically [1]_, by an adaptive composite Gauss rule that covers all of its support.

    References
    ----------
    .. [1] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    Acute rejection after liver transplantation (Crins et al. 2014), the example of [1]_; its grid gives a median of
    tau of 0.3445 and of mu of -1.573:

    >>> yi = [-2.30970256, -0.45953233, -2.30258509, -1.75785792, -1.25846098, -2.41789594]
    >>> sei = [0.5994763, 0.5563956, 0.8803408, 0.4558685, 0.6419962, 1.5288107]
    >>> posterior = normal(yi, sei, mu=Normal(0, 4), tau=HalfNormal(0.5))
    >>> round(posterior.mu.quantile(0.5), 3), round(posterior.tau.quantile(0.5), 3)
    (-1.573, 0.345)
    >>> round(posterior.log_marginal, 4)
    -9.6328
    """
    request = prepare(yi, sei, mu, tau)
    rules = solve_request(request)
    reason = ""
    if not (mu.is_proper and tau.is_proper):
        improper = mu if not mu.is_proper else tau
        reason = (
            f"{improper} is improper: its density has no constant, so neither has the marginal likelihood"
        )
    log_marginal = math.nan if reason else rules.log_z
    return NormalPosterior(request, rules, log_marginal, reason, rules.error)
