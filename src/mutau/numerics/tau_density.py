# mypy: allow-untyped-defs
r"""The unnormalised posterior of tau in the normal-normal model, mu integrated out analytically. Compiled.

With :math:`v_i = s_i^2 + \tau^2`, :math:`w_i = 1/v_i`, :math:`W = \sum w_i`, :math:`m = \sum w_i y_i / W`,
:math:`Q = \sum w_i (y_i - m)^2`,

.. math:: \log p(y \mid \tau) = -\tfrac12\sum\log v_i - \tfrac12 Q - \tfrac{k}{2}\log 2\pi
          + \log\sum_q c_q (1 + S_q^2 W)^{-1/2} e^{-(m - M_q)^2 W / (2 (1 + S_q^2 W))}

for a prior of mu that is a mixture of normals (weights c, means M, SDs S; a point has S = 0); for a flat prior the
last term is :math:`\tfrac12\log(2\pi / W)`. Every sum has terms of one sign: nothing cancels.

Every prior of tau is one formula in :math:`u`, which is :math:`\tau/s` or :math:`(\log\tau - l)/s`:

.. math:: \log p(\tau) = c - r\tau - d\log\tau - e/\tau - b/\tau^2 - g(u), \qquad
          g(u) = \tfrac12 u^2 \text{ or } \tfrac{\nu+1}{2}\log(1 + u^2/\nu) ,

or, where it is made from standard errors :math:`s_j`, a product or a sum over them,

.. math:: \log p(\tau) = c - d\log\tau - a\sum_j\log(s_j^q + \tau^q) \quad\text{or}\quad
          c + \tfrac12\log\sum_j\left(\frac{\tau}{s_j^2 + \tau^2}\right)^2 .

Effects are measured from `ref` in units of `unit`; the priors stay in the data's units.
"""

from __future__ import annotations

import math

from mutau.numerics.compiling import entry, inlined, inner

__all__ = ["MODEL", "PRODUCT", "SUM", "N", "densities", "densities_at", "unit_and_reference"]

N = 16  # nodes of one panel
LOG_2PI = math.log(2.0 * math.pi)
PRODUCT_LIMIT = 1e200

# The model's vector. The first eight are the formula above: NU is inf for a normal g, 0 for none; ON_LOG is 1 where
# u is in log tau. The others are for the quadrature: the support; START, the scale on which the density varies near
# tau = 0, or 0 where it is declared for log tau; FROM, the log of the tau at which the rule then starts; CENTRE, the
# log of where the density is centred (-inf: nowhere); TAIL, the power with which the posterior of k studies falls,
# less k (inf: faster than any); CAP, the log of the largest tau; BELOW and ABOVE, what a log-t prior has below FROM
# and above CAP, over its density of log tau there. INVERSE_SQUARE is the formula's b. FORM is 0 for the one above,
# PRODUCT or SUM for those over standard errors, which follow from MODEL on; DEGREE and AMOUNT are their q and a
CONSTANT, RATE, POWER, INVERSE, ON_LOG, CENTRE_U, SCALE, NU = range(8)
LOWER, UPPER, START, FROM, CENTRE, TAIL, CAP, BELOW, ABOVE = range(8, 17)
INVERSE_SQUARE, FORM, DEGREE, AMOUNT = range(17, 21)
MODEL = 21
PRODUCT, SUM = 1.0, 2.0


@inner
def densities(y, s2, unit, ref, model, parts, taus, value, m, v, logs):
    """Fill N nodes: log(density of y and tau, times a factor), and mean and variance of mu given tau.

    Parameters
    ----------
    y, s2 : ndarray, shape (k,)
        Effects from `ref` in units of `unit`; squared standard errors, at least 1 in squared units.
    unit, ref : float
        In the data's units.
    model : ndarray, shape (MODEL,) or longer by the prior's own standard errors
        Prior of tau, in the data's units.
    parts : ndarray, shape (3, q)
        Prior of mu, in the data's units: means, SDs, log weights of its normal components; q = 0 is flat.
    taus, value, m, v, logs : ndarray, shape (N,)
        tau in units of `unit`; the factor, replaced by the result; filled in the same units from `ref` (for
        several components: what the data alone say of mu); scratch.
    """
    k, q = len(y), parts.shape[1]
    log_prior(taus, unit, model, logs)
    largest = 0.0
    for j in range(N):
        logs[j] -= 0.5 * k * LOG_2PI
        value[j] = 1.0 / (value[j] * value[j])
        v[j] = 0.0
        m[j] = 0.0
        largest = max(largest, taus[j] * taus[j])
    bound = 1.0  # no product of variances exceeds it: each is at least 1
    for i in range(k):
        a, d = s2[i], y[i]
        bound *= a + largest
        if bound > PRODUCT_LIMIT:
            for j in range(N):
                logs[j] -= 0.5 * math.log(value[j])
                value[j] = 1.0
            bound = a + largest
        for j in range(N):
            x = a + taus[j] * taus[j]
            w = 1.0 / x
            v[j] += w
            m[j] += w * d
            value[j] *= x
    for j in range(N):
        m[j] /= v[j]
    for i in range(k):
        a, d = s2[i], y[i]
        for j in range(N):
            r = d - m[j]
            logs[j] -= 0.5 * (r * r / (a + taus[j] * taus[j]))
    for j in range(N):
        w = v[j]
        if q == 1:
            shift, s = (parts[0, 0] - ref) / unit, parts[1, 0] / unit
            d = m[j] - shift
            spread = 1.0 + s * s * w
            value[j] *= spread
            logs[j] -= 0.5 * d * d * w / spread
            m[j] = shift + d * (s * s * w / spread)
            v[j] = s * s / spread
        elif q == 0:
            value[j] *= w / (2.0 * math.pi * unit * unit)
            v[j] = 1.0 / w
        else:
            logs[j] += log_mixture(ref + unit * m[j], w / (unit * unit), parts)
            v[j] = 1.0 / w
        value[j] = logs[j] - 0.5 * math.log(value[j])


@inlined
def log_prior(taus, unit, model, logs):
    """Log density of tau's prior, per unit of the data."""
    on_log, rate, nu, scale = model[ON_LOG] > 0.5, model[RATE], model[NU], model[SCALE]
    constant, power, inverse, centre = model[CONSTANT], model[POWER], model[INVERSE], model[CENTRE_U]
    square, form = model[INVERSE_SQUARE], model[FORM]
    for j in range(N):
        t = unit * taus[j]
        if form > 0.0:
            logs[j] = constant + over_errors(t, model)
            continue
        u = t / scale
        g = constant - rate * t
        if on_log:
            x = math.log(t)
            g -= power * x + inverse / t + square / (t * t)
            u = (x - centre) / scale
        if nu > 0.0:
            g -= 0.5 * u * u if nu == math.inf else 0.5 * (nu + 1.0) * math.log1p(u * u / nu)
        logs[j] = g


@inner
def over_errors(t, model):
    """Log density, up to its constant, of a prior of tau that is a product or a sum over standard errors."""
    total, log_t = 0.0, math.log(t)
    if model[FORM] == SUM:
        for i in range(MODEL, len(model)):
            ratio = model[i] / t
            total += 1.0 / ((1.0 + ratio * ratio) * (1.0 + ratio * ratio))
        return 0.5 * math.log(total) - log_t
    degree = model[DEGREE]
    for i in range(MODEL, len(model)):
        total += degree * log_t + math.log1p((model[i] / t) ** degree)
    return -model[POWER] * log_t - model[AMOUNT] * total


@inner
def log_mixture(m, w, parts):
    """Log of the integral of mu's prior against exp(-(m - mu)^2 w / 2)."""
    best = -math.inf
    total = 0.0
    for q in range(parts.shape[1]):
        s, d = parts[1, q], m - parts[0, q]
        spread = 1.0 + s * s * w
        value = parts[2, q] - 0.5 * (math.log(spread) + d * d * w / spread)
        if value > best:
            total *= math.exp(best - value)
            best = value
        total += math.exp(value - best)
    return best + math.log(total)


@inner
def unit_and_reference(yi, sei, y, s2):
    """Put the studies into the units of the computation.

    The unit is the power of two up to the smallest standard error, the reference the inverse-variance mean.
    """
    k, least = len(yi), math.inf
    for i in range(k):
        least = min(least, sei[i])
    unit = 2.0 ** math.floor(math.log2(least))
    total, shift = 0.0, 0.0
    for i in range(k):
        w = (least / sei[i]) * (least / sei[i])
        total += w
        shift += w * (yi[i] - yi[0])
    ref = yi[0] + shift / total
    for i in range(k):
        y[i] = (yi[i] - ref) / unit
        s2[i] = (sei[i] / unit) * (sei[i] / unit)
    return unit, ref


@entry(0.6, lambda taus, yi: 7e-7 * (N + len(taus)) * (4 + len(yi)))
def densities_at(taus, yi, sei, model, parts, out, y, s2, scratch):
    """Unnormalised log posterior density of tau, and mu given it, at given values, in the data's units.

    taus: shape (n,); out: shape (3, n), log density, mean, variance (for a mixture prior of mu: what the data alone
    say). The density's constant is that of the log marginal likelihood. y, s2, scratch: of shapes (k,), (k,), (5, N).
    """
    k = len(yi)
    t, f, m, v, g = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    unit, ref = unit_and_reference(yi, sei, y, s2)
    for start in range(0, len(taus), N):
        size = min(N, len(taus) - start)
        for j in range(N):
            t[j] = taus[start + min(j, size - 1)] / unit
            f[j] = 1.0
        densities(y, s2, unit, ref, model, parts, t, f, m, v, g)
        for j in range(size):
            out[0, start + j] = f[j] - k * math.log(unit)
            out[1, start + j] = ref + unit * m[j]
            out[2, start + j] = v[j] * unit * unit
