"""`pool`: one front door to classic pooling."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau.classic import inverse_variance, mantel_haenszel
from mutau.errors import ArgumentError, DataWarning, StudyDataError
from mutau.measures import effects
from mutau.pooling import pool

METAFOR = json.loads((Path(__file__).parent / "reference" / "metafor_tight.json").read_text())
COUNTS = METAFOR["bcg"]["counts"]
BCG = pd.DataFrame(COUNTS).assign(study=[f"trial {i}" for i in range(13)])
RR = METAFOR["bcg"]["RR"]


def numbers(result):
    return {name: getattr(result, name) for name in result.__slots__ if name != "notes"}


def same(one, other):
    """Every number, NaN being equal to NaN."""
    assert repr(numbers(one)) == repr(numbers(other))


@pytest.mark.parametrize("tau2", ["CE", "DL", "PM", "REML"])
@pytest.mark.parametrize("ci", ["wald", "HK", "HK-adhoc", "cochrane"])
def test_arrays_and_tables_agree(tau2, ci):
    from_table = pool(BCG, measure="RR", tau2=tau2, ci=ci)
    from_arrays = pool(yi=RR["yi"], vi=RR["vi"], tau2=tau2, ci=ci)
    same(from_arrays, inverse_variance(RR["yi"], RR["vi"], tau2=tau2, ci=ci))
    for name in ("estimate", "lower", "upper", "p_value", "tau2", "i2", "prediction_lower"):
        assert getattr(from_table, name) == pytest.approx(getattr(from_arrays, name), rel=1e-9, nan_ok=True)


def test_standard_errors_are_squared():
    same(pool(yi=RR["yi"], sei=np.sqrt(RR["vi"])), pool(yi=RR["yi"], vi=np.sqrt(RR["vi"]) ** 2))


def test_default_is_reml_with_hartung_knapp():
    result = pool(yi=RR["yi"], vi=RR["vi"])
    assert (result.method, result.tau2_method, result.ci_method, result.prediction_method) == (
        "IV",
        "REML",
        "HK",
        "HTS",
    )
    expected = RR["fits"]["REML_knha"]
    assert [result.lower, result.upper] == pytest.approx([expected["lower"], expected["upper"]], rel=1e-8)


def test_default_of_a_common_effect_is_wald():
    assert pool(yi=RR["yi"], vi=RR["vi"], tau2="CE").ci_method == "wald"


def test_default_of_mantel_haenszel_is_common_effect():
    result = pool(BCG, measure="RR", method="MH")
    assert (result.tau2_method, result.ci_method) == ("CE", "wald")
    assert result.estimate == pytest.approx(RR["MH"]["estimate"], rel=1e-12)
    assert result.se == pytest.approx(RR["MH"]["se"], rel=1e-12)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
@pytest.mark.parametrize("tau2", ["CE", "DL"])
def test_mantel_haenszel_takes_the_counts(measure, tau2):
    same(
        pool(BCG, measure=measure, method="MH", tau2=tau2),
        mantel_haenszel(**COUNTS, measure=measure, tau2=tau2),
    )


def test_ready_made_table_needs_no_measure():
    table = pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.4], "sei": [0.1, 0.2]})
    same(pool(table), pool(yi=[0.1, 0.4], sei=[0.1, 0.2]))


def test_a_correction_is_announced_and_noted():
    table = BCG.assign(events_treatment=[0, *COUNTS["events_treatment"][1:]])
    with pytest.warns(DataWarning, match="trial 0"):
        result = pool(table, measure="RR")
    assert "trial 0" in result.notes[0]
    with pytest.warns(DataWarning, match="Zero cells: 0.5 was added to all four cells of trial 0"):
        result = pool(table, measure="RR", method="MH")
    assert "trial 0" in result.notes[0]


def test_studies_without_an_effect_are_refused_by_name():
    table = BCG.assign(events_treatment=[0, 0, *COUNTS["events_treatment"][2:]])
    with pytest.raises(StudyDataError, match="study 'trial 0': no RR to pool") as caught:
        pool(table, measure="RR", to="none")
    assert len(caught.value.faults) == 2


def test_mantel_haenszel_refuses_ready_made_effects():
    table = BCG.assign(yi=np.nan, sei=np.nan, events_control=[np.nan, *COUNTS["events_control"][1:]])
    table.loc[0, ["yi", "sei"]] = [0.1, 0.2]
    with pytest.raises(StudyDataError, match="study 'trial 0': only a ready-made effect"):
        pool(table, measure="RR", method="MH")


def test_everything_wrong_is_reported_at_once():
    with pytest.raises(ArgumentError) as caught:
        pool(
            BCG,
            yi=[1.0],
            measure="rr",
            method="VI",
            tau2="MLE",
            ci="KH",
            prob=2,
            prediction="t",
            add=-1,
            to="zero",
            smd_variance="x",
        )
    assert {fault.key for fault in caught.value.faults} == {
        "tau2",
        "ci",
        "prediction",
        "prob",
        "method",
        "add",
        "to",
        "smd_variance",
        "measure",
        "studies",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing given"),
        ({"yi": [1.0]}, "yi given"),
        ({"yi": [1.0], "vi": [1.0], "sei": [1.0]}, "yi, vi, sei given"),
        ({"studies": BCG}, "no measure"),
        ({"studies": BCG, "method": "MH"}, "no measure"),
        ({"studies": BCG, "method": "MH", "measure": "SMD"}, "takes counts"),
        ({"studies": BCG, "method": "MH", "measure": "RR", "tau2": "REML"}, "Valid: 'CE', 'DL'"),
        ({"yi": [1.0], "vi": [1.0], "method": "MH"}, "method='MH' without studies"),
        ({"yi": [1.0], "sei": [0.0]}, "A standard error is above 0"),
        ({"yi": [1.0], "sei": [-1.0]}, "A standard error is above 0"),
        ({"yi": [1.0], "sei": ["x"]}, "sei of list"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, words):
    with pytest.raises(ArgumentError) as caught:
        pool(**arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize("set_number", range(1, 18))
def test_hartung_knapp_on_two_trials_swings(set_number):
    """Why the Bayesian answer is wanted: on the 17 data sets that the review's result admits, all printed 0.48."""
    table = admissible("Infant attachment: avoidant", set_number)
    result = pool(table, measure="RR", tau2="REML", ci="HK")
    width = math.exp(result.upper) / math.exp(result.lower)
    assert 1.02 < width < 400
    assert any("1 degree of freedom" in note for note in result.notes)


def admissible(outcome, set_number):
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "pip" / "admissible_attachment.csv")
    return table[(table["outcome"] == outcome) & (table["set"] == set_number)]


def test_result_is_a_row():
    frame = pool(BCG, measure="RR").to_frame()
    assert frame.shape[0] == 1
    assert replace(pool(BCG, measure="RR"), notes=()).to_frame()["notes"].iloc[0] == ""


def test_arrays_need_neither_pandas_nor_scipy_stats():
    code = (
        "import sys; from mutau.pooling import pool; pool(yi=[0.1, 0.5, 0.2], vi=[0.1, 0.2, 0.3]);"
        "print([m for m in ('pandas', 'scipy.stats', 'xarray', 'pymc') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("ci", ["t", "HK", "HK-adhoc", "cochrane", "permutation"])
def test_a_common_mantel_haenszel_effect_has_no_interval_but_walds(ci):
    with pytest.raises(ArgumentError, match="Wald interval only"):
        mantel_haenszel([3, 5], [20, 30], [4, 9], [20, 30], ci=ci)


def test_the_interval_of_tau2_can_be_chosen():
    yi, vi = [0.1, 0.9, -0.4, 1.2], [0.05, 0.1, 0.02, 0.2]
    chosen = {
        tau2_ci: pool(yi=yi, vi=vi, tau2_ci=tau2_ci).tau2_upper for tau2_ci in ("QP", "PL", "BJ", "J", "wald")
    }
    assert len(set(chosen.values())) == 5
    assert pool(yi=yi, vi=vi, tau2_ci="PL").tau2_ci_method == "PL"


def test_another_variance_of_the_effects_is_pooled():
    cells = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}
    table = pd.DataFrame({"study": list("abc"), **cells})
    ready = effects(table, "RD", vtype="UB")
    found = pool(table, measure="RD", tau2="CE", vtype="UB")
    assert found.estimate == pool(yi=ready["yi"], vi=ready["vi"], tau2="CE").estimate
    with pytest.raises(ArgumentError, match="RR has the sampling variances LS"):
        pool(table, measure="RR", vtype="UB")


def test_a_result_says_itself_in_lines():
    whole = str(pool(yi=[0.1, 0.3, 0.2], sei=[0.1, 0.2, 0.1]))
    assert "95% confidence interval (HK)" in whole
    assert "3 studies; tau2 0.0000 [" in whole
    assert "95% prediction interval (HTS) [" in whole
    single = str(pool(yi=[2e-7], sei=[1e-7], tau2="CE"))
    assert single.startswith("2e-07 [")
    assert "1 study; common effect" in single
    assert "prediction interval (" not in single
    for ci, test in (("HC", ""), ("permutation", "; p = "), ("wald", "; z = "), ("HK", "; t(2) = ")):
        first, *_ = str(pool(yi=[0.1, 0.3, 0.2], sei=[0.1, 0.2, 0.1], ci=ci)).splitlines()
        assert "nan" not in first
        assert first.partition("on the analysis scale")[2].startswith(test)
        assert bool(test) == ("p = " in first)
