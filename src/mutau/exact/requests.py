"""From studies and priors to what the compiled kernels take, everything checked first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.special import betaln, gammaln

from mutau.errors import ArgumentError, Fault, ImproperPosteriorError
from mutau.numerics import tau_density as vector
from mutau.priors import Existence, posterior_is_proper, tau_prior_faults

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["Request", "mixture_scales", "model_vector", "prepare", "prior_faults", "supports"]

SIGMA_WIDTH = 1.0  # panels in the log of the SD of a component of a t prior: the singularity is pi/2 away
SIGMA_SPREAD = 44.0  # e-folds of weight that are kept: exp(-44) is 8e-20
SIGMA_CAP = 75.0  # log SD above which a component is as good as flat
SIGMA_LIMIT = 16.0  # change of a log weight within one panel
FLAT_SCALES = np.empty((2, 0))


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request: the data, the priors, and the model as the kernels' vector."""

    yi: Array
    sei: Array
    mu: Prior
    tau: Prior
    par: Array

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.yi)


def supports(mu: Prior, tau: Prior) -> Existence:
    """Say whether the exact engine takes these priors for the normal-normal model, and why or why not.

    Parameters
    ----------
    mu, tau : Prior
        Priors of the mean effect and of the between-study SD.

    Returns
    -------
    Existence
        The answer and its reason, a clause without a full stop.

    Examples
    --------
    >>> from mutau import priors
    >>> supports(priors.Normal(0, 4), priors.HalfNormal(0.5)).exists
    True
    >>> supports(priors.Uniform(-1, 1), priors.HalfNormal(0.5)).reason
    'the exact engine has no rule for Uniform as the prior of mu; it has Cauchy, Flat, Normal, PointMass, StudentT'
    """
    for name, prior, known in (("mu", mu, _MU), ("tau", tau, _TAU)):
        if prior.family not in known:
            return Existence(
                False,
                f"the exact engine has no rule for {prior.family} as the prior of {name}; it has "
                f"{', '.join(sorted(known))}",
            )
    return Existence(True, f"the exact engine integrates {tau} for tau and {mu} for mu")


def prior_faults(mu: Prior, tau: Prior) -> tuple[Fault, ...]:
    """List what keeps the exact engine from using these priors."""
    if mu.family in _MU and tau.family in _TAU and tau.support[0] >= 0:
        return ()
    faults = list(tau_prior_faults(tau))
    answer = supports(mu, tau)
    if not faults and not answer.exists:
        rule = "The exact engine integrates only families that it has a rule for"
        faults.append(Fault(answer.reason, rule, 'Use one of these, or engine="sampling"'))
    return tuple(faults)


def prepare(yi: ArrayLike, sei: ArrayLike, mu: Prior, tau: Prior) -> Request:
    """Check everything that is asked, then put it into the kernels' form.

    Raises
    ------
    mutau.errors.ArgumentError
        The arrays are not of one length, empty, not finite, a standard error is not above 0, or a prior has no
        rule; every fault is named.
    mutau.errors.ImproperPosteriorError
        The priors and this number of studies define no posterior.
    """
    effects, errors = _column(yi), _column(sei)
    faults = [*data_faults(effects, errors), *prior_faults(mu, tau)]
    if faults:
        raise ArgumentError(faults)
    require_proper(mu, tau, len(effects))
    return Request(effects, errors, mu, tau, model_vector(mu, tau, len(effects)))


def require_proper(mu: Prior, tau: Prior, k: int) -> None:
    """Raise where the priors and k studies define no posterior."""
    if mu.is_proper and tau.is_proper:
        return  # any two proper priors do, from k = 1
    answer = posterior_is_proper(mu, tau, k)
    if not answer.exists:
        raise ImproperPosteriorError(f"There is no posterior: {answer.reason}.")


def data_faults(yi: Array, sei: Array) -> list[Fault]:
    """List what is wrong with effects and standard errors."""
    if yi.ndim != 1 or yi.shape != sei.shape or not len(yi):
        rule = "They must be one-dimensional, of one length, with at least one study"
        return [Fault(f"yi of shape {yi.shape}, sei of shape {sei.shape}", rule, "Give one number per study")]
    faults = []
    if not np.isfinite(yi).all():
        place = int(np.flatnonzero(~np.isfinite(yi))[0])
        faults.append(
            Fault(f"yi[{place}] = {yi[place]}", "Effects must be finite", "Leave out or mend the study")
        )
    if not (np.isfinite(sei) & (sei > 0)).all():
        place = int(np.flatnonzero(~(np.isfinite(sei) & (sei > 0)))[0])
        rule = "Standard errors must be finite and above 0"
        faults.append(Fault(f"sei[{place}] = {sei[place]}", rule, "Leave out or mend the study"))
    return faults


def model_vector(mu: Prior, tau: Prior, k: int) -> Array:
    """Write the priors as the vector that `mutau.numerics.tau_density` documents."""
    par = np.zeros(vector.PAR)
    par[vector.S0], par[vector.STRIP], par[vector.CENTRE] = 1.0, math.inf, -math.inf
    par[vector.LOWER], par[vector.UPPER] = tau.support
    par[vector.START] = math.inf
    par[vector.POWER] = tau.tail_exponent + k - 1 + min(1.0, mu.tail_exponent)
    par[vector.LOG_TAIL] = float(tau.tail_exponent == 1 and tau.is_proper)
    _MU[mu.family](mu, par)
    _TAU[tau.family](tau, par)
    return par


def mixture_scales(mu: Prior, request: Request, parts: int = 1) -> Array:
    r"""Write mu's prior as a mixture of normals about its centre, in the kernels' units.

    Parameters
    ----------
    mu : Prior
        `StudentT` or `Cauchy`; any other needs no mixture.
    request : Request
        Its data give the unit, and how far from the prior they are.
    parts : int
        Into how many each panel is cut: 2 for the finer rule.

    Returns
    -------
    ndarray, shape (2, q)
        Squared SDs, and logs of their weights (which sum to 1 up to what is left out).

    Notes
    -----
    A t variable of :math:`\nu` degrees of freedom is normal with SD :math:`\sigma = s/\sqrt\lambda`,
    :math:`\lambda \sim` Gamma(:math:`\nu/2, \nu/2`). The rule is a composite Gauss rule in :math:`\log\sigma`.
    """
    if mu.family not in ("StudentT", "Cauchy"):
        return FLAT_SCALES
    unit = 2.0 ** math.floor(math.log2(request.sei.min()))
    scale = cast("Any", mu).scale / unit
    df = cast("Any", mu).df if mu.family == "StudentT" else 1.0
    reach = max(scale, float(np.abs(request.yi - cast("Any", mu).location).max()) / unit)
    low = math.log(scale) - 0.5 * math.log(2.0 * (SIGMA_SPREAD + 20.0 + df) / df)
    high = math.log(reach) + min(SIGMA_CAP, SIGMA_SPREAD / df)
    x, w = _composite(low, high, df, math.log(scale), parts)
    lam = df * np.exp(2.0 * (math.log(scale) - x))
    log_weight = np.log(2.0 * w) + 0.5 * df * np.log(0.5 * lam) - 0.5 * lam - gammaln(0.5 * df)
    keep = log_weight > log_weight.max() - 1.5 * SIGMA_SPREAD
    return np.vstack([np.exp(2.0 * x[keep]), log_weight[keep]])


def _composite(low: float, high: float, df: float, centre: float, parts: int) -> tuple[Array, Array]:
    """Nodes and weights of the composite Gauss rule for log sigma."""
    points, weights = np.polynomial.legendre.leggauss(vector.N)
    ends = [low]
    while ends[-1] < high:
        steep = df * math.exp(min(2.0 * (centre - ends[-1]), 700.0))  # slope of the log weight
        ends.append(ends[-1] + min(SIGMA_WIDTH, SIGMA_LIMIT / max(steep, df)))
    edges = np.concatenate([np.linspace(a, b, parts + 1)[:-1] for a, b in itertools.pairwise(ends)])
    edges = np.append(edges, ends[-1])
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + points)).ravel(), (half * weights).ravel()


def _column(values: ArrayLike) -> Array:
    return np.ascontiguousarray(values, dtype=np.float64)


# mu


def _flat(_: Any, par: Array) -> None:
    par[vector.MU_KIND] = vector.MU_FLAT


def _normal(prior: Any, par: Array) -> None:
    par[vector.MU_KIND], par[vector.M0], par[vector.S0] = vector.MU_NORMAL, prior.mean, prior.sd


def _point(prior: Any, par: Array) -> None:
    par[vector.MU_KIND], par[vector.M0], par[vector.S0] = vector.MU_NORMAL, prior.value, 0.0


def _mixture(prior: Any, par: Array) -> None:
    par[vector.MU_KIND], par[vector.M0] = vector.MU_MIXTURE, prior.location


# tau


def _half_normal(prior: Any, par: Array) -> None:
    s = prior.scale
    par[vector.FAMILY], par[vector.T1] = vector.HALF_NORMAL, s
    par[vector.LOG_C] = 0.5 * math.log(2.0 / math.pi) - math.log(s)
    par[vector.START], par[vector.CENTRE] = 2.0 * s, math.log(s)


def _half_t(prior: Any, par: Array) -> None:
    s, df = prior.scale, 1.0 if prior.family == "HalfCauchy" else prior.df
    par[vector.FAMILY], par[vector.T1], par[vector.T2] = vector.HALF_T, s, df
    par[vector.LOG_C] = float(prior.logpdf(0.0))
    par[vector.START] = s * min(math.sqrt(df), 2.0)
    par[vector.CENTRE], par[vector.STRIP] = math.log(s) + 0.5 * math.log(df), 0.5 * math.pi


def _exponential(prior: Any, par: Array) -> None:
    par[vector.FAMILY], par[vector.T1], par[vector.LOG_C] = (
        vector.EXPONENTIAL,
        prior.rate,
        math.log(prior.rate),
    )
    par[vector.START], par[vector.CENTRE] = 8.0 / prior.rate, -math.log(prior.rate)


def _inverse_gamma(prior: Any, par: Array) -> None:
    a, b = prior.shape, prior.scale
    par[vector.FAMILY], par[vector.T1], par[vector.T2] = vector.INVERSE_GAMMA, a, b
    par[vector.LOG_C] = a * math.log(b) - float(gammaln(a))
    par[vector.START], par[vector.CENTRE], par[vector.STRIP] = 0.0, math.log(b), 0.5 * math.pi


def _log_normal(prior: Any, par: Array) -> None:
    par[vector.FAMILY], par[vector.T1], par[vector.T2] = vector.LOG_NORMAL, prior.meanlog, prior.sdlog
    par[vector.LOG_C] = -0.5 * math.log(2.0 * math.pi) - math.log(prior.sdlog)
    par[vector.START], par[vector.CENTRE] = 0.0, prior.meanlog


def _log_t(prior: Any, par: Array) -> None:
    par[vector.FAMILY] = vector.LOG_T
    par[vector.T1], par[vector.T2], par[vector.T3] = prior.location, prior.scale, prior.df
    log_beta = float(betaln(0.5 * prior.df, 0.5))
    par[vector.LOG_BETA] = log_beta
    par[vector.LOG_C] = -0.5 * math.log(prior.df) - log_beta - math.log(prior.scale)
    par[vector.START], par[vector.CENTRE] = 0.0, prior.location
    par[vector.STRIP] = prior.scale * math.sqrt(prior.df)


def _uniform(prior: Any, par: Array) -> None:
    par[vector.FAMILY] = vector.UNIFORM
    par[vector.LOG_C] = float(prior.logpdf(prior.lower))
    par[vector.START] = math.inf if prior.lower == 0 else 0.0


def _point_tau(_: Any, par: Array) -> None:
    par[vector.FAMILY], par[vector.LOG_C] = vector.UNIFORM, 0.0


_MU: Mapping[str, Callable[[Any, Array], None]] = MappingProxyType(
    {"Flat": _flat, "Normal": _normal, "PointMass": _point, "StudentT": _mixture, "Cauchy": _mixture}
)
_TAU: Mapping[str, Callable[[Any, Array], None]] = MappingProxyType(
    {
        "HalfNormal": _half_normal,
        "HalfStudentT": _half_t,
        "HalfCauchy": _half_t,
        "Exponential": _exponential,
        "InverseGamma": _inverse_gamma,
        "LogNormal": _log_normal,
        "LogStudentT": _log_t,
        "Uniform": _uniform,
        "PointMass": _point_tau,
    }
)
