"""Every wrong table under tests/data/wrong_studies gives exactly the messages beside it, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutau.errors import StudyDataError
from mutau.studies import read_studies

FOLDER = Path(__file__).parents[1] / "data" / "wrong_studies"
TABLES = sorted(FOLDER.glob("*.csv"))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_messages(table):
    with pytest.raises(StudyDataError) as caught:
        read_studies(table)
    said = str(caught.value).replace(str(table), table.name)
    assert said + "\n" == table.with_suffix(".messages").read_text(encoding="utf-8")


def test_every_message_has_its_table():
    assert len(TABLES) >= 13
    assert {path.stem for path in FOLDER.glob("*.messages")} == {path.stem for path in TABLES}


def test_faults_carry_their_place():
    with pytest.raises(StudyDataError) as caught:
        read_studies(FOLDER / "cells.csv")
    first = caught.value.faults[0]
    assert (first.row, first.study, first.column) == (2, "Amber 2001", "events_treatment")
    assert first.file == str(FOLDER / "cells.csv")
    assert all(fault.what and fault.rule and fault.remedy for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.csv", "there is no such file"), ("", "this is a folder")],
)
def test_what_is_no_file(tmp_path, name, words):
    with pytest.raises(StudyDataError, match=words):
        read_studies(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "an Excel workbook or another zip archive"),
        ("study,yi,sei\nA,1,1\n".encode("utf-16"), "UTF-16 text"),
        (b"study\tyi\tsei\nA\t1\t1\n", "separated by tabs"),
        (b"\n\n", "the file is empty"),
    ],
)
def test_foreign_content(tmp_path, content, words):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(StudyDataError, match=words):
        read_studies(path)


def test_row_is_the_line_an_editor_shows(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('study,yi,sei,note\n\nA,1,1,"two\nlines"\n,,,\nB,x,1,\n', encoding="utf-8")
    with pytest.raises(StudyDataError) as caught:
        read_studies(path)
    assert [(fault.row, fault.study) for fault in caught.value.faults] == [(6, "B")]
