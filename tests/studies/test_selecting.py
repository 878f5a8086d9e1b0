from __future__ import annotations

import pytest

from mutau.errors import StudyDataError
from mutau.shipped import shipped_path
from mutau.studies import StudyTable, read_studies


@pytest.fixture(scope="module")
def pip() -> StudyTable:
    return read_studies(shipped_path("data", "pip", "studies.csv"))


def test_wide_columns_select(pip):
    one = pip.select(arm_control="non-directive counselling")
    assert one.wide()["mean_control"].tolist() == [9.9]
    assert one.arms["row"].tolist() == [12, 12]
    assert (one.source, one.sha256) == (pip.source, pip.sha256)


def test_long_columns_select_whole_contrasts(pip):
    assert pip.select(treatment="routine primary care").arms["treatment"].tolist() == [
        "PIP",
        "routine primary care",
    ]
    assert len(pip.select(arm="control").arms) == len(pip.arms)


def test_numbers_select_as_numbers(pip):
    assert pip.select(events_treatment=31).study_names == ("Cicchetti 1999a",)
    assert pip.select(row=2) == pip.select(outcome="Infant attachment: secure", study="Cicchetti 1999a")


def test_selections_can_be_narrowed(pip):
    by_steps = pip.select(study="Cooper 2003").select(comparison="PIP versus control")
    assert by_steps == pip.select(study="Cooper 2003", comparison="PIP versus control")


def test_unknown_columns_and_values_at_once(pip):
    with pytest.raises(StudyDataError) as caught:
        pip.select(outcom="x", study="Coper 2003")
    column, value = caught.value.faults
    assert "Did you mean 'outcome'" in column.remedy
    assert value.remedy.startswith("Use one of 'Cooper 2003'")
    assert value.column == "study"


def test_nothing_left_says_what_each_filter_keeps(pip):
    with pytest.raises(StudyDataError, match="study = 'Cooper 2003' keeps 3 of 11"):
        pip.select(study="Cooper 2003", outcome="Infant attachment: secure")


def test_a_study_once(pip):
    pip.select(outcome="Infant attachment: secure").require_unique_studies()
    with pytest.raises(StudyDataError) as caught:
        pip.select(comparison="PIP versus alternative treatment").require_unique_studies()
    (fault,) = caught.value.faults
    assert fault.what == "rows 11, 12 are about the same study"
    assert "'arm_control', which says 'cognitive behavioural therapy', 'non-directive" in fault.remedy
