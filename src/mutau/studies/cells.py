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
from mutau.studies.reading import RawRow, RawTable

__all__ = ["Entry", "carried", "parse_rows"]

_MISSING = frozenset({"", "na", "n/a", "nan"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"[+-]?0\d", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_SHOWN = 60


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


def parse_rows(raw: RawTable, layout: Layout) -> tuple[list[Entry], list[Fault]]:
    """Read every cell of every row; a wrong cell becomes a fault and the reading goes on.

    Empty, ``NA``, ``N/A`` and ``NaN`` are missing numbers. In text nothing but the outer blanks is touched.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    for row in raw.rows:
        entry, wrong = _parse_row(row, raw, layout)
        entries.append(entry)
        faults.extend(wrong)
    return entries, faults


def _parse_row(row: RawRow, raw: RawTable, layout: Layout) -> tuple[Entry, list[Fault]]:
    texts: dict[str, str] = {}
    numbers: dict[str, float] = {}
    found: list[tuple[str, tuple[str, str, str]]] = []
    for column in layout.columns:
        cell = row.cells[layout.position[column.name]]
        if column.rule is None:
            texts[column.name], complaint = _text(cell)
        else:
            numbers[column.name], complaint = _number(cell, column, column.rule)
        if complaint is not None:
            found.append((column.name, complaint))
    study = texts.get("study") or None
    faults = [
        Fault(*complaint, file=raw.source, row=row.number, study=study, column=layout.given[name])
        for name, complaint in found
    ]
    if "study" in layout.position and study is None and "study" not in {name for name, _ in found}:
        faults.append(_nameless(row, raw, layout))
    extras = {name: row.cells[place] for name, place in layout.extras.items()}
    wrong = frozenset(name for name, _ in found)
    return Entry(row.number, texts, numbers, wrong, extras), faults


def _nameless(row: RawRow, raw: RawTable, layout: Layout) -> Fault:
    return Fault(
        "the study has no name",
        "Every row names its study",
        "Name it as the forest plot should show it",
        file=raw.source,
        row=row.number,
        column=layout.given["study"],
    )


def _is_missing(cell: object) -> bool:
    if isinstance(cell, str):
        return cell.strip().casefold() in _MISSING
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: object) -> tuple[str, tuple[str, str, str] | None]:
    if not isinstance(cell, str) and _is_missing(cell):
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


def _number(cell: object, column: Column, rule: Rule) -> tuple[float, tuple[str, str, str] | None]:
    """Return the number and, where it is wrong, what came in, the rule and the remedy."""
    if _is_missing(cell):
        return math.nan, None
    number = _as_float(cell)
    if number is None:
        remedy = "Write it with a decimal point" if _has_decimal_comma(cell) else "Leave it empty if unknown"
        return math.nan, (f"{_quoted(cell)} is not a number", f"The column holds {column.meaning}", remedy)
    if not math.isfinite(number):
        return math.nan, (f"{_quoted(cell)} is not finite", ANY_NUMBER.text, "Leave it empty if unknown")
    if not rule.holds(number):
        return math.nan, (f"{_quoted(cell)} cannot be used", rule.text, rule.remedy)
    return number, None


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
    text = cell.strip().replace("\N{MINUS SIGN}", "-")
    return float(text) if _NUMBER.fullmatch(text) or _INFINITE.fullmatch(text) else None


def _has_decimal_comma(cell: object) -> bool:
    return isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


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
    present = [cell for cell in cells if not _is_missing(cell)]
    if not all(isinstance(cell, str) for cell in present):
        return pd.Series(list(cells), dtype=object).infer_objects()
    words = [str(cell).strip() for cell in present]
    if not words or not all(_NUMBER.fullmatch(word) and not _CODE.match(word) for word in words):
        return pd.Series(["" if cell is None else str(cell).strip() for cell in cells], dtype=object)
    numbers = pd.Series([math.nan if _is_missing(cell) else float(str(cell)) for cell in cells])
    whole = len(words) == len(cells) and bool(np.all(np.abs(numbers) < 2**53) and np.all(numbers % 1 == 0))
    return numbers.astype("int64") if whole else numbers
