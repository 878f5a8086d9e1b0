"""The record that describes one likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Data", "FloatArray", "Likelihood"]

type FloatArray = NDArray[np.float64]
type Data = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """One likelihood: how a study's data arise from its effect theta_i.

    Parameters
    ----------
    name : str
        The word a model file uses.
    label : str
        The words a table uses.
    mathematics : str
        The sampling model of study i, in text a reader of a methods section knows.
    data_columns : tuple of str
        Columns of the effects table it reads; each is an array of shape (study,).
    observed : str
        The one of them that is the outcome: the name of the variable in the groups ``observed_data``,
        ``log_likelihood`` and ``posterior_predictive``.
    log_likelihood : callable
        ``(data, mu, tau) -> array``: log density of each study's data with theta_i integrated out. `mu` and
        `tau` have shape (...,), the result (..., study).
    replicate : callable
        ``(data, mu, tau, rng) -> array``: what each study would have observed had it been run again, with a
        fresh theta_i; shape (..., study).
    """

    name: str
    label: str
    mathematics: str
    data_columns: tuple[str, ...]
    observed: str
    log_likelihood: Callable[[Data, FloatArray, FloatArray], FloatArray]
    replicate: Callable[[Data, FloatArray, FloatArray, np.random.Generator], FloatArray]
