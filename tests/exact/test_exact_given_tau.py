"""mu and theta_new given tau: against posteriors under a point mass for tau, and against the whole posterior."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mutau import exact, priors
from mutau.exact.surfaces import surface

YI = np.array([0.1, 0.3, -0.2, 0.5, 0.15])
SEI = np.array([0.2, 0.15, 0.3, 0.25, 0.1])
TAUS = np.array([0.0, 1e-6, 0.03, 0.2, 0.7, 3.0])
X = 0.12
NORMAL = 1e-8  # the t priors' rule, and rounding
SURFACE = 1e-4  # the bar; far nearer, as the other tests of surfaces say
MU = [
    priors.Normal(0, 1),
    priors.Flat(),
    priors.StudentT(0, 0.5, 4),
    priors.NormalMixture((0.7, 0.3), (0.0, 0.4), (0.1, 1.0)),
    priors.PointMass(0.1),
]
TAU = [
    priors.HalfNormal(0.5),
    priors.InverseGamma(1.5, 0.3),
    priors.LogNormal(-1.07, 0.87),
    priors.Uniform(0.05, 0.5),
    priors.Uniform(0, math.inf),
]


def tables(i, theta):
    """What a normal likelihood says of theta."""
    return stats.norm.logpdf(YI[i], theta, SEI[i])


@pytest.mark.parametrize("mu", MU, ids=str)
@pytest.mark.parametrize("tau", TAU, ids=str)
def test_normal_posteriors_are_those_under_a_point_mass(mu, tau):
    posterior = exact.normal(YI, SEI, mu, tau)
    points = [exact.normal(YI, SEI, mu, priors.PointMass(t)) for t in TAUS]
    mu_above = [point.mu.sf(X) for point in points]
    new_above = [point.theta_new.sf(X) for point in points]
    np.testing.assert_allclose(posterior.mu_above(X, TAUS), mu_above, rtol=0, atol=NORMAL)
    np.testing.assert_allclose(posterior.theta_new_above(X, TAUS), new_above, rtol=0, atol=NORMAL)
    np.testing.assert_allclose(
        posterior.mu_median(TAUS), [point.mu.quantile(0.5) for point in points], rtol=0, atol=NORMAL
    )


@pytest.mark.parametrize("df", [math.inf, 4.0])
@pytest.mark.parametrize("tau", [priors.HalfNormal(0.5), priors.LogNormal(-1.07, 0.87)], ids=str)
def test_surfaces_are_those_under_a_point_mass(tau, df):
    mu = priors.Normal(0, 1)
    posterior = surface(tables, YI, SEI, mu, tau, effects_df=df).posterior(mu, tau)
    for t in TAUS:
        fixed = priors.PointMass(t)
        point = surface(tables, YI, SEI, mu, fixed, effects_df=df).posterior(mu, fixed)
        assert posterior.mu_above(X, t) == pytest.approx(point.mu.sf(X), abs=SURFACE)
        assert posterior.mu_median(t) == pytest.approx(point.mu.quantile(0.5), abs=SURFACE)
        assert posterior.theta_new_above(X, t) == pytest.approx(point.theta_new.sf(X), abs=SURFACE)


@pytest.mark.parametrize("value", [0.1, 0.12, 0.3])
def test_a_surface_with_normal_likelihoods_is_the_normal_engine(value):
    tau = priors.HalfNormal(0.5)
    for mu in (priors.Normal(0, 1), priors.StudentT(0, 0.5, 4)):
        found = surface(tables, YI, SEI, mu, tau).posterior(mu, tau)
        expected = exact.normal(YI, SEI, mu, tau)
        taus = np.append(TAUS, 50.0)  # far beyond the panels of tau
        for name in ("mu_above", "theta_new_above"):
            own, right = (getattr(posterior, name)(value, taus) for posterior in (found, expected))
            np.testing.assert_allclose(own, right, rtol=0, atol=1e-6)


@pytest.mark.parametrize("of", ["normal", "surface"])
def test_averaged_over_tau_it_is_the_whole_posterior(of):
    mu, tau = priors.Normal(0, 1), priors.HalfNormal(0.5)
    posterior = (
        exact.normal(YI, SEI, mu, tau)
        if of == "normal"
        else surface(tables, YI, SEI, mu, tau).posterior(mu, tau)
    )
    x, w = np.polynomial.legendre.leggauss(60)
    t = 1.25 * (1 + x)  # nothing of tau's posterior is above 2.5
    weights = 1.25 * w * posterior.tau.pdf(t)
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert weights @ posterior.mu_above(X, t) == pytest.approx(posterior.mu.sf(X), abs=2e-6)
    assert weights @ posterior.theta_new_above(X, t) == pytest.approx(posterior.theta_new.sf(X), abs=2e-6)


@pytest.mark.parametrize("of", ["normal", "surface"])
def test_shapes_and_what_has_no_answer(of):
    def posterior(tau):
        mu = priors.Normal(0, 1)
        return (
            exact.normal(YI, SEI, mu, tau)
            if of == "normal"
            else surface(tables, YI, SEI, mu, tau).posterior(mu, tau)
        )

    whole = posterior(priors.HalfNormal(0.5))
    assert isinstance(whole.mu_above(0, 0.1), float)
    assert whole.mu_above(0, np.full((2, 3), 0.1)).shape == (2, 3)
    assert np.isnan(whole.mu_above(0, [-0.1, math.nan, math.inf])).all()
    assert whole.mu_above(0, []).shape == (0,)
    fixed = posterior(priors.PointMass(0.2))
    for answer in (
        fixed.mu_above(0, [0.0, 0.2]),
        fixed.theta_new_above(0, [0.0, 0.2]),
        fixed.mu_median([0, 0.2]),
    ):
        assert np.isnan(answer[0])
        assert np.isfinite(answer[1])
    assert fixed.mu_above(X, 0.2) == pytest.approx(fixed.mu.sf(X), abs=1e-12)


def test_a_point_for_mu_on_a_surface():
    mu, tau = priors.PointMass(0.3), priors.HalfNormal(0.5)
    made = surface(tables, YI, SEI, priors.Normal(0, 1), tau)
    posterior = exact.SurfacePosterior(made, mu, tau, np.empty(0), math.nan, 0.0, 0.0)
    np.testing.assert_array_equal(posterior.mu_above(0.2, [0.0, 1.0]), [1.0, 1.0])
    np.testing.assert_allclose(
        posterior.theta_new_above(0.2, [0.0, 1.0]), [1.0, stats.norm.cdf(0.1)], atol=1e-12
    )
