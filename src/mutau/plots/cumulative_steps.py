"""Cumulative meta-analysis as a forest plot: the mean effect after each trial, and P(benefit) beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.diagnostics import CumulativePooling
from mutau.diagnostics.accumulating import NUMBERS
from mutau.plots.classic_rows import classic_rows
from mutau.plots.forest_words import direction_words, provenance_sentence
from mutau.plots.rows import RowLabels, RowMark, draw_rows
from mutau.plots.style import plain
from mutau.tables import effect_interval, percent, probability

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.living import Cumulative

__all__ = ["CUMULATIVE_TEXTS", "plot_cumulative", "prepare_cumulative", "why_no_cumulative"]

CUMULATIVE_TEXTS = ("text_when", "text_added", "text_k", "text_bayesian", "text_p", "text_classic")
"""Columns of text of `prepare_cumulative`, from left to right, where the steps have a posterior; without one
``text_bayesian`` and ``text_p`` are missing. The plot stands behind the third."""

_MOST_ROWS = 20


def why_no_cumulative(fit: Fit) -> str:
    """Say why a run draws no cumulative forest plot of a fit; nothing if it draws one.

    Parameters
    ----------
    fit : Fit
        It has one if it is exact, and its 2 to 20 trials all have a ``year``, not all the same.
    """
    if fit.engine.name != "exact":
        return "The answers were sampled; each step is asked of the exact engine"
    if not 2 <= fit.k <= _MOST_ROWS:
        return f"The picture has a row for each trial, of 2 to {_MOST_ROWS}; there are {fit.k}"
    if "year" not in fit.effects:
        return "The table of studies has no column 'year'"
    years = np.asarray(pd.to_numeric(fit.effects["year"], errors="coerce"), dtype=np.float64)
    if not np.isfinite(years).all():
        return "Not every trial has a number in column 'year'"
    return "" if len(np.unique(years)) > 1 else "All trials have the same year, which gives no order"


def prepare_cumulative(found: Cumulative | CumulativePooling) -> pd.DataFrame:
    """Put the steps of a cumulative meta-analysis into words.

    Parameters
    ----------
    found : Cumulative or CumulativePooling
        From `mutau.living.cumulative`, with the posterior; or from `mutau.diagnostics.cumulative`, classic alone.

    Returns
    -------
    DataFrame
        Its `to_frame`, effects on the natural scale, with the columns `CUMULATIVE_TEXTS`;
        ``frame.attrs["labels"]`` holds `RowLabels`.
    """
    return _classic(found) if isinstance(found, CumulativePooling) else _bayesian(found)


def _classic(found: CumulativePooling) -> pd.DataFrame:
    frame, labels = classic_rows(
        found,
        "cumulative forest plot",
        (
            f"Each row: all studies down to it, {_in_order(found.order)}. Intervals are not corrected for "
            "repeated looks."
        ),
    )
    frame["text_when"] = [f"{when:.12g}" for when in frame["when"]]
    frame["text_added"] = [plain(f"+ {name}") for name in frame["added"]]
    frame["text_k"] = frame["k"].astype(str)
    first, last = frame["text_classic"].iloc[[0, -1]]
    frame.attrs["labels"] = replace(
        labels,
        texts=("text_when", "text_added", "text_k", *labels.texts),
        left=3,
        heads=(plain(f"{found.order[:1].upper()}{found.order[1:]}"), "Study added", "Studies", *labels.heads),
        reading=f"Pooled effect {first} after the first study, {last} after all {found.k[-1]}",
    )
    return frame


def _in_order(order: str) -> str:
    return "in the order given" if order == NUMBERS else f"in the order of {order}"


def _bayesian(found: Cumulative) -> pd.DataFrame:
    frame = found.to_frame()
    frame["text_when"] = [f"{when:.12g}" for when in frame["when"]]
    frame["text_added"] = [plain(f"+ {name}") for name in frame["added"]]
    frame["text_k"] = frame["k"].astype(str)
    texts = zip(_intervals(frame, ""), frame["reason"], strict=True)
    frame["text_bayesian"] = ["no posterior" if reason else text for text, reason in texts]
    frame["text_p"] = [probability(p) for p in frame["p_benefit"]]
    frame["text_classic"] = _intervals(frame, "classic_")
    frame.attrs["labels"] = _labels(found)
    return frame


def _intervals(frame: pd.DataFrame, of: str) -> list[str]:
    columns = (frame[f"{of}{name}"] for name in ("estimate", "lower", "upper"))
    return [effect_interval(*row) for row in zip(*columns, strict=True)]


def _labels(found: Cumulative) -> RowLabels:
    model = found.fit.model
    measure, share = model.measure_record, percent(found.prob)
    return RowLabels(
        title=plain(model.title),
        axis=measure.axis_label,
        texts=CUMULATIVE_TEXTS,
        left=3,
        heads=(
            plain(f"{found.order[:1].upper()}{found.order[1:]}"),
            "Trial added",
            "Trials",
            f"{measure.code}, median [{share}\ncredible interval]",
            "P(benefit)",
            f"{measure.code} [{share}\nconfidence interval]",
        ),
        marks=(RowMark("", "bayesian", "o"), RowMark("classic_", "classic", "s")),
        directions=direction_words(model),
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        notes=tuple(plain(note) for note in _notes(found)),
        reading=_reading(found),
    )


def _notes(found: Cumulative) -> list[str]:
    given = (
        f"Each row: all trials down to it. Circles: Bayesian, mu ~ {found.mu_prior}, tau ~ {found.tau_prior}, "
        f"{found.likelihood} likelihood; P(benefit) is given these and unbiased trials. Squares: classic, "
        f"{found.classic_method}; its intervals are not corrected for repeated looks."
    )
    undefined = [
        f"No posterior after {step.k} {'trial' if step.k == 1 else 'trials'}: {step.reason}."
        for step in found.steps
        if step.reason
    ]
    return [given, *undefined, *(f"{note}." for note in found.notes), provenance_sentence(found.fit)]


def _reading(found: Cumulative) -> str:
    last = found.steps[-1]
    effect = effect_interval(last.estimate, last.lower, last.upper)
    return f"After all {last.k} trials: {effect}, P(benefit) {probability(last.p_benefit)}"


def plot_cumulative(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the mean effect after each trial, with its intervals and P(benefit) in words.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_cumulative`.
    ax : Axes, optional
        Where to draw the intervals; the text columns stand left and right of it and need room there. Without
        one, a figure of the right size is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Of the intervals, on the natural scale (logarithmic for ratios), a row for each trial from the top. An
        interval that runs beyond the axis is cut there and ends in an arrowhead; its text is complete.
    """
    return draw_rows(frame, ax)
