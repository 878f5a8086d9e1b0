"""From bytes or a DataFrame to rows of raw cells, each with its line number. Nothing is interpreted here."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mutau.errors import Fault, StudyDataError

__all__ = ["RawRow", "RawTable", "raw_from_csv", "raw_from_frame", "read_bytes"]

_SAVE_AS = "Save it as 'CSV UTF-8 (comma delimited)'"
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip archive",
}


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
    _refuse_other_delimiter(header, source)
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
    header = tuple(str(name).strip() for name in frame.columns)
    columns = [list(frame.iloc[:, position].astype(object)) for position in range(frame.shape[1])]
    cells: Iterator[tuple[object, ...]] = zip(*columns, strict=True) if columns else iter(())
    rows = tuple(RawRow(number, row) for number, row in enumerate(cells, start=1))
    return RawTable(source, header, rows, None)


def _decoded(content: bytes, source: str) -> str:
    for magic, kind in _FOREIGN.items():
        if content.startswith(magic):
            raise StudyDataError(
                Fault(
                    f"the file is {kind}", "A table of studies is a CSV file in UTF-8", _SAVE_AS, file=source
                )
            )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StudyDataError(
            Fault(
                f"byte 0x{content[error.start]:02x} is not UTF-8",
                "A table of studies is a CSV file in UTF-8",
                _SAVE_AS,
                file=source,
                row=line,
            )
        ) from None


def _split(text: str, source: str) -> tuple[list[RawRow], Fault | None]:
    """Rows that are not blank, up to the first place where the quoting breaks, and that place."""
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
            "Close the quotes of this row; the rows after it were not read",
            file=source,
            row=start,
        )
    return rows, None


def _refuse_other_delimiter(header: Sequence[str], source: str) -> None:
    if len(header) > 1:
        return
    for mark, words in _OTHER_DELIMITERS.items():
        if mark in header[0]:
            raise StudyDataError(
                Fault(
                    f"the cells are separated by {words}",
                    "Cells are separated by commas, and decimals have a point",
                    _SAVE_AS,
                    file=source,
                    row=1,
                )
            )


def _fitted(cells: tuple[object, ...], width: int) -> tuple[object, ...] | None:
    """Return the cells if their number is right, once empty cells past the header's end are let go."""
    if len(cells) > width and not any(str(cell).strip() for cell in cells[width:]):
        cells = cells[:width]
    return cells if len(cells) == width else None


def _length_fault(row: RawRow, width: int, source: str) -> Fault:
    return Fault(
        f"{len(row.cells)} cells where the header has {width}",
        "Every row has as many cells as the header",
        "Put a cell that holds a comma in double quotes, and keep empty cells",
        file=source,
        row=row.number,
    )
