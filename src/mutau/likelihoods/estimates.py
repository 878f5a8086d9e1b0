"""Each study's own estimate and standard error, roughly, from whatever data it has."""

from __future__ import annotations

import numpy as np

from mutau.likelihoods.record import Data, FloatArray

__all__ = ["rough_estimates"]


def rough_estimates(data: Data, measure: str) -> tuple[FloatArray, FloatArray]:
    """Say where a study's likelihood lies and how wide it is, half an event added everywhere.

    They place nodes of quadrature and coordinates of sampling, and change no answer.

    Parameters
    ----------
    data : mapping
        A likelihood's data columns, each of shape (study,).
    measure : str
        Which measure's effect.

    Returns
    -------
    ndarray, ndarray
        Estimates and standard errors on the analysis scale, shape (study,); finite, the errors above 0.
    """
    if "yi" in data:
        return data["yi"], data["sei"]
    a, c = data["events_treatment"] + 0.5, data["events_control"] + 0.5
    if "time_treatment" in data:
        return np.log(a / data["time_treatment"] / (c / data["time_control"])), np.sqrt(1 / a + 1 / c)
    b, d = data["n_treatment"] + 1.0 - a, data["n_control"] + 1.0 - c
    if measure == "OR":
        return np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    p1, p0 = a / (a + b), c / (c + d)
    if measure == "RR":
        return np.log(p1 / p0), np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    difference = p1 - p0
    error = np.sqrt(p1 * (1 - p1) / (a + b) + p0 * (1 - p0) / (c + d))
    return np.arctanh(difference), error / (1 - difference**2)
