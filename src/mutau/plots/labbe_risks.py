"""The L'Abbé plot: the risk with treatment against the risk without, study by study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.classic_words import classic_notes, classic_title, effect_text
from mutau.plots.sheet import Look, SheetAxis, SheetLabels, draw_sheet, sheet_frame
from mutau.plots.style import plain

if TYPE_CHECKING:
    from mutau.diagnostics import Labbe

__all__ = ["plot_labbe", "prepare_labbe"]

_POINTS = 201


def prepare_labbe(found: Labbe, *, names: bool = False) -> pd.DataFrame:
    """Say what stands where on a L'Abbé plot.

    Parameters
    ----------
    found : Labbe
        From `mutau.diagnostics.labbe`.
    names : bool
        Whether studies are named.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study`` (area in proportion to its weight), ``equal``, ``pooled``.
        ``frame.attrs["labels"]`` holds `SheetLabels`.
    """
    about = found.about
    risks = (*found.risk_treatment, *found.risk_control)
    top = min(1.0, 1.08 * max(risks)) or 1.0
    grid = np.linspace(0.0, top, _POINTS)
    treated = found.risk_with(grid)
    inside = treated <= top
    code = about.measure
    treatment, control = plain(about.treatment) or "treatment", plain(about.control) or "control"
    marks: list[dict[str, Any]] = [
        {"mark": "equal", "x": [0.0, top], "y": [0.0, top]},
        {"mark": "pooled", "x": grid[inside], "y": treated[inside]},
        {
            "mark": "study",
            "x": np.array(found.risk_control),
            "y": np.array(found.risk_treatment),
            "size": np.array(found.weight) / max(found.weight),
            "text": list(found.study) if names else [""] * len(found.study),
        },
    ]
    pooled = f"pooled {code} {effect_text(about, found.estimate)} ({found.tau2_method})"
    lower = sum(a < b for a, b in zip(found.risk_treatment, found.risk_control, strict=True))
    labels = SheetLabels(
        title=classic_title(about, "L'Abbé plot"),
        reading=f"Lower risk with {treatment} in {lower} of {len(found.study)} studies; {pooled}",
        x=SheetAxis(f"Risk, {control}", 0.0, top),
        y=SheetAxis(f"Risk, {treatment}", 0.0, top),
        looks={
            "study": Look("points", "bayesian", "study (area: its weight)", alpha=0.55, order=3),
            "pooled": Look("line", "classic", pooled, width=1.6),
            "equal": Look("line", "raw", "equal risks", width=0.8, dashes=(4, 2)),
        },
        notes=classic_notes(
            about, "Risks are events over participants, as counted, without any zero-cell correction."
        ),
        square=True,
    )
    return sheet_frame(marks, labels)


def plot_labbe(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a L'Abbé plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_labbe`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Risk in the control arm against risk in the treatment arm, both linear and of equal length.
    """
    return draw_sheet(frame, ax)
