"""The next trial drawn: the chance that it brings an answer, over its size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from mutau.errors import ArgumentError, Fault
from mutau.plots.forest_words import provenance_sentence
from mutau.plots.sheet import Look, SheetAxis, SheetLabels, draw_sheet, sheet_frame
from mutau.plots.style import plain
from mutau.tables import probability

if TYPE_CHECKING:
    from mutau.decisions import NextTrial
    from mutau.fitting import Fit

__all__ = ["plot_next_trial", "prepare_next_trial"]

_COLOURS = ("bayesian", "classic", "new", "published")
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1, 1.2), (5, 2, 1, 2))
_ROOM = 1.18  # the axis of sizes goes beyond the last by this factor, for the trial without end
_EDGE = 0.015  # of the axis of sizes, right of the mark of a trial without end
_FOOT, _STEP = 0.055, 0.045  # height of the first number beside its drop, and from one goal's to the next


def prepare_next_trial(fit: Fit, found: NextTrial) -> pd.DataFrame:
    """Say what stands where on a picture of the next trial.

    Parameters
    ----------
    fit : Fit
        The fit that was asked.
    found : NextTrial
        From `mutau.decisions.next_trial`, or ``mutau.decide(...).next_trial``.

    Returns
    -------
    DataFrame
        Marks, columns `SHEET_COLUMNS`, ``curve`` the goal: with j = 1, 2, ... for the goals in order, the line
        ``chance_j`` and its points ``size_j`` (the sizes asked about), the point ``limit_j`` at the right edge (a
        trial without end), and where the stated chance is reached the point ``needed_j`` with its ``drop_j`` to the
        axis and the ``number_j``; ``asked`` is that chance. ``frame.attrs["labels"]`` holds `SheetLabels`.

    Raises
    ------
    ArgumentError
        No size was asked about.
    """
    if found is None or not len(found.curve):
        what, rule = f"next trial of {fit.model.name}", "No size of a next trial was asked about"
        raise ArgumentError(Fault(what, rule, "State a level and sizes, see mutau.decisions.next_trial"))
    sizes = found.curve["size"]
    axis = SheetAxis(_size_name(fit), float(sizes.min()) / 1.08, float(sizes.max()) * _ROOM, log=True)
    edge = axis.upper / (axis.upper / axis.lower) ** _EDGE
    asked = float(found.needed["asked"].iloc[0])
    marks: list[dict[str, Any]] = [{"mark": "asked", "x": [axis.lower, axis.upper], "y": [asked, asked]}]
    looks: dict[str, Look] = {}
    colours = [(_COLOURS[g % 4], _DASHES[g % 4]) for g in range(len(found.goals))]
    for g, (colour, dashes) in enumerate(colours):
        j = g + 1
        marks += _marks(found, g, edge)
        looks |= {
            f"chance_{j}": Look(
                "line", colour, plain(str(found.goals[g])), dashes=dashes, width=1.6, order=4
            ),
            f"size_{j}": Look("points", colour, order=5),
            f"limit_{j}": Look("points", colour, marker=">", filled=False, order=5),
            f"drop_{j}": Look("line", colour, dashes=(1, 2), width=0.9, order=3),
            f"needed_{j}": Look("points", colour, marker="D", order=6),
            f"number_{j}": Look("text", colour),
        }
    looks["asked"] = Look("line", "rule", f"stated chance, {_percent(asked)}", width=0.9, order=1)
    here = {mark["mark"] for mark in marks}
    labels = SheetLabels(
        title=plain(f"{fit.model.title}: what one more trial may bring"),
        reading=_reading(fit, found),
        x=axis,
        y=SheetAxis("Chance that the trial brings it (assurance)", -0.02, 1.02),
        looks={name: look for name, look in looks.items() if name in here},
        notes=_notes(fit, found),
    )
    return sheet_frame(marks, labels)


def _marks(found: NextTrial, g: int, edge: float) -> list[dict[str, Any]]:
    """Give the marks of one goal."""
    goal, j, needed = str(found.goals[g]), g + 1, found.needed.iloc[g]
    rows = found.curve[found.curve["goal"] == goal].sort_values("size")
    curve: dict[str, Any] = {"curve": goal, "x": rows["size"].to_numpy(), "y": rows["chance"].to_numpy()}
    marks: list[dict[str, Any]] = [{"mark": f"chance_{j}", **curve}, {"mark": f"size_{j}", **curve}]
    marks.append({"mark": f"limit_{j}", "curve": goal, "x": edge, "y": float(rows["limit"].iloc[0])})
    size = float(needed["size"])
    reached = float(rows["chance"].iloc[0]) if needed["note"] else float(needed["asked"])
    if math.isfinite(size):
        foot = {"x": size * 1.015, "y": _FOOT + _STEP * g, "text": _needed_size(needed)}
        marks.append({"mark": f"drop_{j}", "curve": goal, "x": [size, size], "y": [-0.02, reached]})
        marks.append({"mark": f"needed_{j}", "curve": goal, "x": size, "y": reached})
        marks.append({"mark": f"number_{j}", "curve": goal, **foot})
    return marks


def _needed_size(needed: pd.Series[Any]) -> str:
    return f"{'≤ ' if needed['note'] else ''}{_size(float(needed['size']))}"


def _size(size: float) -> str:
    return f"{size:,.0f}" if size >= 20 or size == round(size) else f"{size:.3g}"


def _percent(chance: float) -> str:
    return f"{100 * chance:.3g}%"


def _counted(fit: Fit) -> str:
    return "person-time" if fit.model.likelihood == "poisson" else "participants"


def _size_name(fit: Fit) -> str:
    counted = _counted(fit)
    return f"{counted[:1].upper()}{counted[1:]} of the next trial, both arms together"


def _reading(fit: Fit, found: NextTrial) -> str:
    """Say for each goal which size reaches the stated chance, or what the largest one does."""
    counted, said = _counted(fit), []
    for goal, (_, needed) in zip(found.goals, found.needed.iterrows(), strict=True):
        rows = found.curve[found.curve["goal"] == str(goal)].sort_values("size")
        if math.isfinite(needed["size"]):
            reached = f"{_percent(needed['asked'])} chance with {_needed_size(needed)} {counted}"
        else:
            last = rows.iloc[-1]
            reached = f"chance {probability(last['chance'])} with {_size(last['size'])} {counted}"
        said.append(f"{goal}: {reached}")
    return plain("; ".join(said))


def _notes(fit: Fit, found: NextTrial) -> tuple[str, ...]:
    short = [
        goal
        for goal, size in zip(found.needed["goal"], found.needed["size"], strict=True)
        if math.isnan(size)
    ]
    said = [
        "Assurance: probability of the goal over what the trial may show, itself over the posterior of today; no "
        "power at an assumed effect. Triangles at the right edge: a trial without end."
    ]
    if len(short) < len(found.goals):
        said.append("Diamonds: the size at which the stated chance is reached, to within 2%.")
    if short:
        said.append(f"The stated chance is not reached by any of these sizes for {'; '.join(short)}.")
    now = found.curve.drop_duplicates("goal").set_index("goal")["probability_now"]
    states = {str(goal).rsplit(" ", 2)[0]: now[str(goal)] for goal in found.goals}
    said.append(f"Today: {'; '.join(f'{what} is {probability(p)}' for what, p in states.items())}.")
    given = [text for text in found.assumptions if not text.startswith("the loss")]  # no chance depends on it
    said.append(f"Taken for granted: {'; '.join(given)}.")
    return tuple(plain(note) for note in (*said, provenance_sentence(fit)))


def plot_next_trial(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the chance that one more trial brings an answer, over its size.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_next_trial`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Size of the trial (logarithmic) against the chance.
    """
    return draw_sheet(frame, ax)
