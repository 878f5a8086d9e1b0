"""From bytes or a DataFrame to rows of raw cells, each with its line number. Nothing is interpreted here."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mutau.errors import Fault, StudyDataError

__all__ = ["RawRow", "RawTable", "raw_from_csv", "raw_from_frame", "read_bytes"]

_SAVE_AS = "Save the table from a spreadsheet as 'CSV UTF-8 (comma delimited)'"
_OTHER_DELIMITERS = {
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
    "\N{FULLWIDTH COMMA}": "full-width commas",
}
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\xff\xfe\x00\x00": "UTF-32 text",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip archive or an R data file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a word processor's document",
    b"<": "XML or a web page (a RevMan file is XML)",
    b"{": "JSON",
    b"[{": "JSON",
    b"[[": "JSON",
}
"""First bytes, after any byte-order mark and blanks, of files that are no CSV."""
_BOM = b"\xef\xbb\xbf"
_MOST_COLUMNS = 1000
_TOML = re.compile(r"(#.*\n|\s)*(\[+[\w.]+\]+\s*$|[\w.]+\s*=\s)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: the line it starts on (1 is the header; of a DataFrame, 1 is the first row) and its cells."""

    number: int
    cells: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class RawTable:
    """A header and rows of the same length, not yet interpreted; `source` names the file in messages."""

    source: str
    header: tuple[str, ...]
    rows: tuple[RawRow, ...]
    sha256: str | None
    faults: tuple[Fault, ...] = ()


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a file, with a `StudyDataError` that says what to do where that cannot be done."""
    file = os.fspath(path)
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        what, remedy = "there is no such file", f"Check the path; relative paths start at {Path.cwd()}"
    except IsADirectoryError:
        what, remedy = "this is a folder", "Name the CSV file inside it"
    except (OSError, ValueError) as error:
        what, remedy = f"the file cannot be read ({error})", "Check the path and its permissions"
    raise StudyDataError(Fault(what, "A table of studies is read from a CSV file", remedy, file=file))


def raw_from_csv(content: bytes, source: str) -> RawTable:
    """Split a CSV file into rows of text cells.

    Blank lines, and lines whose cells are all empty, are passed over.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte-order mark; commas between cells, quotes as in RFC 4180.
    source : str
        The file's name for messages.

    Returns
    -------
    RawTable
        Faults of single rows (too many or too few cells) are in ``faults``, to be reported with all others.

    Raises
    ------
    StudyDataError
        Not text, empty, no header, or another delimiter: nothing further can be said of such a file.
    """
    rows, fault = _split(_decoded(content, source), source)
    if not rows:
        if fault is not None:
            raise StudyDataError(fault)
        raise StudyDataError(
            Fault(
                "the file is empty",
                "A table of studies has a header and a row per study",
                "Add them",
                file=source,
            )
        )
    header = tuple(str(cell).strip() for cell in rows[0].cells)
    _refuse_width(len(header), source)
    _refuse_other_delimiter(header, rows, source)
    faults = [fault] if fault is not None else []
    kept: list[RawRow] = []
    for row in rows[1:]:
        cells = _fitted(row.cells, len(header))
        if cells is None:
            faults.append(_length_fault(row, len(header), source))
        else:
            kept.append(RawRow(row.number, cells))
    return RawTable(source, header, tuple(kept), hashlib.sha256(content).hexdigest(), tuple(faults))


def raw_from_frame(frame: pd.DataFrame, source: str) -> RawTable:
    """Take the cells of a DataFrame as they are; its index is not read, and its first row is row 1."""
    _refuse_width(frame.shape[1], source)
    header = tuple(str(name).strip() for name in frame.columns)
    columns = [list(frame.iloc[:, position].astype(object)) for position in range(frame.shape[1])]
    cells: Iterator[tuple[object, ...]] = zip(*columns, strict=True) if columns else iter(())
    rows = tuple(RawRow(number, row) for number, row in enumerate(cells, start=1))
    return RawTable(source, header, rows, None)


def _decoded(content: bytes, source: str) -> str:
    rule = "A table of studies is a CSV file in UTF-8"
    start = content.removeprefix(_BOM).lstrip()
    for magic, kind in _FOREIGN.items():
        if start.startswith(magic):
            raise StudyDataError(Fault(f"the file is {kind}", rule, _SAVE_AS, file=source))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise StudyDataError(Fault(what, rule, _SAVE_AS, file=source, row=line)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        what = "the file holds zero bytes: it is UTF-16 text, or damaged"
        raise StudyDataError(Fault(what, rule, _SAVE_AS, file=source, row=line))
    if _TOML.match(text):
        what, remedy = "the file reads like an outcome model (TOML)", "Name the CSV file with the studies"
        raise StudyDataError(Fault(what, rule, remedy, file=source))
    if text.lower().startswith("sep="):
        what, remedy = "the line 'sep=' is for a spreadsheet", f"Remove this line. {_SAVE_AS}"
        raise StudyDataError(Fault(what, "The first line is the header", remedy, file=source, row=1))
    return text


def _split(text: str, source: str) -> tuple[list[RawRow], Fault | None]:
    """Rows that are not blank, up to the first place where the quoting breaks, and that place."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[RawRow] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(RawRow(start, tuple(cells)))
            start = reader.line_num + 1
    except csv.Error as error:
        return rows, Fault(
            f"the quoting breaks here ({error})",
            'A cell with a comma, a quote or a line break stands in double quotes, and a quote inside is ""',
            "Put the quotes of this row right; the rows after it were not read",
            file=source,
            row=start,
        )
    return rows, None


def _refuse_width(width: int, source: str) -> None:
    if width > _MOST_COLUMNS:
        rule = f"A table of studies has at most {_MOST_COLUMNS} columns"
        remedy = (
            "Keep the columns that say what a study is and found; if studies stand in columns, turn the table"
        )
        raise StudyDataError(Fault(f"the table has {width} columns", rule, remedy, file=source))


def _refuse_other_delimiter(header: Sequence[str], rows: Sequence[RawRow], source: str) -> None:
    """Refuse a header that another mark cuts into more cells than the comma does."""
    line = ",".join(header)
    marks = [(line.count(mark), words) for mark, words in _OTHER_DELIMITERS.items()]
    if len(header) == 1 and all(len(row.cells) == 1 for row in rows):
        marks.append((line.count(","), "commas, but each line stands in quotes as a whole"))
        if not any(count for count, _ in marks):
            marks.append((len(line.split()) - 1, "blanks"))
    count, words = max(marks, key=lambda mark: mark[0])
    if count >= len(header):
        remedy = "Remove the quotes around the lines" if "quotes" in words else _SAVE_AS
        rule = "Cells are separated by commas, and decimals have a point"
        raise StudyDataError(Fault(f"the cells are separated by {words}", rule, remedy, file=source, row=1))


def _fitted(cells: tuple[object, ...], width: int) -> tuple[object, ...] | None:
    """Return the cells if their number is right, once empty cells past the header's end are let go."""
    if len(cells) > width and not any(str(cell).strip() for cell in cells[width:]):
        cells = cells[:width]
    return cells if len(cells) == width else None


def _length_fault(row: RawRow, width: int, source: str) -> Fault:
    return Fault(
        f"{len(row.cells)} cells where the header has {width}",
        "Every row has as many cells as the header",
        _length_remedy(row, width),
        file=source,
        row=row.number,
    )


def _length_remedy(row: RawRow, width: int) -> str:
    if sum(bool(str(cell).strip()) for cell in row.cells) == 1:
        return "Remove the line if it is a heading or a footnote; else keep its empty cells"
    if len(row.cells) > width:
        return "Put a cell that holds a comma in double quotes, and write decimals with a point"
    return "Keep empty cells: a comma stands between any two"
