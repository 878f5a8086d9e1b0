"""The answer under each named prior, one row each: median, credible interval, P(benefit)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.plots.forest_words import provenance_sentence
from mutau.plots.scales import effect_limits, set_effect_axis
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, text_width, wrap
from mutau.tables import NOT_AVAILABLE, effect_interval, percent, probability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mutau.fitting import Fit

__all__ = ["NAMED_PRIOR_COLUMNS", "NamedPriorLabels", "plot_named_priors", "prepare_named_priors"]

NAMED_PRIOR_COLUMNS = (
    "row", "label", "priors", "own", "estimate", "lower", "upper", "p_benefit", "interval", "chance",
)  # fmt: skip
"""Columns of `prepare_named_priors`, in order."""

_WIDTH = 3.3  # inches, of the axis
_ROW, _PAD = 0.24, 0.08
_LEFT, _GAP, _RIGHT, _ABOVE, _BELOW = 0.1, 0.15, 0.1, 0.75, 0.55
_SIZE, _NOTE_SIZE, _NOTE_LINE = 8.0, 7.5, 0.145
_WIDEST = 2.6  # inches, of a column of words
_NULL_ROOM = 0.1  # share of the axis on either side of no effect


@dataclass(frozen=True, slots=True)
class NamedPriorLabels:
    """The words around the plot. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title : str
        Above.
    chance : str
        The range of P(benefit).
    axis : str
        Name of the effect axis.
    columns : tuple of str
        Headings: name, prior, effect, P(benefit).
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale.
    notes : tuple of str
        What the numbers are given, and why a row has none.
    """

    title: str
    chance: str
    axis: str
    columns: tuple[str, str, str, str]
    log: bool
    null: float
    notes: tuple[str, ...]


def prepare_named_priors(fit: Fit, named: pd.DataFrame) -> pd.DataFrame:
    """Put the answers under named priors into the form that is drawn.

    Parameters
    ----------
    fit : Fit
        The fit that they are of.
    named : DataFrame
        From `mutau.sensitivities.named_answers`.

    Returns
    -------
    DataFrame
        One row per pair of priors, from the top, columns `NAMED_PRIOR_COLUMNS`: ``priors`` names the prior that is
        other than the model's own, ``estimate``, ``lower`` and ``upper`` are on the natural scale, ``interval`` and
        ``chance`` are text. A pair without an answer has NaN, and a note says why. ``frame.attrs["labels"]`` holds
        `NamedPriorLabels`.

    Raises
    ------
    ArgumentError
        No pair of priors has an answer.
    """
    known = named["p_benefit"].notna()
    if not known.any():
        what, rule = f"named priors of {fit.model.name}", "A picture needs at least one pair with an answer"
        raise ArgumentError(Fault(what, rule, "Read the reasons in the table"))
    own = named.iloc[0]
    effects = zip(named["estimate"], named["lower"], named["upper"], strict=True)
    chances = zip(named["p_benefit"], named["ess"], strict=True)
    frame = pd.DataFrame(
        {
            "row": np.arange(len(named)),
            "label": [plain(str(label)) for label in named["prior_label"]],
            "priors": [plain(_other(row, own)) for row in named.to_dict("records")],
            "own": np.arange(len(named)) == 0,
            **{name: named[name].to_numpy(dtype=np.float64) for name in ("estimate", "lower", "upper", "p_benefit")},
            "interval": [NOT_AVAILABLE if math.isnan(e) else effect_interval(e, a, b) for e, a, b in effects],
            "chance": [NOT_AVAILABLE if math.isnan(p) else probability(p, ess) for p, ess in chances],
        },
        columns=list(NAMED_PRIOR_COLUMNS),
    )  # fmt: skip
    frame.attrs["labels"] = _labels(fit, named, frame)
    return frame


def _other(row: dict[Any, Any], own: pd.Series[Any]) -> str:
    """What is other than in the first row."""
    told = [f"{name} ~ {row[f'{name}_prior']}" for name in ("mu", "tau")]
    changed = [
        text
        for text, name in zip(told, ("mu", "tau"), strict=True)
        if row[f"{name}_prior"] != own[f"{name}_prior"]
    ]
    return "; ".join(changed or told)


def _labels(fit: Fit, named: pd.DataFrame, frame: pd.DataFrame) -> NamedPriorLabels:
    model, measure = fit.model, fit.model.measure_record
    known = frame[frame["p_benefit"].notna()].sort_values("p_benefit", kind="stable")
    first, last = known.iloc[0], known.iloc[-1]
    sampled = named["how"].isin(["sampled", "re-weighted", "refitted"]).any()
    notes = [
        f"Given unbiased trials and the {model.likelihood} likelihood; in each row one prior is other than in the "
        "first. Priors are on the analysis scale; intervals are equal-tailed credible intervals. A sceptic's and an "
        "enthusiast's prior are meant to pull.",
        *(["Read from draws, weighed or sampled anew: the table says which."] if sampled else []),
        *(
            f"No answer for {label}: {str(reason).rstrip('.')}."
            for label, reason in zip(named["prior_label"], named["reason"], strict=True)
            if reason
        ),
        provenance_sentence(fit),
    ]  # fmt: skip
    content = percent(float(named["prob"].iloc[0]))
    return NamedPriorLabels(
        title=plain(f"{model.title}: the answer under named priors"),
        chance=plain(f"P(benefit) {first['chance']} ({first['label']}) to {last['chance']} ({last['label']})"),
        axis=measure.axis_label,
        columns=("Name", "Prior asked about", f"{measure.code}, median [{content} interval]", "P(benefit)"),
        log=measure.is_ratio,
        null=measure.null_natural,
        notes=tuple(map(plain, notes)),
    )  # fmt: skip


def plot_named_priors(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each answer as a point and its credible interval, with names, priors and numbers beside it.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_named_priors`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Effects on the natural scale (logarithmic for ratios), the model's own priors at the top. An interval that
        runs out of the axis ends in an arrow.
    """
    labels = cast("NamedPriorLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        columns = [
            [wrap(text, _WIDEST, lines=1, size=_SIZE) for text in (heading, *frame[name])]
            for heading, name in zip(labels.columns, ("label", "priors", "interval", "chance"), strict=True)
        ]
        widths = [max(text_width(text, size=_SIZE, bold=True) for text in texts) for texts in columns]
        left = _LEFT + widths[0] + widths[1] + 2 * _GAP
        total = left + _WIDTH + 2 * _GAP + widths[2] + widths[3] + _RIGHT
        notes = tuple(wrap(note, total - _LEFT - _RIGHT, size=_NOTE_SIZE) for note in labels.notes)
        ax = _new_axes(len(frame), left, total, notes) if ax is None else ax
        _draw_intervals(ax, frame, labels)
        starts = (
            -left + _LEFT,
            -left + _LEFT + widths[0] + _GAP,
            _WIDTH + _GAP,
            _WIDTH + 2 * _GAP + widths[2],
        )
        for texts, start in zip(columns, starts, strict=True):
            _draw_column(ax, texts, start)
        _draw_words(ax, labels, notes, -left + _LEFT, total - _LEFT - _RIGHT)
    return ax


def _new_axes(rows: int, left: float, total: float, notes: tuple[str, ...]) -> Axes:
    below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    tall = _ROW * rows + 2 * _PAD
    height = below + tall + _ABOVE
    figure = new_figure(total, height)
    return figure.add_axes((left / total, below / height, _WIDTH / total, tall / height))


def _draw_intervals(ax: Axes, frame: pd.DataFrame, labels: NamedPriorLabels) -> None:
    known = frame[frame["estimate"].notna()]
    effects = [known[name].to_list() for name in ("estimate", "lower", "upper")]
    low, high = effect_limits(*effects, null=labels.null, log=labels.log, null_room=_NULL_ROOM)
    set_effect_axis(ax, low, high, log=labels.log)
    pad = _PAD / _ROW
    ax.set_ylim(len(frame) - 0.5 + pad, -0.5 - pad)
    ax.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel(labels.axis)
    ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.9)
    ax.axvline(
        float(known["estimate"].iloc[0]), color=COLOURS["bayesian"], linewidth=0.8, linestyle=(0, (4, 2))
    )
    for row in known.to_dict("records"):
        colour = COLOURS["raw"] if row["own"] else COLOURS["bayesian"]
        y = row["row"]
        ax.plot([max(row["lower"], low), min(row["upper"], high)], [y, y], color=colour, linewidth=1.4)
        for beyond, place, mark in ((row["lower"] < low, low, "<"), (row["upper"] > high, high, ">")):
            if beyond:
                ax.plot([place], [y], mark, color=colour, markersize=5, clip_on=False)
        if low <= row["estimate"] <= high:
            ax.plot([row["estimate"]], [y], "D" if row["own"] else "o", color=colour, markersize=5)


def _draw_column(ax: Axes, texts: list[str], start: float) -> None:
    """A heading and one text for each row, from `start` inches to the right of the axis' left end."""
    place = inches_from(ax, 0, 1)
    for number, text in enumerate(texts):
        y = 0.06 if number == 0 else -_PAD - _ROW * (number - 0.5)
        ax.text(
            start, y, text, transform=place, fontsize=_SIZE, weight="bold" if number == 0 else "normal",
            va="bottom" if number == 0 else "center", clip_on=False, parse_math=False,
        )  # fmt: skip


def _draw_words(ax: Axes, labels: NamedPriorLabels, notes: tuple[str, ...], left: float, wide: float) -> None:
    top, bottom = (inches_from(ax, 0, y) for y in (1, 0))
    title = wrap(labels.title, wide, lines=1, size=12, bold=True)
    chance = wrap(labels.chance, wide, lines=1, bold=True)
    common: dict[str, Any] = {"clip_on": False, "parse_math": False}
    ax.text(left, 0.52, title, transform=top, fontsize=12, weight="bold", va="bottom", **common)
    ax.text(
        left, 0.28, chance, transform=top, weight="bold", color=COLOURS["bayesian"], va="bottom", **common
    )
    y = -_BELOW
    for note in notes:
        ax.text(left, y, note, transform=bottom, fontsize=_NOTE_SIZE, va="top", linespacing=1.15, **common)
        y -= _NOTE_LINE * (1 + note.count("\n"))
