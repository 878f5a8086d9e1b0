"""Estimators of tau2: closed forms, brute force, several maxima, and failing aloud."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mutau.classic import heterogeneity as module
from mutau.classic import inverse_variance
from mutau.classic.heterogeneity import (
    ESTIMATORS,
    Tau2,
    dersimonian_laird,
    heterogeneity,
    paule_mandel,
    restricted_maximum_likelihood,
    trace_term,
    weighted_mean,
)

RESOLUTION = 1e-13  # what the root finder promises
# Found by search: restricted likelihoods with a maximum at 0 and another inside; the higher is at 0, then inside.
HIGHEST_AT_ZERO = ([-0.24, 0.77, -0.26], [0.003, 0.17, 0.019])
HIGHEST_INSIDE = ([-6.11, -0.93, 0.74, 0.94], [6.515, 0.614, 0.003, 0.045])


def restricted(tau2, yi, vi):
    """The restricted log likelihood, from the density of k - 1 contrasts of the effects."""
    k = len(yi)
    contrasts = np.eye(k)[1:] - np.eye(k)[0]
    covariance = contrasts @ np.diag(np.asarray(vi) + tau2) @ contrasts.T
    z = contrasts @ np.asarray(yi)
    return -0.5 * (np.linalg.slogdet(covariance)[1] + z @ np.linalg.solve(covariance, z))


@pytest.mark.parametrize("estimator", ["DL", "PM", "REML"])
@pytest.mark.parametrize(
    ("y1", "y2", "v1", "v2"), [(0.0, 2.0, 0.3, 0.9), (-1.0, 5.0, 2.0, 0.01), (0.0, 0.1, 1.0, 2.0)]
)
def test_two_studies_have_a_closed_form(estimator, y1, y2, v1, v2):
    expected = max(0.0, ((y1 - y2) ** 2 - v1 - v2) / 2)
    found = ESTIMATORS[estimator](np.array([y1, y2]), np.array([v1, v2])).value
    assert found == pytest.approx(expected, rel=RESOLUTION, abs=1e-14)


@pytest.mark.parametrize("estimator", ["DL", "PM", "REML"])
def test_equal_variances_have_a_closed_form(estimator):
    """All three are the sample variance less the sampling variance."""
    yi = np.array([0.2, 1.5, -0.7, 2.2, 0.9])
    found = ESTIMATORS[estimator](yi, np.full(5, 0.25)).value
    assert found == pytest.approx(np.var(yi, ddof=1) - 0.25, rel=RESOLUTION)


def test_paule_mandel_solves_its_equation():
    yi, vi = np.array([0.1, 0.9, -1.4, 2.2]), np.array([0.01, 0.4, 0.2, 0.05])
    tau2 = paule_mandel(yi, vi).value
    w = 1 / (vi + tau2)
    assert np.sum(w * (yi - weighted_mean(yi, w)) ** 2) == pytest.approx(3, rel=1e-12)


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


@pytest.mark.parametrize("estimator", ["DL", "PM", "REML"])
def test_equal_effects_have_no_heterogeneity(estimator):
    assert ESTIMATORS[estimator](np.full(4, 0.1), np.array([0.1, 2.0, 0.3, 0.04])) == Tau2(0.0)


@pytest.mark.parametrize("estimator", ["DL", "PM", "REML"])
def test_variances_may_differ_by_ten_orders_of_magnitude(estimator):
    result = inverse_variance([0.0, 1.0, 3.0], [1e-6, 1.0, 1e4], tau2=estimator)
    assert math.isfinite(result.tau2)


@pytest.mark.parametrize(
    ("estimator", "word"), [("PM", "Paule-Mandel: no root"), ("REML", "REML: no maximum")]
)
def test_a_search_that_fails_says_so(estimator, word, monkeypatch):
    """Never the last iterate: NaN, and everything that needs tau2 NaN, with the reason."""
    monkeypatch.setattr(module, "_root", lambda *_: math.nan)
    result = inverse_variance([0.0, 2.0, 5.0], [0.1, 0.2, 0.3], tau2=estimator)
    assert math.isnan(result.tau2)
    assert math.isnan(result.estimate)
    assert math.isnan(result.upper)
    assert result.q > 0
    assert any(word in note for note in result.notes)


def test_a_root_needs_a_change_of_sign():
    assert math.isnan(module._root(lambda x: x + 1, 0.0, 1.0))
    assert module._root(lambda x: x, 0.0, 1.0) == 0
    assert module._root(lambda x: x - 1, 0.0, 1.0) == 1


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
    assert spread.i2_h2(dersimonian_laird(yi, vi).value) == pytest.approx(spread.i2_h2(None), rel=1e-13)


def test_no_spread_is_no_inconsistency():
    assert heterogeneity(np.full(3, 0.5), np.ones(3)).i2_h2(None) == (0, 0)
