# mypy: allow-untyped-defs
"""From studies and a model's vector to weighted values of tau, with the errors a finer rule reveals. Compiled."""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import kernel
from mutau.numerics.mixtures import mixture_at
from mutau.numerics.panels import (
    NODE_ROWS,
    PANEL_ROWS,
    PANELS,
    build_rule,
    extent,
    fill_panels,
    fold_mu,
    halve_all,
    lay_atoms,
    weigh,
    weigh_atoms,
)
from mutau.numerics.tau_density import PAR, N, fill_density, scaled

__all__ = ["disagreement", "masses_of_panels", "points_of_tau", "solve", "solve_one", "units_of"]

KEEP = 1e-22  # nodes of smaller weight are left out: far below what a tail probability of 1e-12 can feel
EPS = 2.220446049250313e-16
POINTS = 3  # quantiles (2.5%, 50%, 97.5%) at which two rules are compared
COMPARED = (0.025, 0.5, 0.975)


@kernel
def units_of(yi, sei):
    """Reference effect (the inverse-variance mean) and unit (a power of two up to the smallest SE)."""
    least = math.inf
    for i in range(len(sei)):
        least = min(least, sei[i])
    unit = 2.0 ** math.floor(math.log2(least))
    total = 0.0
    shift = 0.0
    for i in range(len(yi)):
        w = (least / sei[i]) ** 2
        total += w
        shift += w * (yi[i] - yi[0])
    return yi[0] + shift / total, unit


@kernel
def drop_unused(panels, count, nodes):
    """Close the ranks of panels in use and of their nodes; gives their number."""
    used = 0
    for p in range(count):
        if panels[5, p] > 0.5:
            if used < p:
                for row in range(PANEL_ROWS):
                    panels[row, used] = panels[row, p]
                for row in range(NODE_ROWS):
                    for j in range(N):
                        nodes[row, N * used + j] = nodes[row, N * p + j]
            used += 1
    return used


@kernel
def mass_difference(panels, count, coarse, fine, peak):
    """Sum over panels of the absolute difference of their masses in two rules, and the finer rule's total."""
    difference = 0.0
    total = 0.0
    for p in range(count):
        one = 0.0
        two = 0.0
        for j in range(N):
            one += math.exp(coarse[1, N * p + j] - peak)
        for j in range(2 * N):
            two += math.exp(fine[1, 2 * N * p + j] - peak)
        panels[3, p] = one
        difference += abs(one - two)
        total += two
    return difference / total


@kernel
def panel_masses(panels, count, nodes, peak):
    """Write the panels' masses, up to a constant, into their row 3."""
    for p in range(count):
        panels[3, p] = 0.0
        for j in range(N):
            panels[3, p] += math.exp(nodes[1, N * p + j] - peak)


@kernel
def close(own, unit, ref, far, open_end, panels, count, added, nodes, factors, moments):
    """Weigh the atoms, make weights, fold mu's prior in, go back to the data's units, leave out what is nothing.

    Gives the number of nodes and the log of the integral. moments: mean and mean square of tau.
    """
    n = weigh_atoms(own, open_end, panels, count, added, nodes, factors)
    log_sum = weigh(nodes, n)
    fold_mu(own, nodes, n)
    kept = 0
    moments[0], moments[1] = 0.0, 0.0
    large = math.exp(far)
    for j in range(n):
        size = max(1.0, nodes[0, j] / large)
        if nodes[1, j] * size * size > KEEP:
            for row in range(NODE_ROWS):
                nodes[row, kept] = nodes[row, j]
            tau, w = nodes[0, kept] * unit, nodes[1, kept]
            nodes[0, kept] = tau
            nodes[2, kept] = ref + unit * nodes[2, kept]
            nodes[3, kept] *= unit * unit
            moments[0] += w * tau * (factors[0] if j == n - 1 else 1.0)
            moments[1] += w * tau * tau * (factors[1] if j == n - 1 else 1.0)
            kept += 1
    return kept, log_sum


@kernel
def solve(yi, sei, par, scales, want_error, scratch, nodes, fine, panels, halves, moments, out):
    """Weighted nodes of tau's posterior.

    Parameters
    ----------
    yi, sei : ndarray, shape (k,)
        Effects and standard errors.
    par : ndarray, shape (PAR,)
        The model.
    scales : ndarray, shape (2, q)
        Squared SDs and log weights of the components of mu's prior, in `units_of` units; q = 0 but for
        mixtures.
    want_error : bool
        Lay the finer rule as well.
    scratch : ndarray, shape (k + PAR + 5 N,) or longer, times two for the first k
        Room for the studies in the units of the computation, the model, sums.
    nodes, fine : ndarray, shape (NODE_ROWS, N * (PANELS + 2)) and twice as many columns
        Filled: tau, weight, mean and variance of mu given tau, log density.
    panels, halves : ndarray, shape (PANEL_ROWS, PANELS + 2) and twice as many columns
        Filled: ends, kind and masses of the panels.
    moments : ndarray, shape (2, 2)
        Filled: mean and mean square of tau by both rules.
    out : ndarray, shape (8,)
        Filled: nodes, nodes of the finer rule, panels, log marginal likelihood, unit, reference, relative
        difference of the panels' masses, log marginal likelihood by the finer rule.

    Returns
    -------
    bool
        False where the room for panels did not suffice.
    """
    k = len(yi)
    y, s2, own = scratch[:k], scratch[k : 2 * k], scratch[2 * k : 2 * k + PAR]
    sums = scratch[2 * k + PAR : 2 * k + PAR + 5 * N].reshape(5, N)
    ref, unit = units_of(yi, sei)
    for i in range(k):
        y[i] = (yi[i] - ref) / unit
        s2[i] = (sei[i] / unit) ** 2
    scaled(par, ref, unit, own)
    count, peak, x_end, open_end, enough = build_rule(y, s2, own, scales, nodes, panels, sums)
    count = drop_unused(panels, count, nodes)
    low, _, far = extent(y, s2, own)
    rules = 2 if want_error else 1
    if want_error:
        halve_all(panels, count, halves)
    for rule in range(rules):
        these, values, size = (panels, nodes, count) if rule == 0 else (halves, fine, 2 * count)
        added = lay_atoms(low, k, own, x_end, open_end, these, size)
        fill_panels(size if rule == 0 else 0, size + added, y, s2, own, scales, values, these, sums)
        if rule == 1:
            out[6] = mass_difference(panels, count, nodes, fine, peak)
        out[rule] = size + 0.5 * added  # until both rules are closed
    if not want_error:
        panel_masses(panels, count, nodes, peak)
    for rule in range(rules):
        these, values, size = (panels, nodes, count) if rule == 0 else (halves, fine, 2 * count)
        added = round(2.0 * (out[rule] - size))
        kept, log_sum = close(
            own, unit, ref, far, open_end, these, size, added, values, out[4:6], moments[rule]
        )
        out[rule] = kept
        out[3 if rule == 0 else 7] = log_sum - k * math.log(unit)
    out[2], out[4], out[5] = count, unit, ref
    return enough


@kernel
def solve_one(yi, sei, par, scales, want_error):
    """Solve with fresh scratch: nodes, finer nodes, panels (lower, upper, kind, mass), moments, `out` of `solve`."""
    nodes = np.empty((NODE_ROWS, N * (PANELS + 2)))
    fine = np.empty((NODE_ROWS, N * (2 * PANELS + 2)))
    panels = np.empty((PANEL_ROWS, PANELS + 2))
    halves = np.empty((PANEL_ROWS, 2 * PANELS + 2))
    moments = np.empty((2, 2))
    out = np.empty(8)
    scratch = np.empty(2 * len(yi) + PAR + 5 * N)
    enough = solve(yi, sei, par, scales, want_error, scratch, nodes, fine, panels, halves, moments, out)
    n, finer, count = int(out[0]), int(out[1]) if want_error else 0, int(out[2])
    return nodes[:, :n].copy(), fine[:, :finer].copy(), panels[:4, :count].copy(), moments, out, enough


@kernel
def points_of_tau(taus, yi, sei, par, scales, out):
    """Unnormalised log posterior density, m and V at given values of tau, in the data's units.

    taus: shape (n,); out: shape (3, n). The density's constant is that of `solve`'s log marginal likelihood.
    """
    k = len(yi)
    ref, unit = units_of(yi, sei)
    y, s2, own, sums = np.empty(k), np.empty(k), np.empty(PAR), np.empty((5, N))
    for i in range(k):
        y[i] = (yi[i] - ref) / unit
        s2[i] = (sei[i] / unit) ** 2
    scaled(par, ref, unit, own)
    nodes = np.empty((NODE_ROWS, N))
    constant = -(k + 1) * math.log(unit)
    for start in range(0, len(taus), N):
        size = min(N, len(taus) - start)
        for j in range(N):
            nodes[0, j] = taus[start + min(j, size - 1)] / unit
        fill_density(y, s2, own, scales, nodes, 0, sums)
        fold_mu(own, nodes, N)
        for j in range(size):
            out[0, start + j] = nodes[1, j] + constant
            out[1, start + j] = ref + unit * nodes[2, j]
            out[2, start + j] = nodes[3, j] * unit * unit


@kernel
def masses_of_panels(panels, yi, sei, par, scales, log_z, out):
    """Posterior mass of tau in given panels, smooth by construction: parts of a rule's own panels.

    panels: shape (PANEL_ROWS, n), with ends and kinds in `units_of` units; log_z: `solve`'s log marginal
    likelihood.
    """
    k, n = len(yi), panels.shape[1]
    ref, unit = units_of(yi, sei)
    y, s2, own, sums = np.empty(k), np.empty(k), np.empty(PAR), np.empty((5, N))
    for i in range(k):
        y[i] = (yi[i] - ref) / unit
        s2[i] = (sei[i] / unit) ** 2
    scaled(par, ref, unit, own)
    nodes = np.empty((NODE_ROWS, N * n))
    fill_panels(0, n, y, s2, own, scales, nodes, panels, sums)
    constant = log_z + k * math.log(unit)
    for p in range(n):
        out[p] = 0.0
        for j in range(N * p, N * p + N):
            out[p] += math.exp(nodes[1, j] - constant) if panels[1, p] > panels[0, p] else 0.0


@kernel
def disagreement(w, m, inv, n, w2, m2, inv2, n2, quantiles, work, bits):
    """Largest difference of two mixtures in quantiles, in units of the spread between the outer two.

    quantiles: shape (3,), the first mixture's, at `COMPARED`. The spread is (q3 - q1) / 3.92, an SD for a
    normal distribution, and exists where an SD does not.
    """
    worst = 0.0
    spread = (quantiles[2] - quantiles[0]) / 3.92
    for i in range(POINTS):
        one_low, one_up, _, _ = mixture_at(quantiles[i], w, m, inv, n, work, bits)
        two_low, two_up, pdf, _ = mixture_at(quantiles[i], w2, m2, inv2, n2, work, bits)
        gap = max(abs(one_low - two_low), abs(one_up - two_up))
        worst = max(worst, gap, gap / (pdf * spread))
    return worst
