"""A specification curve: P(benefit) under every modelling choice, in order, and which choice each point is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.scales import tick_text
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, text_width, wrap
from mutau.tables import probability

if TYPE_CHECKING:
    from mutau.sensitivities import Multiverse, Specification

__all__ = [
    "SPECIFICATION_COLUMNS",
    "SpecificationLabels",
    "plot_specification_curve",
    "prepare_specification_curve",
]

SPECIFICATION_COLUMNS = ("rank", "number", "label", "row", "p_benefit", "counts", "own")
"""Columns of `prepare_specification_curve`, in order."""

_WIDTH, _CURVE = 6.4, 2.2  # inches, of the curve
_ROW = 0.19
_GAP, _LEFT, _RIGHT, _ABOVE, _BELOW = 0.12, 0.6, 0.25, 0.7, 0.3
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_MOST_OPTIONS = 6  # of one dimension; more share a row
_MOST_MISSING = 3
_WIDEST_NAME = 3.2  # inches


@dataclass(frozen=True, slots=True)
class SpecificationLabels:
    """The words around the plot. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title : str
        Above.
    chance : str
        The range of P(benefit), and whether its direction holds in all.
    rows : tuple of str
        Names of the rows under the curve, from the top.
    base : float
        P(benefit) of the model itself, a line.
    notes : tuple of str
        What the probabilities are given, what hollow points are, what could not be fitted.
    """

    title: str
    chance: str
    rows: tuple[str, ...]
    base: float
    notes: tuple[str, ...]


def prepare_specification_curve(multiverse: Multiverse) -> pd.DataFrame:
    """Put the fitted specifications in the order of P(benefit), each with the rows that mark it.

    Parameters
    ----------
    multiverse : Multiverse
        From `mutau.sensitivities.multiverse`.

    Returns
    -------
    DataFrame
        One row per specification and mark, columns `SPECIFICATION_COLUMNS`: ``rank`` from 1 by P(benefit), ``row``
        the name of the row under the curve that marks it (a dimension and option; a dimension with more than six
        options has one row), ``counts`` whether it counts in what is said of all, ``own`` whether it is the model
        itself. ``frame.attrs["labels"]`` holds `SpecificationLabels`.
    """
    names = _row_names(multiverse)
    ordered = sorted(multiverse.fitted, key=lambda each: (each.p_benefit, each.number))
    marks = [
        {
            "rank": rank,
            "number": each.number,
            "label": each.label,
            "row": name,
            "p_benefit": each.p_benefit,
            "counts": each.counts,
            "own": each.number == 0,
        }
        for rank, each in enumerate(ordered, start=1)
        for name in _marks(each, names)
    ]
    frame = pd.DataFrame(marks, columns=list(SPECIFICATION_COLUMNS))
    shown = set(frame["row"])
    rows = tuple(dict.fromkeys(name for name in names.values() if name in shown))
    frame.attrs["labels"] = _labels(multiverse, (multiverse.base.label, *rows))
    return frame


def _row_names(multiverse: Multiverse) -> dict[tuple[str, str], str]:
    """Name the row of every option, in the order in which the options first occur."""
    options: dict[str, list[str]] = {}
    for each in multiverse.fitted:
        for choice in each.choices:
            known = options.setdefault(choice.dimension, [])
            if choice.option not in known:
                known.append(choice.option)
    return {
        (
            dimension,
            option,
        ): f"{dimension}: {option if len(found) <= _MOST_OPTIONS else f'each of {len(found)}'}"
        for dimension, found in options.items()
        for option in found
    }


def _marks(each: Specification, names: dict[tuple[str, str], str]) -> list[str]:
    return [names[choice.dimension, choice.option] for choice in each.choices] or [each.label]


def _labels(multiverse: Multiverse, rows: tuple[str, ...]) -> SpecificationLabels:
    found, base = multiverse.conclusion(), multiverse.base
    more, less = ("benefit", "harm") if found.above else ("harm", "benefit")
    every = "both" if found.counted == 2 else f"all {found.counted}"
    share = every if found.holds else f"{found.holding} of {found.counted}"
    chance = (
        f"P(benefit) {probability(found.lowest.p_benefit)} to {probability(found.highest.p_benefit)}; "
        f"{more} more probable than {less} in {share} specifications"
    )
    given = (
        f"The model itself (line): {base.measure}, {base.likelihood} likelihood, mu ~ {base.mu_prior}, "
        f"tau ~ {base.tau_prior}. Probabilities are given unbiased trials."
    )
    notes = [given]
    if any(not each.counts for each in multiverse.fitted):
        notes.append("Hollow: a single study is left, which tells what the prior says; not counted above.")
    missing = multiverse.unfitted
    notes += [f"Not fitted: {each.label}: {each.reason}" for each in missing[:_MOST_MISSING]]
    if len(missing) > _MOST_MISSING:
        notes.append(f"Not fitted: {len(missing) - _MOST_MISSING} more, each with its reason in the table.")
    notes.append(f"Provenance of the data: {base.provenance}.")
    return SpecificationLabels(
        plain(multiverse.title), chance, tuple(map(plain, rows)), base.p_benefit, tuple(map(plain, notes))
    )


def plot_specification_curve(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw P(benefit) of every specification in order, and under it which choice each one is.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_specification_curve`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Specifications by rank against P(benefit); rows of marks hang below the axis.
    """
    labels = cast("SpecificationLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        names = [wrap(name, _WIDEST_NAME, lines=1, size=_NOTE_SIZE) for name in labels.rows]
        room = max(_LEFT, max(text_width(name, size=_NOTE_SIZE) for name in names) + 0.2)
        notes = tuple(wrap(note, room + _WIDTH - 0.1, size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, _WIDTH, lines=2, size=12, bold=True)
        ax = _new_axes(room, len(names), title, notes) if ax is None else ax
        _set_axes(ax, frame)
        _draw_curve(ax, frame, labels)
        _draw_marks(ax, frame, labels, names)
        _draw_words(ax, labels, title, notes, len(names), room)
    return ax


def _new_axes(room: float, rows: int, title: str, notes: tuple[str, ...]) -> Axes:
    below = _GAP + _ROW * rows + _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes)
    above = _ABOVE + 0.23 * title.count("\n")
    width, height = room + _WIDTH + _RIGHT, below + _CURVE + above
    figure = new_figure(width, height)
    return figure.add_axes((room / width, below / height, _WIDTH / width, _CURVE / height))


def _set_axes(ax: Axes, frame: pd.DataFrame) -> None:
    """Ranks without ticks; probabilities from a round number below the smallest to 1."""
    ax.set_xlim(0.25, frame["rank"].max() + 0.75)
    ax.xaxis.set_visible(False)
    low = max(0.0, (frame["p_benefit"].min() * 20 // 1 - 1) / 20)
    room = 0.03 * (1.0 - low)
    ax.set_ylim(low - room, 1.0 + room)
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= 1.0]
    ax.set_yticks(ticks, labels=[tick_text(round(float(tick), 10)) for tick in ticks])
    ax.set_ylabel("P(benefit)")
    for side in ("right", "top", "bottom"):
        ax.spines[side].set_visible(False)
    for tick in ticks:
        ax.axhline(tick, color=COLOURS["faint"], linewidth=0.6, zorder=0)


def _colour(own: bool) -> str:
    return COLOURS["raw"] if own else COLOURS["bayesian"]


def _draw_curve(ax: Axes, frame: pd.DataFrame, labels: SpecificationLabels) -> None:
    ax.axhline(labels.base, color=COLOURS["raw"], linewidth=0.8, zorder=1)
    for _, point in frame.drop_duplicates("rank").iterrows():
        face = _colour(point["own"]) if point["counts"] else "#FFFFFF"
        ax.plot(
            [point["rank"]],
            [point["p_benefit"]],
            marker="D" if point["own"] else "o",
            markersize=5.5 if point["own"] else 4.5,
            markerfacecolor=face,
            markeredgecolor=_colour(point["own"]),
            linestyle="none",
            zorder=3,
        )


def _draw_marks(ax: Axes, frame: pd.DataFrame, labels: SpecificationLabels, names: list[str]) -> None:
    """One line of marks for each row, in inches below the axis; its name to the left."""
    corner = inches_from(ax, 0, 0)
    first, last = ax.get_xlim()
    per_rank = _WIDTH / (last - first)
    for place, (row, name) in enumerate(zip(labels.rows, names, strict=True)):
        y = -_GAP - _ROW * (place + 0.5)
        ax.plot([0, _WIDTH], [y, y], transform=corner, color=COLOURS["faint"], linewidth=0.6, clip_on=False)
        _text(ax, -0.08, y, name, transform=corner, ha="right", va="center", fontsize=_NOTE_SIZE)
        for _, mark in frame[frame["row"].map(plain) == row].iterrows():
            x = (mark["rank"] - first) * per_rank
            ax.plot(
                [x], [y],
                transform=corner, marker="D" if mark["own"] else "s", markersize=4, linestyle="none",
                markerfacecolor=_colour(mark["own"]) if mark["counts"] else "#FFFFFF",
                markeredgecolor=_colour(mark["own"]), clip_on=False, zorder=3,
            )  # fmt: skip


def _draw_words(
    ax: Axes, labels: SpecificationLabels, title: str, notes: tuple[str, ...], rows: int, room: float
) -> None:
    top_left, bottom_left = (inches_from(ax, 0, y) for y in (1, 0))
    _text(ax, 0, 0.4, title, transform=top_left, fontsize=12, weight="bold", va="bottom")
    chance = wrap(labels.chance, _WIDTH, lines=1, bold=True)
    _text(ax, 0, 0.14, chance, transform=top_left, weight="bold", va="bottom", color=COLOURS["bayesian"])
    y = -_GAP - _ROW * rows - 0.14
    for note in notes:
        _text(
            ax, -room + 0.1, y, note, transform=bottom_left, va="top", fontsize=_NOTE_SIZE, linespacing=1.15
        )
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
