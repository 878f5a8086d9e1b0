# mypy: allow-untyped-defs
r"""Estimators of the between-study variance for one set of studies. Compiled.

**Q set to a number** (Paule-Mandel, Q-profile). :math:`1/Q(\tau^2)` is increasing and concave, because :math:`Q' =
-y^\top P P y`, :math:`Q'' = 2 y^\top P P P y` and, by Cauchy and Schwarz, :math:`Q Q'' \ge 2 Q'^2`. Newton's steps
for :math:`1/Q` from 0 therefore never pass the root, and converge to it.

**Likelihood.** Twice the slope of the log likelihood is :math:`R - F` with :math:`R = y^\top P P y` and :math:`F =
\mathrm{tr} P` (restricted) or :math:`\sum w`; its slope is :math:`F_2 - 2 R_2`, with :math:`R_2 = y^\top P P P y` and
:math:`F_2 = \mathrm{tr} P P` or :math:`\sum w^2`. All four fall in :math:`\tau^2`, so their values at the ends of an
interval bound them inside: the slope has no root there where :math:`R(b) > F(a)` or :math:`R(a) < F(b)`, and at most
one where :math:`F_2(a) < 2 R_2(b)` or :math:`2 R_2(a) < F_2(b)`. Intervals are halved until one of the four holds.
So every maximum and minimum is found, and that none is missed is proved, down to intervals that are a millionth of
``tau2 + the smallest variance`` wide: a maximum left out there is higher than its neighbourhood by rounding only.
"""

from __future__ import annotations

import math

from mutau.numerics.compiling import inner
from mutau.numerics.weighted import (
    fill_weights,
    log_likelihood,
    moment_q,
    q_and_slope,
    residual_trace,
    slopes,
)

__all__ = [
    "EQUAL", "EXPECTED", "HUNTER_SCHMIDT", "HUNTER_SCHMIDT_CORRECTED", "INVERSE", "ROOM", "ROOT", "SIDIK_JONKMAN",
    "TWO_STEP", "highest", "likelihood_error", "moment", "moment_error", "q_root", "stationary",
]  # fmt: skip

INVERSE, EQUAL, ROOT, TWO_STEP, SIDIK_JONKMAN = range(5)
"""Weights of a moment estimator: 1/vi, 1, 1/sei, 1/(vi + DL), 1/(vi + the plain variance)."""

EXPECTED, HUNTER_SCHMIDT, HUNTER_SCHMIDT_CORRECTED = range(3)
"""What follows from Q: the tau2 of which it is the expectation, or Hunter and Schmidt's."""

ROOM = 64
"""Stationary points that are kept, and halvings of an interval that may wait: more than ever occur."""

LAST = 1e-9
"""A Newton step this small, relative to tau2 + the smallest variance, is the last: what is left is of its square."""

NARROW = 1e-6
"""Intervals narrower than this, on the same scale, are not halved."""

FAR = 1e-9
"""The bound beyond which the likelihood falls is widened by this share, so that rounding cannot cut a root off."""


@inner
def moment(y, v, weights, rule, start, w, ones):
    """Moment estimator of tau2.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    weights, rule : int
        Which weights, and what follows from Q.
    start : float
        tau2 in the weights of the last two kinds; NaN for their own.
    w : ndarray, shape (k,)
        Filled with the weights.
    ones : ndarray, shape (k,)
        Scratch.

    Returns
    -------
    tau2, factor : float
        ``max(0, (Q - expected) factor)``.
    """
    k = len(y)
    if weights == TWO_STEP and math.isnan(start):
        start = _moment_from(y, v, INVERSE, EXPECTED, 0.0, w)[0]
    if weights == SIDIK_JONKMAN:
        if math.isnan(start):
            for i in range(k):
                ones[i] = 1.0
            start = moment_q(y, ones, float(k)) / k
        total = fill_weights(v, start, w)[0]
        return start / (k - 1) * moment_q(y, w, total), start / (k - 1)
    return _moment_from(y, v, weights, rule, start, w)


@inner
def _moment_from(y, v, weights, rule, start, w):
    k, largest = len(y), 0
    for i in range(k):
        if weights == EQUAL:
            w[i] = 1.0
        elif weights == ROOT:
            w[i] = 1.0 / math.sqrt(v[i])
        else:
            w[i] = 1.0 / (v[i] + (start if weights == TWO_STEP else 0.0))
        if w[i] > w[largest]:
            largest = i
    rest, pairs, before = 0.0, 0.0, 0.0
    for i in range(k):
        rest += 0.0 if i == largest else w[i]
        pairs += w[i] * before
        before += w[i]
    total = w[largest] + rest
    q = moment_q(y, w, total)
    if rule == HUNTER_SCHMIDT:
        return max(0.0, (q - k) / total), 1.0 / total
    if rule == HUNTER_SCHMIDT_CORRECTED:
        factor = k / (k - 1.0) / total
        return max(0.0, (q - (k - 1.0)) * factor), factor
    expected = k - 1.0
    if weights != INVERSE:
        expected = 0.0
        for i in range(k):
            expected += w[i] * v[i] * ((rest if i == largest else total - w[i]) / total)
    factor = total / (2.0 * pairs)
    return max(0.0, (q - expected) * factor), factor


@inner
def q_root(y, v, target, steps, w):
    """Find the tau2 at which Q is `target`: 0 where Q is at most that already at 0, NaN where `steps` do not do."""
    smallest = v[0]
    for i in range(len(v)):
        smallest = min(smallest, v[i])
    tau2 = 0.0
    q, slope = q_and_slope(y, v, tau2, w)
    if q <= target:
        return 0.0
    for _ in range(steps):
        step = q * (q / target - 1.0) / slope
        tau2 += step
        if step <= LAST * (tau2 + smallest):
            return tau2
        q, slope = q_and_slope(y, v, tau2, w)
        if q <= target:
            return tau2
    return math.nan


@inner
def likelihood_end(y, v, restricted):
    """Give the smallest variance and a tau2 beyond which the likelihood falls; 0 if it falls everywhere."""
    k = len(y)
    m, smallest, largest = 0.0, v[0], v[0]
    for i in range(k):
        m += y[i] - y[0]
        smallest, largest = min(smallest, v[i]), max(largest, v[i])
    m, s = y[0] + m / k, 0.0
    for i in range(k):
        s += (y[i] - m) * (y[i] - m)
    df = k - 1 if restricted else k
    positive = (s + math.sqrt(s * (s + 4.0 * df * (largest - smallest)))) / (2.0 * df)
    return smallest, max(0.0, (1.0 + FAR) * positive - smallest)


@inner
def slope_root(y, v, restricted, smallest, lower, upper, at_lower, at_upper, steps, w, z):
    """Find the one change of sign of ``rise - fall`` between two points; NaN where `steps` do not do."""
    rising = at_upper[0] > at_upper[1]
    near_lower = math.fabs(math.log(at_lower[0] / at_lower[1])) < math.fabs(
        math.log(at_upper[0] / at_upper[1])
    )
    tau2, at = (lower, at_lower) if near_lower else (upper, at_upper)
    for _ in range(steps):
        if at[0] == at[1]:
            return tau2
        if (at[0] > at[1]) == rising:
            upper = tau2
        else:
            lower = tau2
        # Newton's step for log(rise/fall) as a function of log(tau2 + smallest), which is nearly straight
        lies = tau2 + smallest
        bend = (at[3] / at[1] - 2.0 * at[2] / at[0]) * lies
        step = -math.log(at[0] / at[1]) / bend if bend != 0.0 else math.inf
        found = tau2 + lies * (math.exp(step) - 1.0 if math.fabs(step) > LAST else step)
        if not lower <= found <= upper:
            found = lower + (lower + smallest) * (math.sqrt((upper + smallest) / (lower + smallest)) - 1.0)
            if found <= lower or found >= upper:
                return tau2
        elif math.fabs(step) <= LAST:
            return found
        tau2 = found
        at = slopes(y, v, tau2, restricted, w, z)
    return math.nan


@inner
def stationary(y, v, restricted, steps, points, waiting, w, z):
    """Find every tau2 above 0 where the likelihood turns.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    restricted : bool
        The restricted likelihood instead of the plain one.
    steps : int
        Evaluations allowed to the search for intervals, and to that of each root.
    points : ndarray, shape (ROOM,)
        Filled with the points: minima and maxima in turn, the last a maximum.
    waiting : ndarray, shape (ROOM, 5)
        Scratch.
    w, z : ndarray, shape (k,)
        Scratch.

    Returns
    -------
    count : int
        Number of points; -1 where `steps` or the room do not do.
    rises : bool
        Whether the likelihood rises at 0, so that the first of them is a maximum; else 0 is one.
    """
    smallest, end = likelihood_end(y, v, restricted)
    left, at_left = 0.0, slopes(y, v, 0.0, restricted, w, z)
    rises = end > 0.0 and at_left[0] > at_left[1]
    count, depth = 0, 0
    if end > 0.0:
        at = slopes(y, v, end, restricted, w, z)
        waiting[0, 0], waiting[0, 1], waiting[0, 2], waiting[0, 3], waiting[0, 4] = (
            end,
            at[0],
            at[1],
            at[2],
            at[3],
        )
        depth = 1
    for _ in range(steps):
        if depth == 0:
            return (-1 if at_left[0] > at_left[1] else count), rises
        top = waiting[depth - 1]
        right, at_right = top[0], (top[1], top[2], top[3], top[4])
        ends_differ = (at_left[0] > at_left[1]) != (at_right[0] > at_right[1])
        no_root = at_right[0] > at_left[1] or at_left[0] < at_right[1]
        one_root = at_left[3] < 2.0 * at_right[2] or 2.0 * at_left[2] < at_right[3]
        narrow = right - left <= NARROW * (right + smallest)
        if no_root or one_root or narrow or depth == ROOM:
            if ends_differ:
                point = slope_root(y, v, restricted, smallest, left, right, at_left, at_right, steps, w, z)
                if math.isnan(point) or ROOM in (count, depth):
                    return -1, rises
                points[count] = point
                count += 1
            left, at_left = right, at_right
            depth -= 1
            continue
        middle = left + (left + smallest) * (math.sqrt((right + smallest) / (left + smallest)) - 1.0)
        at = slopes(y, v, middle, restricted, w, z)
        new = waiting[depth]
        new[0], new[1], new[2], new[3], new[4] = middle, at[0], at[1], at[2], at[3]
        depth += 1
    return -1, rises


@inner
def highest(y, v, restricted, count, rises, points, w):
    """Give the highest of the maxima that `stationary` found, a tie going to the smaller tau2, and their number."""
    first = 0 if rises else 1
    maxima = (count + 1 - first) // 2 + first
    best = points[0] if rises else 0.0
    if maxima < 2:
        return best, maxima
    most = log_likelihood(y, v, best, restricted, w)
    for i in range(2 if rises else 1, count, 2):
        value = log_likelihood(y, v, points[i], restricted, w)
        if value > most:
            best, most = points[i], value
    return best, maxima


@inner
def moment_error(v, tau2, factor, w, d):
    """Standard error of a moment estimator, truncation at 0 left aside; `w` are its weights."""
    for i in range(len(v)):
        d[i] = v[i] + tau2
    return factor * math.sqrt(2.0 * residual_trace(w, d))


@inner
def likelihood_error(v, tau2, restricted, w, ones):
    """Standard error from the expected information: ``sqrt(2/sum w^2)``, restricted ``sqrt(2/tr PP)``."""
    fill_weights(v, tau2, w)
    information = 0.0
    for i in range(len(v)):
        ones[i] = 1.0
        information += w[i] * w[i]
    if restricted:
        information = residual_trace(w, ones)
    return math.sqrt(2.0 / information)
