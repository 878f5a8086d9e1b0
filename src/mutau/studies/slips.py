"""What a cell that is no number probably is, and what to do about it: a table of slips that people make."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mutau.symbols import named, unusual

__all__ = ["Slip", "recognised_slip"]

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_LONGEST = 80
"""Characters beyond which a cell is no slip of one number."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"


@dataclass(frozen=True, slots=True)
class Slip:
    """What a cell looks like, and the remedy.

    Parameters
    ----------
    looks : str
        A clause that follows "is not a number"; empty where nothing more can be said.
    remedy : str
        Without a full stop.
    """

    looks: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Cells that match as a whole (without case), and the slip they are: words, or a function of the match."""

    cell: re.Pattern[str]
    looks: str
    remedy: str | Callable[[re.Match[str]], str]


def _pattern(cell: str, looks: str, remedy: str | Callable[[re.Match[str]], str]) -> _Pattern:
    return _Pattern(re.compile(cell, re.IGNORECASE | re.ASCII | re.DOTALL), looks, remedy)


def _without(marks: str, text: str) -> str:
    return re.sub(f"[{marks}]", "", text)


def _either_comma(text: str) -> str:
    thousands = _without(",", text)
    if text.count(",") > 1:
        return f"Write {thousands}"
    return f"Write {thousands} if it parts thousands, {text.replace(',', '.')} if it is a decimal comma"


_LATER = (
    "Leave the cell empty if the number is not known; a study that lacks what its analysis needs is left out"
)
_RETYPE = "Look the number up again, give the column the format Text in the spreadsheet, and type it anew"

_PATTERNS = (
    _pattern(
        r"n\.?\s*[ardk/]\.?|n/[ars]|not (?:reported|stated|given|available|applicable|known|clear)|none|null|nil|"
        r"unknown|unclear|missing|tb[ac]|-+|\.+|\?+|\*+|[–—]",
        "",
        _LATER,
    ),
    _pattern(
        r"#(?:n/?a|div/0!|value!|ref!|name\?|num!|null!|spill!|calc!)",
        "it is a spreadsheet's error value",
        "Put the formula right in the spreadsheet and save again, or leave the cell empty if the number is not known",
    ),
    _pattern(r"#+", "the spreadsheet's column was too narrow to show it", "Widen the column and save again"),
    _pattern(
        r"=.*", "it is a spreadsheet's formula", "Save the values of the cells, not the formulas behind them"
    ),
    _pattern(
        rf"\d{{4}}-\d\d-\d\d(?:[ t][\d:.]+)?|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,4}}[ ./-]{_MONTH}\.?"
        rf"(?:[ ./-]\d+)?|{_MONTH}[ ./-]\d{{1,4}}",
        "it is a date, which spreadsheets make of entries such as 1/54 or 4-6",
        _RETYPE,
    ),
    _pattern(
        rf"({_NUMBER})\s*(?:/|of|out of)\s*({_NUMBER})",
        "two numbers stand in one cell",
        lambda m: f"Put them into two columns: {m[1]} events, {m[2]} participants",
    ),
    _pattern(
        rf"({_NUMBER})\s*\[\d\]",
        "something stands behind it",
        lambda m: f"Write {m[1]} alone; a footnote belongs into the column 'note'",
    ),
    _pattern(
        rf"({_NUMBER})\s*[(\[]\s*{_NUMBER}\s*%\s*[)\]]",
        "a percentage stands beside it",
        lambda m: f"Write {m[1]} alone",
    ),
    _pattern(
        rf"{_NUMBER}\s*%",
        "it is a percentage",
        "Write the number itself: of participants where they are counted, without a percent sign",
    ),
    _pattern(
        rf"({_NUMBER})\s*(?:[(\[]\s*({_NUMBER})\s*[)\]]|(?:\+/-|\+-|±)\s*({_NUMBER}))",
        "two numbers stand in one cell",
        lambda m: (
            f"Give each its own column; make sure whether {m[2] or m[3]} is a standard deviation, a standard "
            "error or a percentage"
        ),
    ),
    _pattern(
        rf"(?:{_NUMBER}\s*)?[(\[]?\s*{_NUMBER}\s*(?:-|–|to|;|,\s)\s*{_NUMBER}\s*[)\]]?",
        "it is a range",
        "Give one number; a range or quartiles have to be turned into what the column holds first",
    ),
    _pattern(
        r"(\d{1,3}(?:,\d{3})+)",
        "the comma may part thousands or decimals",
        lambda m: _either_comma(m[1]),
    ),
    _pattern(
        r"(\d{1,3}(?:,\d{3})+\.\d+)",
        "it has a thousands separator",
        lambda m: f"Write {_without(',', m[1])}",
    ),
    _pattern(
        r"(\d{1,3}(?:\.\d{3})+),(\d+)",
        "it has a thousands separator and a decimal comma",
        lambda m: f"Write {_without('.', m[1])}.{m[2]}",
    ),
    _pattern(
        r"(\d{1,3}(?:[ '_’\u00a0\u202f\u2009]\d{3})+)([.,]\d+)?",
        "it has a thousands separator",
        lambda m: f"Write {re.sub(r'[^0-9]', '', m[1])}{(m[2] or '').replace(',', '.')}",
    ),
    _pattern(
        r"([+-]?\d+),(\d+)(e[+-]?\d+)?",
        "it has a decimal comma",
        lambda m: f"Write it with a decimal point: {m[1]}.{m[2]}{m[3] or ''}",
    ),
    _pattern(
        rf"({_NUMBER})\s*[x×*]\s*10\s*\^?\s*([+-]?\d+)",
        "powers of ten are written otherwise",
        lambda m: f"Write {m[1]}e{m[2]}",
    ),
    _pattern(
        rf"(?:[<>≤≥~≈=]+|ca\.?|about|approx\.?)\s*{_NUMBER}",
        "it is a limit or an approximation",
        "Give the number itself; where a report gives a limit only, leave the study out",
    ),
    _pattern(rf"[nN]\s*=\s*({_NUMBER})", "something stands before it", lambda m: f"Write {m[1]} alone"),
    _pattern(
        rf"['\"“”‘’`]+({_NUMBER})['\"“”‘’`]*", "there are quotes around it", lambda m: f"Write {m[1]} alone"
    ),
    _pattern(
        rf"\(({_NUMBER})\)",
        "it stands in brackets",
        lambda m: f"Write -{m[1]} if it is below 0, else {m[1]} alone",
    ),
    _pattern(
        rf"({_NUMBER})[ -]*(?:person[ -])?(?:y|yrs?|years?|mo|mths?|months?|w|wks?|weeks?|d|days?)\.?",
        "it has a unit of time",
        lambda m: f"Write {m[1]} alone, and give every row of the column in the same unit",
    ),
    _pattern(
        r"p\s*[<=>≤≥].*",
        "it is a p-value",
        "Compute what the column holds from the report; a p-value alone is no standard error",
    ),
    _pattern(r"true|false", "it is a yes or no", "Write the number"),
    _pattern(
        r"zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
        "it is a word",
        "Write it in digits",
    ),
    _pattern(
        r"(?=.*\d)(?=.*[OolI|])[\dOolI|.]+",
        "a letter stands where a digit belongs",
        lambda m: (
            "Type it anew with digits only: it holds "
            + ", ".join(named(char) for char in dict.fromkeys(m[0]) if char in "OolI|")
        ),
    ),
    _pattern(
        rf"({_NUMBER})\s*(?:[*†‡§¶#]+|[(\[]?(?!x)[a-z][\w ./%²³-]*[)\]]?)",
        "something stands behind it",
        lambda m: f"Write {m[1]} alone; a unit, a footnote or a remark belongs into the column 'note'",
    ),
)


def recognised_slip(text: str) -> Slip:
    """Say what a cell that is no number looks like.

    Parameters
    ----------
    text : str
        Without blanks around it.

    Returns
    -------
    Slip
        The first of the known slips; else the characters that do not belong into a number, named; else the advice
        to leave the cell empty.

    Examples
    --------
    >>> recognised_slip("1.200,5")
    Slip(looks='it has a thousands separator and a decimal comma', remedy='Write 1200.5')
    >>> recognised_slip("Apr-46").looks
    'it is a date, which spreadsheets make of entries such as 1/54 or 4-6'
    """
    for pattern in _PATTERNS if len(text) <= _LONGEST else ():
        match = pattern.cell.fullmatch(text)
        if match is not None:
            remedy = pattern.remedy if isinstance(pattern.remedy, str) else pattern.remedy(match)
            return Slip(pattern.looks, remedy)
    odd = unusual(text)
    if odd:
        listed = ", ".join(named(char) for char in odd[:3])
        return Slip(f"it holds {listed}", "Type it anew with the digits 0 to 9 alone")
    return Slip("", _LATER)
