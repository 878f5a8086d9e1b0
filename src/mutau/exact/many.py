"""`normal_many`: the posteriors of very many meta-analyses of unequal size at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault, ImproperPosteriorError
from mutau.exact.components import bound, out_of_room, probabilities
from mutau.exact.marginals import check_prob
from mutau.exact.posterior import normal
from mutau.exact.requests import data_faults, kernel_model, one_model, prior_faults
from mutau.numerics import solving
from mutau.numerics.panels import MANY_PANELS, PANELS
from mutau.numerics.threads import run_in_chunks
from mutau.numerics.workspace import workspace
from mutau.priors import HalfNormal, Normal, moment_exists, posterior_is_proper

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import KernelModels
    from mutau.priors import Prior

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["Asked", "ManyPosteriors", "QuantityAnswers", "normal_many", "solve_sets"]


@dataclass(frozen=True, slots=True)
class QuantityAnswers:
    """What is known of one quantity in each of n posteriors, on the analysis scale.

    Parameters
    ----------
    mean, sd : ndarray, shape (n,)
        Posterior mean and SD; NaN where they do not exist.
    quantiles : ndarray, shape (n, 3)
        Lower limit, median and upper limit of the equal-tailed credible interval.
    below, above : ndarray, shape (n,)
        Posterior probability of a value below, and above, the threshold; each with its own relative accuracy.
    """

    mean: Array = field(repr=False)
    sd: Array = field(repr=False)
    quantiles: Array = field(repr=False)
    below: Array = field(repr=False)
    above: Array = field(repr=False)


@dataclass(frozen=True, slots=True)
class ManyPosteriors:
    """The posteriors of n sets of studies. Made by `normal_many`. All quantities are on the analysis scale.

    Parameters
    ----------
    k : ndarray of int64, shape (n,)
        Numbers of studies.
    prob : float
        Probability content of the intervals.
    mu, theta_new : QuantityAnswers
        Mean effect; effect in a new setting.
    tau_mean, tau_sd : ndarray, shape (n,)
        Posterior mean and SD of the between-study SD; NaN where they do not exist.
    tau_quantiles : ndarray, shape (n, 3)
        Of the between-study SD: lower limit, median, upper limit; NaN where they were not asked for.
    log_marginal : ndarray, shape (n,)
        Log marginal likelihoods; NaN under an improper prior, where they mean nothing.
    error_estimate : ndarray, shape (n,)
        Bounds on the quadrature's own error, as in `NormalPosterior`; NaN where none was asked for.
    reason : str
        Why means, SDs or log marginal likelihoods are NaN; empty where none is.
    """

    k: Integers = field(repr=False)
    prob: float
    mu: QuantityAnswers
    theta_new: QuantityAnswers
    tau_mean: Array = field(repr=False)
    tau_sd: Array = field(repr=False)
    tau_quantiles: Array = field(repr=False)
    log_marginal: Array = field(repr=False)
    error_estimate: Array = field(repr=False)
    reason: str

    def __len__(self) -> int:
        return len(self.k)


def normal_many(
    yi: ArrayLike,
    sei: ArrayLike,
    k: ArrayLike,
    mu: Prior = Normal(0, 4),  # noqa: B008
    tau: Prior = HalfNormal(0.5),  # noqa: B008
    *,
    prob: float = 0.95,
    threshold: ArrayLike = 0.0,
    threshold_new: ArrayLike | None = None,
    error: bool = True,
    tau_quantiles: bool = True,
    threads: int | None = None,
    chunk: int | None = None,
) -> ManyPosteriors:
    """Posteriors of the normal-normal model for many sets of studies of unequal size.

    Parameters
    ----------
    yi, sei : array_like, shape (studies,)
        Effects and their standard errors on the analysis scale (log for ratios), set after set.
    k : array_like of int, shape (n,)
        Number of studies in each set, at least 1; they sum to the number of effects.
    mu, tau : Prior
        As for `normal`, the same for every set.
    prob : float
        Probability content of the equal-tailed intervals, in (0, 1).
    threshold : array_like, shape () or (n,)
        P(mu > threshold) is given; on the analysis scale.
    threshold_new : array_like, shape () or (n,), optional
        The same for theta_new; by default `threshold`.
    error : bool
        Estimate the quadrature's error: nearly twice the time.
    tau_quantiles : bool
        Find the interval and median of tau as well.
    threads, chunk : int, optional
        Threads (by default one for each core) and sets that a thread takes at a time. Neither changes a digit.

    Returns
    -------
    ManyPosteriors

    Raises
    ------
    mutau.errors.ArgumentError
        The data, a prior or an option cannot be used; every fault is named.
    mutau.errors.ImproperPosteriorError
        The priors define no posterior for the smallest set.

    Notes
    -----
    The rule of `normal`, set by set, in one compiled loop; the same digits as `normal`, except that under a t prior
    of mu the integral over its latent scale covers the data of all sets. The studies of a set may come in any order;
    another order may change the last digits.

    Examples
    --------
    >>> many = normal_many([0.1, 0.3, -2.3, -0.5, -2.3], [0.2, 0.2, 0.6, 0.6, 0.9], k=[2, 3])
    >>> many.mu.quantiles.round(3)
    array([[-0.419,  0.199,  0.814],
           [-2.581, -1.57 , -0.581]])
    """
    effects, errors = (np.ascontiguousarray(values, dtype=np.float64) for values in (yi, sei))
    sizes = np.atleast_1d(np.asarray(k))
    check_prob(prob)
    faults = [*data_faults(effects, errors), *_size_faults(sizes, len(effects)), *prior_faults(mu, tau)]
    if tau.is_pending:
        rule = "It is made from the studies' standard errors, so each set would have a prior of its own"
        faults.append(
            Fault(f"{tau} for tau", rule, "Call mutau.exact.normal on each set, or use another prior")
        )
    thresholds = _thresholds(
        threshold, threshold if threshold_new is None else threshold_new, len(sizes), faults
    )
    if faults:
        raise ArgumentError(faults)
    sizes = sizes.astype(np.int64)
    proper = posterior_is_proper(mu, tau, int(sizes.min()))
    if not proper.exists:
        raise ImproperPosteriorError(f"There is no posterior: {proper.reason}.")
    ends = np.concatenate([[0], np.cumsum(sizes)])
    model = kernel_model(mu, tau, effects, errors, int(sizes.max()))
    asked = Asked(probabilities(prob), thresholds, error, tau_quantiles)
    facts = solve_sets(effects, errors, ends, one_model(model), asked, threads, chunk)
    if tau_quantiles:
        _mend_tau_quantiles(facts, effects, errors, ends, mu, tau, asked)
    return _answers(facts, effects, ends, mu, tau, prob, error)


def _size_faults(k: NDArray[np.generic], studies: int) -> list[Fault]:
    """List what is wrong with the numbers of studies."""
    rule = "k holds the number of studies of each set: whole numbers, 1 or more, that sum to the number of effects"
    if k.ndim != 1 or not len(k) or k.dtype.kind not in "iu" or int(k.min()) < 1:
        return [Fault(f"k of shape {k.shape}, {k.dtype}", rule, "Give one whole number per set", key="k")]
    if int(k.sum()) != studies:
        return [
            Fault(f"k sums to {int(k.sum())}, and there are {studies} effects", rule, "Correct one", key="k")
        ]
    return []


def _thresholds(mu: ArrayLike, new: ArrayLike, n: int, faults: list[Fault]) -> Array:
    """Thresholds of mu and theta_new, shape (1, 2) or (n, 2)."""
    given = [np.asarray(values, dtype=np.float64) for values in (mu, new)]
    for name, values in zip(("threshold", "threshold_new"), given, strict=True):
        if values.shape not in ((), (n,)) or not np.isfinite(values).all():
            rule = "A threshold is one finite number, or one for each set"
            faults.append(Fault(f"{name} of shape {values.shape}", rule, f"Give a number, or {n}", key=name))
            return np.zeros((1, 2))
    return np.ascontiguousarray(np.stack(np.broadcast_arrays(*given), axis=-1).reshape(-1, 2))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the kernel: probabilities (3, 3), thresholds (1 or n, 2), whether errors, whether tau."""

    p: Array
    thresholds: Array
    error: bool
    tau_quantiles: bool


def solve_sets(
    yi: Array,
    sei: Array,
    ends: Integers,
    models: KernelModels,
    asked: Asked,
    threads: int | None = None,
    chunk: int | None = None,
) -> Array:
    """Run the kernel over all sets; again with more room for the few that need it. Shape (n, FACTS)."""
    facts = np.empty((len(ends) - 1, solving.FACTS))
    components = max(1, models[2].shape[2])

    def solve(first: int, last: int, panels: int) -> None:
        space = workspace(int(np.diff(ends[first : last + 1]).max()), panels, components)
        solving.solve_many(
            yi, sei, ends, first, last, *models, asked.error, asked.tau_quantiles, asked.p, asked.thresholds, facts,
            *space,
        )  # fmt: skip

    run_in_chunks(lambda first, last: solve(first, last, PANELS), ends, threads, chunk)
    for i in np.flatnonzero(facts[:, solving.COUNT] < 0):
        solve(int(i), int(i) + 1, MANY_PANELS)
    if (facts[:, solving.COUNT] < 0).any():
        raise out_of_room()
    return facts


def _mend_tau_quantiles(
    facts: Array, yi: Array, sei: Array, ends: Integers, mu: Prior, tau: Prior, asked: Asked
) -> None:
    """Find the quantiles of tau that lie beyond the panels, or on a point, one set at a time."""
    quantiles = facts[:, solving.TAU_QUANTILES : solving.TAU_QUANTILES + 3]
    if tau.is_point:
        quantiles[:] = tau.support[0]
    for i in np.flatnonzero(np.isnan(quantiles).any(axis=1)):
        own = slice(ends[i], ends[i + 1])
        quantiles[i] = normal(yi[own], sei[own], mu, tau).tau.quantile(asked.p[0])


def _answers(
    facts: Array, yi: Array, ends: Integers, mu: Prior, tau: Prior, prob: float, error: bool
) -> ManyPosteriors:
    """Name what the kernel wrote; NaN what does not exist."""
    k = np.diff(ends)
    reasons: dict[str, None] = {}

    def moments(quantity: str, mean: Array, variance: Array) -> tuple[Array, Array]:
        sd = np.sqrt(np.maximum(variance, 0.0))
        for order, values in ((1, mean), (2, sd)):
            for size in range(
                1, 6
            ):  # from k = 5 on every moment of order 2 exists that any proper posterior has
                answer = moment_exists(quantity, order, mu, tau, size)
                missing = k == size if size < 5 else k >= size
                if not answer.exists and missing.any():
                    values[missing] = np.nan
                    reasons[answer.reason] = None
        return mean, sd

    def quantity(name: str, at: int) -> QuantityAnswers:
        mean, variance = facts[:, at].copy(), facts[:, at + 1]
        quantiles, tails = facts[:, at + 2 : at + 5].copy(), facts[:, at + 5 : at + 7].T.copy()
        return QuantityAnswers(*moments(name, mean, variance), quantiles, *tails)

    tau_mean = facts[:, solving.TAU_MEAN].copy()
    of_mu = quantity("mu", solving.ANSWERS)
    of_new = quantity("theta_new", solving.ANSWERS + solving.ANSWERS_EACH)
    with np.errstate(invalid="ignore"):  # both are infinite where no moment exists
        of_tau = moments("tau", tau_mean, facts[:, solving.TAU_SQUARE] - tau_mean**2)
    log_marginal = facts[:, solving.LOG_Z].copy()
    for prior in (mu, tau):
        if not prior.is_proper:
            log_marginal[:] = math.nan
            reasons[
                f"{prior} is improper: its density has no constant, so neither has the marginal likelihood"
            ] = None
    estimate = np.full(len(k), math.nan)
    if error:
        largest = np.maximum.reduceat(np.abs(yi), ends[:-1])
        estimate = bound(
            facts[:, solving.CHANGE], facts[:, solving.SPREAD], facts[:, solving.LOG_Z], k, largest
        )
    tau_quantiles = facts[:, solving.TAU_QUANTILES : solving.TAU_QUANTILES + 3].copy()
    names = "; ".join(reasons)
    return ManyPosteriors(k, prob, of_mu, of_new, *of_tau, tau_quantiles, log_marginal, estimate, names)
