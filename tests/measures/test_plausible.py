"""An effect that is printed beside the data of its arms, and does not follow from them, is asked about."""

from __future__ import annotations

import pandas as pd
import pytest

import mutau
from mutau.errors import DataWarning
from mutau.measures.plausible import printed_effect_notes
from mutau.studies import StudyTable

COUNTS = {"study": ["A", "B"], "ai": [31, 8], "n1i": [46, 14], "ci": [9, 1], "n2i": [54, 54]}
MEANS = {"study": ["A"], "m1i": [8.9], "sd1i": [4.2], "n1i": [45], "m2i": [11.3], "sd2i": [4.8], "n2i": [50]}


def notes(columns, measure=None):
    return list(printed_effect_notes(StudyTable.from_frame(pd.DataFrame(columns)), measure))


@pytest.mark.parametrize(
    "columns",
    [
        COUNTS | {"or": [10.33, 70.7]},
        COUNTS | {"RR": [4.0, 30.9], "rr_lower": [2.1, 4.2], "rr_upper": [7.6, 226.6]},
        COUNTS | {"risk_difference": [0.51, 0.55]},
        MEANS | {"md": [-2.4], "md_lower": [-4.2], "md_upper": [-0.6]},
        COUNTS | {"or": [float("nan"), float("nan")]},
    ],
)
def test_what_follows_from_the_arms_is_not_mentioned(columns):
    assert notes(columns) == []


def test_an_effect_the_other_way_round_is_asked_about_in_its_row():
    (note,) = notes(COUNTS | {"or": [0.097, 70.7]})
    assert note.startswith(
        "'table', row 1, study 'A', column 'or': an odds ratio of 0.097 is printed, the arms give 10.33"
    )


def test_an_interval_of_another_level_is_asked_about():
    (note,) = notes(MEANS | {"md": [-2.4], "md_lower": [-4.9], "md_upper": [0.1]})
    assert (
        "column 'md_lower': the interval -4.9 to 0.1 is that of a standard error of 1.28, the arms give 0.923"
        in note
    )


def test_revmans_export_is_read_by_the_models_measure():
    export = COUNTS | {"Mean": [4.04, 3.1], "CI start": [2.1, 4.2], "CI end": [7.6, 226.6]}
    assert notes(export) == []
    (note,) = notes(export, "RR")
    assert "row 2, study 'B', column 'Mean': a risk ratio of 3.1 is printed, the arms give 30.86" in note


def test_check_says_it(tmp_path):
    pd.DataFrame(COUNTS | {"or": [3.44, 70.7], "provenance": ["x", "x"]}).to_csv(
        tmp_path / "s.csv", index=False
    )
    (tmp_path / "review.toml").write_text('title = "A review"\ndata = "s.csv"\n')
    (tmp_path / "secure.toml").write_text('title = "Secure"\nmeasure = "RR"\nbenefit = "higher"\n')
    with pytest.warns(DataWarning, match="row 2, study 'A', column 'or': an odds ratio of 3.44 is printed"):
        mutau.check_review(tmp_path)
