"""Markdown, as GitHub and Jupyter read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from mutau.tables.record import Table

__all__ = ["escape", "markdown"]

_ENTITY = {"\\": "&#92;", "|": "&#124;"}
_SPECIAL = re.compile(
    r"""
    (?P<entity>[\\|])            # a backslash escapes, two start Jupyter's mathematics; a pipe ends a cell
    | [*`$]                      # emphasis, code, mathematics
    | ~(?=~) | (?<=~)~           # strike-through
    | (?<!\w)_ | _(?!\w)         # emphasis; within a word it is none
    | <(?=[A-Za-z/!?])           # a tag or an address; "< 0.001" is none
    | &(?=\#?\w+;)               # an entity
    | (?<=\])[(\[:]              # a link or its target
    """,
    re.VERBOSE,
)
_BLOCK = re.compile(r"^(?:[\#>+=~-]|(?P<number>\d+)(?=[.)]))")
"""What at the start of a line makes it a heading, a quotation, a list, a rule or a fence."""


def escape(text: str) -> str:
    r"""Write text so that Markdown shows it as it is, and leave ordinary text as it was.

    Examples
    --------
    >>> escape("8.93 [1.25, 63.70]"), escape("a|b"), escape("<script>"), escape("theta_new < 0.1")
    ('8.93 [1.25, 63.70]', 'a&#124;b', '\\<script>', 'theta_new < 0.1')
    """
    return _SPECIAL.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    return _ENTITY[found[0]] if found["entity"] else f"\\{found[0]}"


def escape_line(text: str) -> str:
    r"""Write text that starts a line or an item of a list so that it starts nothing else.

    Examples
    --------
    >>> escape_line("# no heading"), escape_line("1. no list")
    ('\\# no heading', '1\\. no list')
    """
    line = escape(text)
    found = _BLOCK.match(line)
    if found is None:
        return line
    place = found.end() if found["number"] else 0
    return f"{line[:place]}\\{line[place:]}"


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> str:
    """Write rows of plain text as a pipe table, those of numeric columns flush right."""
    sides = ["right" if each else "left" for each in numeric] or ["left"] * len(headings)
    laid_out: str = tabulate(
        [[escape(cell) for cell in row] for row in rows],
        headers=[escape(heading) for heading in headings],
        tablefmt="pipe",
        disable_numparse=True,
        colalign=sides if rows else None,
    )
    return laid_out


def markdown(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Write tables, each with its heading, conditions, provenance and notes, and under them what else is said."""
    return "\n".join([*map(_one, tables), *(f"{escape_line(sentence)}\n" for sentence in said)])


def _one(table: Table) -> str:
    shown = table.shown
    titles, numeric = [column.title for column in shown], [column.role.is_numeric for column in shown]
    parts = [f"# {escape(table.heading)}", grid(titles, table.rows, numeric)]
    if table.notes:
        notes = enumerate(table.plain_notes, start=1)
        parts.append("\n".join(f"{place}. {escape_line(note)}" for place, note in notes))
    return "\n\n".join([*parts, *map(escape_line, table.sentences)]) + "\n"
