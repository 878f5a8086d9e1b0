# mypy: allow-untyped-defs
r"""The adaptive composite Gauss rule over tau. Compiled.

The half line of tau is cut into panels: the first, where tau is below every standard error, in tau itself; the
others in log tau, where every part of the integrand varies on a scale of one unit. A panel is as wide as the
nearest complex singularity allows (`WIDTH` times the distance), and is halved while the log integrand changes by
more than `LIMIT` across it. So a rule of N nodes sees, in each panel, a function that a polynomial follows.

The rule covers all of tau from 0 up to where the rest is negligible, or is added analytically: heavy tails of
tau end in an atom that holds their mass.
"""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import kernel
from mutau.numerics.tau_density import (
    CENTRE,
    FAMILY,
    INVERSE_GAMMA,
    LOG_BETA,
    LOG_NORMAL,
    LOG_T,
    LOG_TAIL,
    LOWER,
    M0,
    MU_FLAT,
    MU_KIND,
    MU_NORMAL,
    POWER,
    S0,
    START,
    STRIP,
    T1,
    T2,
    T3,
    UPPER,
    N,
    fill_density,
)

__all__ = [
    "GAUSS_W",
    "GAUSS_X",
    "NODE_ROWS",
    "PANELS",
    "PANEL_ROWS",
    "build_rule",
    "extent",
    "fill_panels",
    "fold_mu",
    "halve_all",
    "lay_atoms",
    "weigh",
    "weigh_atoms",
]

PANELS = 512  # room; typical rules have 4 to 8
PANEL_ROWS = 6  # lower end, upper end, 1 for log tau, largest and smallest log integrand, 1 while in use
NODE_ROWS = 5  # tau, log weight, m, V, log density
WIDTH = 0.64
LIMIT = 16.0
DROP = 52.0  # exp(-52) is 3e-23: below this a panel adds nothing, even to tails of 1e-12
OVERSHOOT = 0.1  # between its nodes a panel rises by at most this share of its range
CAP = 69.0  # log of 1e30 times the smallest standard error: beyond, tau is as good as infinite
GAUSS_X, GAUSS_W = np.polynomial.legendre.leggauss(N)
LOG_GAUSS_W = np.log(GAUSS_W)
# What turns a panel's values into its last two Legendre coefficients. A Gauss rule is exact up to twice the degree,
# so where they are below ROUGH (of the peak) the rule's own error is of the order of its square.
LAST = np.polynomial.legendre.legvander(GAUSS_X, N - 1)[:, N - 2 :].T * GAUSS_W * (N - 1.0)
ROUGH = 3e-7


@kernel
def fill_panels(first, last, y, s2, par, scales, nodes, panels, sums):
    """Evaluate panels first .. last - 1; their rows 3 and 4 get the largest and smallest log integrand.

    The log integrand is the log of a mass per unit: of log tau, or for a panel in tau of tau over its end. A
    panel without width is one value of tau, and its log weights are log densities.
    """
    for p in range(first, last):
        lo, hi, at = panels[0, p], panels[1, p], N * p
        half = 0.5 * (hi - lo)
        in_log = panels[2, p] > 0.5
        for j in range(N):
            x = lo + half * (1.0 + GAUSS_X[j])
            nodes[0, at + j] = math.exp(x) if in_log else x
        fill_density(y, s2, par, scales, nodes, at, sums)
        largest = -math.inf
        smallest = math.inf
        log_half = math.log(half) if half > 0.0 else 0.0
        log_end = math.log(hi) if not in_log else 0.0
        for j in range(N):
            f = nodes[1, at + j]
            nodes[4, at + j] = f
            g = f + (math.log(nodes[0, at + j]) if in_log else log_end)
            if half > 0.0:
                nodes[1, at + j] = log_half + LOG_GAUSS_W[j] + (g if in_log else f)
            largest = max(largest, g)
            smallest = min(smallest, g)
        panels[3, p] = largest
        panels[4, p] = smallest


@kernel
def lay(lo, hi, kind, panels, p):
    """Write down a panel; kind 1.0 for log tau, 0.0 for tau."""
    panels[0, p] = lo
    panels[1, p] = hi
    panels[2, p] = kind
    panels[5, p] = 1.0


@kernel
def natural_width(x, low, high, par):
    """How wide a panel may be near x = log tau: the singularities are at the standard errors and the prior's."""
    off = max(0.0, low - x, x - high)
    distance = math.hypot(off, 0.5 * math.pi)
    return WIDTH * min(distance, math.hypot(x - par[CENTRE], par[STRIP]))


@kernel
def extent(y, s2, par):
    """Logs of the smallest and largest standard error, and of where tau's density can only fall."""
    low = math.inf
    high = 0.0
    bottom = math.inf
    top = -math.inf
    for i in range(len(y)):
        low = min(low, s2[i])
        high = max(high, s2[i])
        bottom = min(bottom, y[i])
        top = max(top, y[i])
    reach = max(math.sqrt(high), top - bottom)
    if int(par[MU_KIND]) != MU_FLAT:
        reach = max(reach, math.sqrt(len(y)) * max(abs(top - par[M0]), abs(bottom - par[M0])))
    far = math.log(reach)
    if math.isfinite(par[CENTRE]):
        far = max(far, par[CENTRE])
    return 0.5 * math.log(low), 0.5 * math.log(high), far + 1.0


@kernel
def log_start(low, k, par):
    """Where log tau starts under a prior that is declared for the logarithm, or has no density at 0."""
    family = int(par[FAMILY])
    if family == INVERSE_GAMMA:
        return math.log(par[T2] / (700.0 + 4.0 * k))
    if family == LOG_NORMAL:
        return min(par[T1], low - 9.0 - 0.5 * math.log(k)) - 12.0 * par[T2]
    if family == LOG_T:
        return min(low - 21.0 - 0.5 * math.log(k), par[T1] - 3.0 * par[T2] * math.sqrt(par[T3]))
    return math.log(par[LOWER])


@kernel
def build_rule(y, s2, par, scales, nodes, panels, sums):
    """Build the rule; gives the number of panels, the largest log integrand, the last log tau, two flags.

    The flags: whether tau goes on beyond the last panel, and whether there was room for every panel.

    Notes
    -----
    First the panels march from 0 (or the prior's lower end) until nothing is left. Then they are halved while
    the log integrand changes by more than LIMIT across them, unless they hold nothing (`DROP` below the peak,
    with a margin for what may lie between nodes). A narrow peak cannot hide: log integrands are sums of
    functions of log tau that each vary on the scale of one unit, so a narrow peak makes the values around it
    fall steeply, and steep panels are halved until they are smooth or hold nothing.
    """
    low, high, far = extent(y, s2, par)
    upper = math.log(par[UPPER])
    cap = min(upper, max(CAP, far + 5.0))
    peak = -math.inf
    if par[START] > 0.0:
        x = min(math.exp(low), par[START], par[UPPER])
        lay(0.0, x, 0.0, panels, 0)
        x = math.log(x)
    else:
        start = log_start(low, len(y), par)
        x = next_end(start, low, high, cap, par)
        lay(start, x, 1.0, panels, 0)
    marching, index, count, filled = x < cap, 0, 1, 0
    while True:
        fill_panels(filled, count, y, s2, par, scales, nodes, panels, sums)
        for p in range(filled, count):
            peak = max(peak, panels[3, p])
        filled = count
        if marching:
            last = nodes[4, N * count - 1]
            if (x > far and last + 3.0 * x - 2.0 * far < peak - DROP) or x >= cap or count > PANELS // 2:
                marching = False
            else:
                end = next_end(x, low, high, cap, par)
                lay(x, end, 1.0, panels, count)
                count += 1
                x = end
                continue
        while index < count and not must_split(panels, index, peak, far, nodes):
            index += 1
        if index == count or count + 2 > PANELS:
            return count, peak, x, x < upper, index == count
        lo, hi, kind = panels[0, index], panels[1, index], panels[2, index]
        panels[5, index] = 0.0
        lay(lo, 0.5 * (lo + hi), kind, panels, count)
        lay(0.5 * (lo + hi), hi, kind, panels, count + 1)
        count += 2
        index += 1


@kernel
def next_end(x, low, high, cap, par):
    """Where a panel in log tau that starts at x ends: as wide as both its ends allow."""
    end = x + natural_width(x, low, high, par)
    return min(end, x + natural_width(end, low, high, par), cap)


@kernel
def must_split(panels, p, peak, far, nodes):
    """Whether a panel needs halving; takes it out of use where it holds nothing, not even of tau squared."""
    largest = panels[3, p]
    spread = largest - panels[4, p]
    weight = 2.0 * max(0.0, panels[1, p] - far) if panels[2, p] > 0.5 else 0.0
    if largest == -math.inf or largest + weight + OVERSHOOT * spread < peak - DROP:
        panels[5, p] = 0.0
        return False
    if spread > LIMIT:
        return True
    even = 0.0
    odd = 0.0
    rest = peak + math.log(0.5 * (panels[1, p] - panels[0, p]))
    if panels[2, p] < 0.5:
        rest -= math.log(panels[1, p])
    for j in range(N):
        f = math.exp(nodes[1, N * p + j] - LOG_GAUSS_W[j] - rest)
        even += LAST[0, j] * f
        odd += LAST[1, j] * f
    return abs(even) + abs(odd) > ROUGH


@kernel
def halve_all(panels, count, fine):
    """Write down both halves of every panel: the finer rule."""
    for p in range(count):
        lo, hi, kind = panels[0, p], panels[1, p], panels[2, p]
        lay(lo, 0.5 * (lo + hi), kind, fine, 2 * p)
        lay(0.5 * (lo + hi), hi, kind, fine, 2 * p + 1)


@kernel
def log_t_tail(z, df, log_beta):
    """Log of P(T > z), z at least 3 sqrt(df), by the series of the incomplete beta function."""
    x = 1.0 / (1.0 + z * z / df)
    term = 1.0
    total = 1.0
    for n in range(1, 60):
        term *= x * (n - 0.5) / n
        total += term * (0.5 * df) / (0.5 * df + n)
    return 0.5 * df * math.log(x) + math.log(total) - math.log(df) - log_beta


@kernel
def lay_atoms(low, k, par, x_end, open_end, panels, count):
    """Write down, as panels without width, the values of tau that stand for what lies outside the panels."""
    added = 0
    if int(par[FAMILY]) == LOG_T and par[START] <= 0.0:
        x = log_start(low, k, par)
        lay(x, x, 1.0, panels, count)
        added = 1
    if open_end and math.isfinite(par[POWER]):
        lay(x_end, x_end, 1.0, panels, count + added)
        added += 1
    return added


@kernel
def weigh_atoms(par, open_end, panels, count, added, nodes, factors):
    """Give the atoms, the last panels, one node each with the mass they stand for; gives the number of nodes.

    Below the first panel (log-t only) tau is too small to matter: its mass is the prior's. Above the last one
    the density is a power of tau, or the log-t's own tail. The factors are what the last node's tau and tau
    squared are to be multiplied by so that the tail's own mean and mean square come out; infinite where these
    do not exist.
    """
    at = N * count
    factors[0], factors[1] = 1.0, 1.0
    for p in range(count, count + added):
        for row in range(NODE_ROWS):
            nodes[row, at] = nodes[row, N * p]
        x = panels[0, p]
        if open_end and math.isfinite(par[POWER]) and p == count + added - 1:
            own = 0.0
            if par[LOG_TAIL] > 0.5:
                z = max((x - par[T1]) / par[T2], 3.0 * math.sqrt(par[T3]))
                own = math.exp(log_t_tail(z, par[T3], par[LOG_BETA]) - log_t_density(x, par) - x)
            whole = tail_factor(par[POWER] - 1.0, own)
            factors[0] = tail_factor(par[POWER] - 2.0, own) / whole
            factors[1] = tail_factor(par[POWER] - 3.0, own) / whole
            nodes[1, at] += x + math.log(whole)
        else:
            z = (par[T1] - x) / par[T2]
            nodes[1, at] += log_t_tail(z, par[T3], par[LOG_BETA]) - log_t_density(x, par)
        at += 1
    return at


@kernel
def tail_factor(rate, own):
    """Integral of exp(-rate x) from 0; at rate 0 that of the log-t's own tail, where there is one."""
    if rate > 0.0:
        return 1.0 / rate
    return own if rate == 0.0 and own > 0.0 else math.inf


@kernel
def log_t_density(x, par):
    """Log density of the log-t prior per unit of tau at tau = exp(x)."""
    z = (x - par[T1]) / par[T2]
    constant = -0.5 * math.log(par[T3]) - par[LOG_BETA] - math.log(par[T2])
    return constant - 0.5 * (par[T3] + 1.0) * math.log1p(z * z / par[T3]) - x


@kernel
def weigh(nodes, n):
    """Turn log weights into weights that sum to 1; gives the log of their sum."""
    peak = -math.inf
    for j in range(n):
        peak = max(peak, nodes[1, j])
    total = 0.0
    for j in range(n):
        nodes[1, j] = math.exp(nodes[1, j] - peak)
        total += nodes[1, j]
    for j in range(n):
        nodes[1, j] /= total
    return peak + math.log(total)


@kernel
def fold_mu(par, nodes, n):
    """Turn m and V, what the data say of mu given tau, into its posterior mean and variance (normal or flat)."""
    if int(par[MU_KIND]) == MU_NORMAL:
        s2 = par[S0] * par[S0]
        for j in range(n):
            v = nodes[3, j]
            share = s2 / (s2 + v)
            nodes[2, j] = par[M0] + (nodes[2, j] - par[M0]) * share
            nodes[3, j] = v * share
