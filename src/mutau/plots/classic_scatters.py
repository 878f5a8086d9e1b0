"""Pictures with a point for each study or subset: Baujat's, Galbraith's radial plot, normal quantiles, GOSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mutau.errors import ArgumentError, Fault, nearest
from mutau.plots.classic_words import (
    classic_notes,
    classic_title,
    directions,
    drawn,
    effect_axis,
    effect_name,
    effect_text,
)
from mutau.plots.scales import effect_ticks, tick_text
from mutau.plots.sheet import Look, SheetAxis, SheetLabels, draw_sheet, sheet_frame
from mutau.plots.style import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mutau.diagnostics import Baujat, Gosh, NormalQuantiles, Radial

__all__ = [
    "plot_baujat",
    "plot_gosh",
    "plot_normal_quantiles",
    "plot_radial",
    "prepare_baujat",
    "prepare_gosh",
    "prepare_normal_quantiles",
    "prepare_radial",
]

_BAND = 2.0  # Galbraith's: about 95% of points lie within two standard errors of the line
_ARC = 1.06
_NAMED = 15  # of Baujat's plot: more names would lie over one another


def prepare_baujat(found: Baujat) -> pd.DataFrame:
    """Say what stands where on Baujat's plot.

    Parameters
    ----------
    found : Baujat
        From `mutau.diagnostics.baujat`.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study``, the farthest out with their names.
        ``frame.attrs["labels"]`` holds `SheetLabels`.
    """
    x, y = np.array(found.x), np.array(found.y)
    far = x / (x.max() or 1.0) + y / (y.max() or 1.0)
    named = set(np.argsort(-far, kind="stable")[:_NAMED].tolist())
    labels = SheetLabels(
        title=classic_title(found.about, "Baujat plot"),
        reading=_baujat_reading(found, x, y),
        x=_from_zero("Contribution to heterogeneity", x),
        y=_from_zero("Influence on the pooled effect", y),
        looks={"study": Look("points", "bayesian", order=3)},
        notes=classic_notes(
            found.about,
            "Across: the study's squared residual over its variance plus tau². Up: squared change of the pooled "
            f"effect without the study, over its variance without it. tau²: {found.tau2_method}.",
            *([f"Named: the {_NAMED} studies farthest out."] if len(x) > _NAMED else []),
        ),
    )
    names = [plain(name) if i in named else "" for i, name in enumerate(found.study)]
    return sheet_frame([{"mark": "study", "x": x, "y": y, "text": names}], labels)


def _baujat_reading(found: Baujat, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    if not x.max() > 0:
        return "No study adds to heterogeneity: all have the same effect"
    first, moved = plain(found.study[int(np.argmax(x))]), plain(found.study[int(np.argmax(y))])
    if first == moved:
        return f"{first} adds most to heterogeneity and moves the pooled effect most"
    return f"{first} adds most to heterogeneity; {moved} moves the pooled effect most"


def _from_zero(name: str, values: NDArray[np.float64]) -> SheetAxis:
    top = float(values.max()) or 1.0
    return SheetAxis(name, -0.05 * top, 1.12 * top)


def prepare_radial(found: Radial) -> pd.DataFrame:
    """Say what stands where on Galbraith's radial plot.

    Parameters
    ----------
    found : Radial
        From `mutau.diagnostics.radial`.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study`` (named beyond the band), ``pooled``, ``band``,
        ``arc`` with its ``tick`` marks and ``value`` texts. ``frame.attrs["labels"]`` holds `SheetLabels`.
    """
    x, z = np.array(found.x), np.array(found.z)
    beyond = np.abs(z - found.slope * x) > _BAND
    height = max(float(np.abs(z).max()), abs(found.slope) * float(x.max()) + _BAND)
    out = _ARC * float(np.sqrt((x / x.max()) ** 2 + (z / height) ** 2).max())
    across = out * float(x.max())
    arc = _arc(found, across, out * height)
    up = 1.1 * max(height, *(float(np.abs(mark["y"]).max()) for mark in arc))
    line = np.array([0.0, across / np.sqrt(1 + (found.slope * across / (out * height)) ** 2)])
    marks: list[dict[str, Any]] = [
        {"mark": "pooled", "x": line, "y": found.slope * line},
        {"mark": "band", "curve": "upper", "x": line, "y": found.slope * line + _BAND},
        {"mark": "band", "curve": "lower", "x": line, "y": found.slope * line - _BAND},
        *arc,
        {
            "mark": "study",
            "x": x,
            "y": z,
            "text": [
                plain(name) if out else "" for name, out in zip(found.study, beyond.tolist(), strict=True)
            ],
        },
    ]
    about, outside = found.about, int(beyond.sum())
    effect = effect_text(about, found.slope, found.lower, found.upper)
    labels = SheetLabels(
        title=classic_title(about, "radial (Galbraith) plot"),
        reading=f"Pooled effect {effect}; {outside} of {len(x)} studies lie beyond 2 standard errors of its line",
        x=SheetAxis("1 / sqrt(variance + tau²)", 0.0, 1.18 * across),
        y=SheetAxis("Effect / sqrt(variance + tau²)", -up, up),
        looks={
            "study": Look("points", "raw", "study", order=3),
            "pooled": Look("line", "classic", "pooled effect", width=1.6),
            "band": Look("line", "classic", "2 standard errors around it", dashes=(4, 2), width=0.9),
            "arc": Look("line", "rule", width=0.9),
            "tick": Look("line", "rule", width=0.9),
            "value": Look("text", "raw"),
        },
        notes=classic_notes(
            about,
            f"A line from the origin through a study meets the arc at the study's effect: {effect_name(about)}. "
            f"tau²: {found.tau2_method}.",
        ),
    )
    return sheet_frame(marks, labels)


def _arc(found: Radial, across: float, up: float) -> list[dict[str, Any]]:
    """The arc of effects at the right: an ellipse around the origin, with ticks and their values."""
    about = found.about
    slopes = np.array(found.z) / np.array(found.x)
    low, high = (float(end) for end in (min(slopes.min(), found.lower), max(slopes.max(), found.upper)))
    log = about.record.analysis_scale == "log"
    ends = drawn(about, [low, high])
    ticks = effect_ticks(float(ends[0]), float(ends[1]), log=log)
    at = np.log(ticks) if log else ticks

    def where(slope: Any, out: float = 1.0) -> tuple[Any, Any]:
        x = out / np.sqrt(1 / across**2 + (slope / up) ** 2)
        return x, slope * x

    curve = where(np.linspace(low, high, 101))
    marks: list[dict[str, Any]] = [{"mark": "arc", "x": curve[0], "y": curve[1]}]
    for tick, slope in zip(ticks, at, strict=True):
        text = tick_text(float(tick))
        near, far, beside = (where(float(slope), out) for out in (1.0, 1.025, 1.045))
        marks.append({"mark": "tick", "curve": text, "x": [near[0], far[0]], "y": [near[1], far[1]]})
        marks.append({"mark": "value", "curve": text, "x": beside[0], "y": beside[1], "text": text})
    return marks


def prepare_normal_quantiles(found: NormalQuantiles) -> pd.DataFrame:
    """Say what stands where on a plot of studentised residuals against normal quantiles.

    Parameters
    ----------
    found : NormalQuantiles
        From `mutau.diagnostics.normal_quantiles`.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study`` (named outside the envelope), ``normal``, ``envelope``.
        ``frame.attrs["labels"]`` holds `SheetLabels`.
    """
    x, y = np.array(found.theoretical), np.array(found.sample)
    lower, upper = np.array(found.lower), np.array(found.upper)
    outside = (y < lower) | (y > upper)
    reach = 1.08 * float(max(np.abs(x).max(), np.abs(y).max(), np.abs(lower).max(), np.abs(upper).max()))
    line = np.array([-reach, reach])
    names = [plain(name) if out else "" for name, out in zip(found.study, outside.tolist(), strict=True)]
    outline = np.concatenate([lower, upper[::-1]])
    marks = [
        {"mark": "envelope", "x": np.concatenate([x, x[::-1]]), "y": outline},
        {"mark": "normal", "x": line, "y": line},
        {"mark": "study", "x": x, "y": y, "text": names},
    ]
    labels = SheetLabels(
        title=classic_title(found.about, "normal quantile plot"),
        reading=f"{int(outside.sum())} of {len(x)} studies lie outside the envelope",
        x=SheetAxis("Normal quantile", -1.15 * float(np.abs(x).max()), 1.15 * float(np.abs(x).max())),
        y=SheetAxis("Studentised residual", -reach, reach),
        looks={
            "study": Look("points", "raw", "study", order=3),
            "normal": Look("line", "classic", "normal", width=1.2),
            "envelope": Look("area", "faint", f"{100 * found.prob:g}% envelope, point by point", order=0.5),
        },
        notes=classic_notes(
            found.about,
            f"Each of so many independent normal residuals lies in the envelope with probability {found.prob:g}; "
            "that all do is less probable. Residuals of the studies are nearly independent. "
            f"tau²: {found.tau2_method}.",
        ),
    )
    return sheet_frame(marks, labels)


_GOSH_Y = {"i2": "I² (%)", "tau2": "tau²", "q": "Q", "h2": "H²"}


def prepare_gosh(found: Gosh, *, y: str = "i2", study: str | None = None) -> pd.DataFrame:
    """Say what stands where on a GOSH plot: pooled results of subsets of the studies.

    Parameters
    ----------
    found : Gosh
        From `mutau.diagnostics.gosh`.
    y : {"i2", "tau2", "q", "h2"}
        Against which statistic of heterogeneity.
    study : str, optional
        Name of a study; subsets that hold it are coloured.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``subset``, and ``with`` of those that hold `study`. A subset without the
        statistic (a single study) is left out. ``frame.attrs["labels"]`` holds `SheetLabels`.

    Raises
    ------
    ArgumentError
        There is no such statistic or study.
    """
    faults = []
    if y not in _GOSH_Y:
        faults.append(Fault(f"y={y!r}", "The statistic is named", nearest(str(y), tuple(_GOSH_Y)), key="y"))
    if study is not None and study not in found.studies:
        what, rule = f"study={study!r}", "The studies of the subsets have these names"
        faults.append(Fault(what, rule, nearest(str(study), tuple(found.studies)), key="study"))
    if faults:
        raise ArgumentError(faults)
    about = found.about
    effects, heights = np.array(found.estimate), np.array(getattr(found, y), dtype=np.float64)
    place = found.studies.index(study) if study is not None else -1
    member = np.array([place in subset for subset in found.subset])
    exists = np.isfinite(effects) & np.isfinite(heights)
    marks: list[dict[str, Any]] = [
        {
            "mark": mark,
            "x": drawn(about, effects[chosen]),
            "y": heights[chosen],
            "size": np.zeros(chosen.sum()),
        }
        for mark, chosen in (("subset", exists & ~member), ("with", exists & member))
        if chosen.any()
    ]
    top = 102.0 if y == "i2" else 1.05 * float(heights[exists].max()) or 1.0
    labels = SheetLabels(
        title=classic_title(about, "GOSH plot"),
        reading=_gosh_reading(found, effects[exists], int(exists.sum())),
        x=effect_axis(about, effects[exists].tolist()),
        y=SheetAxis(_GOSH_Y[y], -0.02 * top, top),
        looks=_gosh_looks(study, marks),
        notes=classic_notes(about, _gosh_note(found, y)),
        directions=directions(about),
    )
    return sheet_frame(marks, labels)


def _gosh_reading(found: Gosh, effects: NDArray[np.float64], count: int) -> str:
    low, high = (effect_text(found.about, float(end)) for end in (effects.min(), effects.max()))
    return f"Pooled effects of {count:,} subsets of {len(found.studies)} studies range from {low} to {high}"


def _gosh_looks(study: str | None, marks: Sequence[dict[str, Any]]) -> dict[str, Look]:
    drawn_marks = {mark["mark"] for mark in marks}
    without = "" if study is None else f"without {plain(study)}"
    looks = {
        "subset": Look("points", "bayesian", without, alpha=0.35, order=2),
        "with": Look("points", "classic", f"with {plain(study or '')}", marker="^", alpha=0.35, order=3),
    }
    return {name: look for name, look in looks.items() if name in drawn_marks}


def _gosh_note(found: Gosh, y: str) -> str:
    which = f"all {len(found.subset):,}" if found.complete else f"{len(found.subset):,}"
    drew = "" if found.complete else f" drawn at random (seed {found.seed})"
    of = "" if y == "q" else " that has this statistic, which takes two studies"
    return (
        f"A point for each of {which} subsets{drew}{of}. "
        f"tau²: {found.tau2_method}. Separate clouds speak for a study that does not belong with the others."
    )


def plot_baujat(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw Baujat's plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_baujat`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Contribution to heterogeneity against influence on the pooled effect.
    """
    return draw_sheet(frame, ax)


def plot_radial(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw Galbraith's radial plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_radial`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Precision against standardised effect; effects are slopes, read from the arc at the right.
    """
    return draw_sheet(frame, ax)


def plot_normal_quantiles(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw studentised residuals against normal quantiles.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_normal_quantiles`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Normal quantiles against residuals, with the line on which they are equal.
    """
    return draw_sheet(frame, ax)


def plot_gosh(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the pooled results of subsets of the studies.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_gosh`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Pooled effect (ratios on a logarithmic axis) against heterogeneity.
    """
    return draw_sheet(frame, ax)
