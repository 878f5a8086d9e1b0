"""mutau's priors as PyMC random variables.

Every parameter of a prior enters the graph as ``pm.Data``, so that one compiled model serves any parameters
of the same prior family. `PYMC_PRIORS` maps a family's name to the function that builds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from mutau.priors import Mixture, NormalMixture, Prior
from mutau.priors.from_studies import StudyErrorPrior

__all__ = ["PYMC_PRIORS", "prior_data", "prior_family", "prior_shape", "prior_variable"]

type Tensor = Any
type Parameters = Mapping[str, Tensor]


def _log_student_t(name: str, p: Parameters) -> Tensor:
    log_value = pm.StudentT(f"log_{name}", nu=p["df"], mu=p["location"], sigma=p["scale"])
    return pm.Deterministic(name, pm.math.exp(log_value))


def _root_inverse_gamma(name: str, p: Parameters) -> Tensor:
    square = pm.InverseGamma(f"{name}2", alpha=p["shape"], beta=p["scale"])
    return pm.Deterministic(name, pm.math.sqrt(square))


def _log_logistic(shape: float) -> Callable[[str, Parameters], Tensor]:
    """Make the prior whose logarithm is logistic: DuMouchel's (shape 1) and uniform shrinkage (shape 2)."""

    def variable(name: str, p: Parameters) -> Tensor:
        log_value = pm.Logistic(f"log_{name}", mu=pm.math.log(p["scale"]), s=1.0 / shape)
        return pm.Deterministic(name, pm.math.exp(log_value))

    return variable


def _improper(log_density: Callable[[Tensor, Tensor], Tensor]) -> Callable[[str, Parameters], Tensor]:
    """Make an improper prior on (0, inf): flat, times its density as a potential."""

    def variable(name: str, p: Parameters) -> Tensor:
        value = pm.HalfFlat(name)
        pm.Potential(f"{name}_prior", log_density(value, p["errors"]))
        return value

    return variable


def _jeffreys(tau: Tensor, errors: Tensor) -> Tensor:
    return 0.5 * pm.math.log(pm.math.sum((tau / (errors**2 + tau**2)) ** 2))


def _berger_deely(tau: Tensor, errors: Tensor) -> Tensor:
    return pm.math.mean(pm.math.log(tau) - pm.math.log(errors**2 + tau**2))


_MIXED: dict[str, Callable[[Parameters], Tensor]] = {
    "HalfNormal": lambda p: pm.HalfNormal.dist(sigma=p["scale"]),
    "HalfStudentT": lambda p: pm.HalfStudentT.dist(nu=p["df"], sigma=p["scale"]),
    "HalfCauchy": lambda p: pm.HalfCauchy.dist(beta=p["scale"]),
    "Exponential": lambda p: pm.Exponential.dist(lam=p["rate"]),
    "LogNormal": lambda p: pm.LogNormal.dist(mu=p["meanlog"], sigma=p["sdlog"]),
    "InverseGamma": lambda p: pm.InverseGamma.dist(alpha=p["shape"], beta=p["scale"]),
}
"""What a mixture for tau can be of."""


def _mixture(name: str, p: Parameters) -> Tensor:
    """Make a mixture; parameters of its components are named ``"0_HalfNormal_scale"``."""
    components: dict[tuple[str, str], dict[str, Tensor]] = {}
    for key, value in p.items():
        if key != "weights":
            number, family, parameter = key.split("_", 2)
            components.setdefault((number, family), {})[parameter] = value
    made = [_MIXED[family](own) for (_, family), own in components.items()]
    return pm.Mixture(name, w=p["weights"], comp_dists=made)


PYMC_PRIORS: dict[str, Callable[[str, Parameters], Tensor]] = {
    "Normal": lambda name, p: pm.Normal(name, mu=p["mean"], sigma=p["sd"]),
    "NormalMixture": lambda name, p: pm.NormalMixture(name, w=p["weights"], mu=p["means"], sigma=p["sds"]),
    "Mixture": _mixture,
    "StudentT": lambda name, p: pm.StudentT(name, nu=p["df"], mu=p["location"], sigma=p["scale"]),
    "Cauchy": lambda name, p: pm.Cauchy(name, alpha=p["location"], beta=p["scale"]),
    "Uniform": lambda name, p: pm.Uniform(name, lower=p["lower"], upper=p["upper"]),
    "Flat": lambda name, _: pm.Flat(name),
    "HalfFlat": lambda name, _: pm.HalfFlat(name),
    "HalfNormal": lambda name, p: pm.HalfNormal(name, sigma=p["scale"]),
    "HalfCauchy": lambda name, p: pm.HalfCauchy(name, beta=p["scale"]),
    "HalfStudentT": lambda name, p: pm.HalfStudentT(name, nu=p["df"], sigma=p["scale"]),
    "LogNormal": lambda name, p: pm.LogNormal(name, mu=p["meanlog"], sigma=p["sdlog"]),
    "InverseGamma": lambda name, p: pm.InverseGamma(name, alpha=p["shape"], beta=p["scale"]),
    "Exponential": lambda name, p: pm.Exponential(name, lam=p["rate"]),
    "LogStudentT": _log_student_t,
    "RootInverseGamma": _root_inverse_gamma,
    "DuMouchel": _log_logistic(1.0),
    "UniformShrinkage": _log_logistic(2.0),
    "UniformI2": _log_logistic(2.0),
    "Jeffreys": _improper(_jeffreys),
    "BergerDeely": _improper(_berger_deely),
    "PointMass": lambda _, p: p["value"],
}
"""Prior family to PyMC. A point mass is a known number, no random variable: its data variable is returned."""


def prior_family(prior: Prior) -> str:
    """Name the PyMC form of a prior: its family, but ``HalfFlat`` for the improper uniform on (0, inf)."""
    if prior.family == "Uniform" and math.isinf(prior.parameters["upper"]):
        return "HalfFlat"
    return prior.family


def prior_shape(prior: Prior) -> str:
    """Name what two priors must share to share a compiled model: family and, where it has vectors, their length."""
    if isinstance(prior, Mixture):
        return f"Mixture of {', '.join(each.family for each in prior.components)}"
    lengths = [np.size(value) for value in _parameters(prior).values() if np.ndim(value)]
    return f"{prior.family} of {lengths[0]}" if lengths else prior_family(prior)


def prior_data(name: str, prior: Prior) -> dict[str, float | NDArray[np.float64]]:
    """Name the data variables that hold a prior's parameters: ``{"tau_prior_scale": 0.5}``; vectors of a mixture."""
    values = ((key, np.asarray(value, dtype=np.float64)) for key, value in _parameters(prior).items())
    return {f"{name}_prior_{key}": value if value.ndim else float(value) for key, value in values}


def _parameters(prior: Prior) -> dict[str, Any]:
    """The numbers that a prior's function above takes."""
    if prior_family(prior) == "HalfFlat":
        return {}
    if isinstance(prior, StudyErrorPrior):
        return {"errors": prior.errors} if not prior.is_proper else {"scale": float(prior.errors[0])}
    if isinstance(prior, Mixture):
        named = (
            (f"{number}_{each.family}_{key}", value)
            for number, each in enumerate(prior.components)
            for key, value in each.parameters.items()
        )
        return {"weights": prior.shares, **dict(named)}
    parameters = dict(prior.parameters)
    if isinstance(prior, NormalMixture):
        parameters["weights"] = prior.shares  # PyMC refuses weights that do not sum to 1
    return parameters


def prior_variable(name: str, prior: Prior) -> Tensor:
    """Add `name` with `prior` to the PyMC model in context, and return it."""
    prefix = f"{name}_prior_"
    parameters = {
        key.removeprefix(prefix): pm.Data(key, value) for key, value in prior_data(name, prior).items()
    }
    return PYMC_PRIORS[prior_family(prior)](name, parameters)
