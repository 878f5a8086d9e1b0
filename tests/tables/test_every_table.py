"""Rules that hold for every table in every format: kinds of intervals, conditions of probabilities, provenance."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import tables
from mutau.errors import ArgumentError
from mutau.tables import Column, Given, Role, Table

INTERVAL = re.compile(r"\[-?[\d.,]+(?: \w+)?, -?[\d.,e+]+(?: \w+)?\]")
KIND = re.compile(r"\d+(\.\d+)?% (highest-density )?(credible|confidence|prediction|empirical Bayes)")
READABLE = {
    "md": Table.to_markdown,
    "html": Table.to_html,
    "tex": Table.to_latex,
    "docx": lambda table: "\n".join(words_of(docx.Document(io.BytesIO(table.to_docx())))),
}


def words_of(document):
    for paragraph in document.paragraphs:
        yield paragraph.text
    for grid in document.tables:
        for row in grid.rows:
            yield from (cell.text for cell in row.cells)


def test_every_kind_of_table_is_here(every_table):
    assert {table.name for table in every_table} >= {
        *tables.CAPTIONS,
        *(f"sensitivity_{name}" for name in tables.SENSITIVITY_CAPTIONS),
        *("studies", "model", "pooled"),
    }


def test_an_interval_always_says_of_which_kind_it_is(every_table):
    seen = 0
    for table in every_table:
        kinds = [place for place, column in enumerate(table.shown) if column.role is Role.KIND]
        for row in table.rows:
            for column, cell in zip(table.shown, row, strict=True):
                if (INTERVAL.search(cell) and column.role is not Role.TEXT) or column.role is Role.INTERVAL:
                    said = [column.title, cell, *(row[place] for place in kinds)]
                    assert any(KIND.search(words) or "its probability" in words for words in said), (
                        table.name,
                        cell,
                    )
                    seen += 1
                elif INTERVAL.search(cell) and table.name != "sensitivity_tipping_points":
                    assert KIND.search(cell), (table.name, cell)
    assert seen > 40


@pytest.mark.parametrize("form", READABLE)
def test_conditions_and_provenance_stand_in_every_readable_format(every_table, form):
    for table in every_table:
        text = " ".join(READABLE[form](table).split())
        if any(column.role is Role.PROBABILITY for column in table.columns):
            assert table.given
        plain = re.sub(r"\\text\w+\{\}|&lt;|[\\{}]", "", text)
        for given in table.given:
            assert "given unbiased trials" in text
            for condition in (given.mu, given.tau, given.likelihood):
                assert re.sub(r"[\\{}<>~]", "", condition) in plain.replace("~", ""), (table.name, condition)
        if table.provenance:
            assert "Provenance of the data:" in text


def test_numbers_name_prior_and_likelihood_and_kinds_too(every_table):
    for table in every_table:
        stored = pd.read_csv(io.StringIO(table.to_csv()))
        columns = set(stored)
        content = json.loads(table.to_json())
        assert {tuple(row) for row in content["rows"]} == {tuple(stored)}
        assert len(content["rows"]) == len(stored)
        if columns & {"p_benefit", "probability", "p_benefit_new", "exact", "p_benefit_halved"}:
            assert {"mu_prior", "tau_prior", "likelihood"} <= columns, table.name
        if {"lower", "upper"} <= columns:
            assert "prob" in columns, table.name
            assert "kind" in columns or table.name.startswith("sensitivity"), table.name
        if "prediction_lower" in columns and table.name != "pooled":
            limits = stored[stored["prediction_lower"].notna()]
            assert limits["prediction_kind"].notna().all()
        if table.provenance:
            assert "provenance" in columns
            assert content["provenance"] == list(table.provenance)


def test_exports_hold_every_digit_and_readable_formats_are_rounded(exact_secure):
    compared = mutau.compare(exact_secure)
    table = mutau.table(compared, "compare")
    estimate = compared["estimate"].iloc[0]
    stored = pd.read_csv(io.StringIO(table.to_csv()))
    np.testing.assert_array_equal(stored["estimate"], compared["estimate"])
    rows = json.loads(table.to_json())["rows"]
    assert [row["estimate"] for row in rows] == compared["estimate"].tolist()
    assert rows[0]["ess"] == "Infinity"
    assert rows[-1]["tau"] is None
    for form in READABLE.values():
        assert repr(estimate) not in form(table)
        assert f"{estimate:.2f}" in form(table)


def test_what_does_not_say_its_kind_or_condition_is_refused():
    numbers = pd.DataFrame({"x": [1.0]})
    bare = (Column("RR", ("1 [0, 2]",), Role.INTERVAL), Column("P", ("0.5", "0.6"), Role.PROBABILITY))
    with pytest.raises(ArgumentError) as caught:
        Table("t", "T", bare, numbers)
    assert [fault.what for fault in caught.value.faults] == ["column 'RR'", "column 'P'", "table 't'"]
    said = (replace(bare[0], kind="95% credible interval"), Column("P", ("0.5",), Role.PROBABILITY))
    assert Table("t", "T", said, numbers, (Given("a", "b", "c likelihood"),)).rows == (("1 [0, 2]", "0.5"),)


def test_intervals_of_several_probabilities_share_no_heading(exact_secure):
    both = pd.concat([mutau.compare(exact_secure, {}, prob=prob) for prob in (0.9, 0.95)])
    with pytest.raises(ArgumentError, match="intervals of 90%, 95%"):
        tables.main_table(both, exact_secure.model)


def test_the_same_table_gives_the_same_document(exact_secure, monkeypatch):
    import time

    table = mutau.table(exact_secure)
    first = table.to_docx()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    assert table.to_docx() == first
    made = docx.Document(io.BytesIO(first))
    assert made.core_properties.created.year == made.core_properties.modified.year == 1980
    assert made.core_properties.title == table.title
    (grid,) = made.tables
    assert [cell.text for cell in grid.rows[0].cells] == [column.title for column in table.shown]
    assert "tblHeader" in grid.rows[0]._tr.xml


def test_save_writes_by_suffix_whole_or_not_at_all(exact_secure, tmp_path):
    table = mutau.table(exact_secure, "data")
    for form in tables.FORMATS:
        path = table.save(tmp_path / f"data.{form}")
        content = table.writer(form)(None)
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert len(list(Path(tmp_path).iterdir())) == len(tables.FORMATS)
    with pytest.raises(ArgumentError, match=r"format 'xls'.*md, html, tex, docx, csv, json"):
        table.save(tmp_path / "data.xls")


def test_an_unknown_table_names_those_there_are(exact_secure):
    with pytest.raises(ArgumentError, match="Did you mean 'compare'"):
        mutau.table(exact_secure, "compere")
    with pytest.raises(ArgumentError, match="a table is made of"):
        mutau.table(3)


def test_csv_is_read_back_with_the_same_shape(every_table):
    for table in every_table:
        rows = list(csv.reader(io.StringIO(table.to_csv())))
        assert len(rows) == len(table.numbers) + 1
        assert {len(row) for row in rows} == {len(rows[0])}
