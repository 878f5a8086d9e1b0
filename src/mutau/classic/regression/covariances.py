"""Covariances of the coefficients of a regression, by the name of the interval that they make."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.regression.designs import Projection

if TYPE_CHECKING:
    from mutau.classic.regression.designs import Array

__all__ = ["COVARIANCES", "REGRESSION_CI_METHODS", "WeightedFit", "conventional"]


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """Weighted least squares at one tau2.

    Parameters
    ----------
    projection : Projection
        Of the design and the weights ``1/(vi + tau2)``.
    coefficients : ndarray, shape (p,)
        Of the design's columns.
    lift : ndarray, shape (p, p)
        Its product with its transpose is ``(X'WX)^-1``.
    residuals : ndarray, shape (k,)
    q : float
        Hartung and Knapp's: weighted sum of squared residuals over k - p; 0 where it is so up to rounding.
    """

    projection: Projection
    coefficients: Array
    lift: Array
    residuals: Array
    q: float


def conventional(fit: WeightedFit) -> Array:
    """``(X'WX)^-1``."""
    covariance: Array = fit.lift @ fit.lift.T
    return covariance


def _hartung_knapp(fit: WeightedFit) -> Array:
    return conventional(fit) * (fit.q if fit.q > 0 else math.nan)


def _ad_hoc(fit: WeightedFit) -> Array:
    return conventional(fit) * max(1.0, fit.q)


def _sandwich(fit: WeightedFit) -> Array:
    p = fit.projection
    scores = (fit.residuals * p.root)[:, None] * (p.u @ fit.lift.T)
    covariance: Array = scores.T @ scores
    return covariance if np.max(np.abs(covariance)) > 0 else np.full_like(covariance, math.nan)


def _corrected(fit: WeightedFit) -> Array:
    k, p = fit.projection.u.shape
    covariance: Array = _sandwich(fit) * (k / (k - p))
    return covariance


COVARIANCES: Mapping[str, Callable[[WeightedFit], Array]] = MappingProxyType(
    {
        "wald": conventional,
        "t": conventional,
        "HK": _hartung_knapp,
        "HK-adhoc": _ad_hoc,
        "robust": _corrected,
        "robust-HC0": _sandwich,
    }
)
"""Covariance of the coefficients by the name of their interval."""

REGRESSION_CI_METHODS = tuple(COVARIANCES)
"""Confidence intervals of the coefficients."""
