"""The posterior's building blocks at given values of tau."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mutau.numerics.tau_density import N, densities_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact.requests import Request

    type Array = NDArray[np.float64]

__all__ = ["points_of_tau"]


def points_of_tau(taus: Array, request: Request, parts: Array | None = None) -> Array:
    """Unnormalised log posterior density of tau, and mean and variance of mu given it.

    Parameters
    ----------
    taus : ndarray, shape (n,)
        Values of tau, on the analysis scale.
    request : Request
        Data and priors.
    parts : ndarray, shape (3, q), optional
        Another prior of mu than the request's.

    Returns
    -------
    ndarray, shape (3, n)
        Log density, whose constant is that of the log marginal likelihood; mean and variance, of what the data
        alone say where mu's prior has several components.
    """
    out, k = np.empty((3, len(taus))), request.k
    parts = request.model.parts if parts is None else parts
    scratch = np.empty(k), np.empty(k), np.empty((5, N))
    densities_at(
        np.ascontiguousarray(taus), request.yi, request.sei, request.model.vector, parts, out, *scratch
    )
    return out
