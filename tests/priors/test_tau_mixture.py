"""Mixtures of priors for tau: the distribution, its text, and the exact engine against its components."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import mutau
from mutau import exact, priors
from mutau.errors import ArgumentError, ImproperPosteriorError
from mutau.priors import HalfCauchy, HalfNormal, LogNormal, Mixture, Normal, parse_prior
from mutau.priors.tau_mixture import MIXED

TWO = Mixture((0.7, 0.3), (HalfNormal(0.1), HalfNormal(1.0)))
MANY = Mixture((0.5, 0.3, 0.2), (HalfNormal(0.25), HalfCauchy(1), LogNormal(-1.5, 0.5)))
YI, SEI = [0.1, -0.4, 0.9, 0.3], [0.2, 0.4, 0.3, 0.25]
SURFACE = 2e-7  # what a surface over mu and tau leaves against the normal-normal rule


@pytest.mark.parametrize("prior", [TWO, MANY], ids=str)
def test_it_is_what_it_is_made_of(prior):
    x = np.array([[1e-6, 0.05, 0.3], [1.0, 7.0, 300.0]])
    for name in ("pdf", "cdf", "sf"):
        want = sum(
            w * getattr(each, name)(x) for w, each in zip(prior.weights, prior.components, strict=True)
        )
        np.testing.assert_allclose(getattr(prior, name)(x), want, rtol=1e-13)
    p = np.array([1e-12, 0.01, 0.5, 0.99])
    np.testing.assert_allclose(prior.cdf(prior.ppf(p)), p, rtol=1e-11)
    assert integrate.quad(prior.pdf, 0, np.inf, limit=200, points=None)[0] == pytest.approx(1, abs=1e-6)
    assert stats.kstest(prior.sample(np.random.default_rng(5), 4000), prior.cdf).pvalue > 1e-3
    np.testing.assert_allclose(prior.scaled(3.0).ppf(p), 3.0 * prior.ppf(p), rtol=1e-10)


def test_moments_and_tail_are_those_of_the_parts():
    draws = TWO.sample(np.random.default_rng(1), 200_000)
    assert TWO.mean == pytest.approx(draws.mean(), rel=0.02)
    assert TWO.sd == pytest.approx(draws.std(), rel=0.02)
    assert (TWO.tail_exponent, MANY.tail_exponent) == (math.inf, 2.0)
    assert math.isnan(MANY.mean)


@pytest.mark.parametrize("prior", [TWO, MANY], ids=str)
def test_its_texts_are_read_back(prior):
    assert parse_prior(str(prior)) == parse_prior(repr(prior)) == prior
    assert parse_prior("0.7 * HalfNormal(0.1) + 0.3 * HalfNormal(scale=1)") == TWO
    assert MANY.label == "0.5 half-normal(0.25) + 0.3 half-Cauchy(1) + 0.2 log-normal(-1.5, 0.5)"
    assert priors.tau_in_words(TWO, "ratio", "risk ratio").startswith("tau below 0.0995 with probability 50%")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.8 * HalfNormal(1) + 0.3 * HalfNormal(2)", "the weights sum to 1.1"),
        ("0.8 * Normal(0, 1) + 0.2 * HalfNormal(2)", "component Normal(0, 1)"),
        ("0.8 * HalfNormal(1) + HalfNormal(2)", "each term is a weight times a prior"),
        ("0.8 * HalfNormal(1) + 0.2 * HalfNormal(-2)", "scale must be a finite number above 0"),
        ("0.8 * HalfNormal(1) - 0.2 * HalfNormal(2)", "A prior is written as a family"),
        ("Mixture((0.5, 0.5), (HalfNormal(1),))", "two or more priors"),
        ("Mixture((0.5, 0.5), 3)", "A mixture has weights and as many priors"),
        ("Mixture((0.5, 0.3, 0.2), (HalfNormal(1), HalfNormal(2)))", "3 weights, 2 components"),
        ("Mixture(0.5, (HalfNormal(1), HalfNormal(2)))", "weights must be a tuple"),
    ],
)
def test_what_is_no_mixture_says_why(text, said):
    with pytest.raises(ArgumentError) as error:
        parse_prior(text)
    assert said in str(error.value)


def test_a_published_component_is_not_carried_to_another_scale():
    for_or = [each for each in priors.published_priors() if (each.measure, each.parameter) == ("OR", "tau")]
    published = next(p for p in (each.for_measure("OR") for each in for_or) if type(p) in MIXED)
    mixed = Mixture((0.5, 0.5), (published, HalfNormal(1)))
    with pytest.raises(ArgumentError):
        mixed.for_measure("RR")
    assert "OR" in mixed.for_measure("RR", across_scales=True).label


def fitted(tau, mu=Normal(0, 1), **how):
    table = pd.DataFrame({"study": list("ABCD"), "yi": YI, "sei": SEI})
    model = mutau.OutcomeModel(name="m", measure="GEN", benefit="lower", mu_prior=mu, tau_prior=tau)
    return mutau.fit(table, model, **({"engine": "exact", "seed": 1} | how))


@pytest.fixture(scope="module")
def two():
    """The mixture of two half-normals, fitted as a model says it."""
    return fitted(parse_prior("0.7 * HalfNormal(0.1) + 0.3 * HalfNormal(1)"))


def test_the_posterior_is_that_of_its_components_weighed_by_their_evidence(two):
    parts = [exact.normal(YI, SEI, Normal(0, 1), each) for each in TWO.components]
    evidence = np.array([w * math.exp(each.log_marginal) for w, each in zip(TWO.weights, parts, strict=True)])
    weights = evidence / evidence.sum()
    assert weights[1] == pytest.approx(0.29, abs=0.01)  # not that of the prior: the data chose
    x = np.array([-0.2, 0.05, 0.1, 0.3, 1.0])
    for name in ("mu", "tau", "theta_new"):
        want = sum(w * np.asarray(getattr(each, name).cdf(x)) for w, each in zip(weights, parts, strict=True))
        np.testing.assert_allclose(two.marginal(name).cdf(x), want, atol=SURFACE)
    assert two.exact.log_marginal == pytest.approx(math.log(evidence.sum()), abs=1e-6)
    assert two.engine.converged


def test_dense_integration_over_tau_gives_the_same(two):
    tau = np.linspace(0, 8, 40_001)
    variance = np.asarray(SEI)[:, None] ** 2 + tau**2
    precision, total = 1 + (1 / variance).sum(axis=0), (np.asarray(YI)[:, None] / variance).sum(axis=0)
    log = -0.5 * (np.log(variance).sum(axis=0) + (np.asarray(YI)[:, None] ** 2 / variance).sum(axis=0))
    log += 0.5 * total**2 / precision - 0.5 * np.log(precision) + TWO.logpdf(tau)
    weight = np.exp(log - log.max())
    weight[0] *= 0.5  # the trapezium rule
    below = stats.norm.cdf(0.2, total / precision, 1 / np.sqrt(precision))
    assert two.marginal("mu").cdf(0.2) == pytest.approx((weight * below).sum() / weight.sum(), abs=1e-7)


def test_sensitivity_scales_a_mixture_and_an_improper_mu_is_refused(two):
    from mutau.sensitivities import scale_grid

    grid = scale_grid(two, cells=5)
    assert grid.columns.name == "median of tau's prior (mixture)"
    assert grid.p_benefit[grid.own] == pytest.approx(two.marginal("mu").cdf(0.0), abs=SURFACE)
    with pytest.raises((ArgumentError, ImproperPosteriorError), match="improper"):
        fitted(TWO, mu=priors.Flat())


def test_narrow_and_vanishing_components_are_resolved():
    sharp = Mixture((0.5, 0.5), (LogNormal(-6, 0.3), HalfNormal(0.5)))
    parts = [exact.normal(YI, SEI, Normal(0, 1), each) for each in sharp.components]
    evidence = np.array([0.5 * math.exp(each.log_marginal) for each in parts])
    found = fitted(sharp)
    x = np.array([0.001, 0.0025, 0.004, 0.3])
    want = sum(
        w * np.asarray(each.tau.cdf(x)) for w, each in zip(evidence / evidence.sum(), parts, strict=True)
    )
    np.testing.assert_allclose(found.marginal("tau").cdf(x), want, atol=2e-5)


@pytest.mark.slow
def test_sampled_and_exact_agree(two):
    sampled = fitted(TWO, engine="sampling")
    for name in ("mu", "tau"):
        for p in (0.1, 0.5, 0.9):
            at = float(two.marginal(name).quantile(p))
            assert sampled.marginal(name).cdf(at) == pytest.approx(p, abs=6 * math.sqrt(0.25 / 2000))
    assert replace(sampled.model, name="m") == sampled.model
