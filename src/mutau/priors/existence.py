"""Which posteriors and which of their moments exist: rules, not numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    from mutau.priors.base import Prior

__all__ = [
    "QUANTITIES",
    "Existence",
    "count_moment_exists",
    "count_posterior_is_proper",
    "moment_exists",
    "posterior_is_proper",
    "tau_prior_faults",
]

QUANTITIES = ("mu", "tau", "theta", "theta_new")
"""The quantities `moment_exists` knows; theta is the effect in each study."""


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether something exists, and why or why not.

    Parameters
    ----------
    exists : bool
        The answer.
    reason : str
        The reason in words, a clause without a full stop.
    """

    exists: bool
    reason: str


def posterior_is_proper(mu: Prior, tau: Prior, k: int) -> Existence:
    r"""Say whether the priors and k studies define a posterior (the normal-normal model).

    Parameters
    ----------
    mu, tau : Prior
        Priors of the mean effect and of the between-study SD.
    k : int
        Number of studies, at least 1, each with a finite estimate and a standard error above 0.

    Returns
    -------
    Existence
        `exists` and the reason, which names the number of studies that would be enough.

    Raises
    ------
    mutau.errors.ArgumentError
        k is below 1, or tau's prior allows negative values.

    Notes
    -----
    Let tau's prior fall like :math:`\tau^{-a}` and mu's like :math:`|\mu|^{-b}` (`Prior.tail_exponent`:
    flat 0, lighter than every power or a point infinite). With :math:`v_i = s_i^2 + \tau^2` the likelihood of
    (mu, tau), study effects integrated out, is :math:`\prod_i v_i^{-1/2} \exp(-(y_i - \mu)^2 / (2 v_i))`. For
    large tau this is :math:`\tau^{-k} \exp(-k\mu^2/(2\tau^2))` up to a constant, so integrating mu over its
    prior leaves

    .. math:: \tau^{-k} \int p(\mu) e^{-k\mu^2/(2\tau^2)} d\mu \sim \tau^{-k + \max(0, 1 - b)},

    because a flat mu contributes the width tau of the likelihood and a proper one at most 1. The marginal
    posterior of tau therefore falls like :math:`\tau^{-t}` with :math:`t = a + k - 1 + \min(1, b)`, and the
    posterior is proper iff :math:`t > 1`.

    *The boundary* :math:`t = 1` counts as proper where tau's prior is proper with a = 1 (log-t): its density
    is :math:`\tau^{-1}(\log\tau)^{-\nu-1}`, integrable because of the logarithm. So one study and a flat mu
    suffice for every proper prior of tau: the likelihood then integrates over mu to 1 whatever tau is, and
    tau's posterior is its prior.

    *As tau falls to 0* the likelihood stays bounded, because every standard error is above 0, so only the
    prior matters; every family offered here is integrable at 0. (A prior :math:`1/\tau` would not be.)

    Hence a uniform tau needs k >= 3 with a flat mu [1]_ [2]_ and k >= 2 with a proper one; any two proper
    priors need k >= 1.

    The rule is for the normal likelihood. With counts a study with no events in an arm does not bound its
    effect, and the rule does not carry over.

    References
    ----------
    .. [1] Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
       Analysis 1:515-534. doi:10.1214/06-BA117A
    .. [2] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> from mutau import priors
    >>> posterior_is_proper(priors.Flat(), priors.Uniform(0, math.inf), 2).reason
    'the uniform(0, inf) prior of tau with the flat prior of mu needs at least 3 studies; there are 2'
    >>> posterior_is_proper(priors.Flat(), priors.Uniform(0, math.inf), 3).exists
    True
    """
    _check(tau, k)
    if _tau_moment(mu, tau, k, 0.0):
        return Existence(
            True, f"{tau.of('tau')} with {mu.of('mu')} and {_studies(k)} give a proper posterior"
        )
    needed = next(n for n in range(k, k + 4) if _tau_moment(mu, tau, n, 0.0))
    return Existence(
        False, f"{tau.of('tau')} with {mu.of('mu')} needs at least {needed} studies; there {_are(k)}"
    )


def count_posterior_is_proper(mu: Prior, tau: Prior) -> Existence:
    r"""Say whether the priors define a posterior where the data are counts.

    Parameters
    ----------
    mu, tau : Prior
        Priors of the mean effect and of the between-study SD.

    Returns
    -------
    Existence
        True where both are proper.

    Notes
    -----
    The likelihood of counts is a probability, at most 1, so proper priors always give a proper posterior. Improper
    ones may not: a study without events in an arm, or with nothing but events, does not bound its effect from one
    side, and one without events in either arm bounds it only through its baseline's prior, or not at all. How many
    studies would do then depends on the counts, not on their number; so proper priors are required.

    Examples
    --------
    >>> from mutau import priors
    >>> count_posterior_is_proper(priors.Flat(), priors.HalfNormal(0.5)).exists
    False
    """
    improper = [prior.of(name) for name, prior in (("mu", mu), ("tau", tau)) if not prior.is_proper]
    if not improper:
        return Existence(True, f"{tau.of('tau')} and {mu.of('mu')} are proper, and so is the posterior")
    which = f"{' and '.join(improper)} {'is' if len(improper) == 1 else 'are'} improper"
    return Existence(
        False,
        f"{which}, and with counts a study without events in an arm does not bound its effect, whatever the number "
        "of studies",
    )


def count_moment_exists(
    quantity: str, r: float, mu: Prior, tau: Prior, effects_df: float = math.inf
) -> Existence:
    r"""Say whether a posterior moment can be relied on where the data are counts (analysis scale).

    Parameters
    ----------
    quantity : {"mu", "tau", "theta", "theta_new"}
        Whose moment.
    r : float
        Order: 1 for the mean, 2 for the standard deviation.
    mu, tau : Prior
        Proper priors of the mean effect and of the between-study SD.
    effects_df : float
        Degrees of freedom of the random effects; infinite for normal.

    Returns
    -------
    Existence
        True where the prior has the moment.

    Notes
    -----
    The likelihood of counts is at most 1, so whatever moment the prior has the posterior has too. What the prior
    lacks the posterior may have, if the counts bound the effect; that is not asked, and the answer is no.

    Examples
    --------
    >>> from mutau import priors
    >>> count_moment_exists("theta_new", 2, priors.Normal(0, 1), priors.HalfNormal(1), effects_df=2).exists
    False
    """
    parts = {"mu": (mu,), "tau": (tau,)}.get(quantity, (mu, tau))
    lacking = [prior.label for prior in parts if not prior.tail_exponent > r + 1]
    if quantity in ("theta", "theta_new") and not effects_df > r:
        lacking.append(f"t random effects with {effects_df:g} degrees of freedom")
    what = f"{_ordinal(r)} of {quantity}"
    if not lacking:
        return Existence(True, f"the {what} exists: the prior has it, and counts bound the likelihood")
    return Existence(False, f"the {what} need not exist: it does not under {' and '.join(lacking)}")


def moment_exists(quantity: str, r: float, mu: Prior, tau: Prior, k: int) -> Existence:
    r"""Say whether a posterior moment exists on the analysis scale (the normal-normal model).

    Parameters
    ----------
    quantity : {"mu", "tau", "theta", "theta_new"}
        What the moment is of: the mean effect, the between-study SD, the effect in each study, the effect in
        a new one.
    r : float
        Order of the absolute moment, at least 0: 1 for the mean, 2 for the SD.
    mu, tau : Prior
        Priors of the mean effect and of the between-study SD.
    k : int
        Number of studies, at least 1, each with a finite estimate and a standard error above 0.

    Returns
    -------
    Existence
        `exists` and the reason, which names the number of studies that would be enough.

    Raises
    ------
    mutau.errors.ArgumentError
        Unknown quantity, r below 0, k below 1, or tau's prior allows negative values; every fault is named.

    Notes
    -----
    With a, b and the reasoning of `posterior_is_proper`, whose condition is needed first:

    - *tau*: :math:`E\,\tau^r` exists iff :math:`a + k - 1 + \min(1, b) - r > 1`.
    - *mu*: for large tau, :math:`\int |\mu|^{r-b} e^{-k\mu^2/(2\tau^2)} d\mu \sim \tau^{\max(0,\,r+1-b)}` (a
      logarithm where r + 1 = b), so :math:`E|\mu|^r` exists iff :math:`a + k - \max(0, r + 1 - b) > 1`, which
      is :math:`a + b + k - 1 - r > 1` together with a proper posterior.
    - *theta_new* is Normal(mu, tau squared) given both: its r-th moment exists iff that of mu and that of tau
      do. Since tau's condition implies mu's, it is tau's.
    - *theta*, the effect in study i, has given mu and tau the mean :math:`y_i + B_i(\mu - y_i)`, with
      :math:`B_i = s_i^2/(s_i^2 + \tau^2)`, and a variance below :math:`s_i^2`. The likelihood's factor of
      study i holds :math:`|B_i(\mu - y_i)|^r e^{-(\mu - y_i)^2/(2v_i)} \le C_r s_i^r B_i^{r/2} e^{-(\mu -
      y_i)^2/(4v_i)}`, so every moment is bounded by a constant times a propriety integral with the same
      tails: all moments exist whenever the posterior is proper.

    At equality the moment does not exist for a pure power tail (half-Cauchy, half-t, inverse-gamma, flat). It
    does where the power 1 stems from a proper log-t prior of tau (for mu, of either parameter), whose
    logarithms make :math:`\tau^{-1}(\log\tau)^{-\nu-1}` integrable: with a log-t tau and a proper mu the
    moments exist for r <= k.

    So with a uniform tau and a flat mu the mean of tau needs k >= 4 and its SD k >= 5 [1]_. All this is about
    the analysis scale; the moments of exp(theta_new) are another matter.

    References
    ----------
    .. [1] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> from mutau import priors
    >>> uniform = priors.Uniform(0, math.inf)
    >>> [moment_exists("tau", 2, priors.Flat(), uniform, k).exists for k in (4, 5)]
    [False, True]
    >>> moment_exists("theta", 2, priors.Flat(), uniform, 3).exists
    True
    """
    _check(tau, k, quantity=quantity, r=r)
    proper = posterior_is_proper(mu, tau, k)
    if not proper.exists:
        return Existence(False, f"there is no proper posterior: {proper.reason}")
    what = f"{_ordinal(r)} of {quantity}"
    if quantity == "theta":
        return Existence(True, f"the {what} exists: a study's own likelihood bounds its effect")
    rule = _mu_moment if quantity == "mu" else _tau_moment
    if rule(mu, tau, k, r):
        return Existence(True, f"the {what} exists")
    needed = next(n for n in range(k, k + math.ceil(r) + 4) if rule(mu, tau, n, r))
    return Existence(
        False,
        f"the {what} is infinite: with {tau.of('tau')} and {mu.of('mu')} it needs at least {needed} studies; "
        f"there {_are(k)}",
    )


def tau_prior_faults(tau: Prior) -> tuple[Fault, ...]:
    """List what keeps a prior from being one of tau: any support below 0.

    Parameters
    ----------
    tau : Prior
        The prior.

    Returns
    -------
    tuple of Fault
        Empty where the prior can be used.

    Examples
    --------
    >>> from mutau import priors
    >>> print(tau_prior_faults(priors.Flat())[0].remedy)
    Use Uniform(0, inf), or a proper prior such as HalfNormal(0.5)
    """
    low = tau.support[0]
    if low >= 0:
        return ()
    folded = {
        "Normal": "HalfNormal",
        "StudentT": "HalfStudentT",
        "Cauchy": "HalfCauchy",
        "Flat": "Uniform(0, inf)",
    }
    return (
        Fault(
            what=f"{tau} as the prior of tau",
            rule=f"tau is a standard deviation: its prior has no support below 0; this one starts at {low:g}",
            remedy=f"Use {folded.get(tau.family, 'HalfNormal')}, or a proper prior such as HalfNormal(0.5)",
        ),
    )


def _tau_moment(mu: Prior, tau: Prior, k: int, r: float) -> bool:
    """Whether the posterior tail of tau, times tau**r, is integrable (r = 0: propriety)."""
    power = tau.tail_exponent + k - 1 + min(1.0, mu.tail_exponent) - r
    return power > 1 or (power == 1 and _log_tail(tau))


def _mu_moment(mu: Prior, tau: Prior, k: int, r: float) -> bool:
    """Whether the tail of |mu|**r under a proper posterior is integrable."""
    if r + 1 < mu.tail_exponent:
        return True
    power = tau.tail_exponent + k - (r + 1 - mu.tail_exponent)
    return power > 1 or (power == 1 and (_log_tail(tau) or _log_tail(mu)))


def _log_tail(prior: Prior) -> bool:
    """Whether the density is x**-1 times a power of the logarithm that makes it integrable."""
    return prior.is_proper and prior.tail_exponent == 1


def _check(tau: Prior, k: int, quantity: str = "tau", r: float = 0.0) -> None:
    faults = list(tau_prior_faults(tau))
    if k < 1:
        faults.append(Fault(f"k = {k}", "The number of studies must be at least 1", "Count the studies"))
    if quantity not in QUANTITIES:
        faults.append(
            Fault(f"quantity = {quantity!r}", "The quantity is not known", nearest(quantity, QUANTITIES))
        )
    if not r >= 0:
        faults.append(
            Fault(f"r = {r}", "The order of a moment must be 0 or more", "Give 1 for the mean, 2 for the SD")
        )
    if faults:
        raise ArgumentError(faults)


def _ordinal(r: float) -> str:
    return {1: "mean", 2: "standard deviation"}.get(r) or f"absolute moment of order {r:g}"  # type: ignore[call-overload]


def _studies(k: int) -> str:
    return "1 study" if k == 1 else f"{k} studies"


def _are(k: int) -> str:
    return "is 1" if k == 1 else f"are {k}"
