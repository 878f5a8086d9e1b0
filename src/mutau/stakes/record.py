"""`Stakes`: everything that a model states for a decision, in one record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault
from mutau.stakes.risks import FixedRisk

if TYPE_CHECKING:
    from mutau.stakes.instruments import Instrument
    from mutau.stakes.losses import Loss
    from mutau.stakes.risks import StatedRisk

__all__ = ["Stakes"]


@dataclass(frozen=True, slots=True)
class Stakes:
    r"""What is at stake in an outcome: stated by its reviewers, printed with every result that rests on it.

    Parameters
    ----------
    loss : Loss, optional
        What errors cost; left out, decisions take the linear one and say so.
    baselines : tuple of float, FixedRisk, BetaRisk, LogitNormalRisk or ControlArms
        Risks without the treatment; for an SMD or MD, proportions of responders without it.
    instrument : Instrument, optional
        For an SMD or MD: the scale in whose points it is said again.
    level : float, optional
        In (0.5, 1): the probability that a next trial shall bring P(benefit) past. A convention of whoever asks.
    next_trial_sizes : tuple of float
        Participants of both arms together (person-time for rates), each size a trial that is considered.

    Raises
    ------
    ArgumentError
        With every fault found.

    Examples
    --------
    >>> stakes = Stakes(baselines=(0.17,), level=0.95, next_trial_sizes=(40, 160))
    >>> print(*stakes.lines, sep="\n")
    a baseline risk of 0.17
    the next trial: 40 or 160 participants, asked about a level of 0.95
    """

    loss: Loss | None = None
    baselines: tuple[StatedRisk, ...] = ()
    instrument: Instrument | None = None
    level: float | None = None
    next_trial_sizes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        faults = []
        if self.level is not None and not 0.5 < self.level < 1:
            rule = "A level is a probability between 0.5 and 1"
            faults.append(Fault(f"{self.level!r} cannot be used", rule, "Give 0.95", key="level"))
        for place, size in enumerate(self.next_trial_sizes, start=1):
            key = f"next_trial_sizes[{place}]"
            if not (math.isfinite(size) and size > 0):
                rule = "A trial has more than 0 participants"
                faults.append(Fault(f"{size!r} cannot be used", rule, "Give another", key=key))
            elif size in self.next_trial_sizes[: place - 1]:
                faults.append(
                    Fault(f"{size:g} stands twice", "Each size is asked once", "Remove one", key=key)
                )
        if self.next_trial_sizes and self.level is None:
            rule = "A next trial is asked how probable it is to bring P(benefit) past a level"
            faults.append(Fault("it is missing", rule, "Add level = 0.95, or another", key="level"))
        if faults:
            raise ArgumentError(faults)
        numbers = (
            FixedRisk(float(each)) if isinstance(each, int | float) else each for each in self.baselines
        )
        object.__setattr__(self, "baselines", tuple(numbers))
        object.__setattr__(self, "next_trial_sizes", tuple(map(float, self.next_trial_sizes)))

    @property
    def brief(self) -> str:
        """What is stated, in a line."""
        said = [f"{self.loss.kind} loss"] if self.loss is not None else []
        if self.baselines:
            said.append(f"baseline {', '.join(each.label for each in self.baselines)}")
        if self.instrument is not None:
            said.append(f"{self.instrument.name}, SD {self.instrument.sd:g}")
        said += [f"level {self.level:g}"] if self.level is not None else []
        if self.next_trial_sizes:
            said.append(f"next trial of {' or '.join(f'{size:g}' for size in self.next_trial_sizes)}")
        return "; ".join(said)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is stated, in words."""
        said = [str(each) for each in (self.loss, *self.baselines, self.instrument) if each is not None]
        if self.level is not None:
            sizes = " or ".join(f"{size:g}" for size in self.next_trial_sizes)
            about = f"asked about a level of {self.level:g}"
            said.append(
                f"the next trial: {sizes} participants, {about}" if sizes else f"the next trial: {about}"
            )
        return tuple(said)
