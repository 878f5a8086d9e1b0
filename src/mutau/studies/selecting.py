"""Which contrasts a set of equality filters keeps, and what to say when nothing is left."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from mutau.errors import Fault, StudyDataError, nearest
from mutau.studies.build import Frames
from mutau.studies.columns import OWN_COLUMNS
from mutau.studies.notes import row_list
from mutau.studies.views import wide_view

__all__ = ["matching_contrasts", "repeated_studies"]

_LISTED = 12
"""How many existing values a message lists."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one column with the contrast each belongs to."""

    contrasts: tuple[int, ...]
    cells: tuple[object, ...]

    def holding(self, wanted: object) -> set[int]:
        pairs = zip(self.contrasts, self.cells, strict=True)
        return {contrast for contrast, cell in pairs if _equal(cell, wanted)}


def matching_contrasts(frames: Frames, filters: Mapping[str, object], source: str) -> list[int]:
    """Number the contrasts that every filter keeps; see `StudyTable.select`."""
    columns = _columns(frames)
    everything = {contrast for frame in frames.both for contrast in frame["contrast"].tolist()}
    kept, faults = set(everything), []
    for column, wanted in filters.items():
        if column not in columns:
            faults.append(_no_column(column, columns, source))
            continue
        found = columns[column].holding(wanted)
        if not found:
            faults.append(_no_value(column, wanted, columns[column], source))
        kept &= found
    if faults:
        raise StudyDataError(faults)
    if not kept:
        raise StudyDataError(_no_combination(filters, columns, everything, source))
    return sorted(kept)


def repeated_studies(frames: Frames, source: str) -> list[Fault]:
    """Name each study that stands in more than one contrast, its rows, and what tells them apart."""
    where: dict[str, dict[int, int]] = {}
    for frame in frames.both:
        for contrast, study, row in zip(frame["contrast"], frame["study"], frame["row"], strict=True):
            where.setdefault(str(study), {}).setdefault(int(contrast), int(row))
    repeated = {study: rows for study, rows in where.items() if len(rows) > 1}
    columns = _columns(frames) if repeated else {}
    return [
        Fault(
            f"{row_list(list(rows.values()))} are about the same study",
            "A model takes each study once",
            _how_to_choose(columns, set(rows)),
            file=source,
            row=next(iter(rows.values())),
            study=study,
        )
        for study, rows in repeated.items()
    ]


def _columns(frames: Frames) -> dict[str, _Cells]:
    """Columns that can be filtered on: of the wide view and of the estimates; then of the arms."""
    wide = wide_view(frames.arms, frames.arm_extras)
    treated = frames.arms[frames.arms["arm"] == "treatment"]
    wide_contrasts = treated["contrast"].tolist()
    parts = [
        *((name, wide_contrasts, wide[name]) for name in wide.columns),
        *((name, frames.estimates["contrast"].tolist(), cells) for name, cells in frames.estimates.items()),
    ]
    of_contrasts = {str(name) for name, _, _ in parts}
    parts += [
        (name, frames.arms["contrast"].tolist(), cells)
        for name, cells in frames.arms.items()
        if str(name) not in of_contrasts
    ]
    columns: dict[str, _Cells] = {}
    for name, contrasts, cells in parts:
        if not contrasts:
            continue
        before = columns.get(str(name), _Cells((), ()))
        columns[str(name)] = _Cells(
            (*before.contrasts, *contrasts), (*before.cells, *cells.astype(object).tolist())
        )
    return columns


def _is_number(value: object) -> bool:
    return isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_))


def _equal(cell: object, wanted: object) -> bool:
    if _is_number(cell) and _is_number(wanted):
        return bool(cell == wanted)
    return str(cell) == str(wanted)


def _existing(cells: _Cells, wanted: object = "") -> str:
    values = list(dict.fromkeys(str(cell) for cell in cells.cells if not _is_nan(cell)))
    close = difflib.get_close_matches(str(wanted), values, n=_LISTED, cutoff=0.3)
    ordered = [*close, *(value for value in values if value not in close)]
    more = f" and {len(ordered) - _LISTED} more" if len(ordered) > _LISTED else ""
    return ", ".join(f"'{value}'" for value in ordered[:_LISTED]) + more


def _is_nan(cell: object) -> bool:
    return isinstance(cell, float) and bool(np.isnan(cell))


def _no_column(column: str, columns: Mapping[str, _Cells], source: str) -> Fault:
    return Fault(
        f"there is no column '{column}' to select by",
        "A selection names columns of the table",
        nearest(column, tuple(columns)),
        file=source,
        column=column,
    )


def _no_value(column: str, wanted: object, cells: _Cells, source: str) -> Fault:
    existing = _existing(cells, wanted)
    return Fault(
        f"no row has '{wanted}' here",
        "A selection names values of the table exactly",
        f"Use one of {existing}" if existing else "The column is empty: leave it out of the selection",
        file=source,
        column=column,
    )


def _no_combination(
    filters: Mapping[str, object], columns: Mapping[str, _Cells], everything: Iterable[int], source: str
) -> Fault:
    """Each value occurs, but never together: say how many rows each keeps."""
    total = len(set(everything))
    counts = ", ".join(
        f"{column} = '{wanted}' keeps {len(columns[column].holding(wanted))} of {total}"
        for column, wanted in filters.items()
    )
    return Fault(
        f"no row has all of the values asked for ({counts})",
        "A selection keeps at least one study",
        "Change or leave out one of them",
        file=source,
    )


def _how_to_choose(columns: Mapping[str, _Cells], contrasts: set[int]) -> str:
    for name, cells in columns.items():
        values = {
            contrast: str(cell)
            for contrast, cell in zip(cells.contrasts, cells.cells, strict=True)
            if contrast in contrasts
        }
        if name not in OWN_COLUMNS and len(set(values.values())) == len(contrasts) == len(values):
            listed = ", ".join(f"'{value}'" for value in values.values())
            return f"Select one of them by the column '{name}', which says {listed}"
    return "Select one of them by a column in which they differ"
