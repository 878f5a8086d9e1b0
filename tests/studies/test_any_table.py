"""Whatever is read as a table is either a table or a StudyDataError: nothing else ever comes out."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mutau.errors import StudyDataError
from mutau.studies import ESTIMATE_COLUMNS, LONG_COLUMNS, WIDE_COLUMNS, StudyTable, read_studies
from mutau.studies.reading import raw_from_csv
from mutau.symbols import folded

KNOWN = sorted(
    {column.name for column in (*WIDE_COLUMNS, *LONG_COLUMNS, *ESTIMATE_COLUMNS)} | {"ai", "n1i", "Study"}
)
CELLS = st.one_of(
    st.integers(-2, 60).map(str),
    st.floats().map(str),
    st.sampled_from(
        ["", "NA", "treatment", "control", "A", "B", "1,5", "1_000", "0x1", "\N{FULLWIDTH DIGIT ONE}"]
    ),
    st.text(max_size=8),
)
SETTINGS = settings(max_examples=100, deadline=None)


def read(content: bytes) -> StudyTable | None:
    try:
        return StudyTable._from_raw(raw_from_csv(content, "any.csv"))
    except StudyDataError as error:
        refused = error
    assert refused.faults
    assert all(fault.what and fault.rule and fault.remedy for fault in refused.faults)
    return None


@SETTINGS
@given(st.binary(max_size=200))
def test_any_bytes(content):
    read(content)


@SETTINGS
@given(st.text(max_size=200))
def test_any_text(text):
    read(text.encode("utf-8"))


@st.composite
def tables(draw):
    header = draw(st.lists(st.one_of(st.sampled_from(KNOWN), st.text(max_size=5)), min_size=1, max_size=10))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=5))
    return [header, *rows]


@SETTINGS
@given(tables())
def test_any_table(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    table = read(text.getvalue().encode("utf-8"))
    if table is not None:
        again_as_text(table)


@SETTINGS
@given(tables(), st.data())
def test_any_frame(rows, data):
    header, *body = rows
    odd = st.sampled_from([None, 1, 2.5, float("nan"), True, b"bytes", pd.NA, pd.NaT, (1, 2), 10**400, "A"])
    body = [[data.draw(st.one_of(st.just(cell), odd)) for cell in row] for row in body]
    frame = pd.DataFrame(body, columns=header, dtype=object)
    try:
        table = StudyTable.from_frame(frame)
    except StudyDataError:
        return
    again_as_text(table)


def again_as_text(table: StudyTable) -> None:
    assert table.k >= 1
    assert repr(table)
    for frame in (table.arms, table.estimates, table.wide()):
        assert isinstance(frame, pd.DataFrame)


@st.composite
def sound_tables(draw):
    k = draw(st.integers(1, 6))
    sizes = st.lists(st.integers(1, 500), min_size=k, max_size=k)
    n_treatment, n_control = draw(sizes), draw(sizes)
    return pd.DataFrame(
        {
            "study": draw(st.lists(st.text(min_size=1, max_size=9).map(str.strip).filter(folded), min_size=k,
                                   max_size=k, unique_by=folded)),
            "events_treatment": [draw(st.integers(0, n)) for n in n_treatment],
            "n_treatment": n_treatment,
            "events_control": [draw(st.integers(0, n)) for n in n_control],
            "n_control": n_control,
        }
    )  # fmt: skip


@SETTINGS
@given(sound_tables())
def test_a_sound_table_is_read_and_comes_back(frame):
    table = StudyTable.from_frame(frame)
    assert table.study_names == tuple(frame["study"])
    wide = table.wide()
    assert (wide[frame.columns[1:]] == frame[frame.columns[1:]].astype(float)).all(axis=None)
    assert StudyTable.from_frame(wide) == table
    assert StudyTable.from_frame(table.arms) == table


def test_null_bytes_in_a_path():
    with pytest.raises(StudyDataError, match="cannot be read"):
        read_studies("a\0b.csv")
