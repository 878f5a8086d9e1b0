"""Sheets of extracted numbers: what is derived, what is left and why, and that a table of studies says so."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import mutau
from mutau import extraction as ex
from mutau.cli import app
from mutau.errors import StudyDataError
from mutau.studies.extracted import ARM_COLUMNS, EFFECTS, ROW_COLUMNS

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "examples" / "sheets"


@pytest.fixture(scope="module")
def scores():
    return ex.complete(SHEETS / "scores.csv")


@pytest.fixture(scope="module")
def events():
    return ex.complete(SHEETS / "events.csv")


def derived(done, study):
    rows = done.log[done.log["study"] == study]
    return dict(zip(rows["cell"], rows["value"], strict=True))


def test_each_cell_is_what_its_function_gives(scores):
    assert derived(scores, "Amber 2001") == {}
    assert derived(scores, "Birch 2003") == {
        "sd_treatment": ex.sd_from_se(0.58, 60).value,
        "sd_control": ex.sd_from_se(0.56, 62).value,
    }
    assert derived(scores, "Cedar 2005")["sd_treatment"] == ex.sd_from_interval(30.0, 34.2, 25).value
    quartiles = {"median": 10, "q1": 7, "q3": 13.5}
    assert derived(scores, "Daisy 2006")["mean_control"] == ex.mean_from_quantiles(41, **quartiles).value
    assert derived(scores, "Daisy 2006")["sd_control"] == ex.sd_from_quantiles(41, **quartiles).value
    assert derived(scores, "Fern 2010")["sd_treatment"] == ex.change_sd(6.4, 7.1, 0.78).value
    assert derived(scores, "Fern 2010")["mean_treatment"] == pytest.approx(1.0)
    both = ex.sd_from_difference(ex.se_from_p(3.8, 0.008, df=45), 25, 22).value
    assert derived(scores, "Ginkgo 2012") == {"sd_treatment": both, "sd_control": both}


def test_counts_of_percentages_odds_ratios_and_clusters(events):
    assert derived(events, "Amber 2001") == {"events_treatment": 31}
    assert derived(events, "Cedar 2005") == {"events_treatment": 20, "events_control": 12}
    assert list(derived(events, "Daisy 2006").values()) == [
        39,
        184,
        52,
        206,
    ]  # as the Cochrane Handbook rounds them
    row = events.log.set_index(["study", "cell"]).loc[("Birch 2003", "events_treatment")]
    assert (row["value"], row["lower"], row["upper"]) == (178, 176, 180)
    assert row["notes"] == "5 counts are printed as 33% of 540: 176 to 180"
    effect = derived(events, "Elder 2008")
    assert effect["yi"] == math.log(0.77)
    assert effect["sei"] == ex.se_from_interval(0.62, 0.97, ratio=True).value


def test_what_is_left_says_why(scores, events):
    why = {(row["study"], row["cell"]): row["reason"] for row in scores.left.to_dict("records")}
    assert set(why) == {
        ("Elder 2008", "mean_treatment"),
        ("Elder 2008", "sd_treatment"),
        ("Hazel 2013", "sd_control"),
    }
    assert "finds skewness" in why["Elder 2008", "sd_treatment"]
    assert why["Hazel 2013", "sd_control"] == "'se_control' alone does not give it: 'n_control' missing"
    assert events.left["study"].tolist() == ["Fern 2010"]
    anyway = ex.complete(SHEETS / "scores.csv", skewed="derive")
    assert "do not rely on it" in anyway.log[anyway.log["study"] == "Elder 2008"]["notes"].iloc[0]


def test_given_cells_stay_and_a_second_pass_changes_nothing(scores, events):
    for done, name in ((scores, "scores.csv"), (events, "events.csv")):
        sheet = pd.read_csv(SHEETS / name, dtype=str, keep_default_na=False)
        for column in sheet:
            if column in {"provenance", *(done.log.loc[done.log["study"] == "Daisy 2006", "cell"])}:
                continue
            kept = sheet[column] != ""
            assert (done.frame[column][kept] == sheet[column][kept]).all()
        again = ex.complete(done.frame)
        assert again.log.empty
        assert list(again.frame["provenance"]) == list(done.frame["provenance"])


def test_a_table_of_studies_says_which_cells_are_derived(events, tmp_path):
    frame = events.frame[events.frame["study"] != "Fern 2010"]
    table = mutau.StudyTable.from_frame(frame, "events")
    assert table.k == 5
    assert table.notes[0] == (
        "'events': derived from what the report prints, not reported: 'events_treatment' in rows 1, 2, 3, 4; "
        "'events_control' in rows 2, 3, 4; 'n_treatment' in row 4; 'n_control' in row 4; "
        "'yi' in row 5; 'sei' in row 5"
    )
    assert "Birch 2003, abstract, partly derived" in table.provenance
    arm = table.arms.query("study == 'Birch 2003'").iloc[0]
    assert "events = 33% of 540, from 176 to 180 by rounding (whole numbers" in arm["note"]
    frame.to_csv(tmp_path / "events.csv", index=False)
    assert mutau.read_studies(tmp_path / "events.csv") == table


def test_a_long_table_is_completed_too():
    sheet = pd.DataFrame(
        {
            "study": ["A", "A"],
            "arm": ["treatment", "control"],
            "n": ["50", "52"],
            "mean": ["8.4", ""],
            "se": ["0.60", ""],
            "median": ["", "10"],
            "min": ["", "2"],
            "max": ["", "19"],
            "provenance": ["Table 1", "Table 2"],
        }
    )
    done = ex.complete(sheet)
    assert done.log["cell"].tolist() == ["sd", "mean", "sd"]
    assert done.studies().k == 1
    assert done.log["value"].iloc[1] == ex.mean_from_quantiles(52, median=10, minimum=2, maximum=19).value


def test_a_correlation_for_the_whole_sheet():
    sheet = pd.DataFrame({"study": ["A"], "sd_baseline_treatment": ["6.4"], "sd_final_treatment": ["7.1"]})
    left = ex.complete(sheet).left
    assert left["reason"].tolist() == ["'sd_final_treatment' alone does not give it: 'r' missing"]
    assert (
        derived(ex.complete(sheet, correlation="0.5"), "A")["sd_treatment"]
        == ex.change_sd(6.4, 7.1, 0.5).value
    )


def test_a_difference_without_means_becomes_an_effect():
    sheet = pd.DataFrame(
        {"study": ["A", "B"], "md": ["3.8", "0.0"], "md_p": ["0.008", "1.00"], "n_treatment": ["25", ""]}
    )
    done = ex.complete(sheet)
    assert derived(done, "A") == {"yi": 3.8, "sei": ex.se_from_p(3.8, 0.008).value}
    assert "has no standard error by its test" in done.left["reason"].iloc[0]


def test_standard_errors_of_cluster_trials_are_inflated():
    sheet = pd.DataFrame(
        {"study": ["A"], "yi": [0.5], "sei": [0.2], "icc": ["0.02"], "cluster_size": [31.25]}
    )
    (row,) = ex.complete(sheet).log.to_dict("records")
    assert (row["cell"], row["value"]) == ("sei", 0.2 * math.sqrt(1.605))


def test_rounded_events_and_non_events_add_up():
    sheet = pd.DataFrame(
        {"study": ["A"], "icc": [0.1], "cluster_size": [11]}
        | {
            f"{name}_{arm}": [n]
            for arm in ("treatment", "control")
            for name, n in (("events", 5), ("nonevents", 9), ("n", 14))
        }
    )
    found = derived(ex.complete(sheet), "A")
    assert found["events_treatment"] + found["nonevents_treatment"] == found["n_treatment"] == 7


def test_all_faults_of_a_sheet_are_reported_at_once():
    sheet = pd.DataFrame(
        {
            "study": ["A", "B"],
            "n_treatment": ["20", "x"],
            "se_treatment": ["0,6", "0.5"],
            "percent_control": ["", "130"],
        }
        | {
            "n_control": ["", "20"],
            "median_control": ["5", ""],
            "q1_control": ["6", ""],
            "q3_control": ["8", ""],
        }
    )
    sheet.loc[0, "n_control"] = "20"
    with pytest.raises(StudyDataError) as caught:
        ex.complete(sheet, source="sheet.csv")
    found = [(fault.file, fault.row, fault.study, fault.column) for fault in caught.value.faults]
    assert set(found) == {
        ("sheet.csv", 1, "A", "se_treatment"),
        ("sheet.csv", 1, "A", "median_control"),
        ("sheet.csv", 2, "B", "n_treatment"),
        ("sheet.csv", 2, "B", "percent_control"),
    }
    with pytest.raises(StudyDataError, match="would both be 'se_treatment'"):
        ex.complete(pd.DataFrame({"study": ["A"], "se_treatment": [1], "sem_treatment": [1]}))


def test_the_command_writes_both_files_and_keeps_the_sheet(tmp_path, scores):
    output, log = tmp_path / "done.csv", tmp_path / "log.csv"
    run = CliRunner().invoke(
        app,
        ["derive", str(SHEETS / "scores.csv"), "--output", str(output), "--log", str(log), "--format", "csv"],
    )
    assert run.exit_code == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(log, keep_default_na=False)[["cell", "value"]], scores.log[["cell", "value"]]
    )
    assert run.stdout.startswith("row,study,cell,value")
    assert len(pd.read_csv(output)) == 8
    same = CliRunner().invoke(app, ["derive", str(output), "--output", str(output)])
    assert same.exit_code == 2
    assert "two of the files are the same" in same.stderr
    nowhere = CliRunner().invoke(
        app, ["derive", str(SHEETS / "scores.csv"), "--output", str(tmp_path / "no" / "x.csv")]
    )
    assert nowhere.exit_code == 2
    assert "cannot be written" in nowhere.stderr


ARM_VALUES = [*ARM_COLUMNS, "n", "events", "nonevents", "mean", "sd"]
COLUMNS = [f"{name}_{arm}" for name in ARM_VALUES for arm in ("treatment", "control")]
COLUMNS += [f"{effect}{end}" for effect in EFFECTS for end in ("", "_lower", "_upper", "_p", "_se", "_t")]
COLUMNS += [*ROW_COLUMNS, "yi", "sei", "vi"]
PLAIN = ["", "1", "2", "5", "10", "0.5", "0.2", "0.04", "100", "12.30", "33"]
ODD = [
    "0",
    "-1",
    "1e300",
    "1e-300",
    "<0.001",
    "NA",
    "x",
    "50%",
    "1,5",
    "٣",
    "inf",
    None,
    3,
    0.2,
    True,
    "9" * 20,
]


@given(st.data())
@settings(max_examples=60)
def test_any_sheet_is_completed_once_or_refused(data):
    names = data.draw(st.lists(st.sampled_from(COLUMNS), min_size=2, max_size=25, unique=True))
    cells = st.sampled_from(data.draw(st.sampled_from([PLAIN, PLAIN + ODD])))
    sheet = pd.DataFrame({"study": ["A"]} | {name: [data.draw(cells)] for name in names})
    try:
        done = ex.complete(sheet, correlation=0.5, skewed=data.draw(st.sampled_from(["leave", "derive"])))
    except StudyDataError:
        return
    assert done.log["value"].map(math.isfinite).all()
    assert ex.complete(done.frame).log.empty


def test_numbers_beyond_what_can_be_computed_are_left():
    sheet = pd.DataFrame(
        {"study": ["A"], "sd_baseline_treatment": ["1e300"], "sd_final_treatment": ["1e300"], "r": [0.5]}
    )
    assert "too large, too small or undefined" in ex.complete(sheet).left["reason"].iloc[0]
