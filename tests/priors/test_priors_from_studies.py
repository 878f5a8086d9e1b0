"""Priors made from standard errors: their formulas as printed, their calculus, and what refuses them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from mutau import exact, priors
from mutau.errors import ArgumentError
from mutau.priors.from_studies import FROM_STUDIES

SEI = np.array([0.2, 0.35, 0.9])
TAU = np.array([1e-3, 0.1, 0.35, 1.0, 20.0])
S0 = math.sqrt(3 / sum(SEI**-2.0))
W = SEI**-2.0
SIGMA = math.sqrt(2 * W.sum() / (W.sum() ** 2 - (W**2).sum()))

# The densities as bayesmeta's manual prints them
PRINTED = {
    "Jeffreys": lambda t: np.sqrt(sum((t / (s**2 + t**2)) ** 2 for s in SEI)),
    "BergerDeely": lambda t: np.prod([t / (s**2 + t**2) for s in SEI], axis=0) ** (1 / 3),
    "DuMouchel": lambda t: S0 / (S0 + t) ** 2,
    "UniformShrinkage": lambda t: 2 * S0**2 * t / (S0**2 + t**2) ** 2,
    "UniformI2": lambda t: 2 * SIGMA**2 * t / (SIGMA**2 + t**2) ** 2,
}
PROPER = ("DuMouchel", "UniformShrinkage", "UniformI2")


def made(family, times=1.0):
    return priors.FAMILIES[family](times=times).given(SEI)


@pytest.mark.parametrize("family", FROM_STUDIES)
def test_density_as_printed(family):
    np.testing.assert_allclose(made(family).pdf(TAU), PRINTED[family](TAU), rtol=1e-12)


@pytest.mark.parametrize("family", PROPER)
def test_probabilities_are_the_density_integrated(family):
    prior = made(family)
    for x in TAU:
        below = integrate.quad(PRINTED[family], 0, x, epsabs=1e-13)[0]
        assert prior.cdf(x) == pytest.approx(below, rel=1e-9)
        assert prior.sf(x) == pytest.approx(1 - below, rel=1e-9)
        assert prior.ppf(prior.cdf(x)) == pytest.approx(x, rel=1e-9)
    draws = np.sort(prior.cdf(prior.sample(np.random.default_rng(1), 4000)))
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("family", ["Jeffreys", "BergerDeely"])
def test_improper_ones_fall_like_one_over_tau(family):
    prior = made(family)
    assert not prior.is_proper
    assert prior.pdf(1e6) / prior.pdf(1e7) == pytest.approx(10, rel=1e-9)
    assert prior.tail_exponent == 1


def test_the_mean_of_uniform_shrinkage():
    mean = integrate.quad(lambda t: t * PRINTED["UniformShrinkage"](t), 0, math.inf)[0]
    assert made("UniformShrinkage").mean == pytest.approx(mean, rel=1e-7)
    assert math.isnan(made("DuMouchel").mean)


def test_twice_the_standard_errors_are_twice_tau():
    for family in PROPER:
        assert made(family).scaled(2) == made(family, times=2)
        np.testing.assert_allclose(made(family, 2).cdf(2 * TAU), made(family).cdf(TAU), rtol=1e-12)
        assert priors.FAMILIES[family]().scaled(2).given(SEI) == made(family, times=2)
    np.testing.assert_allclose(made("Jeffreys", 2).pdf(2 * TAU), made("Jeffreys").pdf(TAU) / 2, rtol=1e-12)


def test_equal_standard_errors_make_uniform_i2_and_shrinkage_one():
    one, other = (family().given([0.4, 0.4, 0.4]) for family in (priors.UniformI2, priors.UniformShrinkage))
    np.testing.assert_allclose(one.pdf(TAU), other.pdf(TAU), rtol=1e-12)


def test_a_prior_without_its_studies_says_so():
    pending = priors.Jeffreys()
    assert pending.is_pending
    assert priors.HalfNormal(1).given([0.2]) == priors.HalfNormal(1)
    with pytest.raises(ArgumentError, match=r"Jeffreys\(\) has no standard errors yet.*\.given\(sei\)"):
        pending.pdf(0.3)
    assert priors.DuMouchel().tail_exponent == 2
    assert pending.given(SEI).given([1.0]) == pending.given(SEI)  # it has them already


def test_what_standard_errors_cannot_be():
    for bad in ([0.2, 0.0], [0.2, math.nan]):
        with pytest.raises(ArgumentError, match="sei must be a tuple, each entry a finite number above 0"):
            priors.Jeffreys().given(bad)
    with pytest.raises(ArgumentError, match="a mean over two studies or more"):
        priors.UniformI2().given([0.2])
    with pytest.raises(ArgumentError, match="sei must be a tuple"):
        priors.Jeffreys("a")


def test_existence_by_number_of_studies():
    """A flat mu needs two studies under a prior that falls like 1 / tau, a proper one needs one."""
    for prior in (priors.Jeffreys(), priors.BergerDeely()):
        assert [priors.posterior_is_proper(priors.Flat(), prior, k).exists for k in (1, 2)] == [False, True]
        assert priors.posterior_is_proper(priors.Normal(0, 1), prior, 1).exists
    assert priors.posterior_is_proper(priors.Flat(), priors.DuMouchel(), 1).exists


@pytest.mark.parametrize("k", [1, 2])
def test_existence_is_what_the_integral_does(k):
    """The posterior's mass beyond a tau, which grows without bound exactly where no posterior exists."""
    sei, yi = [0.3, 0.4][:k], np.array([0.1, 0.5])[:k]

    def density(t):  # a flat mu integrated out
        v = np.square(sei) + t * t
        m = np.sum(yi / v) / np.sum(1 / v)
        like = np.exp(-0.5 * np.sum((yi - m) ** 2 / v)) / np.sqrt(np.prod(v) * np.sum(1 / v))
        return like * np.sqrt(np.sum((t / v) ** 2))

    parts = [integrate.quad(density, 10**i, 10 ** (i + 1))[0] for i in (2, 3, 4)]
    falls = parts[2] < 0.2 * parts[0]
    assert falls == priors.posterior_is_proper(priors.Flat(), priors.Jeffreys(), k).exists


def test_a_model_takes_them_by_their_text():
    assert priors.parse_prior("UniformShrinkage()") == priors.UniformShrinkage()
    assert priors.parse_prior("Jeffreys((0.2, 0.3), times=2)") == priors.Jeffreys((0.2, 0.3), 2)


def test_many_sets_and_pooled_results_refuse_them():
    with pytest.raises(ArgumentError, match="each set would have a prior of its own"):
        exact.normal_many([0.1, 0.2], [0.3, 0.3], [1, 1], tau=priors.DuMouchel())
    with pytest.raises(ArgumentError, match="which a pooled result alone does not give"):
        exact.pooled_normal(0.1, 0.3, 2, tau=priors.DuMouchel())


def test_inverse_gamma_on_tau2():
    prior = priors.InverseGamma.on_tau2(1.73, 0.46)
    assert prior == priors.RootInverseGamma(1.73, 0.46)
    assert priors.parse_prior("InverseGamma.on_tau2(1.73, 0.46)") == prior
    square, tau = stats.invgamma(1.73, scale=0.46), np.array([0.2, 0.5, 2.0])
    np.testing.assert_allclose(prior.cdf(tau), square.cdf(tau**2), rtol=1e-12)
    np.testing.assert_allclose(prior.pdf(tau), square.pdf(tau**2) * 2 * tau, rtol=1e-12)
    assert prior.mean == pytest.approx(square.expect(np.sqrt), rel=1e-6)
    assert prior.sd**2 + prior.mean**2 == pytest.approx(square.mean(), rel=1e-12)
    assert prior.scaled(3).cdf(3 * 0.5) == pytest.approx(prior.cdf(0.5), rel=1e-12)
