"""Word documents by python-docx, the same bytes for the same table."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from mutau import __version__

if TYPE_CHECKING:
    from docx.document import Document as DocumentObject
    from docx.table import _Cell, _Row

    from mutau.tables.record import Table

__all__ = ["document"]

_NO_TIME = datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC)
"""The earliest time a zip archive can hold: a document says nothing of when it was made."""
_WIDE = 5
"""From this number of columns on the page lies on its side."""
_CELL_SIZE, _NOTE_SIZE = Pt(8.5), Pt(8)


def document(tables: Sequence[Table], said: Sequence[str] = ()) -> bytes:
    """Write tables as a Word document: each its heading, a real table whose head repeats on each page, its notes."""
    made = Document()
    _set_page(made, wide=max(len(table.shown) for table in tables) >= _WIDE)
    _set_properties(made, tables[0])
    for table in tables:
        made.add_heading(table.heading, level=1)
        _add_table(made, table)
        notes = [f"{place}. {note}" for place, note in enumerate(table.plain_notes, start=1)]
        _add_sentences(made, (*notes, *table.sentences))
    _add_sentences(made, said)
    buffer = io.BytesIO()
    made.save(buffer)
    return _without_times(buffer.getvalue())


def _add_sentences(made: DocumentObject, said: Sequence[str]) -> None:
    for sentence in said:
        paragraph = made.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(3)
        paragraph.add_run(sentence).font.size = _NOTE_SIZE


def _set_page(made: DocumentObject, *, wide: bool) -> None:
    section = made.sections[0]
    width, height = Cm(21), Cm(29.7)
    section.page_width, section.page_height = (height, width) if wide else (width, height)
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(1.8)


def _set_properties(made: DocumentObject, table: Table) -> None:
    properties = made.core_properties
    properties.title = table.heading[:255]
    properties.author = f"mutau {__version__}"
    properties.comments = ""
    properties.created = properties.modified = _NO_TIME


def _add_table(made: DocumentObject, table: Table) -> None:
    shown = table.shown
    grid = made.add_table(rows=1, cols=len(shown), style="Table Grid")
    grid.autofit = True
    for cell, column in zip(grid.rows[0].cells, shown, strict=True):
        _fill(cell, column.title, right=column.role.is_numeric, bold=True)
    _repeat_on_each_page(grid.rows[0])
    for values in table.rows:
        row = grid.add_row()
        _keep_together(row)
        for cell, column, value in zip(row.cells, shown, values, strict=True):
            _fill(cell, value, right=column.role.is_numeric)


def _fill(cell: _Cell, text: str, *, right: bool, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(text)
    run.font.size, run.bold = _CELL_SIZE, bold


def _repeat_on_each_page(row: _Row) -> None:
    _add_row_property(row, "w:tblHeader")


def _keep_together(row: _Row) -> None:
    _add_row_property(row, "w:cantSplit")


def _add_row_property(row: _Row, name: str) -> None:
    element: Any = OxmlElement(name)
    element.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(element)


def _without_times(archive: bytes) -> bytes:
    """Write a zip archive again with one fixed time for every member."""
    fixed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            entry = zipfile.ZipInfo(member.filename, _NO_TIME.timetuple()[:6])
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o644 << 16,
            )
            new.writestr(entry, old.read(member))
    return fixed.getvalue()
