# mypy: allow-untyped-defs
r"""Sums over one set of studies with weights :math:`w_i = 1/(v_i + \tau^2)`. Compiled.

With :math:`W = \sum w_i`, the mean :math:`m = \sum w_i y_i / W` and P the matrix that takes the mean off, :math:`P =
\mathrm{diag}(w) - w w^\top/W`, the generalised Q statistic is :math:`y^\top P y = \sum w_i (y_i - m)^2`, and
:math:`dP/d\tau^2 = -P P`. All that estimation needs are quadratic forms and traces in powers of P. Every sum has
terms of one sign, and :math:`W - w_i` is never taken for the largest weight: nothing cancels.
"""

from __future__ import annotations

import math

from mutau.numerics.compiling import inner

__all__ = ["fill_weights", "log_likelihood", "mean", "moment_q", "q_and_slope", "residual_trace", "slopes"]


@inner
def fill_weights(v, tau2, w):
    """Fill `w`; give its sum, the place of the largest and the sum of all but the largest."""
    largest = 0
    for i in range(len(v)):
        w[i] = 1.0 / (v[i] + tau2)
        if v[i] < v[largest]:
            largest = i
    rest = 0.0
    for i in range(len(v)):
        if i != largest:
            rest += w[i]
    return w[largest] + rest, largest, rest


@inner
def mean(y, w, total):
    """Weighted mean; exact where all effects are equal."""
    first, moved = y[0], 0.0
    for i in range(len(y)):
        moved += w[i] * (y[i] - first)
    return first + moved / total


@inner
def moment_q(y, w, total):
    """Generalised Q statistic of any weights."""
    m, q = mean(y, w, total), 0.0
    for i in range(len(y)):
        q += w[i] * (y[i] - m) * (y[i] - m)
    return q


@inner
def q_and_slope(y, v, tau2, w):
    """Give Q at tau2, and by how much it falls: ``y'Py`` and ``y'PPy``."""
    total = fill_weights(v, tau2, w)[0]
    m, q, slope = mean(y, w, total), 0.0, 0.0
    for i in range(len(y)):
        z = w[i] * (y[i] - m)
        q += z * (y[i] - m)
        slope += z * z
    return q, slope


@inner
def residual_trace(a, d):
    """Trace of ``A D A D``, ``A = diag(a) - a a'/sum a``, ``D = diag(d)``: half the variance of Q with weights a."""
    largest = 0
    for i in range(len(a)):
        if a[i] > a[largest]:
            largest = i
    rest = 0.0
    for i in range(len(a)):
        if i != largest:
            rest += a[i]
    total = a[largest] + rest
    diagonal, pairs, before = 0.0, 0.0, 0.0
    for i in range(len(a)):
        share = (rest if i == largest else total - a[i]) / total
        diagonal += (a[i] * d[i] * share) * (a[i] * d[i] * share)
        both = a[i] * d[i] * (a[i] / total)
        pairs += both * before
        before += both
    return diagonal + 2.0 * pairs


@inner
def slopes(y, v, tau2, restricted, w, z):
    """Give both parts of the slope of the log likelihood of tau2, and of its own slope.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances; k at least 2.
    tau2 : float
    restricted : bool
        The restricted likelihood instead of the plain one.
    w, z : ndarray, shape (k,)
        Scratch.

    Returns
    -------
    rise, fall, rise2, fall2 : float
        Twice the slope is ``rise - fall``: ``y'PPy`` less tr P (restricted) or ``sum w``. Its slope is ``fall2 - 2
        rise2``: tr PP or ``sum w^2`` less ``2 y'PPPy``. All four fall in tau2.
    """
    total, largest, rest = fill_weights(v, tau2, w)
    m = mean(y, w, total)
    rise, tilt, fall, fall2, pairs, before = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(y)):
        z[i] = w[i] * (y[i] - m)
        rise += z[i] * z[i]
        tilt += w[i] * z[i]
        share = 1.0
        if restricted:
            share = (rest if i == largest else total - w[i]) / total
            both = w[i] * (w[i] / total)
            pairs += both * before
            before += both
        fall += w[i] * share
        fall2 += (w[i] * share) * (w[i] * share)
    tilt /= total
    rise2 = 0.0
    for i in range(len(y)):
        rise2 += w[i] * (z[i] - tilt) * (z[i] - tilt)
    return rise, fall, rise2, fall2 + 2.0 * pairs


@inner
def log_likelihood(y, v, tau2, restricted, w):
    """Log likelihood of tau2 but for a constant, the mean at its maximum or (`restricted`) integrated out."""
    total = fill_weights(v, tau2, w)[0]
    m, inside = mean(y, w, total), math.log(total) if restricted else 0.0
    for i in range(len(y)):
        inside += w[i] * (y[i] - m) * (y[i] - m) - math.log(w[i])
    return -0.5 * inside
