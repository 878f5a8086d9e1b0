"""A new trial of any size beside the trials there are: made ready once, then asked for each size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.decisions.designs import Outcomes, binomial_arm, count_outcomes, normal_outcomes, poisson_arm
from mutau.decisions.effects_grid import PER_LIKELIHOOD, effects_grid
from mutau.decisions.roads import ROADS
from mutau.decisions.trial_baselines import analysed_baselines, like_the_trials, stated_baselines
from mutau.engines import choose, exact_posterior
from mutau.errors import ArgumentError, Fault
from mutau.fitting import model_request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.decisions.designs import Baselines
    from mutau.decisions.effects_grid import EffectsGrid
    from mutau.decisions.goals import Functional
    from mutau.exact import ExactPosterior
    from mutau.fitting import Fit
    from mutau.requests import ModelRequest

    type Array = NDArray[np.float64]

__all__ = ["MOST_IN_ARM", "Planner", "planner"]

MOST_IN_ARM = {"binomial": 1500, "hypergeometric": 300}
"""Participants of an arm of counts at most: all pairs of counts are gone through."""
MOST_EVENTS = 3000
IMPOSSIBLE = 0.01
_ETA = {"OR": 1.2, "RR": 1.2, "RD": 1.2}
_EFFECT = {"OR": 1.0, "RR": 0.25, "RD": 0.25}
"""Steps of a baseline and of an effect, over the root of an arm's size: within them no risk moves by more than half a
likelihood's width."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Ready to say what a new trial may show. Made by `planner`.

    Parameters
    ----------
    fit : Fit
        The trials there are.
    request : ModelRequest
        As engines take them.
    grid : EffectsGrid
        Functionals by the new trial's effect, fine enough for the largest trial.
    unit_sd : float
        Normal likelihood: standard error of a trial times the root of its effective size; NaN for counts.
    baseline : Baseline or None
        The stated control risk; None: like those of the trials.
    """

    fit: Fit
    request: ModelRequest = field(repr=False)
    grid: EffectsGrid = field(repr=False)
    unit_sd: float
    baseline: Baseline | None

    def sei(self, n_treatment: float, n_control: float) -> float:
        """Standard error of a trial with these arms, under the normal likelihood."""
        return self.unit_sd * math.sqrt(1.0 / n_treatment + 1.0 / n_control)

    def estimates(self, n_treatment: float, n_control: float) -> tuple[Array, Outcomes]:
        """What a trial of a normal likelihood may show: estimates on the analysis scale."""
        return normal_outcomes(self.grid, self.sei(n_treatment, n_control))

    def outcomes(self, n_treatment: float, n_control: float) -> Outcomes:
        """What a trial with these arms (person-times for rates) may show."""
        request = self.request
        if request.likelihood == "normal":
            return self.estimates(n_treatment, n_control)[1]
        rates = "time_treatment" in request.data
        size = _rate_size(request, n_treatment, n_control) if rates else max(n_treatment, n_control)
        step = _ETA.get(request.measure, 1.2) / math.sqrt(size)
        arising = self.arising(step)
        if rates:
            most = _most_events(self.grid, arising, (n_treatment, n_control))
            arms = poisson_arm(n_treatment, most[0]), poisson_arm(n_control, most[1])
        else:
            arms = binomial_arm(int(n_treatment)), binomial_arm(int(n_control))
        conditional = request.likelihood == "hypergeometric"
        return count_outcomes(
            self.grid, arms, arising, None if conditional else analysed_baselines(request, step)
        )

    def arising(self, step: float) -> Baselines:
        """Where the new trial's baseline comes from."""
        if self.baseline is None:
            return like_the_trials(self.request, step)
        return stated_baselines(self.baseline, ROADS[self.request.measure], self.fit.model.measure_record)


def planner(
    fit: Fit,
    functionals: Sequence[Functional],
    breaks: Sequence[float],
    arms: Sequence[tuple[float, float]],
    *,
    baseline: Baseline | None = None,
    unit_sd: float | None = None,
) -> Planner:
    """Make ready for trials with these arms.

    Parameters
    ----------
    fit : Fit
        The trials there are.
    functionals, breaks
        As `effects_grid` takes them.
    arms : sequence of (float, float)
        Treatment and control arm of every trial that will be asked for.
    baseline : Baseline, optional
        Control risk of the new trial, for OR, RR and RD.
    unit_sd : float, optional
        Normal likelihood: standard error times the root of 1 / (1/n1 + 1/n0); for an MD the SD of the outcome. By
        default the median over the trials there are.

    Raises
    ------
    ArgumentError
        The exact engine cannot fit the model, an arm cannot be, or a baseline does not fit; all faults at once.
    """
    request = model_request(fit.effects, fit.model)
    choose("exact", request)
    faults = [*_arm_faults(request, arms), *_baseline_faults(request, baseline)]
    known = _unit_sd(fit, request, unit_sd, faults)
    if faults:
        raise ArgumentError(faults)
    posterior = fit.exact if fit.exact is not None else exact_posterior(request)
    largest = max(arms, key=lambda pair: 1.0 / (1.0 / pair[0] + 1.0 / pair[1]))
    grid = effects_grid(posterior, functionals, breaks, _step(request, posterior, known, largest))
    made = Planner(fit, request, grid, known, baseline)
    if baseline is not None:
        _require_possible(made)
    return made


def _step(
    request: ModelRequest, posterior: ExactPosterior, unit_sd: float, arms: tuple[float, float]
) -> float:
    """Step of the grid of effects that the most precise trial needs."""
    spread = float(np.diff(posterior.theta_new.quantile(np.array([0.25, 0.75])))[0]) / 25.0
    if request.likelihood == "normal":
        return min(spread, unit_sd * math.sqrt(1.0 / arms[0] + 1.0 / arms[1]) / PER_LIKELIHOOD)
    size = _rate_size(request, *arms) if "time_treatment" in request.data else max(arms)
    return min(spread, _EFFECT.get(request.measure, 1.0) / math.sqrt(size))


def _rate_size(request: ModelRequest, time_treatment: float, time_control: float) -> float:
    """Events that the larger arm would have at the highest rate of the trials, at least 1: what makes it precise."""
    rates = [
        float(((request.data[f"events_{arm}"] + 0.5) / request.data[f"time_{arm}"]).max())
        for arm in ("treatment", "control")
    ]
    return max(1.0, max(rates) * max(time_treatment, time_control))


def _most_events(grid: EffectsGrid, arising: Baselines, times: tuple[float, float]) -> tuple[int, int]:
    """Events of each arm that will not be passed but with probability 1e-5 or so."""
    mass = (arising.weights[:, None] * grid.values[0]).ravel()
    logs = arising.log_risks(slice(None), grid.t)[:2]
    found = []
    for log_rate, time in zip(logs, times, strict=True):
        means = time * np.exp(np.minimum(log_rate.ravel(), 40.0))
        order = np.argsort(means)
        place = int(np.searchsorted(np.cumsum(mass[order]), (1.0 - 1e-5) * mass.sum()))
        mean = float(means[order[min(place, len(order) - 1)]])
        found.append(int(min(mean + 6.0 * math.sqrt(mean) + 10.0, MOST_EVENTS)))
    return found[0], found[1]


def _arm_faults(request: ModelRequest, arms: Sequence[tuple[float, float]]) -> list[Fault]:
    counts = request.likelihood in MOST_IN_ARM
    least, most = (1.0, MOST_IN_ARM[request.likelihood]) if counts else (0.0, math.inf)
    rule = f"An arm has 1 to {most} people" if counts else "The size of an arm is above 0"
    if not arms:
        return [Fault("no size", "A trial has a size", "Give one", key="sizes")]
    return [
        Fault(f"arms of {first:g} and {second:g}", rule, "Give another size", key="sizes")
        for first, second in arms
        if not all(least <= n <= most and math.isfinite(n) and n > 0 for n in (first, second))
    ]


def _baseline_faults(request: ModelRequest, baseline: Baseline | None) -> list[Fault]:
    if baseline is None or request.likelihood in MOST_IN_ARM:
        return []
    rule = "A control risk belongs to a new trial of binomial counts; other likelihoods know none"
    return [
        Fault(f"{baseline} with the {request.likelihood} likelihood", rule, "Leave it out", key="baseline")
    ]


def _unit_sd(fit: Fit, request: ModelRequest, stated: float | None, faults: list[Fault]) -> float:
    if request.likelihood != "normal":
        if stated is not None:
            rule = "It sets the standard error of a normal likelihood; counts have none"
            faults.append(Fault(f"unit_sd = {stated!r}", rule, "Leave it out", key="unit_sd"))
        return math.nan
    if stated is not None:
        if not (math.isfinite(stated) and stated > 0):
            faults.append(Fault(f"unit_sd = {stated!r}", "It is a number above 0", "Give one", key="unit_sd"))
        return stated
    sizes = fit.effects.reindex(columns=["n_treatment", "n_control"]).astype(float)
    unit = float((fit.effects["sei"] / np.sqrt((1.0 / sizes).sum(axis=1, skipna=False))).median(skipna=False))
    if not math.isfinite(unit):
        rule = "The arms of the trials are not known, so neither is how precise a trial of a given size is"
        faults.append(
            Fault("no unit_sd", rule, "State unit_sd: sei = unit_sd sqrt(1/n1 + 1/n0)", key="unit_sd")
        )
    return unit


def _require_possible(made: Planner) -> None:
    share = made.arising(1.0).impossible(made.grid)
    if share > IMPOSSIBLE:
        rule = (
            f"At this baseline {100 * share:.1f}% of the posterior of a new trial's effect would bring a risk past 0 "
            "or 1, which cannot be"
        )
        remedy = "Fit an odds ratio, or leave the baseline out: it is then like those of the trials"
        raise ArgumentError(Fault(str(made.baseline), rule, remedy, key="baseline"))
