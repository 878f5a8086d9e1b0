"""Estimators of tau2: closed forms, brute force, several maxima, and failing aloud."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mutau.classic import TAU2_METHODS, inverse_variance, likelihood, qprofile, roots
from mutau.classic.estimators import ESTIMATORS
from mutau.classic.heterogeneity import Tau2, heterogeneity, residual_trace, trace_term, weighted_mean
from mutau.classic.likelihood import maximum_likelihood, restricted_maximum_likelihood
from mutau.classic.moments import generalised_q, moment_tau2
from mutau.classic.qprofile import paule_mandel, paule_mandel_median
from mutau.classic.rows import row_tau2

RESOLUTION = 1e-13  # what the root finder promises
# Found by search: restricted likelihoods with a maximum at 0 and another inside; the higher is at 0, then inside.
HIGHEST_AT_ZERO = ([-0.24, 0.77, -0.26], [0.003, 0.17, 0.019])
HIGHEST_INSIDE = ([-6.11, -0.93, 0.74, 0.94], [6.515, 0.614, 0.003, 0.045])
ALL = [name for name in TAU2_METHODS if name != "CE"]
UNBIASED = ["DL", "PM", "EB", "REML", "HE", "GENQ", "DL2"]  # all solve E(...) = its expectation


def restricted(tau2, yi, vi):
    """The restricted log likelihood, from the density of k - 1 contrasts of the effects."""
    k = len(yi)
    contrasts = np.eye(k)[1:] - np.eye(k)[0]
    covariance = contrasts @ np.diag(np.asarray(vi) + tau2) @ contrasts.T
    z = contrasts @ np.asarray(yi)
    return -0.5 * (np.linalg.slogdet(covariance)[1] + z @ np.linalg.solve(covariance, z))


@pytest.mark.parametrize("estimator", UNBIASED)
@pytest.mark.parametrize(
    ("y1", "y2", "v1", "v2"), [(0.0, 2.0, 0.3, 0.9), (-1.0, 5.0, 2.0, 0.01), (0.0, 0.1, 1.0, 2.0)]
)
def test_two_studies_have_a_closed_form(estimator, y1, y2, v1, v2):
    expected = max(0.0, ((y1 - y2) ** 2 - v1 - v2) / 2)
    found = ESTIMATORS[estimator].find(np.array([y1, y2]), np.array([v1, v2])).value
    assert found == pytest.approx(expected, rel=RESOLUTION, abs=1e-14)


@pytest.mark.parametrize("estimator", ALL)
def test_equal_variances_have_a_closed_form(estimator):
    """The sample variance less the sampling variance, but for estimators that are biased on purpose."""
    yi, v, k = np.array([0.2, 1.5, -0.7, 2.2, 0.9]), 0.25, 5
    s2, s2_over_k, median = np.var(yi, ddof=1), np.var(yi), 3.356694  # the median of chi-squared with 4 df
    expected = {
        "ML": s2_over_k - v,
        "HS": s2 * (k - 1) / k - v,
        "HSk": s2 - v,
        "SJ": s2_over_k * s2 / (v + s2_over_k),
        "PMM": s2 * (k - 1) / median - v,
    }.get(estimator, s2 - v)
    found = ESTIMATORS[estimator].find(yi, np.full(k, v)).value
    assert found == pytest.approx(expected, rel=1e-6 if estimator == "PMM" else RESOLUTION)


def test_paule_mandel_solves_its_equation():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    tau2 = paule_mandel(yi, vi).value
    w = 1 / (vi + tau2)
    assert np.sum(w * (yi - weighted_mean(yi, w)) ** 2) == pytest.approx(3, rel=1e-12)


def test_the_median_unbiased_estimator_solves_its_equation():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    w = 1 / (vi + paule_mandel_median(yi, vi).value)
    median = 2.3659738843753377  # of chi-squared with 3 degrees of freedom, R's qchisq(.5, 3)
    assert np.sum(w * (yi - weighted_mean(yi, w)) ** 2) == pytest.approx(median, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_moment_estimator_has_the_right_expectation(seed):
    """E y_i y_j = 0 (i != j) and E y_i^2 = vi + tau2 put into Q_a, which is a quadratic form in the effects."""
    rng = np.random.default_rng([5, seed])
    vi, a, tau2 = rng.uniform(0.1, 2, 6), rng.uniform(0.1, 3, 6), rng.uniform(0, 2)
    form = np.diag(a) - np.outer(a, a) / a.sum()
    moment = generalised_q(vi, a)
    expected_q = np.trace(form @ np.diag(vi + tau2))
    assert (expected_q - moment.expected) * moment.factor == pytest.approx(tau2, rel=1e-12)
    deviance = np.trace(form @ np.diag(vi + tau2) @ form @ np.diag(vi + tau2))
    assert residual_trace(a, vi + tau2) == pytest.approx(deviance, rel=1e-12)


def test_the_order_of_moment_weights_in_the_table():
    """Generalised Q with Hedges' and with DerSimonian and Laird's weights is those estimators."""
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    for name, a in (("HE", np.ones(4)), ("DL", 1 / vi)):
        assert float(moment_tau2(yi, generalised_q(vi, a))) == pytest.approx(
            ESTIMATORS[name].find(yi, vi).value, rel=1e-13
        )


@pytest.mark.parametrize("seed", range(10))
def test_maximum_is_global_by_brute_force(seed):
    rng = np.random.default_rng([20260101, seed])
    k = int(rng.integers(2, 7))
    vi = 10 ** rng.uniform(-3, 1, k)
    yi = rng.normal(0, np.sqrt(vi + rng.choice([0, 0.1, 2.0])))

    def log_likelihood(tau2):
        v = vi + tau2
        mean = np.average(yi, weights=1 / v)
        return -0.5 * np.sum(np.log(v) + (yi - mean) ** 2 / v)

    found = maximum_likelihood(yi, vi).value
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e3, 1000)])
    assert log_likelihood(found) >= max(log_likelihood(t) for t in grid) - 1e-12


@pytest.mark.parametrize("estimator", TAU2_METHODS)
def test_many_rows_at_once_give_what_one_row_gives(estimator):
    rng = np.random.default_rng(3)
    vi = 10 ** rng.uniform(-2, 1, 5)
    yi = rng.normal(0, 1, (40, 5))
    yi[:3] = [HIGHEST_INSIDE[0] + [0.0], [1.0] * 5, [0.0, 0.0, 1e-3, 0.0, 0.0]]
    one_by_one = [ESTIMATORS[estimator].find(row, vi).value for row in yi]
    np.testing.assert_allclose(row_tau2(yi, vi, estimator), one_by_one, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("data", [HIGHEST_AT_ZERO, HIGHEST_INSIDE])
def test_the_highest_of_several_maxima_is_found(data):
    yi, vi = map(np.array, data)
    found = restricted_maximum_likelihood(yi, vi)
    assert "has 2 maxima" in found.note
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 100, 4001)])
    best = grid[np.argmax([restricted(t, yi, vi) for t in grid])]
    assert found.value == pytest.approx(best, rel=0.01)  # the grid's step is 0.5%
    assert restricted(found.value, yi, vi) >= restricted(best, yi, vi) - 1e-12


def test_several_maxima_are_said_in_the_result():
    result = inverse_variance(*HIGHEST_INSIDE, tau2="REML")
    assert any("the highest is used" in note for note in result.notes)


@pytest.mark.parametrize("seed", range(30))
def test_restricted_maximum_is_global_by_brute_force(seed):
    rng = np.random.default_rng([20240711, seed])
    k = int(rng.integers(2, 7))
    vi = 10 ** rng.uniform(-3, 1, k)
    yi = rng.normal(0, np.sqrt(vi + rng.choice([0, 0.1, 2.0])))
    found = restricted_maximum_likelihood(yi, vi).value
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e3, 1000)])
    assert restricted(found, yi, vi) >= max(restricted(t, yi, vi) for t in grid) - 1e-12


@pytest.mark.parametrize("estimator", ALL)
def test_equal_effects_have_no_heterogeneity(estimator):
    assert ESTIMATORS[estimator].find(np.full(4, 0.1), np.array([0.1, 2.0, 0.3, 0.04])) == Tau2(0.0)


@pytest.mark.parametrize("estimator", ALL)
def test_variances_may_differ_by_ten_orders_of_magnitude(estimator):
    result = inverse_variance([0.0, 1.0, 3.0], [1e-6, 1.0, 1e4], tau2=estimator)
    assert math.isfinite(result.tau2)


@pytest.mark.parametrize(
    ("estimator", "word"),
    [
        ("PM", "Paule-Mandel: no root"),
        ("EB", "Paule-Mandel: no root"),
        ("PMM", "Median-unbiased Paule-Mandel: no root"),
        ("REML", "REML: no maximum"),
        ("ML", "ML: no maximum"),
    ],
)
def test_a_search_that_fails_says_so(estimator, word, monkeypatch):
    """Never the last iterate: NaN, and everything that needs tau2 NaN, with the reason."""
    monkeypatch.setattr(likelihood, "root", lambda *_: math.nan)
    monkeypatch.setattr(qprofile, "crossing", lambda *_: math.nan)
    result = inverse_variance([0.0, 2.0, 5.0], [0.1, 0.2, 0.3], tau2=estimator)
    assert math.isnan(result.tau2)
    assert math.isnan(result.estimate)
    assert math.isnan(result.upper)
    assert result.q > 0
    assert any(word in note for note in result.notes)


def test_a_root_needs_a_change_of_sign():
    assert math.isnan(roots.root(lambda x: x + 1, 0.0, 1.0))
    assert roots.root(lambda x: x, 0.0, 1.0) == 0
    assert roots.root(lambda x: x - 1, 0.0, 1.0) == 1


def test_a_crossing_is_bracketed_from_any_start():
    for start in (1e-300, 1.0, 1e100):
        assert roots.crossing(lambda x: 1 / (1 + x), 0.25, start) == pytest.approx(3, rel=1e-12)
    assert roots.crossing(lambda x: 1 / (1 + x), 1.0, 1.0) == 0
    assert math.isnan(roots.crossing(lambda x: 1.0, 0.5, 1.0))


def test_trace_term_does_not_cancel():
    w = np.array([1e12, 1.0])
    assert trace_term(w) == pytest.approx(2 * 1e12 / (1e12 + 1), rel=1e-15)


def test_q_of_one_study_has_no_test():
    spread = heterogeneity(np.array([1.0]), np.array([0.1]))
    assert (spread.q, spread.q_df) == (0, 0)
    assert math.isnan(spread.q_p_value)


def test_i2_agrees_between_its_definitions_for_dersimonian_laird():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    spread = heterogeneity(yi, vi)
    assert spread.i2_h2(ESTIMATORS["DL"].find(yi, vi).value) == pytest.approx(spread.i2_h2(None), rel=1e-13)


def test_no_spread_is_no_inconsistency():
    assert heterogeneity(np.full(3, 0.5), np.ones(3)).i2_h2(None) == (0, 0)
