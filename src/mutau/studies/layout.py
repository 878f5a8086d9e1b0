"""Which shape a table has and which of its columns is which, told from the header alone."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mutau.errors import Fault
from mutau.studies.columns import (
    ARM_VALUES,
    ARMS,
    ESTIMATE_COLUMNS,
    KEYS,
    KINDS,
    LONG_COLUMNS,
    OWN_COLUMNS,
    REMARKS,
    WIDE_COLUMNS,
    ArmName,
    Column,
    normalised,
    wide_name,
)
from mutau.studies.reading import RawTable

__all__ = ["Layout", "Shape", "recognise"]

type Shape = Literal["wide", "long", "estimates"]

_SHAPES_IN_WORDS = (
    "wide (study, events_treatment, n_treatment, events_control, n_control; or mean_, sd_ and n_), "
    "long (study, arm, events, n; or mean, sd, n) or estimates (study, yi, with sei or vi)"
)
_VALUE_NAMES = frozenset(column.name for column in ARM_VALUES)
_WIDE_VALUES = frozenset(wide_name(value, arm) for value in _VALUE_NAMES for arm in ARMS)
_WIDE_NAMES = frozenset(column.name for column in WIDE_COLUMNS)
_LONG_NAMES = frozenset(column.name for column in LONG_COLUMNS)
_RESERVED: Mapping[str, frozenset[str]] = {
    "wide": _LONG_NAMES - _WIDE_NAMES,
    "long": _WIDE_NAMES - _LONG_NAMES,
    "estimates": frozenset(),
}
"""Names that no carried column may bear, because the other view of the table has a column of that name."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a table.

    Parameters
    ----------
    shape : {"wide", "long", "estimates"}
        A wide or long table may also hold rows with a ready-made ``yi``.
    columns : tuple of Column
        The known columns that are there.
    position : mapping
        From a known column's name to its place in a row.
    given : mapping
        From a known column's name to its name in the table, for messages.
    extras : mapping
        From the name of a column that is carried along to its place in a row.
    """

    shape: Shape
    columns: tuple[Column, ...]
    position: Mapping[str, int]
    given: Mapping[str, str]
    extras: Mapping[str, int]

    def value_column(self, value: str, arm: ArmName) -> str:
        """Name the known column that holds `value` of `arm` in this shape."""
        return wide_name(value, arm) if self.shape == "wide" else value


def recognise(raw: RawTable) -> tuple[Layout | None, list[Fault]]:
    """Tell the shape of a table and find its columns.

    Parameters
    ----------
    raw : RawTable
        As read.

    Returns
    -------
    layout : Layout or None
        None where the header does not say enough to read the rows at all.
    faults : list of Fault
        Everything wrong with the header.
    """
    names = _usable_names(raw)
    shape = _shape(names.values())
    if shape is None:
        return None, [*_repeated(raw, names), _shapeless(raw, names)]
    known = _known_columns(shape, names.values())
    position, faults = _assign(known, names, raw)
    extras = {
        name: place
        for place, name in names.items()
        if place not in position.values() and normalised(name) not in OWN_COLUMNS
    }
    given = {column: raw.header[place] for column, place in position.items()}
    columns = tuple(column for column in known if column.name in position)
    layout = Layout(shape, columns, position, given, extras)
    faults = [*_repeated(raw, names), *faults, *_unnamed(raw), *_reserved(layout, raw)]
    return layout, [*faults, *_missing(layout, raw)]


def _usable_names(raw: RawTable) -> dict[int, str]:
    return {place: name for place, name in enumerate(raw.header) if name}


def _matching(column: Column, names: Iterable[str]) -> bool:
    wanted = {column.name, *column.aliases}
    return any(normalised(name) in wanted for name in names)


def _shape(names: Iterable[str]) -> Shape | None:
    given = list(names)
    estimates = _matching(ESTIMATE_COLUMNS[0], given)
    found = {column.name for column in WIDE_COLUMNS if _matching(column, given)} & _WIDE_VALUES
    paired = any({wide_name(value, arm) for arm in ARMS} <= found for value in _VALUE_NAMES)
    if paired or (found and not estimates):
        return "wide"
    long = {column.name for column in LONG_COLUMNS if _matching(column, given)}
    if "arm" in long and long & _VALUE_NAMES:
        return "long"
    return "estimates" if estimates else None


def _known_columns(shape: Shape, names: Iterable[str]) -> tuple[Column, ...]:
    """List the columns looked for; those of estimates only where there is a ``yi``, and not arm by arm."""
    shapes = {"wide": WIDE_COLUMNS, "long": LONG_COLUMNS, "estimates": (*KEYS, *REMARKS)}
    estimates = shape != "long" and _matching(ESTIMATE_COLUMNS[0], names)
    return (*shapes[shape], *(ESTIMATE_COLUMNS if estimates else ()))


def _assign(
    known: tuple[Column, ...], names: Mapping[int, str], raw: RawTable
) -> tuple[dict[str, int], list[Fault]]:
    """Give each known column its place.

    Two columns that may both be the same number are a fault; of two that may both be the same text the
    one listed first in the aliases is taken and the other is carried along.
    """
    position: dict[str, int] = {}
    faults: list[Fault] = []
    for column in known:
        wanted = (column.name, *column.aliases)
        found = sorted(
            (wanted.index(normalised(name)), place)
            for place, name in names.items()
            if normalised(name) in wanted and place not in position.values()
        )
        if not found:
            continue
        position[column.name] = found[0][1]
        clash = [names[place] for _, place in found]
        if len(set(clash)) > 1 and column.rule is not None:
            faults.append(
                Fault(
                    f"columns {_listed(clash)} would all be '{column.name}'",
                    "Each number has one column",
                    "Remove or rename all but one",
                    file=raw.source,
                )
            )
    return position, faults


def _repeated(raw: RawTable, names: Mapping[int, str]) -> list[Fault]:
    return [
        Fault(
            f"{times} columns have this name",
            "Every column has its own name",
            "Remove or rename all but one",
            file=raw.source,
            column=name,
        )
        for name, times in Counter(names.values()).items()
        if times > 1
    ]


def _unnamed(raw: RawTable) -> Iterator[Fault]:
    for place, name in enumerate(raw.header):
        if not name and any(str(row.cells[place]).strip() for row in raw.rows):
            yield Fault(
                f"column {place + 1} has cells but no name",
                "Every column has a name in the header",
                "Name it or empty it",
                file=raw.source,
            )


def _reserved(layout: Layout, raw: RawTable) -> list[Fault]:
    """Refuse to carry a column that would bear the name of one of mutau's own."""
    return [
        Fault(
            f"in a table of {layout.shape} shape this column has no meaning, and its name is mutau's own",
            f"Tables are {_SHAPES_IN_WORDS}",
            "Rename it, or give the whole table the other shape",
            file=raw.source,
            column=name,
        )
        for name in layout.extras
        if name in _RESERVED[layout.shape]
    ]


def _shapeless(raw: RawTable, names: Mapping[int, str]) -> Fault:
    have = _listed(names.values()) if names else "no column names"
    return Fault(
        f"the header ({have}) is of no known shape",
        f"Tables are {_SHAPES_IN_WORDS}; metafor's and RevMan's names are known too",
        "Rename the columns so that one of these is complete; the header is the first line",
        file=raw.source,
        row=1,
    )


def _missing(layout: Layout, raw: RawTable) -> Iterator[Fault]:
    """Name the columns that the ones present call for."""
    if "study" not in layout.position:
        yield _missing_column(("study",), "A table has a column that names each study", layout, raw)
    if "yi" in layout.position and not {"sei", "vi"} & set(layout.position):
        yield _missing_column(("sei", "vi"), "A ready-made yi has a standard error or variance", layout, raw)
    arms: tuple[ArmName, ...] = {"wide": ARMS, "long": ARMS[:1], "estimates": ()}[layout.shape]
    for kind in KINDS:
        marks = {layout.value_column(mark, arm) for mark in kind.marks for arm in arms}
        if not marks & set(layout.position):
            continue
        needs = [
            (*need, "nonevents") if "n" in need and kind.name == "counts" else need for need in kind.needs
        ]
        for arm in arms:
            for need in needs:
                wanted = tuple(layout.value_column(value, arm) for value in need)
                if not set(wanted) & set(layout.position):
                    yield _missing_column(
                        wanted, f"A table of {kind.name} has {_any_of(wanted)}", layout, raw
                    )


def _missing_column(wanted: tuple[str, ...], rule: str, layout: Layout, raw: RawTable) -> Fault:
    close = difflib.get_close_matches(wanted[0], tuple(layout.extras), n=1)
    remedy = f"Rename '{close[0]}' if that is it, or add the column" if close else "Add the column"
    return Fault(f"there is no column '{wanted[0]}'", rule, remedy, file=raw.source, row=1)


def _any_of(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
