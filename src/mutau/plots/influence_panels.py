"""Deletion diagnostics side by side: a panel for each, a row for each study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from mutau.plots.classic_words import classic_notes, classic_title
from mutau.plots.scales import tick_text
from mutau.plots.style import (
    COLOURS,
    inches_from,
    new_figure,
    plain,
    quiet_glyphs,
    style,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    from mutau.diagnostics import Influence

__all__ = ["INFLUENCE_COLUMNS", "InfluenceLabels", "plot_influence", "prepare_influence"]

INFLUENCE_COLUMNS = ("study", "statistic", "value", "lower", "upper", "reference", "influential")
"""Columns of `prepare_influence`: a value with the limits beyond which metafor calls a study influential (NaN for
none), and what it is without influence."""

_PANEL, _APART, _ROW = 1.15, 0.14, 0.21  # inches
_MARGIN, _WIDEST = 0.15, 2.2
_ABOVE, _BELOW = 0.95, 0.42
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145


@dataclass(frozen=True, slots=True)
class InfluenceLabels:
    """The words around the panels. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title : str
        Above.
    reading : str
        Which studies are influential, in words; also its alternative text in files.
    names : dict
        Of each panel, by statistic.
    notes : tuple of str
        What the marks mean, by which rules, and provenance.
    """

    title: str
    reading: str
    names: dict[str, str]
    notes: tuple[str, ...]


_NAMES = {
    "rstudent": "Studentised\nresidual",
    "dffits": "DFFITS",
    "cook_d": "Cook's\ndistance",
    "cov_r": "Covariance\nratio",
    "tau2_deleted": "tau² without\nthe study",
    "qe_deleted": "Q without\nthe study",
    "hat": "Hat",
    "dfbetas": "DFBETAS",
}


def prepare_influence(found: Influence) -> pd.DataFrame:
    """Put deletion diagnostics under one another.

    Parameters
    ----------
    found : Influence
        From `mutau.diagnostics.influence`.

    Returns
    -------
    DataFrame
        One row per study and statistic, columns `INFLUENCE_COLUMNS`; ``frame.attrs["labels"]`` holds
        `InfluenceLabels`.

    Notes
    -----
    Limits are metafor's: DFFITS 3 sqrt(1/(k - 1)), Cook's distance the median of chi-squared on 1 df, hat 3/k,
    DFBETAS 1; of the residuals the 95% of a normal distribution.
    """
    k = len(found.study)
    fit, residual = 3 * math.sqrt(1 / (k - 1)), float(stats.norm.ppf(0.975))
    limits = {
        "rstudent": (-residual, residual, 0.0),
        "dffits": (-fit, fit, 0.0),
        "cook_d": (math.nan, float(stats.chi2.ppf(0.5, 1)), 0.0),
        "cov_r": (math.nan, math.nan, 1.0),
        "hat": (math.nan, 3 / k, 1 / k),
        "dfbetas": (-1.0, 1.0, 0.0),
    }
    rows = []
    for name in _NAMES:
        lower, upper, reference = limits.get(name, (math.nan, math.nan, math.nan))
        for study, value, flag in zip(found.study, getattr(found, name), found.influential, strict=True):
            rows.append((study, name, value, lower, upper, reference, flag))
    frame = pd.DataFrame(rows, columns=list(INFLUENCE_COLUMNS))
    frame.attrs["labels"] = _labels(found)
    return frame


def _labels(found: Influence) -> InfluenceLabels:
    flagged = [plain(name) for name, flag in zip(found.study, found.influential, strict=True) if flag]
    k = len(found.study)
    said = f"{len(flagged)} of {k} studies influential: {', '.join(flagged)}" if flagged else ""
    return InfluenceLabels(
        title=classic_title(found.about, "influence of each study"),
        reading=said or f"None of {k} studies is influential by these rules",
        names=dict(_NAMES),
        notes=classic_notes(
            found.about,
            "Triangles: studies beyond a dashed line of DFFITS, Cook's distance, hat or DFBETAS, by metafor's rules. "
            "Dashed lines of the residuals hold 95% of a normal distribution. Thin lines: no influence. "
            f"tau²: {found.tau2_method}.",
        ),
    )


def plot_influence(frame: pd.DataFrame) -> Figure:
    """Draw deletion diagnostics side by side.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_influence`.

    Returns
    -------
    Figure
        A panel for each statistic, a row for each study from the top (no pyplot state is touched).
    """
    labels = cast("InfluenceLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        studies = list(dict.fromkeys(frame["study"]))
        names = [wrap(plain(name), _WIDEST, lines=1) for name in studies]
        left = _MARGIN + max(map(text_width, names)) + 0.12
        width = left + len(labels.names) * (_PANEL + _APART) + _MARGIN
        notes = [wrap(note, width - 2 * _MARGIN, size=_NOTE_SIZE) for note in labels.notes]
        below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.1
        height = below + _ROW * len(studies) + _ABOVE
        figure = new_figure(width, height)
        figure.set_label(f"{labels.title}. {labels.reading}")
        panels = []
        for place, name in enumerate(labels.names):
            at = (left + place * (_PANEL + _APART), below, _PANEL, _ROW * len(studies))
            ax = figure.add_axes((at[0] / width, at[1] / height, at[2] / width, at[3] / height))
            _draw_panel(ax, frame[frame["statistic"] == name], labels.names[name])
            panels.append(ax)
        panels[0].set_yticks(range(len(studies)), labels=names, parse_math=False)
        panels[0].tick_params(axis="y", length=0)
        _draw_words(panels[0], labels, left - _MARGIN, notes)
    return figure


def _draw_panel(ax: Axes, rows: pd.DataFrame, name: str) -> None:
    values = rows["value"].to_numpy(np.float64)
    y = np.arange(len(rows))
    lower, upper, reference = rows[["lower", "upper", "reference"]].iloc[0]
    dashes: Any = (0, (3, 2))
    for limit in (lower, upper):
        ax.axvline(limit, color=COLOURS["classic"], linewidth=0.9, linestyle=dashes, zorder=1)
    ax.axvline(reference, color=COLOURS["rule"], linewidth=0.8, zorder=1)
    for flag, shape, colour in ((False, "o", "raw"), (True, "^", "classic")):
        chosen = rows["influential"].to_numpy(bool) == flag
        ax.plot(
            values[chosen], y[chosen], linestyle="none", marker=shape, color=COLOURS[colour], markersize=4.5
        )
    ends = np.array([*values, lower, upper, reference])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = 0.08 * (high - low) or 0.5
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ticks = MaxNLocator(nbins=3, steps=[1, 2, 5, 10]).tick_values(low, high)
    ticks = [float(tick) for tick in ticks if low - room <= tick <= high + room]
    ax.set_xticks(ticks, labels=[tick_text(round(tick, 10)) for tick in ticks], fontsize=_NOTE_SIZE)
    ax.set_yticks([])
    ax.grid(axis="y", visible=False)
    for line in y.tolist():
        ax.axhline(line, color=COLOURS["faint"], linewidth=0.5, zorder=0)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.text(0.5, 1.02, name, transform=ax.transAxes, ha="center", va="bottom", fontsize=8, parse_math=False)


def _draw_words(ax: Axes, labels: InfluenceLabels, left: float, notes: list[str]) -> None:
    top, bottom = (inches_from(ax, 0, y) for y in (1, 0))
    _text(ax, -left, 0.66, labels.title, transform=top, fontsize=12, weight="bold", va="bottom")
    _text(ax, -left, 0.43, labels.reading, transform=top, va="bottom")
    y = -_BELOW
    for note in notes:
        _text(ax, -left, y, note, transform=bottom, va="top", fontsize=_NOTE_SIZE, linespacing=1.15)
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
