# mypy: allow-untyped-defs
r"""The adaptive composite Gauss rule over tau. Compiled.

One variable x covers the half line of tau. Where the prior has a density at 0, :math:`\tau = a \sinh x`, x from 0:
like tau itself near 0, like its logarithm above, with a the smallest standard error or the prior's scale if that is
smaller; where the prior is declared for the logarithm, :math:`\tau = e^x`. In either the likelihood's singularities
lie at a distance of pi/2 from the real axis. A panel is as wide as the nearest singularity allows (`WIDTH` times the
distance; wider where almost nothing is left), and is halved while the log integrand changes by more than `LIMIT` across it or is rough. So a rule of N
nodes sees, in each panel, a function that a polynomial follows.

The rule covers all of tau from 0 up to where the rest is negligible, or is added analytically: heavy tails end in an
atom, a panel without width, that holds their mass.
"""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import inner
from mutau.numerics.tau_density import (
    ABOVE,
    BELOW,
    CAP,
    CENTRE,
    FROM,
    LOWER,
    START,
    TAIL,
    UPPER,
    N,
    densities,
)

__all__ = ["GAUSS_W", "GAUSS_X", "HIGH", "LARGEST", "LOW", "MASS", "MANY_PANELS", "PANELS", "PANEL_ROWS", "SPAN", "build_rule", "fill"]

PANELS, MANY_PANELS = 96, 1536  # room, a third of it for the rule itself, which typically has 3 to 6; and where needed
# Rows of the table of panels: ends in x; log of the largest integrand; log of the smallest, later the panel's mass;
# what the sum over its nodes is multiplied by: half its width, 0 where it holds nothing, an atom's mass over its density
LOW, HIGH, LARGEST, MASS, SPAN = range(5)
PANEL_ROWS = 5
WIDTH = 0.8
LIMIT = 24.0
STEP = 0.5  # of LIMIT: how much the next panel is to change, as the slope at its start says
FAR_DOWN = 32.0  # exp(-32) is 1e-14: until then tails of mu and theta_new turn over one unit of log tau
DROP = 44.0  # exp(-44) is 8e-20: below this a panel adds nothing, even to tails of 1e-12
OVERSHOOT = 0.1  # between its nodes a panel rises by at most this share of its range
GAUSS_X, GAUSS_W = np.polynomial.legendre.leggauss(N)
GAUSS_LAST = 0.5 * (GAUSS_X[N - 1] - GAUSS_X[N - 2])  # distance of the last two nodes, of a panel's width
# What turns a panel's values into its last two Legendre coefficients. A Gauss rule is exact up to twice the degree,
# so where they are below ROUGH (of the peak) the rule's own error is of the order of its square.
EVEN, ODD = np.polynomial.legendre.legvander(GAUSS_X, N - 1)[:, N - 2 :].T * GAUSS_W * (N - 1.0)
ROUGH = 1e-5


@inner
def fill(low, high, a, y, s2, unit, ref, model, parts, scratch):
    """Evaluate a panel: scratch's rows become tau, the log density of x, mean and variance of mu given tau."""
    half = 0.5 * (high - low)
    for j in range(N):
        e = math.exp(low + half * (1.0 + GAUSS_X[j]))
        scratch[0, j] = 0.5 * a * (e - 1.0 / e) if a > 0.0 else e
        scratch[1, j] = 0.5 * a * (e + 1.0 / e) if a > 0.0 else e
    densities(y, s2, unit, ref, model, parts, scratch[0], scratch[1], scratch[2], scratch[3], scratch[4])


@inner
def build_rule(y, s2, unit, ref, model, parts, finer, panels, tau, f, m, v, scratch):
    """Build the rule.

    First the panels march from 0 (or the prior's lower end) until nothing is left. Then they are halved while the
    log integrand changes by more than LIMIT across them, or is rough, unless they hold nothing (`DROP` below the
    peak, with a margin for what may lie between nodes). A narrow peak cannot hide: log integrands are sums of
    functions of log tau that each vary on the scale of one unit, so a narrow peak makes the values around it
    fall steeply, and steep panels are halved until they are smooth or hold nothing. Then come the atoms and, for the
    error estimate, both halves of every panel.

    Parameters
    ----------
    y, s2, unit, ref, model, parts
        As for `tau_density.densities`.
    finer : bool
        Lay the halves too.
    panels : ndarray, shape (PANEL_ROWS, room)
        Filled.
    tau, f, m, v : ndarray, shape (room * N,)
        Filled: nodes of each panel; integrand relative to the panel's largest; mu given tau.
    scratch : ndarray, shape (5, N)

    Returns
    -------
    rule, atoms, laid : int
        Ends of the panels of the rule, the atoms, and the halves; rule is -1 where their room did not suffice.
    peak, edge, a : float
        Log of the largest integrand; tau above which the density can only fall; a, or 0 where tau = exp(x).
    """
    low, high, largest, smallest, span = panels[0], panels[1], panels[2], panels[3], panels[4]
    t, g, gm, gv = scratch[0], scratch[1], scratch[2], scratch[3]
    k, log_unit = len(y), math.log(unit)
    a = min(1.0, model[START] / unit)
    shift = math.log(2.0 / a) if a > 0.0 else 0.0  # x exceeds log tau by this, far out
    near, top, bottom = math.inf, y[0], y[0]
    edge = 0.0
    for i in range(k):
        near, edge = min(near, s2[i]), max(edge, s2[i])
        top, bottom = max(top, y[i]), min(bottom, y[i])
    near, far = 0.5 * math.log(near) + shift, 0.5 * math.log(edge) + shift
    edge = max(math.sqrt(edge), top - bottom)
    for q in range(parts.shape[1]):
        d = (parts[0, q] - ref) / unit
        edge = max(edge, math.sqrt(k) * max(abs(top - d), abs(bottom - d)))
    edge = math.log(edge) + shift + 1.0
    if model[CENTRE] > -math.inf:
        d = model[CENTRE] - log_unit + shift
        near, far, edge = min(near, d), max(far, d), max(edge, d + 1.0)
    x = 0.0 if a > 0.0 else model[FROM] - log_unit
    cap = math.asinh(min(model[UPPER], math.exp(model[CAP])) / (a * unit)) if a > 0.0 else model[CAP] - log_unit
    start, peak, laid, filled, judged, rule, atoms = x, -math.inf, 0, 0, 0, -1, 0
    if model[LOWER] == model[UPPER]:  # a point mass: one atom
        x = math.asinh(model[LOWER] / (a * unit))
        cap = x
        low[0], high[0], span[0], laid, rule, atoms = x, x, 1.0 / (a * unit * math.cosh(x)), 1, 0, 1
    while True:
        if x < cap:
            beyond = x - far if laid > 0 and g[N - 1] < peak - FAR_DOWN else 0.0
            end = x + WIDTH * math.hypot(max(beyond, near - x), 0.5 * math.pi)
            end = min(end, x + WIDTH * math.hypot(max(beyond, near - end), 0.5 * math.pi), cap)
            fall = (g[N - 2] - g[N - 1]) / (GAUSS_LAST * (x - low[laid - 1])) if laid > 0 else 0.0
            if fall > 0.0 and g[N - 1] > peak - DROP:  # no further than it may change
                end = min(end, x + STEP * LIMIT / fall)
            low[laid], high[laid] = x, end
            x = end
            laid += 1
        elif rule < 0 and judged < laid:
            p = judged
            judged += 1
            span[p] = 0.5 * (high[p] - low[p])
            change = largest[p] - smallest[p]
            weight = largest[p] + 2.0 * max(0.0, high[p] - edge)
            if f[p * N] < 1.0 and f[p * N + N - 1] < 1.0:  # between its nodes it may be larger
                weight += OVERSHOOT * change
            if largest[p] == -math.inf or weight < peak - DROP:
                span[p] = 0.0
                continue
            even, odd = 0.0, 0.0
            for j in range(N):
                even += EVEN[j] * f[p * N + j]
                odd += ODD[j] * f[p * N + j]
            if change <= LIMIT and (abs(even) + abs(odd)) * math.exp(largest[p] - peak) <= ROUGH:
                continue
            low[laid], high[laid] = low[p], low[p] + span[p]
            low[laid + 1], high[laid + 1] = low[p] + span[p], high[p]
            span[p] = 0.0
            laid += 2
        elif rule < 0:
            rule = laid
            rate = model[TAIL] + k - 1.0
            for side in range(2):
                mass = model[BELOW] if side == 0 else model[ABOVE] if model[ABOVE] > 0.0 and rate == 0.0 else 1.0 / rate
                if mass > 0.0:
                    low[laid], span[laid] = start if side == 0 else x, mass
                    high[laid] = low[laid]
                    laid += 1
            atoms = laid
            for p in range(rule if finer else 0):
                if span[p] > 0.0:
                    for side in range(2):
                        low[laid], span[laid] = low[p] + side * span[p], 0.5 * span[p]
                        high[laid] = low[laid] + span[p]
                        laid += 1
        elif filled == laid:
            break
        if rule < 0 and laid > panels.shape[1] // 3 - 4:
            return -1, 0, 0, peak, edge, a
        while filled < laid:
            at = filled * N
            fill(low[filled], high[filled], a, y, s2, unit, ref, model, parts, scratch)
            most, least = -math.inf, math.inf
            for j in range(N):
                most, least = max(most, g[j]), min(least, g[j])
            for j in range(N):
                tau[at + j], m[at + j], v[at + j] = t[j], gm[j], gv[j]
                f[at + j] = math.exp(g[j] - most) if most > -math.inf else 0.0
            largest[filled], smallest[filled] = most, least
            peak = max(peak, most)
            filled += 1
        if rule < 0 and x > edge and g[N - 1] + 2.0 * (x - edge) < peak - DROP:
            cap = x
    return rule, atoms, laid, peak, math.exp(edge - shift), a
