"""What a header of no known shape probably is, so that the message can say what to do about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from mutau.studies.columns import normalised
from mutau.studies.reading import RawTable
from mutau.studies.samples import CHANGES_IN_LETTERS, almost
from mutau.studies.shapes import KNOWN_FORMS, shape_of

__all__ = ["INTERVAL_REMEDY", "has_interval", "header_hint", "nearest_form"]

INTERVAL_REMEDY = (
    "Turn each confidence interval into a standard error: sei = (upper - lower) / 3.92 for a 95% interval; of a "
    "ratio take the logarithms of estimate and limits first, so that yi = ln(ratio)"
)
_EFFECT = re.compile(
    r"rr|or|hr|rd|irr|md|smd|es|effect(_size)?|estimate|(risk|odds|hazard|rate)_ratio|(mean|risk)_difference|yi|te|"
    r"log_?(rr|or|hr)|ln_?(rr|or|hr)"
)
_LIMIT = re.compile(r"(^|_)(ci|lower|upper|low|high|lci|uci|ll|ul|lo|hi|lcl|ucl)(_|$)")
_SUBHEADINGS = ("events", "event", "cases", "n", "total", "mean", "sd", "se")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?%?")
_ROWS_SEARCHED = 10
_OF_A_HEADER = 3


def header_hint(raw: RawTable) -> str:
    """Say what to do about a header of no known shape, by what it looks like.

    Parameters
    ----------
    raw : RawTable
        As read.

    Returns
    -------
    str
        A remedy, without a full stop.
    """
    forms = [normalised(name) for name in raw.header if name]
    found = (hint(raw, forms) for hint in _HINTS)
    usual = "Rename the columns so that one of these is complete; the header is the first line"
    return next((words for words in found if words), usual)


def has_interval(forms: Sequence[str]) -> bool:
    """Whether some column sounds like a limit of a confidence interval."""
    return any(_LIMIT.search(form) for form in forms)


def nearest_form(form: str, wanted: Sequence[str] = tuple(KNOWN_FORMS), cutoff: float = 0.8) -> str:
    """Name the known column whose spelling is nearest, or nothing."""
    close = difflib.get_close_matches(form, wanted, n=1, cutoff=cutoff)
    return close[0] if close else ""


def _cells(raw: RawTable, place: int) -> list[str]:
    return [normalised(str(cell)) for cell in raw.rows[place].cells if str(cell).strip()]


def _revman5(_: RawTable, forms: Sequence[str]) -> str:
    if {"comparison_number", "outcome_number"} <= set(forms):
        return (
            "This is an export of RevMan 5: keep the rows of the studies alone, and rename Name to study, Events 1 "
            "to events_treatment, Total 1 to n_treatment, Events 2 to events_control, Total 2 to n_control (Mean 1, "
            "SD 1 and so on likewise)"
        )
    return ""


def _later_header(raw: RawTable, _: Sequence[str]) -> str:
    for place, row in enumerate(raw.rows[:_ROWS_SEARCHED]):
        cells = _cells(raw, place)
        shape = shape_of(cells)
        if shape is None or (shape == "samples" and "study" not in cells):
            continue
        if sum(cell in KNOWN_FORMS for cell in cells) >= _OF_A_HEADER:
            return f"The header seems to stand in row {row.number}: remove the lines above it"
    return ""


def _two_lines(raw: RawTable, _: Sequence[str]) -> str:
    if raw.rows and sum(cell in _SUBHEADINGS for cell in _cells(raw, 0)) > 1:
        return (
            f"The header seems to go on in row {raw.rows[0].number}: make one line of the two, with a full name over "
            "every column, such as events_treatment"
        )
    return ""


def _on_its_side(raw: RawTable, _: Sequence[str]) -> str:
    first = {normalised(str(row.cells[0])) for row in raw.rows if row.cells}
    if shape_of(first) is not None:
        return "The table lies on its side: studies belong into rows, and what is known of them into columns"
    return ""


def _no_header(raw: RawTable, _: Sequence[str]) -> str:
    if sum(bool(_NUMBER.fullmatch(name)) for name in raw.header) > 1:
        return "The first line reads like a study: put a line with the names of the columns above it"
    return ""


def _interval(_: RawTable, forms: Sequence[str]) -> str:
    return INTERVAL_REMEDY if any(map(_EFFECT.fullmatch, forms)) and has_interval(forms) else ""


def _no_arm(_: RawTable, forms: Sequence[str]) -> str:
    if shape_of([*forms, "arm"]) == "long":
        return "Add a column arm that says treatment or control, if each row is an arm; a row of both arms is wide"
    return ""


def _change_in_letters(_: RawTable, forms: Sequence[str]) -> str:
    if set(forms) >= CHANGES_IN_LETTERS:
        return (
            "If these are changes in one sample, rename m1i to mean_after, m2i to mean_before, ri to r and ni to n, "
            "and name each standard deviation sd_after or sd_before"
        )
    return ""


def _almost_a_sample(_: RawTable, forms: Sequence[str]) -> str:
    found = almost(forms)
    return f"A table of {found[0].name} also has the column {found[1]}: add it" if found else ""


def _merged_cells(raw: RawTable, _: Sequence[str]) -> str:
    nameless = [place for place, name in enumerate(raw.header) if not name]
    used = [place + 1 for place in nameless if any(str(row.cells[place]).strip() for row in raw.rows)]
    if used:
        listed = ", ".join(map(str, used))
        return (
            f"Name every column: of merged cells only the first has a name, so columns without are {listed}"
        )
    return ""


def _misspelt(_: RawTable, forms: Sequence[str]) -> str:
    guesses = [(form, nearest_form(form)) for form in forms if form not in KNOWN_FORMS]
    sound = [(form, KNOWN_FORMS[guess]) for form, guess in guesses if guess and guess[0] == form[0]]
    listed = ", ".join(f"'{form}' to '{meant}'" for form, meant in sound)
    return f"Rename {listed}, if that is what they hold" if listed else ""


_HINTS: tuple[Callable[[RawTable, Sequence[str]], str], ...] = (
    _revman5,
    _later_header,
    _two_lines,
    _on_its_side,
    _no_header,
    _interval,
    _change_in_letters,
    _almost_a_sample,
    _no_arm,
    _merged_cells,
    _misspelt,
)
