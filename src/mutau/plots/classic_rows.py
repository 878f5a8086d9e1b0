"""Classic pooled results in rows: leave-one-out, and what the cumulative forest plot shares with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mutau.plots.classic_words import (
    classic_notes,
    classic_title,
    directions,
    drawn,
    effect_name,
    effect_text,
    null_drawn,
)
from mutau.plots.rows import RowLabels, RowMark, draw_rows
from mutau.plots.style import plain
from mutau.tables import effect_interval, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from mutau.diagnostics import CumulativePooling, LeaveOneOut

__all__ = ["classic_rows", "plot_leave_one_out", "prepare_leave_one_out"]


def classic_rows(
    found: LeaveOneOut | CumulativePooling, what: str, note: str
) -> tuple[pd.DataFrame, RowLabels]:
    """Put many pooled results into rows: effects as the axis shows them, their interval and I2 in words.

    Parameters
    ----------
    found : LeaveOneOut or CumulativePooling
        Pooled results, a row each.
    what, note : str
        Title of the picture, and what a row is.

    Returns
    -------
    DataFrame
        Its `to_frame` with ``estimate``, ``lower`` and ``upper`` on the natural scale, ``text_classic``, ``text_i2``.
    RowLabels
        With these two columns of text, right of the plot.
    """
    about, frame = found.about, found.to_frame()
    for name in ("estimate", "lower", "upper"):
        frame[name] = drawn(about, frame[name])
    rows = frame[["estimate", "lower", "upper"]].itertuples(index=False, name=None)
    frame["text_classic"] = [effect_interval(*row) for row in rows]
    frame["text_i2"] = [f"{i2:.0f}%" if np.isfinite(i2) else "n/a" for i2 in frame["i2"]]
    labels = RowLabels(
        title=classic_title(about, what),
        axis=effect_name(about),
        texts=("text_classic", "text_i2"),
        left=0,
        heads=(f"{about.measure} [{percent(found.prob)}\nconfidence interval]", "I²"),
        marks=(RowMark("", "classic", "s"),),
        directions=directions(about),
        log=about.record.analysis_scale == "log",
        null=null_drawn(about),
        notes=classic_notes(about, f"{note} Inverse variance, {found.tau2_method}, {found.ci_method}."),
        reading="",
    )
    return frame, labels


def prepare_leave_one_out(found: LeaveOneOut) -> pd.DataFrame:
    """Put pooled results without each study in turn into rows.

    Parameters
    ----------
    found : LeaveOneOut
        From `mutau.diagnostics.leave_one_out`.

    Returns
    -------
    DataFrame
        Its `to_frame`, effects on the natural scale, with columns of text; ``frame.attrs["labels"]`` holds
        `RowLabels`.
    """
    whole = found.whole
    effect = effect_text(found.about, whole.estimate, whole.lower, whole.upper)
    note = f"Each row: all studies but the one named. Dashed: all {whole.k} studies, {effect}."
    frame, labels = classic_rows(found, "leave-one-out forest plot", note)
    frame["text_study"] = [plain(f"− {name}") for name in frame["study"]]
    frame["text_tau2"] = [number(value) for value in frame["tau2"]]
    low, high = (number(float(end)) for end in (frame["estimate"].min(), frame["estimate"].max()))
    frame.attrs["labels"] = replace(
        labels,
        texts=("text_study", *labels.texts, "text_tau2"),
        left=1,
        heads=("Without", *labels.heads, "tau²"),
        reading=f"Without one study the pooled effect lies between {low} and {high}; with all it is {effect}",
        reference=float(drawn(found.about, whole.estimate)),
    )
    return frame


def plot_leave_one_out(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the pooled result without each study in turn.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_leave_one_out`.
    ax : Axes, optional
        Where to draw the intervals; the text columns stand left and right of it and need room there. Without
        one, a figure of the right size is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Of the intervals, on the natural scale (logarithmic for ratios), a row for each study left out.
    """
    return draw_rows(frame, ax)
