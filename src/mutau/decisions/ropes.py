"""The region of practical equivalence: effects too small to matter, between a model's nearest thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel

__all__ = ["Rope", "rope_of"]


@dataclass(frozen=True, slots=True)
class Rope:
    """Effects between an important harm and an important benefit. Made by `rope_of`.

    Parameters
    ----------
    benefit, harm : float
        The minimal important differences on the side of benefit and of harm, on the natural scale; NaN where none
        is known.
    source : str
        Where they come from, in words.
    """

    benefit: float
    harm: float
    source: str

    @property
    def is_known(self) -> bool:
        """Whether there is a region at all."""
        return not math.isnan(self.benefit)

    def __str__(self) -> str:
        if not self.is_known:
            return f"no region of practical equivalence: {self.source}"
        return f"important benefit from {self.benefit:g}, important harm from {self.harm:g} ({self.source})"


def rope_of(model: OutcomeModel, mid: float | tuple[float, float] | None = None) -> Rope:
    """Say which effects are too small to matter.

    Parameters
    ----------
    model : OutcomeModel
        Its thresholds nearest to no effect are the minimal important differences (MID).
    mid : float or (float, float), optional
        Other ones, on the natural scale: one, or one on either side of no effect in any order.

    Returns
    -------
    Rope
        Where an MID is known on one side only, the other is its mirror image on the analysis scale (1/1.25 for a
        ratio of 1.25), which `source` says. Without any, both are NaN and `source` says why.

    Raises
    ------
    ArgumentError
        `mid` lies at no effect, twice on one side of it, or is no effect of the measure.
    """
    measure, sign = model.measure_record, model.benefit_sign
    stated = mid is not None
    values = [each.value for each in model.thresholds] if mid is None else list(np.atleast_1d(mid))
    natural = [float(value) for value in values]
    places = [float(measure.to_analysis(np.float64(value))) for value in natural]
    if stated and (
        len(natural) > 2
        or not all(math.isfinite(place) and place != measure.null for place in places)
        or (len(natural) == 2 and (places[0] > 0) == (places[1] > 0))
    ):
        rule = "A minimal important difference lies on one side of no effect, or one on each side"
        given = ", ".join(f"{value:g}" for value in natural)
        raise ArgumentError(Fault(f"mid = {given}", rule, "Give it on the natural scale", key="mid"))
    nearest = {
        side: min((place for place in places if side * place > 0), key=abs, default=math.nan)
        for side in (sign, -sign)
    }
    source = "as stated" if stated else "the model's thresholds nearest to no effect"
    if all(map(math.isnan, nearest.values())):
        return Rope(math.nan, math.nan, "the model states no threshold, so how much matters is not known")
    for side, name in ((sign, "benefit"), (-sign, "harm")):
        if math.isnan(nearest[side]):
            nearest[side] = -nearest[-side]
            source += f"; that of {name} is the mirror image of the other"
    benefit, harm = (float(measure.to_natural(nearest[side])) for side in (sign, -sign))
    return Rope(benefit, harm, source)
