"""A density known at the Gauss nodes of panels: its marginal's distribution function, quantiles and moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mutau.exact.marginals import Unsampled, equal_tailed, like, shortest
from mutau.exact.roots import find_roots
from mutau.numerics.panels import GAUSS_W, GAUSS_X
from mutau.numerics.tau_density import N

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.records import Interval

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["CurveMarginal", "Scale", "curve", "many_curves", "nodes_of", "roughness"]

LEGENDRE = np.polynomial.legendre.legvander(GAUSS_X, N - 1)
TO_SERIES = (LEGENDRE * GAUSS_W[:, None]) * (np.arange(N) + 0.5)  # node values to Legendre coefficients


@dataclass(frozen=True, slots=True)
class Scale:
    """A variable in which a quantity's density is smooth.

    Parameters
    ----------
    quantity, slope : callable
        The quantity at a value of the variable, and its derivative.
    variable : callable
        The variable at a value of the quantity.
    """

    quantity: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    variable: Callable[[Array], Array]


ITSELF = Scale(lambda x: x, np.ones_like, lambda x: x)


def nodes_of(edges: Array) -> tuple[Array, Array]:
    """Gauss nodes of the panels between edges, shape (panels, N), and their weights."""
    half = 0.5 * np.diff(edges)[:, None]
    return edges[:-1, None] + half * (1.0 + GAUSS_X), half * GAUSS_W


def roughness(edges: Array, density: Array) -> float:
    """Say how far the probabilities of a density (panels, N) that integrates to 1 may be off.

    They are integrals of each panel's Legendre series. What the series leaves out is of the order of its last two
    terms, and the integral of the term of degree n over a part of the panel is at most its width times the
    coefficient over 2 n + 1.
    """
    series = np.abs(density @ TO_SERIES)[:, -2:].sum(axis=1)
    return float((np.diff(edges) * series).sum()) / (2 * N - 3)


@dataclass(frozen=True, slots=True)
class CurveMarginal(Unsampled):
    """A posterior known by its density on panels. Made by `curve`.

    Parameters
    ----------
    quantity : str
        ``"mu"``, ``"tau"``, ``"theta[0]"``, ``"theta_new"``.
    edges : ndarray, shape (m + 1,)
        Ends of the panels, in the variable of `scale`.
    series : ndarray, shape (m, N)
        Legendre coefficients of the density of that variable.
    below, above : ndarray, shape (m,)
        Probability below and above each panel.
    scale : Scale
        The variable.
    mean, sd : float
        Posterior mean and SD.
    reason : str
        Why `mean` or `sd` is NaN; empty otherwise.
    """

    quantity: str
    edges: Array = field(repr=False)
    series: Array = field(repr=False)
    below: Array = field(repr=False)
    above: Array = field(repr=False)
    scale: Scale = field(repr=False)
    mean: float
    sd: float
    reason: str = ""

    def pdf(self, x: ArrayLike) -> Any:
        """Posterior density at x; 0 outside the panels."""
        given = np.asarray(x, dtype=np.float64)
        v, panel, t = self._place(given.ravel())
        density = np.maximum((powers(t, N) * self.series[panel]).sum(axis=1), 0.0)
        inside = (v >= self.edges[0]) & (v <= self.edges[-1])
        value = np.where(inside, density / self.scale.slope(np.clip(v, self.edges[0], self.edges[-1])), 0.0)
        return like(given, np.where(np.isnan(given.ravel()), np.nan, value))

    def cdf(self, x: ArrayLike) -> Any:
        """Posterior probability of a value of at most x."""
        given = np.asarray(x, dtype=np.float64)
        _, panel, t = self._place(given.ravel())
        value = np.clip(self._rows(panel).cdf(t), 0.0, 1.0)
        return like(given, np.where(np.isnan(given.ravel()), np.nan, value))

    def sf(self, x: ArrayLike) -> Any:
        """Posterior probability of a value above x."""
        given = np.asarray(x, dtype=np.float64)
        _, panel, t = self._place(given.ravel())
        value = np.clip(self._rows(panel).sf(t), 0.0, 1.0)
        return like(given, np.where(np.isnan(given.ravel()), np.nan, value))

    def quantile(self, p: ArrayLike) -> Any:
        """Value with posterior probability p below it; NaN for p outside [0, 1]."""
        given = np.asarray(p, dtype=np.float64)
        flat = given.ravel()
        ends = self.scale.quantity(self.edges[[0, -1]])
        out = np.where(flat == 0, ends[0], np.where(flat == 1, ends[1], np.nan))
        inside = (flat > 0) & (flat < 1)
        if inside.any():
            out[inside] = self.scale.quantity(self._quantile(flat[inside]))
        return like(given, out)

    def interval(self, prob: float = 0.95) -> Interval:
        """Equal-tailed credible interval."""
        return equal_tailed(self.quantity, self.quantile, prob)

    def hdi(self, prob: float = 0.95) -> Interval:
        """Shortest credible interval on the analysis scale."""
        return shortest(self.quantity, self.quantile, prob)

    def _place(self, x: Array) -> tuple[Array, NDArray[np.intp], Array]:
        """The variable, its panel, and the place within it from -1 to 1."""
        v = np.asarray(self.scale.variable(np.where(np.isnan(x), self.scale.quantity(self.edges[:1])[0], x)))
        at = np.clip(v, self.edges[0], self.edges[-1])
        panel = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, len(self.series) - 1)
        low, high = self.edges[panel], self.edges[panel + 1]
        return v, panel, np.clip(2.0 * (at - low) / (high - low) - 1.0, -1.0, 1.0)

    def _quantile(self, p: Array) -> Array:
        """Find each quantile within the panel that holds it."""
        panel = np.clip(np.searchsorted(self.below, p, side="right") - 1, 0, len(self.below) - 1)
        rows = self._rows(panel)
        return np.asarray(self.edges[panel] + rows.half * (1.0 + rows.quantile(p)))

    def _rows(self, panel: Integers) -> Rows:
        half = 0.5 * (self.edges[panel + 1] - self.edges[panel])
        return Rows(self.series[panel], half, self.below[panel], self.above[panel])


@dataclass(frozen=True, slots=True)
class Rows:
    """Densities on n panels, of one curve or of many, each between -1 and 1.

    Parameters
    ----------
    series : ndarray, shape (n, N)
        Legendre coefficients.
    half, below, above : ndarray, shape (n,)
        Half the panel's width; probability below and above it in its own curve.
    """

    series: Array
    half: Array
    below: Array
    above: Array

    def cdf(self, t: Array) -> Array:
        """Probability below t, shape (n,), in each panel's own curve."""
        return np.asarray(self.below + self.half * _integral(self.series, t))

    def sf(self, t: Array) -> Array:
        """Probability above t, by the panels' mirror images: both tails keep their digits."""
        return np.asarray(self.above + self.half * _integral(self.series * (-1.0) ** np.arange(N), -t))

    def quantile(self, p: Array) -> Array:
        """Places t with probability p, shape (n,), below them."""

        def missing_and_slope(which: Integers, t: Array) -> tuple[Array, Array]:
            own = Rows(self.series[which], self.half[which], self.below[which], self.above[which])
            q = p[which]
            missing = np.where(q > 0.5, (1.0 - q) - own.sf(t), own.cdf(t) - q)
            return missing, (powers(t, N) * own.series).sum(axis=1) * own.half

        return find_roots(missing_and_slope, np.full_like(p, -1.0), np.full_like(p, 1.0))


def powers(t: Array, count: int) -> Array:
    """The first `count` Legendre polynomials at t."""
    return cast("Array", np.polynomial.legendre.legvander(t, count - 1))


def _integral(series: Array, t: Array) -> Array:
    """Integrals of Legendre series, shape (n, N), from -1 to t, shape (n,)."""
    polynomials, order = powers(t, N + 1), np.arange(1, N)
    integrals = (polynomials[:, 2:] - polynomials[:, : N - 1]) / (2 * order + 1)
    return np.asarray(series[:, 0] * (t + 1.0) + (integrals * series[:, 1:]).sum(axis=1))


def curve(quantity: str, edges: Array, density: Array, scale: Scale = ITSELF) -> CurveMarginal:
    """Make a marginal from a density at the nodes of panels.

    Parameters
    ----------
    quantity : str
        Its name.
    edges : ndarray, shape (m + 1,)
        Ends of the panels, increasing, in the variable of `scale`.
    density : ndarray, shape (m, N)
        Density of the variable at the Gauss nodes; made to integrate to 1.
    scale : Scale
        The variable.
    """
    x, w = nodes_of(edges)
    series, below, above = normalised(edges, density)
    weight = w * density
    weight /= weight.sum()
    values = scale.quantity(x)
    mean = float((weight * values).sum())
    sd = math.sqrt(float((weight * (values - mean) ** 2).sum()))
    return CurveMarginal(quantity, edges, series, below, above, scale, mean, sd)


def normalised(edges: Array, density: Array) -> tuple[Array, Array, Array]:
    """Legendre coefficients, probability below and above each panel, of densities made to integrate to 1.

    Parameters
    ----------
    edges : ndarray, shape (m + 1,)
        Ends of the panels.
    density : ndarray, shape (..., m, N)
        At the Gauss nodes.
    """
    masses = (density * nodes_of(edges)[1]).sum(axis=-1)
    total = masses.sum(axis=-1)[..., None]
    masses = masses / total
    above = np.zeros_like(masses)
    above[..., :-1] = np.cumsum(masses[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    return (density / total[..., None]) @ TO_SERIES, np.cumsum(masses, axis=-1) - masses, above


def many_curves(edges: Array, density: Array, p: Array, x: float) -> tuple[Array, Array, Array]:
    """Quantiles of many densities on the same panels, and both tails at one value.

    Parameters
    ----------
    edges : ndarray, shape (m + 1,)
        Ends of the panels.
    density : ndarray, shape (n, m, N)
        At the Gauss nodes; each is made to integrate to 1.
    p : ndarray, shape (q,)
        Probabilities.
    x : float
        The value.

    Returns
    -------
    ndarray (n, q), ndarray (n,), ndarray (n,)
        Quantiles; probability below and above `x`.
    """
    series, below, above = normalised(edges, density)
    n, half = len(series), 0.5 * np.diff(edges)
    row, each = np.repeat(np.arange(n), len(p)), np.tile(p, n)
    panel = np.maximum((below[row] <= each[:, None]).sum(axis=1) - 1, 0)
    rows = Rows(series[row, panel], half[panel], below[row, panel], above[row, panel])
    quantiles = edges[panel] + half[panel] * (1.0 + rows.quantile(each))
    at = int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(half) - 1))
    t = np.full(n, np.clip((x - edges[at]) / half[at] - 1.0, -1.0, 1.0))
    holding = Rows(series[:, at], np.full(n, half[at]), below[:, at], above[:, at])
    return quantiles.reshape(n, len(p)), holding.cdf(t), holding.sf(t)
