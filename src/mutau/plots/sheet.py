"""Pictures made of points, lines and areas over two axes: one frame of marks, one way to draw it.

A `prepare_x` says what stands where, in a frame of `SHEET_COLUMNS`; how each mark looks, the axes and the words are
`SheetLabels`; `draw_sheet` draws whatever it is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mutau.plots.label_places import place_labels
from mutau.plots.scales import set_effect_axis, tick_text
from mutau.plots.style import COLOURS, figure_of, inches_from, new_figure, quiet_glyphs, style, wrap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SHEET_COLUMNS", "Look", "SheetAxis", "SheetLabels", "draw_sheet", "sheet_frame"]

SHEET_COLUMNS = ("mark", "curve", "x", "y", "size", "text")
"""Columns of a frame of marks: which mark; which line of several alike; where; its share of the largest area; what is
written beside it."""

NOTE_SIZE, NOTE_LINE = 7.5, 0.145
_WIDTH, _HEIGHT = 6.4, 4.2  # inches, of the axes
_LEFT, _RIGHT, _BELOW = 0.75, 0.25, 0.62
_LINE, _KEY_LINE = 0.17, 0.18
_AREA = (9.0, 150.0)  # square points, of the smallest and of the largest mark


@dataclass(frozen=True, slots=True)
class Look:
    """How a mark looks.

    Parameters
    ----------
    kind : {"points", "line", "area", "text"}
        What it is; an area is what its points enclose, a text stands alone.
    colour : str
        A name in mutau's palette.
    name : str
        In the key; empty for none.
    marker : str
        matplotlib's name of the shape.
    filled : bool
        Whether it is filled.
    dashes : tuple of float
        On and off, points; none for an unbroken line.
    width, alpha : float
        Of lines, in points; how opaque.
    order : float
        What is higher lies on top.
    """

    kind: str
    colour: str
    name: str = ""
    marker: str = "o"
    filled: bool = True
    dashes: tuple[float, ...] = ()
    width: float = 1.2
    alpha: float = 1.0
    order: float = 2.0


@dataclass(frozen=True, slots=True)
class SheetAxis:
    """An axis: its name, where it begins and ends (an axis may run down), whether it is logarithmic."""

    name: str
    lower: float
    upper: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class SheetLabels:
    """The words around such a picture, its axes and looks. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title : str
        Above.
    reading : str
        What is read from the picture, in words; also its alternative text in files.
    x, y : SheetAxis
        The axes.
    looks : mapping of str to Look
        How each mark looks, in the order of the key.
    notes : tuple of str
        What a reader must know.
    directions : tuple of str
        What effects at the left and at the right end favour; empty where there is no such side.
    square : bool
        Whether both axes have the same length.
    """

    title: str
    reading: str
    x: SheetAxis
    y: SheetAxis
    looks: Mapping[str, Look]
    notes: tuple[str, ...]
    directions: tuple[str, str] = ("", "")
    square: bool = False


def sheet_frame(marks: Sequence[Mapping[str, Any]], labels: SheetLabels) -> pd.DataFrame:
    """Put marks into a frame of `SHEET_COLUMNS`.

    Parameters
    ----------
    marks : sequence of mapping
        Each with ``mark``, ``x``, ``y`` (a number or several) and perhaps ``curve``, ``size``, ``text``.
    labels : SheetLabels
        Goes into ``frame.attrs["labels"]``.
    """
    import pandas as pd

    empty: dict[str, Any] = {"curve": "", "size": math.nan, "text": ""}
    parts = [pd.DataFrame({**empty, **mark}, index=None if _is_many(mark) else [0]) for mark in marks]
    frame = pd.concat([part[list(SHEET_COLUMNS)] for part in parts], ignore_index=True)
    frame.attrs["labels"] = labels
    return frame


def _is_many(mark: Mapping[str, Any]) -> bool:
    return any(np.ndim(mark[name]) > 0 for name in ("x", "y"))


def draw_sheet(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a frame of marks, into `ax` or a figure of the right size.

    Parameters
    ----------
    frame : DataFrame
        Of `sheet_frame`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Its figure's label is the alternative text, which `mutau.plots.save` writes into the files.
    """
    labels = cast("SheetLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        width = _HEIGHT if labels.square else _WIDTH
        notes = tuple(wrap(note, _WIDTH, size=NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, _WIDTH, lines=2, size=12, bold=True)
        reading = wrap(labels.reading, _WIDTH, lines=4)
        if ax is None:
            ax = _new_axes(labels, width, title, reading, notes)
            figure_of(ax).set_label(f"{labels.title}. {labels.reading}")
        _set_axes(ax, labels)
        for (mark, _), points in frame.groupby(["mark", "curve"], sort=False):
            _draw_mark(ax, labels.looks[str(mark)], points)
        place_labels(ax, frame, {name for name, look in labels.looks.items() if look.kind == "points"})
        _draw_words(ax, labels, width, title, reading, notes)
    return ax


def _key_height(labels: SheetLabels) -> float:
    named = sum(bool(look.name) for look in labels.looks.values())
    return _KEY_LINE * ((named + 1) // 2) + (0.06 if named else 0.0)


def _new_axes(labels: SheetLabels, width: float, title: str, reading: str, notes: tuple[str, ...]) -> Axes:
    below = _BELOW + NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    below += 0.2 if any(labels.directions) else 0.0
    above = _key_height(labels) + _LINE * (1 + reading.count("\n")) + 0.25 * (1 + title.count("\n")) + 0.2
    whole, high = _LEFT + _WIDTH + _RIGHT, below + _HEIGHT + above
    figure = new_figure(whole, high)
    return figure.add_axes((_LEFT / whole, below / high, width / whole, _HEIGHT / high))


def _set_axes(ax: Axes, labels: SheetLabels) -> None:
    for axis, drawn in ((labels.x, ax.xaxis), (labels.y, ax.yaxis)):
        low, high = sorted((axis.lower, axis.upper))
        if axis.log:
            set_effect_axis(ax, low, high, log=True, up=axis is labels.y)
            continue
        ends: Any = (axis.lower, axis.upper)
        (ax.set_xlim if axis is labels.x else ax.set_ylim)(*ends)
        steps = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        slack = 1e-9 * (high - low)
        ticks = [float(tick) for tick in steps if low - slack <= tick <= high + slack]
        drawn.set_ticks(ticks, labels=[tick_text(round(tick, 10)) for tick in ticks])
    ax.set_ylabel(labels.y.name, parse_math=False)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)


def _draw_mark(ax: Axes, look: Look, points: pd.DataFrame) -> None:
    x, y, colour = points["x"].to_numpy(), points["y"].to_numpy(), COLOURS[look.colour]
    shared: dict[str, Any] = {"alpha": look.alpha, "zorder": look.order}
    if look.kind == "area":
        ax.fill(x, y, facecolor=colour, edgecolor="none", **shared)
    elif look.kind == "line":
        dashes: Any = (0, look.dashes) if look.dashes else "solid"
        ax.plot(x, y, color=colour, linewidth=look.width, linestyle=dashes, **shared)
    elif look.kind == "text":
        for at, height, text in zip(x, y, points["text"], strict=True):
            ax.text(at, height, text, fontsize=NOTE_SIZE, color=colour, va="center", parse_math=False)
    else:
        share = np.nan_to_num(points["size"].to_numpy(np.float64), nan=0.12)
        area = _AREA[0] + share * (_AREA[1] - _AREA[0])
        face = colour if look.filled else "#FFFFFF"
        ax.scatter(
            x, y, s=area, marker=look.marker, facecolor=face, edgecolor=colour, linewidth=0.9, **shared
        )


def _draw_words(
    ax: Axes, labels: SheetLabels, width: float, title: str, reading: str, notes: tuple[str, ...]
) -> None:
    """Title, what is read, key, directions, axis name, notes."""
    top, bottom = (inches_from(ax, 0, y) for y in (1, 0))
    key = _key_height(labels)
    high = key + 0.2 + _LINE * (1 + reading.count("\n"))
    _text(ax, 0, high, title, transform=top, fontsize=12, weight="bold", va="bottom")
    _text(ax, 0, key + 0.12, reading, transform=top, va="bottom")
    _draw_key(ax, labels, key)
    for text, x, align in zip(labels.directions, (0.0, width), ("left", "right"), strict=True):
        if text:
            shown = wrap(f"← {text}" if align == "left" else f"{text} →", width / 2 - 0.1, lines=1)
            _text(ax, x, -0.29, shown, transform=bottom, ha=align, va="top")
    down = 0.2 if any(labels.directions) else 0.0
    _text(ax, width / 2, -0.29 - down, labels.x.name, transform=bottom, ha="center", va="top")
    y = -_BELOW - down
    for note in notes:
        _text(ax, 0, y, note, transform=bottom, va="top", fontsize=NOTE_SIZE, linespacing=1.15)
        y -= NOTE_LINE * (1 + note.count("\n"))


def _draw_key(ax: Axes, labels: SheetLabels, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for look in labels.looks.values():
        colour = COLOURS[look.colour]
        if not look.name:
            continue
        if look.kind == "area":
            handles.append(
                Patch(facecolor=colour, alpha=look.alpha, edgecolor=COLOURS["rule"], label=look.name)
            )
            continue
        points = look.kind == "points"
        how: dict[str, Any] = {"color": colour, "linewidth": look.width, "label": look.name}
        how |= {"linestyle": (0, look.dashes) if look.dashes else "solid"}
        if points:
            face = colour if look.filled else "#FFFFFF"
            how |= {"linestyle": "none", "marker": look.marker, "markerfacecolor": face, "markersize": 5}
        handles.append(Line2D([], [], **how))
    if handles:
        ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, height),
            bbox_transform=inches_from(ax, 0, 1),
            ncols=2,
            fontsize=NOTE_SIZE,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            columnspacing=2,
            labelspacing=0.4,
            handlelength=2.6,
        )


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
