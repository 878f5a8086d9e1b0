"""The bubble plot of a meta-regression: effects over one moderator, with the line and its bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mutau.errors import ArgumentError, Fault, nearest
from mutau.plots.classic_words import (
    classic_notes,
    classic_title,
    drawn,
    effect_axis,
    effect_text,
    null_drawn,
)
from mutau.plots.scales import tick_text
from mutau.plots.sheet import Look, SheetAxis, SheetLabels, draw_sheet, sheet_frame
from mutau.plots.style import plain
from mutau.tables import number, p_sentence, percent

if TYPE_CHECKING:
    from mutau.classic import RegressionPrediction
    from mutau.regression import MetaRegression, Moderator

__all__ = ["plot_bubble", "prepare_bubble"]

_POINTS = 101
_ROOM = 0.04  # of the moderator's range, at either end


def prepare_bubble(
    found: MetaRegression,
    moderator: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    names: bool = False,
) -> pd.DataFrame:
    """Say what stands where on a bubble plot.

    Parameters
    ----------
    found : MetaRegression
        From `mutau.regress`.
    moderator : str, optional
        Which moderator, a number, runs along the axis; may be left out where there is one.
    at : mapping of str to value, optional
        Where the other moderators are held for the line; left out, at the mean of the studies, or the category that
        most have.
    names : bool
        Whether studies are named.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`: ``study`` (area in proportion to its weight), ``line`` over the range that the
        studies have, ``confidence``, ``prediction``, ``null``. ``frame.attrs["labels"]`` holds `SheetLabels`.

    Raises
    ------
    ArgumentError
        No such moderator, one that is no number, or values that do not fit.

    Notes
    -----
    Studies stand where they were observed, not adjusted for the other moderators. A product of moderators is one of
    its own for `regress`, held where `at` says: along the axis it does not follow.
    """
    chosen = _chosen(found, moderator)
    x = np.array(chosen.values, dtype=np.float64)
    held = _held(found, chosen, at or {})
    grid = np.linspace(x.min(), x.max(), _POINTS)
    line = found.predict({chosen.name: grid, **held})
    about, yi = found.about, np.array(found.yi)
    confidence, prediction = (
        np.array([getattr(line, f"{what}{end}") for end in ("lower", "upper")])
        for what in ("", "prediction_")
    )
    there = np.isfinite(prediction).all()
    marks: list[dict[str, Any]] = [
        _band("confidence", grid, drawn(about, confidence)),
        {"mark": "line", "x": grid, "y": drawn(about, line.estimate)},
        {
            "mark": "study",
            "x": x,
            "y": drawn(about, yi),
            "size": np.array(found.weights) / max(found.weights),
            "text": [plain(name) if names else "" for name in found.study],
        },
    ]
    if there:
        marks += [
            {"mark": "prediction", "curve": end, "x": grid, "y": drawn(about, limit)}
            for end, limit in zip(("lower", "upper"), prediction, strict=True)
        ]
    room = _ROOM * float(np.ptp(x))
    across = SheetAxis(plain(chosen.name), float(x.min()) - room, float(x.max()) + room)
    if np.isfinite(null_drawn(about)):
        marks.append({"mark": "null", "x": [across.lower, across.upper], "y": [null_drawn(about)] * 2})
    labels = SheetLabels(
        title=classic_title(about, f"effect by {plain(chosen.name)}"),
        reading=_reading(found, chosen, line),
        x=across,
        y=effect_axis(about, _shown(yi, confidence, prediction if there else confidence).tolist()),
        looks=_looks(found, {str(mark["mark"]) for mark in marks}),
        notes=classic_notes(about, _how(found, held, bool(there)), *found.notes),
    )
    return sheet_frame(marks, labels)


def _chosen(found: MetaRegression, moderator: str | None) -> Moderator:
    numeric = {each.name: each for each in found.coding if not each.levels}
    known = [each.name for each in found.coding]
    rule = "A bubble plot runs over a moderator that is a number"
    if moderator is None and len(numeric) == 1:
        return next(iter(numeric.values()))
    if moderator in numeric:
        return numeric[str(moderator)]
    what = "no moderator chosen" if moderator is None else f"moderator={moderator!r}"
    if moderator in known:
        what = f"{what}, which has categories"
    remedy = nearest(str(moderator), tuple(numeric)) if numeric else "This regression has none"
    raise ArgumentError(Fault(what, rule, remedy, key="moderator"))


def _held(found: MetaRegression, chosen: Moderator, at: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the other moderators, as stated, else in the middle of the studies."""
    others = [each for each in found.coding if each is not chosen]
    held: dict[str, Any] = {}
    for each in others:
        if each.levels:
            held[each.name] = max(each.levels, key=each.values.count)
        else:
            held[each.name] = float(np.mean(each.values))
    if chosen.name in at:
        rule = "The moderator along the axis has all its values"
        raise ArgumentError(Fault(f"at={chosen.name}", rule, f"Leave {chosen.name} out", key="at"))
    return held | dict(at)


def _band(mark: str, grid: NDArray[np.float64], limits: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "mark": mark,
        "x": np.concatenate([grid, grid[::-1]]),
        "y": np.concatenate([limits[0], limits[1][::-1]]),
    }


def _shown(
    yi: NDArray[np.float64], confidence: NDArray[np.float64], prediction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Effects that the axis holds: a prediction band that is wider than all else by far is cut off."""
    core = np.concatenate([yi, confidence[np.isfinite(confidence)]])
    reach = float(np.ptp(core))
    return np.concatenate([core, np.clip(prediction.ravel(), core.min() - reach, core.max() + reach)])


def _reading(found: MetaRegression, chosen: Moderator, line: RegressionPrediction) -> str:
    ends = []
    for i, x in ((0, min(chosen.values)), (-1, max(chosen.values))):
        effect = effect_text(found.about, line.estimate[i], line.lower[i], line.upper[i])
        ends.append(f"{effect} at {plain(chosen.name)} {tick_text(x)}")
    effect = "effect" if found.about.measure == "GEN" else found.about.measure
    p = p_sentence(found.test(chosen.columns).p_value)
    kind = f"{percent(found.prob)} confidence interval"
    return f"Mean {effect} [{kind}] {ends[0]} and {ends[1]}; test of no change: {p}"


def _looks(found: MetaRegression, marks: set[str]) -> dict[str, Look]:
    prob = percent(found.prob)
    looks = {
        "study": Look("points", "bayesian", "study (area: its weight)", alpha=0.55, order=3),
        "line": Look("line", "classic", "mean effect", width=1.8, order=2.5),
        "confidence": Look("area", "faint", f"{prob} confidence interval of the mean", order=0.5),
        "prediction": Look("line", "classic", f"{prob} prediction interval of a new study", dashes=(4, 2)),
        "null": Look("line", "rule", width=0.9, order=1),
    }
    return {name: look for name, look in looks.items() if name in marks}


def _how(found: MetaRegression, held: Mapping[str, Any], there: bool) -> str:
    prediction = f"prediction: {found.prediction_method}" if there else "no prediction interval"
    if not there:
        few = (
            "a common effect has none"
            if found.tau2_method == "CE"
            else "too few studies for its coefficients"
        )
        prediction = f"{prediction}, {few}"
    asked = f"tau²: {found.tau2_method}. Intervals: {found.ci_method}; {prediction}."
    if not held:
        return asked
    values = ", ".join(
        f"{name} = {number(value) if isinstance(value, float) else value}" for name, value in held.items()
    )
    return f"{asked} The line is drawn at {values}; the studies are as they were observed."


def plot_bubble(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a bubble plot.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_bubble`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        The moderator against the effect (ratios on a logarithmic axis).
    """
    return draw_sheet(frame, ax)
