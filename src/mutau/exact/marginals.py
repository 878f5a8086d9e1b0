"""One quantity's posterior: a normal mixture, tau's own density, or a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from mutau import records
from mutau.errors import ArgumentError, Fault
from mutau.numerics.mixtures import mixture_curves, mixture_quantiles
from mutau.records import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Array = NDArray[np.float64]

__all__ = ["Marginal", "MixtureMarginal", "PointMarginal", "Unsampled", "like", "shortest"]

HDI_GRID = 33  # lower tail probabilities tried before the best is refined: finds the shortest of several
HDI_STEPS = (
    40  # golden-section steps: each shrinks the bracket by 0.618, in all by 4e-9; the width is flat there
)
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


class Marginal(records.Marginal, Protocol):
    """What every exact marginal answers; `x` and `p` may be numbers or arrays of any shape."""

    @property
    def quantity(self) -> str:
        """``"mu"``, ``"tau"``, ``"theta[0]"``, ``"theta_new"``."""

    @property
    def reason(self) -> str:
        """Why `mean` or `sd` is NaN; empty otherwise."""

    def interval(self, prob: float = 0.95) -> Interval:
        """Equal-tailed credible interval."""

    def hdi(self, prob: float = 0.95) -> Interval:
        """Shortest credible interval on the analysis scale."""


class Unsampled:
    """What Monte Carlo error is, where there is none."""

    __slots__ = ()

    def ess_at(self, x: float) -> float:  # noqa: ARG002
        """Infinite: no draws stand behind P(quantity > x)."""
        return math.inf

    def mcse_quantile(self, p: float) -> float:  # noqa: ARG002
        """0: no draws stand behind the quantile at p."""
        return 0.0

    def diagnostics(self) -> dict[str, float]:
        """No R-hat, infinite effective sample sizes, no Monte Carlo error."""
        return {"r_hat": math.nan, "ess_bulk": math.inf, "ess_tail": math.inf, "mcse_median": 0.0}


@dataclass(frozen=True, slots=True)
class MixtureMarginal(Unsampled):
    """A posterior that is a finite mixture of normals: mu, an effect theta[i], or theta_new.

    Parameters
    ----------
    quantity : str
        ``"mu"``, ``"theta[0]"``, ``"theta_new"``.
    weights, means, precisions : ndarray, shape (n,)
        Of the components; the third are inverse SDs.
    mean, sd : float
        Posterior mean and SD on the analysis scale; NaN where they do not exist.
    reason : str
        Why `mean` or `sd` is NaN; empty otherwise.
    """

    quantity: str
    weights: Array = field(repr=False)
    means: Array = field(repr=False)
    precisions: Array = field(repr=False)
    mean: float
    sd: float
    reason: str = ""

    def pdf(self, x: ArrayLike) -> Any:
        """Posterior density at x."""
        return self._curve(x, 2, 0.0, 0.0)

    def cdf(self, x: ArrayLike) -> Any:
        """Posterior probability of a value of at most x."""
        return self._curve(x, 0, 0.0, 1.0)

    def sf(self, x: ArrayLike) -> Any:
        """Posterior probability of a value above x, accurate far into the tail."""
        return self._curve(x, 1, 1.0, 0.0)

    def quantile(self, p: ArrayLike) -> Any:
        """Value with posterior probability p below it; NaN for p outside [0, 1]."""
        given = np.asarray(p, dtype=np.float64)
        flat = given.ravel()
        inside = (flat > 0) & (flat < 1)
        out = np.where(flat == 0, -np.inf, np.where(flat == 1, np.inf, np.nan))
        if inside.all():
            out = np.empty_like(flat)
            mixture_quantiles(
                flat, 1.0 - flat, self.weights, self.means, self.precisions, out, *self._scratch()
            )
        elif inside.any():
            out[inside] = self.quantile(flat[inside])
        return like(given, out)

    def interval(self, prob: float = 0.95) -> Interval:
        """Equal-tailed credible interval."""
        return equal_tailed(self.quantity, self.quantile, prob)

    def hdi(self, prob: float = 0.95) -> Interval:
        """Shortest credible interval on the analysis scale (the highest-density one where there is one mode)."""
        return shortest(self.quantity, self.quantile, prob)

    def _scratch(self) -> tuple[Array, NDArray[np.int64]]:
        work = np.empty((3, len(self.weights)))
        return work, work.view(np.int64)

    def _curve(self, x: ArrayLike, row: int, low: float, high: float) -> Any:
        given = np.asarray(x, dtype=np.float64)
        flat = given.ravel()
        finite = np.isfinite(flat)
        at = flat if finite.all() else np.where(finite, flat, 0.0)
        out = np.empty((3, len(flat)))
        mixture_curves(at, self.weights, self.means, self.precisions, out, *self._scratch())
        value = out[row]
        if at is not flat:
            value = np.where(
                finite, value, np.where(flat == np.inf, high, np.where(flat == -np.inf, low, np.nan))
            )
        return like(given, value)


@dataclass(frozen=True, slots=True)
class PointMarginal(Unsampled):
    """All posterior probability on one value, as under a point prior. ``pdf`` is infinite there, 0 elsewhere."""

    quantity: str
    value: float
    reason: str = ""

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def sd(self) -> float:
        """0."""
        return 0.0

    def pdf(self, x: ArrayLike) -> Any:
        """Infinite at the value, 0 elsewhere."""
        return self._where(x, lambda at: np.where(at == self.value, np.inf, 0.0))

    def cdf(self, x: ArrayLike) -> Any:
        """1 from the value on."""
        return self._where(x, lambda at: np.where(at >= self.value, 1.0, 0.0))

    def sf(self, x: ArrayLike) -> Any:
        """1 below the value."""
        return self._where(x, lambda at: np.where(at >= self.value, 0.0, 1.0))

    def quantile(self, p: ArrayLike) -> Any:
        """The value for every p in [0, 1]."""
        return self._where(p, lambda at: np.where((at >= 0) & (at <= 1), self.value, np.nan))

    def interval(self, prob: float = 0.95) -> Interval:
        """The value, twice."""
        return equal_tailed(self.quantity, self.quantile, prob)

    def hdi(self, prob: float = 0.95) -> Interval:
        """The value, twice."""
        return shortest(self.quantity, self.quantile, prob)

    def _where(self, x: ArrayLike, rule: Callable[[Array], Array]) -> Any:
        given = np.asarray(x, dtype=np.float64)
        return like(given, np.where(np.isnan(given), np.nan, rule(given)))


def equal_tailed(quantity: str, quantile: Callable[[Array], Any], prob: float) -> Interval:
    """Equal-tailed interval from a quantile function."""
    check_prob(prob)
    lower, upper = quantile(np.array([0.5 - 0.5 * prob, 0.5 + 0.5 * prob]))
    return Interval(quantity, float(lower), float(upper), prob, "eti", "quadrature", "analysis")


def shortest(quantity: str, quantile: Callable[[Array], Any], prob: float) -> Interval:
    r"""Shortest interval of the given probability.

    Notes
    -----
    The width :math:`Q(p + \text{prob}) - Q(p)` is minimised over the lower tail p: on a grid, then by golden
    section around the best point. The width is flat at its minimum, so the ends carry about half of the
    quadrature's digits.
    """
    check_prob(prob)

    def width(p: Array) -> Array:
        both = quantile(np.concatenate([p, p + prob]))
        return cast("Array", both[len(p) :] - both[: len(p)])

    spread = 0.5 * (1.0 - np.cos(np.pi * np.linspace(0.0, 1.0, HDI_GRID)))  # denser towards both ends
    grid = np.clip((1.0 - prob) * spread, 0.0, np.nextafter(1.0 - prob, 0.0))
    with np.errstate(invalid="ignore"):
        widths = width(grid)
    best = int(np.nanargmin(widths))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, HDI_GRID - 1)]
    ends = np.array([low, high])
    for _ in range(HDI_STEPS):
        gap = GOLDEN * (ends[1] - ends[0])
        inner = np.array([ends[1] - gap, ends[0] + gap])
        first, second = width(inner)
        ends = np.array([ends[0], inner[1]]) if first <= second else np.array([inner[0], ends[1]])
    tries = np.array([grid[best], 0.5 * (ends[0] + ends[1])])
    p = tries[int(np.argmin(width(tries)))]
    lower, upper = quantile(np.array([p, p + prob]))
    return Interval(quantity, float(lower), float(upper), prob, "hdi", "quadrature", "analysis")


def check_prob(prob: float) -> None:
    """Raise unless prob lies strictly between 0 and 1."""
    if not 0 < prob < 1:
        raise ArgumentError(
            Fault(f"prob = {prob!r}", "A probability content lies strictly between 0 and 1", "Give 0.95")
        )


def like(given: Array, flat: Array) -> Any:
    """A float for a scalar, an array of the given shape otherwise."""
    return float(flat.ravel()[0]) if given.ndim == 0 else flat.reshape(given.shape)
