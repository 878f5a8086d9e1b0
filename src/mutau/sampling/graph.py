r"""The model of record, as a PyMC graph.

.. math::

    y_i \sim \mathrm{Normal}(\theta_i, s_i^2), \quad \theta_i = \mu + \tau z_i, \quad
    z_i \sim \mathrm{Normal}(0, 1)

Non-centred: with two or three studies tau is barely known and the centred form is a funnel that NUTS cannot
explore. theta_new is not in the graph; it is drawn forward from mu and tau afterwards.

`FAMILIES` maps a likelihood's name to the function that adds it to the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from mutau.requests import ModelRequest
from mutau.sampling.distributions import prior_data, prior_variable

__all__ = ["FAMILIES", "build_model", "model_values"]

type Tensor = Any


def _normal(theta: Tensor, data: Mapping[str, NDArray[np.float64]]) -> None:
    yi = pm.Data("yi_data", data["yi"], dims="study")
    sei = pm.Data("sei_data", data["sei"], dims="study")
    pm.Normal("yi", mu=theta, sigma=sei, observed=yi, dims="study")


FAMILIES: dict[str, Callable[[Tensor, Mapping[str, NDArray[np.float64]]], None]] = {"normal": _normal}


def model_values(request: ModelRequest) -> dict[str, NDArray[np.float64]]:
    """Every number of the model, by the name of the ``pm.Data`` variable that holds it."""
    values: dict[str, Any] = {f"{name}_data": column for name, column in request.data.items()}
    values |= prior_data("mu", request.mu_prior) | prior_data("tau", request.tau_prior)
    return {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}


def build_model(request: ModelRequest) -> pm.Model:
    """Define the hierarchical random-effects model in PyMC.

    Returns
    -------
    pymc.Model
        Variables ``mu``, ``tau`` (data, where its prior is a point mass), ``z`` (study), ``theta`` (study),
        ``yi`` (study).
    """
    with pm.Model(coords={"study": list(request.study)}) as model:
        mu = prior_variable("mu", request.mu_prior)
        tau = prior_variable("tau", request.tau_prior)
        z = pm.Normal("z", 0.0, 1.0, dims="study")
        theta = pm.Deterministic("theta", mu + tau * z, dims="study")
        FAMILIES[request.likelihood](theta, request.data)
    return model
