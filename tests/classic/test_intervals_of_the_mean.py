"""Confidence and prediction intervals: rules, degenerate cases, and what is said of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mutau.classic import CI_METHODS, PREDICTION_METHODS, TAU2_METHODS, inverse_variance
from mutau.classic.confidence import estimator_for
from mutau.classic.pooled_mean import kenward_roger, pooled_mean
from mutau.classic.predicting import quantile

METAFOR = json.loads((Path(__file__).parents[1] / "reference" / "metafor_tight.json").read_text())
BCG = METAFOR["bcg"]["RR"]
SPREAD = ([0.0, 2.0, 5.0], [0.1, 0.2, 0.3])
CLOSE = ([0.10, 0.12, 0.09], [0.04, 0.09, 0.02])


def said(result, words):
    return any(words in note for note in result.notes)


@pytest.mark.parametrize(
    ("df", "expected"),
    [(1, 12.706204736174694), (2, 4.302652729749464), (12, 2.178812829667228), (math.inf, 1.959963984540054)],
)
def test_multipliers(df, expected):
    """The tables of t and z, to R's digits."""
    assert quantile(df, 0.95) == pytest.approx(expected, rel=1e-14)


def test_cochranes_rule_is_hartung_knapp_with_three_spread_studies():
    rule, hk = (inverse_variance(*SPREAD, ci=ci) for ci in ("cochrane", "HK"))
    assert (rule.lower, rule.upper, rule.df) == (hk.lower, hk.upper, 2)
    assert said(rule, "Hartung-Knapp, as k > 2 and tau2 > 0")
    assert rule.ci_method == "cochrane"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (CLOSE, "Wald, as tau2 = 0"),
        (([0.0, 2.0], [0.1, 0.2]), "Wald, as k <= 2"),
        (([1.0], [0.1]), "Wald, as k <= 2"),
    ],
)
def test_cochranes_rule_is_wald_otherwise(data, why):
    rule, wald = (inverse_variance(*data, ci=ci) for ci in ("cochrane", "wald"))
    assert (rule.lower, rule.upper, rule.df) == (wald.lower, wald.upper, math.inf)
    assert said(rule, why)


def test_cochranes_rule_with_another_estimator_says_so():
    assert said(inverse_variance(*SPREAD, tau2="DL", ci="cochrane"), "goes with REML; tau2 here is DL")
    assert not said(inverse_variance(*SPREAD, tau2="REML", ci="cochrane"), "goes with REML")


def test_ad_hoc_is_never_below_the_conventional_standard_error():
    wald, hk, adhoc = (inverse_variance(*CLOSE, ci=ci) for ci in ("wald", "HK", "HK-adhoc"))
    assert hk.se < wald.se
    assert adhoc.se == wald.se
    assert said(hk, "is below 1")
    assert not said(adhoc, "is below 1")


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize(
    "effects", [[0.3, 0.3, 0.3], [np.log(0.3), np.log(3) - np.log(10), np.log(6) - np.log(20)]]
)
def test_equal_effects_have_no_hartung_knapp_interval(effects, tau2):
    """Equal in print, and equal up to the rounding of logarithms."""
    result = inverse_variance(effects, [1.0, 2.0, 0.5], tau2=tau2, ci="HK", prediction="HK")
    assert np.isnan([result.se, result.lower, result.upper, result.statistic, result.p_value]).all()
    assert math.isfinite(result.estimate)
    assert said(result, "q = 0")
    assert math.isnan(result.prediction_lower)
    assert said(result, "supposes no heterogeneity" if tau2 == "CE" else "its standard error does not exist")


def test_equal_effects_have_an_ad_hoc_interval():
    result = inverse_variance([0.3, 0.3, 0.3], [1.0, 2.0, 0.5], ci="HK-adhoc")
    assert result.se == pytest.approx(1 / math.sqrt(3.5))


def test_effects_that_differ_in_the_tenth_digit_are_not_equal():
    assert pooled_mean(np.array([0.3, 0.3 + 1e-9]), np.array([0.1, 0.1]), "CE").q > 0


def test_two_studies_are_flagged():
    result = inverse_variance([0.0, 2.0], [0.1, 0.2], ci="HK")
    assert result.df == 1
    assert said(result, "1 degree of freedom, a multiplier of 12.7")


@pytest.mark.parametrize("tau2", ["PM", "REML"])
def test_a_q_of_one_is_not_called_below_one(tau2):
    """With two spread studies q is 1 but for rounding."""
    yi, vi = METAFOR["pip_secure"]["RR"]["yi"], METAFOR["pip_secure"]["RR"]["vi"]
    assert not said(inverse_variance(yi, vi, tau2=tau2, ci="HK"), "is below 1")


@pytest.mark.parametrize("ci", [ci for ci in CI_METHODS if ci not in ("wald", "cochrane")])
def test_one_study_has_a_wald_interval_only(ci):
    result = inverse_variance([0.4], [0.09], tau2=estimator_for(ci), ci=ci)
    assert result.estimate == 0.4
    assert np.isnan([result.se, result.lower, result.upper, result.p_value]).all()
    assert said(result, "one study has no spread")


@pytest.mark.parametrize("tau2", TAU2_METHODS)
def test_one_study_is_its_own_result(tau2):
    result = inverse_variance([0.4], [0.09], tau2=tau2)
    expected = METAFOR["one_study"]["fits"]["EE_z"]
    for number in ("estimate", "se", "lower", "upper", "p_value", "q"):
        assert getattr(result, number) == pytest.approx(expected[number], rel=1e-13)
    assert np.isnan([result.q_p_value, result.i2, result.h2, result.prediction_lower]).all()
    assert math.isnan(result.tau2) is (tau2 != "CE")
    assert result.weights == (100,)
    assert said(result, "Q test, I2 and H2 do not exist")


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("HTS", 3),
        ("t(k-1)", 2),
        ("normal", 2),
        ("HK", 2),
        ("HK(k-2)", 3),
        ("KR", 2),
        ("KR(df-1)", 3),
        ("SJ", 3),
        ("NNF", 2),
    ],
)
def test_prediction_intervals_need_studies(name, needs):
    yi, vi = [0.0, 2.0, 5.0, 4.0], [0.1, 0.2, 0.3, 0.1]
    for k in (1, 2, 3, 4):
        result = inverse_variance(yi[:k], vi[:k], prediction=name)
        assert math.isfinite(result.prediction_upper) is (k >= needs), k
        assert said(result, "prediction interval") is (k < needs), k


@pytest.mark.parametrize("name", PREDICTION_METHODS)
def test_common_effect_has_no_prediction_interval(name):
    result = inverse_variance(*SPREAD, tau2="CE", prediction=name)
    assert math.isnan(result.prediction_lower)
    assert said(result, "supposes no heterogeneity")


def test_equal_effects_have_no_bootstrap_prediction_interval():
    result = inverse_variance([0.3, 0.3, 0.3], [1.0, 2.0, 0.5], prediction="NNF")
    assert math.isnan(result.prediction_upper)
    assert said(result, "all effects are equal")


def test_conventional_prediction_interval_does_not_depend_on_the_confidence_interval():
    wald, hk = (inverse_variance(BCG["yi"], BCG["vi"], ci=ci) for ci in ("wald", "HK"))
    assert wald.prediction_lower == hk.prediction_lower


def test_coverage_is_what_is_asked():
    half, most = (inverse_variance(*SPREAD, prob=prob) for prob in (0.5, 0.99))
    assert most.lower < half.lower < half.upper < most.upper
    assert half.prob == 0.5


def test_t_is_the_conventional_error_with_k_minus_1_degrees():
    wald, t = (inverse_variance(*SPREAD, ci=ci) for ci in ("wald", "t"))
    assert (t.se, t.df) == (wald.se, 2)
    assert t.upper - t.estimate == pytest.approx(4.302652729749464 * wald.se, rel=1e-13)


def test_kenward_roger_with_equal_variances_is_the_t_interval():
    """Then the mean does not depend on tau2, so its standard error needs no enlargement."""
    yi, vi = [0.0, 2.0, 5.0, 4.0], [0.2] * 4
    t, kr = (inverse_variance(yi, vi, ci=ci) for ci in ("t", "KR"))
    assert [kr.se, kr.df, kr.lower] == pytest.approx([t.se, 3, t.lower], rel=1e-12)


def test_kenward_roger_by_its_printed_formula():
    mean = pooled_mean(np.array([0.0, 2.0, 5.0, 4.0]), np.array([0.1, 0.8, 2.0, 0.3]), "REML")
    w1, w2, w3 = (float(np.sum(mean.w**p)) for p in (1, 2, 3))
    information = w2 / 2 - w3 / w1 + (w2 / w1) ** 2 / 2
    variance = (1 + 2 * (w3 / w1 - (w2 / w1) ** 2) / information) / w1
    assert list(kenward_roger(mean)) == pytest.approx(
        [math.sqrt(variance), 2 * information / (variance * w2) ** 2], rel=1e-12
    )


def test_kenward_roger_tells_of_few_degrees_of_freedom():
    assert said(inverse_variance([0.0, 2.0], [0.1, 0.3], ci="KR"), "degrees of freedom, a multiplier of 13.7")
