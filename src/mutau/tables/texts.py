"""Text that is safe to show: what no format can hold as text is made visible, once, before any escaping."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

__all__ = ["numbered_notes", "plain", "spreadsheet_safe"]

_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\n\r\t\v\f\x85\u2028\u2029")
_FORMULA_STARTS = frozenset("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet read a cell as a formula; the last four are the full-width forms."""


def plain(text: object) -> str:
    r"""Make any text safe to show as it is: characters that are no text become "�", direction overrides go.

    Examples
    --------
    >>> plain("Smith & <b>Jones</b> $5"), plain("a\x00b"), plain("a\nb")
    ('Smith & <b>Jones</b> $5', 'a�b', 'a b')
    """
    return "".join(_shown(character) for character in str(text) if character not in _BIDI_OVERRIDES).strip()


def _shown(character: str) -> str:
    if character in _BREAKS:
        return " "
    no_text = unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE
    return "\ufffd" if no_text else character


def spreadsheet_safe(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula; a number stays as it is.

    Examples
    --------
    >>> spreadsheet_safe("=cmd()"), spreadsheet_safe("-0.25"), spreadsheet_safe("Smith 2001")
    ("'=cmd()", '-0.25', 'Smith 2001')

    References
    ----------
    OWASP, "CSV Injection".
    """
    shown = plain(text)
    starts_formula = text[:1] in _FORMULA_STARTS or shown[:1] in _FORMULA_STARTS
    return f"'{shown}" if starts_formula and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def numbered_notes(cells: Sequence[str], *, apart: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Replace long cells of notes by numbers, and give the notes in the order of their numbers.

    Parameters
    ----------
    cells : sequence of str
        Of one column; empty where there is nothing to note.
    apart : bool
        Whether the parts of a cell (between semicolons) are notes of their own, so that what rows share is said once.

    Returns
    -------
    numbers : tuple of str
        What stands in each cell instead.
    notes : tuple of str
        The first is number 1.

    Examples
    --------
    >>> numbered_notes(["no events; 0.5 added", "", "0.5 added"])
    (('1, 2', '', '2'), ('no events', '0.5 added'))
    """
    split = [[part for part in (cell.split("; ") if apart else [cell]) if part] for cell in cells]
    notes = tuple(dict.fromkeys(part for parts in split for part in parts))
    places = (sorted(notes.index(part) + 1 for part in parts) for parts in split)
    return tuple(", ".join(map(str, each)) for each in places), notes
