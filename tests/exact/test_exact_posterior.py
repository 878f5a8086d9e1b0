"""What a posterior answers, and what it says where something does not exist."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from mutau import exact, priors
from mutau.errors import ArgumentError, ImproperPosteriorError

YI = np.array([0.1, 0.3, -0.2, 0.5, 0.15])
SEI = np.array([0.2, 0.15, 0.3, 0.25, 0.1])
QUAD = 1e-7  # what scipy's adaptive rule is asked for
ROOT = 1e-11  # probabilities at quantiles: where the root finder stops
EXACT = 1e-11  # two ways through the same rule: rounding
MU = [
    priors.Normal(0, 1),
    priors.Flat(),
    priors.StudentT(0, 0.5, 4),
    priors.Cauchy(0.2, 0.5),
    priors.PointMass(0.1),
]
TAU = [
    priors.HalfNormal(0.5),
    priors.HalfCauchy(0.3),
    priors.HalfStudentT(0.3, 4),
    priors.Exponential(3),
    priors.InverseGamma(1.5, 0.3),
    priors.LogNormal(-1.07, 0.87),
    priors.LogStudentT(-1.72, 1.295, 5),
    priors.Uniform(0, 1),
    priors.Uniform(0.05, 2),
    priors.Uniform(0, math.inf),
    priors.PointMass(0),
    priors.PointMass(0.2),
]


SLOW = {"StudentT", "Cauchy"}  # mixtures of thousands of normals: a few tau priors suffice
PAIRS = [(m, t) for m in MU for t in TAU if m.family not in SLOW or t.family in {"HalfNormal"}]


@pytest.mark.parametrize(("mu", "tau"), PAIRS, ids=str)
def test_every_pair_of_priors_is_consistent(mu, tau):
    posterior = exact.normal(YI, SEI, mu=mu, tau=tau)
    assert posterior.error_estimate < 1e-9
    for marginal in (posterior.mu, posterior.tau, posterior.theta_new, posterior.theta[2]):
        p = np.array([1e-6, 0.025, 0.5, 0.975, 1 - 1e-6])
        x = marginal.quantile(p)
        if marginal.sd == 0:
            assert np.all(x == marginal.mean)
            continue
        np.testing.assert_allclose(marginal.cdf(x), p, rtol=1e-8, atol=ROOT)
        np.testing.assert_allclose(marginal.sf(x), 1 - p, rtol=1e-8, atol=ROOT)
        if mu.is_point and marginal.quantity == "theta_new":
            continue  # its density has a spike that an adaptive rule cannot resolve
        inner, _ = quad(marginal.pdf, x[1], x[3], epsabs=1e-8, limit=200)
        assert abs(inner - 0.95) < QUAD
        if mu.family in SLOW:
            continue
        hdi, eti = marginal.hdi(0.9), marginal.interval(0.9)
        assert hdi.kind == "hdi"
        assert eti.kind == "eti"
        assert hdi.upper - hdi.lower <= (eti.upper - eti.lower) * (1 + EXACT)
        assert abs(marginal.cdf(hdi.upper) - marginal.cdf(hdi.lower) - 0.9) < 1e-9


@pytest.mark.parametrize("mu", MU[:4], ids=str)
def test_the_joint_density_integrates_to_the_marginals(mu):
    posterior = exact.normal(YI, SEI, mu=mu, tau=priors.HalfNormal(0.5))
    over_mu, _ = quad(lambda m: posterior.joint_pdf(m, 0.2), -3, 3, epsabs=1e-10, points=[0.1, 0.2])
    assert abs(over_mu - posterior.tau.pdf(0.2)) < QUAD
    over_tau, _ = quad(lambda t: posterior.joint_pdf(0.25, t), 0, 5, epsabs=1e-10, points=[0.1, 0.5])
    assert abs(over_tau - posterior.mu.pdf(0.25)) < QUAD
    assert posterior.joint_pdf(np.zeros((3, 1)), np.ones(2)).shape == (3, 2)
    assert posterior.joint_pdf(0.1, -0.5) == 0.0


def test_a_t_prior_of_mu_against_integration_in_two_dimensions():
    prior = priors.StudentT(0, 0.3, 3)
    posterior = exact.normal(YI, SEI, mu=prior, tau=priors.HalfNormal(0.5))
    mu, tau = np.linspace(-12, 12, 24001), np.exp(np.linspace(-20, 2, 801))
    weight = np.zeros_like(mu)
    for t in tau:
        v = SEI**2 + t**2
        log_like = sum(
            -0.5 * (y - mu) ** 2 / a - 0.5 * math.log(2 * math.pi * a) for y, a in zip(YI, v, strict=True)
        )
        weight += np.exp(log_like) * prior.pdf(mu) * priors.HalfNormal(0.5).pdf(t) * t
    step = (mu[1] - mu[0]) * math.log(tau[1] / tau[0])
    # the trapezoid's left end leaves out a mass of about 5 exp(-20), its right end one of exp(-100)
    assert abs(math.log(weight.sum() * step) - posterior.log_marginal) < 2e-6
    assert abs(weight @ mu / weight.sum() - posterior.mu.mean) < 2e-6
    assert abs(weight[mu > 0.3005].sum() / weight.sum() - posterior.mu.sf(0.3005)) < 1e-5


def test_draws_are_from_the_posterior():
    for mu in (priors.Normal(0, 1), priors.Cauchy(0, 0.3)):
        posterior = exact.normal(YI, SEI, mu=mu, tau=priors.HalfNormal(0.5))
        n = 5_000
        draws = posterior.sample(np.random.default_rng(4), n)
        again = posterior.sample(np.random.default_rng(4), n)
        np.testing.assert_array_equal(draws.theta, again.theta)
        band = 1.95 / math.sqrt(n)  # Kolmogorov's distance is larger with probability 0.001
        pairs = [(draws.mu, posterior.mu), (draws.tau, posterior.tau), (draws.theta_new, posterior.theta_new)]
        pairs += [(draws.theta[:, i], posterior.theta[i]) for i in range(5)]
        for values, marginal in pairs:
            at = np.quantile(values, np.linspace(0.02, 0.98, 25))
            below = np.searchsorted(np.sort(values), at, side="right") / n
            assert np.abs(marginal.cdf(at) - below).max() < band
        assert np.corrcoef(draws.mu, draws.theta[:, 2])[0, 1] > 0.3


def test_what_does_not_exist_is_nan_with_the_reason():
    posterior = exact.normal(YI[:3], SEI[:3], mu=priors.Flat(), tau=priors.Uniform(0, math.inf))
    for marginal in (posterior.mu, posterior.tau, posterior.theta_new):
        assert math.isnan(marginal.mean)
        assert math.isnan(marginal.sd)
        assert "at least" in marginal.reason
        assert np.isfinite(marginal.quantile([0.025, 0.5, 0.975])).all()
    assert math.isfinite(posterior.theta[0].sd)
    assert math.isnan(posterior.log_marginal)


def test_an_improper_posterior_is_refused_with_the_reason():
    with pytest.raises(ImproperPosteriorError, match="at least 3 studies"):
        exact.normal(YI[:2], SEI[:2], mu=priors.Flat(), tau=priors.Uniform(0, math.inf))


def test_faults_are_reported_together():
    with pytest.raises(ArgumentError) as caught:
        exact.normal([math.nan, 1.0], [0.1, 0.0], mu=priors.Uniform(-1, 1), tau=priors.Normal(0, 1))
    assert len(caught.value.faults) == 3
    with pytest.raises(ArgumentError, match="one-dimensional"):
        exact.normal([], [])
    with pytest.raises(ArgumentError, match="prob"):
        exact.normal([1.0], [1.0]).mu.hdi(1.0)
    with pytest.raises(ArgumentError, match="no density"):
        exact.normal([1.0], [1.0], tau=priors.PointMass(0)).joint_pdf(0, 0)
    with pytest.raises(ArgumentError, match="draws"):
        exact.normal([1.0], [1.0]).sample(np.random.default_rng(1), 0)


def test_one_study_and_a_flat_mean_leave_tau_at_its_prior():
    prior = priors.LogStudentT(-1.72, 1.295, 5)
    posterior = exact.normal([0.3], [0.2], mu=priors.Flat(), tau=prior)
    p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(posterior.tau.quantile(p), prior.ppf(p), rtol=1e-8)


def test_the_edges_of_probabilities_and_values():
    posterior = exact.normal(YI, SEI)
    for marginal, low in ((posterior.mu, -math.inf), (posterior.tau, 0.0)):
        np.testing.assert_array_equal(
            marginal.quantile([0.0, 1.0, -0.1, 1.1]), [low, math.inf, math.nan, math.nan]
        )
        np.testing.assert_array_equal(marginal.cdf([-math.inf, math.inf, math.nan]), [0, 1, math.nan])
        np.testing.assert_array_equal(marginal.sf([-math.inf, math.inf]), [1, 0])
        assert isinstance(marginal.pdf(0.1), float)
    assert len(posterior.theta) == 5
    assert [m.quantity for m in posterior.theta[1:3]] == ["theta[1]", "theta[2]"]
