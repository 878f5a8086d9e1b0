"""Heat maps over a grid of priors: P(benefit), median and limits, with a line where P(benefit) is a stated level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import BoundaryNorm, ListedColormap

from mutau.plots.forest_words import provenance_sentence
from mutau.plots.scales import tick_text
from mutau.plots.style import COLOURS, new_figure, plain, quiet_glyphs, style, wrap
from mutau.tables import number, percent, probability

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.sensitivities import PriorGrid

    type Array = NDArray[np.float64]

__all__ = ["PriorGridLabels", "plot_prior_grid", "prepare_prior_grid"]

_PANEL = (2.75, 2.35)  # inches
_LEFT, _GAP, _RIGHT, _ABOVE, _ROW, _BELOW = 0.75, 0.95, 0.75, 1.0, 0.85, 0.6
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_CHANCES = (0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_BANDS = 9
"""Bands of colour for effects."""


@dataclass(frozen=True, slots=True)
class PriorGridLabels:
    """The words around the plot and what is marked in it. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title : str
        Above.
    rows, columns : str
        Names of the axes; also the frame's columns with their values.
    level : float
        Where P(benefit) is marked by a line.
    own : tuple of float
        Row and column of the model's own priors.
    null : float
        No effect, on the natural scale.
    ratio : bool
        Whether effects are ratios.
    panels : dict
        Heading of each panel, by the frame's column.
    notes : tuple of str
        What the numbers are given.
    """

    title: str
    rows: str
    columns: str
    level: float
    own: tuple[float, float]
    null: float
    ratio: bool
    panels: dict[str, str]
    notes: tuple[str, ...]


def prepare_prior_grid(fit: Fit, grid: PriorGrid, level: float) -> pd.DataFrame:
    """Put a grid of priors into the form that is drawn.

    Parameters
    ----------
    fit : Fit
        The fit that it is of.
    grid : PriorGrid
        From `mutau.sensitivities.scale_grid` or `location_grid`.
    level : float
        P(benefit) at which a line is drawn.

    Returns
    -------
    DataFrame
        `PriorGrid.to_frame`, with `PriorGridLabels` in ``attrs["labels"]``.
    """
    both = grid.name == "scales"
    model, measure, kind = fit.model, fit.model.measure_record, f"{percent(grid.prob)} credible interval"
    at = grid.rows.values[grid.own[0]], grid.columns.values[grid.own[1]]
    constant = "" if both else f" tau ~ {model.tau_prior.label} in every cell."
    chance, reached = probability(float(grid.p_benefit[grid.own])), percent(round(grid.share(level), 3))
    notes = (
        f"Given unbiased trials, the {model.likelihood} likelihood and in each cell its own priors.{constant}",
        f"Cross: the model's own priors, mu ~ {model.mu_prior.label}, tau ~ {model.tau_prior.label}, where "
        f"P(benefit) is {chance}. Priors are on the analysis scale.",
        f"Thick line: P(benefit) = {level:g}, the level asked about; it is reached in {reached} of the cells. "
        "Dashed: no effect.",
        *((f"{grid.note} Cells without an answer are grey.",) if grid.note else ()),
        provenance_sentence(fit),
    )
    limits = {name: f"{measure.code}, {name} limit of the {kind}" for name in ("lower", "upper")}
    frame = grid.to_frame()
    frame.attrs["labels"] = PriorGridLabels(
        title=plain(f"{model.title}: the answer under other priors"),
        rows=grid.rows.name,
        columns=grid.columns.name,
        level=level,
        own=(float(at[0]), float(at[1])),
        null=measure.null_natural,
        ratio=measure.is_ratio,
        panels={"p_benefit": "P(benefit)", "estimate": f"{measure.code}, median"} | (limits if both else {}),
        notes=notes,
    )
    return frame


def plot_prior_grid(frame: pd.DataFrame) -> Figure:
    """Draw heat maps: P(benefit) and median of the mean effect; over scales also its lower and upper limit.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_prior_grid`.

    Returns
    -------
    Figure
        Rows of the grid upwards, columns to the right; scales on a log axis. No pyplot state is touched.
    """
    labels = cast("PriorGridLabels", frame.attrs["labels"])
    inner = 2 * _PANEL[0] + _GAP
    with style(), quiet_glyphs():
        notes = [wrap(note, _LEFT + inner, size=_NOTE_SIZE) for note in labels.notes]
        title = wrap(labels.title, inner, lines=2, size=12, bold=True)
        below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.1
        lines = (len(labels.panels) + 1) // 2
        width, height = _LEFT + inner + _RIGHT, below + lines * _PANEL[1] + (lines - 1) * _ROW + _ABOVE
        figure = new_figure(width, height)
        figure.text(
            0.1 / width, 1 - 0.12 / height, title, fontsize=12, weight="bold", va="top", parse_math=False
        )
        for place, (column, heading) in enumerate(labels.panels.items()):
            left = _LEFT + (place % 2) * (_PANEL[0] + _GAP)
            bottom = below + (lines - 1 - place // 2) * (_PANEL[1] + _ROW)
            ax = figure.add_axes((left / width, bottom / height, _PANEL[0] / width, _PANEL[1] / height))
            _draw_panel(ax, frame, labels, column, heading)
        y = below - _BELOW + 0.05
        for note in notes:
            figure.text(0.1 / width, y / height, note, fontsize=_NOTE_SIZE, va="top", parse_math=False)
            y -= _NOTE_LINE * (1 + note.count("\n"))
    return figure


def _draw_panel(ax: Axes, frame: pd.DataFrame, labels: PriorGridLabels, column: str, heading: str) -> None:
    rows, columns = (np.unique(frame[name]) for name in (labels.rows, labels.columns))
    shape = len(rows), len(columns)
    values, chances = (frame[name].to_numpy().reshape(shape) for name in (column, "p_benefit"))
    of_chance = column == "p_benefit"
    shown = np.log(values) if labels.ratio and not of_chance else values
    null = float(np.log(labels.null)) if labels.ratio else labels.null
    edges = np.array(_CHANCES) if of_chance else _bands(shown, null)
    least, most = (0.0, 1.0) if of_chance else _around(edges, null)
    colours = colormaps["cividis" if of_chance else "PuOr"]
    listed = colours((0.5 * (edges[:-1] + edges[1:]) - least) / (most - least))
    norm = BoundaryNorm(edges, len(listed))
    listed_map = ListedColormap(listed).with_extremes(bad=COLOURS["rule"])
    drawn = ax.imshow(  # cell by cell, evenly spaced: on the scale of the axes they are
        shown, cmap=listed_map, norm=norm, origin="lower", aspect="auto", interpolation="none"
    )
    bar = cast("Figure", ax.figure).colorbar(drawn, ax=ax, fraction=0.06, pad=0.03, spacing="uniform")
    ticks = edges if of_chance else edges[::2]
    words = [number(float(np.exp(tick) if labels.ratio and not of_chance else tick)) for tick in ticks]
    bar.set_ticks(list(ticks), labels=[tick_text(float(t)) for t in ticks] if of_chance else words)
    bar.ax.tick_params(labelsize=_NOTE_SIZE, length=0)
    line: dict[str, Any] = {"colors": COLOURS["raw"]}
    _mark(ax, chances, labels.level, line | {"linewidths": 2.0})
    if not of_chance:
        _mark(ax, shown, null, line | {"linewidths": 1.0, "linestyles": "dashed"})
    own = int(np.argmin(np.abs(columns - labels.own[1]))), int(np.argmin(np.abs(rows - labels.own[0])))
    for colour, size, width in ((COLOURS["raw"], 10, 2.0), ("#FFFFFF", 8, 0.8)):
        ax.plot([own[0]], [own[1]], "+", color=colour, markersize=size, markeredgewidth=width)
    ax.set_title(heading, loc="left", fontsize=9, weight="bold", parse_math=False)
    for axis, own_values, name in ((ax.xaxis, columns, labels.columns), (ax.yaxis, rows, labels.rows)):
        places = np.arange(0, len(own_values), 10 if len(own_values) > 20 else 2)
        axis.set_ticks(list(places), labels=[number(float(own_values[place])) for place in places])
        axis.set_label_text(name, fontsize=8, parse_math=False)
    ax.tick_params(labelsize=_NOTE_SIZE, length=0)


def _bands(values: Array, null: float) -> Array:
    """Ends of bands of colour that cover the values and meet at no effect where it lies among them."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BANDS + 1)
    if low < null < high:
        edges[np.abs(edges[1:-1] - null).argmin() + 1] = null
    return edges


def _around(edges: Array, null: float) -> tuple[float, float]:
    """Limits of a diverging colour scale with no effect in its middle."""
    reach = float(np.abs(edges - null).max())
    return null - reach, null + reach


def _mark(ax: Axes, values: Array, level: float, look: dict[str, Any]) -> None:
    """Draw the line where values are `level`, if they pass it."""
    if np.nanmin(values) < level < np.nanmax(values):
        ax.contour(values, levels=[level], **look)
