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

    type Array = NDArray[np.float64]
    type Whole = NDArray[np.int64]
    type Derivatives = tuple[Array, Array, Array]

__all__ = ["Binomial", "Family", "Hypergeometric", "Poisson", "hypergeometric"]

LARGEST = 300.0
"""Log of the largest mean of a Poisson count: its square is still a float64 number."""

FEW = 150
"""Possible numbers of events of which all are summed; of more only those around the mode."""

STRIDE = 0.4
"""Of the standard deviation: every so many numbers are summed, which leaves e^-123."""

CHUNK = 2_000_000
"""Terms of such sums held in memory at once."""

FAR_SD, FAR = 12.0, 30.0
"""How far from its mode a distribution is followed: so many standard deviations, and so many numbers more."""


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
class _Possible:
    """Log weights of the possible numbers of events under treatment, for a log odds ratio of 0.

    Parameters
    ----------
    first : float
        The least possible number less the one observed.
    log_weight : ndarray, shape (s,)
        Concave; that of the number observed is 0.
    rises : ndarray, shape (s - 1,)
        By how much each weight falls to the next: the log odds ratio from which on the next is the likelier.
    sd : ndarray, shape (s,)
        Standard deviation that the curvature at each number tells, of the distribution that has its mode there.
    """

    first: float
    log_weight: Array
    rises: Array
    sd: Array

    def moments(self, theta: Array) -> Array:
        """Log probability of what was observed, its distance from the mean, and minus the variance, shape (3, n).

        A sum over whole numbers of a function that is smooth over several of them is that over every h-th, times h,
        with a relative error of about exp(-2 (pi sd / h)^2): the trapezoid rule the other way round.
        """
        last = len(self.log_weight) - 1
        mode = np.searchsorted(self.rises, theta)
        sd = self.sd[mode]
        stride = np.maximum(1, (STRIDE * sd).astype(np.int64))
        far = int(np.ceil((FAR_SD * sd + FAR) / stride).max())
        steps = mode[:, np.newaxis] + stride[:, np.newaxis] * np.arange(-far, far + 1)
        offset = np.clip(steps, 0, last) + self.first
        weight = np.where((steps >= 0) & (steps <= last), self.log_weight[np.clip(steps, 0, last)], -np.inf)
        found = _moments(weight + theta[:, np.newaxis] * offset, offset)
        found[0] -= np.log(stride)
        return found


def _moments(log_mass: Array, offset: Array) -> Array:
    """Moments of distributions along the last axis; see `_Possible.moments`."""
    top = log_mass.max(axis=-1, keepdims=True)
    mass = np.exp(log_mass - top)
    total = mass.sum(axis=-1, keepdims=True)
    mass /= total
    mean = (mass * offset).sum(axis=-1)
    variance = (mass * (offset - mean[..., np.newaxis]) ** 2).sum(axis=-1)
    return np.stack([-(top + np.log(total))[..., 0], -mean, -variance])


@dataclass(frozen=True, eq=False)
class Hypergeometric:
    """Fisher's noncentral hypergeometric distribution: events under treatment given all, x the log odds ratio.

    Parameters
    ----------
    possible : sequence
        Of each study: its possible numbers of events.
    start : ndarray, shape (k, 1)
        See `Family`.
    """

    possible: Sequence[_Possible]
    start: Array

    def __call__(self, x: Array) -> Derivatives:
        """See `Family`."""
        out = np.empty((3, *x.shape))
        few, offset, log_weight = self._few
        if len(few):
            theta = x[few].reshape(len(few), -1, 1)
            size = max(1, CHUNK // offset.size)
            pieces = [
                _moments(log_weight + theta[:, at : at + size] * offset, offset)
                for at in range(0, theta.shape[1], size)
            ]
            out[:, few] = np.concatenate(pieces, axis=2).reshape(3, *x[few].shape)
        for i in sorted(set(range(len(x))) - set(few.tolist())):
            out[:, i] = self.possible[i].moments(x[i].ravel()).reshape(3, *x[i].shape)
        return out[0], out[1], out[2]

    @cached_property
    def _few(self) -> tuple[Whole, Array, Array]:
        """Studies with few possible numbers, and these in rows of one length, shape (studies, 1, s)."""
        sizes = [len(own.log_weight) for own in self.possible]
        which = [i for i, size in enumerate(sizes) if size <= FEW]
        width = max((sizes[i] for i in which), default=0)
        offset, log_weight = np.zeros((len(which), 1, width)), np.full((len(which), 1, width), -np.inf)
        for row, i in enumerate(which):
            own = self.possible[i]
            offset[row, 0, : sizes[i]] = own.first + np.arange(sizes[i])
            log_weight[row, 0, : sizes[i]] = own.log_weight
        return np.array(which, dtype=np.int64), offset, log_weight

    @property
    def size(self) -> tuple[int, int]:
        """See `Family`."""
        return len(self.possible), 1

    @cached_property
    def highest(self) -> Array:
        """See `Family`."""
        return np.array([_best(own) for own in self.possible])


def hypergeometric(events: Array, n: Array) -> Hypergeometric:
    """Make the conditional likelihood of two arms; both arrays of shape (k, 2), treatment first."""
    data = {
        "events_treatment": events[:, 0],
        "n_treatment": n[:, 0],
        "events_control": events[:, 1],
        "n_control": n[:, 1],
    }
    possible = [_possible(*support(data, i)) for i in range(len(events))]
    odds = np.log((events + 0.5) / (n - events + 0.5))
    start = odds[:, :1] - odds[:, 1:]
    return Hypergeometric(possible, start)


def _possible(offset: Array, log_weight: Array) -> _Possible:
    rises = -np.diff(log_weight)
    bends = np.diff(rises)
    bends = np.concatenate([bends[:1], bends, bends[-1:]]) if len(bends) else np.ones(len(offset))
    return _Possible(float(offset[0]), log_weight, rises, 1 / np.sqrt(np.maximum(bends, 1e-12)))


def _best(own: _Possible) -> float:
    """Log probability at a study's own estimate: 0 where that is infinite."""
    if 0 in (own.first, own.first + len(own.log_weight) - 1):
        return 0.0
    theta = np.zeros(1)
    low, high = -np.full(1, np.inf), np.full(1, np.inf)
    for _ in range(
        200
    ):  # the mean rises with theta: Newton's steps, kept between what is too low and too high
        value, slope, curvature = own.moments(theta)
        low, high = np.where(slope > 0, theta, low), np.where(slope < 0, theta, high)
        step = np.clip(-slope / np.minimum(curvature, -1e-300), -2.0, 2.0)
        if abs(float(step[0])) < 1e-9:
            return float(value[0])
        new = theta + step
        theta = np.where((new > low) & (new < high), new, (low + high) / 2)
    return float("nan")
