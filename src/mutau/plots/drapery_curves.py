"""The drapery plot: p-value functions of the studies, of the pooled effects and of a new study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.classic_words import (
    classic_notes,
    classic_title,
    directions,
    drawn,
    effect_axis,
    effect_text,
    null_drawn,
)
from mutau.plots.sheet import Look, SheetAxis, SheetLabels, draw_sheet, sheet_frame
from mutau.plots.style import plain

if TYPE_CHECKING:
    from mutau.diagnostics import Drapery

__all__ = ["plot_drapery", "prepare_drapery"]

_POINTS = 401
_LEVELS = (0.1, 0.05, 0.01)
_REACH = 1.96


def prepare_drapery(found: Drapery) -> pd.DataFrame:
    """Say what stands where on a drapery plot.

    Parameters
    ----------
    found : Drapery
        From `mutau.diagnostics.drapery`.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: the lines ``study``, ``common``, ``random``, ``prediction`` (one ``curve`` for
        each name), ``level`` and ``null``. ``frame.attrs["labels"]`` holds `SheetLabels`.
    """
    about = found.about
    estimate, se = np.array(found.estimate), np.array(found.se)
    of_study = np.array([kind == "study" for kind in found.kind])
    low = float(np.min((estimate - _REACH * se)[~of_study], initial=estimate.min()))
    high = float(np.max((estimate + _REACH * se)[~of_study], initial=estimate.max()))
    axis = effect_axis(about, [low, high])
    ends = [axis.lower, axis.upper]
    left, right = (float(np.log(end)) if axis.log else end for end in ends)
    grid = np.union1d(np.linspace(left, right, _POINTS), estimate)
    shown, heights = drawn(about, grid), found.p_values(grid)
    marks: list[dict[str, Any]] = [
        {"mark": "level", "curve": f"{level:g}", "x": ends, "y": [level, level]} for level in _LEVELS
    ]
    null = null_drawn(about)
    if np.isfinite(null):
        marks.append({"mark": "null", "x": [null, null], "y": [0.0, 1.0]})
    for name, kind, height in zip(found.curve, found.kind, heights, strict=True):
        marks.append({"mark": kind, "curve": plain(name), "x": shown, "y": height})
    labels = SheetLabels(
        title=classic_title(about, "drapery plot"),
        reading=_reading(found),
        x=axis,
        y=SheetAxis("P-value (two-sided)", 0.0, 1.02),
        looks=_looks(found),
        notes=classic_notes(
            about,
            "Where a curve is above p = 0.05, the effect lies in its 95% confidence interval (or, for a new study, "
            "prediction interval); likewise at every level. Thin lines: p = 0.1, 0.05, 0.01. A p-value is no "
            "probability of an effect.",
            *(f"{note}." for note in found.notes),
        ),
        directions=directions(about),
    )
    return sheet_frame(marks, labels)


def _looks(found: Drapery) -> dict[str, Look]:
    method = f"{found.tau2_method}, {found.ci_method}"
    looks = {
        "random": Look("line", "classic", f"random effects ({method})", width=2.0, order=5),
        "common": Look("line", "bayesian", "common effect", width=1.6, dashes=(5, 2), order=4),
        "prediction": Look("line", "new", "effect in a new study", width=1.6, dashes=(1, 1.2), order=4),
        "study": Look("line", "rule", "study", width=0.9, order=2),
        "level": Look("line", "faint", width=0.7, order=0.5),
        "null": Look("line", "raw", "no effect", width=0.8, order=1),
    }
    here = {*found.kind, "level"} | ({"null"} if np.isfinite(null_drawn(found.about)) else set())
    return {name: look for name, look in looks.items() if name in here}


def _reading(found: Drapery) -> str:
    """Where the pooled curves reach 1."""
    said = [
        f"{name} {effect_text(found.about, estimate)}"
        for name, kind, estimate in zip(found.curve, found.kind, found.estimate, strict=True)
        if kind in ("common", "random")
    ]
    return f"P-value functions of {found.kind.count('study')} studies; {', '.join(said)}"


def plot_drapery(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw p-value functions over the effect.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_drapery`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Effect (ratios on a logarithmic axis) against the p-value.
    """
    return draw_sheet(frame, ax)
