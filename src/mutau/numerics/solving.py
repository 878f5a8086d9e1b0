# mypy: allow-untyped-defs
"""From studies and a model's vector to a finite normal mixture, its answers, and its error. Compiled."""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import entry, inlined, inner
from mutau.numerics.mixtures import fill_quantiles, mixture_at, moments
from mutau.numerics.panels import GAUSS_W, GAUSS_X, build_rule, fill
from mutau.numerics.tau_density import TAIL, N, unit_and_reference

__all__ = ["FACTS", "solve_many"]

KEEP = 1e-21  # components of smaller weight are left out: far below what a tail probability of 1e-12 can feel
MAX_STEPS = 100
STEP_DONE = (
    1e-10  # of a panel's width, for the last step; steps shrink by a factor, because the slope is approximate
)
# The value at a panel's end of the polynomial through its nodes: the Legendre series, whose terms are 1 there
AT_END = (np.polynomial.legendre.legvander(GAUSS_X, N - 1) @ (np.arange(N) + 0.5)) * GAUSS_W
LIGHT = 1e-15  # components of smaller weight are nothing to quantiles

# What is known of one posterior: log marginal likelihood; difference of two rules; spread of the narrower of mu and
# theta_new, quantiles' distance over that of a normal with SD 1; mean and mean square of tau; what the mean square
# exceeds the sum over components by; unit and a of the computation; panels of the rule with its atoms, -1 if too few;
# components of the mixture; quantiles of tau; then mean, variance, quantiles, lower and upper tail of mu, and the
# same of theta_new
LOG_Z, CHANGE, SPREAD, TAU_MEAN, TAU_SQUARE, EXCESS, UNIT, STRETCH, COUNT, SIZE, TAU_QUANTILES = range(11)
ANSWERS = 13
ANSWERS_EACH = 7
FACTS = ANSWERS + 2 * ANSWERS_EACH
# Rows of a mixture: weights, tau, means and variances of mu given tau
WEIGHT, OWN_TAU, MEAN, VARIANCE = range(4)


@inlined
def gather(panels, start, stop, ref, unit, far, peak, tau, f, m, v, mixture, facts):
    """Write panels as one normal mixture without what is nothing; note masses and tau's moments.

    Returns
    -------
    int, int, float
        Number of components; of those, the first, that are heavier than LIGHT; sum of weights, relative to the
        peak, before they were made to sum to 1.
    """
    w, t, mean, variance = mixture[0], mixture[1], mixture[2], mixture[3]
    n, total = 0, 0.0
    for p in range(start, stop):
        scale, mass = math.exp(panels[2, p] - peak) * panels[4, p], 0.0
        for j in range(p * N, p * N + N):
            weight = scale * f[j] * GAUSS_W[j - p * N]
            if panels[1, p] == panels[0, p]:
                weight = scale if j == p * N else 0.0
            if weight > 0.0:
                w[n], t[n], mean[n], variance[n] = (
                    weight,
                    unit * tau[j],
                    ref + unit * m[j],
                    unit * unit * v[j],
                )
                mass += weight
                n += 1
        panels[3, p] = mass
        total += mass
    kept, heavy, first, second = 0, 0, 0.0, 0.0
    for j in range(n):
        weight, own, centre, spread = w[j] / total, t[j], mean[j], variance[j]
        size = max(1.0, own / far)
        if weight * size * size > KEEP:
            w[kept], t[kept], mean[kept], variance[kept] = weight, own, centre, spread
            first += weight * own
            second += weight * own * own
            if weight > LIGHT:
                if heavy < kept:  # to the front
                    w[kept], t[kept], mean[kept], variance[kept] = (
                        w[heavy],
                        t[heavy],
                        mean[heavy],
                        variance[heavy],
                    )
                    w[heavy], t[heavy], mean[heavy], variance[heavy] = weight, own, centre, spread
                heavy += 1
            kept += 1
    facts[TAU_MEAN], facts[TAU_SQUARE] = first, second
    return kept, heavy, total


@inner
def expand(mixture, n, far, parts, logs):
    """Turn each component into as many as mu's prior has; gives their number."""
    q, start, kept = parts.shape[1], mixture.shape[1] - n, 0
    for row in range(4):  # to the end of the room, which is read before it is overwritten
        for j in range(n - 1, -1, -1):
            mixture[row, start + j] = mixture[row, j]
    for j in range(start, start + n):
        w, t, m, v = mixture[0, j], mixture[1, j], mixture[2, j], mixture[3, j]
        best, total, size = -math.inf, 0.0, max(1.0, t / far)
        for i in range(q):
            s, d = parts[1, i], m - parts[0, i]
            spread = v + s * s
            logs[i] = parts[2, i] - 0.5 * (math.log(spread) + d * d / spread)
            best = max(best, logs[i])
        for i in range(q):
            total += math.exp(logs[i] - best)
        for i in range(q):
            weight = w * math.exp(logs[i] - best) / total
            if weight * size * size > KEEP:
                s = parts[1, i]
                share = s * s / (v + s * s)
                mixture[0, kept], mixture[1, kept] = weight, t
                mixture[2, kept], mixture[3, kept] = parts[0, i] + (m - parts[0, i]) * share, v * share
                kept += 1
    return kept


@inner
def finish_tau(panels, tau, count, atoms, rate, unit, total, facts):
    """Give the atom of a heavy upper tail that tail's own mean and mean square."""
    facts[EXCESS] = 0.0
    if atoms > count and rate < math.inf:
        t, weight = unit * tau[(atoms - 1) * N], panels[3, atoms - 1] / total
        facts[TAU_MEAN] += weight * t * (1.0 / (rate - 1.0) if rate > 1.0 else math.inf)
        facts[EXCESS] = weight * t * t * (2.0 / (rate - 2.0) if rate > 2.0 else math.inf)
        facts[TAU_SQUARE] += facts[EXCESS]


@inner
def changed(panels, count, atoms, total):
    """Sum over panels of the absolute change of their probabilities when they are halved."""
    change, at = 0.0, atoms
    for p in range(count):
        if panels[4, p] > 0.0:
            change += abs(panels[3, p] - panels[3, at] - panels[3, at + 1])
            at += 2
    return change / total


@inner
def answer(mixture, n, heavy, halves, n2, p, threshold, facts, inv, work, bits):
    """Mean, variance, three quantiles, both tails of mu and theta_new; compare with the finer mixture."""
    w, t, m, v = mixture[0][:n], mixture[1], mixture[2][:n], mixture[3]
    w2, t2, m2, v2 = halves[0][:n2], halves[1], halves[2][:n2], halves[3]
    for extra in range(2):
        at, least = ANSWERS + extra * ANSWERS_EACH, math.inf
        for j in range(n):
            own = v[j] + extra * t[j] * t[j]
            least = min(least, own)
            inv[j] = 1.0 / math.sqrt(own)
        mean, variance = moments(w, m, inv[:n])
        facts[at], facts[at + 1] = mean, variance
        if extra == 1:
            facts[at + 1] += facts[EXCESS]
        if least == 0.0:  # all of it is one point
            facts[at + 2], facts[at + 3], facts[at + 4] = mean, mean, mean
            facts[at + 5] = 1.0 if mean < threshold[extra] else 0.0
            facts[at + 6] = 1.0 if mean > threshold[extra] else 0.0
            continue
        fill_quantiles(
            p[0],
            p[1],
            mean,
            math.sqrt(variance),
            w[:heavy],
            m[:heavy],
            inv[:heavy],
            facts[at + 2 : at + 5],
            work,
            bits,
        )
        facts[at + 5], facts[at + 6], _, _ = mixture_at(threshold[extra], w, m, inv[:n], work, bits)
        spread = (facts[at + 4] - facts[at + 2]) / p[2, 2]
        facts[SPREAD] = min(facts[SPREAD], spread)
        for j in range(n2):
            inv[j] = 1.0 / math.sqrt(v2[j] + extra * t2[j] * t2[j])
        for i in range(3 if n2 > 0 else 0):
            low, up, pdf, _ = mixture_at(facts[at + 2 + i], w2, m2, inv[:n2], work, bits)
            gap = max(abs(low - p[0, i]), abs(up - p[1, i]))
            facts[CHANGE] = max(facts[CHANGE], gap, gap / (pdf * spread))


@inner
def fill_tau_quantiles(p, y, s2, unit, ref, a, model, parts, panels, atoms, total, peak, scratch, out):
    """Three quantiles of tau; NaN where one lies in an atom.

    Newton's steps within the panel that holds it. The mass up to x has a Gauss rule of its own, whose interpolant
    gives the density at x, precise enough for a slope.
    """
    low, high, mass, span = panels[0], panels[1], panels[3], panels[4]
    for i in range(3):
        out[i] = math.nan
        for c in range(atoms):
            below = 0.0
            for d in range(atoms):
                if span[d] > 0.0 and low[d] < low[c]:
                    below += mass[d]
            rest = p[i] * total - below
            if span[c] == 0.0 or high[c] == low[c] or rest < 0.0 or rest >= mass[c]:
                continue
            left, right = low[c], high[c]
            x = left + (right - left) * rest / mass[c]
            for _ in range(MAX_STEPS):
                half, found, slope = 0.5 * (x - low[c]), 0.0, 0.0
                fill(low[c], x, a, y, s2, unit, ref, model, parts, scratch)
                for j in range(N):
                    f = math.exp(scratch[1, j] - peak)
                    found += half * GAUSS_W[j] * f
                    slope += AT_END[j] * f
                if found < rest:
                    left = x
                else:
                    right = x
                new = x - (found - rest) / slope if slope > 0.0 else math.inf
                if not left < new < right:
                    new = 0.5 * (left + right)
                step, x = abs(new - x), new
                if step < STEP_DONE * (high[c] - low[c]):
                    break
            out[i] = unit * (0.5 * a * (math.exp(x) - math.exp(-x)) if a > 0.0 else math.exp(x))


@entry(
    0.3,
    lambda ends, first, last, finers: (
        1e-3 * (10 * (last - first) + ends[last] - ends[first]) * max(1, finers.shape[2])
    ),
)
def solve_many(
    yi, sei, ends, first, last, models, all_parts, finers, which, want_error, want_tau, p, threshold, out,
    mixture, halves, panels, nodes, y, s2, scratch, logs, inv, work, bits,
):  # fmt: skip
    """Solve sets of studies first .. last - 1.

    Parameters
    ----------
    yi, sei : ndarray, shape (studies,)
        Effects and standard errors, set after set.
    ends : ndarray of int64, shape (n + 1,)
        Where each set starts; the last is the number of studies.
    first, last : int
        Which sets.
    models : ndarray, shape (a, MODEL)
        Priors of tau, see `tau_density`.
    all_parts : ndarray, shape (b, 3, q)
        Priors of mu, see there.
    finers : ndarray, shape (b, 3, q2)
        The same as a finer rule has them: other than `all_parts` for the components of a t prior only.
    which : ndarray of int64, shape (n, 2) or (1, 2)
        Which prior of tau and which of mu each set has.
    want_error : bool
        Make the finer mixture too and compare.
    want_tau : bool
        Find the quantiles of tau; else they are NaN.
    p : ndarray, shape (3, 3)
        Three probabilities, one minus each, and the standard normal's distances between the outer two.
    threshold : ndarray, shape (n, 2) or (1, 2)
        Tails of mu and theta_new are taken here.
    out : ndarray, shape (n, FACTS)
        Filled.
    mixture, ..., bits : ndarray
        Scratch, see `workspace`; `mixture` and `panels` are left with those of the last set.
    """
    for i in range(first, last):
        own = which[i if len(which) > 1 else 0]
        model, parts, finer = models[own[0]], all_parts[own[1]], finers[own[1]]
        k, facts = ends[i + 1] - ends[i], out[i]
        effects, errors = yi[ends[i] : ends[i + 1]], sei[ends[i] : ends[i + 1]]
        unit, ref = unit_and_reference(effects, errors, y, s2)
        facts[CHANGE], facts[SPREAD], facts[UNIT], n, n2, whole, top = 0.0, math.inf, unit, 0, 0, 0.0, 0.0
        first_moment, second_moment = math.nan, math.nan  # of a rule that ran out of room
        for step in range(
            3 if want_error else 1
        ):  # the rule; where mu's prior has a finer one, with it; the halves
            prior = parts if step == 0 else finer
            if step == 0 or (step == 1 and parts.shape[1] != finer.shape[1]):
                count, atoms, laid, peak, far, a = build_rule(
                    y[:k], s2[:k], unit, ref, model, prior, want_error, panels,
                    nodes[0], nodes[1], nodes[2], nodes[3], scratch,
                )  # fmt: skip
                facts[COUNT], facts[STRETCH] = (atoms if count >= 0 else -1), a
            elif step == 1:
                continue
            if count < 0:
                break
            at, end = (0, atoms) if step < 2 else (count, laid)
            target = mixture if step == 0 else halves
            number, heavy, total = gather(
                panels,
                at,
                end,
                ref,
                unit,
                far * unit,
                peak,
                nodes[0],
                nodes[1],
                nodes[2],
                nodes[3],
                target,
                facts,
            )
            if prior.shape[1] > 1 and step != 1:
                number = expand(target, number, far * unit, prior, logs)
                heavy = number
            if step == 0:
                n, front, whole, top = number, heavy, total, peak
                facts[LOG_Z] = math.log(total) + peak + (1.0 - k) * math.log(unit)
                finish_tau(panels, nodes[0], count, atoms, model[TAIL] + k - 1.0, unit, total, facts)
                first_moment, second_moment = facts[TAU_MEAN], facts[TAU_SQUARE]
                facts[TAU_QUANTILES : TAU_QUANTILES + 3] = math.nan
                if want_tau:
                    fill_tau_quantiles(
                        p[0], y[:k], s2[:k], unit, ref, a, model, prior, panels, atoms, total, peak, scratch,
                        facts[TAU_QUANTILES : TAU_QUANTILES + 3],
                    )  # fmt: skip
            elif step == 2:
                n2 = heavy
                facts[CHANGE] = max(
                    changed(panels, count, atoms, total), abs(math.log(total / whole) + peak - top)
                )
        facts[TAU_MEAN], facts[TAU_SQUARE], facts[SIZE] = first_moment, second_moment, n
        if n > 0:
            tail = threshold[i if len(threshold) > 1 else 0]
            answer(mixture, n, front, halves, n2, p, tail, facts, inv, work, bits)
