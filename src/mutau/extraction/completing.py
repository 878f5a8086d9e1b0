"""A sheet as it was extracted in, a table that can be analysed out, and which cell was derived by which formula."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from mutau.errors import ArgumentError, Fault, StudyDataError
from mutau.extraction.clusters import design_effect, effective_count, inflated_se
from mutau.extraction.columns import Sheet, recognise_sheet
from mutau.extraction.given import Printed, chosen
from mutau.extraction.recipes import Recipe, recipes
from mutau.extraction.record import Derived
from mutau.studies import StudyTable
from mutau.studies.cells import is_missing
from mutau.studies.columns import ARMS, DERIVED, KINDS, NOT_STATED
from mutau.studies.reading import RawRow, RawTable, raw_from_csv, raw_from_frame, read_bytes
from mutau.symbols import plain_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Completed", "complete"]

_PARTLY = ", partly derived"
_LOG = ("row", "study", "cell", "value", "lower", "upper", "formula", "source", "notes")
_LEFT = ("row", "study", "cell", "reason")


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """A sheet whose missing cells were derived as far as they can be.

    Parameters
    ----------
    frame : DataFrame
        The sheet with all its columns, missing cells filled, and columns added where there were none. ``derived``
        names the derived cells of a row, ``note`` has their formulas, ``provenance`` says that it is partly derived.
    log : DataFrame
        One row per derived cell: row (line of the file), study, cell (column), value, lower and upper (by rounding;
        NaN where not known), formula, source, notes.
    left : DataFrame
        Cells that were not derived although something is known of them: row, study, cell, reason.
    source : str
        The file's name.
    """

    frame: pd.DataFrame
    log: pd.DataFrame
    left: pd.DataFrame
    source: str

    def studies(self) -> StudyTable:
        """Read the completed sheet as a table of studies, with all its checks.

        Returns
        -------
        StudyTable
            Its notes say which cells are derived. Its rows count from 1.

        Raises
        ------
        StudyDataError
            What is still missing or wrong: every fault at once.
        """
        return StudyTable.from_frame(self.frame, self.source)


@dataclass(slots=True)
class _Row:
    """One row at work: its cells by the columns' own names, and what was derived so far."""

    number: int
    study: str
    cells: dict[str, Printed]
    found: dict[str, Derived] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def complete(
    sheet: str | os.PathLike[str] | pd.DataFrame,
    *,
    correlation: Printed | None = None,
    skewed: Literal["leave", "derive"] = "leave",
    source: str = "table",
) -> Completed:
    """Derive what a sheet of extracted numbers lacks for an analysis, cell by cell, with formula and source.

    Parameters
    ----------
    sheet : path-like or DataFrame
        A CSV file as `mutau.read_studies` reads, wide (a row per study, columns of the arms with ``_treatment`` and
        ``_control``) or long (a row per arm), with empty cells where the report does not print a number and further
        columns for what it prints instead. Of an arm: ``se``; ``ci_lower``, ``ci_upper``; ``median`` with ``q1``,
        ``q3`` and/or ``minimum``, ``maximum``; ``percent`` of n; ``mean_baseline``, ``mean_final``, ``sd_baseline``,
        ``sd_final``. Of a row: ``odds_ratio`` (or, rr, hr, irr, rd, md and their full names), also with ``_lower``,
        ``_upper``, ``_p``, ``_t``, ``_se`` (of ratios the logarithm's); ``events_total``; ``ci_level`` (percent, 95
        where missing); ``r``; ``icc``, ``cluster_size``, ``cluster_cv``. What is text keeps its digits, so that the
        range which rounding leaves is known.
    correlation : float or str, optional
        Of baseline and final values, for rows without ``r``. None: standard deviations of changes are then left.
    skewed : {"leave", "derive"}
        What to do with quantiles in which the test of Shi et al. (2023) finds skewness.
    source : str
        What messages call a DataFrame.

    Returns
    -------
    Completed
        Cells that were given are never replaced, but for one case: where a row has ``icc`` and ``cluster_size``, its
        counts (or standard error) become the effective ones, counts rounded to whole numbers.

    Raises
    ------
    ArgumentError
        An unknown `skewed`, or a correlation not between -1 and 1.
    StudyDataError
        A cell that something should be derived from and that is no number, or breaks its rule: every fault at once.

    Notes
    -----
    Of several ways to a standard deviation the first of these is taken: standard error, confidence interval,
    quantiles, standard deviations at both times with their correlation, the difference between both arms. A 2x2 table
    goes before a ready-made effect. Nothing is taken from other studies.

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame(
    ...     {"study": ["A"], "n_treatment": ["50"], "mean_treatment": ["8.4"], "se_treatment": ["0.60"],
    ...      "n_control": ["52"], "mean_control": ["10.9"], "sd_control": ["4.7"]})
    >>> done = complete(sheet)
    >>> done.log[["cell", "value", "formula"]]
               cell     value                      formula
    0  sd_treatment  4.242641  SD = SE × √n = 0.60 × √50
    >>> done.studies().arms["sd"].round(2).tolist()
    [4.24, 4.7]
    """
    import pandas as pd

    chosen("skewed", skewed, ("leave", "derive"))
    if isinstance(sheet, pd.DataFrame):
        raw = raw_from_frame(sheet, source)
    else:
        raw = raw_from_csv(read_bytes(sheet), os.fspath(sheet))
    layout, faults = recognise_sheet(raw)
    faults = [*raw.faults, *faults]
    ways = recipes(layout.long)
    rows = [_row(each, layout, correlation) for each in raw.rows]
    for row in rows:
        _fill(row, ways, layout, skewed)
        _shrink(row, layout)
        row.left |= _lacking(row, ways, layout)
        _drop_needless(row)
        faults += [
            replace(fault, file=raw.source, row=row.number, study=row.study or None) for fault in row.faults
        ]
    if faults:
        raise StudyDataError(sorted(faults, key=lambda fault: fault.row or 0))
    log = [_logged(row, cell, one) for row in rows for cell, one in row.found.items()]
    left = [(row.number, row.study, cell, reason) for row in rows for cell, reason in row.left.items()]
    return Completed(
        _frame(raw, layout, rows),
        pd.DataFrame(log, columns=list(_LOG)),
        pd.DataFrame(left, columns=list(_LEFT)),
        raw.source,
    )


def _row(raw: RawRow, layout: Sheet, correlation: Printed | None) -> _Row:
    cells: dict[str, Printed] = {}
    for name, place in layout.place.items():
        cell = raw.cells[place]
        if is_missing(cell):
            continue
        cells[name] = cell if isinstance(cell, (str, float, int)) else str(cell)
    if correlation is not None:
        cells.setdefault("r", correlation)
    return _Row(raw.number, str(cells.get("study", "")).strip(), cells)


def _has_arms(row: _Row) -> bool:
    """Say whether something of an arm is known that would stand beside a ready-made effect."""
    return any(f"{mark}_{arm}" in row.cells for kind in KINDS for mark in kind.marks for arm in ARMS)


def _fill(row: _Row, ways: tuple[Recipe, ...], layout: Sheet, skewed: str) -> None:
    """Try all ways until none fills anything more; what was tried in vain is not tried again."""
    tried: set[int] = set()
    again = True
    while again:
        again = False
        for place, way in enumerate(ways):
            wanted = [cell for cell in way.fills if cell not in row.cells and not _stands_for(cell, row)]
            needed = (*way.takes.values(), *way.beside)
            ready = wanted and place not in tried and all(cell in row.cells for cell in needed)
            if not ready or (way.alone and _has_arms(row)):
                continue
            tried.add(place)
            again = _use(row, way, wanted, layout, skewed) or again


def _stands_for(cell: str, row: _Row) -> bool:
    return cell == "sei" and "vi" in row.cells


def _use(row: _Row, way: Recipe, wanted: list[str], layout: Sheet, skewed: str) -> bool:
    columns = {**way.takes, **{name: cell for name, cell in way.may_take.items() if cell in row.cells}}
    try:
        made = way.make(**{name: row.cells[cell] for name, cell in columns.items()})
    except ArgumentError as error:
        named = {name: layout.given.get(cell, cell) for name, cell in columns.items()}
        row.faults += [replace(fault, key=None, column=named.get(fault.key or "")) for fault in error.faults]
        return False
    found = made if isinstance(made, Mapping) else dict.fromkeys(way.fills, made)
    for cell in wanted:
        reason = _unusable(found[cell], skewed)
        if reason:
            row.left.setdefault(cell, reason)
            continue
        row.left.pop(cell, None)
        row.found[cell] = found[cell]
        row.cells[cell] = found[cell]
    return any(cell in row.cells for cell in wanted)


def _unusable(derived: Derived, skewed: str) -> str:
    if math.isnan(derived.value):
        return "; ".join(derived.notes)
    found = next((note for note in derived.notes if "do not rely on it" in note), "")
    return found if skewed == "leave" else ""


def _shrink(row: _Row, layout: Sheet) -> None:
    """Make the counts of a cluster trial, or its standard error, effective ones, unless that was done before."""
    if not {"icc", "cluster_size"} <= set(row.cells):
        return
    names = {"icc": "icc", "cluster_size": "cluster_size", "cv": "cluster_cv"}
    done = {each.strip() for each in str(row.cells.get(DERIVED, "")).split(";")}
    arms = [""] if layout.long else [f"_{arm}" for arm in ARMS]
    counts = [f"{name}{arm}" for arm in arms for name in ("events", "nonevents", "n")]
    try:
        given = {name: row.cells[cell] for name, cell in names.items() if cell in row.cells}
        design = design_effect(**given)
        for cell in counts:
            if cell in row.cells and cell not in done:
                found = effective_count(row.cells[cell], design, what=cell.partition("_")[0])
                _put(row, cell, _whole(found, cell))
        for arm in arms:
            _add_up(row, arm)
        if "sei" in row.cells and "sei" not in done:
            _put(row, "sei", inflated_se(row.cells["sei"], design))
    except ArgumentError as error:
        columns = {name: layout.given.get(cell, cell) for name, cell in names.items()}
        row.faults += [
            replace(fault, key=None, column=columns.get(fault.key or "")) for fault in error.faults
        ]


def _add_up(row: _Row, arm: str) -> None:
    """Keep events and non-events at n participants after each was rounded."""
    events, others, n = (row.found.get(f"{name}{arm}") for name in ("events", "nonevents", "n"))
    if events is None or others is None or n is None or events.value + others.value == n.value:
        return
    step = f"nonevents = n − events = {n.value:g} − {events.value:g}"
    _put(
        row,
        f"nonevents{arm}",
        replace(others, value=n.value - events.value, steps=(*others.steps[:-1], step)),
    )


def _put(row: _Row, cell: str, derived: Derived) -> None:
    row.cells[cell] = row.found[cell] = derived


def _whole(derived: Derived, cell: str) -> Derived:
    """Round a count, which a table holds as a whole number, and say so."""
    value = max(math.floor(derived.value + 0.5), 1 if cell.startswith("n_") or cell == "n" else 0)
    step = (
        f"{derived.steps[-1]} = {derived.value:.6g}, rounded to {value}, because a table holds whole counts"
    )
    return replace(derived, value=float(value), steps=(*derived.steps[:-1], step), notes=())


def _lacking(row: _Row, ways: tuple[Recipe, ...], layout: Sheet) -> dict[str, str]:
    """Say of cells that are still missing what else would be needed, where the first ingredient is there."""
    nearest: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for way in ways:
        start, *others = way.takes.values()
        missing = [cell for cell in others if cell not in row.cells]
        if start not in row.cells or not missing or (way.alone and _has_arms(row)):
            continue
        for cell in way.fills:
            known = cell in row.cells or cell in row.left or _stands_for(cell, row)
            if not known and (cell not in nearest or len(missing) < len(nearest[cell])):
                nearest[cell], first[cell] = missing, start
    return {
        cell: f"'{layout.given.get(first[cell], first[cell])}' alone does not give it: {_listed(missing)} missing"
        for cell, missing in nearest.items()
    }


def _drop_needless(row: _Row) -> None:
    """Ask nothing of the arms where a ready-made effect is complete, and no effect where the arms are in use."""
    ready = "yi" in row.cells and ("sei" in row.cells or "vi" in row.cells)
    for cell in [cell for cell in row.left if ready and cell.endswith(tuple(ARMS))]:
        del row.left[cell]


def _listed(cells: list[str]) -> str:
    return ", ".join(f"'{cell}'" for cell in cells)


def _logged(row: _Row, cell: str, one: Derived) -> tuple[object, ...]:
    notes = "; ".join(one.notes)
    return (row.number, row.study, cell, one.value, one.lower, one.upper, one.formula, one.source, notes)


def _frame(raw: RawTable, layout: Sheet, rows: list[_Row]) -> pd.DataFrame:
    """Write the sheet with what was derived; every cell that was given stays as it was, text included."""
    import pandas as pd

    columns = {name: [each.cells[i] for each in raw.rows] for i, name in enumerate(raw.header)}
    for cell in dict.fromkeys(cell for row in rows for cell in row.found):
        name = layout.given.get(cell, cell)
        column = columns.setdefault(name, [None] * len(rows))
        for i, row in enumerate(rows):
            if cell in row.found:
                value = row.found[cell].value
                column[i] = (
                    int(value) if cell.startswith(("events", "nonevents", "n_")) or cell == "n" else value
                )
    if any(row.found for row in rows):
        _remark(columns, layout, rows)
    return pd.DataFrame(columns, dtype=object)


def _remark(columns: dict[str, list[object]], layout: Sheet, rows: list[_Row]) -> None:
    for name in ("provenance", "note", DERIVED):
        columns.setdefault(layout.given.get(name, name), [""] * len(rows))
    provenance, note, derived = (
        columns[layout.given.get(name, name)] for name in ("provenance", "note", DERIVED)
    )
    for i, row in enumerate(rows):
        if not row.found:
            continue
        said = str("" if is_missing(provenance[i]) else provenance[i]) or NOT_STATED
        provenance[i] = said if said.endswith(_PARTLY) else f"{said}{_PARTLY}"
        formulas = [f"{cell}: {_with_range(one)} ({one.source})" for cell, one in row.found.items()]
        note[i] = "; ".join([*_known(note[i]), *formulas])
        derived[i] = "; ".join(dict.fromkeys([*_known(derived[i]), *row.found]))


def _with_range(one: Derived) -> str:
    return f"{one.formula}, {one.range_in_words}" if one.range_in_words else one.formula


def _known(cell: object) -> list[str]:
    text = "" if is_missing(cell) else plain_number(str(cell))[0]
    return [text] if text else []
