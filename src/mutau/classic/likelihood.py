"""Maximum likelihood and restricted maximum likelihood estimation of tau2, and the profile likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.heterogeneity import Tau2, pair_sum, residual_trace, row_sum_of_squares
from mutau.classic.roots import root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = [
    "Profile",
    "likelihood_scores",
    "likelihood_values",
    "maximum_likelihood",
    "restricted_maximum_likelihood",
    "tau2_grid",
]

GRID_STEP = 0.02
"""Spacing, in log(tau2 + smallest variance), of the search for every maximum of the likelihood: each term
1/(vi + tau2) changes by at most 2% from one point to the next."""

CHUNK = 1_000_000
"""Numbers in one array while a likelihood is evaluated on a grid: bounds the memory for many studies."""

FAR = 1e-9
"""Beyond the largest root of the score the likelihood falls; this share more of tau2 + the smallest variance is added
to the bound so that rounding cannot cut the root off."""


def tau2_grid(upper: float, smallest: float, step: float = GRID_STEP) -> Array:
    """Points from 0 to `upper`, even in ``log(tau2 + smallest)``; at least three."""
    span = math.log1p(upper / smallest)
    points: Array = smallest * np.expm1(np.linspace(0.0, span, max(3, math.ceil(span / step) + 1)))
    return points


def likelihood_scores(yi: Array, vi: Array, tau2: Array, *, restricted: bool) -> Array:
    """Twice the derivative of the log likelihood in tau2; effects (..., k), tau2 (...), see `Profile`."""
    w = 1 / (vi + tau2[..., None])
    total = np.sum(w, axis=-1)
    first = yi[..., :1]
    mean = first + np.sum(w * (yi - first), axis=-1, keepdims=True) / total[..., None]
    spread = np.sum((w * (yi - mean)) ** 2, axis=-1)
    scores: Array = spread - (2 * pair_sum(w) / total if restricted else total)
    return scores


def likelihood_values(yi: Array, vi: Array, tau2: Array, *, restricted: bool) -> Array:
    """Log likelihood of tau2 but for a constant; effects (..., k), tau2 (...), see `Profile`."""
    w = 1 / (vi + tau2[..., None])
    inside = row_sum_of_squares(yi, w) - np.sum(np.log(w), axis=-1)
    if restricted:
        inside += np.log(np.sum(w, axis=-1))
    values: Array = -0.5 * inside
    return values


@dataclass(frozen=True, slots=True)
class Profile:
    """The likelihood of tau2 with the mean at its maximum (ML) or integrated out (REML).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    restricted : bool
        REML instead of ML.

    Notes
    -----
    ``-1/2 [sum log(vi + tau2) + sum w (y - mean)^2]``, with ``log(sum w)`` inside the brackets for REML. Twice its
    derivative is ``sum w^2 (y - mean)^2`` less ``sum w`` (ML) or ``sum w - sum w^2/sum w`` (REML).
    """

    yi: Array
    vi: Array
    restricted: bool

    @property
    def name(self) -> str:
        """``"REML"`` or ``"ML"``."""
        return "REML" if self.restricted else "ML"

    @property
    def df(self) -> int:
        """What the likelihood's fall is like for large tau2: k - 1 for REML, k for ML."""
        return len(self.yi) - 1 if self.restricted else len(self.yi)

    def score(self, tau2: float) -> float:
        """Twice the derivative in tau2."""
        return float(likelihood_scores(self.yi, self.vi, np.asarray(tau2), restricted=self.restricted))

    def value(self, tau2: float) -> float:
        """Log likelihood but for a constant."""
        return float(likelihood_values(self.yi, self.vi, np.asarray(tau2), restricted=self.restricted))

    def scores(self, tau2: Array) -> Array:
        """`score` at many tau2, shape (m,)."""
        return self._chunked(likelihood_scores, tau2)

    def values(self, tau2: Array) -> Array:
        """`value` at many tau2, shape (m,)."""
        return self._chunked(likelihood_values, tau2)

    def _chunked(self, function: Callable[..., Array], tau2: Array) -> Array:
        rows = max(1, CHUNK // len(self.yi))
        parts = (tau2[i : i + rows] for i in range(0, len(tau2), rows))
        return np.concatenate(
            [function(self.yi, self.vi, part, restricted=self.restricted) for part in parts]
        )

    def upper(self) -> float:
        """Give a tau2 beyond which the likelihood falls; 0 if it falls everywhere."""
        s = float(np.sum((self.yi - np.mean(self.yi)) ** 2))
        smallest, largest = float(np.min(self.vi)), float(np.max(self.vi))
        positive = (s + math.sqrt(s * (s + 4 * self.df * (largest - smallest)))) / (2 * self.df)
        return max(0.0, (1 + FAR) * positive - smallest)

    def standard_error(self, tau2: float) -> float:
        """Standard error of the estimate from the expected information: ML ``sqrt(2/sum w^2)``, REML by tr(PP)."""
        w = 1 / (self.vi + tau2)
        information = residual_trace(w, np.ones_like(w)) if self.restricted else float(np.sum(w**2))
        return math.sqrt(2 / information)


def _global_maximum(profile: Profile) -> Tau2:
    upper = profile.upper()
    if upper == 0:
        return Tau2(0.0)
    grid = tau2_grid(upper, float(np.min(profile.vi)))
    scores = profile.scores(grid)
    falls = np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0))
    maxima = [0.0] if scores[0] <= 0 else []
    maxima += [root(profile.score, float(grid[i]), float(grid[i + 1])) for i in falls]
    if not maxima or not all(map(math.isfinite, maxima)):
        return Tau2(
            math.nan,
            f"{profile.name}: no maximum of the likelihood was found for these effects, by its slope on {len(grid)} "
            f"points of tau2 from 0 to {upper:.3g} and Brent's method between them",
        )
    if len(maxima) == 1:
        return Tau2(maxima[0])
    values = profile.values(np.array(maxima))
    best = maxima[int(np.argmax(values))]
    places = ", ".join(f"{math.sqrt(tau2):.4g}" for tau2 in maxima)
    kind = "restricted likelihood" if profile.restricted else "likelihood"
    return Tau2(best, f"The {kind} has {len(maxima)} maxima, at tau = {places}; the highest is used")


def maximum_likelihood(yi: Array, vi: Array) -> Tau2:
    """Maximum likelihood estimator: the global maximum over tau2 >= 0; too small for few studies.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2
        With a note where the likelihood has more than one local maximum.

    Notes
    -----
    Found as `restricted_maximum_likelihood` is, with k in place of k - 1 in the bound.

    References
    ----------
    Hardy RJ, Thompson SG (1996). A likelihood approach to meta-analysis with random effects. Statistics in Medicine
    15:619-629. doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A
    """
    return _global_maximum(Profile(yi, vi, restricted=False))


def restricted_maximum_likelihood(yi: Array, vi: Array) -> Tau2:
    """Restricted maximum likelihood estimator: the global maximum over tau2 >= 0.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.

    Returns
    -------
    Tau2
        With a note where the restricted likelihood has more than one local maximum.

    Notes
    -----
    Maximises ``-1/2 [sum log(vi + tau2) + log(sum w) + sum w (y - mean)^2]``. Its derivative is
    ``1/2 [sum w^2 (y - mean)^2 - (sum w - sum w^2 / sum w)]``. With S the sum of squares about the plain mean
    and a and b the smallest and largest vi, the derivative is negative as soon as ``(k-1) (tau2 + a)^2 > S
    (tau2 + b)``: that bounds the search from above. Below, the derivative is taken on a grid even in log(tau2
    + a) with steps of 0.02, finer than any feature of a sum of functions of ``1/(vi + tau2)``; every change
    from rising to falling is a local maximum, found by Brent's method to float64 resolution; 0 is one if the
    derivative there is not positive. The likelihoods of all are compared, a tie going to the smaller tau2.
    Two extrema inside one cell of the grid would be missed, but such a maximum is higher than its
    neighbourhood by no more than the likelihood moves in one cell, and lower than where the likelihood came
    from.

    Fisher scoring, as in most programs, finds the maximum nearest to its start instead.

    References
    ----------
    Viechtbauer W (2005). Bias and efficiency of meta-analytic variance estimators in the random-effects
    model. Journal of Educational and Behavioral Statistics 30:261-293. doi:10.3102/10769986030003261
    """
    return _global_maximum(Profile(yi, vi, restricted=True))
