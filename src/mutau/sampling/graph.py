r"""The model of record, as a PyMC graph.

.. math::

    \mathrm{data}_i \sim p(\cdot \mid \theta_i, \eta_i), \quad \theta_i = \mu + \tau z_i, \quad
    z_i \sim \mathrm{Normal}(0, 1)\ \text{or Student's } t, \quad \eta_i \sim \mathrm{Normal}(0, \sigma_\eta^2)

with a baseline eta where the data are counts of two arms. z is sampled in coordinates of its own (`coordinates`),
because neither the centred nor the non-centred form is without a funnel for every number and size of studies.
theta_new is not in the graph; it is drawn forward from mu and tau afterwards.

`FAMILIES` maps a likelihood's name to the function that adds it to the graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from mutau.likelihoods import LIKELIHOODS
from mutau.likelihoods.estimates import rough_estimates
from mutau.likelihoods.hypergeometric import support
from mutau.likelihoods.links import LINKS
from mutau.requests import ModelRequest
from mutau.sampling.coordinates import standardised_effects
from mutau.sampling.distributions import prior_data, prior_variable

__all__ = ["FAMILIES", "build_model", "has_t_effects", "model_values", "support_width"]

type Tensor = Any
type Values = Mapping[str, NDArray[np.float64]]

_OUTSIDE = -1e6
"""Log weight of the padding of a support: exp of it is 0, and its gradient is finite."""
_LARGEST = 600.0
"""Log of the largest Poisson mean that is computed; beyond it the log likelihood is flat, at -1e260."""


def _normal(theta: Tensor, data: Mapping[str, Tensor], measure: str) -> None:
    del measure
    pm.Normal("yi", mu=theta, sigma=data["sei"], observed=data["yi"], dims="study")


def _binomial(theta: Tensor, data: Mapping[str, Tensor], measure: str) -> None:
    risks = LINKS[measure](data["eta"], theta, xp=pt)
    for arm, log_p, log_q in (("treatment", risks.p1, risks.q1), ("control", risks.p0, risks.q0)):
        pm.CustomDist(
            f"events_{arm}", data[f"n_{arm}"], log_p, log_q, logp=_binomial_logp, random=_binomial_random,
            observed=data[f"events_{arm}"], dims="study",
        )  # fmt: skip


def _binomial_logp(value: Tensor, n: Tensor, log_p: Tensor, log_q: Tensor) -> Tensor:
    """Binomial log probability from the logarithms of both risks, neither of which is ever rounded to 0 or 1."""
    choose = pt.gammaln(n + 1) - pt.gammaln(value + 1) - pt.gammaln(n - value + 1)
    return choose + value * log_p + (n - value) * log_q


def _binomial_random(n: Any, log_p: Any, log_q: Any, rng: Any = None, size: Any = None) -> Any:
    del log_q
    return rng.binomial(np.asarray(n, dtype=np.int64), np.minimum(np.exp(log_p), 1), size=size).astype(
        np.float64
    )


def _poisson(theta: Tensor, data: Mapping[str, Tensor], measure: str) -> None:
    del measure
    for arm, sign in (("treatment", 1), ("control", -1)):
        log_mean = pt.log(data[f"time_{arm}"]) + (data["eta"] + sign * theta) / 2
        pm.CustomDist(
            f"events_{arm}", log_mean, logp=_poisson_logp, random=_poisson_random,
            observed=data[f"events_{arm}"], dims="study",
        )  # fmt: skip


def _poisson_logp(value: Tensor, log_mean: Tensor) -> Tensor:
    return value * log_mean - pt.exp(pt.minimum(log_mean, _LARGEST)) - pt.gammaln(value + 1)


def _poisson_random(log_mean: Any, rng: Any = None, size: Any = None) -> Any:
    return rng.poisson(np.exp(np.minimum(log_mean, 40.0)), size=size).astype(np.float64)


def _hypergeometric(theta: Tensor, data: Mapping[str, Tensor], measure: str) -> None:
    """Events under treatment given the study's total, as offsets from what was observed: observed is 0."""
    del measure
    terms = data["log_weight"] + theta[:, None] * data["offset"]
    pm.Potential("events", -pt.logsumexp(terms, axis=1), dims="study")


FAMILIES: dict[str, Callable[[Tensor, Mapping[str, Tensor], str], None]] = {
    "normal": _normal,
    "binomial": _binomial,
    "hypergeometric": _hypergeometric,
    "poisson": _poisson,
}


def has_t_effects(request: ModelRequest) -> bool:
    """Whether the random effects are Student's t."""
    return math.isfinite(request.effects_df)


def support_width(request: ModelRequest) -> int:
    """Columns that hold every study's support under the hypergeometric likelihood: a power of 2; else 0."""
    if request.likelihood != "hypergeometric":
        return 0
    sizes = [support(request.data, i).offset.size for i in range(len(request.study))]
    return int(2 ** math.ceil(math.log2(max(*sizes, 2))))


def _padded_supports(request: ModelRequest) -> dict[str, NDArray[np.float64]]:
    shape = (len(request.study), support_width(request))
    offset, log_weight = np.zeros(shape), np.full(shape, _OUTSIDE)
    for i in range(shape[0]):
        points, weights = support(request.data, i)
        offset[i, : points.size], log_weight[i, : points.size] = points, weights
    return {"offset": offset, "log_weight": log_weight}


def _columns(request: ModelRequest) -> Values:
    return _padded_supports(request) if request.likelihood == "hypergeometric" else request.data


def _near(request: ModelRequest) -> dict[str, NDArray[np.float64]]:
    """Roughly each study's estimate and standard error: where z is sampled; they change no answer."""
    return dict(zip(("near", "width"), rough_estimates(request.data, request.measure), strict=True))


def model_values(request: ModelRequest) -> dict[str, NDArray[np.float64]]:
    """Every number of the model, by the name of the ``pm.Data`` variable that holds it."""
    values: dict[str, Any] = {f"{name}_data": column for name, column in _columns(request).items()}
    values |= _near(request) | prior_data("mu", request.mu_prior) | prior_data("tau", request.tau_prior)
    if LIKELIHOODS[request.likelihood].has_baseline:
        values["baseline_sd"] = request.baseline_sd
    if has_t_effects(request):
        values["effects_df"] = request.effects_df
    return {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}


def build_model(request: ModelRequest) -> pm.Model:
    """Define the hierarchical random-effects model in PyMC.

    Returns
    -------
    pymc.Model
        Variables ``mu``, ``tau`` (data, where its prior is a point mass), ``z`` (study), ``theta`` (study), ``eta``
        (study) where there is a baseline, and what is observed: ``yi`` (study); ``events_treatment`` and
        ``events_control`` (study) for binomial and poisson; for hypergeometric a potential ``events`` (study).
    """
    with pm.Model(coords={"study": list(request.study)}) as model:
        mu = prior_variable("mu", request.mu_prior)
        tau = prior_variable("tau", request.tau_prior)
        df = pm.Data("effects_df", request.effects_df) if has_t_effects(request) else None
        near, width = (pm.Data(name, column, dims="study") for name, column in _near(request).items())
        z = standardised_effects(mu, tau, near, width, df)
        theta = pm.Deterministic("theta", mu + tau * z, dims="study")
        data: dict[str, Tensor] = {
            name: pm.Data(f"{name}_data", column, dims="study" if column.ndim == 1 else ("study", "point"))
            for name, column in _columns(request).items()
        }
        if LIKELIHOODS[request.likelihood].has_baseline:
            sd = pm.Data("baseline_sd", request.baseline_sd)
            data["eta"] = pm.Normal("eta", 0.0, sd, dims="study")
        FAMILIES[request.likelihood](theta, data, request.measure)
    return model
