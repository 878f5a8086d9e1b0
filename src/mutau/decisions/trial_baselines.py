"""Where a new trial's baseline comes from: the trials there are, a stated risk; and the prior of its analysis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mutau.decisions.baselines import LEVELS, SHARES
from mutau.decisions.designs import Baselines
from mutau.errors import ArgumentError, Fault
from mutau.likelihoods.links import LINKS
from mutau.stakes import FixedRisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.decisions.roads import Road
    from mutau.measures import Measure
    from mutau.requests import ModelRequest

    type Array = NDArray[np.float64]

__all__ = ["analysed_baselines", "like_the_trials", "stated_baselines"]

REACH = 6.0
"""SDs of a baseline's prior that are covered."""
TURN = 8.0
"""Baseline beyond which risks are so near 0 or 1 that wider and wider steps will do."""


def analysed_baselines(request: ModelRequest, step: float) -> Baselines:
    """Give the prior of the analysis, eta ~ Normal(0, baseline_sd), in steps that resolve a likelihood."""
    end = math.asinh(REACH * request.baseline_sd / TURN)
    u = np.linspace(-end, end, 2 * math.ceil(end * TURN / step) + 1)
    eta = TURN * np.sinh(u)
    weights = np.cosh(u) * np.exp(-0.5 * (eta / request.baseline_sd) ** 2)
    return _of_eta(request, eta, weights / weights.sum())


def like_the_trials(request: ModelRequest, step: float) -> Baselines:
    """Give baselines like those of the trials: of each in turn with equal probability, as uncertain as it is.

    Notes
    -----
    That of a trial is normal around its own log odds product (sum of log rates), half an event added everywhere.
    """
    data = request.data
    a, c = data["events_treatment"] + 0.5, data["events_control"] + 0.5
    if "time_treatment" in data:
        centre = np.log(a / data["time_treatment"]) + np.log(c / data["time_control"])
        sd = np.sqrt(1 / a + 1 / c)
    else:
        b, d = data["n_treatment"] + 1.0 - a, data["n_control"] + 1.0 - c
        centre, sd = np.log(a / b) + np.log(c / d), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    nodes, weights = [], []
    for middle, width in zip(centre, sd, strict=True):
        z = np.linspace(-5.5, 5.5, 2 * math.ceil(5.5 * width / min(step, 0.5 * width)) + 1)
        own = np.exp(-0.5 * z * z)
        nodes.append(middle + width * z)
        weights.append(own / own.sum() / len(centre))
    return _of_eta(request, np.concatenate(nodes), np.concatenate(weights))


def stated_baselines(baseline: Baseline, road: Road, measure: Measure) -> Baselines:
    """Give stated control risks; the risk with treatment follows by the measure's own road."""
    fixed = isinstance(baseline, FixedRisk)
    levels, weights = (np.array([0.5]), np.ones(1)) if fixed else (LEVELS, SHARES)
    control = np.asarray(baseline.quantile(levels), dtype=np.float64)

    def log_risks(part: slice, t: Array) -> tuple[Array, Array, Array]:
        without = np.broadcast_to(control[part, None], (len(control[part]), len(t)))
        treated = road.risk(without, measure.to_natural(t))
        possible = ((treated >= 0.0) & (treated <= 1.0)).astype(np.float64)
        with np.errstate(divide="ignore"):
            logs = [np.log(np.clip(risk, 0.0, 1.0)) for risk in (treated, without)]
        return logs[0], logs[1], possible

    return Baselines(weights, log_risks)


def _of_eta(request: ModelRequest, eta: Array, weights: Array) -> Baselines:
    link: Callable[[Array, Array], tuple[Array, Array]]
    if "time_treatment" in request.data:

        def link(eta: Array, t: Array) -> tuple[Array, Array]:
            return (eta + t) / 2, (eta - t) / 2

    elif request.measure in LINKS:

        def link(eta: Array, t: Array) -> tuple[Array, Array]:
            risks = LINKS[request.measure](eta, t)
            return risks.p1, risks.p0

    else:
        rule = "Counts of a new trial are known for RR, OR, RD and IRR"
        raise ArgumentError(Fault(f"measure {request.measure}", rule, "Fit one of these"))

    def log_risks(part: slice, t: Array) -> tuple[Array, Array, Array]:
        logs = link(eta[part, None], t)
        return logs[0], logs[1], np.ones((len(eta[part]), len(t)))

    return Baselines(weights, log_risks)
