"""`Document`: several tables in one file, with what is said under them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mutau.formats import Format
from mutau.tables.formats.numbers import plain_rows
from mutau.tables.texts import plain

if TYPE_CHECKING:
    from mutau.tables.record import Table

__all__ = ["Document"]

_FOR_READING = {
    Format.table: ("terminal", "terminal"),
    Format.markdown: ("markdown", "markdown"),
    Format.html: ("html", "page"),
    Format.latex: ("latex", "latex"),
    Format.docx: ("docx", "document"),
}
"""Module of `mutau.tables.formats` and its function, imported when it is asked for: Word's takes half a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Tables that one file holds, and sentences under the last of them.

    Parameters
    ----------
    tables : tuple of Table
        At least one. CSV, which is one table, holds the first; every other format all of them.
    said : tuple of str
        What stands under them where people read.
    about : mapping, optional
        Plain values that JSON holds beside the tables.
    """

    tables: tuple[Table, ...]
    said: tuple[str, ...] = ()
    about: Mapping[str, Any] | None = None

    def written(self, form: Format) -> str | bytes:
        """Give the content of a file of this format.

        Parameters
        ----------
        form : Format
            JSON is one object: `about`, and each table's rows by its name; one table with nothing about it is its
            rows alone.
        """
        if form is Format.csv:
            return self.tables[0].to_csv()
        if form is Format.json:
            return self._json()
        module, name = _FOR_READING[form]
        write: Callable[..., str | bytes] = getattr(import_module(f"mutau.tables.formats.{module}"), name)
        return write(self.tables, tuple(map(plain, self.said)))

    def _json(self) -> str:
        rows = {table.name: plain_rows(table.exported) for table in self.tables}
        alone = self.about is None and len(rows) == 1
        value = next(iter(rows.values())) if alone else {**(self.about or {}), **rows}
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
