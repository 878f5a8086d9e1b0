"""What is said of the search for tau2: that it failed, or that the likelihood has several maxima."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic import pooled_mean
from mutau.classic.estimators import ESTIMATORS
from mutau.numerics.pooling import scratch, turning_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.pooled_mean import PooledMean

    type Array = NDArray[np.float64]

__all__ = ["Turns", "search_note", "turning"]


@dataclass(frozen=True, slots=True)
class Turns:
    """The likelihood of tau2 as far as it matters.

    Parameters
    ----------
    maxima : tuple of float
        Every local maximum, 0 among them where the likelihood falls from there.
    lower, upper : float
        The outermost tau2 where it is high enough; NaN where they were not found.
    """

    maxima: tuple[float, ...]
    lower: float
    upper: float


def turning(yi: Array, vi: Array, estimator: str, allowed: float = 1.0) -> Turns:
    """Find the maxima of the likelihood, and where it lies `allowed` below the highest.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    estimator : {"ML", "REML"}
        Which likelihood.
    allowed : float
        On the scale of the log likelihood.

    Returns
    -------
    Turns
    """
    out, space = np.empty(4), scratch(len(yi))
    turning_points(yi, vi, estimator == "REML", pooled_mean.STEPS, allowed, out, *space)
    if out[0] < 0:
        return Turns((), math.nan, math.nan)
    points = space[0][: int(out[0])].tolist()
    return Turns(tuple(points[::2] if out[1] else [0.0, *points[1::2]]), float(out[2]), float(out[3]))


def search_note(mean: PooledMean, scale: float) -> str:
    """Say why tau2 was not found, or that the likelihood has several maxima; empty where there is nothing to say.

    Parameters
    ----------
    mean : PooledMean
        Of at least two studies.
    scale : float
        What tau is multiplied by for the reader.

    Returns
    -------
    str
    """
    record, name = ESTIMATORS[mean.estimator], mean.estimator
    if not math.isfinite(mean.found):
        words = f"{record.name[0].upper()}{record.name[1:]}: no root was found for these effects"
        tried = f"{pooled_mean.STEPS} of Newton's steps from 0, which rise to the root"
        if record.is_of_a_distribution:
            tried = "bracketed by doubling, then Brent's method"
        elif not record.is_of_q:
            words = f"{name}: no maximum of the likelihood was found for these effects"
            tried = (
                f"{pooled_mean.STEPS} halvings of the intervals in which its slope may change sign, from 0 on"
            )
        return f"{words} (tried: {tried})"
    if mean.maxima < 2:
        return ""
    maxima = turning(mean.yi, mean.vi, name).maxima
    places = ", ".join(f"{scale * math.sqrt(tau2):.4g}" for tau2 in maxima)
    kind = "restricted likelihood" if name == "REML" else "likelihood"
    return f"The {kind} has {len(maxima)} maxima, at tau = {places}; the highest is used"
