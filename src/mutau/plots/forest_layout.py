"""Where everything on a forest plot stands, in inches, worked out from the widths of its texts before drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from mutau.plots.forest_styles import ForestStyle
from mutau.plots.forest_words import ForestLabels
from mutau.plots.scales import effect_limits
from mutau.plots.style import text_width, wrap

__all__ = [
    "GAP",
    "LINE",
    "MARGIN",
    "NOTE_LINE",
    "NOTE_SIZE",
    "PLOT_WIDTH",
    "Head",
    "Layout",
    "Line",
    "lay_out",
]

PLOT_WIDTH = 3.8
LINE = 0.165  # from one line of text to the next
GAP = 0.16  # between columns
MARGIN = 0.15
NOTE_SIZE = 7.5  # points
NOTE_LINE = 0.145

_STUDY_HEIGHT = 0.36  # room for the raw and the shrunken mark
_POOLED_HEIGHT = 0.25
_HEADING_HEIGHT = 0.33
_PADDING = 0.06  # above the first and below the last line
_NAME_WIDTH = (1.2, 2.4)
_NAME_LINES = 2
_ARM_WIDTH = (0.55, 1.0)
_LABEL_WIDTH = 4.2
_TICKS = 0.30  # the axis' numbers
_AXIS_NAME = 0.22
_TITLE = 0.62
_KEY_LINE = 0.175
KEY_COLUMNS = 3

_OF_STUDIES = ("treatment", "control", "weight")
"""Columns that only the lines of studies and their total fill."""

_HEADINGS = {
    "bayesian": "Bayesian: mean effect under each prior for tau",
    "classic": "Classic pooling",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plot.

    Parameters
    ----------
    kind : str
        The section, or ``"heading"``, ``"subgroup"``, ``"heterogeneity"``.
    texts : dict
        By column: label, treatment, control, weight, confidence, eti, p_benefit.
    marks : tuple of dict
        The rows of the frame whose intervals are drawn in it.
    middle, height : float
        Inches, from the top of the rows.
    """

    kind: str
    texts: dict[str, str]
    marks: tuple[dict[str, Any], ...]
    middle: float
    height: float


@dataclass(frozen=True, slots=True)
class Head:
    """A column: heading, edge it is aligned to (inches from the plot's left or right side), alignment."""

    column: str
    text: str
    x: float
    align: str
    side: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A forest plot's geometry in inches.

    Parameters
    ----------
    heads : tuple of Head
        The text columns from left to right.
    lines : tuple of Line
        From the top.
    left, right : float
        Room for the columns left and right of the plot.
    above, height, below : float
        Title and headings; rows; axis, key and footnotes.
    head_height : float
        Of the column headings alone.
    limits : tuple of float
        Of the effect axis, natural scale.
    directions : tuple of str
        Labels left and right of no effect, broken to fit.
    title, subtitle : str
        Cut to the width of the figure.
    notes : tuple of str
        Footnotes, broken to the width of the figure.
    key_top, notes_top : float
        Inches below the plot at which key and footnotes begin.
    """

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    left: float
    right: float
    above: float
    height: float
    below: float
    head_height: float
    limits: tuple[float, float]
    directions: tuple[str, str]
    title: str
    subtitle: str
    notes: tuple[str, ...]
    key_top: float
    notes_top: float

    @property
    def width(self) -> float:
        """Of the columns and the plot, without margins."""
        return self.left + PLOT_WIDTH + self.right

    @property
    def figure_size(self) -> tuple[float, float]:
        """Width and height of a figure that holds everything."""
        return self.width + 2 * MARGIN, self.above + self.height + self.below


def lay_out(frame: pd.DataFrame, look: ForestStyle) -> Layout:
    """Measure the texts of a prepared forest plot and place them.

    Parameters
    ----------
    frame : DataFrame
        From `mutau.plots.prepare_forest`.
    look : ForestStyle
        Which columns stand where, and how intervals are written.

    Returns
    -------
    Layout
        Everything in inches.
    """
    labels = cast("ForestLabels", frame.attrs["labels"])
    columns = _columns(frame, labels, look)
    heads, left, right = columns.heads, columns.left, columns.right
    lines, height = _lines(frame, labels, look, columns)
    width = left + PLOT_WIDTH + right
    head_height = 0.1 + LINE * max(1 + head.text.count("\n") for head in heads)
    limits = _limits(frame, labels)
    directions = _directions(labels, limits)
    direction_lines = max(1 + text.count("\n") for text in directions)
    if look.directions_above:
        head_height = max(head_height, 0.1 + LINE * direction_lines)
        direction_lines = 0
    key_top = _TICKS + LINE * direction_lines + _AXIS_NAME + 0.1
    notes_top = key_top + _KEY_LINE * math.ceil(_distinct_marks(frame) / KEY_COLUMNS) + 0.14
    cut = " An arrowhead says that an interval runs beyond the axis." if _any_cut(frame, limits) else ""
    *explained, provenance = labels.footnotes
    if labels.heterogeneity and not look.heterogeneity_inside:
        explained.append(labels.heterogeneity)
    explained[-1] += cut
    notes = tuple(wrap(note, width, size=NOTE_SIZE) for note in (*explained, provenance))
    note_lines = sum(1 + note.count("\n") for note in notes)
    return Layout(
        heads=heads,
        lines=lines,
        left=left,
        right=right,
        above=head_height + _TITLE,
        height=height,
        below=notes_top + NOTE_LINE * note_lines + MARGIN,
        head_height=head_height,
        limits=limits,
        directions=directions,
        title=wrap(labels.title, width, lines=1, size=12, bold=True),
        subtitle=wrap(labels.subtitle, width, lines=1),
        notes=notes,
        key_top=key_top,
        notes_top=notes_top,
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns' headings and the room they take.

    `left` and `right` are the room beside the plot; `name_width` is that of a study's name, `label_width` that of a
    line without data or weight.
    """

    heads: tuple[Head, ...]
    left: float
    right: float
    name_width: float
    label_width: float


def _columns(frame: pd.DataFrame, labels: ForestLabels, look: ForestStyle) -> _Columns:
    """Place the columns of a style on either side of the plot."""
    in_table = frame["section"].isin(["study", "total"])
    studies, pooled = frame[in_table], frame[~in_table]
    shown = _heads_of(labels, look)
    widths = {name: _column_width(name, shown[name], frame, studies, look) for name in shown}
    left_names = [name for name in look.left if name in shown]
    blank = [name for name in left_names if name in _OF_STUDIES]  # where a line without data may run on
    between = sum(GAP + widths[name] for name in blank)
    needed = max(
        text_width(str(text), bold=True) for text in [*studies["label"], *frame["subgroup"], "Study"]
    )
    label_needed = max(
        *(text_width(str(text)) for text in pooled["label"]),
        *(text_width(text, bold=True) for text in _HEADINGS.values()),
    )
    name_width = max(
        min(max(needed, _NAME_WIDTH[0]), _NAME_WIDTH[1]), min(label_needed, _LABEL_WIDTH) - between
    )
    left = name_width + sum(GAP + widths[name] for name in left_names) + GAP
    heads, x = [Head("label", "Study", -left, "left", "left")], name_width - left
    for name in left_names:
        x += GAP + widths[name]
        heads.append(Head(name, _wrap_head(shown[name], widths[name]), x, "right", "left"))
    x = 0.0
    for name in (name for name in look.right if name in shown):
        heads.append(Head(name, shown[name], x + GAP, "left", "right"))
        x += GAP + widths[name]
    return _Columns(tuple(heads), left, x, name_width, name_width + between)


def _heads_of(labels: ForestLabels, look: ForestStyle) -> dict[str, str]:
    """Heading of each column that the plot has."""
    arms = dict(zip(("treatment", "control"), labels.arms, strict=False))
    intervals = (look.written(text) for text in labels.interval_heads)
    confidence, credible = intervals
    return {**arms, "weight": "Weight", "confidence": confidence, "eti": credible, "p_benefit": "P(benefit)"}


def _column_width(
    name: str, head: str, frame: pd.DataFrame, studies: pd.DataFrame, look: ForestStyle
) -> float:
    """Width of a column: its widest text; the heading of an arm may be broken, others may not."""
    if name in ("treatment", "control"):
        widest = max(*(text_width(str(text), bold=True) for text in studies[name]), _ARM_WIDTH[0])
        longest_word = max(text_width(word, bold=True) for word in head.split())
        return max(widest, min(longest_word, _ARM_WIDTH[1]))
    own = text_width(head, bold=True)
    if name == "weight":
        return own
    cells = frame["p_benefit"] if name == "p_benefit" else frame.loc[frame["kind"] == name, "text"]
    return max(own, *(text_width(look.written(str(text))) for text in [*cells, "", ""]))


def _wrap_head(text: str, width: float) -> str:
    first, *rest = text.split("\n")
    return "\n".join([wrap(first, width, lines=3, bold=True), *rest])


def _lines(
    frame: pd.DataFrame, labels: ForestLabels, look: ForestStyle, columns: _Columns
) -> tuple[tuple[Line, ...], float]:
    """Stack the lines from the top; give them and their total height."""
    lines: list[Line] = []
    top, seen, subgroup = _PADDING, "", ""

    def add(kind: str, text: str, height: float, sunk: float) -> None:
        nonlocal top
        lines.append(Line(kind, {"label": text}, (), top + sunk * height, height))
        top += height

    for _, group in frame.groupby("row", sort=True):
        rows = [{str(key): value for key, value in row.items()} for row in group.to_dict("records")]
        section = str(rows[0]["section"])
        if section != seen and section in _HEADINGS:
            add("heading", _HEADINGS[section], _HEADING_HEIGHT, 0.62)
        if rows[0]["subgroup"] and rows[0]["subgroup"] != subgroup:
            subgroup = str(rows[0]["subgroup"])
            add("subgroup", wrap(subgroup, columns.label_width, lines=1, bold=True), _POOLED_HEIGHT, 0.6)
        seen = section
        line = _line(rows, section, look, columns, top)
        lines.append(line)
        top += line.height
        if section == "total" and look.heterogeneity_inside and labels.heterogeneity:
            said = wrap(labels.heterogeneity, columns.left - GAP)
            add("heterogeneity", said, LINE * (1 + said.count("\n")) + 0.1, 0.5)
    return tuple(lines), top + _PADDING


def _line(rows: list[dict[str, Any]], section: str, look: ForestStyle, columns: _Columns, top: float) -> Line:
    width = columns.name_width if section in ("study", "total") else columns.label_width
    label = wrap(rows[0]["label"], width, lines=_NAME_LINES)
    base = _STUDY_HEIGHT if section == "study" else _POOLED_HEIGHT
    height = max(base, LINE * (1 + label.count("\n")) + 0.06)
    texts = {name: str(rows[0][name]) for name in ("treatment", "control", "p_benefit")} | {"label": label}
    texts |= {str(row["kind"]): look.written(str(row["text"])) for row in rows if row["text"]}
    if np.isfinite(rows[0]["weight"]):
        texts["weight"] = f"{rows[0]['weight']:.1f}%"
    marks = tuple(row for row in rows if row["mark"] != "total")
    return Line(section, texts, marks, top + height / 2, height)


def _limits(frame: pd.DataFrame, labels: ForestLabels) -> tuple[float, float]:
    drawn = frame[frame["mark"] != "total"]
    estimates, lowers, uppers = (drawn[name].to_list() for name in ("estimate", "lower", "upper"))
    return effect_limits(estimates, lowers, uppers, null=labels.null, log=labels.log)


def _any_cut(frame: pd.DataFrame, limits: tuple[float, float]) -> bool:
    return bool(((frame["lower"] < limits[0]) | (frame["upper"] > limits[1])).any())


def _distinct_marks(frame: pd.DataFrame) -> int:
    return int(frame.loc[frame["mark"] != "total", "mark"].nunique())


def _directions(labels: ForestLabels, limits: tuple[float, float]) -> tuple[str, str]:
    """The direction labels, broken to the room on their side of no effect."""
    scale = math.log if labels.log else float
    start, end, null = (scale(value) for value in (*limits, labels.null))
    share = (null - start) / (end - start)
    rooms = (share * PLOT_WIDTH - 0.1, (1 - share) * PLOT_WIDTH - 0.1)
    left, right = (
        wrap(text, room, lines=3)
        for text, room in zip((f"← {labels.left}", f"{labels.right} →"), rooms, strict=True)
    )
    return left, right
