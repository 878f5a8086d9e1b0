# mypy: allow-untyped-defs
"""From studies and a model's vector to a finite normal mixture, its answers, and its error. Compiled."""

from __future__ import annotations

import math

from mutau.numerics.compiling import entry, inner
from mutau.numerics.mixtures import fill_quantiles, mixture_at, moments
from mutau.numerics.panels import GAUSS_W, build_rule
from mutau.numerics.tau_density import TAIL, N, unit_and_reference

__all__ = ["FACTS", "solve_many"]

KEEP = 1e-21  # components of smaller weight are left out: far below what a tail probability of 1e-12 can feel
LIGHT = 1e-15  # components of smaller weight are nothing to quantiles

# What is known of one posterior: log marginal likelihood; difference of two rules; spread of the narrower of mu and
# theta_new, quantiles' distance over that of a normal with SD 1; mean and mean square of tau; what the mean square
# exceeds the sum over components by; unit and a of the computation; panels of the rule with its atoms, -1 if too few;
# components of the mixture; then mean, variance, quantiles and upper tail of mu, and the same of theta_new
LOG_Z, CHANGE, SPREAD, TAU_MEAN, TAU_SQUARE, EXCESS, UNIT, STRETCH, COUNT, SIZE = range(10)
ANSWERS = 10
ANSWERS_EACH = 6
FACTS = ANSWERS + 2 * ANSWERS_EACH
# Rows of a mixture: weights, tau, means and variances of mu given tau
WEIGHT, OWN_TAU, MEAN, VARIANCE = range(4)


@inner
def gather(panels, first, last, ref, unit, far, peak, tau, f, m, v, mixture, facts):
    """Write panels as one normal mixture without what is nothing; note masses and tau's moments.

    Returns
    -------
    int, int, float
        Number of components; of those, the first, that are heavier than LIGHT; sum of weights, relative to the peak, before they were made to sum to 1.
    """
    w, t, mean, variance = mixture[0], mixture[1], mixture[2], mixture[3]
    n, total = 0, 0.0
    for p in range(first, last):
        scale, mass = math.exp(panels[2, p] - peak) * panels[4, p], 0.0
        for j in range(p * N, p * N + N):
            weight = scale * f[j] * GAUSS_W[j - p * N]
            if panels[1, p] == panels[0, p]:
                weight = scale if j == p * N else 0.0
            if weight > 0.0:
                w[n], t[n], mean[n], variance[n] = weight, unit * tau[j], ref + unit * m[j], unit * unit * v[j]
                mass += weight
                n += 1
        panels[3, p] = mass
        total += mass
    kept, heavy, facts[TAU_MEAN], facts[TAU_SQUARE] = 0, 0, 0.0, 0.0
    for j in range(n):
        weight, size = w[j] / total, max(1.0, t[j] / far)
        if weight * size * size > KEEP:
            w[kept], t[kept], mean[kept], variance[kept] = weight, t[j], mean[j], variance[j]
            facts[TAU_MEAN] += weight * t[j]
            facts[TAU_SQUARE] += weight * t[j] * t[j]
            if weight > LIGHT:  # to the front
                for row in mixture:
                    row[kept], row[heavy] = row[heavy], row[kept]
                heavy += 1
            kept += 1
    return kept, heavy, total


@inner
def expand(mixture, n, parts, logs):
    """Turn each component into as many as mu's prior has; gives their number."""
    q, start, kept = parts.shape[1], mixture.shape[1] - n, 0
    for row in range(4):  # to the end of the room, which is read before it is overwritten
        for j in range(n - 1, -1, -1):
            mixture[row, start + j] = mixture[row, j]
    for j in range(start, start + n):
        w, t, m, v = mixture[0, j], mixture[1, j], mixture[2, j], mixture[3, j]
        best, total = -math.inf, 0.0
        for i in range(q):
            spread = v + parts[1, i] ** 2
            logs[i] = parts[2, i] - 0.5 * (math.log(spread) + (m - parts[0, i]) ** 2 / spread)
            best = max(best, logs[i])
        for i in range(q):
            total += math.exp(logs[i] - best)
        for i in range(q):
            weight = w * math.exp(logs[i] - best) / total
            if weight > KEEP:
                share = parts[1, i] ** 2 / (v + parts[1, i] ** 2)
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
    """Mean, variance, three quantiles and upper tail of mu and theta_new; compare with the finer mixture."""
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
            facts[at + 5] = 1.0 if mean > threshold[extra] else 0.0
            continue
        fill_quantiles(
            p[0], p[1], mean, math.sqrt(variance), w[:heavy], m[:heavy], inv[:heavy], facts[at + 2 : at + 5], work, bits
        )
        _, facts[at + 5], _, _ = mixture_at(threshold[extra], w, m, inv[:n], work, bits)
        spread = (facts[at + 4] - facts[at + 2]) / p[2, 2]
        facts[SPREAD] = min(facts[SPREAD], spread)
        for j in range(n2):
            inv[j] = 1.0 / math.sqrt(v2[j] + extra * t2[j] * t2[j])
        for i in range(3 if n2 > 0 else 0):
            low, up, pdf, _ = mixture_at(facts[at + 2 + i], w2, m2, inv[:n2], work, bits)
            gap = max(abs(low - p[0, i]), abs(up - p[1, i]))
            facts[CHANGE] = max(facts[CHANGE], gap, gap / (pdf * spread))


@entry
def solve_many(
    yi, sei, ends, first, last, model, parts, finer, want_error, p, threshold, out,
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
    model, parts : ndarray
        Priors, see `tau_density`.
    finer : ndarray, shape (3, q2)
        `parts` as a finer rule has them: the same, but for the components of a t prior.
    want_error : bool
        Make the finer mixture too and compare.
    p : ndarray, shape (3, 3)
        Three probabilities, one minus each, and the standard normal's distances between the outer two.
    threshold : ndarray, shape (n, 2) or (1, 2)
        Upper tails of mu and theta_new are taken here.
    out : ndarray, shape (n, FACTS)
        Filled.
    mixture, ..., bits : ndarray
        Scratch, see `workspace`; `mixture` and `panels` are left with those of the last set.
    """
    for i in range(first, last):
        k, facts = ends[i + 1] - ends[i], out[i]
        effects, errors = yi[ends[i] : ends[i + 1]], sei[ends[i] : ends[i + 1]]
        unit, ref = unit_and_reference(effects, errors, y, s2)
        facts[CHANGE], facts[SPREAD], facts[UNIT], n, n2, whole, top = 0.0, math.inf, unit, 0, 0, 0.0, 0.0
        for step in range(3 if want_error else 1):  # the rule; where mu's prior has a finer one, with it; the halves
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
                panels, at, end, ref, unit, far * unit, peak, nodes[0], nodes[1], nodes[2], nodes[3], target, facts
            )
            if prior.shape[1] > 1 and step != 1:
                number = expand(target, number, prior, logs)
                heavy = number
            if step == 0:
                n, front, whole, top = number, heavy, total, peak
                facts[LOG_Z] = math.log(total) + peak + (1.0 - k) * math.log(unit)
                finish_tau(panels, nodes[0], count, atoms, model[TAIL] + k - 1.0, unit, total, facts)
                first_moment, second_moment = facts[TAU_MEAN], facts[TAU_SQUARE]
            elif step == 2:
                n2 = heavy
                facts[CHANGE] = max(changed(panels, count, atoms, total), abs(math.log(total / whole) + peak - top))
        facts[TAU_MEAN], facts[TAU_SQUARE], facts[SIZE] = first_moment, second_moment, n
        if n > 0:
            tail = threshold[i if len(threshold) > 1 else 0]
            answer(mixture, n, front, halves, n2, p, tail, facts, inv, work, bits)
