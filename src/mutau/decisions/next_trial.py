"""The next trial: what it may show, how probable it is to change the answer, and what that would be worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from mutau.decisions.baselines import as_baseline
from mutau.decisions.goals import Goal, goals_at, loss_functional, probability_functional
from mutau.decisions.planning import MOST_IN_ARM, planner
from mutau.decisions.roads import ROADS
from mutau.decisions.ropes import rope_of
from mutau.errors import ArgumentError, Fault
from mutau.stakes import ACTIONS, Loss
from mutau.summaries import effect_moment_exists

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.decisions.planning import Planner
    from mutau.fitting import Fit

    type Array = NDArray[np.float64]

__all__ = ["NextTrial", "next_trial"]

SIZES = (20, 40, 80, 160, 320, 640, 1280)
TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Person-times of a new trial over the typical one, where sizes are person-times."""
PRECISE = 0.02
"""A size at which a chance is reached is found to within this share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class NextTrial:
    """How a new trial may change the answer, over its size. Made by `next_trial`.

    Parameters
    ----------
    goals : tuple of Goal
        What was asked for.
    loss : Loss
        The stated loss.
    curve : DataFrame
        One row for each size and goal: ``size`` (participants, or person-time for rates), ``treatment``, ``control``
        (its arms), ``goal``, ``chance`` (the assurance: predictive probability that the goal is reached),
        ``limit`` (that of a trial without end, to about 0.01), ``probability_now``, ``sd_now``, ``sd_expected``
        (of mu, analysis scale), ``evsi`` (what the trial is expected to save of the loss), ``evpi`` (what knowing mu
        would), ``left_out`` (predictive probability of outcomes not gone through), ``note``.
    needed : DataFrame
        One row for each goal: ``goal``, ``asked`` (the stated chance), ``size`` (found to within 2%; NaN where none
        is known) and ``note``.
    assumptions : tuple of str
        What the numbers take for granted, in words.
    """

    goals: tuple[Goal, ...]
    loss: Loss
    curve: pd.DataFrame = field(repr=False)
    needed: pd.DataFrame = field(repr=False)
    assumptions: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give the curve, unrounded."""
        return self.curve.copy()


def next_trial(
    fit: Fit,
    sizes: Sequence[float] | None = None,
    *,
    level: float | None = None,
    goals: Sequence[Goal] = (),
    chance: float = 0.8,
    loss: Loss | None = None,
    quantity: Literal["mu", "theta_new"] = "mu",
    mid: float | tuple[float, float] | None = None,
    treatment_share: float = 0.5,
    baseline: float | Baseline | None = None,
    unit_sd: float | None = None,
) -> NextTrial:
    r"""Say how probable it is that one more trial brings an answer, over its size.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model that the exact engine can fit, whichever made it.
    sizes : sequence of float, optional
        Participants of both arms together (person-time for rates); by default 20 to 1,280 (a quarter to four times
        the typical person-time).
    level : float, optional
        Level that P(benefit) and P(important benefit) have to pass; needed where there are no `goals`.
    goals : sequence of Goal, optional
        Others.
    chance : float
        The chance for which the size is looked for.
    loss : Loss, optional
        By default linear, with any benefit worthwhile.
    quantity : {"mu", "theta_new"}
        Whether the loss is that of the mean effect or of the effect in another new setting.
    mid : float or (float, float), optional
        Minimal important differences, as for `importance`.
    treatment_share : float
        Share of the participants in the treatment arm, in (0, 1).
    baseline : float or Baseline, optional
        Control risk of the new trial (OR, RR, RD from counts). Left out: baselines like those of the trials.
    unit_sd : float, optional
        Normal likelihood: the new trial's standard error is unit_sd sqrt(1/n1 + 1/n0). By default the median over the
        trials there are.

    Returns
    -------
    NextTrial

    Raises
    ------
    ArgumentError
        An argument is not valid, or the exact engine cannot fit the model; says why.

    Notes
    -----
    Assurance is the probability of the goal over what the trial may show, itself over the posterior of today: a
    probability of a probability, not a power at an assumed effect (O'Hagan, Stevens and Campbell 2005,
    doi:10.1002/pst.175). The expected value of sample information is
    :math:`\min_a E L(a) - E \min_a E[L(a) \mid \text{new data}]` (Raiffa and Schlaifer 1961). Every outcome of the
    trial is gone through (counts), or a fine grid of estimates (normal likelihood); after each, the posterior is
    integrated exactly, heterogeneity and baseline learnt anew. Of a stated baseline the analysis knows nothing;
    expected losses now are then those expected over the trial's outcomes, so that the value is never below 0. With
    counts a curve goes in small steps, and a little larger trial may have a little smaller chance.
    """
    loss = Loss() if loss is None else loss
    rope = rope_of(fit.model, mid)
    wanted = (*(goals_at(fit.model, level, rope) if level is not None else ()), *goals)
    _require(wanted, chance, treatment_share, quantity)
    totals = [float(size) for size in (_default_sizes(fit) if sizes is None else sizes)]
    functionals, breaks = _functionals(fit, wanted, loss, quantity)
    rounded = fit.model.likelihood in MOST_IN_ARM
    arms = [_arms(total, treatment_share, rounded) for total in totals]
    made = planner(
        fit,
        functionals,
        breaks,
        arms,
        baseline=None if baseline is None else as_baseline(baseline),
        unit_sd=unit_sd,
    )
    asked = _Asked(made, wanted, _reasons(fit, loss, quantity))
    answers = {total: asked.at(*pair) for total, pair in zip(totals, arms, strict=True)}
    fixed, limits = asked.fixed(), asked.limits()
    rows = [
        {"size": total, "treatment": pair[0], "control": pair[1], "goal": str(goal)}
        | {"chance": answers[total]["chances"][g], "limit": limits[g], "probability_now": fixed["now"][g]}
        | {name: fixed[name] for name in ("sd_now", "evpi")}
        | {name: answers[total][name] for name in ("sd_expected", "evsi", "left_out")}
        | {"note": "; ".join(asked.reasons.values())}
        for total, pair in zip(totals, arms, strict=True)
        for g, goal in enumerate(wanted)
    ]
    needed = [
        _needed(g, goal, chance, answers, limits[g], lambda n: asked.at(*_arms(n, treatment_share, rounded)))
        for g, goal in enumerate(wanted)
    ]
    return NextTrial(wanted, loss, pd.DataFrame(rows), pd.DataFrame(needed), _assumptions(made, quantity))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a planner whose functionals are, in order: each goal's, mu, mu squared, losses."""

    made: Planner
    goals: tuple[Goal, ...]
    reasons: dict[str, str]

    def at(self, treatment: float, control: float) -> dict[str, Any]:
        """Give the answers for one trial."""
        outcomes = self.made.outcomes(treatment, control)
        chance, means = outcomes.chance, outcomes.means
        total, count = float(chance.sum()), len(self.goals)
        weight = chance / total
        seen = weight > 0
        weight, means = weight[seen], means[:, seen]
        ordered = len(outcomes.shape) == 1
        reached = [float(weight @ goal.reached(means[1 + g], ordered)) for g, goal in enumerate(self.goals)]
        sd = np.sqrt(np.maximum(means[count + 2] - means[count + 1] ** 2, 0.0))
        losses = means[count + 3 :]
        saved = max(0.0, float((losses @ weight).min() - weight @ losses.min(axis=0)))
        return {
            "chances": reached,
            "sd_expected": math.nan if "sd" in self.reasons else float(weight @ sd),
            "evsi": math.nan if "loss" in self.reasons else saved,
            "left_out": max(0.0, 1.0 - total),
        }

    def fixed(self) -> dict[str, Any]:
        """Give what does not depend on the trial."""
        now, count = self.made.grid.now, len(self.goals)
        means = now / now[0]
        sd = math.sqrt(max(means[count + 2] - means[count + 1] ** 2, 0.0))
        return {
            "now": [float(p) for p in means[1 : count + 1]],
            "sd_now": math.nan if "sd" in self.reasons else sd,
            "evpi": math.nan if "loss" in self.reasons else float(means[-2:].min()),
        }

    def limits(self) -> list[float]:
        """Give the chances of a trial that would show its own effect exactly."""
        values = self.made.grid.values
        used = values[0] > 1e-15
        after = values[:, used] / values[0, used]
        weight = values[0, used] / values[0, used].sum()
        return [float(weight @ goal.reached(after[1 + g], ordered=True)) for g, goal in enumerate(self.goals)]


def _functionals(fit: Fit, goals: Sequence[Goal], loss: Loss, quantity: str) -> tuple[list[Any], list[float]]:
    df, scale = fit.model.effects_df, loss.on(fit.model)
    middle = float(fit.marginal("mu").quantile(0.5))
    asked = [probability_functional(goal.event, goal.quantity, df) for goal in goals]
    moments = [lambda mu, tau: mu - middle, lambda mu, tau: (mu - middle) ** 2]  # noqa: ARG005
    losses = [loss_functional(scale, action, quantity, df) for action in ACTIONS]
    return [*asked, *moments, *losses], [*(goal.event.bound for goal in goals), scale.at]


def _reasons(fit: Fit, loss: Loss, quantity: str) -> dict[str, str]:
    """Say what does not exist, and why."""
    found = {}
    second = effect_moment_exists(fit.model, "mu", 2, fit.k)
    if not second.exists:
        found["sd"] = f"sd_now, sd_expected: {second.reason}"
    first = effect_moment_exists(fit.model, quantity, 1, fit.k)
    if loss.power and not first.exists:
        found["loss"] = f"evsi, evpi: {first.reason}"
    return found


def _require(goals: Sequence[Goal], chance: float, share: float, quantity: str) -> None:
    faults = []
    if not goals:
        rule = "What a trial should bring has to be said"
        faults.append(Fault("neither level nor goals", rule, "Give a level, such as 0.95", key="level"))
    for name, value in (("chance", chance), ("treatment_share", share)):
        if not 0 < value < 1:
            rule = "It lies strictly between 0 and 1"
            faults.append(Fault(f"{name} = {value!r}", rule, "Give another", key=name))
    if quantity not in ("mu", "theta_new"):
        rule = "The loss is that of mu or of theta_new"
        faults.append(Fault(f"quantity {quantity!r}", rule, "Say one", key="quantity"))
    if faults:
        raise ArgumentError(faults)


def _default_sizes(fit: Fit) -> Sequence[float]:
    if fit.model.likelihood == "poisson":
        typical = float(fit.effects[["time_treatment", "time_control"]].astype(float).sum(axis=1).median())
        return [factor * typical for factor in TIMES]
    most = 2 * MOST_IN_ARM.get(fit.model.likelihood, SIZES[-1])
    return [size for size in SIZES if size <= most]


def _arms(total: float, share: float, rounded: bool) -> tuple[float, float]:
    """Split a trial into its arms; whole people where counts need them."""
    treatment = float(round(share * total)) if rounded else share * total
    return treatment, total - treatment


def _needed(
    g: int, goal: Goal, chance: float, answers: dict[float, dict[str, Any]], limit: float, ask: Any
) -> dict[str, Any]:
    """Find the smallest size that reaches the chance, between the sizes of the curve."""
    row = {"goal": str(goal), "asked": chance}
    sizes = sorted(answers)
    enough = [size for size in sizes if answers[size]["chances"][g] >= chance]
    if not enough:
        note = f"not reached up to {sizes[-1]:g}; one trial without end has a chance of {limit:.3f}"
        return row | {"size": math.nan, "note": note}
    high = enough[0]
    place = sizes.index(high)
    if place == 0:
        return row | {"size": high, "note": "reached by the smallest size asked for"}
    below, above = ((size, answers[size]["chances"][g]) for size in (sizes[place - 1], high))
    while above[0] - below[0] > max(PRECISE * above[0], 1.0 if above[0] > 20 else 0.0):
        middle = _between(below, above, chance)
        if middle in (below[0], above[0]):
            break
        there = (middle, ask(middle)["chances"][g])
        below, above = (below, there) if there[1] >= chance else (there, above)
    high = above[0]
    return row | {"size": high, "note": ""}


def _between(below: tuple[float, float], above: tuple[float, float], chance: float) -> float:
    """Give the size to try next: where a line over the logarithm of the size reaches the chance, and a little beyond.

    What is beyond by half of the wanted precision mostly lies on the other side, so that both ends move.
    """
    (low, short), (high, enough) = below, above
    ratio = math.log(high / low)
    line = math.log(low) + ratio * (chance - short) / (enough - short)
    share = (line - math.log(low)) / ratio
    line += 0.5 * PRECISE if share < 0.5 else -0.5 * PRECISE
    edge = 0.45 * PRECISE
    middle = math.exp(min(max(line, math.log(low) + edge), math.log(high) - edge))
    return float(round(middle)) if high > 20 else middle


def _assumptions(made: Planner, quantity: str) -> tuple[str, ...]:
    model = made.fit.model
    said = [
        "the new trial's own effect is a draw of theta_new, and the trial is unbiased",
        f"mu ~ {model.mu_prior.label}, tau ~ {model.tau_prior.label}, {model.likelihood} likelihood, now and then",
        f"the loss is that of {'the mean effect' if quantity == 'mu' else 'the effect in a new setting'}, once",
    ]
    if model.likelihood == "normal":
        said.append(f"its standard error is {made.unit_sd:.4g} sqrt(1/n1 + 1/n0), known when it is analysed")
    elif made.baseline is None:
        said.append("its baseline is like that of the trials there are, each in turn with equal probability")
    else:
        said.append(f"its control arm has {made.baseline}; {ROADS[model.measure].assumption}")
    return tuple(said)
