"""Robust, likelihood, Henmi-Copas and bootstrap intervals of the mean, and the gamma interval of tau2."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau.classic import inverse_variance, inverse_variance_many
from mutau.classic.confidence import SOUGHT
from mutau.classic.nagashima import nagashima_limits, nagashima_mean_limits
from mutau.errors import ArgumentError
from mutau.pooling import pool

REFERENCE = Path(__file__).parents[1] / "reference"
INTERVALS = json.loads((REFERENCE / "intervals.json").read_text())
EFFECTS = json.loads((REFERENCE / "estimators.json").read_text())
PIMETA = json.loads((REFERENCE / "pimeta.json").read_text())
DATA = [name for name in INTERVALS if name != "meta"]

CLOSED_FORM = 1e-10
ITERATIVE = 1e-7  # metafor's REML and ML were run to a change of 1e-13 on effects that are not rescaled
SOUGHT_LIMIT = 1e-6  # limits by R's uniroot on integrals and maxima that R finds to about 1e-8
PIMETA_REML = 0.00005  # pimeta 1.1.3 ends its REML, and its profile likelihood's roots, loosely
PIMETA_ROOT = 0.0002  # uniroot's default
BOOTSTRAP = 0.004  # a limit of the mean from 25,000 draws: three Monte Carlo standard errors


def arrays(name):
    return np.array(EFFECTS[name]["yi"], float), np.array(EFFECTS[name]["vi"], float)


def found(result):
    return [result.se, result.lower, result.upper, result.p_value]


@pytest.mark.parametrize("data", DATA)
def test_robust_errors_equal_metafors_and_clubsandwichs(data):
    for method, expected in INTERVALS[data]["robust"].items():
        tau2, tolerance = {"EE": "CE"}.get(method, method), ITERATIVE if "ML" in method else CLOSED_FORM
        results = {ci: inverse_variance(*arrays(data), tau2=tau2, ci=ci) for ci in ("robust", "robust-HC0")}
        assert found(results["robust"]) == pytest.approx(expected["robust"], rel=tolerance, abs=1e-12)
        assert found(results["robust-HC0"]) == pytest.approx(expected["hc0"], rel=tolerance, abs=1e-12)
        sidik = inverse_variance(*arrays(data), tau2=tau2, ci="SJ")
        assert sidik.se == pytest.approx(expected["cr2"], rel=tolerance)
        assert sidik.df == len(EFFECTS[data]["yi"]) - 1


@pytest.mark.parametrize("data", DATA)
def test_henmi_and_copas_interval_equals_metafors(data):
    yi, vi = arrays(data)
    result = inverse_variance(yi, vi, tau2="DL", ci="HC", prediction="normal")
    assert [result.estimate, result.se, result.lower, result.upper] == pytest.approx(
        INTERVALS[data]["HC"], rel=SOUGHT_LIMIT
    )
    common, plain = (inverse_variance(yi, vi, tau2=name, prediction="normal") for name in ("CE", "DL"))
    assert (result.estimate, result.weights) == (common.estimate, common.weights)
    assert (result.tau2, result.prediction_lower) == (plain.tau2, plain.prediction_lower)
    assert math.isnan(result.p_value)
    assert any("common-effect weights" in note for note in result.notes)


@pytest.mark.parametrize("ci", ["PL", "BC"])
@pytest.mark.parametrize("data", DATA)
def test_likelihood_intervals_equal_their_formulas_in_r(data, ci):
    result = inverse_variance(*arrays(data), tau2="ML", ci=ci)
    values = [result.estimate, result.lower, result.upper, result.p_value]
    assert values == pytest.approx(INTERVALS[data][ci], rel=SOUGHT_LIMIT, abs=1e-7)


@pytest.mark.parametrize("data", DATA)
def test_the_gamma_interval_of_tau2_equals_its_formula_in_r(data):
    result = inverse_variance(*arrays(data), tau2="DL", tau2_ci="BT")
    assert [result.tau2_lower, result.tau2_upper] == pytest.approx(INTERVALS[data]["BT"], rel=SOUGHT_LIMIT)


def test_the_gamma_interval_is_exact_for_equal_variances():
    """Q is then chi-squared but for a factor; so is the exact distribution's interval."""
    yi, vi = [0.0, 2.0, 5.0, 4.0], [0.2] * 4
    gamma, exact = (inverse_variance(yi, vi, tau2="DL", tau2_ci=name) for name in ("BT", "BJ"))
    assert [gamma.tau2_lower, gamma.tau2_upper] == pytest.approx(
        [exact.tau2_lower, exact.tau2_upper], rel=1e-9
    )


@pytest.mark.parametrize("data", ["sbp", "pain", "setshift"])
def test_intervals_of_the_mean_equal_pimetas(data):
    block = PIMETA[data]
    for name, (tau2, ci, tolerance) in {
        "DL": ("DL", "t", 1e-9),
        "HK": ("REML", "HK-adhoc", 2 * PIMETA_REML),  # pimeta keeps the factor from falling below 1
        "SJ": ("REML", "SJ", 2 * PIMETA_REML),
        "KR": ("REML", "KR", 2 * PIMETA_REML),
        "APX": ("REML", "t", 2 * PIMETA_REML),
        "PL": ("ML", "PL", PIMETA_ROOT),
        "BC": ("ML", "BC", PIMETA_ROOT),
    }.items():
        result = pool(yi=block["yi"], sei=block["sei"], tau2=tau2, ci=ci)
        estimate, lower, upper, _ = block["cima"][name]
        assert [result.estimate, result.lower, result.upper] == pytest.approx(
            [estimate, lower, upper], abs=tolerance
        ), name


@pytest.mark.parametrize("data", ["sbp", "pain", "setshift"])
def test_prediction_intervals_equal_pimetas(data):
    block = PIMETA[data]
    for name, (tau2, prediction) in {
        "HTS": ("DL", "HTS"),
        "HK": ("REML", "HK(k-2)"),
        "SJ": ("REML", "SJ"),
        "KR": ("REML", "KR(df-1)"),
        "CL": ("REML", "HTS"),
        "APX": ("REML", "HTS"),
    }.items():
        result = pool(yi=block["yi"], sei=block["sei"], tau2=tau2, ci="HK-adhoc", prediction=prediction)
        assert [result.prediction_lower, result.prediction_upper] == pytest.approx(
            block["pima"][name][1:3], abs=4 * PIMETA_REML
        ), name


@pytest.mark.parametrize("data", ["sbp", "pain", "setshift"])
def test_the_bootstrap_interval_of_the_mean_is_pimetas(data):
    block = PIMETA[data]
    result = pool(yi=block["yi"], sei=block["sei"], ci="NNF")
    assert result.tau2_method == "DL"
    assert [result.lower, result.upper] == pytest.approx(block["pima"]["NNF"][3:5], abs=BOOTSTRAP)


def test_skipkas_prediction_interval_is_the_normal_one():
    result = inverse_variance(*arrays("fleiss1993"), prediction="normal")
    expected = PIMETA["fleiss1993"]["predictions"]["S"][:2]
    assert [result.prediction_lower, result.prediction_upper] == pytest.approx(expected, abs=PIMETA_REML)


def test_two_studies_and_equal_weights_make_sidik_and_jonkmans_error_hartung_and_knapps():
    for yi, vi in (([0.1, 0.9], [0.2, 0.01]), ([0.0, 2.0, 5.0, 4.0], [0.2] * 4)):
        robust, hk = (inverse_variance(yi, vi, ci=ci) for ci in ("SJ", "HK"))
        assert robust.se == pytest.approx(hk.se, rel=1e-13)


def test_robust_errors_of_a_study_that_outweighs_all_others():
    """In exact arithmetic: residuals and 1 - w/sum w of the heavy study are tiny differences."""
    yi, vi = [0.1, 0.9, 0.4], [1e-14, 1.0, 2.0]
    result = inverse_variance(yi, vi, tau2="CE", ci="SJ")
    apart = (1e-14 * 0.8 + 0.5e-14 * 0.3) ** 2 / 1.5e-14 + 1e-28 * 0.8**2 + 0.25e-28 * 0.3**2
    assert result.se**2 == pytest.approx(apart, rel=1e-9)


@pytest.mark.parametrize("ci", ["robust", "robust-HC0", "SJ"])
def test_equal_effects_have_no_robust_interval(ci):
    result = inverse_variance([0.3] * 3, [1.0, 2.0, 0.5], ci=ci, prediction="SJ")
    assert np.isnan([result.se, result.lower, result.upper, result.prediction_lower]).all()
    assert any(note.startswith(f"No {ci} interval: all effects are equal") for note in result.notes)


@pytest.mark.parametrize(("tau2", "ci"), [("DL", "HC"), ("ML", "PL"), ("ML", "BC")])
def test_equal_effects_have_intervals_that_rest_on_their_variances(tau2, ci):
    result = inverse_variance([0.3] * 3, [1.0, 2.0, 0.5], tau2=tau2, ci=ci)
    assert result.estimate == pytest.approx(0.3)
    assert result.lower < 0.3 < result.upper


def test_equal_effects_have_no_bootstrap_interval():
    result = inverse_variance([0.3] * 3, [1.0, 2.0, 0.5], tau2="DL", ci="NNF")
    assert math.isnan(result.lower)
    assert any("q = 0" in note for note in result.notes)


def test_the_correction_widens_and_the_test_is_the_intervals():
    yi, vi = arrays("sbp")
    plain, corrected = (inverse_variance(yi, vi, tau2="ML", ci=ci) for ci in ("PL", "BC"))
    assert corrected.lower < plain.lower < plain.upper < corrected.upper
    at_the_limit = inverse_variance(yi - plain.upper, vi, tau2="ML", ci="PL")
    assert at_the_limit.p_value == pytest.approx(0.05, rel=1e-6)


def test_the_bootstrap_of_many_studies_is_normal():
    """With 2,000 studies little is left to chance: the interval of the mean is Hartung and Knapp's."""
    rng = np.random.default_rng(5)
    vi = np.exp(rng.normal(-2, 1, 2_000))
    yi = rng.normal(0.2, np.sqrt(vi + 0.1))
    hk = inverse_variance(yi, vi, tau2="DL", ci="HK", prediction="normal")
    lower, upper = nagashima_mean_limits(yi, vi, 0.95)
    assert [lower, upper] == pytest.approx([hk.lower, hk.upper], abs=0.02 * (hk.upper - hk.lower))
    new = nagashima_limits(yi, vi, 0.95)
    assert new == pytest.approx(
        (hk.prediction_lower, hk.prediction_upper), abs=0.01 * (hk.prediction_upper - hk.prediction_lower)
    )


def test_the_bootstrap_of_equal_variances_is_hartung_and_knapps():
    """The mean and its standard error are then the same under every tau2."""
    yi, vi = [0.0, 0.0, 0.0, 0.0, 1e5], [1e-8] * 5
    nnf, hk = (inverse_variance(yi, vi, tau2="DL", ci=ci) for ci in ("NNF", "HK"))
    assert [nnf.lower, nnf.upper] == pytest.approx([hk.lower, hk.upper], rel=1e-6)


def test_an_interval_alone_names_its_estimator():
    assert pool(yi=[0.1, 0.9, 0.4], sei=[0.2, 0.1, 0.3], ci="HC").tau2_method == "DL"
    assert pool(yi=[0.1, 0.9, 0.4], sei=[0.2, 0.1, 0.3], ci="BC").tau2_method == "ML"
    with pytest.raises(ArgumentError, match="HC rests on the estimate of DL"):
        pool(yi=[0.1, 0.9], sei=[0.2, 0.1], tau2="REML", ci="HC")


@pytest.mark.parametrize("ci", ["HC", "NNF"])
def test_intervals_of_inverse_variance_are_refused_for_tables(ci):
    table = {"ai": [5, 9], "n1i": [30, 40], "ci": [9, 12], "n2i": [31, 38]}
    with pytest.raises(ArgumentError, match="of inverse-variance pooling"):
        pool(pd.DataFrame(table), measure="OR", method="MH", tau2="DL", ci=ci)


def test_many_sets_have_the_robust_intervals_and_refuse_those_that_are_sought():
    names = ("sbp", "three_studies", "bcg_rr")
    yi, vi = (np.concatenate([np.array(EFFECTS[name][key], float) for name in names]) for key in ("yi", "vi"))
    sizes = [len(EFFECTS[name]["yi"]) for name in names]
    for ci in ("robust", "robust-HC0", "SJ"):
        many = inverse_variance_many(yi, vi, sizes, tau2="SJ", ci=ci, prediction="SJ", tau2_ci="SJ")
        for at, name in enumerate(names):
            one = inverse_variance(*arrays(name), tau2="SJ", ci=ci, prediction="SJ", tau2_ci="SJ")
            for number in ("lower", "upper", "prediction_lower", "tau2_lower", "tau2_upper"):
                assert getattr(many, number)[at] == getattr(one, number), (ci, name, number)
    median = inverse_variance_many(yi, vi, sizes, tau2="GENQM")
    assert median.tau2[2] == inverse_variance(*arrays("bcg_rr"), tau2="GENQM").tau2
    for ci in SOUGHT:
        tau2 = {"HC": "DL", "NNF": "DL", "PL": "ML", "BC": "ML"}.get(ci, "REML")
        with pytest.raises(ArgumentError, match="pool each set"):
            inverse_variance_many(yi, vi, sizes, tau2=tau2, ci=ci)
