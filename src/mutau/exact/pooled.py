"""`pooled_normal`: the posterior of mu where only the pooled result of k studies is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.exact.marginals import MixtureMarginal
from mutau.priors import HalfNormal, Normal, moment_exists, tau_prior_faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["POOLED_MU_FAMILIES", "PooledPosterior", "pooled_normal"]

POOLED_MU_FAMILIES = ("Normal", "Flat")
"""Priors of mu for which mu is normal given tau."""

NODES = 16  # of the Gauss rule on each panel
PANEL = 1.0  # widest panel in the log of s
NEGLIGIBLE = 1e-10  # s in standard errors (times sqrt(k)) below which se^2 + s^2/k is se^2 to float64
REACH = 45.0  # e-folds beyond all scales: exp(-45) is 3e-20
LARGEST_LOG = 300.0
TOLERANCE = 1e-14  # of a panel's integral, relative to the whole; the error estimate says what was reached
MAX_HALVINGS = 40
DROPPED = 1e-20  # components lighter than this times the heaviest
QUANTILES = (1e-4, 1e-2, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)  # of tau's prior: panels end there
SAFETY = 10.0
FLOOR = 1e-14


@dataclass(frozen=True, slots=True)
class PooledPosterior:
    """The posterior of mu given a pooled result alone.

    Made by `pooled_normal`; everything is on the analysis scale.

    Parameters
    ----------
    estimate, se : float
        The pooled estimate and its standard error.
    k : int
        Number of studies behind it.
    tau2_published : float
        The review's own estimate of tau squared, which its interval includes already.
    mu_prior, tau_prior : Prior
        As asked.
    mu : MixtureMarginal
        Posterior of the mean effect.
    error_estimate : float
        Bound on the error of a posterior probability.

    Notes
    -----
    tau has no posterior: one estimate and its interval say nothing of the spread of the studies.
    """

    estimate: float
    se: float
    k: int
    tau2_published: float
    mu_prior: Prior
    tau_prior: Prior
    mu: MixtureMarginal = field(repr=False)
    error_estimate: float


def pooled_normal(
    estimate: float,
    se: float,
    k: int,
    *,
    mu: Prior = Normal(0, 4),  # noqa: B008
    tau: Prior = HalfNormal(0.5),  # noqa: B008
    tau2_published: float = 0.0,
) -> PooledPosterior:
    r"""Posterior of mu when only a pooled estimate and its standard error are known.

    Parameters
    ----------
    estimate, se : float
        Pooled estimate and standard error on the analysis scale (log for ratios).
    k : int
        Number of studies that were pooled.
    mu : Prior
        `Normal` or `Flat`.
    tau : Prior
        Any proper prior of a standard deviation. ``PointMass(0)`` takes the published standard error as it is,
        which conditions on the review's own estimate of tau.
    tau2_published : float
        The review's estimate of tau squared, on the analysis scale; 0 where it is not known.

    Returns
    -------
    PooledPosterior

    Raises
    ------
    mutau.errors.ArgumentError
        With every fault found.

    Notes
    -----
    :math:`m \mid \mu, \tau \sim N(\mu, s^2 + \max(0, \tau^2 - \hat\tau^2)/k)`. For k studies of equal size, of
    which the review reports :math:`s^2 = (v + \hat\tau^2)/k`, the variance given tau is
    :math:`(v + \tau^2)/k`: the formula is exact for :math:`\tau \ge \hat\tau` and too large below, where it
    stays at :math:`s^2`.

    With :math:`\tau^2 = \hat\tau^2 + u^2` the integral over :math:`\tau > \hat\tau` is one over u in
    :math:`(0, \infty)`; it is done in :math:`\log u` by a Gauss rule on panels that are halved until nothing
    changes. What lies below and above has its prior's own mass.

    References
    ----------
    Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of Statistical
    Software 93(6). doi:10.18637/jss.v093.i06 (mu given tau, for the model with all studies).

    Examples
    --------
    Depression after parent-infant psychotherapy, risk ratio 0.74 [0.52, 1.04] from three trials:

    >>> import math
    >>> se = math.log(1.04 / 0.52) / (2 * 1.959964)
    >>> posterior = pooled_normal(math.log(0.74), se, 3, mu=Normal(0, 2.82), tau=HalfNormal(0.5))
    >>> round(posterior.mu.cdf(0.0), 3)
    0.854
    """
    faults = _faults(estimate, se, k, mu, tau, tau2_published)
    if faults:
        raise ArgumentError(faults)
    task = _Task(float(estimate), float(se), int(k), mu, tau, float(tau2_published))
    log_mass, u2, error = _point(task) if tau.is_point else _integrate(task)
    variance = task.se**2 + u2 / k
    log_weight = log_mass + task.log_likelihood(variance)
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > DROPPED
    weight, variance = weight[kept] / weight[kept].sum(), variance[kept]
    means, variances = task.mu_given(variance)
    marginal = _marginal(task, weight, means, variances)
    return PooledPosterior(task.m, task.se, k, task.tau2, mu, tau, marginal, error)


@dataclass(frozen=True, slots=True)
class _Task:
    """A checked request, and what is normal in it."""

    m: float
    se: float
    k: int
    mu: Prior
    tau: Prior
    tau2: float

    def log_likelihood(self, variance: Array) -> Array:
        """Log density of the estimate given its variance, mu integrated out (a constant left out)."""
        if self.mu.family == "Flat":
            return np.zeros_like(variance)
        prior = cast("Any", self.mu)
        total = variance + prior.sd**2
        return np.asarray(-0.5 * (np.log(total) + (self.m - prior.mean) ** 2 / total))

    def mu_given(self, variance: Array) -> tuple[Array, Array]:
        """Mean and variance of mu given the variance of the estimate."""
        if self.mu.family == "Flat":
            return np.full_like(variance, self.m), variance
        prior = cast("Any", self.mu)
        share = prior.sd**2 / (prior.sd**2 + variance)
        return prior.mean + share * (self.m - prior.mean), variance * share

    def extent(self) -> float:
        """The largest scale of data and prior of mu."""
        prior = cast("Any", self.mu)
        own = (0.0, 0.0) if self.mu.family == "Flat" else (prior.sd, abs(self.m - prior.mean))
        return max(self.se, abs(self.m), *own)


def _faults(estimate: float, se: float, k: int, mu: Prior, tau: Prior, tau2_published: float) -> list[Fault]:
    faults = []
    if not math.isfinite(estimate):
        faults.append(Fault(f"estimate = {estimate}", "It must be finite", "Give it on the analysis scale"))
    if not (math.isfinite(se) and se > 0):
        faults.append(Fault(f"se = {se}", "A standard error is finite and above 0", "Give U - L over 2 z"))
    if k < 1 or k != int(k):
        faults.append(Fault(f"k = {k}", "A number of studies is whole, 1 or more", "Give the review's k"))
    if not (math.isfinite(tau2_published) and tau2_published >= 0):
        what, rule = f"tau2_published = {tau2_published}", "A variance is finite, 0 or more"
        faults.append(Fault(what, rule, "Give 0 where it is not known"))
    if mu.family not in POOLED_MU_FAMILIES:
        rule = "With a pooled result alone mu's prior is normal or flat"
        faults.append(Fault(f"{mu} for mu", rule, "Use Normal(mean, sd)"))
    faults += tau_prior_faults(tau)
    if tau.is_pending:
        rule = "It is made from the studies' standard errors, which a pooled result alone does not give"
        faults.append(Fault(f"{tau} for tau", rule, "Use another prior, such as HalfNormal(0.5)"))
    if not tau.is_proper:
        rule = "One pooled result says too little of tau for an improper prior"
        faults.append(Fault(f"{tau} for tau", rule, "Use a proper one, such as HalfNormal(0.5)"))
    return faults


def _point(task: _Task) -> tuple[Array, Array, float]:
    value = task.tau.parameters["value"]
    return np.zeros(1), np.array([max(0.0, value**2 - task.tau2)]), FLOOR


def _integrate(task: _Task) -> tuple[Array, Array, float]:
    """Write tau's prior as masses on values of u^2 = max(0, tau^2 - tau2_published), with their error."""
    edges = _edges(task)
    low, high = math.exp(edges[0]), math.exp(edges[-1])
    below = float(task.tau.cdf(math.hypot(math.sqrt(task.tau2), low)))
    above = float(task.tau.sf(math.hypot(math.sqrt(task.tau2), high)))

    def log_density(x: Array) -> Array:
        tau = np.hypot(math.sqrt(task.tau2), np.exp(x))
        return np.asarray(task.tau.logpdf(tau)) + 2.0 * x - np.log(tau)

    ends = np.array([[low**2], [high**2]])
    with np.errstate(divide="ignore"):
        atoms = np.log([below, above])
    log_end = atoms + task.log_likelihood(task.se**2 + ends.ravel() / task.k)
    x, log_mass, error = _adapted(
        edges, log_density, lambda x: task.log_likelihood(task.se**2 + np.exp(2.0 * x) / task.k), log_end
    )
    return np.concatenate([log_mass, atoms]), np.concatenate([np.exp(2.0 * x), ends.ravel()]), error


def _edges(task: _Task) -> Array:
    """Ends of the first panels in log u: everywhere, and at quantiles of tau's prior so that no peak is missed."""
    room = math.sqrt(task.k)
    floor = NEGLIGIBLE * room * task.se
    lower, upper = task.tau.support

    def log_u(tau: float) -> float:
        square = tau**2 - task.tau2 if tau < 1e150 else math.inf
        return min(0.5 * math.log(square), LARGEST_LOG) if square > floor**2 else math.log(floor)

    start = log_u(lower)
    inner = [log_u(float(q)) for q in task.tau.ppf(np.array(QUANTILES))]
    reach = max(math.log(room * task.extent()), inner[-1]) + REACH
    stop = log_u(upper) if math.isfinite(upper) else min(reach, LARGEST_LOG)
    if stop <= start:
        return np.array([start, start])
    even = np.linspace(start, stop, math.ceil((stop - start) / PANEL) + 1)
    return np.unique(np.concatenate([even, [x for x in inner if start < x < stop]]))


def _adapted(
    edges: Array, log_density: Callable[[Array], Array], log_like: Callable[[Array], Array], log_ends: Array
) -> tuple[Array, Array, float]:
    """Halve panels until their integrals stand; give nodes, log masses of the prior, and the error."""
    points, weights = np.polynomial.legendre.leggauss(NODES)

    def rule(low: Array, high: Array) -> tuple[Array, Array, Array]:
        half = 0.5 * (high - low)[:, None]
        x = low[:, None] + half * (1.0 + points)
        log_mass = log_density(x.ravel()).reshape(x.shape) + np.log(half * weights)
        return x, log_mass, log_mass + log_like(x.ravel()).reshape(x.shape)

    low, high = edges[:-1], edges[1:]
    low, high = low[high > low], high[high > low]
    x, log_mass, log_part = rule(low, high)
    peak = max(float(log_part.max(initial=-math.inf)), float(log_ends.max()))
    whole = np.exp(log_part - peak).sum() + np.exp(log_ends - peak).sum()
    value = np.exp(log_part - peak).sum(axis=1)
    done_x, done_mass, error = [np.empty(0)], [np.empty(0)], 0.0
    for step in range(MAX_HALVINGS):
        if not len(low):
            break
        middle = 0.5 * (low + high)
        low, high = np.column_stack([low, middle]).ravel(), np.column_stack([middle, high]).ravel()
        x, log_mass, log_part = rule(low, high)
        finer = np.exp(log_part - peak).sum(axis=1)
        change = np.abs(finer.reshape(-1, 2).sum(axis=1) - value)
        stands = (change <= TOLERANCE * whole) | (step == MAX_HALVINGS - 1)
        error += float(change[stands].sum())
        both = np.repeat(stands, 2)
        done_x.append(x[both].ravel())
        done_mass.append(log_mass[both].ravel())
        low, high, value = low[~both], high[~both], finer[~both]
    return np.concatenate(done_x), np.concatenate(done_mass), SAFETY * error / whole + FLOOR


def _marginal(task: _Task, weight: Array, means: Array, variances: Array) -> MixtureMarginal:
    mean = float(weight @ means)
    sd = math.sqrt(float(weight @ (variances + (means - mean) ** 2)))
    first, second = (moment_exists("mu", order, task.mu, task.tau, 1) for order in (1, 2))
    reason = first.reason if not first.exists else "" if second.exists else second.reason
    return MixtureMarginal(
        "mu",
        weight,
        means,
        1.0 / np.sqrt(variances),
        mean if first.exists else math.nan,
        sd if second.exists else math.nan,
        reason,
    )
