"""The unrounded numbers: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.tables.texts import spreadsheet_safe

if TYPE_CHECKING:
    from mutau.tables.record import Table

__all__ = ["csv_text", "json_text", "plain_rows"]


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV, numbers to their last digit, text so that no spreadsheet runs it as a formula."""
    safe = pd.DataFrame({place: frame.iloc[:, place].map(_cell) for place in range(frame.shape[1])})
    safe = safe.set_axis([spreadsheet_safe(str(name)) for name in frame.columns], axis="columns")
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _cell(value: Any) -> Any:
    return spreadsheet_safe(value) if isinstance(value, str) else value


def json_text(table: Table) -> str:
    """Write a table's numbers as JSON, one object per row; NaN is null, infinity ``"Infinity"``, text as it was."""
    content = {
        "name": table.name,
        "title": table.title,
        "given": [asdict(given) | {"sentence": given.sentence} for given in table.conditions],
        "notes": list(table.notes),
        "provenance": list(table.provenance),
        "columns": [str(name) for name in table.exported.columns],
        "rows": [
            {str(name): _value(value) for name, value in row.items()}
            for row in table.exported.to_dict("records")
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame's rows as plain values; what is missing or infinite is None."""
    missing = frame.isna() | frame.isin([np.inf, -np.inf])
    rows = frame.astype(object).mask(missing, None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None if pd.isna(value) else value if isinstance(value, float) else str(value)
