"""What is hoped or feared of a new trial, as functions of mu and tau whose posterior means are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from mutau.errors import ArgumentError, Fault
from mutau.priors import student
from mutau.stakes import ACTIONS
from mutau.summaries import Event, events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.ropes import Rope
    from mutau.outcomes import OutcomeModel
    from mutau.stakes import LossScale

    type Array = NDArray[np.float64]
    type Functional = Callable[[Array, float], Array]

__all__ = ["Goal", "goals_at", "loss_functional", "probability_functional"]

_QUANTITIES = ("mu", "theta_new")


@dataclass(frozen=True, slots=True)
class Goal:
    """That after the new trial a probability is above, or below, a stated level.

    Parameters
    ----------
    event : Event
        Of which the probability is.
    level : float
        In (0, 1).
    side : {"above", "below"}
        Where it has to be.
    quantity : {"mu", "theta_new"}
        Whether the event is about the mean effect or the effect in another new setting.

    Raises
    ------
    ArgumentError
        With every fault found.
    """

    event: Event
    level: float
    side: Literal["above", "below"] = "above"
    quantity: Literal["mu", "theta_new"] = "mu"

    def __post_init__(self) -> None:
        faults = []
        if not 0 < self.level < 1:
            rule = "A level of a probability lies strictly between 0 and 1"
            faults.append(Fault(f"level = {self.level!r}", rule, "Give 0.95", key="level"))
        if self.side not in ("above", "below"):
            faults.append(
                Fault(f"side {self.side!r}", "A probability is above or below", "Say one", key="side")
            )
        if self.quantity not in _QUANTITIES:
            rule = "A goal is about mu or theta_new"
            faults.append(Fault(f"quantity {self.quantity!r}", rule, "Say one", key="quantity"))
        if faults:
            raise ArgumentError(faults)

    def reached(self, probability: Array, ordered: bool) -> Array:
        """Share of each outcome, 0 to 1, in which a probability is where it has to be.

        Parameters
        ----------
        probability : ndarray, shape (n,)
            After each outcome.
        ordered : bool
            Whether outcomes are the middles of cells along a line: a cell that the level passes through is shared by
            linear interpolation. Otherwise an outcome counts whole or not at all.
        """
        beyond = (probability - self.level) * (1.0 if self.side == "above" else -1.0)
        if not ordered:
            return np.asarray(beyond > 0, dtype=np.float64)
        after = np.append(beyond[1:], beyond[-1])
        before = np.concatenate([beyond[:1], beyond[:-1]])
        return _half(beyond, before) + _half(beyond, after)

    def __str__(self) -> str:
        where = "" if self.quantity == "mu" else " in a new setting"
        return f"P({self.event.label}{where}) {self.side} {self.level:g}"


def _half(here: Array, there: Array) -> Array:
    """How much of the half cell towards a neighbour is above 0, at most 0.5, on the line between the two values."""
    crossing = np.divide(here, here - there, out=np.full_like(here, np.inf), where=(here > 0) != (there > 0))
    return np.where(here > 0, np.minimum(crossing, 0.5), np.maximum(0.5 - crossing, 0.0))


def goals_at(model: OutcomeModel, level: float, rope: Rope) -> tuple[Goal, ...]:
    """Give the usual goals: P(benefit) and P(important benefit) above the level, or the latter below 1 less it."""
    found = [Goal(events(model)[0], level)]
    if rope.is_known:
        measure, sign = model.measure_record, model.benefit_sign
        bound = float(measure.to_analysis(np.float64(rope.benefit)))
        label = f"important benefit ({measure.code} {'>' if sign > 0 else '<'} {rope.benefit:g})"
        important = Event("important benefit", label, bound, sign)
        found += [Goal(important, level), Goal(important, float(f"{1 - level:.12g}"), "below")]
    return tuple(found)


def probability_functional(event: Event, quantity: str, df: float) -> Functional:
    """Probability of an event given mu and tau: 0 or 1 for mu, smooth for theta_new."""

    def of_mu(mu: Array, tau: float) -> Array:  # noqa: ARG001
        return np.asarray(event.side * (mu - event.bound) > 0, dtype=np.float64)

    def of_new(mu: Array, tau: float) -> Array:
        return _below(event.side * (mu - event.bound), tau, df)

    return of_mu if quantity == "mu" else of_new


def loss_functional(scale: LossScale, action: str, quantity: str, df: float) -> Functional:
    r"""Expected loss of an action given mu and tau.

    Notes
    -----
    For theta_new with :math:`d` what mu is short of being worthwhile (or beyond) and :math:`x = d/\tau`,
    :math:`E\max(0, d - \tau Z) = d F(x) + \tau f(x)`; for Student's t with :math:`\nu` degrees of freedom the density
    f is multiplied by :math:`(\nu + x^2) / (\nu - 1)`.
    """

    def of_mu(mu: Array, tau: float) -> Array:  # noqa: ARG001
        return scale(mu, action)

    def of_new(mu: Array, tau: float) -> Array:
        if tau == 0:
            return scale(mu, action)
        if scale.loss.power and df <= 1:  # a mean that does not exist
            return np.full_like(mu, math.nan)
        d = scale.sign * (scale.at - mu) * (1.0 if action == ACTIONS[0] else -1.0)
        weight = scale.loss.use if action == ACTIONS[0] else scale.loss.withhold
        below = _below(d, tau, df)
        if not scale.loss.power:
            return weight * below
        x = d / tau
        if math.isinf(df):
            density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        else:
            density = np.exp(student.log_density(x, df)) * (df + x * x) / (df - 1.0)
        return np.asarray(weight * np.maximum(d * below + tau * density, 0.0))

    return of_mu if quantity == "mu" else of_new


def _below(d: Array, tau: float, df: float) -> Array:
    """P(tau Z < d)."""
    if tau == 0:
        return np.asarray(d > 0, dtype=np.float64)
    return np.asarray(ndtr(d / tau) if math.isinf(df) else student.cdf(d / tau, df))
