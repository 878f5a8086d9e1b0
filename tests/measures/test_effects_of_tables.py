"""`effects`: tables in, effects out; what it corrects, refuses and says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau.errors import ArgumentError, DataWarning, StudyDataError
from mutau.measures import effects

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "metafor_tight.json").read_text())
CLOSED_FORM = 1e-12  # a handful of float64 operations on each side


def two_trials(**changes):
    table = {
        "study": ["Ann 2001", "Bob 2002"],
        "events_treatment": [31, 8],
        "n_treatment": [46, 14],
        "events_control": [9, 1],
        "n_control": [54, 54],
    }
    return pd.DataFrame(table | changes)


class Table:
    """What a StudyTable is to `effects`."""

    source = "trials.csv"

    def __init__(self, wide, estimates):
        self._wide, self.estimates = wide, estimates

    def wide(self):
        return self._wide


def test_rows_columns_and_index_stay():
    frame = two_trials(colour=["red", "blue"])
    frame.index = [7, 3]
    result = effects(frame, "OR")
    assert list(result.index) == [7, 3]
    assert list(result.columns) == [*frame.columns, "yi", "vi", "sei", "corrected", "note_effect"]
    np.testing.assert_allclose(result["sei"] ** 2, result["vi"])
    assert "yi" not in frame.columns


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_metafors_names_are_understood(measure):
    counts = {key: np.array(value) for key, value in REFERENCE["bcg"]["counts"].items()}
    a, n1, c, n2 = counts.values()
    with_cells = effects(pd.DataFrame({"ai": a, "bi": n1 - a, "ci": c, "di": n2 - c}), measure)
    with_sizes = effects(pd.DataFrame({"ai": a, "n1i": n1, "ci": c, "n2i": n2}), measure)
    for result in (with_cells, with_sizes):
        np.testing.assert_allclose(result["yi"], REFERENCE["bcg"][measure]["yi"], rtol=CLOSED_FORM)
        np.testing.assert_allclose(result["vi"], REFERENCE["bcg"][measure]["vi"], rtol=CLOSED_FORM)


def test_metafors_names_of_means():
    names = ["m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"]
    data = dict(zip(names, REFERENCE["normand1999"]["data"].values(), strict=True))
    np.testing.assert_allclose(
        effects(pd.DataFrame(data), "SMD")["yi"], REFERENCE["normand1999"]["SMD"]["yi"], rtol=1e-11
    )


def test_smd_variance_is_chosen_by_name():
    frame = pd.DataFrame(REFERENCE["normand1999"]["data"])
    plain, revman = effects(frame, "SMD"), effects(frame, "SMD", smd_variance="RevMan")
    assert (revman["vi"] > plain["vi"]).all()


def test_a_correction_is_announced_with_names():
    with pytest.warns(DataWarning, match=r"RR: 0\.5 was added to all four cells of Bob 2002 \(to='only0'\)"):
        result = effects(two_trials(events_control=[9, 0]))
    assert result["corrected"].tolist() == [False, True]


def test_a_double_zero_trial_is_computed_and_named():
    frame = two_trials(events_treatment=[31, 0], events_control=[9, 0])
    with pytest.warns(DataWarning, match=r"Bob 2002 had no events, or nothing but events, in both arms"):
        result = effects(frame)
    assert result["yi"].iloc[1] == pytest.approx(np.log(0.5 / 15) - np.log(0.5 / 55))


def test_without_a_correction_the_reason_is_given():
    result = effects(two_trials(events_control=[9, 0]), to="none")
    assert np.isnan(result["yi"].iloc[1])
    assert "does not exist with a zero cell" in result["note_effect"].iloc[1]
    assert result["note_effect"].iloc[0] == ""


def test_a_risk_difference_without_variance_keeps_its_effect():
    result = effects(two_trials(events_treatment=[31, 0], events_control=[9, 0]), "RD", to="none")
    assert result["yi"].iloc[1] == 0
    assert np.isnan(result["vi"].iloc[1])
    assert "sampling variance is 0" in result["note_effect"].iloc[1]


def test_a_tiny_smd_has_a_reason():
    frame = pd.DataFrame({"m1i": [1.0], "sd1i": [1.0], "n1i": [2], "m2i": [0.0], "sd2i": [1.0], "n2i": [1]})
    assert "at least 4 participants" in effects(frame, "SMD")["note_effect"].iloc[0]


@pytest.mark.parametrize("measure", ["HR", "GEN", "RR", "SMD"])
def test_ready_made_effects_go_with_any_measure(measure):
    by_error = effects(pd.DataFrame({"study": ["a"], "yi": [-0.3], "sei": [0.2]}), measure)
    by_variance = effects(pd.DataFrame({"study": ["a"], "yi": [-0.3], "vi": [0.04]}), measure)
    for result in (by_error, by_variance):
        assert result["yi"].iloc[0] == -0.3
        assert result["vi"].iloc[0] == pytest.approx(0.04)


def test_a_row_without_counts_uses_its_ready_made_effect():
    frame = two_trials(events_treatment=[31, np.nan], yi=[np.nan, 0.5], sei=[np.nan, 0.1])
    result = effects(frame)
    assert result["yi"].tolist() == pytest.approx([np.log(31 / 46) - np.log(9 / 54), 0.5])


def test_counts_go_before_a_ready_made_effect():
    assert effects(two_trials(yi=[5.0, 5.0], sei=[1.0, 1.0]))["yi"].iloc[0] == pytest.approx(
        np.log(31 / 46) - np.log(9 / 54)
    )


def test_both_halves_of_a_study_table_are_used():
    estimates = pd.DataFrame({"study": ["Cyd 2003"], "yi": [0.1], "sei": [0.3]})
    result = effects(Table(two_trials(), estimates))
    assert result["study"].tolist() == ["Ann 2001", "Bob 2002", "Cyd 2003"]
    assert result["yi"].notna().all()
    assert len(effects(Table(two_trials(), estimates.iloc[:0]))) == 2
    assert len(effects(Table(two_trials().iloc[:0], estimates))) == 1


def test_every_fault_of_a_table_is_reported():
    frame = two_trials(events_treatment=[60, -1], n_control=[0, np.nan], row=[2, 3])
    with pytest.raises(StudyDataError) as caught:
        effects(Table(frame, frame.iloc[:0]))
    messages = [str(fault) for fault in caught.value.faults]
    assert len(messages) == 5
    assert any(
        "trials.csv, row 2, study 'Ann 2001'" in m and "events_treatment 60 with n_treatment 46" in m
        for m in messages
    )
    assert any("Events are 0 or more" in m for m in messages)
    assert any("column 'n_control'" in m and "an empty cell" in m for m in messages)


def test_missing_columns_are_named():
    with pytest.raises(StudyDataError, match=r"no column n_treatment, n_control\. RR needs the columns"):
        effects(two_trials().drop(columns=["n_treatment", "n_control"]))


def test_missing_ready_made_columns_are_named():
    with pytest.raises(StudyDataError, match="no column yi, sei"):
        effects(two_trials(), "HR")


def test_text_infinity_and_contradictions_are_refused():
    with pytest.raises(StudyDataError, match=r"'many'\. The cell holds a number"):
        effects(two_trials(events_control=["many", 1]))
    with pytest.raises(StudyDataError, match="The number is finite"):
        effects(two_trials(n_control=[np.inf, 54]))
    with pytest.raises(StudyDataError, match="vi is the square of sei"):
        effects(pd.DataFrame({"yi": [0.1], "vi": [0.04], "sei": [0.1]}), "GEN")
    with pytest.raises(StudyDataError, match="A standard error is above 0"):
        effects(pd.DataFrame({"yi": [0.1], "sei": [0.0]}), "GEN")
    with pytest.raises(StudyDataError, match="A standard deviation is above 0"):
        effects(
            pd.DataFrame({"m1i": [1.0], "sd1i": [0.0], "n1i": [9], "m2i": [0.0], "sd2i": [1.0], "n2i": [9]}),
            "MD",
        )
    with pytest.raises(StudyDataError, match="no yi with sei or vi"):
        effects(pd.DataFrame({"yi": [0.1, np.nan], "sei": [0.2, 0.1]}), "HR")


def test_an_empty_table_is_refused():
    with pytest.raises(StudyDataError, match="a table without rows"):
        effects(two_trials().iloc[:0])


def test_every_wrong_option_is_reported_at_once():
    with pytest.raises(ArgumentError) as caught:
        effects(two_trials(), "RRR", add=-1, to="only", smd_variance="revman")
    assert {fault.key for fault in caught.value.faults} == {"measure", "add", "to", "smd_variance"}
    assert "Did you mean 'only0'?" in str(caught.value)
    assert "Did you mean 'RevMan'?" in str(caught.value)


def test_what_is_no_table_is_refused():
    with pytest.raises(ArgumentError, match="studies of type list"):
        effects([1, 2, 3])
