"""Where the names of points stand, so that they lie on no point and on no other name as far as there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mutau.plots.style import figure_of, text_width, wrap

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["place_labels"]

type Boxes = NDArray[np.float64]
"""Rows of left, bottom, right, top; inches from the lower left corner of the axes."""

_SIZE, _LINE = 7.5, 0.13
_WIDEST = 1.9
_SIDES = tuple((across, up) for up in (0, 1, -1, 2, -2, 3, -3) for across in (1, -1, 0) if across or up)
_APART = 0.07
_POINT = 0.05


def place_labels(ax: Axes, frame: pd.DataFrame, of: set[str]) -> None:
    """Write the texts of points beside them.

    Parameters
    ----------
    ax : Axes
        Limits set, points drawn.
    frame : DataFrame
        Columns `mutau.plots.sheet.SHEET_COLUMNS`.
    of : set of str
        Marks that are points.
    """
    points = frame[frame["mark"].isin(of) & np.isfinite(frame["x"]) & np.isfinite(frame["y"])]
    if not (points["text"] != "").any():
        return
    dpi = figure_of(ax).dpi
    corner = ax.transAxes.transform((0, 0))
    width, height = (ax.transAxes.transform((1, 1)) - corner) / dpi
    places = (ax.transData.transform(points[["x", "y"]].to_numpy(np.float64)) - corner) / dpi
    taken = np.column_stack([places - _POINT, places + _POINT])
    for (x, y), text in zip(places, points["text"], strict=True):
        if not text:
            continue
        shown = wrap(str(text), _WIDEST, lines=1, size=_SIZE)
        options = np.array([_box(x, y, side, text_width(shown, size=_SIZE)) for side in _SIDES])
        costs = _outside(options, width, height) * 10 + _overlaps(options, taken)
        box = options[int(np.argmin(costs))]
        taken = np.vstack([taken, box])
        where = (corner + dpi * np.array([box[0], (box[1] + box[3]) / 2]) - corner) / dpi
        ax.annotate(
            shown,
            (where[0] / width, where[1] / height),
            xycoords="axes fraction",
            fontsize=_SIZE,
            va="center",
            ha="left",
            parse_math=False,
            annotation_clip=False,
            zorder=6,
        )


def _box(x: float, y: float, side: tuple[int, int], width: float) -> tuple[float, float, float, float]:
    across, up = side
    left = x - width / 2 if across == 0 else x + _APART if across > 0 else x - _APART - width
    low = y - _LINE / 2 + up * (_LINE / 2 + _APART / 2 if across else _LINE / 2 + _APART)
    return left, low, left + width, low + _LINE


def _overlaps(options: Boxes, taken: Boxes) -> NDArray[np.float64]:
    """Area that each option shares with what is taken."""
    low = np.maximum(options[:, None, :2], taken[None, :, :2])
    high = np.minimum(options[:, None, 2:], taken[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2).sum(axis=1), dtype=np.float64)


def _outside(options: Boxes, width: float, height: float) -> NDArray[np.float64]:
    """How far each option reaches out of the axes, in inches."""
    beyond = np.column_stack([-options[:, 0], -options[:, 1], options[:, 2] - width, options[:, 3] - height])
    return np.asarray(np.maximum(beyond, 0).sum(axis=1), dtype=np.float64)
