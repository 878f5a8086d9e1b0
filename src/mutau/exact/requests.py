"""From studies and priors to what the compiled kernels take, everything checked first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.special import gammaln

from mutau.errors import ArgumentError, Fault, ImproperPosteriorError
from mutau.numerics import tau_density as vector
from mutau.priors import Existence, posterior_is_proper, tau_prior_faults
from mutau.priors.from_studies import FROM_STUDIES, StudyErrorPrior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.priors import Prior

    type Array = NDArray[np.float64]
    type KernelModels = tuple[Array, Array, Array, NDArray[np.int64]]

__all__ = [
    "Model",
    "Request",
    "farthest",
    "kernel_model",
    "mu_parts",
    "one_model",
    "prepare",
    "prior_faults",
    "supports",
    "tau_vector",
]

SIGMA_WIDTH = 1.5  # panels in the log of the SD of a component of a t prior: the singularity is pi/2 away
SIGMA_GROWTH = 0.6  # of the distance from the data's own scale, beyond which everything is a power of the SD
SIGMA_SPREAD = 44.0  # e-folds of weight that are kept: exp(-44) is 8e-20
SIGMA_CAP = 75.0  # log SD above which a component is as good as flat
SIGMA_LIMIT = 16.0  # change of a log weight within one panel
CAP = 80.0  # log of how many times the scale of data and priors tau is followed: beyond, it is as good as infinite
LARGEST_LOG = 690.0  # of a tau that float64 holds, with its square's reciprocal


@dataclass(frozen=True, slots=True)
class Model:
    """Priors in the kernels' form, for sets of studies of which the extent is known.

    Parameters
    ----------
    vector : ndarray, shape (MODEL,) or longer
        Prior of tau, see `mutau.numerics.tau_density`.
    parts, finer : ndarray, shape (3, q)
        Prior of mu as normal components: means, SDs, log weights; q = 0 is flat. `finer` has a t prior's integral
        over its latent scale by twice as many nodes, and is `parts` itself for every other prior.
    """

    vector: Array
    parts: Array
    finer: Array


def one_model(model: Model) -> KernelModels:
    """Write one model for all sets as `numerics.solving.solve_many` takes models."""
    return model.vector[None], model.parts[None], model.finer[None], np.zeros((1, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request: the data, the priors, and the priors in the kernels' form."""

    yi: Array
    sei: Array
    mu: Prior
    tau: Prior
    model: Model

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
    'the exact engine has no rule for Uniform as the prior of mu; it has Cauchy,
    Flat, Normal, NormalMixture, PointMass, StudentT'
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
    tau = tau.given(errors)
    require_proper(mu, tau, len(effects))
    return Request(effects, errors, mu, tau, kernel_model(mu, tau, effects, errors, len(effects)))


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


def kernel_model(mu: Prior, tau: Prior, yi: Array, sei: Array, most: int) -> Model:
    """Write the priors in the kernels' form.

    Parameters
    ----------
    mu, tau : Prior
        Priors that `supports` knows.
    yi, sei : ndarray, shape (n,)
        All studies of all sets: their extent says where the quadrature starts and ends.
    most : int
        Number of studies in the largest set.
    """
    parts, finer = mu_parts(mu, yi)
    return Model(tau_vector(tau, mu.tail_exponent, farthest(parts), yi, sei, most), parts, finer)


def mu_parts(mu: Prior, yi: Array) -> tuple[Array, Array]:
    """Normal components of mu's prior, and the same by a finer rule; see `Model`."""
    parts = _MU[mu.family](mu)
    if parts is not None:
        return parts, parts
    far = float(np.abs(yi - cast("Any", mu).location).max())
    coarse, fine = (_t_components(mu, far, halves) for halves in (1, 2))
    return coarse, fine


def farthest(parts: Array) -> float:
    """Largest distance of a component of mu's prior from 0."""
    return float(np.abs(parts[0]).max(initial=0.0))


def tau_vector(tau: Prior, mu_tail: float, mu_far: float, yi: Array, sei: Array, most: int) -> Array:
    """Write tau's prior in the kernels' form; `mu_tail` and `mu_far` are mu's tail exponent and `farthest` part."""
    own = tau.errors.size if isinstance(tau, StudyErrorPrior) else 0
    out = np.zeros(vector.MODEL + own)
    out[vector.SCALE], out[vector.CENTRE] = math.inf, -math.inf
    out[vector.LOWER], out[vector.UPPER] = tau.support
    out[vector.START] = math.inf
    out[vector.TAIL] = tau.tail_exponent - 1.0 + min(1.0, mu_tail)
    _TAU[tau.family](tau, out)
    extent = max(float(sei.max()), float(np.abs(yi).max()), mu_far, math.exp(out[vector.CENTRE]))
    out[vector.CAP] = min(math.log(extent) + 0.5 * math.log(most) + CAP, LARGEST_LOG)
    if out[vector.START] == 0.0:
        _set_lower_end(tau, out, math.log(float(sei.min())), most)
    if out[vector.UPPER] < math.inf and out[vector.UPPER] > 0.0:
        out[vector.CAP] = math.log(out[vector.UPPER])
    return out


def _set_lower_end(tau: Any, out: Array, low: float, most: int) -> None:
    """Say where the rule starts under a prior that is declared for log tau, and what lies outside its ends.

    Below, the likelihood is what it is at tau = 0 (to rounding), and the prior has nothing, or its own mass.
    """
    room = 0.5 * math.log(most)
    starts: dict[str, Callable[[], float]] = {
        "InverseGamma": lambda: math.log(tau.scale / (700.0 + 4.0 * most)),
        "RootInverseGamma": lambda: 0.5 * math.log(tau.scale / (700.0 + 4.0 * most)),
        "LogNormal": lambda: min(tau.meanlog, low - 9.0 - room) - 12.0 * tau.sdlog,
        "LogStudentT": lambda: min(low - 21.0 - room, tau.location - 3.0 * tau.scale * math.sqrt(tau.df)),
        "Uniform": lambda: math.log(tau.lower),
    }
    out[vector.FROM] = max(starts[tau.family](), -LARGEST_LOG)
    if tau.family == "LogStudentT":
        for end, mass, at in ((vector.FROM, tau.cdf, vector.BELOW), (vector.CAP, tau.sf, vector.ABOVE)):
            edge = math.exp(out[end])
            out[at] = mass(edge) / math.exp(tau.logpdf(edge) + out[end])


def _t_components(mu: Any, far: float, parts: int) -> Array:
    r"""Write a t prior as a mixture of normals about its centre.

    Parameters
    ----------
    mu : StudentT or Cauchy
        The prior.
    far : float
        Largest distance of an effect from its centre.
    parts : int
        Into how many each panel is cut: 2 for the finer rule.

    Returns
    -------
    ndarray, shape (3, q)
        Means, SDs, and logs of weights (which sum to 1 up to what is left out).

    Notes
    -----
    A t variable of :math:`\nu` degrees of freedom is normal with SD :math:`\sigma = s/\sqrt\lambda`,
    :math:`\lambda \sim` Gamma(:math:`\nu/2, \nu/2`). The rule is a composite Gauss rule in :math:`\log\sigma`.
    """
    scale, df = mu.scale, 1.0 if mu.family == "Cauchy" else mu.df
    reach = math.log(max(scale, far))
    low = math.log(scale) - 0.5 * math.log(2.0 * (SIGMA_SPREAD + 20.0 + df) / df)
    high = reach + min(SIGMA_CAP, SIGMA_SPREAD / df)
    x, w = _composite(low, high, df, math.log(scale), reach, parts)
    lam = df * np.exp(2.0 * (math.log(scale) - x))
    log_weight = np.log(2.0 * w) + 0.5 * df * np.log(0.5 * lam) - 0.5 * lam - gammaln(0.5 * df)
    keep = log_weight > log_weight.max() - 1.5 * SIGMA_SPREAD
    return np.vstack([np.full(keep.sum(), mu.location), np.exp(x[keep]), log_weight[keep]])


def _composite(
    low: float, high: float, df: float, centre: float, reach: float, parts: int
) -> tuple[Array, Array]:
    """Nodes and weights of the composite Gauss rule for log sigma."""
    points, weights = np.polynomial.legendre.leggauss(vector.N)
    ends = [low]
    while ends[-1] < high:
        steep = df * math.exp(min(2.0 * (centre - ends[-1]), 700.0))  # slope of the log weight
        widest = max(SIGMA_WIDTH, SIGMA_GROWTH * (ends[-1] - reach))
        ends.append(ends[-1] + min(widest, SIGMA_LIMIT / max(steep, df)))
    edges = np.concatenate([np.linspace(a, b, parts + 1)[:-1] for a, b in itertools.pairwise(ends)])
    edges = np.append(edges, ends[-1])
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + points)).ravel(), (half * weights).ravel()


def _column(values: ArrayLike) -> Array:
    return np.ascontiguousarray(values, dtype=np.float64)


# mu: its normal components, or None where the data decide which


def _one(mean: float, sd: float) -> Array:
    return np.array([[mean], [sd], [0.0]])


_MU: Mapping[str, Callable[[Any], Array | None]] = MappingProxyType(
    {
        "Flat": lambda _: np.empty((3, 0)),
        "Normal": lambda prior: _one(prior.mean, prior.sd),
        "NormalMixture": lambda prior: np.vstack([prior.means, prior.sds, np.log(prior.shares)]),
        "PointMass": lambda prior: _one(prior.value, 0.0),
        "StudentT": lambda _: None,
        "Cauchy": lambda _: None,
    }
)


# tau


def _half_normal(prior: Any, out: Array) -> None:
    s = prior.scale
    out[vector.NU], out[vector.SCALE] = math.inf, s
    out[vector.CONSTANT] = 0.5 * math.log(2.0 / math.pi) - math.log(s)
    out[vector.START], out[vector.CENTRE] = 2.0 * s, math.log(s)


def _half_t(prior: Any, out: Array) -> None:
    s, df = prior.scale, 1.0 if prior.family == "HalfCauchy" else prior.df
    out[vector.NU], out[vector.SCALE], out[vector.CONSTANT] = df, s, float(prior.logpdf(0.0))
    out[vector.START], out[vector.CENTRE] = s * min(math.sqrt(df), 2.0), math.log(s) + 0.5 * math.log(df)


def _exponential(prior: Any, out: Array) -> None:
    out[vector.RATE], out[vector.CONSTANT] = prior.rate, math.log(prior.rate)
    out[vector.START], out[vector.CENTRE] = 2.0 / prior.rate, -math.log(prior.rate)


def _inverse_gamma(prior: Any, out: Array) -> None:
    a, b = prior.shape, prior.scale
    out[vector.ON_LOG], out[vector.POWER], out[vector.INVERSE] = 1.0, a + 1.0, b
    out[vector.CONSTANT] = a * math.log(b) - float(gammaln(a))
    out[vector.START], out[vector.CENTRE] = 0.0, math.log(b)


def _root_inverse_gamma(prior: Any, out: Array) -> None:
    a, b = prior.shape, prior.scale
    out[vector.ON_LOG], out[vector.POWER], out[vector.INVERSE_SQUARE] = 1.0, 2.0 * a + 1.0, b
    out[vector.CONSTANT] = math.log(2.0) + a * math.log(b) - float(gammaln(a))
    out[vector.START], out[vector.CENTRE] = 0.0, 0.5 * math.log(b)


def _from_errors(prior: Any, out: Array) -> None:
    """A prior made from standard errors; `formula` is form, degree, amount, power, constant of the kernel's."""
    form, *numbers = prior.formula
    out[vector.FORM] = {"product": vector.PRODUCT, "sum": vector.SUM}[form]
    out[vector.DEGREE], out[vector.AMOUNT], out[vector.POWER], out[vector.CONSTANT] = numbers
    own = prior.errors
    out[vector.MODEL :] = own
    out[vector.START], out[vector.CENTRE] = own.min(), math.log(own.max())


def _log_normal(prior: Any, out: Array) -> None:
    out[vector.ON_LOG], out[vector.POWER], out[vector.NU] = 1.0, 1.0, math.inf
    out[vector.CENTRE_U], out[vector.SCALE] = prior.meanlog, prior.sdlog
    out[vector.CONSTANT] = -0.5 * math.log(2.0 * math.pi) - math.log(prior.sdlog)
    out[vector.START], out[vector.CENTRE] = 0.0, prior.meanlog


def _log_t(prior: Any, out: Array) -> None:
    out[vector.ON_LOG], out[vector.POWER], out[vector.NU] = 1.0, 1.0, prior.df
    out[vector.CENTRE_U], out[vector.SCALE] = prior.location, prior.scale
    out[vector.CONSTANT] = float(prior.logpdf(math.exp(prior.location))) + prior.location
    out[vector.START], out[vector.CENTRE] = 0.0, prior.location


def _uniform(prior: Any, out: Array) -> None:
    out[vector.CONSTANT] = float(prior.logpdf(prior.lower))
    out[vector.START] = math.inf if prior.lower == 0 else 0.0


def _point(prior: Any, out: Array) -> None:
    out[vector.LOWER], out[vector.UPPER] = prior.value, prior.value


_TAU: Mapping[str, Callable[[Any, Array], None]] = MappingProxyType(
    {
        "HalfNormal": _half_normal,
        "HalfStudentT": _half_t,
        "HalfCauchy": _half_t,
        "Exponential": _exponential,
        "InverseGamma": _inverse_gamma,
        "RootInverseGamma": _root_inverse_gamma,
        **dict.fromkeys(FROM_STUDIES, _from_errors),
        "LogNormal": _log_normal,
        "LogStudentT": _log_t,
        "Uniform": _uniform,
        "PointMass": _point,
    }
)
