from __future__ import annotations

import dataclasses
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau.errors import StudyDataError
from mutau.shipped import shipped_path
from mutau.studies import NOT_STATED, StudyTable, read_studies

PIP = shipped_path("data", "pip", "studies.csv")


@pytest.fixture
def pip():
    return read_studies(PIP)


@pytest.fixture
def two():
    return pd.DataFrame(
        {
            "study": ["Amber 2001", "Birch 2003"],
            "events_treatment": [6, 3],
            "n_treatment": [54, 20],
            "events_control": [9, 5],
            "n_control": [54, 21],
        }
    )


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_pip_is_read_whole(pip):
    assert pip.k == 3
    assert pip.study_names == ("Cicchetti 1999a", "Cicchetti 2006b", "Cooper 2003")
    assert len(pip.arms) == 22
    assert pip.estimates.empty
    assert pip.notes == ()
    assert pip.provenance == (
        "reconstructed (unique solution)",
        "reconstructed (1 of 17 admissible solutions)",
        "secondary extraction",
    )
    assert pip.sha256 == hashlib.sha256(PIP.read_bytes()).hexdigest()
    assert pip.source == str(PIP)


def test_wide_view_is_the_file_again(pip):
    file = pd.read_csv(PIP).astype({"events_treatment": float})
    wide = pip.wide()
    assert list(wide.columns)[: len(file.columns) - 2] == list(file.columns)[:-2]
    numbers = [name for name in file.columns if file[name].dtype.kind in "if"]
    words = [name for name in file.columns if name not in numbers]
    np.testing.assert_array_equal(wide[numbers], file[numbers].astype(float))
    assert (wide[words] == file[words].fillna("")).all(axis=None)
    assert wide["row"].tolist() == list(range(2, 13))


def test_round_trips(pip):
    assert StudyTable.from_frame(pip.wide()) == pip
    assert StudyTable.from_frame(pip.arms) == pip
    again = StudyTable.from_frame(pip.arms).wide()
    pd.testing.assert_frame_equal(again.drop(columns="row"), pip.wide().drop(columns="row"))


def test_round_trip_through_files(pip, tmp_path):
    for frame in (pip.wide(), pip.arms):
        path = tmp_path / "again.csv"
        frame.to_csv(path, index=False)
        assert read_studies(path) == pip


def test_canonical_columns(pip):
    assert list(pip.arms.columns) == [
        "comparison",
        "outcome",
        "timepoint",
        "study",
        "arm",
        "treatment",
        "events",
        "n",
        "mean",
        "sd",
        "person_time",
        "provenance",
        "note",
        "contrast",
        "row",
    ]
    assert list(pip.estimates.columns)[:6] == ["comparison", "outcome", "timepoint", "study", "yi", "sei"]
    assert pip.arms["arm"].tolist() == ["treatment", "control"] * 11
    assert pip.arms["events"].dtype == np.float64


def test_frozen_and_copied(pip):
    arms, wide = pip.arms, pip.wide()
    arms.loc[0, "events"] = 0
    wide.loc[0, "events_treatment"] = 0
    assert pip.arms.loc[0, "events"] == 31
    with pytest.raises(dataclasses.FrozenInstanceError):
        pip.source = "elsewhere"


def test_input_frame_is_left_alone(two):
    before = two.copy()
    StudyTable.from_frame(two)
    pd.testing.assert_frame_equal(two, before)


def test_equality_is_of_content(two, tmp_path):
    table = StudyTable.from_frame(two)
    two.to_csv(tmp_path / "two.csv", index=False)
    read = read_studies(tmp_path / "two.csv")
    assert read == table
    assert hash(read) == hash(table)
    assert read.sha256 != table.sha256
    assert StudyTable.from_frame(two.assign(n_control=[54, 22])) != table
    assert StudyTable.from_frame(two.iloc[::-1]) != table
    assert table != "a table"
    assert StudyTable.from_frame(two, source="other").sha256 == table.sha256
    assert pickle.loads(pickle.dumps(table)) == table


def test_repr_says_what_it_is(two, pip):
    assert (
        repr(StudyTable.from_frame(two)) == "<StudyTable 'table': 2 studies, 4 arms; provenance: not stated>"
    )
    assert "1 study, 2 arms" in repr(pip.select(arm_control="routine primary care"))


def test_missing_provenance_is_said(two):
    table = StudyTable.from_frame(two)
    assert set(table.arms["provenance"]) == {NOT_STATED}
    assert table.wide()["provenance"].tolist() == [NOT_STATED] * 2
    assert table.notes == ("'table' has no column 'provenance': every row is marked 'not stated'",)
    partly = StudyTable.from_frame(two.assign(provenance=["trial report", None]))
    assert partly.provenance == ("trial report", NOT_STATED)
    assert partly.notes == ("'table': provenance is 'not stated' in row 2",)


def test_byte_order_mark_and_line_ends(tmp_path):
    text = "study,yi,sei\r\nA,1,0.5\r\n"
    path = tmp_path / "bom.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_studies(path).estimates["yi"].tolist() == [1.0]


HOSTILE = [
    "<script>alert(1)</script>",
    "=1+1",
    "NA",
    "None",
    "nan",
    "007",
    "1e5",
    'O\'Brien, "Mac" 2001',
    "two\nlines",
    "Müller 2001 \N{GREEK SMALL LETTER TAU}\N{SUPERSCRIPT TWO}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "a" * 500,
    "../../etc/passwd",
    "%s {0} \\x00",
    "-",
]


def test_hostile_names_survive_as_text(tmp_path):
    frame = pd.DataFrame({"study": HOSTILE, "yi": 0.1, "sei": 0.2, "label": HOSTILE})
    path = tmp_path / "hostile.csv"
    frame.to_csv(path, index=False)
    for table in (read_studies(path), StudyTable.from_frame(frame)):
        assert table.study_names == tuple(HOSTILE)
        assert table.estimates["label"].tolist() == HOSTILE
        for name in HOSTILE:
            assert table.select(study=name).study_names == (name,)


def test_lone_surrogate_is_a_fault():
    with pytest.raises(StudyDataError, match="not valid Unicode"):
        StudyTable.from_frame(pd.DataFrame({"study": ["a\ud800"], "yi": [1.0], "sei": [1.0]}, dtype=object))


METAFOR_COUNTS = "slab,ai,n1i,ci,n2i\nA,6,54,9,54\n"
METAFOR_TABLE = "trial,ai,bi,ci,di\nA,6,48,9,45\n"
METADAT = "trial,tpos,tneg,cpos,cneg\nA,6,48,9,45\n"
REVMAN = "Study,Experimental cases,Experimental N,Control cases,Control N\nA,6,54,9,54\n"
META = "studlab,event.e,n.e,event.c,n.c\nA,6,54,9,54\n"


@pytest.mark.parametrize("text", [METAFOR_COUNTS, METAFOR_TABLE, METADAT, REVMAN, META])
def test_other_programs_names_of_counts(tmp_path, text):
    wide = read_studies(write(tmp_path, text)).wide()
    assert wide.loc[0, ["events_treatment", "n_treatment", "events_control", "n_control"]].tolist() == [
        6,
        54,
        9,
        54,
    ]
    assert wide.loc[0, "study"] == "A"


@pytest.mark.parametrize(
    "text",
    [
        "slab,m1i,sd1i,n1i,m2i,sd2i,n2i\nA,8.9,4.2,45,11.3,4.8,50\n",
        "Study,Experimental mean,Experimental SD,Experimental N,Control mean,Control SD,Control N\n"
        "A,8.9,4.2,45,11.3,4.8,50\n",
        "studlab,mean.e,sd.e,n.e,mean.c,sd.c,n.c\nA,8.9,4.2,45,11.3,4.8,50\n",
    ],
)
def test_other_programs_names_of_means(tmp_path, text):
    wide = read_studies(write(tmp_path, text)).wide()
    names = ["mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control"]
    assert wide.loc[0, names].tolist() == [8.9, 4.2, 45, 11.3, 4.8, 50]


@pytest.mark.parametrize(
    "text",
    ["study,yi,vi\nA,-0.5,0.04\n", "Study,GIV Mean,GIV SE\nA,-0.5,0.2\n", "studlab,TE,seTE\nA,-0.5,0.2\n"],
)
def test_other_programs_names_of_estimates(tmp_path, text):
    estimates = read_studies(write(tmp_path, text)).estimates
    assert estimates.loc[0, "yi"] == -0.5
    assert estimates.loc[0, "sei"] == pytest.approx(0.2, rel=1e-15)


def test_revman_export_with_its_other_columns(tmp_path):
    text = (
        "Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,GIV Mean,GIV SE,"
        "Experimental cases,Experimental N,Experimental mean,Experimental SD,"
        "Control cases,Control N,Control mean,Control SD,"
        "O-E,Variance,Weight,Mean,CI start,CI end,Footnotes\n"
        "1,1,Falls,,A 2001,2001,,,6,54,,,9,54,,,,,100,0.67,0.25,1.75,see text\n"
        "1,2,Pain,,B 2003,2003,-0.5,0.2,,40,,,,41,,,,,100,0.6,0.4,0.9,\n"
    )
    table = read_studies(write(tmp_path, text))
    assert table.wide()[["outcome", "study", "note"]].iloc[0].tolist() == ["Falls", "A 2001", "see text"]
    assert table.estimates[["outcome", "study", "yi", "sei", "n_treatment", "n_control"]].iloc[
        0
    ].tolist() == [
        "Pain",
        "B 2003",
        -0.5,
        0.2,
        40,
        41,
    ]
    assert table.wide().loc[0, "Mean"] == 0.67


def test_rates(tmp_path):
    text = "study,events_treatment,time_treatment,events_control,time_control\nA,60,54.5,9,50\n"
    table = read_studies(write(tmp_path, text))
    assert table.arms["person_time"].tolist() == [54.5, 50.0]
    assert table.wide()[["time_treatment", "time_control"]].iloc[0].tolist() == [54.5, 50.0]
    assert table.arms["n"].isna().all()


def test_moderators_are_carried_with_their_type(tmp_path):
    text = "study,yi,sei,latitude,year,code,risk of bias\nA,1,1,44.5,1948,007,low\nB,1,1,,1949,12,high\n"
    estimates = read_studies(write(tmp_path, text)).estimates
    assert estimates["year"].tolist() == [1948, 1949]
    assert estimates["year"].dtype == np.int64
    assert estimates["latitude"].tolist()[0] == 44.5
    assert np.isnan(estimates["latitude"].tolist()[1])
    assert estimates["code"].tolist() == ["007", "12"]
    assert estimates["risk of bias"].tolist() == ["low", "high"]


def test_columns_of_an_arm_are_carried_by_arm(two):
    wide = two.assign(dropouts_treatment=[1, 2], dropouts_control=[1, 2], category="all")
    table = StudyTable.from_frame(wide)
    assert table.arms["dropouts"].tolist() == [1, 1, 2, 2]
    assert table.arms["category"].tolist() == ["all"] * 4
    assert table.wide()[["dropouts_treatment", "dropouts_control"]].to_numpy().tolist() == [[1, 1], [2, 2]]
    assert StudyTable.from_frame(table.wide()) == table


def test_long_table(tmp_path):
    text = (
        "study,arm,treatment,events,n,provenance,dose\n"
        "A,control,usual care,9,54,report,0\n"
        "A,experimental,PIP,6,54,author,10\n"
    )
    wide = read_studies(write(tmp_path, text)).wide()
    assert wide.loc[0, ["arm_treatment", "arm_control"]].tolist() == ["PIP", "usual care"]
    assert wide.loc[0, "provenance"] == "author; report"
    assert wide.loc[0, ["dose_treatment", "dose_control"]].tolist() == [10, 0]


def test_long_table_with_several_controls(tmp_path):
    text = (
        "study,arm,treatment,events,n\nA,treatment,PIP,6,54\nA,control,usual,9,54\nA,control,waiting,8,50\n"
    )
    table = read_studies(write(tmp_path, text))
    assert table.wide()["arm_control"].tolist() == ["usual", "waiting"]
    assert table.k == 1
    assert read_studies(write(tmp_path, text)).select(arm_control="waiting").wide()[
        "events_control"
    ].tolist() == [8]


def test_counts_and_means_side_by_side(tmp_path):
    text = (
        "study,events_treatment,n_treatment,events_control,n_control,mean_treatment,sd_treatment,mean_control,"
        "sd_control\nA,6,54,9,54,,,,\nB,,45,,50,8.9,4.2,11.3,4.8\nC,1,20,2,20,5,1,6,1\n"
    )
    assert read_studies(write(tmp_path, text)).k == 3


def test_from_frame_takes_numbers_of_any_kind(two):
    odd = two.astype(object)
    odd.loc[0, "events_treatment"] = np.int32(6)
    odd.loc[0, "n_treatment"] = "54"
    odd.loc[1, "n_control"] = 21.0
    assert StudyTable.from_frame(odd) == StudyTable.from_frame(two)
    assert StudyTable.from_frame(two.set_index(pd.Index(["x", "x"]))) == StudyTable.from_frame(two)


def test_from_frame_faults_count_rows_from_one(two):
    with pytest.raises(StudyDataError) as caught:
        StudyTable.from_frame(two.assign(events_control=[True, 60]), source="mine")
    assert [(fault.file, fault.row) for fault in caught.value.faults] == [("mine", 1), ("mine", 2)]
    with pytest.raises(StudyDataError, match="2 columns have this name"):
        StudyTable.from_frame(pd.concat([two, two["study"]], axis=1))


def test_typographic_minus(tmp_path):
    text = "study,yi,sei\nA,\N{MINUS SIGN}0.5,0.2\n"
    assert read_studies(write(tmp_path, text)).estimates["yi"].tolist() == [-0.5]


def test_empty_cells_past_the_header_are_let_go(tmp_path):
    assert read_studies(write(tmp_path, "study,yi,sei,,\nA,1,1,,,,\n")).k == 1
    with pytest.raises(StudyDataError, match="column 4 has cells but no name"):
        read_studies(write(tmp_path, "study,yi,sei,\nA,1,1,2\n"))


def test_two_columns_for_one_number(tmp_path):
    with pytest.raises(StudyDataError, match="'events_treatment', 'ai' would all be 'events_treatment'"):
        read_studies(write(tmp_path, "study,events_treatment,ai,n1i,ci,n2i\nA,1,2,3,4,5\n"))


def test_a_confidence_interval_column_is_not_metafors_ci(tmp_path):
    table = read_studies(write(tmp_path, "study,yi,sei,ci\nA,1,0.5,0.02 to 1.98\n"))
    assert table.estimates["ci"].tolist() == ["0.02 to 1.98"]


def test_estimates_keep_labels_and_both_kinds_of_rows_count(tmp_path):
    text = (
        "study,arm_control,events_treatment,n_treatment,events_control,n_control,yi,sei\n"
        "B,usual,,,,,0.5,0.1\nA,usual,6,54,9,54,,\n"
    )
    table = read_studies(write(tmp_path, text))
    assert table.study_names == ("B", "A")
    assert table.select(arm_control="usual").k == 2
    assert table.select(study="B").estimates["yi"].tolist() == [0.5]
    assert table.select(study="B").arms.empty
    assert table.select(study="B").wide().empty
