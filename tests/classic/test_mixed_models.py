"""Mixed models of counts against lme4 and metafor (reference/glmm.json), and what does not exist."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.classic import MIXED_METHODS, conditional, glmm
from mutau.classic.mixed.maximum import fit_common, fit_random, profile, whole_point
from mutau.classic.mixed.models import make_model, silent_studies
from mutau.errors import ArgumentError

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "glmm.json").read_text("utf-8"))
ARMS = {
    "OR": ("events_treatment", "n_treatment", "events_control", "n_control"),
    "IRR": ("events_treatment", "time_treatment", "events_control", "time_control"),
    "PLO": ("events", "n"),
    "IRLN": ("events", "time"),
}
CASES = [
    (measure, data, method)
    for measure in ARMS
    for data, block in REFERENCE[measure].items()
    for method in MIXED_METHODS
    if method in block
]
EXACT = [case for case in CASES if "exact" in REFERENCE[case[0]][case[1]][case[2]]]
LONG = ("collins1985a", "collins1985b")
"""Data sets that take longer and show what the others do."""


def sparing(cases):
    """Mark the longer ones slow."""
    return [
        pytest.param(*case, marks=pytest.mark.slow)
        if case[1] in LONG or case[1:] == ("nielweise2007", "UM.RS")
        else case
        for case in cases
    ]


OPTIMISER = 2e-6
"""lme4's optimiser works on the deviance, which is flat to rounding over so much of the estimate."""

TAU2 = 1e-5
"""Relative; the same."""

DIFFERENCED = 5e-5
"""lme4's and metafor's standard errors come from finite differences."""

HESSIAN = 6e-4
"""metafor's, for the exact conditional likelihood, from differences of integrals that are themselves approximate."""

LIKELIHOOD = 1e-9
"""Absolute: both are integrated to rounding."""

SEVEN_NODES = 5e-3
"""metafor's default, against the integral; the largest difference is in the sparse data."""

LAPLACE = 0.03
"""metafor's UM.RS is Laplace's approximation, worst with events as few as in the sparse data."""


def columns(measure, data):
    return [REFERENCE[measure][data][name] for name in ARMS[measure]]


@functools.cache
def pooled(measure, data, method, tau2="ML"):
    return glmm(*columns(measure, data), measure=measure, method=method, tau2=tau2)


@functools.cache
def fitted(measure, data, method):
    """Model, common effect and random effects, of the studies that say something."""
    arrays = np.array(columns(measure, data), dtype=float)
    events, size = arrays[::2].T, arrays[1::2].T
    kept = ~silent_studies(measure, events, size)
    model = make_model(method, measure, events[kept], size[kept])
    common = fit_common(model)
    return model, common, fit_random(model, common)


@pytest.mark.parametrize(("measure", "data", "method"), sparing(EXACT))
def test_the_maximum_is_that_of_the_integrated_likelihood(measure, data, method):
    """By lme4 with 50 nodes; UM.RS by the product of two rules of 50 nodes, in R."""
    expected = REFERENCE[measure][data][method]["exact"]
    _, _, found = fitted(measure, data, method)
    assert found.estimate == pytest.approx(expected["estimate"], abs=OPTIMISER)
    assert found.tau**2 == pytest.approx(expected["tau2"], rel=TAU2, abs=1e-12)
    assert math.sqrt(found.covariance[0, 0]) == pytest.approx(expected["se"], rel=DIFFERENCED)
    assert found.summit.value == pytest.approx(expected["log_likelihood"], abs=LIKELIHOOD)
    if "sigma2" in expected:
        assert found.summit.point.shared[-1] ** 2 == pytest.approx(expected["sigma2"], rel=TAU2)


@pytest.mark.parametrize(
    "data", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in REFERENCE["OR"]]
)
def test_the_exact_conditional_model_is_metafors(data):
    expected = REFERENCE["OR"][data]["CM.EL"]["ML"]
    found = pooled("OR", data, "CM.EL")
    assert [found.estimate, found.tau2] == pytest.approx([expected["estimate"], expected["tau2"]], abs=5e-7)
    assert found.se == pytest.approx(expected["se"], rel=HESSIAN)
    assert found.tau2_se == pytest.approx(expected["tau2_se"], rel=3 * HESSIAN)
    assert [found.i2, found.h2] == pytest.approx([expected["i2"], expected["h2"]], rel=1e-6)
    assert [found.q, found.k] == pytest.approx([expected["q"], expected["k"]], rel=1e-6)


@pytest.mark.parametrize(("measure", "data", "method"), sparing(case for case in CASES if case[2] != "UM.RS"))
def test_metafors_default_is_near(measure, data, method):
    """Lme4 with 7 nodes; Q, and the typical variance in H2 = 1 + tau2/s2, have no integral in them."""
    block = REFERENCE[measure][data][method]
    found = pooled(measure, data, method)
    expected = block["ML"]
    assert [found.estimate, found.se, found.tau2] == pytest.approx(
        [expected[number] for number in ("estimate", "se", "tau2")], rel=SEVEN_NODES
    )
    assert [found.q, found.k] == pytest.approx([expected["q"], expected["k"]], rel=1e-6)
    if found.tau2 > 0:
        assert (found.h2 - 1) / found.tau2 == pytest.approx((expected["h2"] - 1) / expected["tau2"], rel=1e-9)
    common = pooled(measure, data, method, "CE")
    assert common.estimate == pytest.approx(block["CE"]["estimate"], abs=OPTIMISER)
    assert common.se == pytest.approx(block["CE"]["se"], rel=HESSIAN)


@pytest.mark.parametrize(
    ("measure", "data"),
    [
        ("OR", "sparse"),
        pytest.param("IRR", "hart1999", marks=pytest.mark.slow),
        pytest.param("OR", "collins1985b", marks=pytest.mark.slow),
    ],
)
def test_random_intercepts_are_near_laplaces_approximation(measure, data):
    expected = REFERENCE[measure][data]["UM.RS"]
    _, common, found = fitted(measure, data, "UM.RS")
    assert common.estimate == pytest.approx(expected["CE"]["estimate"], abs=5 * OPTIMISER)
    assert found.estimate == pytest.approx(expected["ML"]["estimate"], rel=LAPLACE)
    assert found.tau**2 == pytest.approx(expected["ML"]["tau2"], rel=LAPLACE, abs=1e-8)


@pytest.mark.parametrize(("measure", "data"), [("OR", "nielweise2007"), ("IRR", "hart1999")])
def test_the_common_effect_of_the_exact_model_is_conditional_maximum_likelihood(measure, data):
    known = conditional(*columns(measure, data), measure=measure)
    found = pooled(measure, data, "CM.EL", "CE")
    assert (found.estimate, found.se, found.q) == (known.estimate, known.se, known.q)
    _, common, _ = fitted(measure, data, "CM.EL")
    assert common.estimate == pytest.approx(known.estimate, rel=1e-12)
    assert pooled(measure, data, "CM.EL").q == pytest.approx(known.q, rel=1e-10)


def test_limits_are_where_the_likelihood_has_fallen_by_half_a_chi_squared_quantile():
    found = glmm(*columns("OR", "collins1985b"), method="UM.FS", ci="PL", prob=0.9)
    model, _, best = fitted("OR", "collins1985b", "UM.FS")
    fall = 1.6448536269514722**2 / 2
    for parameter, values in (
        (0, [found.lower, found.upper]),
        (1, [found.tau2_lower**0.5, found.tau2_upper**0.5]),
    ):
        for value in values:
            there = profile(model, whole_point(model, best), parameter, value)
            assert best.summit.value - there.value == pytest.approx(fall, rel=1e-6)
    null = profile(model, whole_point(model, best), 0, 0.0)
    assert found.statistic**2 == pytest.approx(2 * (best.summit.value - null.value), rel=1e-9)
    assert found.statistic < 0
    assert found.lower < found.estimate - 1.645 * found.se


def test_other_intervals_are_made_of_estimate_standard_error_and_tau2():
    found = glmm(*columns("OR", "collins1985b"), method="CM.AL", ci="t", prediction="t(k-1)")
    t = 2.306004135204166  # 8 degrees of freedom
    assert [found.lower, found.upper] == pytest.approx(
        [found.estimate - t * found.se, found.estimate + t * found.se], rel=1e-9
    )
    half = t * math.sqrt(found.tau2 + found.se**2)
    assert found.prediction_upper == pytest.approx(found.estimate + half, rel=1e-9)
    assert found.df == 8


def test_a_study_that_says_nothing_is_left_out_and_named():
    names = list("abcdef")
    for method in ("CM.EL", "CM.AL", "UM.FS"):
        tau2 = "ML" if method == "CM.EL" else "CE"
        found = glmm(*columns("OR", "sparse"), method=method, tau2=tau2, labels=names)
        assert found.k == 5
        assert found.weights[0] == 0
        assert sum(found.weights) == pytest.approx(100)
        assert any("both arms of a: left out" in note for note in found.notes)
        without = glmm(*(values[1:] for values in columns("OR", "sparse")), method=method, tau2=tau2)
        assert found.estimate == pytest.approx(without.estimate, rel=1e-12)


def test_full_arms_say_nothing_either():
    found = glmm([10, 3, 4, 9], [10, 9, 9, 30], [8, 2, 6, 2], [8, 8, 9, 28])
    assert found.k == 3
    assert math.isfinite(found.estimate)


def test_no_heterogeneity_leaves_tau2_at_0_with_the_common_effect():
    found, common = (pooled("IRR", "hart1999", "UM.FS", tau2) for tau2 in ("ML", "CE"))
    assert (found.tau2, found.estimate, found.se) == (0.0, common.estimate, common.se)
    assert math.isnan(found.tau2_se)
    assert "tau2 is 0, the end of its range" in " ".join(found.notes)
    assert found.tau2_lower == 0 < found.tau2_upper
    assert math.isfinite(found.prediction_lower)
    assert math.isnan(common.prediction_lower)


@pytest.mark.parametrize("method", ["CM.EL", "CM.AL", "UM.FS", "UM.RS"])
def test_events_on_one_side_only_have_no_finite_estimate(method):
    found = glmm([0, 0, 0], [20, 30, 25], [2, 1, 3], [20, 30, 25], method=method)
    assert math.isnan(found.estimate)
    assert "No finite estimate" in found.notes[-1]
    assert found.k == 3


def test_one_group_without_events_has_no_finite_estimate():
    for measure in ("PLO", "IRLN"):
        found = glmm([0, 0], [20, 30], measure=measure, method="GLMM")
        assert math.isnan(found.estimate)
        assert "No finite estimate" in found.notes[-1]


def test_studies_torn_apart_have_no_maximum():
    """Every study as extreme as it could be, either way: the likelihood rises with tau for ever."""
    found = glmm([0, 10, 0, 10], [10, 10, 10, 10], [10, 0, 10, 0], [10, 10, 10, 10])
    assert math.isnan(found.estimate)
    assert math.isnan(found.tau2)
    assert "no maximum of the likelihood was found" in found.notes[-1]
    assert "tried" in found.notes[-1]


@pytest.mark.parametrize("method", ["CM.EL", "UM.FS", "UM.RS"])
def test_one_study_is_its_own_result(method):
    found = glmm([4], [20], [9], [22], method=method)
    alone = math.log(4 / 16) - math.log(9 / 13)
    assert found.estimate == pytest.approx(alone, rel=0.06 if method == "CM.EL" else 1e-9)
    assert [found.k, found.tau2, found.q_df] == [1, pytest.approx(math.nan, nan_ok=True), 0]
    assert math.isfinite(found.se)
    assert "tau2 cannot be estimated" in " ".join(found.notes)


def test_nothing_informative_is_nothing():
    found = glmm([0, 0], [10, 12], [0, 0], [9, 14])
    assert (found.k, found.notes[-1]) == (0, "No study has an effect to pool")


def test_for_rates_the_approximate_conditional_model_is_the_exact_one():
    asked = {"measure": "IRR", "method": "CM.AL"}
    found = glmm(*columns("IRR", "nielweise2008"), **asked)
    exact = pooled("IRR", "nielweise2008", "CM.EL")
    assert found.estimate == exact.estimate
    assert "CM.AL is CM.EL" in found.notes[0]
    assert "CM.AL is CM.EL" in glmm(*columns("IRR", "nielweise2008"), tau2="CE", **asked).notes[0]


def test_the_front_door_takes_a_table():
    frame = pd.DataFrame(
        {"study": list("abcdef"), **dict(zip(ARMS["OR"], columns("OR", "sparse"), strict=True))}
    )
    found = pool(frame, measure="OR", method="CM.EL", prediction="normal")
    direct = glmm(*columns("OR", "sparse"), prediction="normal", labels=list("abcdef"))
    assert found == direct
    assert (found.method, found.tau2_method, found.ci_method, found.tau2_ci_method) == (
        "CM.EL",
        "ML",
        "wald",
        "PL",
    )
    single = pd.DataFrame({"events": [3, 5, 0], "n": [20, 31, 12]})
    assert pool(single, measure="PLO", method="GLMM").estimate < 0


def test_every_fault_is_told_at_once():
    with pytest.raises(ArgumentError) as caught:
        glmm([1, 2], [9, 9], [3, 4], [9, 9], tau2="REML", ci="HK", prediction="KR", tau2_ci="QP", prob=2)
    assert [fault.key for fault in caught.value.faults] == ["prob", "tau2", "ci", "prediction", "tau2_ci"]
    with pytest.raises(ArgumentError, match="whole numbers") as caught:
        glmm([1, 2.5], [9, 9], [3, 4], [9, 9.5], labels=["one", "two"])
    assert [(fault.study, fault.key) for fault in caught.value.faults] == [
        ("two", "events_treatment"),
        ("two", "n_control"),
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"measure": "RR"}, "have the measures OR and IRR"),
        ({"method": "UM"}, "The mixed model is named"),
        ({"measure": "PLO", "method": "GLMM"}, "The counts are events, n"),
        ({"tau2": "CE", "ci": "t"}, "has a Wald interval only"),
    ],
)
def test_wrong_requests_are_refused(asked, said):
    with pytest.raises(ArgumentError, match=said):
        glmm([1, 2], [9, 9], [3, 4], [9, 9], **asked)


def test_the_front_door_refuses_other_measures_with_those_it_has():
    frame = pd.DataFrame(dict(zip(ARMS["OR"], columns("OR", "sparse"), strict=True)))
    with pytest.raises(ArgumentError, match="has OR and IRR only"):
        pool(frame, measure="RR", method="CM.EL")
    with pytest.raises(ArgumentError, match="takes counts"):
        pool(yi=[0.1, 0.2], vi=[0.1, 0.1], measure="OR", method="UM.FS")
