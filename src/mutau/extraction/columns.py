"""Which column of an extraction sheet is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.errors import Fault
from mutau.studies.columns import normalised
from mutau.studies.extracted import extracted_columns
from mutau.studies.shapes import KNOWN_FORMS

if TYPE_CHECKING:
    from mutau.studies.reading import RawTable

__all__ = ["Sheet", "recognise_sheet"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which column is which.

    Parameters
    ----------
    long : bool
        Whether a row is one arm.
    place : mapping of str to int
        From a column's own name to its place in a row.
    given : mapping of str to str
        From a column's own name to its name in the sheet.
    """

    long: bool
    place: Mapping[str, int]
    given: Mapping[str, str]


def recognise_sheet(raw: RawTable) -> tuple[Sheet, list[Fault]]:
    """Find the columns that something can be derived from, or that are to be filled.

    Returns
    -------
    sheet : Sheet
    faults : list of Fault
        Columns that would be the same.
    """
    forms = [normalised(name) for name in raw.header]
    long = bool({"arm", "group"} & set(forms))
    names = extracted_columns(long=long)
    place: dict[str, int] = {}
    faults = []
    for i, form in enumerate(forms):
        name = names.get(form) or KNOWN_FORMS.get(form)
        if name is None:
            continue
        if name in place:
            what = f"columns '{raw.header[place[name]]}' and '{raw.header[i]}' would both be '{name}'"
            rule, remedy = "What is known of a study stands in one column", "Remove or rename one"
            faults.append(Fault(what, rule, remedy, file=raw.source, row=1))
        place.setdefault(name, i)
    return Sheet(long, place, {name: raw.header[i] for name, i in place.items()}), faults
