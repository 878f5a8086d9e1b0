"""`Table`: one table, whole: what a person reads, the unrounded numbers behind it, and their conditions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault, nearest
from mutau.formats import FORMATS
from mutau.tables.columns import Column, Given, Role, frame_of
from mutau.tables.texts import plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "write_whole"]

_ROWS_DISPLAYED = 100


def write_whole(target: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; an older one stays until the new one is there."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """One table for reading, with the unrounded numbers behind it.

    Made by `mutau.table`. Markdown, HTML, LaTeX and docx show `columns`: rounded, in words. CSV and JSON hold
    `numbers`, unrounded. All of them say what kind each interval is, what each probability is conditional on, and
    where the data come from.

    Parameters
    ----------
    name : str
        Short name, of which file names are made.
    title : str
        The heading.
    columns : tuple of Column
        What is read, as text.
    numbers : DataFrame
        The unrounded numbers behind it, one row per answer; not always one row per row that is read.
    given : tuple of Given
        The priors and the likelihood behind the probabilities and credible intervals.
    notes : tuple of str
        What a reader must know, in the order of their numbers where cells refer to them.
    provenance : tuple of str
        Where the data come from.

    Raises
    ------
    ArgumentError
        A column holds intervals and nothing says of which kind, probabilities and nothing says given what, or columns
        differ in length.

    Examples
    --------
    >>> import mutau, pandas as pd
    >>> crib = pd.DataFrame({"study": ["Cicchetti 1999a"], "ai": [31], "n1i": [46], "ci": [9], "n2i": [54]})
    >>> print(mutau.table(mutau.StudyTable.from_frame(crib, "crib.csv")).to_markdown().splitlines()[4])
    | Cicchetti 1999a | 31/46       | 9/54      | not stated   |
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    numbers: pd.DataFrame
    given: tuple[Given, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [*self._unnamed_intervals(), *self._unconditional_probabilities()]
        if len({len(column.cells) for column in self.columns}) > 1:
            faults.append(Fault(f"table {self.name!r}", "all columns have one cell per row", "fill them up"))
        if faults:
            raise ArgumentError(faults)

    def _unnamed_intervals(self) -> list[Fault]:
        row_says = any(column.role is Role.KIND for column in self.columns)
        rule, remedy = "an interval says of which kind it is", "name the kind in its heading or beside it"
        return [
            Fault(f"column {column.heading!r}", rule, remedy)
            for column in self.columns
            if column.role is Role.INTERVAL and not column.kind and not row_says
        ]

    def _unconditional_probabilities(self) -> list[Fault]:
        rule, remedy = "a probability names its prior and likelihood", "say what it is given"
        return [
            Fault(f"column {column.heading!r}", rule, remedy)
            for column in self.columns
            if column.role is Role.PROBABILITY and not self.given
        ]

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that have a word in them, with plain text in every cell."""
        kept = [column for column in self.columns if any(cell.strip() for cell in column.cells)]
        return tuple(
            replace(column, heading=plain(column.heading), cells=tuple(map(plain, column.cells)))
            for column in kept or self.columns
        )

    @property
    def heading(self) -> str:
        """The title as plain text."""
        return plain(self.title)

    @property
    def plain_notes(self) -> tuple[str, ...]:
        """The notes as plain text."""
        return tuple(map(plain, self.notes))

    @property
    def frame(self) -> pd.DataFrame:
        """What is read, as a frame of text."""
        return frame_of(self.columns)

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows of `shown`."""
        return tuple(zip(*(column.cells for column in self.shown), strict=True))

    @property
    def conditions(self) -> tuple[Given, ...]:
        """What the probabilities and credible intervals are given, outcomes of the same priors together."""
        outcomes: dict[Given, list[str]] = {}
        for each in self.given:
            outcomes.setdefault(replace(each, of=""), []).append(each.of)
        return tuple(replace(each, of="; ".join(filter(None, of))) for each, of in outcomes.items())

    @property
    def sentences(self) -> tuple[str, ...]:
        """What stands under the table apart from its notes: conditions, then provenance."""
        source = plain("; ".join(self.provenance)).rstrip(".")
        said = [plain(given.sentence) for given in self.conditions]
        return (*said, *([f"Provenance of the data: {source}."] if source else []))

    @property
    def exported(self) -> pd.DataFrame:
        """The unrounded numbers with provenance in a column of its own, as CSV and JSON hold them."""
        if "provenance" in self.numbers or not self.provenance:
            return self.numbers
        return self.numbers.assign(provenance="; ".join(self.provenance))

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """Give the table as Markdown (and write it), heading and notes included; hostile text comes out as text."""
        from mutau.tables.formats.markdown import markdown

        return self._given_out(markdown([self]), path)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """Give the table as an HTML page of its own (and write it): no script, no network, no colours."""
        from mutau.tables.formats.html import page

        return self._given_out(page([self]), path)

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        r"""Give the table as a LaTeX float (and write it) that needs ``\usepackage{booktabs,tabularx}``."""
        from mutau.tables.formats.latex import latex

        return self._given_out(latex([self]), path)

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Give the unrounded numbers as CSV (and write them); an apostrophe keeps text from running as a formula."""
        from mutau.tables.formats.numbers import csv_text

        return self._given_out(csv_text(self.exported), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Give the unrounded numbers as JSON (and write them), with title, conditions, notes and provenance."""
        from mutau.tables.formats.numbers import json_text

        return self._given_out(json_text(self), path)

    def to_docx(self, path: str | os.PathLike[str] | None = None) -> bytes:
        """Give the table as a Word document (and write it); the same table gives the same bytes."""
        from mutau.tables.formats.docx import document

        return self._given_out(document([self]), path)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table in the format that the file's suffix names.

        Parameters
        ----------
        path : path
            Ends in ``.md``, ``.html``, ``.tex``, ``.docx``, ``.csv`` or ``.json``. Written whole or not at all.

        Raises
        ------
        ArgumentError
            Another suffix.
        """
        target = Path(path)
        self.writer(target.suffix.removeprefix("."))(target)
        return target

    def writer(self, form: str) -> Callable[[str | os.PathLike[str] | None], str | bytes]:
        """Give the method that makes a format of `FORMATS`."""
        writers: dict[str, Callable[[str | os.PathLike[str] | None], str | bytes]] = {
            "md": self.to_markdown,
            "html": self.to_html,
            "tex": self.to_latex,
            "docx": self.to_docx,
            "csv": self.to_csv,
            "json": self.to_json,
        }
        if form not in writers:
            rule = f"a table is written as {', '.join(FORMATS)}"
            raise ArgumentError(Fault(f"format {form!r}", rule, nearest(form, FORMATS)))
        return writers[form]

    @staticmethod
    def _given_out[Content: (str, bytes)](content: Content, path: str | os.PathLike[str] | None) -> Content:
        if path is not None:
            write_whole(Path(path), content)
        return content

    def __repr__(self) -> str:
        rows, columns = len(self.rows), len(self.shown)
        return f"<Table {self.name}: {self.title}; {rows} rows, {columns} columns>"

    def __str__(self) -> str:
        return self.to_markdown()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/markdown": self._repr_markdown_()}

    def _repr_markdown_(self) -> str:
        return self._displayed().to_markdown()

    def _repr_html_(self) -> str:
        from mutau.tables.formats.html import fragment

        return fragment(self._displayed())

    def _displayed(self) -> Table:
        """The table without the rows that would flood a notebook."""
        rows = len(self.columns[0].cells)
        if rows <= _ROWS_DISPLAYED:
            return self
        cut = tuple(replace(column, cells=column.cells[:_ROWS_DISPLAYED]) for column in self.columns)
        said = f"The first {_ROWS_DISPLAYED} of {rows:,} rows are shown."
        return replace(self, columns=cut, notes=(*self.notes, said))
