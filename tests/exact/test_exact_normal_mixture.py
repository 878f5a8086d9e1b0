"""A mixture prior of mu: the posterior is the mixture of the components' posteriors, weighted by their evidence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from mutau import exact, priors

SAME = 1e-10  # two rules whose own errors are bounded below 1e-10 here
SETS = {
    "two discordant": ([1.397, 3.429], [0.327, 1.022]),
    "one": ([0.4], [0.2]),
    "six": ([-2.31, -0.46, -2.3, -1.76, -1.26, -2.42], [0.6, 0.56, 0.88, 0.46, 0.64, 1.53]),
}
TWO = priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82))
THREE = priors.NormalMixture((0.5, 0.3, 0.2), (-2, 0.1, 4), (0.3, 1, 0.5))
TAU = [priors.HalfNormal(0.5), priors.HalfCauchy(0.5), priors.InverseGamma(1.43, 0.12), priors.PointMass(0)]


def components(prior):
    return [priors.Normal(mean, sd) for mean, sd in zip(prior.means, prior.sds, strict=True)]


@pytest.mark.parametrize("tau", TAU, ids=str)
@pytest.mark.parametrize("mu", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
def test_the_posterior_is_the_evidence_weighted_mixture(data, mu, tau):
    posterior = exact.normal(*data, mu=mu, tau=tau)
    parts = [exact.normal(*data, mu=part, tau=tau) for part in components(mu)]
    evidence = np.log(mu.weights) + [part.log_marginal for part in parts]
    assert posterior.error_estimate < SAME
    assert posterior.log_marginal == pytest.approx(logsumexp(evidence), abs=SAME)
    weights = softmax(evidence)
    for of in (lambda p: p.mu, lambda p: p.theta_new, lambda p: p.theta[0], lambda p: p.tau):
        marginal = of(posterior)
        if marginal.sd == 0:
            continue
        p = np.array([1e-4, 0.025, 0.3, 0.5, 0.9, 0.975])
        x = marginal.quantile(p)
        mixed = {
            name: weights @ [getattr(of(part), name)(x) for part in parts] for name in ("cdf", "sf", "pdf")
        }
        np.testing.assert_allclose(mixed["cdf"], p, rtol=0, atol=SAME)
        np.testing.assert_allclose(marginal.sf(x), mixed["sf"], rtol=0, atol=SAME)
        np.testing.assert_allclose(marginal.pdf(x), mixed["pdf"], rtol=1e-8)
        if np.isfinite(marginal.mean):
            assert marginal.mean == pytest.approx(weights @ [of(part).mean for part in parts], abs=1e-9)


def test_components_far_from_the_data_and_from_each_other():
    """Two hundred made-up sets, many with a posterior of several narrow, distant peaks."""
    rng = np.random.default_rng(5)
    p = np.array([0.025, 0.5, 0.975])
    for turn in range(200):
        k, q = rng.integers(1, 8), rng.integers(2, 5)
        data = rng.normal(0, 10 ** rng.uniform(-1, 1.5), k), np.exp(rng.normal(-1, 1, k))
        means, sds = rng.normal(0, 10 ** rng.uniform(-1, 1.5), q), np.exp(rng.normal(-0.5, 1.5, q))
        mu, tau = (
            priors.NormalMixture(tuple(rng.dirichlet(np.ones(q))), tuple(means), tuple(sds)),
            TAU[turn % 3],
        )
        posterior = exact.normal(*data, mu=mu, tau=tau)
        parts = [exact.normal(*data, mu=part, tau=tau) for part in components(mu)]
        evidence = np.log(mu.shares) + [part.log_marginal for part in parts]
        assert posterior.log_marginal == pytest.approx(logsumexp(evidence), abs=SAME)
        for name in ("mu", "theta_new", "tau"):
            x = getattr(posterior, name).quantile(p)
            mixed = softmax(evidence) @ [getattr(part, name).cdf(x) for part in parts]
            np.testing.assert_allclose(mixed, p, rtol=0, atol=SAME)


@pytest.mark.parametrize("mu", [TWO, THREE], ids=["two", "three"])
def test_many_sets_at_once_are_the_same_mixture(mu):
    k = [len(data[0]) for data in SETS.values()]
    yi, sei = (np.concatenate([data[i] for data in SETS.values()]) for i in (0, 1))
    thresholds = np.array([0.3, -0.1, 0.05])
    many, *parts = (
        exact.normal_many(yi, sei, k, mu=part, tau=priors.HalfNormal(0.5), threshold=thresholds)
        for part in (mu, *components(mu))
    )
    evidence = np.log(mu.weights) + np.transpose([part.log_marginal for part in parts])
    np.testing.assert_allclose(many.log_marginal, logsumexp(evidence, axis=1), rtol=0, atol=SAME)
    weights = softmax(evidence, axis=1)
    for name in ("mu", "theta_new"):
        mixed = np.sum(weights * np.transpose([getattr(part, name).above for part in parts]), axis=1)
        np.testing.assert_allclose(getattr(many, name).above, mixed, rtol=0, atol=SAME)
    for i, data in enumerate(SETS.values()):
        alone = exact.normal(*data, mu=mu, tau=priors.HalfNormal(0.5))
        np.testing.assert_allclose(many.mu.quantiles[i], alone.mu.quantile([0.025, 0.5, 0.975]), rtol=1e-10)
        assert many.log_marginal[i] == pytest.approx(alone.log_marginal, abs=1e-13)


def test_a_mixture_of_one_is_that_normal():
    data = SETS["two discordant"]
    alone, mixture = priors.Normal(0, 2.82), priors.NormalMixture((1,), (0,), (2.82,))
    one, other = (exact.normal(*data, mu=mu) for mu in (alone, mixture))
    assert one.log_marginal == other.log_marginal
    p = [0.025, 0.5, 0.975]
    np.testing.assert_array_equal(one.mu.quantile(p), other.mu.quantile(p))
    np.testing.assert_array_equal(one.tau.quantile(p), other.tau.quantile(p))


def test_a_split_component_changes_nothing():
    split = priors.NormalMixture((0.25, 0.75), (0, 0), (2.82, 2.82))
    one, other = (exact.normal(*SETS["six"], mu=mu) for mu in (priors.Normal(0, 2.82), split))
    assert other.log_marginal == pytest.approx(one.log_marginal, abs=SAME)
    np.testing.assert_allclose(other.mu.quantile([0.025, 0.5]), one.mu.quantile([0.025, 0.5]), rtol=1e-10)


def test_draws_follow_a_mixture_posterior():
    posterior = exact.normal(*SETS["two discordant"], mu=THREE)
    draws = posterior.sample(np.random.default_rng(1), 20_000)
    for values, marginal in ((draws.mu, posterior.mu), (draws.theta_new, posterior.theta_new)):
        ranks = np.sort(marginal.cdf(values))
        assert np.abs(ranks - np.linspace(0, 1, ranks.size)).max() < 1.95 / np.sqrt(ranks.size)  # KS at 0.1%
