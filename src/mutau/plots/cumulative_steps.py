"""Cumulative meta-analysis as a forest plot: the mean effect after each trial, and P(benefit) beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from mutau.plots.forest_words import direction_words, provenance_sentence
from mutau.plots.scales import effect_limits, set_effect_axis
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, text_width, wrap
from mutau.tables import effect_interval, percent, probability

if TYPE_CHECKING:
    import pandas as pd

    from mutau.living import Cumulative

__all__ = [
    "CUMULATIVE_TEXTS",
    "CumulativeLabels",
    "plot_cumulative",
    "prepare_cumulative",
]

CUMULATIVE_TEXTS = ("text_when", "text_added", "text_k", "text_bayesian", "text_p", "text_classic")
"""Columns of text of `prepare_cumulative`, from left to right; the plot stands between the third and the fourth."""

_PLOT, _ROW, _GAP = 3.0, 0.26, 0.16  # inches
_SPREAD = 0.055  # Bayesian mark above, classic mark below the middle of a row
_MARGIN, _WIDEST_NAME = 0.2, 2.6
_HEAD, _ABOVE, _BELOW = 0.42, 0.42, 0.75
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_LEFT_TEXTS = 3


@dataclass(frozen=True, slots=True)
class CumulativeLabels:
    """The words around the plot, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, axis : str
        Above and below.
    heads : tuple of str
        Of the columns `CUMULATIVE_TEXTS`.
    directions : tuple of str
        Which arm effects left and right of no effect favour.
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale.
    notes : tuple of str
        What is what, what the probabilities are given, the order, undefined steps, and the provenance of the rows.
    """

    title: str
    axis: str
    heads: tuple[str, ...]
    directions: tuple[str, str]
    log: bool
    null: float
    notes: tuple[str, ...]


def prepare_cumulative(found: Cumulative) -> pd.DataFrame:
    """Put the steps of a cumulative meta-analysis into words.

    Parameters
    ----------
    found : Cumulative
        From `mutau.living.cumulative`.

    Returns
    -------
    DataFrame
        Its `to_frame` with the columns `CUMULATIVE_TEXTS`; ``frame.attrs["labels"]`` holds `CumulativeLabels`.
    """
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


def _labels(found: Cumulative) -> CumulativeLabels:
    model = found.fit.model
    measure, share = model.measure_record, percent(found.prob)
    return CumulativeLabels(
        title=plain(model.title),
        axis=measure.axis_label,
        heads=(
            plain(f"{found.order[:1].upper()}{found.order[1:]}"),
            "Trial added",
            "Trials",
            f"{measure.code}, median [{share}\ncredible interval]",
            "P(benefit)",
            f"{measure.code} [{share}\nconfidence interval]",
        ),
        directions=direction_words(model),
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        notes=tuple(plain(note) for note in _notes(found)),
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


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of text stand: inches of their left edges from the plot's left edge; widths in all."""

    places: tuple[float, ...]
    left: float
    right: float
    texts: tuple[tuple[str, ...], ...]


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
    labels = cast("CumulativeLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        columns = _columns(frame, labels)
        width = columns.left + _PLOT + columns.right
        notes = tuple(wrap(note, width, size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, width, lines=2, size=12, bold=True)
        ax = _new_axes(len(frame), columns, title, notes) if ax is None else ax
        _set_axes(ax, frame, labels)
        for row, step in enumerate(frame.to_dict("records")):
            _draw_mark(ax, step, "", row + 0.5 - _SPREAD / _ROW)
            _draw_mark(ax, step, "classic_", row + 0.5 + _SPREAD / _ROW)
        _draw_texts(ax, columns, labels)
        _draw_words(ax, columns, labels, title, notes)
    return ax


def _columns(frame: pd.DataFrame, labels: CumulativeLabels) -> _Columns:
    texts = [tuple(frame[name].astype(str)) for name in CUMULATIVE_TEXTS]
    texts[1] = tuple(wrap(text, _WIDEST_NAME, lines=1) for text in texts[1])
    widths = [
        max(text_width(head, bold=True), *(text_width(text) for text in column)) + _GAP
        for head, column in zip(labels.heads, texts, strict=True)
    ]
    left, right = sum(widths[:_LEFT_TEXTS]), sum(widths[_LEFT_TEXTS:])
    edges = np.cumsum([0.0, *widths[:-1]]) - left
    places = [float(x) + (_PLOT + _GAP if i >= _LEFT_TEXTS else 0.0) for i, x in enumerate(edges)]
    return _Columns(tuple(places), left, right + _GAP, tuple(texts))


def _new_axes(rows: int, columns: _Columns, title: str, notes: tuple[str, ...]) -> Axes:
    below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + _MARGIN
    above = _HEAD + _ABOVE + 0.23 * title.count("\n")
    width, height = 2 * _MARGIN + columns.left + _PLOT + columns.right, below + _ROW * rows + above
    figure = new_figure(width, height)
    left = _MARGIN + columns.left
    return figure.add_axes((left / width, below / height, _PLOT / width, _ROW * rows / height))


def _set_axes(ax: Axes, frame: pd.DataFrame, labels: CumulativeLabels) -> None:
    ends = ("estimate", "lower", "upper")
    drawn = [[*frame[name], *frame[f"classic_{name}"]] for name in ends]
    set_effect_axis(ax, *effect_limits(*drawn, null=labels.null, log=labels.log), log=labels.log)
    ax.set_ylim(len(frame), 0)
    ax.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.8, zorder=1)


def _draw_mark(ax: Axes, step: dict[Any, Any], of: str, y: float) -> None:
    """Draw an estimate with its interval, cut at the edges of the axis; nothing where there is none."""
    estimate, lower, upper = (step[f"{of}{name}"] for name in ("estimate", "lower", "upper"))
    colour, shape = (COLOURS["classic"], "s") if of else (COLOURS["bayesian"], "o")
    left, right = ax.get_xlim()
    if np.isfinite(lower) and np.isfinite(upper):
        ends = [min(max(limit, left), right) for limit in (lower, upper)]
        ax.plot(ends, [y, y], color=colour, linewidth=1.2, solid_capstyle="butt", zorder=2, clip_on=False)
        for end, arrow, cut in ((left, "<", lower < left), (right, ">", upper > right)):
            if cut:
                ax.plot([end], [y], marker=arrow, color=colour, markersize=4.5, zorder=4, clip_on=False)
    if left <= estimate <= right:
        ax.plot([estimate], [y], marker=shape, markersize=4, color=colour, linestyle="none", zorder=5)


def _draw_texts(ax: Axes, columns: _Columns, labels: CumulativeLabels) -> None:
    """Columns of text beside the plot, under their heads."""
    beside = blended_transform_factory(inches_from(ax, 0, 0), ax.transData)
    top = inches_from(ax, 0, 1)
    for x, head, texts in zip(columns.places, labels.heads, columns.texts, strict=True):
        _text(ax, x, 0.06, head, transform=top, va="bottom", weight="bold", linespacing=1.1)
        for row, text in enumerate(texts):
            _text(ax, x, row + 0.5, text, transform=beside, va="center")
    ends = [-columns.left, _PLOT + columns.right]
    ax.plot(ends, [0, 0], transform=top, color=COLOURS["raw"], linewidth=0.8, clip_on=False)


def _draw_words(
    ax: Axes, columns: _Columns, labels: CumulativeLabels, title: str, notes: tuple[str, ...]
) -> None:
    """Title, directions, axis name, notes."""
    top, bottom = (inches_from(ax, 0, y) for y in (1, 0))
    _text(ax, -columns.left, _HEAD + 0.1, title, transform=top, va="bottom", fontsize=12, weight="bold")
    ends = ((-0.02, "right"), (0.02, "left"))
    for text, (shift, align) in zip(labels.directions, ends, strict=True):
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
