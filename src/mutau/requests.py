"""What every engine is given: one frozen request, numbers and priors only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mutau.priors import Prior

__all__ = ["ModelRequest"]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything that defines one hierarchical model and its data.

    Parameters
    ----------
    likelihood : str
        Name of the likelihood, a key of `mutau.likelihoods.LIKELIHOODS`.
    data : mapping
        The likelihood's data columns, each float64 of shape (study,), on the analysis scale.
    mu_prior, tau_prior : Prior
        Priors of the mean effect and the between-study SD. A point mass makes tau a known number: at 0,
        theta_i = mu in every study, the common-effect model.
    study : tuple of str
        Study names, the coordinate of dim ``study``.
    measure : str
        Which link joins theta to the arms, where the likelihood is of counts: RR, OR or RD for binomial, OR for
        hypergeometric, IRR for poisson.
    baseline_sd : float
        Standard deviation of each study's baseline, eta_i ~ Normal(0, baseline_sd), where there is one.
    effects_df : float
        Degrees of freedom of the random effects, theta_i = mu + tau t; infinite for normal ones.
    """

    likelihood: str
    data: Mapping[str, NDArray[np.float64]]
    mu_prior: Prior
    tau_prior: Prior
    study: tuple[str, ...]
    measure: str = "GEN"
    baseline_sd: float = 10.0
    effects_df: float = math.inf
