# mypy: allow-untyped-defs
"""Inverse-variance pooling of one set of studies, or of very many. Compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mutau.numerics.compiling import entry, inner
from mutau.numerics.tau2 import (
    LAST,
    ROOM,
    highest,
    likelihood_error,
    moment,
    moment_error,
    q_root,
    stationary,
)
from mutau.numerics.weighted import fill_weights, log_likelihood, mean, moment_q, residual_trace, slopes

__all__ = [
    "ESTIMATE",
    "FACTS",
    "FOUND",
    "GIVEN",
    "KNOWN",
    "KR_SPREAD",
    "LEVEL",
    "LIKELIHOOD",
    "LOWER",
    "MAXIMA",
    "MOMENT",
    "Q_EQUAL",
    "RATIO",
    "SANDWICH",
    "SANDWICH_UNBIASED",
    "SQUARES",
    "TARGETS",
    "TAU2_SE",
    "TOTAL",
    "TRACE",
    "TYPICAL",
    "UPPER",
    "Q",
    "pool_sets",
    "scratch",
    "turning_points",
]

GIVEN, MOMENT, Q_EQUAL, LIKELIHOOD = range(4)
"""Ways to tau2: given, by moments, by setting Q to a number, by maximum likelihood."""

(
    FOUND, TAU2_SE, ESTIMATE, TOTAL, RATIO, Q, TYPICAL, LOWER, UPPER, MAXIMA, SQUARES, TRACE, KR_SPREAD, SANDWICH,
    SANDWICH_UNBIASED,
) = range(15)  # fmt: skip
FACTS = 15
"""What is known of a set: tau2 (NaN for one study, or not found) and its standard error; mean; sum of weights;
Hartung and Knapp's q; Cochran's Q; the typical sampling variance; where Q is each of two targets; number of local
maxima of the likelihood; sum of squared weights, tr PP and ``sum w (w - squares/total)^2 / total``; and the sandwich
``sum w^2 (y - mean)^2``, as it is and with each term over ``1 - w/total``."""

LEVEL, KNOWN = 0, 1
TARGETS = 4
"""Columns of `targets` in `pool_sets`."""

NO_SPREAD = 1e-20
"""Hartung-Knapp's q at or below this is 0: the effects agree to 1e-10 of their standard errors, which only equal data
do; what is left is the rounding of their logarithms."""

ROUNDING = 16 * float(np.finfo(float).eps)
"""Effects apart by no more than this share of their size are equal up to rounding."""


def scratch(studies: int) -> tuple[Any, ...]:
    """Make the scratch arguments of `pool_sets` and `turning_points`, for sets of at most so many studies."""
    return np.empty(ROOM), np.empty((ROOM, 5)), np.empty(studies), np.empty(studies)


@inner
def _spread(y, w, total):
    """Hartung and Knapp's q times (k - 1); 0 where the effects agree up to rounding."""
    m, q, most, size = mean(y, w, total), 0.0, 0.0, 0.0
    for i in range(len(y)):
        apart = y[i] - m
        q += w[i] * apart * apart
        most, size = max(most, math.fabs(apart)), max(size, math.fabs(y[i]))
    return 0.0 if most <= ROUNDING * size or q <= NO_SPREAD * (len(y) - 1) else q


@inner
def _find(y, v, way, first, second, level, known, steps, points, waiting, w, d):
    """tau2, its standard error and the number of maxima."""
    k = len(y)
    if math.isinf(known):
        return math.nan, math.nan, 0.0
    if way == MOMENT:
        tau2, factor = moment(y, v, first, second, level, w, d)
        tau2 = tau2 if math.isnan(known) else known
        return tau2, moment_error(v, tau2, factor, w, d), 1.0
    if way == Q_EQUAL:
        tau2 = q_root(y, v, level, steps, w)
        return tau2, math.sqrt(2.0 * k * k / (k - 1.0)) / fill_weights(v, tau2, w)[0], 1.0
    if way == LIKELIHOOD:
        count, rises = stationary(y, v, first == 1, steps, points, waiting, w, d)
        if count < 0:
            return math.nan, math.nan, 0.0
        tau2, maxima = highest(y, v, first == 1, count, rises, points, w)
        return tau2, likelihood_error(v, tau2, first == 1, w, d), float(maxima)
    return known, math.nan, 1.0


@inner
def _sandwich(y, w, largest, rest):
    """``sum w^2 (y - mean)^2``, and the same with each term over ``1 - w/total``; nothing cancels."""
    total, moved = w[largest] + rest, 0.0
    for i in range(len(y)):
        moved += w[i] * (y[i] - y[largest])
    moved /= total
    plain, unbiased = 0.0, 0.0
    for i in range(len(y)):
        share = (rest if i == largest else total - w[i]) / total
        square = (w[i] * (y[i] - y[largest] - moved)) ** 2
        plain += square
        unbiased += square / share
    return plain, unbiased


@inner
def _pool_one(y, v, way, first, second, targets, steps, facts, points, waiting, w, d):
    k = len(y)
    for i in range(FACTS):
        facts[i] = math.nan
    total, largest, rest = fill_weights(v, 0.0, w)
    facts[Q] = 0.0
    if k > 1:
        facts[Q] = moment_q(y, w, total)
        trace = 0.0
        for i in range(k):
            trace += w[i] * ((rest if i == largest else total - w[i]) / total)
        facts[TYPICAL] = (k - 1) / trace
        facts[FOUND], facts[TAU2_SE], facts[MAXIMA] = _find(
            y, v, way, first, second, targets[LEVEL], targets[KNOWN], steps, points, waiting, w, d
        )
        for i in range(2):
            if not math.isnan(targets[KNOWN + 1 + i]):
                facts[LOWER + i] = q_root(y, v, targets[KNOWN + 1 + i], steps, w)
    elif way == GIVEN:
        facts[FOUND] = targets[KNOWN]
    tau2 = facts[FOUND] if k > 1 else 0.0
    total, largest, rest = fill_weights(v, tau2, w)
    facts[ESTIMATE], facts[TOTAL] = mean(y, w, total), total
    squares = 0.0
    for i in range(k):
        squares += w[i] * w[i]
        d[i] = 1.0
    facts[SQUARES] = squares
    if k > 1:
        facts[RATIO] = _spread(y, w, total) / (k - 1)
        facts[TRACE] = residual_trace(w, d)
        facts[SANDWICH], facts[SANDWICH_UNBIASED] = _sandwich(y, w, largest, rest)
        even, apart = squares / total, 0.0
        for i in range(k):
            apart += w[i] * (w[i] - even) * (w[i] - even)
        facts[KR_SPREAD] = apart / total


@entry(
    1.0,
    lambda ends, first, last: 4e-5 * (ends[last] - ends[first]),
)
def pool_sets(
    yi, vi, ends, first, last, way, kind, rule, targets, steps, out, points, waiting, w, d
):  # fmt: skip
    """Pool sets of studies first .. last - 1.

    Parameters
    ----------
    yi, vi : ndarray, shape (studies,)
        Effects and sampling variances, set after set.
    ends : ndarray of int64, shape (n + 1,)
        Where each set starts; the last is the number of studies.
    first, last : int
        Which sets.
    way : int
        How tau2 is found: GIVEN, MOMENT, Q_EQUAL, LIKELIHOOD.
    kind, rule : int
        Of moments: weights, and what follows from Q (see `mutau.numerics.tau2`). Of the likelihood: `kind` 1 for the
        restricted one.
    targets : ndarray, shape (n, TARGETS)
        For each set LEVEL, what Q is set to (Q_EQUAL), or the tau2 in the weights of a moment estimator (NaN for its
        own); KNOWN, tau2 where it is known (GIVEN; MOMENT for its standard error alone), infinite where it was sought
        in vain, else NaN; and two values of Q whose tau2 are wanted, or NaN.
    steps : int
        Evaluations allowed to each search; where they do not do, tau2 is NaN.
    out : ndarray, shape (n, FACTS)
        Filled.
    points, waiting, w, d
        `scratch` for the largest set.
    """
    for at in range(first, last):
        a, b = ends[at], ends[at + 1]
        _pool_one(
            yi[a:b],
            vi[a:b],
            way,
            kind,
            rule,
            targets[at],
            steps,
            out[at],
            points,
            waiting,
            w[: b - a],
            d[: b - a],
        )


@entry(1.0, lambda yi: 4e-5 * len(yi))
def turning_points(yi, vi, restricted, steps, allowed, out, points, waiting, w, z):
    """Find where the likelihood of one set of studies turns, and the outermost tau2 where it is high enough.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    restricted : bool
        The restricted likelihood.
    steps : int
        Evaluations allowed to each search.
    allowed : float
        By how much the log likelihood may lie below its highest value.
    out : ndarray, shape (4,)
        Filled with the number of turning points (-1: not found), whether the likelihood rises at 0, and the outermost
        tau2 (NaN: not found).
    points : ndarray, shape (ROOM,)
        Filled with the turning points, maxima and minima in turn.
    waiting, w, z
        `scratch`.
    """
    count, rises = stationary(yi, vi, restricted, steps, points, waiting, w, z)
    out[0], out[1], out[2], out[3] = count, 1.0 if rises else 0.0, math.nan, math.nan
    if count < 0:
        return
    best = highest(yi, vi, restricted, count, rises, points, w)[0]
    level = log_likelihood(yi, vi, best, restricted, w) - allowed
    lowest, high, before, after = math.nan, 0.0, 0.0, math.nan
    if log_likelihood(yi, vi, 0.0, restricted, w) >= level:
        lowest = 0.0
    for at in range(count):
        if points[at] == best or log_likelihood(yi, vi, points[at], restricted, w) >= level:
            if math.isnan(lowest):
                lowest = _level_root(yi, vi, restricted, before, points[at], level, steps, w, z)
            high, after = points[at], math.nan
        elif math.isnan(after):
            after = points[at]
        before = points[at]
    if math.isnan(after):  # it falls from the last turning point for ever
        after = 2.0 * high + vi[0]
        for _ in range(steps):
            if log_likelihood(yi, vi, after, restricted, w) < level:
                break
            after *= 2.0
    out[2] = lowest
    out[3] = _level_root(yi, vi, restricted, after, high, level, steps, w, z)


@inner
def _level_root(y, v, restricted, outside, inside, level, steps, w, z):
    """Find where the log likelihood crosses `level` between two points, by Newton's steps kept inside; NaN if not."""
    smallest = v[0]
    for i in range(len(v)):
        smallest = min(smallest, v[i])
    tau2, last = 0.5 * (outside + inside), math.inf
    for _ in range(steps):
        value = log_likelihood(y, v, tau2, restricted, w) - level
        if value >= 0.0:
            inside = tau2
        else:
            outside = tau2
        at = slopes(y, v, tau2, restricted, w, z)
        slope = 0.5 * (at[0] - at[1])
        step = -value / slope if slope != 0.0 else math.inf
        found = tau2 + step
        if math.fabs(value) > 0.5 * last or not min(inside, outside) <= found <= max(inside, outside):
            found, step = 0.5 * (outside + inside), math.inf
            if found in (outside, inside):
                return inside
        elif math.fabs(step) <= LAST * (tau2 + smallest):
            return found
        tau2, last = found, math.fabs(value)
    return math.nan
