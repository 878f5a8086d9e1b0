# mypy: allow-untyped-defs
r"""The distribution of a generalised Q statistic :math:`Q_a = \sum a_i (y_i - m_a)^2`, exactly. Compiled.

It is a sum of :math:`k - 1` chi-squared variables with unequal weights. Its Laplace transform needs no eigenvalues:
by the determinant of a diagonal matrix less one of rank 1, with variances d and :math:`r_i = a_i d_i / q`,

.. math:: E\, e^{-z Q_a / q} = \prod_i (1 + 2 z r_i)^{-1/2}
          \Big[\sum_i \frac{a_i / \sum a}{1 + 2 z r_i}\Big]^{-1/2} .

Its singularities lie on the negative real axis, from a branch point on. The inversion integral runs along a parabola
about that branch cut whose vertex is the saddle point of the integrand, to the right of its pole at 0 for the lower
tail and to the left of it for the upper, and the trapezoidal rule along it converges geometrically (Weideman and
Trefethen 2007, doi:10.1090/S0025-5718-07-01945-X). Nothing cancels.

On the half of the parabola that is computed every factor has an argument in :math:`[0, \pi)`. So the logarithm of the
product needs no logarithm of a factor: each time the running product passes the negative real axis, :math:`2\pi` is
counted. For 100,000 studies the rounding of their product limits accuracy to about 5e-12.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mutau.numerics.compiling import entry, inner

__all__ = ["NODES", "contour", "q_probability"]

NODES = 80
"""Points of the contour on one side of the real axis."""

HALVINGS = 40
"""Steps to the saddle point, which need not be exact."""

REACH = 6.1
"""The contour ends where ``exp(-REACH^2)`` times its largest value is left: 1e-16."""

TOGETHER = 8
"""Factors that are multiplied before the product is looked at."""

SMALL = 1e-60
"""Squared size of a product that is then brought back to 1: no factor is below 1e-30 of the largest it can be."""


def contour() -> Any:
    """Make the scratch argument of `q_probability`."""
    return np.empty((8, NODES + 1))


@inner
def _saddle(ratios, a, total, left, right):
    """Minimum of ``z - 1/2 sum (1 - a/total) log(1 + 2 r z) - log |z|`` between two points."""
    for _ in range(HALVINGS):
        z, slope = 0.5 * (left + right), 0.0
        for i in range(len(a)):
            slope += (1.0 - a[i] / total) * ratios[i] / (1.0 + 2.0 * ratios[i] * z)
        if 1.0 - slope - 1.0 / z > 0.0:
            right = z
        else:
            left = z
    return 0.5 * (left + right)


@inner
def _multiply(r, share, size, turn, x, y, re, im, turns, mix_re, mix_im):
    """Multiply every node's product by one study's factor over `size`, and add to its sum of reciprocals."""
    for j in range(len(x)):
        f_re, f_im = 1.0 + 2.0 * r * x[j], 2.0 * r * y[j]
        over = share / (f_re * f_re + f_im * f_im)
        mix_re[j] += over * f_re
        mix_im[j] -= over * f_im
        f_re, f_im = f_re * size, f_im * size
        new_re, new_im = re[j] * f_re - im[j] * f_im, re[j] * f_im + im[j] * f_re
        turns[j] += turn if im[j] >= 0.0 and new_im < 0.0 else 0.0
        re[j], im[j] = new_re, new_im


@entry(1.0, lambda a: 3e-6 * NODES * len(a))
def q_probability(q, a, variances, ratios, out, nodes):
    """Fill `out` with the probability that Q_a is at most `q`, for independent normal effects.

    Parameters
    ----------
    q : float
        Above 0.
    a, variances : ndarray, shape (k,)
        Weights, and variances of the effects; k at least 2.
    ratios : ndarray, shape (k,)
        Scratch.
    out : ndarray, shape (1,)
        Filled; within about 1e-13, small probabilities relatively so.
    nodes
        `contour`.
    """
    x, y, re, im, turns, mix_re, mix_im, logs = (
        nodes[0], nodes[1], nodes[2], nodes[3], nodes[4], nodes[5], nodes[6], nodes[7],
    )  # fmt: skip
    k, total, largest = len(a), 0.0, 0.0
    for i in range(k):
        ratios[i] = a[i] * variances[i] / q
        total += a[i]
        largest = max(largest, ratios[i])
    expected = 0.0
    for i in range(k):
        expected += (1.0 - a[i] / total) * ratios[i]
    below, branch = expected > 1.0, -0.5 / largest
    vertex = _saddle(ratios, a, total, 0.0 if below else branch, 1.0 + 0.5 * k if below else 0.0)
    opening = vertex - branch
    step = REACH / NODES / math.sqrt(opening)
    for j in range(NODES + 1):
        side = step * j
        x[j], y[j] = branch + opening * (1.0 - side * side), 2.0 * opening * side
        re[j], im[j], turns[j], mix_re[j], mix_im[j], logs[j] = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    reach = math.sqrt(x[NODES] * x[NODES] + y[NODES] * y[NODES]) + math.fabs(vertex)
    sizes, lost = 0.0, 0.0  # summed after Kahan: it is large, and its error would be the result's
    for i in range(k):
        size = 1.0 + 2.0 * ratios[i] * reach
        term = math.log(size) - lost
        lost = (sizes + term - sizes) - term
        sizes += term
        _multiply(ratios[i], a[i] / total, 1.0 / size, 2.0 * math.pi, x, y, re, im, turns, mix_re, mix_im)
        if i % TOGETHER == TOGETHER - 1 or i == k - 1:
            for j in range(NODES + 1):
                square = re[j] * re[j] + im[j] * im[j]
                if square < SMALL:
                    logs[j] += 0.5 * math.log(square)
                    re[j], im[j] = re[j] / math.sqrt(square), im[j] / math.sqrt(square)
    integral = 0.0
    for j in range(NODES + 1):
        # minus half the logarithm of the product of the factors and of their mixture
        square, mixed = re[j] * re[j] + im[j] * im[j], mix_re[j] * mix_re[j] + mix_im[j] * mix_im[j]
        log_size = x[j] - 0.5 * (sizes + logs[j] + 0.5 * math.log(square) + 0.5 * math.log(mixed))
        turned = math.atan2(im[j], re[j]) + turns[j] + math.atan2(mix_im[j], mix_re[j])
        phase = y[j] - 0.5 * turned
        # times side / z
        side, far = step * j, x[j] * x[j] + y[j] * y[j]
        over_re, over_im = (x[j] + side * y[j]) / far, (side * x[j] - y[j]) / far
        term = math.exp(log_size) * (math.cos(phase) * over_re - math.sin(phase) * over_im)
        integral += term if j == 0 else 2.0 * term
    integral *= opening * step / math.pi
    out[0] = min(1.0, max(0.0, integral if below else 1.0 + integral))
