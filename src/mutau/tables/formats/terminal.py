"""The terminal: boxes of text; markup and escape sequences in cells are shown, not obeyed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mutau.tables.record import Table

__all__ = ["print_tables", "terminal"]

_WIDTH = 200
"""Of text that goes to a file: wide enough for a table."""


def print_tables(console: Console, tables: Sequence[Table], said: Sequence[str] = ()) -> None:
    """Print tables, each with its notes, conditions and provenance, and what else is said."""
    from mutau.tables.columns import frame_of
    from mutau.tables.frames import to_rich

    for table in tables:
        console.print(to_rich(frame_of(table.shown), title=table.heading, width=console.width))
        notes = (f"{place}. {note}" for place, note in enumerate(table.plain_notes, start=1))
        for sentence in (*notes, *table.sentences, ""):
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    for sentence in said:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def terminal(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Write the same as plain text."""
    from rich.console import Console

    text = io.StringIO()
    print_tables(Console(file=text, width=_WIDTH, force_terminal=False, no_color=True), tables, said)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
