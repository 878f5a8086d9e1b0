# mypy: allow-untyped-defs
r"""The unnormalised posterior of tau in the normal-normal model, mu integrated out analytically. Compiled.

With :math:`v_i = s_i^2 + \tau^2`, :math:`w_i = 1/v_i`, :math:`m = \sum w_i y_i / \sum w_i`,
:math:`V = 1/\sum w_i`,

.. math:: \log p(y \mid \tau) = -\tfrac12\sum\log v_i + \tfrac12\log V - \tfrac12\sum w_i (y_i - m)^2
          - \tfrac{k-1}{2}\log 2\pi + \log\int N(m; \mu, V)\,p(\mu)\,d\mu .

The last integral is 1 for a flat mu, a normal density for a normal mu or a point, and a sum over the scales of a
normal mixture otherwise. Every sum has terms of one sign: nothing cancels.

A model is one vector of numbers, `PAR`; `scaled` puts it into the units of the data.
"""

from __future__ import annotations

import math

from mutau.numerics.compiling import kernel

__all__ = [
    "EXPONENTIAL",
    "HALF_NORMAL",
    "HALF_T",
    "INVERSE_GAMMA",
    "LOG_NORMAL",
    "LOG_T",
    "MU_FLAT",
    "MU_MIXTURE",
    "MU_NORMAL",
    "PAR",
    "UNIFORM",
    "N",
    "fill_density",
    "log_prior",
    "scaled",
]

N = 16  # nodes of one panel
LOG_2PI = math.log(2.0 * math.pi)
PRODUCT_LIMIT = 1e300

# Families of tau's prior
HALF_NORMAL, HALF_T, EXPONENTIAL, INVERSE_GAMMA, LOG_NORMAL, LOG_T, UNIFORM = range(7)
# Kinds of mu's prior; a point is a normal with SD 0
MU_FLAT, MU_NORMAL, MU_MIXTURE = range(3)
# Places in the model's vector
FAMILY, T1, T2, T3, LOG_C, MU_KIND, M0, S0, LOWER, UPPER, START, CENTRE, STRIP, POWER, LOG_TAIL, LOG_BETA = (
    range(16)
)
PAR = 16


@kernel
def log_prior(tau, par):  # noqa: PLR0911
    """Log density of tau's prior, with its constant."""
    family = int(par[FAMILY])
    if family == HALF_NORMAL:
        z = tau / par[T1]
        return par[LOG_C] - 0.5 * z * z
    if family == HALF_T:
        z = tau / par[T1]
        return par[LOG_C] - 0.5 * (par[T2] + 1.0) * math.log1p(z * z / par[T2])
    if family == EXPONENTIAL:
        return par[LOG_C] - par[T1] * tau
    if family == UNIFORM:
        return par[LOG_C]
    log_tau = math.log(tau)
    if family == INVERSE_GAMMA:
        return par[LOG_C] - par[T1] * log_tau - par[T2] / tau - log_tau
    z = (log_tau - par[T1]) / par[T2]
    if family == LOG_NORMAL:
        return par[LOG_C] - 0.5 * z * z - log_tau
    return par[LOG_C] - 0.5 * (par[T3] + 1.0) * math.log1p(z * z / par[T3]) - log_tau


@kernel
def scaled(par, ref, unit, out):
    """Put the model into units in which a study's effect y becomes (y - ref) / unit."""
    for i in range(PAR):
        out[i] = par[i]
    log_unit = math.log(unit)
    family = int(par[FAMILY])
    if family in (HALF_NORMAL, HALF_T):
        out[T1] /= unit
    if family == EXPONENTIAL:
        out[T1] *= unit
    if family in (HALF_NORMAL, HALF_T, EXPONENTIAL, UNIFORM):
        out[LOG_C] += log_unit
    if int(par[MU_KIND]) == MU_FLAT:
        out[LOG_C] += (
            log_unit  # a flat prior of mu is 1 per unit of the data, not per unit of the computation
        )
    if family == INVERSE_GAMMA:
        out[T2] /= unit
        out[LOG_C] -= par[T1] * log_unit
    if family in (LOG_NORMAL, LOG_T):
        out[T1] -= log_unit
    out[M0] = (par[M0] - ref) / unit
    out[S0] /= unit
    out[LOWER] /= unit
    out[UPPER] /= unit
    out[START] /= unit
    out[CENTRE] -= log_unit


@kernel
def log_mu_integral(d, v, par, scales):
    """Log of the integral of N(d; mu, v) over mu's prior, both measured from the prior's centre.

    scales: rows are squared SDs of the components of mu's prior and the logs of their weights.
    """
    kind = int(par[MU_KIND])
    if kind == MU_FLAT:
        return 0.0
    if kind == MU_NORMAL:
        total = v + par[S0] * par[S0]
        return -0.5 * (LOG_2PI + math.log(total) + d * d / total)
    best = -math.inf
    for q in range(scales.shape[1]):
        total = v + scales[0, q]
        best = max(best, scales[1, q] - 0.5 * (math.log(total) + d * d / total))
    value = 0.0
    for q in range(scales.shape[1]):
        total = v + scales[0, q]
        value += math.exp(scales[1, q] - 0.5 * (math.log(total) + d * d / total) - best)
    return -0.5 * LOG_2PI + best + math.log(value)


@kernel
def fill_density(y, s2, par, scales, nodes, at, sums):
    """Fill N nodes: from their tau (row 0), the log density (row 1), m (row 2) and V (row 3).

    y, s2: effects from `ref` in units of `unit`, squared standard errors in squared units. nodes: shape (4,
    ...), columns at .. at + N. sums: scratch, shape (5, N).
    """
    k = len(y)
    t2, w0, w1, product, logs = sums[0], sums[1], sums[2], sums[3], sums[4]
    largest = 0.0
    for j in range(N):
        t2[j] = nodes[0, at + j] ** 2
        w0[j] = 0.0
        w1[j] = 0.0
        product[j] = 1.0
        logs[j] = 0.0
        largest = max(largest, t2[j])
    bound = 1.0  # no product exceeds it: variances are at least about 1 in these units
    for i in range(k):
        a = s2[i]
        d = y[i]
        bound *= max(a + largest, 2.0)
        if bound > PRODUCT_LIMIT:
            for j in range(N):
                logs[j] += math.log(product[j])
                product[j] = 1.0
            bound = max(a + largest, 2.0)
        for j in range(N):
            v = a + t2[j]
            w = 1.0 / v
            w0[j] += w
            w1[j] += w * d
            product[j] *= v
    for j in range(N):
        logs[j] += math.log(product[j])
        w1[j] /= w0[j]
        product[j] = 0.0
    for i in range(k):
        a = s2[i]
        d = y[i]
        for j in range(N):
            r = d - w1[j]
            product[j] += r * r / (a + t2[j])
    for j in range(N):
        v = 1.0 / w0[j]
        value = -0.5 * (logs[j] + math.log(w0[j]) + product[j] + (k - 1.0) * LOG_2PI)
        value += log_mu_integral(w1[j] - par[M0], v, par, scales) + log_prior(nodes[0, at + j], par)
        nodes[1, at + j] = value
        nodes[2, at + j] = w1[j]
        nodes[3, at + j] = v
