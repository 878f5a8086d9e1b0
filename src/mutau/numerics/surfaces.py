# mypy: allow-untyped-defs
r"""Each study's likelihood with its own effect integrated out, over mean effect and between-study SD. Compiled.

.. math:: \ell_i(\mu, \tau) = \log \int \exp L_i(\theta)\, p\big((\theta - \mu) / \tau\big) / \tau \, d\theta

for a tabulated :math:`L_i` and a standard normal or t density p. Each :math:`L_i` is tabulated at equal steps of
v, :math:`\theta = c_i + s_i \sinh v`, fine around the study's estimate c and coarse far away. Where tau is well
below the study's standard error s, :math:`L_i` is smooth on the scale of tau, and a rule for p is laid at
:math:`\mu + \tau z`.
Elsewhere p is smooth on the scale of the table, and the trapezoid rule over v, which converges geometrically for
functions that vanish at both ends, is laid over the table itself. So no tau, not even 0, is too small or too large.
"""

from __future__ import annotations

import math

from mutau.numerics.compiling import entry, inner

__all__ = ["STEP", "fill_surface"]

STEP = 0.08  # of v
NARROW = 0.5  # of a study's standard error: below, the rule for p is laid at mu + tau z
FAR = 10.0  # tau's from mu to a study's estimate: beyond, likewise (a steep likelihood is nothing there)
FINE = 0.4  # step of the trapezoid rule, of the integrand's SD in v: a normal one is then exact to 1e-50
REACH = 8.0  # tau's around mu that a normal p covers
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


@inner
def interpolate(table, u):
    """Value of a table at u steps from its first entry, by the polynomial of degree 5 through six entries."""
    last = len(table) - 1
    u = min(max(u, 0.0), last)
    j = min(max(int(u) - 2, 0), last - 5)
    x = u - j
    a, b, c, d, e, f = x, x - 1.0, x - 2.0, x - 3.0, x - 4.0, x - 5.0
    ab, ef, cd = a * b, e * f, c * d
    return (
        -b * cd * ef * table[j] / 120.0
        + a * cd * ef * table[j + 1] / 24.0
        - ab * d * ef * table[j + 2] / 12.0
        + ab * c * ef * table[j + 3] / 12.0
        - ab * cd * f * table[j + 4] / 24.0
        + ab * cd * e * table[j + 5] / 120.0
    )


@inner
def at_nodes(mu, tau, centre, scale, first, table, z, log_w):
    """l_i by the rule for p."""
    best, total = -math.inf, 0.0
    for q in range(len(z)):
        v = math.asinh((mu + tau * z[q] - centre) / scale)
        value = interpolate(table, (v - first) / STEP) + log_w[q]
        if value > best:
            total *= math.exp(best - value)
            best = value
        total += math.exp(value - best)
    return best + math.log(total)


@inner
def over_table(mu, tau, centre, scale, first, theta, table, slope, df, constant):
    """l_i by the trapezoid rule over entries of the table; slope: log of d theta / dv times the table's step."""
    low, high = 0, len(table)
    far, narrow = (mu - centre) / scale, scale / tau
    step = max(1, int(FINE / (STEP * math.sqrt(1.0 + (1.0 + far * far) * narrow * narrow))))
    if df == math.inf:
        low = max(low, int((math.asinh((mu - REACH * tau - centre) / scale) - first) / STEP))
        high = min(high, int((math.asinh((mu + REACH * tau - centre) / scale) - first) / STEP) + 2)
    best, total = -math.inf, 0.0
    for j in range(low, high, step):
        r = (theta[j] - mu) / tau
        kernel = -0.5 * r * r if df == math.inf else -0.5 * (df + 1.0) * math.log1p(r * r / df)
        value = table[j] + slope[j] + kernel
        if value > best:
            total *= math.exp(best - value)
            best = value
        total += math.exp(value - best)
    return best + math.log(total * step) + constant - math.log(tau) if total > 0.0 else -math.inf


@entry(0.2, lambda mus, taus, centre: 5e-5 * len(mus) * len(taus) * len(centre))
def fill_surface(
    mus, taus, centre, scale, first, theta, table, slope, z, log_w, df, constant, peaks, worth, out
):
    """Sum of l_i over studies, for every mu and tau.

    Parameters
    ----------
    mus, taus : ndarray, shape (a,) and (b,)
        Mean effects; between-study SDs, 0 allowed.
    centre, scale, peaks : ndarray, shape (k,)
        c, s and the largest entry of each study's table.
    first : float
        v of the tables' first entries.
    theta, table, slope : ndarray, shape (k, n)
        theta, L and log of d theta / dv times the step.
    z, log_w : ndarray, shape (q,)
        A rule for p: nodes and log weights.
    df, constant : float
        Degrees of freedom of p (inf: normal); log of its constant.
    worth : float
        Where the sum is sure to be below this it is not needed, and is -inf.
    out : ndarray, shape (b, a)
        Filled.
    """
    k, below = len(centre), 0.0
    for i in range(k):
        below += peaks[i]
    for b in range(len(taus)):
        tau = taus[b]
        for a in range(len(mus)):
            mu, rest, total = mus[a], below, 0.0
            for i in range(k):
                rest -= peaks[i]
                if tau <= NARROW * scale[i] or abs(mu - centre[i]) > FAR * tau:
                    total += at_nodes(mu, tau, centre[i], scale[i], first, table[i], z, log_w)
                else:
                    total += over_table(
                        mu, tau, centre[i], scale[i], first, theta[i], table[i], slope[i], df, constant
                    )
                if total + rest < worth:
                    total = -math.inf
                    break
            out[b, a] = total
