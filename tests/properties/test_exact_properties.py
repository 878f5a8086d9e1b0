"""Laws of the exact engine: rescaling, shifting and mirroring data and priors has exact consequences."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mutau import exact, priors

ROUNDING = 1e-9  # of the width of the central 95%: the quadrature's 1e-12, and effects of up to 5 shifted by up to 10
P = np.array([0.025, 0.5, 0.975])
effects = st.floats(-5, 5).map(lambda x: round(x, 3))
errors = st.floats(-1.5, 0.5).map(lambda e: float(f"{10**e:.3g}"))
studies = st.lists(st.tuples(effects, errors), min_size=1, max_size=8)
laws = settings(max_examples=40, deadline=None)


def posterior_of(data, scale=1.0, shift=0.0, mirror=1.0):
    y, s = (np.array(column) for column in zip(*data, strict=True))
    mu = priors.Normal(mirror * scale * 0.3 + shift, scale * 2)
    return exact.normal(mirror * scale * y + shift, scale * s, mu=mu, tau=priors.HalfCauchy(scale * 0.5))


def quantiles(posterior):
    return np.array([m.quantile(P) for m in (posterior.mu, posterior.theta_new, posterior.theta[0])])


def assert_close(found, expected):
    width = expected[:, 2:] - expected[:, :1]
    assert np.all(np.abs(found - expected) <= ROUNDING * np.abs(width))


@given(data=studies, c=st.floats(1e-3, 1e3))
@laws
def test_rescaling(data, c):
    one, other = posterior_of(data), posterior_of(data, scale=c)
    assert_close(quantiles(other), c * quantiles(one))
    np.testing.assert_allclose(other.tau.quantile(P), c * one.tau.quantile(P), rtol=1e-7)
    np.testing.assert_allclose(other.log_marginal, one.log_marginal - len(data) * np.log(c), atol=1e-9)


@given(data=studies, shift=st.floats(-10, 10))
@laws
def test_shifting(data, shift):
    one, other = posterior_of(data), posterior_of(data, shift=shift)
    assert_close(quantiles(other), quantiles(one) + shift)
    np.testing.assert_allclose(other.log_marginal, one.log_marginal, atol=1e-9)


@given(data=studies)
@laws
def test_mirroring(data):
    one, other = posterior_of(data), posterior_of(data, mirror=-1.0)
    assert_close(quantiles(other), -quantiles(one)[:, ::-1])
    np.testing.assert_allclose(other.mu.cdf(-0.2), one.mu.sf(0.2), rtol=1e-9)


@given(data=studies)
@laws
def test_swapping_arms_swaps_benefit_and_harm_under_symmetric_priors(data):
    y, s = (np.array(column) for column in zip(*data, strict=True))
    mu, tau = priors.Normal(0, 2), priors.HalfNormal(0.5)
    one, other = exact.normal(y, s, mu=mu, tau=tau), exact.normal(-y, s, mu=mu, tau=tau)
    for name in ("mu", "theta_new"):
        benefit, harm = getattr(one, name).sf(0.0), getattr(other, name).cdf(0.0)
        np.testing.assert_allclose(harm, benefit, rtol=1e-9, atol=1e-12)


@given(data=studies)
@laws
def test_a_flat_prior_and_no_heterogeneity_give_the_common_effect_interval(data):
    y, s = (np.array(column) for column in zip(*data, strict=True))
    w = s**-2.0
    posterior = exact.normal(y, s, mu=priors.Flat(), tau=priors.PointMass(0))
    expected = w @ y / w.sum() + np.array([-1, 0, 1]) * 1.959963984540054 / np.sqrt(w.sum())
    assert_close(posterior.mu.quantile(P)[None], expected[None])
