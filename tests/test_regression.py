"""`mutau.regress`: moderators read from tables, frames and arrays; predictions; what is said and refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.classic import meta_regression
from mutau.errors import ArgumentError, StudyDataError

BCG = Path(__file__).parents[1] / "data" / "bcg" / "bcg.csv"


@pytest.fixture(scope="module")
def bcg():
    return mutau.read_studies(BCG)


@pytest.fixture(scope="module")
def effects(bcg):
    return mutau.effects(bcg, "RR")


@pytest.fixture(scope="module")
def by_both(bcg):
    return mutau.regress(bcg, moderators=["ablat", "alloc"], measure="RR")


def test_a_table_and_arrays_give_the_same(bcg, effects):
    asked = {"tau2": "PM", "ci": "robust", "tau2_ci": "J"}
    found = mutau.regress(bcg, moderators="ablat", measure="RR", **asked)
    plain = meta_regression(effects["yi"], effects["vi"], effects["ablat"], **asked)
    assert (found.estimate, found.se, found.tau2_upper) == (plain.estimate, plain.se, plain.tau2_upper)
    assert found.names == ("intercept", "ablat")
    ready = mutau.regress(yi=effects["yi"], sei=effects["sei"], moderators=effects[["ablat"]], **asked)
    assert ready.estimate == pytest.approx(plain.estimate, rel=1e-12)


def test_moderators_may_be_named_or_given_in_any_shape(bcg, effects):
    latitude = effects["ablat"].to_numpy()
    named = mutau.regress(bcg, moderators=["ablat"], measure="RR").estimate
    given = [
        {"ablat": latitude},
        {"ablat": [str(value) for value in latitude]},  # numbers as text
        latitude,
        latitude[:, None],
        pd.DataFrame({"ablat": latitude}),
        pd.DataFrame({"ablat": latitude}, index=effects["study"]).sort_index(),  # put into order by study
    ]
    for moderators in given:
        assert mutau.regress(bcg, moderators=moderators, measure="RR").estimate == named


def test_text_makes_categories_whose_reference_is_said(bcg, by_both, effects):
    assert by_both.names == ("intercept", "ablat", "alloc: random", "alloc: systematic")
    assert by_both.coding[1].levels == ("alternate", "random", "systematic")
    assert "alloc: compared with alternate" in by_both.notes
    ordered = pd.Categorical(effects["alloc"], categories=["systematic", "random", "alternate", "other"])
    other = mutau.regress(bcg, moderators={"ablat": effects["ablat"], "alloc": ordered}, measure="RR")
    assert other.names[2:] == ("alloc: random", "alloc: alternate")
    assert other.estimate[3] == pytest.approx(-by_both.estimate[3])
    assert other.moderators.statistic == pytest.approx(by_both.moderators.statistic)


def test_a_moderator_is_tested_with_all_of_its_categories(bcg, by_both):
    part = mutau.regress(bcg, moderators=["ablat", "alloc"], measure="RR", tested="alloc")
    assert part.moderators.names == ("alloc: random", "alloc: systematic")
    assert by_both.moderator_tests()["alloc"] == part.moderators
    assert by_both.moderator_tests()["ablat"].p_value == pytest.approx(by_both.p_value[1])


def test_predictions_at_stated_values(by_both):
    found = by_both.predict({"ablat": [33, 45], "alloc": "random"})
    b = by_both.estimate
    assert found.estimate == pytest.approx([b[0] + 33 * b[1] + b[2], b[0] + 45 * b[1] + b[2]])
    framed = by_both.predict(pd.DataFrame({"alloc": ["random", "random"], "ablat": [33, 45]}))
    assert framed == found
    for low, below, at, above, high in zip(
        found.prediction_lower, found.lower, found.estimate, found.upper, found.prediction_upper, strict=True
    ):
        assert low < below < at < above < high


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"ablat": 33}, "State alloc"),
        ({"ablat": 33, "aloc": "random"}, "Did you mean 'alloc'"),
        ({"ablat": 33, "alloc": "randm"}, "Did you mean 'random'"),
        ({"ablat": math.nan, "alloc": "random"}, "finite number"),
        ({"ablat": [1, 2, 3], "alloc": ["random"] * 2}, "2 values of alloc, 3"),
    ],
)
def test_wrong_values_are_not_predicted_at(by_both, at, said):
    with pytest.raises(ArgumentError, match=said):
        by_both.predict(at)


def test_what_has_to_be_said_is_said(bcg, by_both):
    few = [note for note in by_both.notes if "10.11.5.1" in note]
    assert few == [
        "13 studies for 2 moderators: the Cochrane Handbook (10.11.5.1) asks for at least 10 studies for each, "
        "and for more where their values are unevenly spread"
    ]
    assert "observational" in by_both.notes[-1]
    one = mutau.regress(bcg, moderators="ablat", measure="RR")
    assert not any("10.11.5.1" in note for note in one.notes)
    assert one.ci_method == "HK"
    assert mutau.regress(bcg, moderators="ablat", measure="RR", tau2="CE").ci_method == "wald"


def test_corrected_zero_cells_are_said():
    table = pd.DataFrame(
        {
            "study": list("abcd"),
            "ai": [0, 3, 5, 9],
            "n1i": [20, 30, 40, 50],
            "ci": [2, 4, 9, 9],
            "n2i": [20, 30, 40, 50],
        }
    )
    found = mutau.regress(table, moderators=[1, 2, 3, 5], measure="RR")
    assert found.notes[0] == "Zero cells: a corrected as mutau.effects does by default"


def test_the_studies_are_kept_with_what_was_fitted(bcg, by_both, effects):
    frame = by_both.studies_frame()
    assert frame["study"].to_list() == effects["study"].to_list()
    assert frame["alloc"].to_list() == effects["alloc"].to_list()
    assert frame["residual"].to_numpy() == pytest.approx((frame["yi"] - frame["fitted"]).to_numpy())
    assert float(np.sum(frame["weight"])) == pytest.approx(100)
    assert repr(by_both) == "<MetaRegression of 13 studies on ablat, alloc: REML, HK>"


FAULTY = [
    ({"moderators": ["abla", "yeer"]}, ["Did you mean 'ablat'", "Did you mean 'year'"]),
    ({"moderators": "ablat", "tau2": "RMEL", "ci": "KR"}, ["Did you mean 'REML'", "ci='KR'"]),
    ({"moderators": []}, ["Name some columns"]),
    ({"moderators": 3}, ["moderators=3"]),
    ({"moderators": {}}, ["Use mutau.pool"]),
    ({"moderators": {"a": [1, 2]}}, ["2 values of a for 13 studies"]),
    ({"moderators": ["ablat", "ablat"]}, ["Each is named once"]),
    ({"moderators": "ablat", "tested": "latitude"}, ["A coefficient is named"]),
    ({"moderators": {"a": range(13), "b": range(1, 14)}}, ["b follows from intercept and a"]),
    ({"moderators": {"a": ["x"] * 13}}, ["a = x in all studies"]),
    ({"moderators": "study"}, ["13 coefficients takes at least 14 studies"]),
]


@pytest.mark.parametrize(("wrong", "said"), FAULTY)
def test_faults_are_said_together(bcg, wrong, said):
    with pytest.raises((ArgumentError, StudyDataError)) as caught:
        mutau.regress(bcg, measure="RR", **wrong)
    for words in said:
        assert words in str(caught.value)


def test_every_missing_moderator_is_named_with_its_study(bcg):
    gaps = pd.DataFrame({"a": [1, None, math.inf] + [3] * 10, "b": ["x", "y", None] + ["y"] * 10})
    with pytest.raises(StudyDataError) as caught:
        mutau.regress(bcg, moderators=gaps, measure="RR")
    faults = [(fault.study, fault.what) for fault in caught.value.faults]
    assert faults == [("Ferguson & Simes 1949", "no a"), ("Rosenthal et al 1960", "no b")]
    with pytest.raises(StudyDataError, match="a = inf"):
        mutau.regress(bcg, moderators=gaps[["a"]].fillna(2), measure="RR")


def test_rows_that_name_studies_name_all_of_them(bcg, effects):
    named = effects.set_index("study")[["ablat"]]
    with pytest.raises(StudyDataError, match=r"Aronson 1948.*0 rows for 1"):
        mutau.regress(bcg, moderators=named.iloc[1:], measure="RR")
    with pytest.raises(StudyDataError, match=r"Aronson 1948.*2 rows for 1"):
        mutau.regress(bcg, moderators=pd.concat([named, named.iloc[:1]]), measure="RR")


def test_ready_made_effects_and_a_model_are_read_as_everywhere(bcg, effects):
    ready = effects[["study", "yi", "sei", "ablat"]]
    model = mutau.OutcomeModel(name="tb", title="Tuberculosis", measure="RR", benefit="lower")
    found = mutau.regress(bcg, moderators="ablat", measure=model)
    again = mutau.regress(ready, moderators="ablat")
    assert again.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert (found.about.title, again.about.measure) == ("Tuberculosis", "GEN")


def test_names_need_a_table():
    with pytest.raises(ArgumentError, match="without a table"):
        mutau.regress(yi=[1, 2, 3], vi=[1, 1, 1], moderators="latitude")
