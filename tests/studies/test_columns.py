from __future__ import annotations

import pytest

from mutau.studies.columns import ESTIMATE_COLUMNS, LONG_COLUMNS, WIDE_COLUMNS, normalised


@pytest.mark.parametrize("columns", [(*WIDE_COLUMNS, *ESTIMATE_COLUMNS), LONG_COLUMNS], ids=["wide", "long"])
def test_no_name_means_two_columns(columns):
    names = [name for column in columns for name in (column.name, *column.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("column", [*WIDE_COLUMNS, *LONG_COLUMNS, *ESTIMATE_COLUMNS], ids=lambda c: c.name)
def test_names_are_normalised_and_meant(column):
    assert all(normalised(name) == name for name in (column.name, *column.aliases))
    assert column.meaning
