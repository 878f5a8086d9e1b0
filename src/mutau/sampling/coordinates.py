r"""The coordinates in which standardised study effects are sampled.

A study's standardised effect z, :math:`\theta_i = \mu + \tau z_i`, is sampled as x,

.. math:: z_i = \frac{\tau (y_i - \mu)}{s_i^2 + \tau^2} + \frac{s_i}{\sqrt{s_i^2 + \tau^2}}\, x_i ,

with the study's estimate y and standard error s. With a normal likelihood and normal effects, x is standard normal
whatever mu and tau are: NUTS meets neither the funnel of the centred form (tau near 0) nor that of the non-centred
one (precise studies). For other likelihoods that holds roughly. The change of variables is exact, so y and s change
no answer.

References
----------
Papaspiliopoulos O, Roberts GO, Sköld M (2007). A general framework for the parametrization of hierarchical models.
Statistical Science 22:59-73. doi:10.1214/088342307000000014
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

__all__ = ["standardised_effects"]

type Tensor = Any


class _NearTheData(Transform):  # type: ignore[misc]
    """From z to x; the last inputs of the variable are mu, tau, estimates, standard errors and a random generator."""

    name = "near"

    def forward(self, value: Tensor, *inputs: Tensor) -> Tensor:
        shift, scale = _shift_and_scale(*inputs[-5:-1])
        return (value - shift) / scale

    def backward(self, value: Tensor, *inputs: Tensor) -> Tensor:
        shift, scale = _shift_and_scale(*inputs[-5:-1])
        return shift + scale * value

    def log_jac_det(self, value: Tensor, *inputs: Tensor) -> Tensor:
        _, scale = _shift_and_scale(*inputs[-5:-1])
        return pt.log(scale) + pt.zeros_like(value)


def _shift_and_scale(mu: Tensor, tau: Tensor, yi: Tensor, sei: Tensor) -> tuple[Tensor, Tensor]:
    total = sei**2 + tau**2
    return tau * (yi - mu) / total, sei / pt.sqrt(total)


def standardised_effects(
    mu: Tensor, tau: Tensor, yi: Tensor, sei: Tensor, df: Tensor | None = None
) -> Tensor:
    """Add ``z`` (study) to the model: standard normal, or standard Student's t; independent of mu and tau.

    Parameters
    ----------
    mu, tau : tensor
        Mean effect and between-study SD; tau may be 0.
    yi, sei : tensor, shape (study,)
        Estimates and standard errors, which need only be roughly right.
    df : tensor, optional
        Degrees of freedom of the t distribution.

    Returns
    -------
    tensor, shape (study,)
    """

    def dist(*parameters: Tensor) -> Tensor:
        size = parameters[-1]
        return pm.Normal.dist(size=size) if df is None else pm.StudentT.dist(nu=parameters[0], size=size)

    def logp(value: Tensor, *_: Tensor) -> Tensor:
        return pm.logp(pm.Normal.dist() if df is None else pm.StudentT.dist(nu=df), value)

    parameters = (mu, tau, yi, sei) if df is None else (df, mu, tau, yi, sei)
    return pm.CustomDist(
        "z", *parameters, dist=dist, logp=logp, default_transform=_NearTheData(), dims="study"
    )
