"""Mantel-Haenszel with zero cells: what is corrected, left out, and said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mutau.classic import inverse_variance, mantel_haenszel
from mutau.errors import DataWarning
from mutau.measures import log_risk_ratio

ONE_ZERO = ([0, 8, 12], [46, 14, 40], [9, 1, 20], [54, 54, 41])
DOUBLE_ZERO = ([31, 8, 0], [46, 14, 30], [9, 1, 0], [54, 54, 15])
ALL_EVENTS = ([31, 8, 30], [46, 14, 30], [9, 1, 15], [54, 54, 15])


def said(result, words):
    return any(words in note for note in result.notes)


def test_the_estimate_needs_no_correction():
    with pytest.warns(DataWarning, match=r"RR: Zero cells: 0\.5 was added to all four cells of study 1"):
        result = mantel_haenszel(*ONE_ZERO)
    a, n1, c, n2 = map(np.array, ONE_ZERO)
    total = n1 + n2
    assert result.estimate == pytest.approx(
        math.log(np.sum(a * n2 / total) / np.sum(c * n1 / total)), rel=1e-14
    )
    assert said(result, "for Q and the random-effects stage only")


def test_correction_inside_the_sums_is_revmans():
    with pytest.warns(DataWarning):
        result = mantel_haenszel(*ONE_ZERO, mh_add=0.5)
    with pytest.warns(DataWarning):
        plain = mantel_haenszel(*ONE_ZERO)
    by_hand = mantel_haenszel([0.5, 8, 12], [47, 14, 40], [9.5, 1, 20], [55, 54, 41])
    assert result.estimate == pytest.approx(by_hand.estimate, rel=1e-14)
    assert result.se == pytest.approx(by_hand.se, rel=1e-14)
    assert result.q == pytest.approx(by_hand.q, rel=1e-14)
    assert result.estimate != plain.estimate


@pytest.mark.parametrize(
    ("measure", "estimate", "se", "q"),
    [
        ("RR", -0.130041618908106, 0.219278878459021, 17.1688284797059),
        ("OR", -0.169117014199664, 0.31246219748245, 20.424358792507),
        ("RD", -0.0310937229866878, 0.0567481926623559, 27.3748435885413),
    ],
)
def test_correction_inside_the_sums_equals_metafors(measure, estimate, se, q):
    """metafor 3.8-1: ``rma.mh(..., add=c(.5, .5), to=c("only0", "only0"), drop00=c(TRUE, TRUE))``."""
    with pytest.warns(DataWarning):
        result = mantel_haenszel(*ONE_ZERO, measure=measure, mh_add=0.5, drop00=True, rd_variance="Sato")
    assert [result.estimate, result.se, result.q] == pytest.approx([estimate, se, q], rel=1e-13)


@pytest.mark.parametrize("measure", ["RR", "OR"])
@pytest.mark.parametrize("tau2", ["CE", "DL"])
@pytest.mark.parametrize("mh_add", [0.0, 0.5])
def test_double_zero_trials_do_not_change_a_ratio(measure, tau2, mh_add):
    result = mantel_haenszel(*DOUBLE_ZERO, measure=measure, tau2=tau2, mh_add=mh_add)
    without = mantel_haenszel(*(x[:2] for x in DOUBLE_ZERO), measure=measure, tau2=tau2)
    for number in ("estimate", "se", "lower", "upper", "tau2", "q", "q_df", "k"):
        assert getattr(result, number) == pytest.approx(getattr(without, number), rel=1e-14), number
    assert result.weights == pytest.approx((*without.weights, 0), rel=1e-14)
    assert said(result, "both arms of study 3: left out")


def test_everybody_with_the_event_counts_for_the_risk_ratio_only():
    """RR 1 in that trial is information about the common risk ratio; the odds ratio there is undefined."""
    assert mantel_haenszel(*ALL_EVENTS, measure="RR").k == 3
    assert mantel_haenszel(*ALL_EVENTS, measure="OR").k == 2


def test_double_zero_trials_count_for_the_risk_difference():
    with pytest.warns(DataWarning, match="study 3"):
        kept = mantel_haenszel(*DOUBLE_ZERO, measure="RD", tau2="DL")
    dropped = mantel_haenszel(*DOUBLE_ZERO, measure="RD", tau2="DL", drop00=True)
    assert (kept.k, dropped.k) == (3, 2)
    assert dropped.weights[2] == 0
    assert abs(kept.estimate) < abs(dropped.estimate)


def test_without_a_correction_studies_are_left_out_of_q_aloud():
    result = mantel_haenszel(*ONE_ZERO, to="none")
    assert result.q_df == 1
    assert result.k == 3
    assert said(result, "Without a zero-cell correction study 1 has no effect")


@pytest.mark.parametrize("measure", ["RR", "OR"])
@pytest.mark.parametrize("tau2", ["CE", "DL"])
def test_an_arm_without_events_anywhere_has_no_ratio(measure, tau2):
    with pytest.warns(DataWarning):
        result = mantel_haenszel([0, 0], [20, 30], [4, 5], [20, 30], measure=measure, tau2=tau2)
    assert np.isnan([result.estimate, result.se, result.lower, result.q, result.i2]).all()
    assert said(result, "No Mantel-Haenszel")


@pytest.mark.parametrize("tau2", ["CE", "DL"])
def test_only_double_zero_trials(tau2):
    result = mantel_haenszel([0, 0], [20, 30], [0, 0], [20, 30], measure="OR", tau2=tau2)
    assert result.k == 0
    assert np.isnan([result.estimate, result.se, result.upper, result.prediction_upper]).all()
    assert np.isnan(result.weights).all()


def test_risk_difference_without_any_event_has_no_standard_error():
    with pytest.warns(DataWarning):
        result = mantel_haenszel([0, 0], [20, 30], [0, 0], [20, 30], measure="RD")
    assert result.estimate == 0
    assert math.isnan(result.se)
    assert said(result, "No standard error")


def test_risk_ratio_of_trials_in_which_everybody_had_the_event():
    result = mantel_haenszel([20, 30], [20, 30], [20, 30], [20, 30], measure="RR")
    assert result.estimate == 0
    assert math.isnan(result.se)
    assert said(result, "nothing varies")


def test_one_trial_is_its_own_random_effects_result():
    result = mantel_haenszel([31], [46], [9], [54], tau2="DL")
    own = inverse_variance(*log_risk_ratio([31], [46], [9], [54]))
    assert result.estimate == pytest.approx(own.estimate, rel=1e-14)
    assert result.se == pytest.approx(own.se, rel=1e-14)
    assert math.isnan(result.tau2)


def test_one_trial_common_effect_is_its_own_risk_ratio():
    """Greenland and Robins' variance of one table is the ordinary one."""
    result = mantel_haenszel([31], [46], [9], [54])
    yi, vi = log_risk_ratio([31], [46], [9], [54])
    assert result.estimate == pytest.approx(yi[0], rel=1e-14)
    assert result.se**2 == pytest.approx(vi[0], rel=1e-13)
    assert said(result, "Fewer than two studies")


@pytest.mark.parametrize("ci", ["HK", "HK-adhoc", "cochrane"])
def test_random_effects_take_other_intervals(ci):
    counts = ([4, 6, 3, 180], [123, 306, 231, 1541], [11, 29, 11, 372], [139, 303, 220, 1451])
    result = mantel_haenszel(*counts, tau2="DL", ci=ci)
    assert result.df == 3
    assert result.ci_method == ci
