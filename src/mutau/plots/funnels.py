"""The funnel plot: effects against their standard errors, plain or with regions of p-values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

from mutau.errors import ArgumentError, Fault, nearest
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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.diagnostics import Funnel

__all__ = ["FUNNEL_CONTOURS", "plot_funnel", "prepare_funnel"]

FUNNEL_CONTOURS = (0.1, 0.05, 0.01)
"""P-values that bound the regions of a contour-enhanced funnel plot (Peters et al. 2008)."""

_Y = ("se", "precision")
_POINTS = 101
_SHADES = ("faint", "faint", "rule")


def prepare_funnel(
    found: Funnel, *, y: str = "se", contours: Sequence[float] = (), prob: float = 0.95
) -> pd.DataFrame:
    """Say what stands where on a funnel plot.

    Parameters
    ----------
    found : Funnel
        From `mutau.diagnostics.funnel`.
    y : {"se", "precision"}
        Standard error (running down) or its inverse.
    contours : sequence of float, optional
        P-values of "no effect" that bound regions, such as `FUNNEL_CONTOURS`: the contour-enhanced plot. Without
        them, the region in which `prob` of the studies would lie if all had the pooled effect.
    prob : float
        Of that region.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study``, ``filled``, ``centre``, ``limit`` or ``region 1`` and so on.
        ``frame.attrs["labels"]`` holds `SheetLabels`.

    Raises
    ------
    ArgumentError
        An unknown `y`; a p-value or `prob` outside 0 to 1; contours where the measure has no value of no effect.

    References
    ----------
    Peters JL et al. (2008). Journal of Clinical Epidemiology 61:991-996. doi:10.1016/j.jclinepi.2007.11.010
    """
    levels = sorted(map(float, contours), reverse=True)
    _refuse(found, y, levels, prob)
    about = found.about
    errors = np.array(found.sei)
    grid = _grid(errors, y)
    half = float(stats.norm.ppf((1 + prob) / 2))
    marks = _regions(found, grid, y, levels) if levels else _limits(found, grid, y, half)
    for mark, which in (("study", False), ("filled", True)):
        chosen = np.array(found.filled) == which
        if chosen.any():
            x = drawn(about, np.array(found.yi)[chosen])
            marks.append({"mark": mark, "x": x, "y": _height(errors[chosen], y)})
    middle, reach = about.record.null if levels else found.centre, half * float(errors.max())
    ends = [*found.yi, found.centre, middle - reach, middle + reach]
    low, high = (float(end) for end in _height(grid[[-1, 0]], y))
    axis = SheetAxis("Standard error", low, 0.0) if y == "se" else SheetAxis("1 / standard error", low, high)
    labels = SheetLabels(
        title=classic_title(about, "contour-enhanced funnel plot" if levels else "funnel plot"),
        reading=_reading(found),
        x=effect_axis(about, ends),
        y=axis,
        looks=_looks(found, levels, prob),
        notes=classic_notes(about, _what(levels, prob), *found.notes),
        directions=directions(about),
    )
    return sheet_frame(marks, labels)


def _refuse(found: Funnel, y: str, levels: Sequence[float], prob: float) -> None:
    faults = []
    if y not in _Y:
        faults.append(Fault(f"y={y!r}", "The vertical axis is named", nearest(str(y), _Y), key="y"))
    if not 0 < prob < 1:
        faults.append(
            Fault(f"prob={prob}", "A region has a probability between 0 and 1", "Use 0.95", key="prob")
        )
    if any(not 0 < level < 1 for level in levels):
        rule = "A p-value lies between 0 and 1"
        faults.append(Fault(f"contours={levels}", rule, f"Use {FUNNEL_CONTOURS}", key="contours"))
    if levels and not math.isfinite(null_drawn(found.about)):
        rule = "Contours are p-values of no effect, which this measure does not have"
        faults.append(Fault(found.about.measure, rule, "Leave contours out", key="contours"))
    if faults:
        raise ArgumentError(faults)


def _grid(errors: NDArray[np.float64], y: str) -> NDArray[np.float64]:
    """Standard errors from the top of the plot to its bottom."""
    low, high = float(errors.min()), float(errors.max())
    if y == "se":
        return np.linspace(0.0, 1.06 * high, _POINTS)
    room = 0.06 * (1 / low - 1 / high) or 0.06 / low
    return np.asarray(1 / np.linspace(1 / low + room, max(1 / high - room, 0.5 / high), _POINTS))


def _height(errors: NDArray[np.float64], y: str) -> NDArray[np.float64]:
    return errors if y == "se" else 1 / errors


def _limits(found: Funnel, grid: NDArray[np.float64], y: str, half: float) -> list[dict[str, Any]]:
    about, height = found.about, _height(grid, y)
    marks: list[dict[str, Any]] = [
        {
            "mark": "limit",
            "curve": name,
            "x": drawn(about, found.centre + sign * half * grid),
            "y": height,
        }
        for name, sign in (("left", -1), ("right", 1))
    ]
    centre = drawn(about, np.full(2, found.centre))
    return [*marks, {"mark": "centre", "x": centre, "y": height[[0, -1]]}, *_filled_centre(found, height)]


def _filled_centre(found: Funnel, height: NDArray[np.float64]) -> list[dict[str, Any]]:
    if not math.isfinite(found.centre_filled):
        return []
    at = drawn(found.about, np.full(2, found.centre_filled))
    return [{"mark": "centre filled", "x": at, "y": height[[0, -1]]}]


def _regions(
    found: Funnel, grid: NDArray[np.float64], y: str, levels: Sequence[float]
) -> list[dict[str, Any]]:
    """Areas between contours on both sides, and the lines of no effect and of the pooled effect."""
    about, height, null = found.about, _height(grid, y), found.about.record.null
    halves = [float(stats.norm.isf(level / 2)) for level in levels]
    sides = (("left", -1), ("right", 1))
    outline = np.concatenate([height, height[::-1]])
    marks: list[dict[str, Any]] = []
    for (place, (inner, outer)), (side, sign) in itertools.product(
        enumerate(itertools.pairwise(halves), start=1), sides
    ):
        x = np.concatenate([null + sign * inner * grid, (null + sign * outer * grid)[::-1]])
        marks.append({"mark": f"region {place}", "curve": side, "x": drawn(about, x), "y": outline})
    for (level, half), (side, sign) in itertools.product(zip(levels, halves, strict=True), sides):
        x = drawn(about, null + sign * half * grid)
        marks.append({"mark": "contour", "curve": f"{side} {level:g}", "x": x, "y": height})
    ends = height[[0, -1]]
    marks.append({"mark": "null", "x": drawn(about, np.full(2, null)), "y": ends})
    marks.append({"mark": "centre", "x": drawn(about, np.full(2, found.centre)), "y": ends})
    return [*marks, *_filled_centre(found, height)]


def _looks(found: Funnel, levels: Sequence[float], prob: float) -> dict[str, Look]:
    looks = {
        f"region {place}": Look(
            "area", _SHADES[min(place, 2)], f"p {inner:g} to {outer:g}", alpha=0.9, order=0.5
        )
        for place, (outer, inner) in enumerate(itertools.pairwise(levels), start=1)
    }
    looks |= {
        "contour": Look("line", "rule", width=0.6, order=0.8),
        "limit": Look("line", "rule", f"{100 * prob:g}% of studies of one effect", dashes=(4, 2)),
        "null": Look("line", "raw", "no effect", width=0.8),
        "centre": Look("line", "classic", f"pooled effect, {found.tau2_method}", width=1.4),
        "centre filled": Look("line", "new", "pooled with the studies filled in", dashes=(5, 2), width=1.4),
        "study": Look("points", "raw", "study", order=3),
        "filled": Look("points", "new", "filled in by trim and fill", filled=False, order=3),
    }
    here = {"study", "centre", *(("contour", "null") if levels else ("limit",))}
    here |= {name for name in looks if name.startswith("region")}
    here |= {"filled"} if any(found.filled) else set()
    here |= {"centre filled"} if math.isfinite(found.centre_filled) else set()
    return {name: look for name, look in looks.items() if name in here}


def _reading(found: Funnel) -> str:
    about = found.about
    said = f"{found.k} studies around a pooled effect of {effect_text(about, found.centre)}"
    if not math.isfinite(found.centre_filled):
        return said
    added = sum(found.filled)
    what = f"{added} {'study' if added == 1 else 'studies'} filled in"
    return f"{said}; {effect_text(about, found.centre_filled)} with {what}"


def _what(levels: Sequence[float], prob: float) -> str:
    if levels:
        said = ", ".join(f"{level:g}" for level in levels)
        return (
            f"Grey lines, from the inside: two-sided p-values of no effect of {said}; in the middle p is larger, "
            "outside smaller. Studies missing in the middle speak for selective publication, studies missing "
            "elsewhere for another cause."
        )
    return (
        f"Dashed lines: {100 * prob:g}% of studies would lie within, were there no heterogeneity and no bias. "
        "Asymmetry may come from heterogeneity or chance as well as from unpublished studies."
    )


def plot_funnel(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a funnel plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_funnel`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Effects (ratios on a logarithmic axis) against standard errors or precision.
    """
    return draw_sheet(frame, ax)
