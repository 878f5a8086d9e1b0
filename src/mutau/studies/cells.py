"""From raw cells to numbers and text, cell by cell, by the rule of the column each stands in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mutau.errors import Fault
from mutau.studies.columns import ANY_NUMBER, Column, Rule
from mutau.studies.layout import Layout
from mutau.studies.notes import row_list
from mutau.studies.reading import RawRow, RawTable
from mutau.studies.slips import recognised_slip
from mutau.symbols import folded, named, plain_number

__all__ = ["Entry", "carried", "is_missing", "parse_rows"]

_MISSING = frozenset({"", "na", "n/a", "nan"})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"[+-]?0\d", re.ASCII)
_INFINITE = re.compile(r"[+-]?(inf(inity)?|∞)", re.IGNORECASE)
_TOTAL = re.compile(
    r"(sub-?|grand )?totals?( \(.*\))?( events\b.*)?|sum|summary|overall( effect)?|pooled( effect| estimate)?|"
    r"all (studies|trials)|(random|fixed|common)[- ]effects?( model)?|(test for )?heterogeneity\b.*|"
    r"test for (overall|subgroup)\b.*",
    re.IGNORECASE,
)
_DAMAGED = "\N{REPLACEMENT CHARACTER}"
_SHOWN = 60
_LONGEST_NAME = 1000

type Complaint = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, read.

    Parameters
    ----------
    row : int
        Line in the file.
    texts : mapping
        From a known text column to its content, stripped of outer blanks; empty where there is none.
    numbers : mapping
        From a known numeric column to its number; NaN where the cell is empty or wrong.
    wrong : frozenset of str
        Numeric columns whose cell is wrong and has been reported.
    extras : mapping
        From the name of a carried column to its cell.
    """

    row: int
    texts: Mapping[str, str]
    numbers: Mapping[str, float]
    wrong: frozenset[str]
    extras: Mapping[str, object]


def parse_rows(raw: RawTable, layout: Layout) -> tuple[list[Entry], list[Fault], list[str]]:
    """Read every cell of every row; a wrong cell becomes a fault and the reading goes on.

    Empty, ``NA``, ``N/A`` and ``NaN`` are missing numbers. In text nothing but the outer blanks is touched.

    Returns
    -------
    entries : list of Entry
    faults : list of Fault
    notes : list of str
        Characters that were read as what they plainly mean, and where.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    read: dict[tuple[str, str], list[int]] = {}
    header = tuple(name.casefold() for name in raw.header)
    for row in raw.rows:
        if tuple(str(cell).strip().casefold() for cell in row.cells) == header:
            faults.append(_header_again(row, raw))
            continue
        entry, wrong, odd = _parse_row(row, raw, layout)
        entries.append(entry)
        faults.extend(wrong)
        for column, chars in odd:
            for char in chars:
                read.setdefault((column, char), []).append(row.number)
    return entries, faults, [_read_as_meant(raw.source, *at, rows) for at, rows in read.items()]


def _header_again(row: RawRow, raw: RawTable) -> Fault:
    rule, remedy = "A table has one header, its first line", "Remove the line"
    return Fault("the header stands here again", rule, remedy, file=raw.source, row=row.number)


def _read_as_meant(source: str, column: str, char: str, rows: Sequence[int]) -> str:
    meant = plain_number(f"0{char}0")[0].removeprefix("0").removesuffix("0")
    how = f"is read as '{meant}'" if meant.isascii() else "around a number is left out"
    return f"'{source}', column '{column}': {named(char)} {how} in {row_list(rows)}"


def _parse_row(
    row: RawRow, raw: RawTable, layout: Layout
) -> tuple[Entry, list[Fault], list[tuple[str, tuple[str, ...]]]]:
    texts: dict[str, str] = {}
    numbers: dict[str, float] = {}
    found: list[tuple[str, Complaint]] = []
    odd: list[tuple[str, tuple[str, ...]]] = []
    for column in layout.columns:
        cell = row.cells[layout.position[column.name]]
        if column.rule is None:
            texts[column.name], complaint = _text(cell)
            complaint = complaint or (_about_study(texts["study"]) if column.name == "study" else None)
        else:
            numbers[column.name], complaint, read = _number(cell, column, column.rule)
            odd += [(layout.given[column.name], read)] if read else []
        if complaint is not None:
            found.append((column.name, complaint))
    study = texts.get("study") or None
    faults = [
        Fault(*complaint, file=raw.source, row=row.number, study=study, column=layout.given[name])
        for name, complaint in found
    ]
    extras = {name: row.cells[place] for name, place in layout.extras.items()}
    wrong = frozenset(name for name, _ in found)
    return Entry(row.number, texts, numbers, wrong, extras), faults, odd


def _about_study(name: str) -> Complaint | None:
    """Say what is wrong with the name of a study."""
    if not folded(name):
        remedy = "Name it as the forest plot should show it; of merged cells every row repeats the name"
        return "the study has no name", "Every row names its study", remedy
    if _TOTAL.fullmatch(name):
        remedy = "Remove the row; if a trial is called so, add its year to the name"
        return (
            f"{_quoted(name)} reads like a total or a test, not like a study",
            "A row is one study or arm",
            remedy,
        )
    if len(name) > _LONGEST_NAME:
        rule = f"The name of a study has at most {_LONGEST_NAME} characters"
        return (
            f"the name has {len(name)} characters",
            rule,
            "Check whether a quote is missing here or in a row above",
        )
    if _DAMAGED in name:
        rule = "A study is named as the forest plot should show it"
        return (
            f"{_quoted(name)} holds {named(_DAMAGED)}, left by a wrong encoding",
            rule,
            "Type the name anew",
        )
    return None


def is_missing(cell: object) -> bool:
    """Say whether a cell of numbers is empty: blank, ``NA``, ``N/A``, ``NaN``, or what a DataFrame has for it."""
    if isinstance(cell, str):
        return plain_number(cell)[0].casefold() in _MISSING
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: object) -> tuple[str, Complaint | None]:
    if not isinstance(cell, str) and is_missing(cell):
        return "", None
    text = str(cell).strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "", (
            f"{_quoted(text)} is not valid Unicode",
            "Text can be written as UTF-8",
            "Read the table again with its right encoding",
        )
    return text, None


def _number(cell: object, column: Column, rule: Rule) -> tuple[float, Complaint | None, tuple[str, ...]]:
    """Return the number; where it is wrong, what came in, the rule and the remedy; characters read as meant."""
    if is_missing(cell):
        return math.nan, None, ()
    text, read = plain_number(cell) if isinstance(cell, str) else ("", ())
    number = _as_float(text if isinstance(cell, str) else cell)
    if number is None:
        slip = recognised_slip(text or str(cell))
        what = f"{_quoted(cell)} is not a number" + (f": {slip.looks}" if slip.looks else "")
        return math.nan, (what, f"The column holds {column.meaning}", slip.remedy), ()
    if not math.isfinite(number):
        remedy = "Leave the cell empty if the number is not known"
        return math.nan, (f"{_quoted(cell)} is not finite", ANY_NUMBER.text, remedy), ()
    if not rule.holds(number):
        return math.nan, (f"{_quoted(cell)} cannot be used", rule.text, rule.remedy), ()
    return number, None, read


def _as_float(cell: object) -> float | None:
    if isinstance(cell, (bool, np.bool_)):
        return None
    if isinstance(cell, (int, float, np.integer, np.floating)):
        try:
            return float(cell)
        except OverflowError:
            return math.inf
    if not isinstance(cell, str):
        return None
    if _INFINITE.fullmatch(cell):
        return math.inf
    return float(cell) if _NUMBER.fullmatch(cell) else None


def _quoted(cell: object) -> str:
    text = str(cell)
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")


def carried(cells: Sequence[object]) -> pd.Series:
    """Turn the cells of a carried column into a Series.

    Text becomes numbers only where every cell that is not missing is one, and none is a code with leading
    zeros. Whole numbers without gaps become integers.

    Examples
    --------
    >>> carried(["44", "55"]).tolist(), carried(["007", "12"]).tolist()
    ([44, 55], ['007', '12'])
    """
    present = [cell for cell in cells if not is_missing(cell)]
    if not all(isinstance(cell, str) for cell in present):
        return pd.Series(list(cells), dtype=object).infer_objects()
    words = [str(cell).strip() for cell in present]
    if not words or not all(_NUMBER.fullmatch(word) and not _CODE.match(word) for word in words):
        return pd.Series(["" if cell is None else str(cell).strip() for cell in cells], dtype=object)
    numbers = pd.Series([math.nan if is_missing(cell) else float(str(cell)) for cell in cells])
    whole = len(words) == len(cells) and bool(np.all(np.abs(numbers) < 2**53) and np.all(numbers % 1 == 0))
    return numbers.astype("int64") if whole else numbers
