"""The scale and the words of pictures of classic diagnostics: axis, directions, title, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mutau.plots.forest_words import none_first_hand
from mutau.plots.scales import effect_limits
from mutau.plots.sheet import SheetAxis
from mutau.plots.style import plain
from mutau.tables import effect_interval, number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.diagnostics import About

__all__ = [
    "classic_notes",
    "classic_title",
    "directions",
    "drawn",
    "effect_axis",
    "effect_text",
    "null_drawn",
]


def drawn(about: About, values: ArrayLike) -> NDArray[np.float64]:
    """Give effects as an axis shows them: ratios as ratios, everything else on the scale of the analysis."""
    found = np.asarray(values, dtype=np.float64)
    return np.exp(found) if about.record.analysis_scale == "log" else found


def null_drawn(about: About) -> float:
    """Give no effect as the axis shows it; NaN where the measure has no such value."""
    return about.record.null_natural if about.record.analysis_scale == "log" else about.record.null


def effect_text(about: About, estimate: float, lower: float = np.nan, upper: float = np.nan) -> str:
    """Write an effect as the axis shows it, with its limits where there are any."""
    values = [float(value) for value in drawn(about, [estimate, lower, upper])]
    return number(values[0]) if np.isnan(values[1]) else effect_interval(*values)


def effect_axis(about: About, values: Sequence[float]) -> SheetAxis:
    """Give an axis of effects that holds all of these, given on the analysis scale, with some room."""
    found = [float(value) for value in drawn(about, values) if np.isfinite(value)]
    log = about.record.analysis_scale == "log"
    null = null_drawn(about)
    within = null if np.isfinite(null) else found[0]
    return SheetAxis(
        effect_name(about), *effect_limits(found, found, found, null=within, log=log, null_room=0.12), log
    )


def effect_name(about: About) -> str:
    """What the axis of effects says."""
    record = about.record
    scales = {"atanh": "inverse hyperbolic tangent", "logit": "log odds", "arcsine": "arcsine square root"}
    suffix = f" ({scales[record.analysis_scale]})" if record.analysis_scale in scales else ""
    return f"{record.axis_label}{suffix}"


def directions(about: About) -> tuple[str, str]:
    """Say which arm effects at either end favour; empty where no outcome model says which effects help."""
    if not about.benefit:
        return "", ""
    arms = plain(about.treatment), plain(about.control)
    left, right = arms if about.benefit == "lower" else arms[::-1]
    return f"Favours {left}", f"Favours {right}"


def classic_title(about: About, what: str) -> str:
    """Name the outcome, where it is known, and the picture."""
    outcome = plain(about.title)
    return f"{outcome[:1].upper()}{outcome[1:]}: {what}" if outcome else f"{what[:1].upper()}{what[1:]}"


def classic_notes(about: About, *notes: str) -> tuple[str, ...]:
    """End the notes of a picture with where the studies' numbers come from."""
    if not about.provenance:
        return tuple(plain(note) for note in notes)
    said = f"Provenance of the studies: {'; '.join(about.provenance)}.{none_first_hand(about.provenance)}"
    return tuple(plain(note) for note in (*notes, said))
