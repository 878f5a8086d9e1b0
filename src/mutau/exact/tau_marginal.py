"""The posterior of tau: not a mixture, but its own density, integrated panel by panel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.exact.marginals import Unsampled, equal_tailed, like, shortest
from mutau.exact.points import points_of_tau
from mutau.exact.roots import find_roots
from mutau.numerics.panels import GAUSS_W, GAUSS_X
from mutau.records import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import Request

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["Panels", "TauMarginal"]

CELLS = 64  # of each panel, for random draws


@dataclass(frozen=True, slots=True)
class Panels:
    """The rule's panels in order of tau.

    Parameters
    ----------
    lower, upper : ndarray, shape (n,)
        Ends in the rule's variable x.
    below, above : ndarray, shape (n,)
        Posterior probability below and above each panel.
    unit, stretch : float
        tau is unit * stretch * sinh(x), or unit * exp(x) where stretch is 0; on the analysis scale.
    """

    lower: Array
    upper: Array
    below: Array
    above: Array
    unit: float
    stretch: float

    def tau(self, x: Array) -> Array:
        """Give tau at x."""
        return self.unit * (self.stretch * np.sinh(x) if self.stretch > 0 else np.exp(x))

    def slope(self, x: Array) -> Array:
        """Derivative of tau at x."""
        return self.unit * (self.stretch * np.cosh(x) if self.stretch > 0 else np.exp(x))

    def x(self, tau: Array) -> Array:
        """Give x at tau."""
        if self.stretch > 0:
            return np.arcsinh(tau / (self.unit * self.stretch))
        with np.errstate(divide="ignore"):
            return np.log(tau / self.unit)


@dataclass(frozen=True, slots=True)
class TauMarginal(Unsampled):
    """The posterior of the between-study SD tau.

    Parameters
    ----------
    request : Request
        Data and priors.
    panels : Panels
        Where the rule is.
    log_z : float
        Log of the constant that makes the density integrate to 1.
    tail : float
        Power with which the probability above the last panel falls; 0 where it falls like the prior's own.
    mean, sd : float
        Posterior mean and SD; NaN where they do not exist.
    reason : str
        Why `mean` or `sd` is NaN; empty otherwise.
    """

    request: Request = field(repr=False)
    panels: Panels = field(repr=False)
    log_z: float = field(repr=False)
    tail: float = field(repr=False)
    mean: float
    sd: float
    reason: str = ""
    quantity: str = "tau"

    def pdf(self, x: ArrayLike) -> Any:
        """Posterior density at x; 0 outside the prior's support."""
        given = np.asarray(x, dtype=np.float64)
        flat = given.ravel()
        low, high = self.request.tau.support
        inside = (flat >= low) & (flat <= high) & np.isfinite(flat)
        if not self.request.tau.logpdf(low) > -np.inf:
            inside &= flat > low
        safe = np.where(inside, flat, self.panels.tau(self.panels.upper[0]))
        value = np.exp(points_of_tau(safe, self.request)[0] - self.log_z)
        value = np.where(inside, value, np.where(np.isnan(flat), np.nan, 0.0))
        return like(given, value)

    def cdf(self, x: ArrayLike) -> Any:
        """Posterior probability of a tau of at most x."""
        return self._probability(x, upper=False)

    def sf(self, x: ArrayLike) -> Any:
        """Posterior probability of a tau above x."""
        return self._probability(x, upper=True)

    def quantile(self, p: ArrayLike) -> Any:
        """Value with posterior probability p below it; NaN for p outside [0, 1]."""
        given = np.asarray(p, dtype=np.float64)
        flat = given.ravel()
        low, high = self.request.tau.support
        out = np.where(flat == 0, low, np.where(flat == 1, high, np.nan))
        inside = (flat > 0) & (flat < 1)
        if inside.any():
            out[inside] = self._quantile(flat[inside])
        return like(given, out)

    def interval(self, prob: float = 0.95) -> Interval:
        """Equal-tailed credible interval."""
        return equal_tailed("tau", self.quantile, prob)

    def hdi(self, prob: float = 0.95) -> Interval:
        """Shortest credible interval."""
        return shortest("tau", self.quantile, prob)

    def draw(self, u: Array) -> Array:
        """Turn uniform numbers, shape (n,), into draws of tau, faster than by `quantile`.

        Each panel is cut into `CELLS`, whose probabilities are exact; inside a cell the density of the panel's
        variable is taken as linear, which moves no draw by more than 1e-4 in probability (tested), most by 1e-6.
        """
        panels = self.panels
        index = np.repeat(np.arange(len(panels.lower)), CELLS)
        cuts = np.linspace(panels.lower, panels.upper, CELLS + 1, axis=1)
        density = np.asarray(self.pdf(panels.tau(cuts))) * panels.slope(cuts)
        mass = self._masses(cuts[:, :-1].ravel(), cuts[:, 1:].ravel())
        ends = panels.below[index] + np.cumsum(mass.reshape(cuts.shape[0], CELLS), axis=1).ravel()
        cell = np.minimum(np.searchsorted(ends, u), len(ends) - 1)
        share = np.clip(1.0 - (ends[cell] - u) / np.maximum(mass[cell], 1e-300), 0.0, 1.0)
        first, last = density[:, :-1].ravel()[cell], density[:, 1:].ravel()[cell]
        bend = np.clip((last - first) / np.maximum(first + last, 1e-300), -1.0, 1.0)
        part = share * 2.0 / ((1.0 - bend) + np.sqrt((1.0 - bend) ** 2 + 4.0 * bend * share) + 1e-300)
        low, high = cuts[:, :-1].ravel()[cell], cuts[:, 1:].ravel()[cell]
        return self._outer_quantile(u, panels.tau(low + part * (high - low)))

    def _masses(self, lower: Array, upper: Array) -> Array:
        """Probabilities between values of x that lie in one panel, by a rule of its own."""
        half = 0.5 * (upper - lower)[:, None]
        x = lower[:, None] + half * (1.0 + GAUSS_X)
        log_density = points_of_tau(self.panels.tau(x).ravel(), self.request)[0].reshape(x.shape)
        return np.asarray((half * np.exp(log_density - self.log_z) * self.panels.slope(x)) @ GAUSS_W)

    def _probability(self, x: ArrayLike, upper: bool) -> Any:
        given = np.asarray(x, dtype=np.float64)
        flat = given.ravel()
        panels, start = self.panels, self.request.tau.support[0]
        at = np.maximum(np.where(np.isnan(flat), start, flat), start)
        x = np.clip(panels.x(at), panels.lower[0], panels.upper[-1])
        index = np.clip(np.searchsorted(panels.lower, x, side="right") - 1, 0, None)
        first, last = panels.tau(panels.lower[0]), panels.tau(panels.upper[-1])
        if upper:
            value = panels.above[index] + self._masses(x, panels.upper[index])
            value = np.where(at > last, self._above(at), value)
            value = np.where(at < first, 1.0 - self._below(at), value)
            value = np.where(at <= start, 1.0, value)
        else:
            value = panels.below[index] + self._masses(panels.lower[index], x)
            value = np.where(at < first, self._below(at), value)
            value = np.where(at > last, 1.0 - self._above(at), value)
            value = np.where(at <= start, 0.0, value)
        return like(given, np.where(np.isnan(flat), np.nan, np.clip(value, 0.0, 1.0)))

    def _below(self, x: Array) -> Array:
        """Probability below x, x below the first panel: there the posterior is the prior's, times a constant."""
        first, prior = self.panels.tau(self.panels.lower[0]), self.request.tau
        if self.panels.below[0] == 0:
            return np.zeros_like(x)
        return np.asarray(
            self.panels.below[0] * np.asarray(prior.cdf(np.minimum(x, first))) / prior.cdf(first)
        )

    def _above(self, x: Array) -> Array:
        """Probability above x, x above the last panel: a power, or the prior's own tail."""
        last, prior = self.panels.tau(self.panels.upper[-1]), self.request.tau
        far = np.maximum(x, last)
        if self.panels.above[-1] == 0:
            return np.zeros_like(x)
        if self.tail > 0:
            return np.asarray(self.panels.above[-1] * (far / last) ** -self.tail)
        return np.asarray(self.panels.above[-1] * np.asarray(prior.sf(far)) / prior.sf(last))

    def _outer_quantile(self, p: Array, inner: Array) -> Array:
        """Put quantiles that lie outside the panels in their place."""
        panels, prior = self.panels, self.request.tau
        low, high = p < panels.below[0], 1.0 - p < panels.above[-1]
        if low.any():
            inner[low] = prior.ppf(p[low] / panels.below[0] * prior.cdf(panels.tau(panels.lower[0])))
        if high.any():
            share = (1.0 - p[high]) / panels.above[-1]
            last = panels.tau(panels.upper[-1])
            beyond = (
                last * share ** (-1.0 / self.tail)
                if self.tail > 0
                else prior.ppf(1.0 - share * prior.sf(last))
            )
            inner[high] = beyond
        return inner

    def _quantile(self, p: Array) -> Array:
        """Find each quantile within the panel that holds it."""
        panels = self.panels
        index = np.clip(np.searchsorted(panels.below, p, side="right") - 1, 0, None)
        start, end, upper = panels.lower[index], panels.upper[index], p > 0.5

        def mass_and_slope(which: Integers, x: Array) -> tuple[Array, Array]:
            own, q, far = index[which], p[which], upper[which]
            mass = self._masses(np.where(far, x, start[which]), np.where(far, end[which], x))
            missing = np.where(far, (1.0 - q) - panels.above[own] - mass, panels.below[own] + mass - q)
            return missing, np.asarray(self.pdf(panels.tau(x))) * panels.slope(x)

        return self._outer_quantile(p, panels.tau(find_roots(mass_and_slope, start, end)))
