"""Reads and checks the columns of a table that a measure needs: every fault at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import ArgumentError, Fault, StudyDataError, nearest
from mutau.measures.registry import MEASURES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mutau.measures.record import Measure

__all__ = ["Inputs", "read_inputs"]

ALIASES: dict[str, tuple[str, ...]] = {
    "events_treatment": ("ai", "x1i"),
    "nonevents_treatment": ("bi",),
    "events_control": ("ci", "x2i"),
    "nonevents_control": ("di",),
    "nonevents": ("mi",),
    "person_time": ("time",),
}
"""Further names of columns, beside mutau's own and the letters that metafor has for a measure's inputs."""

VI_AGAINST_SEI = 0.05
"""Relative difference of vi from sei^2 above which they contradict each other (below it, they were
rounded)."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a measure needs, read from a table and checked.

    Parameters
    ----------
    columns : dict of str to ndarray, shape (k,)
        The measure's input columns; NaN in the rows whose effect is ready-made.
    ready : ndarray of bool, shape (k,)
        Rows that bring their own yi with sei or vi.
    yi, vi : ndarray, shape (k,)
        The ready-made effects; NaN elsewhere.
    labels : tuple of str
        Names of the studies, for messages.
    """

    columns: dict[str, NDArray[np.float64]]
    ready: NDArray[np.bool_]
    yi: NDArray[np.float64]
    vi: NDArray[np.float64]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    columns: tuple[str, ...]
    broken: Callable[..., NDArray[np.bool_]]
    rule: str
    remedy: str


_ABOVE = "Correct it or leave the study out"
_EACH: dict[str, tuple[Callable[..., NDArray[np.bool_]], str, str]] = {
    "events": (lambda a: a < 0, "Events are 0 or more", "Correct the count"),
    "pairs": (lambda x: x < 0, "A count of pairs is 0 or more", "Correct the count"),
    "predictors": (
        lambda p: p < 1,
        "A regression has at least one predictor",
        "Count the one of interest too",
    ),
    "n": (lambda n: n < 1, "An arm has at least one participant", "Correct the arm size"),
    "time": (lambda t: t <= 0, "Person-time is above 0", _ABOVE),
    "person": (lambda t: t <= 0, "Person-time is above 0", _ABOVE),
    "sd": (lambda s: s <= 0, "A standard deviation is above 0", _ABOVE),
    "r": (lambda r: np.abs(r) > 1, "A correlation lies between -1 and 1", "Check the report"),
}
"""What one number keeps, by the first word of its column's name."""


def _rules(inputs: tuple[str, ...]) -> list[_Rule]:
    """List the rules of a measure's columns: of each, then of events beside participants."""
    rules = [_Rule((name,), *_EACH[name.split("_")[0]]) for name in inputs if name.split("_")[0] in _EACH]
    for events in inputs:
        size = events.replace("events", "n", 1)
        if events.startswith("events") and size in inputs:
            remedy = "Check which of the two is wrong"
            rules.append(
                _Rule((events, size), lambda a, n: a > n, "Events cannot outnumber participants", remedy)
            )
    return rules


def read_inputs(
    frame: pd.DataFrame, measure: str, *, source: str | None = None, faults: list[Fault] | None = None
) -> tuple[Measure, Inputs]:
    """Read and check the columns that `measure` needs.

    Parameters
    ----------
    frame : DataFrame
        One row per study.
    measure : str
        Code of the measure.
    source : str, optional
        File name for messages.
    faults : list of Fault, optional
        Faults of other arguments, to be reported with those found here.

    Returns
    -------
    Measure, Inputs

    Raises
    ------
    ArgumentError
        If `faults` is not empty or the measure is unknown; carries the faults of the table too.
    StudyDataError
        If only the table is at fault.
    """
    argument_faults = list(faults or ())
    known = isinstance(measure, str) and measure in MEASURES
    if not known:
        remedy = nearest(str(measure), tuple(MEASURES))
        argument_faults.append(
            Fault(f"measure={measure!r}", "A measure is named by its code", remedy, key="measure")
        )
        raise ArgumentError(argument_faults)
    record = MEASURES[measure]
    inputs, table_faults = _read_cells(frame, record, source)
    if argument_faults:
        raise ArgumentError([*argument_faults, *table_faults])
    if table_faults:
        raise StudyDataError(table_faults)
    return record, inputs


def _read_cells(frame: pd.DataFrame, record: Measure, source: str | None) -> tuple[Inputs, list[Fault]]:
    faults: list[Fault] = []
    rows = _Rows(frame, source)
    needed = () if record.is_ready_made else record.inputs
    columns = {
        name: _number_column(frame, name, rows, faults, letters)
        for name, letters in zip(needed, record.letters, strict=False)
    }
    yi, vi = _ready_columns(frame, rows, faults)
    ready = np.isfinite(yi) & np.isfinite(vi)
    if needed:
        complete = np.logical_and.reduce([np.isfinite(column) for column in columns.values()])
        ready &= ~complete
    if not len(frame):
        faults.append(
            Fault(
                "a table without rows", "Effects need at least one study", "Check the selection", file=source
            )
        )
    faults.extend(_missing_cells(frame, columns, ready, record, rows))
    for rule in _rules(needed):
        cells = [np.where(ready, np.nan, columns[name]) for name in rule.columns]
        faults.extend(
            rows.fault(i, rule.columns[0], _quoted(rule.columns, cells, i), rule.rule, rule.remedy)
            for i in _positions(rule.broken(*cells))
        )
    blank = np.where(ready, 1.0, np.nan)
    kept = {name: np.where(ready, np.nan, column) for name, column in columns.items()}
    return Inputs(kept, ready, yi * blank, vi * blank, rows.labels), faults


def _positions(where: NDArray[np.bool_]) -> list[int]:
    return [int(i) for i in np.flatnonzero(where)]


def _quoted(columns: tuple[str, ...], cells: list[NDArray[np.float64]], i: int) -> str:
    return " with ".join(f"{name} {cell[i]:g}" for name, cell in zip(columns, cells, strict=True))


class _Rows:
    """Where a cell is, for messages."""

    def __init__(self, frame: pd.DataFrame, source: str | None) -> None:
        self.source = source
        by_name = "study" in frame.columns
        names = frame["study"] if by_name else frame.index
        self.labels = tuple(str(name) if by_name else f"row {name}" for name in names)
        self.lines: list[Any] = list(frame["row"]) if "row" in frame.columns else [None] * len(frame)

    def fault(self, i: int, column: str, what: str, rule: str, remedy: str) -> Fault:
        line = self.lines[i]
        row = int(line) if isinstance(line, int | float | np.number) and math.isfinite(line) else None
        return Fault(what, rule, remedy, file=self.source, row=row, study=self.labels[i], column=column)


def _named(frame: pd.DataFrame, name: str, letter: str = "") -> str | None:
    names = (name, letter, *ALIASES.get(name, ()))
    return next((given for given in names if given and given in frame.columns), None)


def _number_column(
    frame: pd.DataFrame, name: str, rows: _Rows, faults: list[Fault], letter: str = ""
) -> NDArray[np.float64]:
    """Read one column as float64, NaN where empty; a cell that is not a number, or infinite, is a fault."""
    given = _named(frame, name, letter)
    if given is None and name.split("_", maxsplit=1)[0] == "n":
        arm = name.removeprefix("n")
        events, others = f"events{arm}", f"nonevents{arm}"
        letters = "" if arm else "xi"
        if _named(frame, events, letters) and _named(frame, others):
            with_event = _number_column(frame, events, rows, [], letters)
            return with_event + _number_column(frame, others, rows, faults)
    if given is None:
        return np.full(len(frame), np.nan)
    values = np.full(len(frame), np.nan)
    for i, cell in enumerate(frame[given]):
        try:
            values[i] = float("nan" if cell is None else cell)
        except (TypeError, ValueError):
            missing = str(cell) in ("<NA>", "NaT", "")
            if not missing:
                faults.append(rows.fault(i, given, f"{cell!r}", "The cell holds a number", "Give a number"))
        if math.isinf(values[i]):
            faults.append(rows.fault(i, given, f"{cell!r}", "The number is finite", "Give a finite number"))
            values[i] = math.nan
    return values


def _ready_columns(
    frame: pd.DataFrame, rows: _Rows, faults: list[Fault]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    yi, vi, sei = (_number_column(frame, name, rows, faults) for name in ("yi", "vi", "sei"))
    if "yi" not in frame.columns:
        return np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    for name, values in (("vi", vi), ("sei", sei)):
        kind = "variance" if name == "vi" else "standard error"
        faults.extend(
            rows.fault(
                i, name, f"{name} {values[i]:g}", f"A {kind} is above 0", "Correct it or leave the study out"
            )
            for i in _positions(values <= 0)
        )
    both = np.isfinite(vi) & np.isfinite(sei) & (vi > 0) & (sei > 0)
    apart = both & (np.abs(np.where(both, vi, 1.0) / np.where(both, sei, 1.0) ** 2 - 1) > VI_AGAINST_SEI)
    faults.extend(
        rows.fault(
            i, "vi", f"vi {vi[i]:g} with sei {sei[i]:g}", "vi is the square of sei", "Keep one of them"
        )
        for i in _positions(apart)
    )
    return yi, np.where(np.isfinite(vi), vi, sei**2)


def _missing_cells(
    frame: pd.DataFrame,
    columns: dict[str, NDArray[np.float64]],
    ready: NDArray[np.bool_],
    record: Measure,
    rows: _Rows,
) -> list[Fault]:
    """Name what is missing: whole columns once, single cells per study."""
    if ready.all():
        return []
    faults = []
    if record.is_ready_made:
        absent = [name for name in ("yi",) if name not in frame.columns]
        absent += [] if {"vi", "sei"} & set(frame.columns) else ["sei"]
        if not absent:
            faults = [
                rows.fault(
                    i, "yi", "no yi with sei or vi", f"{record.name} is ready-made", "Fill in or leave out"
                )
                for i in _positions(~ready)
            ]
    else:
        absent = [
            name
            for name, letter in zip(record.inputs, record.letters, strict=True)
            if _named(frame, name, letter) is None and np.isnan(columns[name]).all()
        ]
        empty = [
            name for name, column in columns.items() if name not in absent and np.isnan(column[~ready]).all()
        ]
        if len(empty) > 1:
            what = f"no row has {', '.join(empty)}"
            remedy = "Check the measure and which rows are selected, or fill the columns"
            return [Fault(what, f"{record.code} needs {', '.join(record.inputs)}", remedy, file=rows.source)]
        faults = [
            rows.fault(
                i, name, "an empty cell", f"{record.code} needs {name}", "Fill it in or leave the study out"
            )
            for name, column in columns.items()
            if name not in absent
            for i in _positions(~np.isfinite(column) & ~ready)
        ]
    if absent:
        has = ", ".join(map(str, frame.columns)) or "none"
        rule = f"{record.code} needs the columns {', '.join(record.inputs)}, or ready-made yi with sei or vi"
        remedy = f"Add or rename columns; the table has {has}"
        if record.has_sides and {"events", "mean"} & set(frame.columns):
            remedy = "The table has one group in each row: add a column arm that says treatment or control, "
            remedy += "or take a measure of one group"
        faults.insert(0, Fault(f"no column {', '.join(absent)}", rule, remedy, file=rows.source))
    return faults
