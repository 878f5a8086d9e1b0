# mypy: allow-untyped-defs
r"""The adaptive composite Gauss rule over tau. Compiled.

One variable x covers the half line of tau. Where the prior has a density at 0, :math:`\tau = a \sinh x`, x from 0:
like tau itself near 0, like its logarithm above, with a the smallest standard error or the prior's scale if that is
smaller; where the prior is declared for the logarithm, :math:`\tau = e^x`. In either the likelihood's singularities
lie at a distance of pi/2 from the real axis. A panel is as wide as the nearest singularity allows (`WIDTH` times the
distance; wider where almost nothing is left), and is halved while the log integrand changes by more than `LIMIT`
across it or is rough. So a rule of N nodes sees, in each panel, a function that a polynomial follows.

The rule covers all of tau from 0 up to where the rest is negligible, or is added analytically: heavy tails end in an
atom, a panel without width, that holds their mass.
"""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import inlined, inner
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

__all__ = [
    "GAUSS_W",
    "GAUSS_X",
    "HIGH",
    "LARGEST",
    "LOW",
    "MANY_PANELS",
    "MASS",
    "PANELS",
    "PANEL_ROWS",
    "SPAN",
    "build_rule",
    "fill",
]

# Room for panels, and where that does not suffice: a third for the rule itself (typically 3 to 6), the rest for their
# halves
PANELS, MANY_PANELS = 96, 1536
# Rows of the table of panels: ends in x; log of the largest integrand; log of the smallest, later the panel's mass;
# what the sum over its nodes is multiplied by: half its width, 0 where it holds nothing, an atom's mass over its
# density
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
def extent(y, s2, unit, ref, shift, model, parts):
    """In x: the smallest and largest scale on which the density varies, and from where on it can only fall."""
    near, far, top, bottom = math.inf, 0.0, y[0], y[0]
    for i in range(len(y)):
        near, far = min(near, s2[i]), max(far, s2[i])
        top, bottom = max(top, y[i]), min(bottom, y[i])
    edge = max(math.sqrt(far), top - bottom)
    for q in range(parts.shape[1]):
        d = (parts[0, q] - ref) / unit
        edge = max(edge, math.sqrt(len(y)) * max(abs(top - d), abs(bottom - d)))
    near, far, edge = 0.5 * math.log(near), 0.5 * math.log(far), math.log(edge)
    if model[CENTRE] > -math.inf:
        d = model[CENTRE] - math.log(unit)
        near, far, edge = min(near, d), max(far, d), max(edge, d)
    return near + shift, far + shift, edge + shift + 1.0


@inlined
def distance(real):
    """From a point of the real axis to a singularity pi/2 from it."""
    return math.sqrt(real * real + 0.25 * math.pi * math.pi)


@inlined
def judge(panels, p, peak, edge, f):
    """1 where a panel needs halving, -1 where it holds nothing (not even of tau squared), 0 where it is good."""
    largest = panels[2, p]
    change = largest - panels[3, p]
    weight = largest + 2.0 * max(0.0, panels[1, p] - edge)
    if f[p * N] < 1.0 and f[p * N + N - 1] < 1.0:  # between its nodes it may be larger
        weight += OVERSHOOT * change
    if largest == -math.inf or weight < peak - DROP:
        return -1
    even, odd = 0.0, 0.0
    for j in range(N):
        even += EVEN[j] * f[p * N + j]
        odd += ODD[j] * f[p * N + j]
    rough = (abs(even) + abs(odd)) * math.exp(largest - peak) > ROUGH
    return 1 if change > LIMIT or rough else 0


@inner
def lay_rest(panels, laid, start, x, rate, model, finer):
    """Lay the atoms and, where wanted, both halves of every panel; gives the ends of both."""
    low, high, span, rule = panels[0], panels[1], panels[4], laid
    for side in range(2):
        mass = 1.0 / rate
        if side == 0:
            mass = model[BELOW]
        elif rate == 0.0:
            mass = model[ABOVE]
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
    return atoms, laid


@inlined
def evaluate(panels, p, a, y, s2, unit, ref, model, parts, tau, f, m, v, scratch):
    """Fill a panel's nodes; gives the log of its largest integrand, and that at its last node."""
    fill(panels[0, p], panels[1, p], a, y, s2, unit, ref, model, parts, scratch)
    at, g, most, least = p * N, scratch[1], -math.inf, math.inf
    for j in range(N):
        most, least = max(most, g[j]), min(least, g[j])
    for j in range(N):
        tau[at + j], m[at + j], v[at + j] = scratch[0, j], scratch[2, j], scratch[3, j]
        f[at + j] = math.exp(g[j] - most) if most > -math.inf else 0.0
    panels[2, p], panels[3, p] = most, least
    return most, g[N - 1]


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
    low, high, span, log_unit = panels[0], panels[1], panels[4], math.log(unit)
    a = min(1.0, model[START] / unit)
    shift = math.log(2.0 / a) if a > 0.0 else 0.0  # x exceeds log tau by this, far out
    near, far, edge = extent(y, s2, unit, ref, shift, model, parts)
    x, cap = model[FROM] - log_unit, model[CAP] - log_unit
    if a > 0.0:
        x, cap = 0.0, math.asinh(min(model[UPPER], math.exp(model[CAP])) / (a * unit))
    start, peak, last, laid, filled, judged, rule, atoms = x, -math.inf, -math.inf, 0, 0, 0, -1, 0
    if model[LOWER] == model[UPPER]:  # a point mass: one atom
        x = math.asinh(model[LOWER] / (a * unit))
        cap = x
        low[0], high[0], span[0], laid, rule, atoms = x, x, 1.0 / (a * unit * math.cosh(x)), 1, 0, 1
    while True:
        if x < cap:
            beyond = x - far if last < peak - FAR_DOWN else 0.0
            end = x + WIDTH * distance(max(beyond, near - x))
            end = min(end, x + WIDTH * distance(max(beyond, near - end)), cap)
            fall = (scratch[1, N - 2] - last) / (GAUSS_LAST * (x - low[laid - 1])) if laid > 0 else 0.0
            if fall > 0.0 and last > peak - DROP:  # no further than it may change
                end = min(end, x + STEP * LIMIT / fall)
            low[laid], high[laid] = x, end
            x = end
            laid += 1
        elif rule < 0 and judged < laid:
            p = judged
            judged += 1
            state = judge(panels, p, peak, edge, f)
            span[p] = 0.5 * (high[p] - low[p]) if state == 0 else 0.0
            if state <= 0:
                continue
            middle = 0.5 * (low[p] + high[p])
            low[laid], high[laid], low[laid + 1], high[laid + 1] = low[p], middle, middle, high[p]
            laid += 2
        elif rule < 0:
            rule = laid
            atoms, laid = lay_rest(panels, laid, start, x, model[TAIL] + len(y) - 1.0, model, finer)
        elif filled == laid:
            break
        if rule < 0 and laid > panels.shape[1] // 3 - 4:
            return -1, 0, 0, peak, edge, a
        while filled < laid:
            most, last = evaluate(panels, filled, a, y, s2, unit, ref, model, parts, tau, f, m, v, scratch)
            peak = max(peak, most)
            filled += 1
        if rule < 0 and x > edge and last + 2.0 * (x - edge) < peak - DROP:
            cap = x
    return rule, atoms, laid, peak, math.exp(edge - shift), a
