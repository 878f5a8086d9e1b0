"""What each action costs when the effect is what it is, and the action that costs least on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.measures import Measure

    type Array = NDArray[np.float64]

__all__ = ["ACTIONS", "LOSSES", "Loss", "LossScale", "Oriented"]

type LossKind = Literal["linear", "threshold", "asymmetric"]

LOSSES = ("linear", "threshold", "asymmetric")
ACTIONS = ("use", "do not use")
"""The two actions that a loss compares: the treatment, or the control."""


class Oriented(Protocol):
    """Anything that has an effect measure and a direction that helps, such as an `OutcomeModel`."""

    @property
    def measure_record(self) -> Measure:
        """The effect measure."""

    @property
    def benefit_sign(self) -> int:
        """+1 where a higher effect helps, -1 where a lower one does."""


@dataclass(frozen=True, slots=True)
class Loss:
    r"""What is lost by using a treatment whose effect is too small, or by not using one whose effect is enough.

    Parameters
    ----------
    kind : {"linear", "threshold", "asymmetric"}
        How the loss grows with the distance of the effect from `worthwhile`: in proportion, the same for both
        errors; not at all (each error costs its weight, however large); in proportion, with weights of their own.
    worthwhile : float, optional
        The effect, on the natural scale, from which the treatment is worth its burden and cost. Left out: any
        benefit at all, which is no effect (a ratio of 1, a difference of 0).
    use, withhold : float
        Weight of using a treatment that is not worthwhile, and of not using one that is. Above 0; both 1 where the
        loss is linear.
    source : str
        Whose judgement it is, or that it is a convention; printed with every result.

    Raises
    ------
    ArgumentError
        With every fault found.

    Notes
    -----
    With :math:`b` the effect in the direction of benefit and :math:`c` what is worthwhile, both on the analysis
    scale (for a ratio, logarithms: the mean of a ratio itself is mostly infinite),

    .. math:: L(\text{use}) = w_u \max(0, c - b)^r, \qquad L(\text{do not use}) = w_n \max(0, b - c)^r,

    r = 1, or r = 0 (an indicator) for a threshold. The treatment is then used if
    :math:`w_n E\max(0, b - c) > w_u E\max(0, c - b)`; for a linear loss, if :math:`E b > c`; for a threshold, if
    :math:`P(b > c) > w_u / (w_u + w_n)`. Raiffa and Schlaifer (1961), Applied Statistical Decision Theory.

    Examples
    --------
    >>> loss = Loss("threshold", worthwhile=1.25, use=3.0)
    >>> loss.enough
    0.75
    >>> print(loss)
    threshold loss: worthwhile from 1.25; using one that is not weighs 3, not using one that is weighs 1
    """

    kind: LossKind = "linear"
    worthwhile: float | None = None
    use: float = 1.0
    withhold: float = 1.0
    source: str = ""

    def __post_init__(self) -> None:
        faults = []
        if self.kind not in LOSSES:
            faults.append(
                Fault(
                    f"loss {self.kind!r}",
                    "There is no such loss",
                    nearest(str(self.kind), LOSSES),
                    key="kind",
                )
            )
        for name in ("use", "withhold"):
            weight = getattr(self, name)
            if not (math.isfinite(weight) and weight > 0):
                faults.append(
                    Fault(f"{name} = {weight!r}", "A weight is a number above 0", "Give 1", key=name)
                )
        if self.kind == "linear" and (self.use, self.withhold) != (1.0, 1.0):
            rule = "A linear loss weighs both errors alike"
            faults.append(
                Fault(f"weights {self.use:g} and {self.withhold:g}", rule, 'Say "asymmetric"', key="kind")
            )
        if self.worthwhile is not None and not math.isfinite(self.worthwhile):
            rule = "A worthwhile effect is a number"
            faults.append(
                Fault(
                    f"worthwhile = {self.worthwhile!r}",
                    rule,
                    "Give it on the natural scale",
                    key="worthwhile",
                )
            )
        if faults:
            raise ArgumentError(faults)

    @property
    def power(self) -> int:
        """0 for a threshold, else 1."""
        return 0 if self.kind == "threshold" else 1

    @property
    def enough(self) -> float:
        """The P(worthwhile) above which a threshold loss says: use it. NaN for the other losses."""
        return self.use / (self.use + self.withhold) if self.power == 0 else math.nan

    def on(self, model: Oriented) -> LossScale:
        """Put the loss on a model's analysis scale.

        Raises
        ------
        ArgumentError
            The worthwhile effect is not one of the measure's.
        """
        measure = model.measure_record
        effect = measure.null_natural if self.worthwhile is None else self.worthwhile
        at = float(measure.to_analysis(np.float64(effect)))
        if not math.isfinite(at):
            rule = f"It lies outside what a {measure.name} can be"
            raise ArgumentError(
                Fault(f"worthwhile = {effect:g}", rule, "Give it on the natural scale", key="worthwhile")
            )
        return LossScale(self, at, model.benefit_sign)

    def __str__(self) -> str:
        least = "any benefit" if self.worthwhile is None else f"{self.worthwhile:g}"
        weights = f"using one that is not weighs {self.use:g}, not using one that is weighs {self.withhold:g}"
        said = f" ({self.source})" if self.source else ""
        if self.kind == "linear":
            weights = "both errors weigh alike, in proportion to their size"
        return f"{self.kind} loss: worthwhile from {least}; {weights}{said}"


@dataclass(frozen=True, slots=True)
class LossScale:
    """A loss on one model's analysis scale. Made by `Loss.on`.

    Parameters
    ----------
    loss : Loss
        The loss.
    at : float
        The worthwhile effect, analysis scale.
    sign : int
        +1 where a higher effect helps, else -1.
    """

    loss: Loss
    at: float
    sign: int

    def __call__(self, effect: Array, action: str) -> Array:
        """Loss of an action at effects on the analysis scale."""
        short = self.sign * (self.at - effect) * (1.0 if action == ACTIONS[0] else -1.0)
        weight = self.loss.use if action == ACTIONS[0] else self.loss.withhold
        return weight * (np.maximum(short, 0.0) if self.loss.power else (short > 0).astype(np.float64))
