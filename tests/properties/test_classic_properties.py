"""Laws that classic pooling keeps for any data: rescaling, shifting, reordering, mirroring."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mutau.classic import (
    CI_METHODS,
    PREDICTION_METHODS,
    TAU2_CI_METHODS,
    TAU2_METHODS,
    inverse_variance,
    mantel_haenszel,
)
from mutau.classic.confidence import CI_ESTIMATORS
from mutau.classic.predicting import CONVENTIONS
from mutau.classic.tau2_intervals import TAU2_INTERVALS

ROUNDING = (
    1e-9  # of the largest number at hand: sums of at most 8 terms, tau2 found where a slope may be shallow
)
EFFECTS = ("estimate", "se", "lower", "upper", "prediction_lower", "prediction_upper")
SQUARED = ("tau2", "tau2_se", "tau2_lower", "tau2_upper")
SCALE_FREE = ("statistic", "df", "p_value", "q", "q_df", "q_p_value", "i2", "i2_lower", "i2_upper", "h2", "k")
SLOW = ("permutation", "NNF")
LIKELY = ("DL", "PM", "REML", "ML")  # the estimators that are searched for, and the best known

effects = st.floats(-5, 5).map(lambda x: round(x, 3))
variances = st.floats(-3, 2).map(lambda e: float(f"{10**e:.3g}"))
studies = st.lists(st.tuples(effects, variances), min_size=1, max_size=8)
pooling = settings(max_examples=20, deadline=None)
arms = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.lists(st.tuples(arms, arms), min_size=1, max_size=6)


def arrays(data):
    return np.array([y for y, _ in data]), np.array([v for _, v in data])


def numbers(result, names):
    return np.array([getattr(result, name) for name in names])


def options(tau2):
    """Every interval that goes with an estimator; the permutation test and the bootstrap take longer."""
    goes = {"CE": "REML"}.get(tau2, tau2)
    return st.fixed_dictionaries(
        {
            "ci": st.sampled_from(
                [ci for ci in CI_METHODS if ci not in SLOW and tau2 in CI_ESTIMATORS.get(ci, (tau2,))]
            ),
            "prediction": st.sampled_from(
                [
                    p
                    for p in PREDICTION_METHODS
                    if p != "NNF" and goes in (CONVENTIONS[p].estimators or (goes,))
                ]
            ),
            "tau2_ci": st.sampled_from(
                [c for c in TAU2_CI_METHODS if goes in (TAU2_INTERVALS[c].estimators or (goes,))]
            ),
        }
    )


def assert_scaled(one, other, c):
    np.testing.assert_array_equal(numbers(other, EFFECTS), c * numbers(one, EFFECTS))
    np.testing.assert_array_equal(numbers(other, SCALE_FREE), numbers(one, SCALE_FREE))
    np.testing.assert_array_equal(numbers(other, SQUARED), c * c * numbers(one, SQUARED))
    assert other.weights == one.weights


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies, power=st.integers(-200, 200), more=st.data())
@pooling
def test_rescaling_by_a_power_of_two_is_exact(tau2, data, power, more):
    """Bit by bit, from very small to very large units: no absolute tolerance is hidden anywhere."""
    yi, vi = arrays(data)
    c, chosen = 2.0**power, more.draw(options(tau2))
    one = inverse_variance(yi, vi, tau2=tau2, **chosen)
    assert_scaled(one, inverse_variance(c * yi, c * c * vi, tau2=tau2, **chosen), c)


@pytest.mark.parametrize("tau2", ["HE", "PM", "REML"])
def test_rescaling_the_slow_intervals_is_exact(tau2):
    yi, vi = np.array([0.3, -1.2, 2.5, 0.1, 0.8, -0.4, 1.1]), np.array([0.1, 0.4, 0.5, 0.02, 0.9, 0.3, 0.2])
    c, slow = 2.0**-150, {"ci": "permutation", "prediction": "NNF"}
    one = inverse_variance(yi, vi, tau2=tau2, **slow)
    assert_scaled(one, inverse_variance(c * yi, c * c * vi, tau2=tau2, **slow), c)
    one, other = (inverse_variance(f * yi, f * f * vi, tau2="DL", ci="NNF") for f in (1.0, c))
    assert (other.lower, other.upper) == (c * one.lower, c * one.upper)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies, c=st.floats(1e-6, 1e6))
@pooling
def test_rescaling_by_any_factor(tau2, data, c):
    yi, vi = arrays(data)
    one = inverse_variance(yi, vi, tau2=tau2)
    other = inverse_variance(c * yi, c * c * vi, tau2=tau2)
    assume(not many_maxima(one, other))
    size = np.max(np.abs(yi)) + math.sqrt(np.max(vi))
    np.testing.assert_allclose(
        numbers(other, EFFECTS) / c, numbers(one, EFFECTS), rtol=1e-7, atol=ROUNDING * size
    )
    assert other.tau2 / c**2 == pytest.approx(one.tau2, rel=1e-7, abs=ROUNDING * size**2, nan_ok=True)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies, shift=st.floats(-100, 100))
@pooling
def test_shifting_moves_the_mean_and_nothing_else(tau2, data, shift):
    yi, vi = arrays(data)
    one, other = inverse_variance(yi, vi, tau2=tau2), inverse_variance(yi + shift, vi, tau2=tau2)
    assume(not many_maxima(one, other))
    size = abs(shift) + np.max(np.abs(yi)) + math.sqrt(np.max(vi))
    assert other.estimate - shift == pytest.approx(one.estimate, abs=1e-7 * size)
    assert other.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-9 * size**2, nan_ok=True)
    assert other.upper - other.lower == pytest.approx(one.upper - one.lower, rel=1e-5, abs=1e-7 * size)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies, seed=st.integers(0, 1000))
@pooling
def test_order_does_not_matter(tau2, data, seed):
    yi, vi = arrays(data)
    order = np.random.default_rng(seed).permutation(len(yi))
    one, other = inverse_variance(yi, vi, tau2=tau2), inverse_variance(yi[order], vi[order], tau2=tau2)
    assume(not many_maxima(one, other))
    size = np.max(np.abs(yi)) + math.sqrt(np.max(vi))
    np.testing.assert_allclose(
        numbers(other, EFFECTS), numbers(one, EFFECTS), rtol=1e-7, atol=ROUNDING * size
    )
    np.testing.assert_allclose(np.array(other.weights), np.array(one.weights)[order], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies)
@pooling
def test_mirroring_mirrors(tau2, data):
    yi, vi = arrays(data)
    one, other = inverse_variance(yi, vi, tau2=tau2), inverse_variance(-yi, vi, tau2=tau2)
    assert other.estimate == -one.estimate
    assert other.lower == -one.upper
    np.testing.assert_array_equal(other.tau2, one.tau2)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@given(data=studies)
@pooling
def test_what_always_holds(tau2, data):
    yi, vi = arrays(data)
    result = inverse_variance(yi, vi, tau2=tau2)
    assert np.min(yi) - 1e-12 <= result.estimate <= np.max(yi) + 1e-12
    assert result.lower < result.estimate < result.upper
    assert 0 <= result.p_value <= 1
    assert sum(result.weights) == pytest.approx(100)
    if len(yi) > 1:
        assert result.tau2 >= 0
        assert 0 <= result.i2 < 100
        assert tau2 == "CE" or 0 <= result.tau2_lower <= result.tau2_upper
        assert result.tau2 <= np.ptp(yi) ** 2 * len(yi) * (3 if tau2 == "PMM" else 1) + 1e-12
    if math.isfinite(result.prediction_lower):
        assert result.prediction_lower <= result.lower + 1e-12
        assert result.prediction_upper >= result.upper - 1e-12


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
@pytest.mark.parametrize("tau2", ["CE", "DL"])
@pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")
@given(data=tables)
@pooling
def test_mantel_haenszel_is_symmetric_in_the_arms(measure, tau2, data):
    """Swapping treatment and control turns the estimate round; every value is a number or NaN with a note."""
    a, n1, c, n2 = (np.array(x, dtype=float) for x in zip(*[(*t, *u) for t, u in data], strict=True))
    one = mantel_haenszel(a, n1, c, n2, measure=measure, tau2=tau2)
    other = mantel_haenszel(c, n2, a, n1, measure=measure, tau2=tau2)
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12, nan_ok=True)
    assert other.se == pytest.approx(one.se, rel=1e-8, nan_ok=True)
    assert other.q == pytest.approx(one.q, rel=1e-8, abs=1e-9, nan_ok=True)
    if math.isnan(one.estimate) or math.isnan(one.se):
        assert one.notes


def many_maxima(*results):
    """Two equally high maxima may change places by rounding."""
    return any("maxima" in note for result in results for note in result.notes)
