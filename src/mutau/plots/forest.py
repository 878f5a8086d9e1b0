"""The forest plot: studies raw and shrunken, Bayesian and classic pooled effects in one picture."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from mutau.plots.forest_layout import KEY_COLUMNS, MARGIN, NOTE_LINE, NOTE_SIZE, PLOT_WIDTH, Layout, lay_out
from mutau.plots.forest_styles import ForestStyle, Mark, forest_style
from mutau.plots.forest_words import ForestLabels
from mutau.plots.scales import set_effect_axis
from mutau.plots.style import COLOURS, figure_of, inches_from, new_figure, quiet_glyphs
from mutau.plots.style import style as drawing_style

__all__ = ["plot_forest"]

_SPREAD = 0.075  # inches: raw mark above, shrunken mark below the middle of the line
_DIAMOND = 0.075  # inches: half height
_SQUARE = 8.0  # points: side of the largest square


def plot_forest(frame: pd.DataFrame, *, style: str = "mutau", ax: Axes | None = None) -> Axes:
    """Draw a forest plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_forest`.
    style : {"mutau", "revman", "jama"}
        Its own; like Review Manager's (classic column left of the plot, heterogeneity under the total); like that
        of the journals of the American Medical Association (directions above, intervals in parentheses).
    ax : Axes, optional
        Where to draw the intervals; the text columns stand left and right of it and need room there. Without
        one, a figure of the right size is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Of the intervals, on the natural scale (logarithmic for ratios). Its figure is ``ax.figure``.

    Raises
    ------
    ArgumentError
        There is no such style.

    Notes
    -----
    Squares have an area in proportion to the study's weight. An interval that runs beyond the axis is cut there
    and ends in an arrowhead; its text is complete.
    """
    labels = cast("ForestLabels", frame.attrs["labels"])
    look = forest_style(style)
    with drawing_style(), quiet_glyphs():
        layout = lay_out(frame, look)
        ax = _new_axes(layout) if ax is None else ax
        _frame_axes(ax, layout, labels)
        _draw_texts(ax, layout)
        _draw_heads(ax, layout)
        _draw_marks(ax, layout, look)
        _draw_axis_words(ax, layout, labels, look)
        _draw_key(ax, frame, layout, look)
        _draw_notes(ax, layout)
    return ax


def _new_axes(layout: Layout) -> Axes:
    width, height = layout.figure_size
    figure = new_figure(width, height)
    left, bottom = layout.left + MARGIN, layout.below
    return figure.add_axes((left / width, bottom / height, PLOT_WIDTH / width, layout.height / height))


def _frame_axes(ax: Axes, layout: Layout, labels: ForestLabels) -> None:
    ax.set_ylim(layout.height, 0)
    set_effect_axis(ax, *layout.limits, log=labels.log)
    ax.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.patch.set_alpha(0)
    ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.8, zorder=1)


def _inches(ax: Axes, side: str) -> Transform:
    """Inches right of the plot's left or right edge, upwards from its bottom."""
    return inches_from(ax, 0.0 if side == "left" else 1.0, 0.0)


def _beside(ax: Axes, side: str) -> Transform:
    """Inches sideways from the plot's edge; vertically inches below the top of the rows."""
    return blended_transform_factory(_inches(ax, side), ax.transData)


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)


def _rule(ax: Axes, layout: Layout, y: float, colour: str) -> None:
    """A horizontal line across all columns."""
    common: dict[str, Any] = {"color": colour, "linewidth": 0.8, "clip_on": False, "zorder": 0.5}
    ax.plot([-layout.left, 0], [y, y], transform=_beside(ax, "left"), **common)
    ax.plot([0, 1], [y, y], transform=ax.get_yaxis_transform(), **common)
    ax.plot([0, layout.right], [y, y], transform=_beside(ax, "right"), **common)


def _draw_texts(ax: Axes, layout: Layout) -> None:
    beside = {side: _beside(ax, side) for side in ("left", "right")}
    for line in layout.lines:
        weight = "bold" if line.kind in ("heading", "subgroup", "total") else "normal"
        if line.kind == "heading":
            _rule(ax, layout, line.middle - 0.55 * line.height, COLOURS["rule"])
        for head in layout.heads:
            text = line.texts.get(head.column)
            if text:
                how = {"ha": head.align, "va": "center", "weight": weight, "linespacing": 1.1}
                _text(ax, head.x, line.middle, text, transform=beside[head.side], **how)


def _draw_heads(ax: Axes, layout: Layout) -> None:
    beside = {side: _beside(ax, side) for side in ("left", "right")}
    for head in layout.heads:
        how = {"ha": head.align, "va": "bottom", "weight": "bold", "linespacing": 1.15}
        _text(ax, head.x, -0.06, head.text, transform=beside[head.side], **how)
    _rule(ax, layout, 0.0, COLOURS["raw"])
    title = {"va": "bottom", "fontsize": 12, "weight": "bold", "transform": beside["left"]}
    _text(ax, -layout.left, -layout.head_height - 0.26, layout.title, **title)
    _text(
        ax, -layout.left, -layout.head_height - 0.06, layout.subtitle, va="bottom", transform=beside["left"]
    )


def _draw_marks(ax: Axes, layout: Layout, look: ForestStyle) -> None:
    if look.mean_line:
        _draw_mean_line(ax, layout, look)
    raw = [mark["weight"] for line in layout.lines for mark in line.marks if mark["mark"] == "raw"]
    for line in layout.lines:
        for mark in line.marks:
            offset = {"raw": -_SPREAD, "shrunken": _SPREAD}.get(mark["mark"], 0.0)
            size = _SQUARE * np.sqrt(mark["weight"] / max(raw)) if mark["mark"] == "raw" else 4.5
            _draw_mark(ax, mark, look.marks[mark["mark"]], line.middle + offset, max(float(size), 2.0))


def _draw_mean_line(ax: Axes, layout: Layout, look: ForestStyle) -> None:
    """A dashed line from the first study down to the first Bayesian mean effect."""
    lines = [line for line in layout.lines if line.kind == "bayesian"]
    estimate = lines[0].marks[0]["estimate"]
    left, right = ax.get_xlim()
    if left <= estimate <= right:
        colour = look.marks["bayesian"].colour
        dashes: Any = (0, (3, 3))
        ax.plot([estimate] * 2, [0, lines[0].middle], color=colour, linewidth=0.8, linestyle=dashes, zorder=1)


def _draw_mark(ax: Axes, mark: dict[str, Any], how: Mark, y: float, size: float) -> None:
    """Draw one interval with its estimate, cut at the edges of the axis."""
    kind, colour, shape, face = mark["mark"], how.colour, how.shape, how.face
    left, right = ax.get_xlim()
    lower, upper, estimate = mark["lower"], mark["upper"], mark["estimate"]
    exists = not (np.isnan(lower) or np.isnan(upper))
    if exists and shape == "D" and left <= lower and upper <= right:
        corners = [(lower, y), (estimate, y - _DIAMOND), (upper, y), (estimate, y + _DIAMOND)]
        ax.add_patch(Polygon(corners, closed=True, facecolor=face, edgecolor=colour, linewidth=1.1, zorder=3))
        return
    if exists:
        ends = [min(max(limit, left), right) for limit in (lower, upper)]
        width = 3.0 if kind == "new" else 1.2
        ax.plot(ends, [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=2, clip_on=False)
        for end, arrow, runs_off in ((left, "<", lower < left), (right, ">", upper > right)):
            if runs_off:
                ax.plot([end], [y], marker=arrow, color=colour, markersize=5.5, zorder=4, clip_on=False)
    if shape and left <= estimate <= right:
        ax.plot([estimate], [y], marker=shape, markersize=size, color=colour, markerfacecolor=face, zorder=5)


def _draw_axis_words(ax: Axes, layout: Layout, labels: ForestLabels, look: ForestStyle) -> None:
    """Direction labels on either side of no effect, and the axis' name below them."""
    above = look.directions_above
    beside = ax.transData if above else blended_transform_factory(ax.transData, _inches(ax, "left"))
    y, va = (-0.06, "bottom") if above else (-0.29, "top")
    for text, shift, align in zip(layout.directions, (-0.06, 0.06), ("right", "left"), strict=True):
        aside = beside + ScaledTranslation(shift, 0, figure_of(ax).dpi_scale_trans)
        _text(ax, labels.null, y, text, ha=align, va=va, linespacing=1.15, transform=aside)
    y = -layout.key_top + 0.3
    _text(ax, PLOT_WIDTH / 2, y, labels.axis, ha="center", va="top", transform=_inches(ax, "left"))


def _draw_key(ax: Axes, frame: pd.DataFrame, layout: Layout, look: ForestStyle) -> None:
    handles = []
    for kind, how in look.marks.items():
        if not (frame["mark"] == kind).any():
            continue
        width = 3.0 if kind == "new" else 1.2
        handles.append(
            Line2D(
                [],
                [],
                color=how.colour,
                marker=how.shape or "None",
                markerfacecolor=how.face,
                markersize=5,
                linewidth=width,
                label=how.name,
            )
        )
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(-layout.left, -layout.key_top),
        bbox_transform=_inches(ax, "left"),
        ncols=KEY_COLUMNS,
        fontsize=NOTE_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        labelspacing=0.5,
        columnspacing=2.0,
        handlelength=2.6,
    )


def _draw_notes(ax: Axes, layout: Layout) -> None:
    y = -layout.notes_top
    for note in layout.notes:
        how: dict[str, Any] = {
            "va": "top",
            "fontsize": NOTE_SIZE,
            "linespacing": 1.15,
            "transform": _inches(ax, "left"),
        }
        _text(ax, -layout.left, y, note, **how)
        y -= NOTE_LINE * (1 + note.count("\n"))
