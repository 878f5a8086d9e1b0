from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from mutau import shipped
from mutau.errors import ArgumentError
from mutau.shipped import shipped_path
from mutau.studies import read_studies


def test_checkout_comes_first(tmp_path, monkeypatch):
    package = tmp_path / "checkout" / "src" / "mutau"
    for place in (package / "_shipped" / "data", tmp_path / "checkout" / "data"):
        place.mkdir(parents=True)
        (place / "a.csv").write_text("x", encoding="utf-8")
    (package / "_shipped" / "models").mkdir()
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    assert shipped_path("data", "a.csv") == package / "_shipped" / "data" / "a.csv"
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert shipped_path("data", "a.csv") == tmp_path / "checkout" / "data" / "a.csv"
    assert shipped_path("models") == package / "_shipped" / "models"


def test_what_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(ArgumentError, match="Did you mean 'models'"):
        shipped_path("model")
    with pytest.raises(ArgumentError, match=r"Did you mean 'data/pip/studies\.csv'"):
        shipped_path("data", "pip", "study.csv")
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "mutau")
    with pytest.raises(ArgumentError, match="has no folder 'data'"):
        shipped_path("data")


@pytest.mark.parametrize("table", sorted(shipped_path("data").glob("*/*.csv")), ids=lambda path: path.name)
def test_every_column_of_every_table_is_on_its_card(table: Path):
    card = (table.parent / "README.md").read_text(encoding="utf-8")
    with table.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert f"`{table.name}`" in card
    assert not [column for column in header if f"`{column}`" not in card]
    assert re.search(r"doi:10\.\d{4,}/", card)
    assert "## Licence" in card


def test_pip_card_says_what_the_numbers_are_not():
    card = shipped_path("data", "pip", "README.md").read_text(encoding="utf-8")
    assert "No row of these tables was extracted from a trial report" in card


def test_bcg_table():
    table = read_studies(shipped_path("data", "bcg", "bcg.csv"))
    wide = table.wide()
    assert table.k == 13
    assert wide[["events_treatment", "n_treatment", "events_control", "n_control"]].sum().tolist() == [
        1065,
        191064,
        1510,
        166283,
    ]
    assert wide["ablat"].tolist()[0] == 44
    assert table.notes == ()
