"""Any classic analysis beside the Bayesian rows, by name, and the diagnostics of the same studies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.beside import named_analyses
from mutau.classic import CI_METHODS, TAU2_METHODS
from mutau.errors import ApproximationWarning, ArgumentError

ROOT = Path(__file__).parents[1]
BCG = ROOT / "data" / "bcg" / "bcg.csv"


@pytest.fixture(scope="module")
def fit():
    model = mutau.OutcomeModel(name="tb", title="Tuberculosis", measure="OR", benefit="lower")
    return mutau.fit(mutau.read_studies(BCG), model, engine="exact", seed=1)


@pytest.fixture(scope="module")
def compared(fit):
    return mutau.compare(fit, {}, also=["all", "PM HK prediction=HK"])


def test_all_names_every_estimator_interval_and_method():
    found = named_analyses(["all"], "OR")
    assert {each.tau2 for each in found} == set(TAU2_METHODS)
    assert {each.ci for each in found} == set(CI_METHODS)
    assert {each.method for each in found} == {"IV", "MH", "Peto", "CMLE", "CM.EL", "CM.AL", "UM.FS", "UM.RS"}
    assert {each.method for each in named_analyses(["all"], "PLO")} == {"IV", "GLMM"}
    (named,) = named_analyses(["CM.EL PL"], "OR")
    assert (named.method, named.tau2, named.ci) == ("CM.EL", "ML", "PL")
    assert named.label.startswith("maximum likelihood, exact conditional mixed model, ")
    assert {each.method for each in named_analyses(["all"], "SMD")} == {"IV"}
    assert len({each.label for each in found}) == len(found)


@pytest.mark.parametrize(
    ("row", "arguments"),
    [
        ("REML, Kenward-Roger", {"tau2": "REML", "ci": "KR"}),
        ("REML, permutation", {"tau2": "REML", "ci": "permutation"}),
        ("REML, robust (Sidik-Jonkman)", {"tau2": "REML", "ci": "SJ"}),
        ("DerSimonian-Laird, Henmi-Copas", {"ci": "HC"}),
        ("maximum likelihood, Bartlett-corrected likelihood", {"ci": "BC"}),
        ("common effect, Peto's odds ratio", {"method": "Peto"}),
        ("maximum likelihood, exact conditional mixed model", {"method": "CM.EL"}),
        ("Paule-Mandel, Hartung-Knapp, prediction HK", {"tau2": "PM", "prediction": "HK"}),
    ],
)
def test_a_named_row_is_what_pool_says(row, arguments, compared):
    found = compared[compared["method"] == row].iloc[0]
    whole = mutau.pool(mutau.read_studies(BCG), measure="OR", **arguments)
    for name in ("estimate", "lower", "upper", "prediction_lower"):
        np.testing.assert_allclose(found[name], np.exp(getattr(whole, name)), rtol=1e-12)
    assert found["kind"] == "confidence"
    assert np.isnan(found["p_benefit"])


def test_an_interval_alone_is_named_with_its_estimator():
    named = named_analyses(["HC", "ci=SJ", "PL", "NNF", "SJ robust", "GENQM(1/vi)"], "OR")
    assert [(each.tau2, each.ci) for each in named] == [
        *(("DL", "HC"), ("REML", "SJ"), ("ML", "PL"), ("DL", "NNF"), ("SJ", "robust"), ("GENQM(1/vi)", "HK")),
    ]


def test_rows_that_are_always_there_are_not_repeated(compared, fit):
    assert compared["method"].is_unique
    usual = mutau.compare(fit, {})
    assert list(compared["method"][: len(usual)]) == list(usual["method"])


def test_what_is_no_analysis_is_said_all_at_once(fit):
    with pytest.raises(ArgumentError) as caught:
        mutau.compare(fit, {}, also=["RLM HK", "REML DL", ""])
    assert len(caught.value.faults) == 3
    assert "Did you mean 'REML'?" in str(caught.value)
    with pytest.raises(ArgumentError, match="REML"):
        mutau.compare(fit, {}, also=["DL KR"])


def test_a_comparison_gives_the_diagnostics_of_its_studies(compared):
    found = compared.diagnostics(tau2="DL", ci="wald")
    assert found.k == 13
    assert found.leave_one_out.study[0] == "Aronson 1948"
    assert (
        found.leave_one_out.whole.estimate
        == mutau.pool(mutau.read_studies(BCG), measure="OR", tau2="DL").estimate
    )
    asked = found.to_frame()
    assert set(asked["k"]) == {13}
    assert asked["method"].str.split("[ ,:]", regex=True).str[0].to_list() == [
        *("Egger", "Egger", "Begg", "Harbord", "Peters", "PET-PEESE", "trim"),
    ]
    assert "use Harbord or Peters" in asked["notes"][0]
    assert not found.missing
    assert type(compared.head()) is pd.DataFrame


def test_what_needs_more_studies_is_named_with_the_reason():
    found = mutau.diagnose(yi=[0.1, 0.4], sei=[0.1, 0.2])
    assert set(found.to_frames()) == {"leave_one_out", "fail_safe"}
    assert len(found.missing) == 1
    assert found.missing[0].startswith("Influence, Egger's test,")
    assert "at least 3 studies; here: 2 studies" in found.missing[0]
    assert found.to_frame().empty
    with pytest.raises(ArgumentError, match="interval is named"):
        mutau.diagnose(yi=[0.1], sei=[0.1], ci="HKSJ")


def test_the_mixed_test_of_a_diagnosis_has_the_estimator_that_was_asked_for():
    three = {"yi": [0.1, 0.9, 0.2, 1.4], "sei": [0.1, 0.2, 0.3, 0.2]}
    found = mutau.diagnose(**three, tau2="PM")
    assert not any("REML" in note for note in found.missing)
    (mixed,) = [each for each in found.small_studies if getattr(each, "test", "") == "Egger (mixed)"]
    line = mutau.regress(**three, moderators=three["sei"], tau2="PM", ci="wald")
    assert (mixed.tau2, mixed.estimate) == pytest.approx((line.tau2, line.estimate[1]))


def test_studies_without_an_effect_are_left_out_and_named():
    table = pd.DataFrame(
        {"study": list("abcd"), "ai": [0, 4, 6, 8], "n1i": 40, "ci": [0, 9, 9, 10], "n2i": 40}
    )
    model = mutau.OutcomeModel(
        name="m",
        measure="OR",
        benefit="lower",
        likelihood="binomial",
        zero_cells=mutau.outcomes.ZeroCells(0.0),
    )
    found = mutau.diagnose(table, measure=model)
    assert found.k == 3
    assert found.missing[0] == "Without a: no effect, or no variance, of their own."
    assert any("Harbord" in said and "events" in said for said in found.missing)


def test_each_test_of_a_diagnosis_is_of_its_own_measure():
    found = mutau.diagnose(mutau.read_studies(BCG), measure="RR")
    of = dict(zip(found.to_frame()["method"], found.to_frame()["measure"], strict=True))
    assert of["Peters, on 1/n"] == "OR"
    assert of["Egger, on sei"] == "RR"
    table = mutau.table(found, "small_studies")
    cell = next(row for row in table.rows if row[0].startswith("Peters"))[4]
    assert cell.startswith("OR 0.65 [")
    for kind in ("leave_one_out", "influence", "small_studies"):
        assert "95% confidence interval" in mutau.table(found, kind).to_markdown() or kind == "influence"
        assert "dat.bcg" in mutau.table(found, kind).to_markdown()


def test_nothing_is_warned_of_where_notes_say_it(recwarn):
    found = mutau.diagnose(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4])
    assert not [each for each in recwarn if issubclass(each.category, ApproximationWarning)]
    assert all("rests on 4 studies" in each.notes[0] for each in found.small_studies)
