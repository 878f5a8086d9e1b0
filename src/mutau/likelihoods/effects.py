r"""A study's effect theta, integrated out over its distribution among studies, for any likelihood of theta.

.. math:: F(\mu, \tau) = \int L(\theta)\, \tfrac1\tau f\!\left(\tfrac{\theta - \mu}{\tau}\right) d\theta,

f standard normal or Student's t, for thousands of pairs (mu, tau) and one L that is costly and tabulated once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.interpolate import PPoly
from scipy.special import gammaln, ndtr, stdtr, stdtrit

from mutau.likelihoods.record import FloatArray

__all__ = ["EffectTable"]

type LogLikelihoodOfEffect = Callable[[FloatArray], FloatArray]
type Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
type Places = np.ndarray[tuple[int], np.dtype[np.intp]]

DROP = 45.0
"""How far, in log likelihood below its maximum, L is followed: e^-45 is 3e-20."""
NODES = 8
BROAD = 0.5
"""tau over the width of L from which the effects' distribution is resolved by the table's own nodes."""
FAR = 4 * DROP
"""Nodes where L is below its maximum by more than this are used only for pairs that make the data that improbable."""
REACH = 9.0
"""Normal tail that is left out, in SDs: 2e-19."""
T_TAIL = 1e-13
T_STEP = 0.05
CORNER_HALVINGS = 20
"""Panels halved towards a corner at 0: the last is a millionth of the likelihood's width."""
CHUNK = 1_000_000
_X, _W = np.polynomial.legendre.leggauss(NODES)
_TO_POLYNOMIAL = np.linalg.inv(np.vander((_X + 1) / 2, NODES))
"""From values at a panel's Gauss nodes to coefficients of the polynomial through them, highest power first."""
_NORMAL_STEPS = np.arange(-REACH, REACH + 0.25, 0.5)
_CORNER_EDGES = np.concatenate([[0, 1 / 64, 1 / 24], np.arange(1, 13) / 12])


class EffectTable:
    """The log likelihood of one study's effect on a grid that covers given pairs (mu, tau).

    Parameters
    ----------
    log_likelihood : callable
        ``theta -> log L``, shape (n,) to (n,). It has one maximum or a plateau.
    mu, tau : array, shape (draw,)
        The pairs that will be asked for.
    effects_df : float
        Degrees of freedom of the effects' distribution; infinite for normal.
    centre, limit : float
        The maximum of L lies within `limit` of `centre`, and beyond that L has vanished or no longer changes.
    widest : float
        Width over which L may change its nature even where it is flat.
    corner : bool
        Whether L may have a corner at theta = 0.

    Notes
    -----
    L is evaluated at the Gauss-Legendre nodes of equal panels as wide as its own half-width (by a fall of 1/2 in
    log L), with panels halved towards a corner. Where tau is at least half that width these nodes integrate the
    product. Where tau is less, L is smooth on the scale of tau: theta = mu + tau x with equal steps in x around
    the maximum of the product (which converge exponentially for a normal; split at a corner), and log L is read
    from each panel's polynomial of degree 7. So nothing is lost as tau goes to 0: at tau = 0 it is L(mu).

    The error in log F is below 1e-8, and below 1e-5 where there is a corner (for t effects there, 1e-4).
    """

    __slots__ = ("_df", "_edges", "_has_corner", "_log_l", "_log_w", "_spline", "_theta", "width")

    def __init__(
        self, log_likelihood: LogLikelihoodOfEffect, mu: FloatArray, tau: FloatArray, effects_df: float = math.inf,
        *, centre: float = 0.0, limit: float = 180.0, widest: float = 1.0, corner: bool = False,
    ) -> None:  # fmt: skip
        best, top = _maximum(log_likelihood, centre, limit)
        left, right = (_fall(log_likelihood, best, side * limit, top - 0.5) for side in (-1, 1))
        self.width = min(best - left, right - best, widest)
        lows, highs = (_fall(log_likelihood, best, side * limit, top - DROP) for side in (-1, 1))
        reach = np.full_like(tau, np.inf) if math.isfinite(effects_df) else REACH * tau
        pad = REACH * self.width
        low = np.maximum(mu - reach, np.minimum(lows, mu - pad)).min(initial=best - pad)
        high = np.minimum(mu + reach, np.maximum(highs, mu + pad)).max(initial=best + pad)
        low, high = max(float(low), centre - limit - pad), min(float(high), centre + limit + pad)
        self._has_corner = corner and low < 0 < high
        self._edges = _edges(low, high, self.width, self._has_corner)
        half = np.diff(self._edges)[:, np.newaxis] / 2
        theta = self._edges[:-1, np.newaxis] + half * (1 + _X)
        self._theta, self._log_w = theta.ravel(), np.log(half * _W).ravel()
        self._log_l = log_likelihood(self._theta)
        scaled = _TO_POLYNOMIAL @ self._log_l.reshape(theta.shape).T
        powers = np.arange(NODES - 1, -1, -1)[:, np.newaxis]
        self._spline = PPoly(scaled / np.diff(self._edges) ** powers, self._edges)
        self._df = effects_df

    def log_likelihood(self, theta: FloatArray) -> FloatArray:
        """Read log L from the table; beyond its ends L is constant."""
        return np.asarray(self._spline(np.clip(theta, self._edges[0], self._edges[-1])))

    def log_integral(self, mu: FloatArray, tau: FloatArray) -> FloatArray:
        """Log of L with theta integrated out, shape (draw,)."""
        out = self._log_sums(mu, tau, self._log_l > self._log_l.max() - FAR)
        far = np.flatnonzero(out < self._log_l.max() - FAR / 2)
        if far.size:
            out[far] = self._log_sums(mu[far], tau[far], np.full(self._log_l.shape, fill_value=True))
        return out

    def _log_sums(self, mu: FloatArray, tau: FloatArray, used: Mask) -> FloatArray:
        out = np.empty(mu.shape)
        for where, _, log_mass in self._masses(mu, tau, used):
            top = log_mass.max(axis=1)
            out[where] = top + np.log(np.exp(log_mass - top[:, np.newaxis]).sum(axis=1))
        return out

    def draw(self, mu: FloatArray, tau: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw the study's own effect given its data, mu and tau: one of the nodes, by its mass."""
        out = np.empty(mu.shape)
        for where, theta, log_mass in self._masses(mu, tau, self._log_l > self._log_l.max() - FAR):
            mass = np.cumsum(np.exp(log_mass - log_mass.max(axis=1, keepdims=True)), axis=1)
            chosen = (mass < rng.random((len(mass), 1)) * mass[:, -1:]).sum(axis=1)
            out[where] = np.broadcast_to(theta, mass.shape)[np.arange(len(mass)), chosen]
        return out

    def _masses(
        self, mu: FloatArray, tau: FloatArray, used: Mask
    ) -> Iterator[tuple[Places, FloatArray, FloatArray]]:
        """Pairs by the piece: their places, nodes of theta and log of the integrand times the weights."""
        broad = tau >= BROAD * self.width
        close = self._has_corner & math.isinf(self._df) & (np.abs(mu) < 2 * REACH * np.maximum(tau, 1e-300))
        nodes = self._theta[used], self._log_l[used] + self._log_w[used]

        def with_nodes(mu: FloatArray, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
            return self._broad(mu, tau, *nodes)

        narrow = self._narrow if math.isinf(self._df) else self._narrow_t
        groups = ((broad, with_nodes), (~broad & ~close, narrow), (~broad & close, self._narrow_with_corner))
        for group, masses in groups:
            places = np.flatnonzero(group)
            size = max(1, CHUNK // max(nodes[0].size, 400))
            for start in range(0, places.size, size):
                where = places[start : start + size]
                yield where, *masses(mu[where, np.newaxis], tau[where, np.newaxis])

    def _log_density(self, x: FloatArray) -> FloatArray:
        """Log density of the effects' distribution, standardised."""
        df = self._df
        if math.isinf(df):
            return np.asarray(-0.5 * x * x - 0.5 * np.log(2 * np.pi))
        constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi)
        return np.asarray(constant - 0.5 * (df + 1) * np.log1p(x * x / df))

    def _broad(
        self, mu: FloatArray, tau: FloatArray, theta: FloatArray, log_l: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The table's nodes; and the mass beyond both ends of the table, where L no longer changes."""
        log_mass = self._log_density((theta - mu) / tau) - np.log(tau) + log_l
        ends = self._edges[[0, -1]]
        outward = np.array([1.0, -1.0]) * (ends - mu) / tau
        with np.errstate(divide="ignore"):
            beyond = np.log(ndtr(outward) if math.isinf(self._df) else stdtr(self._df, outward))
        beyond += self.log_likelihood(ends)
        return np.concatenate([theta, ends]), np.concatenate([log_mass, beyond], axis=1)

    def _narrow(self, mu: FloatArray, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = self._newton_step(mu, tau) + _NORMAL_STEPS
        theta = mu + tau * x
        return theta, self.log_likelihood(theta) + self._log_density(x) + np.log(0.5)

    def _narrow_with_corner(self, mu: FloatArray, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        low = self._newton_step(mu, tau) - REACH
        x, log_w = _split(low, low + 2 * REACH, -mu / np.maximum(tau, 1e-300))
        theta = mu + tau * x
        return theta, self.log_likelihood(theta) + self._log_density(x) + log_w

    def _newton_step(self, mu: FloatArray, tau: FloatArray) -> FloatArray:
        """Where the product of L(mu + tau x) and a standard normal density of x is largest, nearly."""
        inside = np.clip(mu, self._edges[0], self._edges[-1])
        slope, curvature = self._spline(inside, 1), np.minimum(self._spline(inside, 2), 0.0)
        return np.asarray(tau * slope / (1 - tau**2 * curvature))

    def _narrow_t(self, mu: FloatArray, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Equal steps in asinh((theta - mu) / tau): fine near mu, and out to the ends of L or of the tail."""
        far = max(-float(stdtrit(self._df, T_TAIL)), 1.0)
        span = self._edges[-1] - self._edges[0]
        limit = math.asinh(min(far, span / max(float(tau.min()), 1e-300)))
        y = np.arange(-math.ceil(limit / T_STEP), math.ceil(limit / T_STEP) + 1) * T_STEP
        x = np.sinh(y)
        theta = mu + tau * x
        return theta, self.log_likelihood(theta) + self._log_density(x) + np.log(T_STEP * np.cosh(y))


def _maximum(log_likelihood: LogLikelihoodOfEffect, centre: float, limit: float) -> tuple[float, float]:
    """Find the maximum of L by repeated refinement of a grid."""
    half, best, top = limit, centre, -np.inf
    for points in (513, 33, 33, 33, 33):
        theta = best + half * np.linspace(-1, 1, points)
        values = log_likelihood(theta)
        best, top = float(theta[values.argmax()]), float(values.max())
        half = 2 * half / (points - 1)
    return best, top


def _fall(log_likelihood: LogLikelihoodOfEffect, best: float, distance: float, level: float) -> float:
    """Where L falls through `level` on one side of its maximum; the far end if it does not."""
    inside, outside = best, best + distance
    for _ in range(10):  # a section by 32 each time
        theta = np.linspace(inside, outside, 33)
        below = np.flatnonzero(log_likelihood(theta) < level)
        if not below.size:
            return outside
        first = int(max(below[0], 1))
        inside, outside = float(theta[first - 1]), float(theta[first])
        if abs(outside - inside) < 0.05 * abs(outside - best):
            break
    return outside


def _edges(low: float, high: float, width: float, corner: bool) -> FloatArray:
    """Equal panels of `width`; with a corner they start at 0, the first on either side is halved often, all once."""
    if not corner:
        return np.linspace(low, high, math.ceil((high - low) / width) + 1)
    sides = []
    for end in (low, high):
        even = np.linspace(0, end, math.ceil(abs(end) / width) + 1)
        halved = even[1] / 2.0 ** np.arange(CORNER_HALVINGS, 0, -1)
        sides.append(np.concatenate([halved, even[1:]]))
    edges = np.concatenate([sides[0][::-1], [0.0], sides[1]])
    return np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))


def _split(low: FloatArray, high: FloatArray, corner: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gauss nodes and log weights on both sides of a corner, finer towards it, for each row's interval."""
    corner = np.clip(corner, low, high)
    half = np.diff(_CORNER_EDGES)[:, np.newaxis] / 2
    fractions = (_CORNER_EDGES[:-1, np.newaxis] + half * (1 + _X)).ravel()
    weights = (half * _W).ravel()
    sides = (low - corner, high - corner)
    with np.errstate(divide="ignore"):
        log_w = np.concatenate([np.log(np.abs(side) * weights) for side in sides], axis=1)
    return np.concatenate([corner + side * fractions for side in sides], axis=1), log_w
