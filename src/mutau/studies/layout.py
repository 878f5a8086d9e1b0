"""Which shape a table has and which of its columns is which, told from the header alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mutau.errors import Fault
from mutau.studies.columns import (
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
from mutau.studies.extracted import extracted_columns
from mutau.studies.hints import INTERVAL_REMEDY, has_interval, header_hint, nearest_form
from mutau.studies.reading import RawTable
from mutau.studies.samples import known_columns
from mutau.studies.shapes import KNOWN_FORMS, SHAPES_IN_WORDS, Shape, forms_of, shape_of
from mutau.symbols import folded, named, repaired, unusual

__all__ = ["Layout", "recognise"]

_WIDE_NAMES = frozenset(column.name for column in WIDE_COLUMNS)
_LONG_NAMES = frozenset(column.name for column in LONG_COLUMNS)
_RESERVED: Mapping[str, frozenset[str]] = {
    "wide": _LONG_NAMES - _WIDE_NAMES,
    "long": _WIDE_NAMES - _LONG_NAMES,
    "estimates": frozenset(),
    "samples": frozenset(),
}
"""Names that no carried column may bear, because the other view of the table has a column of that name."""
_SUGGESTED = ("provenance", "outcome", "comparison", "timepoint", "note", "arm_treatment", "arm_control")
"""Columns that may be left out, so that a misspelt one would go unnoticed."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a table.

    Parameters
    ----------
    shape : {"wide", "long", "estimates", "samples"}
        A wide or long table may also hold rows with a ready-made ``yi``. Samples are one group, a correlation, a
        change, matched pairs or a hazard ratio in each row; see ``mutau.studies.samples``.
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


def recognise(raw: RawTable) -> tuple[Layout | None, list[Fault], list[str]]:
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
    notes : list of str
        Names that were read as what they plainly mean, and names that may be misspelt.
    """
    names = {place: name for place, name in enumerate(raw.header) if name}
    forms = {place: normalised(name) for place, name in names.items()}
    shape = shape_of(forms.values())
    alike = list(_lookalikes(names, forms, raw))
    if shape is None:
        return None, [*_repeated(raw, names), *(alike or [_shapeless(raw, names)])], []
    known = _known_columns(shape, forms.values())
    position, faults = _assign(known, names, forms, raw)
    extras = {
        name: place
        for place, name in names.items()
        if place not in position.values() and forms[place] not in OWN_COLUMNS
    }
    given = {column: raw.header[place] for column, place in position.items()}
    columns = tuple(column for column in known if column.name in position)
    layout = Layout(shape, columns, position, given, extras)
    faults = [*_repeated(raw, names), *alike, *faults, *_unnamed(raw), *_reserved(layout, raw)]
    said = {fault.remedy.rpartition(" ")[2] for fault in alike}
    faults += _missing(layout, forms, said, raw)
    return layout, faults, [*_read_as_meant(layout, raw), *_maybe_misspelt(layout, raw)]


def _lookalikes(names: Mapping[int, str], forms: Mapping[int, str], raw: RawTable) -> Iterator[Fault]:
    """Refuse names that look like a known one but hold letters of another script, or were damaged in saving."""
    for place, name in names.items():
        if name.isascii() or forms[place] in KNOWN_FORMS:
            continue
        for meant in (folded(name), repaired(name)):
            if normalised(meant) in KNOWN_FORMS:
                listed = ", ".join(map(named, unusual(name)))
                yield Fault(
                    f"the name looks like '{normalised(meant)}' but holds {listed}",
                    "The name of a known column is written in Latin letters",
                    f"Type it anew: {KNOWN_FORMS[normalised(meant)]}",
                    file=raw.source,
                    row=1,
                    column=name,
                )
                break


def _read_as_meant(layout: Layout, raw: RawTable) -> Iterator[str]:
    """Mention characters in the names of known columns that were read as what they plainly mean."""
    found: dict[str, list[str]] = {}
    for column, name in layout.given.items():
        for char in unusual(name):
            found.setdefault(char, []).append(column)
    for char, columns in found.items():
        yield f"'{raw.source}': the header holds {named(char)}, in the name of what is read as {_listed(columns)}"


def _maybe_misspelt(layout: Layout, raw: RawTable) -> Iterator[str]:
    absent = [
        name for name in _SUGGESTED if name in _WIDE_NAMES | _LONG_NAMES and name not in layout.position
    ]
    for name in layout.extras:
        if normalised(name) in extracted_columns(long=layout.shape == "long"):
            continue
        meant = nearest_form(normalised(name), absent)
        if meant:
            yield f"'{raw.source}': column '{name}' is not known and only carried along; is it '{meant}', misspelt?"


def _known_columns(shape: Shape, forms: Iterable[str]) -> tuple[Column, ...]:
    """List the columns looked for; those of estimates only where there is a ``yi``, and not arm by arm."""
    forms = tuple(forms)
    shapes = {
        "wide": WIDE_COLUMNS,
        "long": LONG_COLUMNS,
        "estimates": (*KEYS, *REMARKS),
        "samples": (*KEYS, *(known_columns(frozenset(forms)) if shape == "samples" else ()), *REMARKS),
    }
    estimates = shape != "long" and not set(forms).isdisjoint(forms_of(ESTIMATE_COLUMNS[0]))
    return (*shapes[shape], *(ESTIMATE_COLUMNS if estimates else ()))


def _assign(
    known: tuple[Column, ...], names: Mapping[int, str], forms: Mapping[int, str], raw: RawTable
) -> tuple[dict[str, int], list[Fault]]:
    """Give each known column its place.

    Two columns that may both be the same number are a fault, as are two of the same name but for its writing;
    of two that may both be the same text the one listed first in the aliases is taken, the other carried along.
    """
    position: dict[str, int] = {}
    faults: list[Fault] = []
    for column in known:
        wanted = forms_of(column)
        taken = set(position.values())
        found = sorted(
            (wanted.index(form), place)
            for place, form in forms.items()
            if form in wanted and place not in taken
        )
        if not found:
            continue
        position[column.name] = found[0][1]
        clash = [names[place] for _, place in found]
        ranks = [rank for rank, _ in found]
        if len(set(clash)) > 1 and (column.rule is not None or len(set(ranks)) < len(ranks)):
            faults.append(
                Fault(
                    f"columns {_listed(clash)} would all be '{column.name}'",
                    "What is known of a study stands in one column",
                    "Remove or rename all but one",
                    file=raw.source,
                    row=1,
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
            row=1,
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
                row=1,
            )


def _reserved(layout: Layout, raw: RawTable) -> list[Fault]:
    """Refuse to carry a column that would bear the name of one of mutau's own."""
    return [
        Fault(
            f"in a table of {layout.shape} shape this column has no meaning, and its name is mutau's own",
            f"Tables are {SHAPES_IN_WORDS}",
            "Rename it, or give the whole table the other shape",
            file=raw.source,
            row=1,
            column=name,
        )
        for name in layout.extras
        if name in _RESERVED[layout.shape]
    ]


def _shapeless(raw: RawTable, names: Mapping[int, str]) -> Fault:
    have = _listed(names.values()) if names else "no column names"
    return Fault(
        f"the header ({have}) is of no known shape",
        f"Tables are {SHAPES_IN_WORDS}; metafor's and RevMan's names are known too",
        header_hint(raw),
        file=raw.source,
        row=1,
    )


def _missing(layout: Layout, forms: Mapping[int, str], said: set[str], raw: RawTable) -> Iterator[Fault]:
    """Name the columns that the ones present call for, without those of which a fault tells already."""
    if "study" not in layout.position:
        yield from _missing_column(
            ("study",), "A table has a column that names each study", layout, said, raw
        )
    if "yi" in layout.position and not {"sei", "vi"} & set(layout.position):
        rule = "A ready-made yi has a standard error or variance"
        remedy = INTERVAL_REMEDY if has_interval(list(forms.values())) else ""
        yield from _missing_column(("sei", "vi"), rule, layout, said, raw, remedy)
    arms: tuple[ArmName, ...] = {"wide": ARMS, "long": ARMS[:1], "estimates": (), "samples": ()}[layout.shape]
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
                rule = f"A table of {kind.name} has {_any_of(wanted)}"
                remedy = _from_standard_error(layout, arm) if "sd" in need else ""
                yield from _missing_column(wanted, rule, layout, said, raw, remedy)


def _from_standard_error(layout: Layout, arm: ArmName) -> str:
    """Say how to make a standard deviation of a standard error or variance that the table has instead."""
    for name in layout.extras:
        stem, _, rest = normalised(name).partition("_")
        if layout.shape == "wide" and rest != arm:
            continue
        if stem in ("se", "sem", "stderr"):
            how = f"it is {name} times the square root of {layout.value_column('n', arm)}"
            return f"If '{name}' is a standard error, compute the standard deviation, {how}; do not rename it"
        if stem in ("var", "variance"):
            return f"If '{name}' is a variance, the standard deviation is its square root; do not rename it"
    return ""


def _missing_column(
    wanted: tuple[str, ...], rule: str, layout: Layout, said: set[str], raw: RawTable, remedy: str = ""
) -> Iterator[Fault]:
    if set(wanted) & (set(layout.position) | said):
        return
    close = nearest_form(wanted[0], tuple(layout.extras), 0.6)
    usual = f"Rename '{close}' if that is it, or add the column" if close else "Add the column"
    yield Fault(f"there is no column '{wanted[0]}'", rule, remedy or usual, file=raw.source, row=1)


def _any_of(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
