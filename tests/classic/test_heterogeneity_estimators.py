"""Estimators of tau2: closed forms, brute force, several maxima, and failing aloud."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mutau.classic import TAU2_METHODS, inverse_variance, roots
from mutau.classic.heterogeneity import heterogeneity, trace_term, weighted_mean
from mutau.classic.pooled_mean import pooled_mean, pooled_means
from mutau.classic.searches import turning
from mutau.numerics.weighted import residual_trace

RESOLUTION = 1e-13  # what the root finder promises
# Found by search: restricted likelihoods with a maximum at 0 and another inside; the higher is at 0, then inside.
HIGHEST_AT_ZERO = ([-0.24, 0.77, -0.26], [0.003, 0.17, 0.019])
HIGHEST_INSIDE = ([-6.11, -0.93, 0.74, 0.94], [6.515, 0.614, 0.003, 0.045])
ALL = [name for name in TAU2_METHODS if name != "CE"]
UNBIASED = ["DL", "PM", "EB", "REML", "HE", "GENQ", "DL2"]  # all solve E(...) = its expectation
MEDIAN = ("PMM", "GENQM", "GENQM(1/vi)")  # these solve for the median


def find(yi, vi, estimator):
    """tau2 by an estimator."""
    return pooled_mean(np.asarray(yi, dtype=float), np.asarray(vi, dtype=float), estimator).found


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
    found = find([y1, y2], [v1, v2], estimator)
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
        **dict.fromkeys(MEDIAN, s2 * (k - 1) / median - v),
    }.get(estimator, s2 - v)
    median_based = estimator in MEDIAN
    found = find(yi, np.full(k, v), estimator)
    assert found == pytest.approx(expected, rel=1e-6 if median_based else RESOLUTION)


def test_paule_mandel_solves_its_equation():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    tau2 = find(yi, vi, "PM")
    w = 1 / (vi + tau2)
    assert np.sum(w * (yi - weighted_mean(yi, w)) ** 2) == pytest.approx(3, rel=1e-12)


def test_the_median_unbiased_estimator_solves_its_equation():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    w = 1 / (vi + find(yi, vi, "PMM"))
    median = 2.3659738843753377  # of chi-squared with 3 degrees of freedom, R's qchisq(.5, 3)
    assert np.sum(w * (yi - weighted_mean(yi, w)) ** 2) == pytest.approx(median, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_moment_estimator_has_the_right_expectation(seed):
    """E y_i y_j = 0 (i != j) and E y_i^2 = vi + tau2 put into Q_a, which is a quadratic form in the effects."""
    rng = np.random.default_rng([5, seed])
    vi, yi = rng.uniform(0.1, 2, 6), rng.normal(0, 3, 6)
    first = find(yi, vi, "DL")
    for name, a in (("DL", 1 / vi), ("HE", np.ones(6)), ("GENQ", vi**-0.5), ("DL2", 1 / (vi + first))):
        form = np.diag(a) - np.outer(a, a) / a.sum()
        mean = pooled_mean(yi, vi, name)
        covariance = np.diag(vi + mean.found)
        assert np.trace(form @ covariance) == pytest.approx(yi @ form @ yi, rel=1e-12)
        deviance = np.trace(form @ covariance @ form @ covariance)
        assert residual_trace(a, vi + mean.found) == pytest.approx(deviance, rel=1e-12)
        assert mean.tau2_se == pytest.approx(math.sqrt(2 * deviance) / np.trace(form), rel=1e-12)


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

    found = find(yi, vi, "ML")
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e3, 1000)])
    assert log_likelihood(found) >= max(log_likelihood(t) for t in grid) - 1e-12


@pytest.mark.parametrize("estimator", TAU2_METHODS)
def test_many_rows_at_once_give_what_one_row_gives(estimator):
    rng = np.random.default_rng(3)
    vi = 10 ** rng.uniform(-2, 1, 5)
    yi = rng.normal(0, 1, (40, 5))
    yi[:3] = [HIGHEST_INSIDE[0] + [0.0], [1.0] * 5, [0.0, 0.0, 1e-3, 0.0, 0.0]]
    one_by_one = [find(row, vi, estimator) for row in yi]
    many = pooled_means(yi.ravel(), np.tile(vi, 40), np.arange(41) * 5, estimator)
    np.testing.assert_array_equal(many.found, one_by_one)


@pytest.mark.parametrize("data", [HIGHEST_AT_ZERO, HIGHEST_INSIDE])
def test_the_highest_of_several_maxima_is_found(data):
    yi, vi = map(np.array, data)
    found, maxima = find(yi, vi, "REML"), turning(yi, vi, "REML").maxima
    assert len(maxima) == 2
    assert found in maxima
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 100, 4001)])
    best = grid[np.argmax([restricted(t, yi, vi) for t in grid])]
    assert found == pytest.approx(best, rel=0.01)  # the grid's step is 0.5%
    assert restricted(found, yi, vi) >= restricted(best, yi, vi) - 1e-12


def test_several_maxima_are_said_in_the_result():
    """In the reader's units, whatever scale the search works on."""
    for unit in (1.0, 100.0):
        yi, vi = unit * np.array(HIGHEST_INSIDE[0]), unit**2 * np.array(HIGHEST_INSIDE[1])
        result = inverse_variance(yi, vi, tau2="REML")
        note = next(note for note in result.notes if "the highest is used" in note)
        assert f"at tau = 0, {math.sqrt(result.tau2):.4g};" in note


@pytest.mark.parametrize("seed", range(30))
def test_restricted_maximum_is_global_by_brute_force(seed):
    rng = np.random.default_rng([20240711, seed])
    k = int(rng.integers(2, 7))
    vi = 10 ** rng.uniform(-3, 1, k)
    yi = rng.normal(0, np.sqrt(vi + rng.choice([0, 0.1, 2.0])))
    found = find(yi, vi, "REML")
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 1e3, 1000)])
    assert restricted(found, yi, vi) >= max(restricted(t, yi, vi) for t in grid) - 1e-12


@pytest.mark.parametrize("estimator", ALL)
def test_equal_effects_have_no_heterogeneity(estimator):
    assert find(np.full(4, 0.1), [0.1, 2.0, 0.3, 0.04], estimator) == 0


@pytest.mark.parametrize("estimator", ALL)
def test_variances_may_differ_by_ten_orders_of_magnitude(estimator):
    result = inverse_variance([0.0, 1.0, 3.0], [1e-6, 1.0, 1e4], tau2=estimator)
    assert math.isfinite(result.tau2)


@pytest.mark.parametrize(
    ("estimator", "word"),
    [
        ("PM", "Paule-Mandel: no root"),
        ("EB", "Empirical Bayes: no root"),
        ("PMM", "Median-unbiased Paule-Mandel: no root"),
        ("REML", "REML: no maximum"),
        ("ML", "ML: no maximum"),
    ],
)
def test_a_search_that_fails_says_so(estimator, word, monkeypatch):
    """Never the last iterate: NaN, and everything that needs tau2 NaN, with the reason."""
    monkeypatch.setattr("mutau.classic.pooled_mean.STEPS", 1)
    result = inverse_variance([0.0, 2.0, 5.0], [0.01, 0.2, 3.0], tau2=estimator)
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
    assert spread.i2_h2(find(yi, vi, "DL")) == pytest.approx(spread.i2_h2(None), rel=1e-13)


def test_no_spread_is_no_inconsistency():
    assert heterogeneity(np.full(3, 0.5), np.ones(3)).i2_h2(None) == (0, 0)
