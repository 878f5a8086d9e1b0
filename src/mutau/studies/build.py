"""From raw rows to the two canonical frames, or to every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import pandas as pd

from mutau.errors import Fault, StudyDataError
from mutau.studies.arms import Contrast, Estimate
from mutau.studies.cells import Entry, carried, is_missing, parse_rows
from mutau.studies.columns import ARMS, DERIVED, KEYS, NOT_STATED
from mutau.studies.gather import gather
from mutau.studies.layout import Layout, recognise
from mutau.studies.notes import row_list
from mutau.studies.plausible import implausible
from mutau.studies.reading import RawTable
from mutau.symbols import repaired

__all__ = ["Frames", "build"]

_KEY_NAMES = tuple(column.name for column in KEYS)
_VALUES = ("events", "n", "mean", "sd", "person_time")


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The two canonical tables. Nobody but `StudyTable` holds them, and it hands out copies.

    Parameters
    ----------
    arms : DataFrame
        One row per study and arm.
    estimates : DataFrame
        One row per ready-made effect.
    arm_extras : tuple of str
        Carried columns of `arms` in which the arms of a study differ.
    """

    arms: pd.DataFrame
    estimates: pd.DataFrame
    arm_extras: tuple[str, ...]

    @property
    def both(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Arms first."""
        return self.arms, self.estimates

    def only(self, contrasts: Iterable[int]) -> Self:
        """Keep these contrasts (ready-made effects are numbered among them)."""
        kept = list(contrasts)
        arms, estimates = (frame[frame["contrast"].isin(kept)].reset_index(drop=True) for frame in self.both)
        return type(self)(arms, estimates, self.arm_extras)


def build(raw: RawTable) -> tuple[Frames, tuple[str, ...]]:
    """Interpret and check a raw table.

    Parameters
    ----------
    raw : RawTable

    Returns
    -------
    frames : Frames
    notes : tuple of str
        What a reader must know about the reading.

    Raises
    ------
    StudyDataError
        With every fault, in the order of the rows.
    """
    layout, faults, notes = recognise(raw)
    faults = [*raw.faults, *faults]
    if layout is None:
        raise StudyDataError(faults)
    if not raw.rows and not raw.faults:
        faults.append(_no_rows(raw))
    entries, wrong, read = parse_rows(raw, layout)
    contrasts, estimates, amiss = gather(entries, layout, raw.source)
    faults += [*wrong, *amiss]
    if faults:
        raise StudyDataError(sorted(faults, key=lambda fault: fault.row or 0))
    notes += [*read, *_garbled(entries, raw.source), *implausible(contrasts, estimates, raw.source)]
    notes += _derived(entries, raw.source)
    notes += _provenance(contrasts, estimates, layout, raw.source)
    return _frames(contrasts, estimates, layout), tuple(notes)


def _no_rows(raw: RawTable) -> Fault:
    rule = "A table of studies has a header and at least one study"
    return Fault("there is a header but no study", rule, "Add the studies", file=raw.source)


def _garbled(entries: Iterable[Entry], source: str) -> Iterator[str]:
    """Mention names that were read in a wrong encoding before they were saved."""
    for name in dict.fromkeys(entry.texts.get("study", "") for entry in entries):
        meant = repaired(name)
        if meant:
            yield f"'{source}': the name '{name}' was saved in a wrong encoding; it probably is '{meant}'"


def _derived(entries: Iterable[Entry], source: str) -> Iterator[str]:
    """Say which cells are derived, where the table has a column for it."""
    found: dict[str, list[int]] = {}
    for entry in entries:
        for cell in str(entry.extras.get(DERIVED) or "").split(";"):
            if not is_missing(cell):
                found.setdefault(cell.strip(), []).append(entry.row)
    if found:
        listed = "; ".join(f"'{cell}' in {row_list(rows)}" for cell, rows in found.items())
        yield f"'{source}': derived from what the report prints, not reported: {listed}"


def _provenance(
    contrasts: Sequence[Contrast], estimates: Sequence[Estimate], layout: Layout, source: str
) -> tuple[str, ...]:
    if "provenance" not in layout.given:
        return (f"'{source}' has no column 'provenance': every row is marked '{NOT_STATED}'",)
    marked = [arm for contrast in contrasts for arm in contrast.arms] + list(estimates)
    rows = sorted({item.row for item in marked if item.provenance == NOT_STATED})
    return (f"'{source}': provenance is '{NOT_STATED}' in {row_list(rows)}",) if rows else ()


def _frames(contrasts: Sequence[Contrast], estimates: Sequence[Estimate], layout: Layout) -> Frames:
    """Number contrasts and ready-made effects from 1 in the order of the rows, and write the frames."""
    items: list[Contrast | Estimate] = [*contrasts, *estimates]
    ordered = sorted(items, key=_first_row)
    number = {id(item): place for place, item in enumerate(ordered, start=1)}
    arm_extras = _arm_level(contrasts, layout)
    return Frames(
        _arms_frame(contrasts, [number[id(item)] for item in contrasts]),
        _estimates_frame(estimates, [number[id(item)] for item in estimates]),
        arm_extras,
    )


def _first_row(item: Contrast | Estimate) -> int:
    return item.row if isinstance(item, Estimate) else min(arm.row for arm in item.arms)


def _names_of_extras(items: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in items for name in names))


def _arm_level(contrasts: Sequence[Contrast], layout: Layout) -> tuple[str, ...]:
    """Name the carried columns that belong to an arm: given arm by arm, or different between arms."""
    names = _names_of_extras(arm.extras for contrast in contrasts for arm in contrast.arms)
    return tuple(
        name
        for name in names
        if name not in layout.extras
        or any(
            str(contrast.treatment.extras.get(name)) != str(contrast.control.extras.get(name))
            for contrast in contrasts
        )
    )


def _text(cells: Iterable[str]) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


def _float(cells: Iterable[float]) -> pd.Series:
    return pd.Series(list(cells), dtype="float64")


def _int(cells: Iterable[int]) -> pd.Series:
    return pd.Series(list(cells), dtype="int64")


def _arms_frame(contrasts: Sequence[Contrast], numbers: Sequence[int]) -> pd.DataFrame:
    pairs = [(contrast, arm) for contrast in contrasts for arm in contrast.arms]
    columns = {name: _text(contrast.key[i] for contrast, _ in pairs) for i, name in enumerate(_KEY_NAMES)}
    columns["arm"] = _text(arm.name for _, arm in pairs)
    columns["treatment"] = _text(arm.label for _, arm in pairs)
    columns |= {value: _float(arm.values[value] for _, arm in pairs) for value in _VALUES}
    columns["provenance"] = _text(arm.provenance for _, arm in pairs)
    columns["note"] = _text(arm.note for _, arm in pairs)
    for name in _names_of_extras(arm.extras for _, arm in pairs):
        columns[name] = carried([arm.extras.get(name) for _, arm in pairs])
    columns["contrast"] = _int(number for number in numbers for _ in ARMS)
    columns["row"] = _int(arm.row for _, arm in pairs)
    return pd.DataFrame(columns)


def _estimates_frame(estimates: Sequence[Estimate], numbers: Sequence[int]) -> pd.DataFrame:
    columns = {name: _text(item.key[i] for item in estimates) for i, name in enumerate(_KEY_NAMES)}
    for i, arm in enumerate(ARMS):
        if any(item.labels for item in estimates):
            columns[f"arm_{arm}"] = _text(item.labels[i] if item.labels else arm for item in estimates)
        if any(item.sizes for item in estimates):
            columns[f"n_{arm}"] = _float(item.sizes[i] if item.sizes else float("nan") for item in estimates)
    columns["yi"] = _float(item.yi for item in estimates)
    columns["sei"] = _float(item.sei for item in estimates)
    columns["provenance"] = _text(item.provenance for item in estimates)
    columns["note"] = _text(item.note for item in estimates)
    for name in _names_of_extras(item.extras for item in estimates):
        columns[name] = carried([item.extras.get(name) for item in estimates])
    columns["contrast"] = _int(numbers)
    columns["row"] = _int(item.row for item in estimates)
    return pd.DataFrame(columns)
