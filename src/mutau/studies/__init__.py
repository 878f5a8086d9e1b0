"""Tables of studies: reading, checking, freezing, selecting.

Inside mutau a table has one row per study and arm, and beside it one row per ready-made effect; the wide
table with both arms in a row, as reviews print it, is a view that is read and written.
"""

from __future__ import annotations

from mutau.studies.columns import ESTIMATE_COLUMNS, LONG_COLUMNS, NOT_STATED, WIDE_COLUMNS, Column, Rule
from mutau.studies.table import StudyTable, read_studies

__all__ = [
    "ESTIMATE_COLUMNS",
    "LONG_COLUMNS",
    "NOT_STATED",
    "WIDE_COLUMNS",
    "Column",
    "Rule",
    "StudyTable",
    "read_studies",
]
