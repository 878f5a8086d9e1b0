"""The record that describes one likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Data", "FloatArray", "Likelihood", "LogLikelihood", "Replicate", "StudyLogLikelihood"]

type FloatArray = NDArray[np.float64]
type Data = Mapping[str, FloatArray]


class StudyLogLikelihood(Protocol):
    """Log probability (or density) of each study's data at given effects, the study's baseline integrated out."""

    def __call__(self, data: Data, theta: FloatArray, measure: str, baseline_sd: float) -> FloatArray:
        """Take effects of shape (n,) on the analysis scale, give an array of shape (study, n)."""
        ...


class LogLikelihood(Protocol):
    """Log probability of each study's data given mu and tau: its effect and its baseline integrated out."""

    def __call__(
        self, data: Data, mu: FloatArray, tau: FloatArray, *,
        measure: str, baseline_sd: float = ..., effects_df: float = ...,
    ) -> FloatArray:  # fmt: skip
        """Take `mu` and `tau` of shape (...,), give an array of shape (..., study)."""
        ...


class Replicate(Protocol):
    """What each study would have observed had it been run again, with a fresh effect."""

    def __call__(
        self, data: Data, mu: FloatArray, tau: FloatArray, rng: np.random.Generator, *,
        measure: str, baseline_sd: float = ..., effects_df: float = ...,
    ) -> FloatArray:  # fmt: skip
        """Take `mu` and `tau` of shape (...,), give (..., study), or (..., study, arm) for counts."""
        ...


@dataclass(frozen=True, slots=True)
class Likelihood:
    """One likelihood: how a study's data arise from its effect theta_i.

    Parameters
    ----------
    name : str
        The word a model file uses.
    label : str
        The words a table uses.
    mathematics : mapping of str to tuple of str
        From a measure to the sampling model of study i, line by line, in text a reader of a methods section knows;
        ``""`` stands for every measure that is not listed.
    data_columns : tuple of str
        Columns of the effects table it reads; each is an array of shape (study,).
    observed : str
        What the outcome is called: the name of the variable in the groups ``observed_data``, ``log_likelihood``
        and ``posterior_predictive``, which ArviZ pairs by name.
    observed_columns : tuple of str
        The data columns that the outcome consists of. One: the outcome has dim (study). Two: the arms, treatment
        first; it has dims (study, arm), and its log likelihood, which is of both arms together, has dim (study).
    study_log_likelihood : StudyLogLikelihood
        ``(data, theta, measure, baseline_sd) -> array``, shape (study, n): with the study's baseline integrated
        out, theta_i given.
    log_likelihood : LogLikelihood
        ``(data, mu, tau, ...) -> array``, shape (..., study): with theta_i integrated out too.
    replicate : Replicate
        ``(data, mu, tau, rng, ...) -> array``: the outcome of the same study run again, with a fresh theta_i.
    measures : tuple of str
        Codes of the measures it has a link for; empty where any will do.
    has_baseline : bool
        Whether the model has a baseline eta_i for each study, with prior Normal(0, baseline_sd).
    """

    name: str
    label: str
    mathematics: Mapping[str, tuple[str, ...]]
    data_columns: tuple[str, ...]
    observed: str
    observed_columns: tuple[str, ...]
    study_log_likelihood: StudyLogLikelihood
    log_likelihood: LogLikelihood
    replicate: Replicate
    measures: tuple[str, ...] = ()
    has_baseline: bool = False

    @property
    def of_counts(self) -> bool:
        """Whether it reads counts, and so needs no effect yi with a standard error, nor any zero-cell rule."""
        return len(self.observed_columns) > 1

    def sampling_model(self, measure: str) -> tuple[str, ...]:
        """Give the mathematics for a measure."""
        return self.mathematics.get(measure, self.mathematics.get("", ()))

    def observation(self, data: Data) -> FloatArray:
        """The observed outcome, of shape (study,) or (study, arm)."""
        columns = [np.asarray(data[name], dtype=np.float64) for name in self.observed_columns]
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)
