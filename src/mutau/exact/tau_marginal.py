"""The posterior of tau: not a mixture, but its own density, integrated panel by panel."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.exact.marginals import Unsampled, equal_tailed, like, shortest
from mutau.numerics.panels import PANEL_ROWS
from mutau.numerics.solving import masses_of_panels, points_of_tau
from mutau.records import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.exact.requests import Request

    type Array = NDArray[np.float64]

__all__ = ["Panels", "TauMarginal"]

QUANTILE_STEPS = 100  # bisection alone reaches float64 resolution of a panel in fewer
CELLS = 64  # of each panel, for random draws
STEP_DONE = 1e-9  # of a panel's width, for a Newton step: the next would be below float64 resolution


@dataclass(frozen=True, slots=True)
class Panels:
    """The rule's panels in order of tau.

    Parameters
    ----------
    lower, upper : ndarray, shape (n,)
        Ends in tau, on the analysis scale.
    kinds : ndarray, shape (n,)
        1 for panels in log tau, 0 for those in tau.
    below, above : ndarray, shape (n,)
        Posterior probability below and above each panel.
    """

    lower: Array
    upper: Array
    kinds: Array
    below: Array
    above: Array


@dataclass(frozen=True, slots=True)
class TauMarginal(Unsampled):
    """The posterior of the between-study SD tau.

    Parameters
    ----------
    request : Request
        Data and priors.
    scales : ndarray
        Components of mu's prior (`mixture_scales`).
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
    scales: Array = field(repr=False)
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
        safe = np.where(inside, flat, self.panels.lower[-1])
        out = np.empty((3, len(flat)))
        points_of_tau(safe, self.request.yi, self.request.sei, self.request.par, self.scales, out)
        value = np.where(inside, np.exp(out[0] - self.log_z), np.where(np.isnan(flat), np.nan, 0.0))
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
        logs = panels.kinds > 0.5
        low, high = (np.where(logs, np.log(np.maximum(e, 1e-300)), e) for e in (panels.lower, panels.upper))
        cuts = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, CELLS + 1)
        tau = np.where(logs[:, None], np.exp(cuts), cuts)
        density = np.asarray(self.pdf(np.maximum(tau, 1e-300))) * np.where(logs[:, None], tau, 1.0)
        mass = self._masses(tau[:, :-1].ravel(), tau[:, 1:].ravel(), index)
        ends = panels.below[index] + np.cumsum(mass) - np.repeat(np.cumsum(mass)[CELLS - 1 :: CELLS], CELLS)
        ends += np.repeat(np.add.reduceat(mass, np.arange(0, len(mass), CELLS)), CELLS)
        cell = np.minimum(np.searchsorted(ends, u), len(ends) - 1)
        share = np.clip(1.0 - (ends[cell] - u) / np.maximum(mass[cell], 1e-300), 0.0, 1.0)
        first, last = density[:, :-1].ravel()[cell], density[:, 1:].ravel()[cell]
        bend = np.clip((last - first) / np.maximum(first + last, 1e-300), -1.0, 1.0)
        part = share * 2.0 / ((1.0 - bend) + np.sqrt((1.0 - bend) ** 2 + 4.0 * bend * share) + 1e-300)
        x = cuts[:, :-1].ravel()[cell] + part * ((high - low) / CELLS)[index[cell]]
        return self._outer_quantile(u, np.where(logs[index[cell]], np.exp(x), x))

    def _masses(self, lower: Array, upper: Array, index: NDArray[np.intp]) -> Array:
        """Probabilities of parts of panels."""
        unit = 2.0 ** math.floor(math.log2(self.request.sei.min()))
        kinds = self.panels.kinds[index]
        ends = np.empty((PANEL_ROWS, len(lower)))
        with np.errstate(divide="ignore"):
            for row, end in enumerate((lower, upper)):
                ends[row] = np.where(kinds > 0.5, np.log(end / unit), end / unit)
        ends[2] = kinds
        out = np.empty(len(lower))
        masses_of_panels(
            ends, self.request.yi, self.request.sei, self.request.par, self.scales, self.log_z, out
        )
        return out

    def _probability(self, x: ArrayLike, upper: bool) -> Any:
        given = np.asarray(x, dtype=np.float64)
        flat = given.ravel()
        panels = self.panels
        at = np.where(np.isnan(flat), panels.lower[0], flat)
        index = np.clip(np.searchsorted(panels.lower, at, side="right") - 1, 0, None)
        inside = np.clip(at, panels.lower[index], panels.upper[index])
        if upper:
            value = panels.above[index] + self._masses(inside, panels.upper[index], index)
            value = np.where(at > panels.upper[-1], self._above(at), value)
            value = np.where(at < panels.lower[0], 1.0 - self._below(at), value)
            value = np.where(at <= self.request.tau.support[0], 1.0, value)
        else:
            value = panels.below[index] + self._masses(panels.lower[index], inside, index)
            value = np.where(at < panels.lower[0], self._below(at), value)
            value = np.where(at > panels.upper[-1], 1.0 - self._above(at), value)
            value = np.where(at <= self.request.tau.support[0], 0.0, value)
        return like(given, np.where(np.isnan(flat), np.nan, np.clip(value, 0.0, 1.0)))

    def _below(self, x: Array) -> Array:
        """Probability below x, x below the first panel: there the posterior is the prior's, times a constant."""
        first, prior = self.panels.lower[0], self.request.tau
        if self.panels.below[0] == 0:
            return np.zeros_like(x)
        return np.asarray(
            self.panels.below[0] * np.asarray(prior.cdf(np.minimum(x, first))) / prior.cdf(first)
        )

    def _above(self, x: Array) -> Array:
        """Probability above x, x above the last panel: a power, or the prior's own tail."""
        last, prior = self.panels.upper[-1], self.request.tau
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
            inner[low] = prior.ppf(p[low] / panels.below[0] * prior.cdf(panels.lower[0]))
        if high.any():
            share = (1.0 - p[high]) / panels.above[-1]
            last = panels.upper[-1]
            beyond = (
                last * share ** (-1.0 / self.tail)
                if self.tail > 0
                else prior.ppf(1.0 - share * prior.sf(last))
            )
            inner[high] = beyond
        return inner

    def _quantile(self, p: Array) -> Array:
        """Newton's steps within the panel that holds each quantile, bracketed; in the panel's own variable."""
        panels = self.panels
        index = np.clip(np.searchsorted(panels.below, p, side="right") - 1, 0, None)
        logs = panels.kinds[index] > 0.5
        start, end = panels.lower[index], panels.upper[index]
        with np.errstate(divide="ignore"):
            low, high = np.where(logs, np.log(start), start), np.where(logs, np.log(end), end)
        upper_half = p > 0.5
        width = high - low
        x = 0.5 * (low + high)
        for _ in range(QUANTILE_STEPS):
            tau = np.clip(np.where(logs, np.exp(x), x), start, end)
            short = np.where(upper_half, tau, start), np.where(upper_half, end, tau)
            mass = self._masses(*short, index)
            error = np.where(
                upper_half, (1.0 - p) - panels.above[index] - mass, panels.below[index] + mass - p
            )
            low, high = np.where(error < 0, x, low), np.where(error >= 0, x, high)
            slope = np.asarray(self.pdf(tau)) * np.where(logs, tau, 1.0)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                new = x - error / slope
            new = np.where((new > low) & (new < high), new, 0.5 * (low + high))
            done = (np.abs(new - x) <= STEP_DONE * width) | (error == 0)
            x = np.where(error == 0, x, new)
            if done.all():
                break
        return self._outer_quantile(p, np.clip(np.where(logs, np.exp(x), x), start, end))
