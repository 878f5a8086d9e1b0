r"""The standard Student t distribution as plain functions, accurate from the centre to the far tails.

With :math:`y = z^2/(\nu + z^2)`, :math:`P(|T| < z) = I_y(1/2, \nu/2)`; the complement and, where y is near 1,
the mirrored form :math:`I_{1-y}(\nu/2, 1/2)` keep both tails free of cancellation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from mutau.priors.base import FloatArray

__all__ = [
    "cdf",
    "log1p_square",
    "log_density",
    "log_gamma_half_step",
    "quantile",
    "two_sided_cdf",
    "two_sided_quantile",
    "two_sided_sf",
]

# Beyond this |z| / sqrt(df), z**2 may overflow and only the first term of the tail's series is left: its
# relative error, of the order of df / z**2, is under 1e-160.
_FAR = 1e90


def log_gamma_half_step(x: float) -> float:
    r""":math:`\log\Gamma(x + 1/2) - \log\Gamma(x)` for x > 0, without the cancellation of large x.

    From x = 20 by Stirling's series, whose first term left out is below 1e-16 there.

    Examples
    --------
    >>> round(log_gamma_half_step(0.5), 12)  # -log(pi) / 2
    -0.572364942925
    """
    if x < 20.0:
        return float(special.gammaln(x + 0.5) - special.gammaln(x))
    u = 1.0 / (x * x)
    series = -1 / 8 + u * (1 / 192 + u * (-1 / 640 + u * (17 / 14336 + u * (-31 / 18432))))
    return 0.5 * math.log(x) + series / x


def log_density(z: FloatArray, df: float) -> FloatArray:
    """Log density of the standard t with `df` degrees of freedom (above 0) at `z`, any shape."""
    constant = log_gamma_half_step(df / 2.0) - 0.5 * math.log(df * math.pi)
    return constant - 0.5 * (df + 1.0) * log1p_square(z / math.sqrt(df))


def two_sided_sf(z: FloatArray, df: float) -> FloatArray:
    """P(|T| > z) for z of 0 or more."""
    ratio = z / math.sqrt(df)
    y = _share(ratio)
    inner = special.betainc(0.5, df / 2.0, np.minimum(y, 0.5))
    near = np.where(inner < 0.5, 1.0 - inner, special.betaincc(0.5, df / 2.0, np.minimum(y, 0.5)))
    tail = special.betainc(df / 2.0, 0.5, 1.0 / (1.0 + np.square(np.minimum(ratio, _FAR))))
    far = np.exp(-df * np.log(np.maximum(ratio, 1.0)) - math.log(df / 2.0) - _log_beta(df))
    return np.where(ratio > _FAR, far, np.where(y <= 0.5, near, tail))


def two_sided_cdf(z: FloatArray, df: float) -> FloatArray:
    """P(|T| < z) for z of 0 or more, with full relative accuracy near 0."""
    y = _share(z / math.sqrt(df))
    return np.where(y <= 0.5, special.betainc(0.5, df / 2.0, np.minimum(y, 0.5)), 1.0 - two_sided_sf(z, df))


def cdf(z: FloatArray, df: float) -> FloatArray:
    """P(T < z); the upper tail is ``cdf(-z, df)``."""
    size = np.abs(z)
    return np.where(z < 0, 0.5 * two_sided_sf(size, df), 0.5 + 0.5 * two_sided_cdf(size, df))


def two_sided_quantile(inner: FloatArray, outer: FloatArray, df: float) -> FloatArray:
    """The z with P(|T| < z) = `inner` and P(|T| > z) = `outer`; the two must add up to 1.

    Both are asked for because each is exact where the other has lost its digits.
    """
    y = np.where(
        inner <= 0.5, special.betaincinv(0.5, df / 2.0, inner), special.betainccinv(0.5, df / 2.0, outer)
    )
    with np.errstate(divide="ignore"):  # y is 1 to the last digit far out, where the other form holds
        near = np.sqrt(df * y / (1.0 - y))
    x = special.betaincinv(df / 2.0, 0.5, outer)
    tail = np.sqrt(df) * np.sqrt((1.0 - x) / x)
    log_x = (np.log(outer) + math.log(df / 2.0) + _log_beta(df)) * (2.0 / df)
    far = np.sqrt(df) * np.exp(-0.5 * log_x)
    return np.where(y <= 0.5, near, np.where(x > 1e-100, tail, far))


def quantile(p: FloatArray, df: float) -> FloatArray:
    """The standard t quantile for `p` in (0, 1)."""
    lower = np.minimum(p, 1.0 - p)
    return np.copysign(two_sided_quantile(np.abs(2.0 * p - 1.0), 2.0 * lower, df), p - 0.5)


def _log_beta(df: float) -> float:
    """Log of B(df/2, 1/2)."""
    return 0.5 * math.log(math.pi) - log_gamma_half_step(df / 2.0)


def _share(ratio: FloatArray) -> FloatArray:
    """ratio**2 / (1 + ratio**2) without overflow."""
    small, inverse = np.square(np.minimum(ratio, 1.0)), 1.0 / np.maximum(ratio, 1.0)
    return np.where(ratio > 1.0, 1.0 / (1.0 + np.square(inverse)), small / (1.0 + small))


def log1p_square(ratio: FloatArray) -> FloatArray:
    """log(1 + ratio**2) without overflow."""
    size = np.abs(ratio)
    return np.where(
        size > _FAR, 2.0 * np.log(np.maximum(size, 1.0)), np.log1p(np.square(np.minimum(size, _FAR)))
    )
