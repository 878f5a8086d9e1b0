"""A prior from an earlier meta-analysis: what it predicts for a new setting, as a mixture of normals; made robust."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy import special

from mutau.errors import ApproximationWarning, ArgumentError, Fault
from mutau.priors.mixture import NormalMixture
from mutau.priors.origin import Origin
from mutau.priors.real_line import Normal

if TYPE_CHECKING:
    from mutau.priors.base import FloatArray
    from mutau.records import Marginal

__all__ = ["Fitted", "MapPrior", "map_prior", "robustify"]

_SOURCE = "Meta-analytic-predictive prior: Schmidli et al. (2014), doi:10.1111/biom.12242"
_MOST = 6  # components
_REACH = 4.0  # in normal quantiles of the distribution that is approximated: tails of 3e-5 are left out
_NODES = 400
_ROUNDS, _DONE = 3000, 1e-11  # of EM, and the gain in log density at which it stops
_DIGITS = 4  # of the components' parameters: they can be copied into a model file


class Fitted(Protocol):
    """What is asked of an earlier fit: `mutau.Fit` is one."""

    @property
    def model(self) -> Any:
        """The outcome model."""

    @property
    def k(self) -> int:
        """Number of studies."""

    def marginal(self, quantity: str) -> Marginal:
        """Posterior of one quantity."""


@dataclass(frozen=True, slots=True)
class MapPrior:
    """A meta-analytic-predictive prior and how well it stands for what it approximates. Made by `map_prior`.

    Parameters
    ----------
    prior : NormalMixture
        Of the mean effect, on the analysis scale, with the earlier analysis as its `origin`.
    error : float
        Largest distance between its distribution function and the one it approximates.
    divergence : float
        Kullback-Leibler divergence of it from that one, in nats; the 0.003% in each tail count as one event each.
    """

    prior: NormalMixture
    error: float
    divergence: float


def map_prior(fit: Fitted, *, components: int | None = None, tolerance: float = 0.005) -> MapPrior:
    r"""Turn an earlier meta-analysis into a prior: the posterior of theta_new, as a mixture of normals.

    Parameters
    ----------
    fit : Fit
        The earlier meta-analysis.
    components : int, optional
        Number of normals; left out, the fewest that keep to `tolerance`, at most 6.
    tolerance : float
        Largest distance between the two distribution functions that is accepted.

    Returns
    -------
    MapPrior
        The prior, and how far it is from what it approximates.

    Raises
    ------
    mutau.errors.ArgumentError
        The number of components is not 1 to 6.

    Warns
    -----
    mutau.errors.ApproximationWarning
        Not even 6 components keep to the tolerance; the best is given, with its error.

    Notes
    -----
    The effect in a new setting, not the mean effect, is what the earlier studies say of a further one [1]_ [2]_: its
    spread holds tau. The mixture is fitted by the EM algorithm on 400 points of the distribution itself, which lowers
    the Kullback-Leibler divergence from it. Parameters are rounded to 4 digits, and the error is that of the rounded.

    References
    ----------
    .. [1] Neuenschwander B, Capkun-Niggli G, Branson M, Spiegelhalter DJ (2010). Summarizing historical information
       on controls in clinical trials. Clinical Trials 7:5-18. doi:10.1177/1740774509356002
    .. [2] Schmidli H, Gsteiger S, Roychoudhury S, O'Hagan A, Spiegelhalter D, Neuenschwander B (2014). Robust
       meta-analytic-predictive priors in clinical trials with historical control information. Biometrics
       70:1023-1032. doi:10.1111/biom.12242

    Examples
    --------
    >>> import pandas as pd
    >>> import mutau
    >>> earlier = pd.DataFrame({"study": ["a", "b", "c"], "yi": [-0.4, -0.1, -0.3], "sei": [0.2, 0.15, 0.3]})
    >>> model = mutau.OutcomeModel(name="earlier", measure="OR", benefit="lower")
    >>> found = map_prior(mutau.fit(earlier, model, engine="exact", seed=1))
    >>> found.error < 0.005, found.prior.origin.name
    (True, 'meta-analytic-predictive (earlier, 3 studies)')
    """
    if components is not None and components not in range(1, _MOST + 1):
        rule = f"The number of components is 1 to {_MOST}"
        raise ArgumentError(Fault(f"components = {components!r}", rule, "Leave it out"))
    posterior = fit.marginal("theta_new")
    x, weights = _points(posterior)
    best: tuple[float, float, NormalMixture] | None = None
    for number in (components,) if components is not None else range(1, _MOST + 1):
        mixture = _rounded(_fitted(x, weights, number))
        error = float(np.abs(np.asarray(posterior.cdf(x)) - mixture.cdf(x)).max())
        if best is None or error < best[0]:
            best = error, _divergence(posterior, mixture, x, weights), mixture
        if error <= tolerance:
            break
    assert best is not None
    error, divergence, mixture = best
    if error > tolerance:
        _warn(error, tolerance)
    return MapPrior(replace(mixture, origin=_origin(fit, error)), error, divergence)


def robustify(prior: Normal | NormalMixture, vague: Normal, weight: float = 0.1) -> NormalMixture:
    """Mix a prior with a vague one, so that it gives way where the data contradict it.

    Parameters
    ----------
    prior : Normal or NormalMixture
        An informative prior of the mean effect.
    vague : Normal
        The robust component: `unit_information` of the measure, or the measure's default prior.
    weight : float
        Its probability, in (0, 1): the chance that the informative prior is beside the point.

    Returns
    -------
    NormalMixture
        With the weights of `prior` times 1 - `weight`, and its `origin` with a note.

    Raises
    ------
    mutau.errors.ArgumentError
        A prior is not normal or a mixture of normals, they are stated for different measures, or the weight is not in
        (0, 1); every fault is named.

    References
    ----------
    Schmidli H, Gsteiger S, Roychoudhury S, O'Hagan A, Spiegelhalter D, Neuenschwander B (2014). Robust
    meta-analytic-predictive priors in clinical trials with historical control information. Biometrics
    70:1023-1032. doi:10.1111/biom.12242

    Examples
    --------
    >>> print(robustify(Normal(-0.3, 0.2), Normal(0, 2), weight=0.2))
    NormalMixture((0.8, 0.2), (-0.3, 0), (0.2, 2))
    """
    faults = []
    for name, given, families in (("prior", prior, (Normal, NormalMixture)), ("vague", vague, (Normal,))):
        if not isinstance(given, families):
            rule = f"It is {' or '.join(each.__name__ for each in families)}"
            faults.append(Fault(f"{name} = {given!r}", rule, "Give one of mutau.priors", key=name))
    known = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not (known and 0 < weight < 1):
        rule = "The probability of the vague component lies between 0 and 1"
        faults.append(Fault(f"weight = {weight!r}", rule, "Give 0.1 for 10%", key="weight"))
    if faults:
        raise ArgumentError(faults)
    if prior.origin and vague.origin and prior.origin.measure != vague.origin.measure:
        what = f"a prior for {prior.origin.measure}, and a vague one for {vague.origin.measure}"
        raise ArgumentError(Fault(what, "Both are of one effect measure", "State the vague one for the same"))
    parts = prior if isinstance(prior, NormalMixture) else NormalMixture((1,), (prior.mean,), (prior.sd,))
    note = f"robust: {weight:g} on {vague._label}"
    if parts.origin is not None or prior.origin is not None:
        origin = prior.origin
        assert origin is not None
        origin = replace(origin, note="; ".join(part for part in (origin.note, note) if part))
    else:
        origin = None
    mixture = NormalMixture(
        (*(float(f"{(1 - weight) * share:.12g}") for share in parts.shares), weight),
        (*parts.means, vague.mean),
        (*parts.sds, vague.sd),
    )
    return replace(mixture, origin=origin)


def _origin(fit: Fitted, error: float) -> Origin:
    model = fit.model
    studies = "1 study" if fit.k == 1 else f"{fit.k} studies"
    atanh = model.measure_record.analysis_scale == "atanh"
    note = f"approximated to within {_upwards(error)} in probability{', on the atanh scale' if atanh else ''}"
    name = f"meta-analytic-predictive ({model.name}, {studies})"
    return Origin(name, "mu", model.measure, model.measure, note=note, source=_SOURCE, published=False)


def _upwards(error: float) -> str:
    return f"{math.ceil(error * 1e4) / 1e4:.4f}"


def _warn(error: float, tolerance: float) -> None:
    import warnings

    text = f"the prior differs from the posterior of theta_new by {error:.2g} in probability, more than {tolerance:g}"
    warnings.warn(
        f"{text}: it has tails that a few normals do not follow", ApproximationWarning, stacklevel=3
    )


def _points(posterior: Marginal) -> tuple[FloatArray, FloatArray]:
    """Points of a distribution, and their probabilities, evenly spaced in its normal quantiles."""
    z = np.linspace(-_REACH, _REACH, _NODES)
    weights = np.exp(-0.5 * z * z)
    weights[[0, -1]] *= 0.5
    return np.asarray(posterior.quantile(special.ndtr(z)), dtype=np.float64), weights / weights.sum()


def _fitted(x: FloatArray, weights: FloatArray, number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit by EM from two starts, components side by side and one inside the other; the better one is kept."""
    low, middle, high = np.interp([0.16, 0.5, 0.84], np.cumsum(weights), x)
    spread = max(0.5 * (high - low), 1e-12 * max(1.0, abs(middle)))
    shares = np.full(number, 1.0 / number)
    places = (np.arange(number) + 0.5) / number
    beside = np.interp(places, np.cumsum(weights), x), np.full(number, spread / math.sqrt(number))
    inside = np.full(number, middle), np.asarray(spread * 2.0 ** (np.arange(number) - 0.5 * (number - 1)))
    tried = [_em(x, weights, shares, means, sds) for means, sds in (beside, inside)]
    return max(tried, key=lambda each: each[0])[1]


def _em(
    x: FloatArray, weights: FloatArray, shares: FloatArray, means: FloatArray, sds: FloatArray
) -> tuple[float, tuple[FloatArray, FloatArray, FloatArray]]:
    """Raise the mean log density of weighted points, round after round."""
    value = -math.inf
    least = 1e-3 * float(sds.min())
    for _ in range(_ROUNDS):
        logs = np.log(shares) - np.log(sds) - 0.5 * ((x[:, None] - means) / sds) ** 2
        total = special.logsumexp(logs, axis=1)
        new = float(weights @ total)
        if new - value < _DONE:
            break
        value = new
        each = weights[:, None] * np.exp(logs - total[:, None])
        shares = np.maximum(each.sum(axis=0), 1e-12)
        means = (each * x[:, None]).sum(axis=0) / shares
        sds = np.sqrt((each * (x[:, None] - means) ** 2).sum(axis=0) / shares).clip(least)
        shares = shares / shares.sum()
    return value, (shares, means, sds)


def _rounded(parts: tuple[FloatArray, FloatArray, FloatArray]) -> NormalMixture:
    order = np.argsort(-parts[0])
    means, sds = (tuple(float(f"{each:.{_DIGITS}g}") for each in part[order]) for part in parts[1:])
    shares = [max(round(float(each), _DIGITS), 10.0**-_DIGITS) for each in parts[0][order]]
    shares[0] = round(1.0 - math.fsum(shares[1:]), _DIGITS)
    return NormalMixture(tuple(shares), means, sds)


def _divergence(posterior: Marginal, mixture: NormalMixture, x: FloatArray, weights: FloatArray) -> float:
    density, tail = np.asarray(posterior.pdf(x), dtype=np.float64), float(special.ndtr(-_REACH))
    usable = density > 0
    logs = np.log(density[usable]) - mixture.logpdf(x[usable])
    inner = float(weights[usable] @ logs / weights[usable].sum())
    ends = np.maximum([mixture.cdf(float(x[0])), mixture.sf(float(x[-1]))], 1e-300)
    return max((1.0 - 2.0 * tail) * inner + tail * float(np.log(tail / ends).sum()), 0.0)
