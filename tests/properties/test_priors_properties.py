"""Laws that hold for every prior, whatever its parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mutau import priors

location = st.floats(-50, 50)
scale = st.floats(1e-3, 1e3)
shape = st.floats(0.2, 60)
factor = st.floats(1e-3, 1e3)
probability = st.floats(1e-9, 1 - 1e-9)


@st.composite
def mixtures(draw):
    parts = draw(st.lists(st.tuples(st.floats(0.05, 1), location, scale), min_size=1, max_size=4))
    weights, means, sds = zip(*parts, strict=True)
    return priors.NormalMixture([weight / math.fsum(weights) for weight in weights], means, sds)


REAL = st.one_of(
    st.builds(priors.Normal, location, scale),
    mixtures(),
    st.builds(priors.StudentT, location, scale, shape),
    st.builds(priors.Cauchy, location, scale),
)
POSITIVE = st.one_of(
    st.builds(priors.HalfNormal, scale),
    st.builds(priors.HalfCauchy, scale),
    st.builds(priors.HalfStudentT, scale, shape),
    st.builds(priors.Exponential, scale),
    st.builds(priors.LogNormal, st.floats(-5, 5), st.floats(0.05, 5)),
    st.builds(priors.LogStudentT, st.floats(-5, 5), st.floats(0.05, 5), shape),
    st.builds(priors.InverseGamma, shape, scale),
    st.builds(lambda upper: priors.Uniform(0, upper), scale),
)
PROPER = REAL | POSITIVE
ANY = (
    PROPER
    | st.just(priors.Flat())
    | st.just(priors.Uniform(0, math.inf))
    | st.builds(priors.PointMass, location)
)


@given(ANY)
def test_text_round_trip(prior):
    assert priors.parse_prior(str(prior)) == prior
    assert priors.parse_prior(repr(prior)) == prior


@given(PROPER, probability)
def test_quantile_and_distribution_function_are_inverse(prior, p):
    x = prior.ppf(p)
    assume(math.isfinite(x) and x != 0)
    rounding = abs(x) * 4e-16 * prior.pdf(x)  # what the last digit of x is worth in probability
    assert prior.cdf(x) == pytest.approx(p, rel=1e-10, abs=rounding)
    assert prior.sf(x) == pytest.approx(1 - p, rel=1e-10, abs=rounding + 2e-16)


@given(PROPER, st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=20))
def test_distribution_function_rises_and_adds_up(prior, points):
    x = np.sort(points)
    lower, upper = prior.cdf(x), prior.sf(x)
    assert np.all(np.diff(lower) >= -1e-14)
    assert np.all(np.diff(upper) <= 1e-14)
    np.testing.assert_allclose(lower + upper, 1.0, rtol=1e-12)


@given(PROPER, factor, probability)
def test_scaling_is_exact(prior, c, p):
    """P(c x < c q) = P(x < q), and the density is divided by c."""
    x = prior.ppf(p)
    assume(1e-200 < abs(x) < 1e200)
    scaled = prior.scaled(c)
    rounding = abs(x) * 1e-15 * prior.pdf(x)
    if {"location", "mean", "means"} & set(prior.parameters):
        rounding = (abs(x) + 50) * 1e-15 * prior.pdf(x)
    assert type(scaled) is type(prior)
    assert scaled.cdf(c * x) == pytest.approx(prior.cdf(x), rel=1e-9, abs=rounding)
    assert scaled.sf(c * x) == pytest.approx(prior.sf(x), rel=1e-9, abs=rounding)
    assert scaled.logpdf(c * x) == pytest.approx(prior.logpdf(x) - math.log(c), rel=1e-9, abs=1e-9)
    assert scaled.tail_exponent == prior.tail_exponent


@given(POSITIVE, factor)
def test_scaling_scales_the_moments(prior, c):
    for name in ("mean", "sd"):
        value, scaled = getattr(prior, name), getattr(prior.scaled(c), name)
        assert scaled == pytest.approx(c * value, rel=1e-9, nan_ok=True)


@given(REAL, probability)
def test_a_negative_factor_mirrors(prior, p):
    x = prior.ppf(p)
    assume(math.isfinite(x))
    mirrored = prior.scaled(-1.0)
    assert mirrored.cdf(-x) == pytest.approx(prior.sf(x), rel=1e-12)
    assert mirrored.logpdf(-x) == pytest.approx(prior.logpdf(x), rel=1e-12)


@given(st.floats(1e-3, 1e3), st.floats(1e-6, 1e6))
def test_half_families_fold_their_whole(spread, x):
    for half, whole in (
        (priors.HalfNormal(spread), priors.Normal(0, spread)),
        (priors.HalfCauchy(spread), priors.Cauchy(0, spread)),
        (priors.HalfStudentT(spread, 4), priors.StudentT(0, spread, 4)),
    ):
        assert half.sf(x) == pytest.approx(2 * whole.sf(x), rel=1e-12, abs=1e-300)
        assert half.logpdf(x) == pytest.approx(whole.logpdf(x) + math.log(2), rel=1e-12, abs=1e-12)


@given(
    st.sampled_from(["mu", "tau", "theta", "theta_new"]),
    REAL | st.just(priors.Flat()),
    POSITIVE,
    st.integers(1, 9),
)
def test_moments_exist_downwards_and_with_more_studies(quantity, mu, tau, k):
    """A lower moment exists wherever a higher one does, and one more study never takes a moment away."""
    exists = [
        [priors.moment_exists(quantity, r, mu, tau, n).exists for r in (0, 1, 2, 3)] for n in (k, k + 1)
    ]
    for row in exists:
        assert row == sorted(row, reverse=True)
    assert all(later or not earlier for earlier, later in zip(*exists, strict=True))
    assert priors.posterior_is_proper(mu, tau, k).exists == exists[0][0]
