"""Log likelihoods of counts in their linear predictors, with two derivatives.

Every family takes linear predictors of shape ``(k, ..., a)``, k studies and a counts each (two arms, or one count),
and gives log probabilities, slopes and curvatures of that shape. Each log likelihood is concave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import betaln, gammaln, xlogy

from mutau.likelihoods.hypergeometric import support

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.likelihoods.hypergeometric import Support

    type Array = NDArray[np.float64]
    type Derivatives = tuple[Array, Array, Array]

__all__ = ["Binomial", "Family", "Hypergeometric", "Poisson", "hypergeometric"]

LARGEST = 300.0
"""Log of the largest mean of a Poisson count: its square is still a float64 number."""

CHUNK = 2_000_000
"""Terms of hypergeometric sums held in memory at once."""


class Family(Protocol):
    """A log likelihood of every count in its linear predictor."""

    def __call__(self, x: Array) -> Derivatives:
        """Give log probabilities, slopes and curvatures at linear predictors of shape (k, ..., a)."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of studies and of counts in each."""
        ...

    @property
    def highest(self) -> Array:
        """Largest log probability that any linear predictor gives each study's counts, shape (k,)."""
        ...

    @property
    def start(self) -> Array:
        """A finite linear predictor near each count's own estimate, shape (k, a)."""
        ...


def _along(values: Array, x: Array) -> Array:
    """Shape numbers (k, a) for linear predictors (k, ..., a)."""
    k, a = values.shape
    return values.reshape(k, *(1,) * (x.ndim - 2), a)


@dataclass(frozen=True, eq=False)
class Binomial:
    """``events ~ Binomial(n, expit(x + offset))``; all arrays of shape (k, a)."""

    events: Array
    n: Array
    offset: Array

    def __call__(self, x: Array) -> Derivatives:
        """See `Family`."""
        n, logit = _along(self.n, x), x + _along(self.offset, x)
        small = np.exp(-np.abs(logit))
        rarer = small / (1 + small)  # the lesser of p and 1 - p
        p = np.where(logit < 0, rarer, 1 - rarer)
        value = _along(self.events, x) * logit - n * (np.maximum(logit, 0) + np.log1p(small))
        slope = _along(self.events, x) - n * p
        return value + _along(self.constant, x), slope, -n * rarer * (1 - rarer)

    @cached_property
    def constant(self) -> Array:
        """Logs of the binomial coefficients, shape (k, a)."""
        return np.asarray(-np.log1p(self.n) - betaln(self.events + 1, self.n - self.events + 1))

    @property
    def size(self) -> tuple[int, int]:
        """See `Family`."""
        return self.events.shape[0], self.events.shape[1]

    @property
    def highest(self) -> Array:
        """See `Family`."""
        x, n = self.events, self.n
        own = xlogy(x, x / n) + xlogy(n - x, (n - x) / n) + self.constant
        return np.asarray(own.sum(axis=1))

    @property
    def start(self) -> Array:
        """See `Family`."""
        return np.asarray(np.log((self.events + 0.5) / (self.n - self.events + 0.5)) - self.offset)


@dataclass(frozen=True, slots=True, eq=False)
class Poisson:
    """``events ~ Poisson(time exp(x))``; both arrays of shape (k, a)."""

    events: Array
    time: Array

    def __call__(self, x: Array) -> Derivatives:
        """See `Family`."""
        events = _along(self.events, x)
        log_mean = np.minimum(x + _along(np.log(self.time), x), LARGEST)
        mean = np.exp(log_mean)
        value = events * log_mean - mean - _along(gammaln(self.events + 1), x)
        return value, events - mean, -mean

    @property
    def size(self) -> tuple[int, int]:
        """See `Family`."""
        return self.events.shape[0], self.events.shape[1]

    @property
    def highest(self) -> Array:
        """See `Family`."""
        own = xlogy(self.events, self.events) - self.events - gammaln(self.events + 1)
        return np.asarray(own.sum(axis=1))

    @property
    def start(self) -> Array:
        """See `Family`."""
        return np.asarray(np.log((self.events + 0.5) / self.time))


@dataclass(frozen=True, slots=True, eq=False)
class Hypergeometric:
    """Fisher's noncentral hypergeometric distribution: events under treatment given all, x the log odds ratio.

    Parameters
    ----------
    possible : sequence of Support
        Of each study.
    highest, start : ndarray, shape (k,) and (k, 1)
        See `Family`.
    """

    possible: Sequence[Support]
    highest: Array
    start: Array

    def __call__(self, x: Array) -> Derivatives:
        """See `Family`."""
        out = np.empty((3, *x.shape))
        for i, own in enumerate(self.possible):
            points = x[i].ravel()
            size = max(1, CHUNK // own.offset.size)
            pieces = [_moments(own, points[at : at + size]) for at in range(0, points.size, size)]
            out[:, i] = np.concatenate(pieces, axis=1).reshape(3, *x[i].shape)
        return out[0], out[1], out[2]

    @property
    def size(self) -> tuple[int, int]:
        """See `Family`."""
        return len(self.possible), 1


def _moments(own: Support, theta: Array) -> Array:
    """Log probability of the events observed, their number less its mean, and minus its variance, shape (3, n)."""
    mass = own.log_weight + np.multiply.outer(theta, own.offset)
    top = mass.max(axis=1)
    mass -= top[:, np.newaxis]
    np.exp(mass, out=mass)
    total = mass.sum(axis=1)
    mean = mass @ own.offset / total
    squares = mass @ own.offset**2 / total
    exact = squares - mean**2
    close = exact < 1e-4 * squares
    if close.any():  # the difference has cancelled
        apart = (own.offset - mean[close, np.newaxis]) ** 2
        exact[close] = (mass[close] * apart).sum(axis=1) / total[close]
    return np.stack([-top - np.log(total), -mean, -exact])


def hypergeometric(events: Array, n: Array) -> Hypergeometric:
    """Make the conditional likelihood of two arms; both arrays of shape (k, 2), treatment first."""
    data = {
        "events_treatment": events[:, 0],
        "n_treatment": n[:, 0],
        "events_control": events[:, 1],
        "n_control": n[:, 1],
    }
    possible = [support(data, i) for i in range(len(events))]
    odds = np.log((events + 0.5) / (n - events + 0.5))
    start = odds[:, :1] - odds[:, 1:]
    return Hypergeometric(possible, np.array([_best(own) for own in possible]), start)


def _best(own: Support) -> float:
    """Log probability at a study's own estimate: 0 where that is infinite."""
    if 0 in (own.offset[0], own.offset[-1]):
        return 0.0
    theta = np.zeros(1)
    low, high = -np.full(1, np.inf), np.full(1, np.inf)
    for _ in range(
        200
    ):  # the mean rises with theta: Newton's steps, kept between what is too low and too high
        value, slope, curvature = _moments(own, theta)
        low, high = np.where(slope > 0, theta, low), np.where(slope < 0, theta, high)
        step = np.clip(-slope / np.minimum(curvature, -1e-300), -2.0, 2.0)
        if abs(float(step[0])) < 1e-9:
            return float(value[0])
        new = theta + step
        theta = np.where((new > low) & (new < high), new, (low + high) / 2)
    return float("nan")
