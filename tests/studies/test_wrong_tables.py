"""Wrong tables, and odd ones, as files: what mutau says of each is stored beside it, word for word.

A folder under `tests/data/wrong_studies` is a kind of fault: one small table per fault, named by it, and a file
`messages` with what mutau says of each. To add a case, write the table, run the test, and put what it says there
once it says what a reviewer has to do.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mutau.errors import StudyDataError
from mutau.studies import read_studies

DATA = Path(__file__).parents[1] / "data"
WRONG = sorted((DATA / "wrong_studies").glob("*/*.csv"))
ODD = sorted((DATA / "odd_studies").glob("*.csv"))
SEVERAL = DATA / "wrong_studies" / "several"


def stored(table: Path, file: str) -> list[str]:
    lines = (table.parent / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(table.name)]


@pytest.mark.parametrize("table", WRONG, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_wrong_table(table):
    with pytest.raises(StudyDataError) as caught:
        read_studies(table)
    said = [str(fault).replace(str(table), table.name) for fault in caught.value.faults]
    assert said == stored(table, "messages")
    assert all(fault.what and fault.rule and fault.remedy and fault.file for fault in caught.value.faults)


@pytest.mark.parametrize("table", ODD, ids=lambda path: path.stem)
def test_odd_table_is_read_and_what_is_odd_is_said(table):
    said = [note.replace(f"'{table}'", table.name) for note in read_studies(table).notes]
    assert said == stored(table, "notes")


def test_there_are_enough_and_no_line_without_its_table():
    assert len(WRONG) >= 150
    for tables, file in ((WRONG, "messages"), (ODD, "notes")):
        folders = {table.parent for table in tables}
        written = [line for folder in folders for line in (folder / file).read_text("utf-8").splitlines()]
        assert sorted(written) == sorted(line for table in tables for line in stored(table, file))


def test_faults_carry_their_place():
    with pytest.raises(StudyDataError) as caught:
        read_studies(SEVERAL / "cells.csv")
    first = caught.value.faults[0]
    assert (first.row, first.study, first.column) == (2, "Amber 2001", "events_treatment")
    assert first.file == str(SEVERAL / "cells.csv")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.csv", "there is no such file"), ("", "this is a folder")],
)
def test_what_is_no_file(tmp_path, name, words):
    with pytest.raises(StudyDataError, match=words):
        read_studies(tmp_path / name)


MANY = 1_000_000


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("study" + ",x" * MANY, "A", "the table has 1000001 columns"),
        ("study,yi,sei", "A" + ",1" * MANY, "1000001 cells where the header has 3"),
        ("study;yi" + ";1" * MANY, "A", "the cells are separated by semicolons"),
    ],
)
def test_a_million_columns_are_refused_quickly(tmp_path, header, row, words):
    path = tmp_path / "wide.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    start = time.process_time()
    with pytest.raises(StudyDataError, match=words) as caught:
        read_studies(path)
    assert time.process_time() - start < 5
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("piece", ["9", "1,", "1 ", "4(", "-", "1-", "=", "a", "é", "\u200b", "Total ", "1e"])
def test_a_long_cell_is_refused_quickly(tmp_path, piece):
    path = tmp_path / "long.csv"
    cell = piece * 50_000
    path.write_text(f'study,yi,sei\n"{cell}","{cell}x",1\n', encoding="utf-8")
    start = time.process_time()
    with pytest.raises(StudyDataError) as caught:
        read_studies(path)
    assert time.process_time() - start < 2
    assert len(str(caught.value)) < 2000


def test_numbers_are_what_the_odd_characters_mean():
    minus = read_studies(DATA / "odd_studies" / "kinds_of_minus.csv").estimates["yi"].tolist()
    assert minus == [-0.5, -0.4, -0.4, -0.3, -0.2]
    digits = read_studies(DATA / "odd_studies" / "arabic_digits.csv").arms["n"].tolist()
    assert digits == [54, 54]
    point = read_studies(DATA / "odd_studies" / "raised_decimal_point.csv").estimates
    assert point.loc[0, ["yi", "sei"]].tolist() == [-0.5, 0.2]


def test_row_is_the_line_an_editor_shows(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('study,yi,sei,note\n\nA,1,1,"two\nlines"\n,,,\nB,x,1,\n', encoding="utf-8")
    with pytest.raises(StudyDataError) as caught:
        read_studies(path)
    assert [(fault.row, fault.study) for fault in caught.value.faults] == [(6, "B")]


def test_a_message_is_one_printable_line(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('study,yi,sei\n"\x1b[31mA\nB\u202e",x,1\n', encoding="utf-8")
    with pytest.raises(StudyDataError) as caught:
        read_studies(path)
    assert str(caught.value).isprintable()
    assert r"study '\x1b[31mA\nB\u202e'" in str(caught.value)
