"""Results in rows, one under the other, as on a forest plot: columns of text beside intervals.

A `prepare_x` gives a frame of a row per result, with the columns of text that its `RowLabels` name; `draw_rows`
draws it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from mutau.plots.scales import effect_limits, set_effect_axis
from mutau.plots.style import (
    COLOURS,
    figure_of,
    inches_from,
    new_figure,
    quiet_glyphs,
    style,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RowLabels", "RowMark", "draw_rows"]

_PLOT, _ROW, _GAP = 3.0, 0.26, 0.16  # inches
_SPREAD = 0.055  # of two marks in a row, one lies above, the other below its middle
_MARGIN, _WIDEST_NAME = 0.2, 2.6
_HEAD, _ABOVE, _BELOW = 0.42, 0.42, 0.75
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145


@dataclass(frozen=True, slots=True)
class RowMark:
    """An estimate with its interval in every row.

    Parameters
    ----------
    prefix : str
        Before the columns ``estimate``, ``lower`` and ``upper`` of the frame, on the natural scale.
    colour, shape : str
        A name in mutau's palette, and matplotlib's shape.
    """

    prefix: str
    colour: str
    shape: str


@dataclass(frozen=True, slots=True)
class RowLabels:
    """The words around such a plot, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, axis : str
        Above and below.
    texts : tuple of str
        Columns of text of the frame, from left to right.
    left : int
        How many of them stand left of the plot.
    heads : tuple of str
        Of these columns.
    marks : tuple of RowMark
        What is drawn in each row, from above.
    directions : tuple of str
        Which arm effects left and right of no effect favour; empty where that is not known.
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale; NaN where there is no such value.
    notes : tuple of str
        What a reader must know.
    reading : str
        What is read from the picture, in words: its alternative text in files.
    reference : float
        Where a dashed line stands, on the natural scale; NaN for none.
    """

    title: str
    axis: str
    texts: tuple[str, ...]
    left: int
    heads: tuple[str, ...]
    marks: tuple[RowMark, ...]
    directions: tuple[str, str]
    log: bool
    null: float
    notes: tuple[str, ...]
    reading: str
    reference: float = math.nan


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of text stand: inches of their left edges from the plot's left edge; widths in all."""

    places: tuple[float, ...]
    left: float
    right: float
    texts: tuple[tuple[str, ...], ...]


def draw_rows(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw results in rows, into `ax` or a figure of the right size.

    Parameters
    ----------
    frame : DataFrame
        A row per result; ``frame.attrs["labels"]`` holds `RowLabels`.
    ax : Axes, optional
        Where to draw the intervals; the text columns stand left and right of it and need room there. Without
        one, a figure of the right size is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Of the intervals, on the natural scale (logarithmic for ratios), from the top. An interval that runs beyond
        the axis is cut there and ends in an arrowhead; its text is complete.
    """
    labels = cast("RowLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        columns = _columns(frame, labels)
        width = columns.left + _PLOT + columns.right
        notes = tuple(wrap(note, width, size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, width, lines=2, size=12, bold=True)
        if ax is None:
            ax = _new_axes(len(frame), columns, title, notes)
            figure_of(ax).set_label(f"{labels.title}. {labels.reading}")
        _set_axes(ax, frame, labels)
        for row, step in enumerate(frame.to_dict("records")):
            for place, mark in enumerate(labels.marks):
                above = (len(labels.marks) - 1) / 2 - place
                _draw_mark(ax, step, mark, row + 0.5 - 2 * above * _SPREAD / _ROW)
        _draw_texts(ax, columns, labels)
        _draw_words(ax, columns, labels, title, notes)
    return ax


def _columns(frame: pd.DataFrame, labels: RowLabels) -> _Columns:
    texts = [
        tuple(wrap(text, _WIDEST_NAME, lines=1) for text in frame[name].astype(str)) for name in labels.texts
    ]
    widths = [
        max(text_width(head, bold=True), *(text_width(text) for text in column)) + _GAP
        for head, column in zip(labels.heads, texts, strict=True)
    ]
    left, right = sum(widths[: labels.left]), sum(widths[labels.left :])
    edges = np.cumsum([0.0, *widths[:-1]]) - left
    places = [float(x) + (_PLOT + _GAP if i >= labels.left else 0.0) for i, x in enumerate(edges)]
    return _Columns(tuple(places), left, right + _GAP, tuple(texts))


def _new_axes(rows: int, columns: _Columns, title: str, notes: tuple[str, ...]) -> Axes:
    below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + _MARGIN
    above = _HEAD + _ABOVE + 0.23 * title.count("\n")
    width, height = 2 * _MARGIN + columns.left + _PLOT + columns.right, below + _ROW * rows + above
    figure = new_figure(width, height)
    left = _MARGIN + columns.left
    return figure.add_axes((left / width, below / height, _PLOT / width, _ROW * rows / height))


def _set_axes(ax: Axes, frame: pd.DataFrame, labels: RowLabels) -> None:
    ends = ("estimate", "lower", "upper")
    drawn = [[x for mark in labels.marks for x in frame[f"{mark.prefix}{name}"]] for name in ends]
    null = labels.null if np.isfinite(labels.null) else float(np.nanmedian(drawn[0]))
    set_effect_axis(ax, *effect_limits(*drawn, null=null, log=labels.log), log=labels.log)
    ax.set_ylim(len(frame), 0)
    ax.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    if np.isfinite(labels.null):
        ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.8, zorder=1)
    if np.isfinite(labels.reference):
        dashes: Any = (0, (3, 3))
        ax.axvline(labels.reference, color=COLOURS["classic"], linewidth=0.9, linestyle=dashes, zorder=1)


def _draw_mark(ax: Axes, step: dict[Any, Any], mark: RowMark, y: float) -> None:
    """Draw an estimate with its interval, cut at the edges of the axis; nothing where there is none."""
    estimate, lower, upper = (step[f"{mark.prefix}{name}"] for name in ("estimate", "lower", "upper"))
    colour, shape = COLOURS[mark.colour], mark.shape
    left, right = ax.get_xlim()
    if np.isfinite(lower) and np.isfinite(upper):
        ends = [min(max(limit, left), right) for limit in (lower, upper)]
        ax.plot(ends, [y, y], color=colour, linewidth=1.2, solid_capstyle="butt", zorder=2, clip_on=False)
        for end, arrow, cut in ((left, "<", lower < left), (right, ">", upper > right)):
            if cut:
                ax.plot([end], [y], marker=arrow, color=colour, markersize=4.5, zorder=4, clip_on=False)
    if left <= estimate <= right:
        ax.plot([estimate], [y], marker=shape, markersize=4, color=colour, linestyle="none", zorder=5)


def _draw_texts(ax: Axes, columns: _Columns, labels: RowLabels) -> None:
    """Columns of text beside the plot, under their heads."""
    beside = blended_transform_factory(inches_from(ax, 0, 0), ax.transData)
    top = inches_from(ax, 0, 1)
    for x, head, texts in zip(columns.places, labels.heads, columns.texts, strict=True):
        _text(ax, x, 0.06, head, transform=top, va="bottom", weight="bold", linespacing=1.1)
        for row, text in enumerate(texts):
            _text(ax, x, row + 0.5, text, transform=beside, va="center")
    ends = [-columns.left, _PLOT + columns.right]
    ax.plot(ends, [0, 0], transform=top, color=COLOURS["raw"], linewidth=0.8, clip_on=False)


def _draw_words(ax: Axes, columns: _Columns, labels: RowLabels, title: str, notes: tuple[str, ...]) -> None:
    """Title, directions, axis name, notes."""
    top, bottom = (inches_from(ax, 0, y) for y in (1, 0))
    _text(ax, -columns.left, _HEAD + 0.1, title, transform=top, va="bottom", fontsize=12, weight="bold")
    ends = ((-0.02, "right"), (0.02, "left"))
    for text, (shift, align) in zip(labels.directions, ends, strict=True):
        if not text:
            continue
        null = ax.transData.transform((labels.null, 0))[0] - ax.transData.transform((ax.get_xlim()[0], 0))[0]
        middle = null / cast("Any", ax.figure).dpi
        room = middle if align == "right" else _PLOT - middle
        said = wrap(text, max(room, 0.8), lines=2, size=_NOTE_SIZE)
        _text(ax, middle + shift, -0.24, said, transform=bottom, ha=align, va="top", fontsize=_NOTE_SIZE)
    _text(ax, _PLOT / 2, -0.52, labels.axis, transform=bottom, ha="center", va="top")
    y = -_BELOW
    for note in notes:
        _text(ax, -columns.left, y, note, transform=bottom, va="top", fontsize=_NOTE_SIZE, linespacing=1.15)
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
