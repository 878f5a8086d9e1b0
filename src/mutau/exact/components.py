"""Run the kernels for one request: components of the posterior, and how far a finer rule moves them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import MutauError
from mutau.exact.requests import mixture_scales
from mutau.numerics import tau_density as vector
from mutau.numerics.mixtures import mixture_quantiles
from mutau.numerics.solving import COMPARED, disagreement, points_of_tau, solve_one

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact.requests import Request

    type Array = NDArray[np.float64]

__all__ = ["Rules", "error_of", "solve_request"]

KEEP = 1e-24  # pairs of tau and a component of mu's prior of smaller joint weight are left out
SAFETY = 10.0  # what the difference of two rules is multiplied by to bound the error of the coarser one
FLOOR = 5e-12  # rounding, about ten times what was seen against a dense rule (tests/exact)
FLOOR_STUDIES = 2e-14  # and for every study, because the log likelihood is a sum over them
EPS = float(np.finfo(np.float64).eps)
P = np.array(COMPARED)


@dataclass(frozen=True, slots=True)
class Rules:
    """Weighted components of the posterior.

    Parameters
    ----------
    weights, tau, means, variances : ndarray, shape (n,)
        Weight and tau of each component, mean and variance of mu given it.
    scales : ndarray, shape (2, q)
        Components of mu's prior, in units of `unit`; q = 0 but for a t prior.
    panels : ndarray, shape (4, m)
        Lower and upper ends (in `unit`), kind, and probability.
    below, above : float
        Probability of a tau below the first and above the last panel.
    tau_mean, tau_square, excess : float
        Mean and mean square of tau, and what the latter exceeds the sum over components by.
    log_z, unit : float
        Log marginal likelihood; unit of the computation.
    finer : tuple of ndarray
        Weights, tau, means and variances by the finer rule.
    mass_gap, log_gap : float
        Differences of the two rules in the panels' masses and in `log_z`.
    """

    weights: Array = field(repr=False)
    tau: Array = field(repr=False)
    means: Array = field(repr=False)
    variances: Array = field(repr=False)
    scales: Array = field(repr=False)
    panels: Array = field(repr=False)
    below: float
    above: float
    tau_mean: float
    tau_square: float
    excess: float
    log_z: float
    unit: float
    finer: tuple[Array, Array, Array, Array] = field(repr=False)
    mass_gap: float
    log_gap: float


def solve_request(request: Request) -> Rules:
    """Integrate over tau (and, for a t prior of mu, over the latent scale)."""
    if request.tau.is_point:
        return _at_point(request)
    scales = mixture_scales(request.mu, request)
    nodes, fine, panels, moments, out, enough = solve_one(
        request.yi, request.sei, request.par, scales, not scales.shape[1]
    )
    if not enough:
        raise MutauError("The quadrature ran out of panels; please report these data as a fault of mutau.")
    gap, log_gap = float(out[6]), float(out[7] - out[3])
    if scales.shape[1]:
        halved = mixture_scales(request.mu, request, parts=2)
        _, fine, _, _, other, _ = solve_one(request.yi, request.sei, request.par, halved, True)
        gap, log_gap = float(other[6]), float(other[7] - out[3])
        finer = _components(request, fine, halved, float(out[4]))
    else:
        finer = _components(request, fine, scales, float(out[4]))
    weights, tau, means, variances = _components(request, nodes, scales, float(out[4]))
    tau_mean, tau_square = float(moments[0, 0]), float(moments[0, 1])
    edges = _atoms(panels, nodes, float(out[4]))
    plain = float(nodes[1] @ nodes[0] ** 2)
    return Rules(
        weights, tau, means, variances, scales, _normalised(panels, edges), edges[0], edges[1],
        tau_mean, tau_square, tau_square - plain, float(out[3]), float(out[4]), finer, gap, log_gap,
    )  # fmt: skip


def error_of(request: Request, rules: Rules) -> float:
    """Bound the error: ten times what a rule with every panel halved changes, and a floor for rounding."""
    changed = max(rules.mass_gap, abs(rules.log_gap))
    ends = []
    for extra in (0.0, 1.0):
        one = _mixture(rules.weights, rules.tau, rules.means, rules.variances, extra)
        two = _mixture(*rules.finer, extra)
        if one is None or two is None:
            continue
        quantiles = np.empty(len(P))
        mixture_quantiles(P, 1.0 - P, *one, quantiles)
        work = np.empty((3, max(len(one[0]), len(two[0]))))
        bits = work.view(np.int64)
        changed = max(changed, disagreement(*one, len(one[0]), *two, len(two[0]), quantiles, work, bits))
        ends.append(quantiles)
    size = float(np.abs(request.yi).max())
    spread = min((float(q[2] - q[0]) / 3.92 for q in ends), default=math.inf)
    floor = FLOOR + FLOOR_STUDIES * request.k + 4.0 * EPS * size / spread
    return SAFETY * changed + floor + 16.0 * EPS * abs(rules.log_z)


def _mixture(w: Array, tau: Array, m: Array, v: Array, extra: float) -> tuple[Array, Array, Array] | None:
    """Weights, means, inverse SDs of mu (extra 0) or theta_new (extra 1); None where all is one point."""
    variances = v + extra * tau * tau
    return (w, m, 1.0 / np.sqrt(variances)) if variances.all() else None


def _components(
    request: Request, nodes: Array, scales: Array, unit: float
) -> tuple[Array, Array, Array, Array]:
    """Weights, tau, and mu's mean and variance: the nodes, or nodes times components of mu's prior."""
    tau, w, m, v = np.ascontiguousarray(nodes[:4])
    if not scales.shape[1]:
        return w, tau, m, v
    centre = request.par[vector.M0]
    sigma2 = scales[0] * unit * unit
    d = m - centre
    total = v[:, None] + sigma2
    log_weight = scales[1] - 0.5 * (np.log(total) + d[:, None] ** 2 / total)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight *= (w / weight.sum(axis=1))[:, None]
    keep = weight > KEEP
    share = (sigma2 / total)[keep]
    rows = np.nonzero(keep)[0]
    return weight[keep], tau[rows], centre + d[rows] * share, v[rows] * share


def _at_point(request: Request) -> Rules:
    """One value of tau: nothing is integrated over it."""
    value = request.tau.parameters["value"]
    scales = mixture_scales(request.mu, request)
    halved = mixture_scales(request.mu, request, parts=2)
    unit = 2.0 ** math.floor(math.log2(request.sei.min()))
    sets, logs = [], []
    for these in (scales, halved):
        out = np.empty((3, 1))
        points_of_tau(np.array([value]), request.yi, request.sei, request.par, these, out)
        node = np.array([[value], [1.0], [out[1, 0]], [out[2, 0]]])
        sets.append(_components(request, node, these, unit))
        logs.append(float(out[0, 0]))
    return Rules(
        *sets[0], scales, np.empty((4, 0)), 0.0, 0.0, value, value * value, 0.0, logs[0], unit, sets[1],
        0.0, logs[1] - logs[0],
    )  # fmt: skip


def _atoms(panels: Array, nodes: Array, unit: float) -> tuple[float, float]:
    """Probability that lies below the first and above the last panel, kept in single nodes."""
    low = float(np.where(panels[2] > 0.5, np.exp(panels[0]), panels[0]).min()) * unit
    high = float(np.where(panels[2] > 0.5, np.exp(panels[1]), panels[1]).max()) * unit
    tau, w = nodes[0], nodes[1]
    return float(w[tau <= low].sum()), float(w[tau >= high].sum())


def _normalised(panels: Array, edges: tuple[float, float]) -> Array:
    """The panels with masses that sum to what the atoms leave."""
    out = panels.copy()
    out[3] *= (1.0 - edges[0] - edges[1]) / out[3].sum()
    return out
