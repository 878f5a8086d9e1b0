"""A table as the page's template prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau import tables
from mutau.plots import plain

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["TableView", "table_view"]


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as text: caption, column headings, rows of cells, what to say beneath, whether it is one of data."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Markup, ...], ...]
    notes: tuple[str, ...] = ()
    provenance: str = ""


def table_view(
    frame: pd.DataFrame, caption: str, notes: tuple[str, ...] = (), provenance: str = ""
) -> TableView:
    """Turn a frame into text, columns without a word left out."""
    shown = frame.loc[:, [not _is_empty(frame[name]) for name in frame]]
    rows = tuple(tuple(_cell(value) for value in row) for row in shown.itertuples(index=False, name=None))
    return TableView(plain(caption), tuple(plain(name) for name in shown.columns), rows, notes, provenance)


def _is_empty(column: pd.Series[Any]) -> bool:
    return bool((column.isna() | (column.astype(str).str.strip() == "")).all())


def _cell(value: Any) -> str:
    return tables.NOT_AVAILABLE if pd.isna(value) else plain(value)
