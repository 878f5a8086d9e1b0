"""The distribution of a generalised Q statistic, the limits of tau2 made from it, and the permutation test."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import chdtr

from mutau.classic import inverse_variance
from mutau.classic.confidence import mean_interval
from mutau.classic.heterogeneity import row_sum_of_squares
from mutau.classic.nagashima import nagashima_limits
from mutau.classic.permuting import permutation_p_value, permutations
from mutau.classic.pooled_mean import pooled_mean
from mutau.classic.quadratic import generalised_limits, q_distribution

CONTOUR = 1e-12  # what the quadrature promises


def imhof(q, a, variances):
    """P(Q_a <= q) by the eigenvalues of the quadratic form and Imhof's (1961) integral, on a fine grid."""
    root = np.sqrt(variances)
    weights = np.linalg.eigvalsh(np.outer(root, root) * (np.diag(a) - np.outer(a, a) / a.sum()))[1:]
    u = (np.arange(400_000) + 0.5) * 2e-3 / weights.max()
    angle = 0.5 * np.sum(np.arctan(weights[:, None] * u), axis=0) - 0.5 * q * u
    rho = np.exp(0.25 * np.sum(np.log1p((weights[:, None] * u) ** 2), axis=0))
    return 0.5 - np.sum(np.sin(angle) / (u * rho)) * 2e-3 / weights.max() / math.pi


@pytest.mark.parametrize("k", [2, 3, 8, 60, 1000, 100_000])
def test_weights_inverse_to_the_variances_give_chi_squared(k):
    rng = np.random.default_rng(k)
    variances = 10 ** rng.uniform(-6, 3, k)
    for q in np.array([0.01, 0.3, 0.9, 1.0, 1.1, 2.0, 5.0]) * (k - 1):
        expected = pytest.approx(chdtr(k - 1, q), rel=1e-10, abs=1e-300)
        assert q_distribution(q, 1 / variances, variances) == expected


@pytest.mark.parametrize("seed", range(4))
def test_any_weights_agree_with_imhofs_integral(seed):
    rng = np.random.default_rng(seed)
    a, variances = rng.uniform(0.2, 2, 7), rng.uniform(0.2, 2, 7)
    for q in (2.0, 6.0, 15.0):
        assert q_distribution(q, a, variances) == pytest.approx(imhof(q, a, variances), abs=1e-6)


def test_nothing_lies_below_zero():
    assert q_distribution(0.0, np.ones(3), np.ones((2, 3))).tolist() == [0, 0]


def test_limits_leave_the_tails_that_were_asked_for():
    yi, vi = np.array([0.3, -1.2, 2.5, 0.1, 0.8]), np.array([0.1, 0.4, 0.5, 0.02, 0.9])
    a = 1 / np.sqrt(vi)
    lower, upper = generalised_limits(yi, vi, a, 0.9)
    q = float(row_sum_of_squares(yi, a))
    assert q_distribution(q, a, vi + lower) == pytest.approx(0.95, abs=CONTOUR)
    assert q_distribution(q, a, vi + upper) == pytest.approx(0.05, abs=CONTOUR)


@pytest.mark.parametrize("tau2_ci", ["QP", "BJ", "J"])
def test_less_spread_than_sampling_error_explains_is_said(tau2_ci):
    result = inverse_variance([0.1, 0.101, 0.1005, 0.1], [0.2, 0.3, 0.1, 0.2], tau2_ci=tau2_ci)
    assert (result.tau2_lower, result.tau2_upper, result.i2_upper) == (0, 0, 0)
    assert any("both limits are 0" in note for note in result.notes)


def test_limits_that_are_not_found_are_nan_with_a_reason(monkeypatch):
    monkeypatch.setattr("mutau.classic.pooled_mean.STEPS", 1)
    result = inverse_variance([0.0, 2.0, 5.0], [0.01, 0.2, 3.0], tau2="DL")
    assert result.tau2 > 0
    assert np.isnan([result.tau2_lower, result.tau2_upper, result.i2_upper, result.h2_lower]).all()
    assert any("its limits were not found" in note for note in result.notes)


def test_profile_likelihood_limits_lie_where_the_likelihood_says():
    """By brute force over a grid of tau2, density written out."""
    yi, vi = np.array([0.3, -3.2, 4.5, 0.1, 5.8]), np.array([0.1, 0.4, 0.5, 0.02, 0.9])
    result = inverse_variance(yi, vi, tau2="ML", tau2_ci="PL")

    def deviance(tau2):
        v = vi + tau2
        return np.sum(np.log(v) + (yi - np.average(yi, weights=1 / v)) ** 2 / v)

    for limit in (result.tau2_lower, result.tau2_upper):
        assert deviance(limit) - deviance(result.tau2) == pytest.approx(3.841458820694124, rel=1e-9)


def brute_force_p_value(yi, vi, null):
    """Every sign pattern, each pooled through the public function."""
    z = [
        abs(inverse_variance(np.array(signs) * (yi - null), vi, tau2="DL", ci="wald").statistic)
        for signs in itertools.product([1, -1], repeat=len(yi))
    ]
    return np.mean(np.array(z) >= z[0] - 1e-8)


def test_permutation_p_value_by_brute_force():
    yi, vi = np.array([0.3, -0.2, 0.9, 0.4, 0.8]), np.array([0.1, 0.4, 0.5, 0.02, 0.9])
    mean = pooled_mean(yi, vi, "DL", tau2=0.1)
    for null in (0.0, 0.3, -1.0):
        found = permutation_p_value(mean, permutations(5, 0), null)
        assert found == pytest.approx(brute_force_p_value(yi, vi, null), rel=1e-12)


def test_permutation_limits_are_where_the_test_begins_to_reject():
    yi, vi = np.array([0.3, -0.2, 0.9, 0.4, 0.8, 0.7]), np.array([0.1, 0.4, 0.5, 0.02, 0.9, 0.2])
    result = inverse_variance(yi, vi, tau2="DL", ci="permutation")
    for limit, side in ((result.lower, -1), (result.upper, 1)):
        assert brute_force_p_value(yi, vi, limit - 1e-5 * side) > 0.05
        assert brute_force_p_value(yi, vi, limit + 1e-5 * side) <= 0.05


def test_few_studies_have_no_permutation_interval():
    result = inverse_variance([0.3, 0.9, 0.4, 0.8, 0.5], [0.1] * 5, ci="permutation")
    assert result.p_value == 1 / 16
    assert np.isnan([result.lower, result.upper, result.df]).all()
    assert any("no p-value is below 0.0625" in note for note in result.notes)
    assert math.isfinite(
        inverse_variance([0.3, 0.9, 0.4, 0.8, 0.5], [0.1] * 5, ci="permutation", prob=0.9).upper
    )


def test_many_studies_draw_sign_patterns_from_a_seed():
    rng = np.random.default_rng(8)
    yi, vi = rng.normal(0.2, 0.6, 14), rng.uniform(0.05, 0.3, 14)
    one, again, other = (inverse_variance(yi, vi, tau2="DL", ci="permutation", seed=s) for s in (1, 1, 2))
    assert (one.p_value, one.lower) == (again.p_value, again.lower)
    assert other.lower != one.lower
    assert other.p_value == pytest.approx(one.p_value, abs=0.05)
    assert any("2000 sign patterns drawn at random (seed 1)" in note for note in one.notes)


def test_a_failed_permutation_is_said(monkeypatch):
    mean = pooled_mean(np.array([0.3, 0.9, -0.4]), np.array([0.001, 0.2, 3.0]), "PM")
    monkeypatch.setattr("mutau.classic.pooled_mean.STEPS", 1)
    interval = mean_interval(mean, "permutation", 0.95)
    assert math.isnan(interval.p_value)
    assert any("under some sign pattern" in note for note in interval.notes)


@pytest.mark.slow
def test_bootstrap_prediction_by_random_draws():
    """The same quantiles from pseudorandom numbers, the distribution of tau2 inverted by bisection."""
    yi, vi = np.array([0.3, -0.2, 0.9, 0.4, 0.8, 1.7]), np.array([0.1, 0.4, 0.5, 0.02, 0.9, 0.2])
    rng, w = np.random.default_rng(11), 1 / vi
    q = float(row_sum_of_squares(yi, w))
    u, lower, upper = rng.random(5_000), np.zeros(5_000), np.full(5_000, 1e6)
    for _ in range(30):
        middle = np.sqrt((lower + 1e-4) * (upper + 1e-4)) - 1e-4
        low = 1 - q_distribution(q, w, vi + middle[:, None]) < u
        lower, upper = np.where(low, middle, lower), np.where(low, upper, middle)
    tau2 = np.where(u < 1 - q_distribution(q, w, vi), 0.0, upper)
    weights = 1 / (vi + tau2[:, None])
    mean = np.sum(weights * yi, axis=1) / np.sum(weights, axis=1)
    se = np.sqrt(np.sum(weights * (yi - mean[:, None]) ** 2, axis=1) / 5 / np.sum(weights, axis=1))
    drawn = mean + np.sqrt(tau2) * rng.standard_normal(5_000) - se * rng.standard_t(5, 5_000)
    limits = np.quantile(drawn, [0.025, 0.975])
    assert nagashima_limits(yi, vi, 0.95) == pytest.approx(limits, abs=0.05 * np.ptp(limits))
