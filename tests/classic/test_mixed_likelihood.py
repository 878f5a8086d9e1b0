"""The marginal likelihood of mixed models of counts against plain sums that share no code, and its derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from mutau.classic.mixed.climbing import climb
from mutau.classic.mixed.families import Binomial, Poisson, hypergeometric
from mutau.classic.mixed.likelihood import MixedModel, Point
from mutau.classic.mixed.maximum import fit_common
from mutau.classic.mixed.models import make_model, saturated_model

EVENTS = np.array([[0, 3], [4, 9], [1, 1], [180, 372], [2, 0]], dtype=float)
SIZES = np.array([[30, 28], [31, 33], [1, 40], [1541, 1451], [50, 47]], dtype=float)
INTEGRAL = 1e-10
"""Log of an integral, of which the plain sums have 6,001 terms."""

DIFFERENCE = 3e-6
"""Relative, of central differences with a step of 1e-5."""

Z = np.linspace(-9, 9, 6_001)
MASS = np.exp(-0.5 * Z**2) / np.exp(-0.5 * Z**2).sum()
COARSE = np.linspace(-8, 8, 321)
COARSE_MASS = np.exp(-0.5 * COARSE**2) / np.exp(-0.5 * COARSE**2).sum()


def logs(model, shared, own=None):
    k = model.k
    return model.contributions(Point(np.array(shared), np.zeros(k) if own is None else own)).value


@pytest.mark.parametrize("tau", [0.0, 0.02, 0.6, 4.0, 15.0])
def test_conditional_likelihoods_are_plain_sums(tau):
    mu = -0.4
    theta = mu + tau * Z
    exact = make_model("CM.EL", "OR", EVENTS[:3], SIZES[:3])
    for i, found in enumerate(logs(exact, [mu, tau])):
        (a, c), (n1, n0) = EVENTS[i].astype(int), SIZES[i].astype(int)
        j = np.arange(max(0, a + c - n0), min(n1, a + c) + 1)
        log_weight = stats.hypergeom.logpmf(j, n1 + n0, n1, a + c)
        terms = log_weight + np.multiply.outer(theta, j)
        chance = np.exp(terms[:, j == a][:, 0] - np.logaddexp.reduce(terms, axis=1))
        assert found == pytest.approx(math.log(chance @ MASS), abs=INTEGRAL)
    approximate = make_model("CM.AL", "OR", EVENTS, SIZES)
    for i, found in enumerate(logs(approximate, [mu, tau])):
        (a, c), (n1, n0) = EVENTS[i], SIZES[i]
        chance = stats.binom.pmf(a, a + c, expit(theta + math.log(n1 / n0)))
        assert found == pytest.approx(math.log(chance @ MASS), abs=INTEGRAL)


@pytest.mark.parametrize("tau", [0.3, 2.5, 12.0])
def test_arms_and_single_groups_are_plain_sums(tau):
    own = np.array([-3.0, -1.1, -1.0, -1.5, -4.0])
    fixed = make_model("UM.FS", "OR", EVENTS, SIZES)
    rates = make_model("UM.FS", "IRR", EVENTS, SIZES)
    single, in_time = (
        make_model("GLMM", measure, EVENTS[:, :1], SIZES[:, :1]) for measure in ("PLO", "IRLN")
    )
    found = [logs(model, [-0.4, tau], own) for model in (fixed, rates)]
    found += [logs(model, [-1.4, tau]) for model in (single, in_time)]
    for i, ((a, c), (n1, n0)) in enumerate(zip(EVENTS, SIZES, strict=True)):
        up, down = own[i] + (-0.4 + tau * Z) / 2, own[i] - (-0.4 + tau * Z) / 2
        expected = [
            stats.binom.pmf(a, n1, expit(up)) * stats.binom.pmf(c, n0, expit(down)),
            stats.poisson.pmf(a, n1 * np.exp(up)) * stats.poisson.pmf(c, n0 * np.exp(down)),
            stats.binom.pmf(a, n1, expit(-1.4 + tau * Z)),
            stats.poisson.pmf(a, n1 * np.exp(-1.4 + tau * Z)),
        ]
        for ours, chance in zip(found, expected, strict=True):
            assert ours[i] == pytest.approx(math.log(chance @ MASS), abs=INTEGRAL)


@pytest.mark.parametrize(("tau", "sigma"), [(0.5, 1.2), (3.0, 0.4), (1e-9, 0.8)])
def test_random_intercepts_are_a_plain_sum_in_two_dimensions(tau, sigma):
    found, rates = (
        logs(make_model("UM.RS", measure, EVENTS[:3], SIZES[:3]), [-0.4, -1.2, tau, sigma])
        for measure in ("OR", "IRR")
    )
    effect, middle = -0.4 + tau * COARSE[:, np.newaxis], -1.2 + sigma * COARSE
    for i, ((a, c), (n1, n0)) in enumerate(zip(EVENTS[:3], SIZES[:3], strict=True)):
        chance = stats.binom.pmf(a, n1, expit(middle + effect / 2)) * stats.binom.pmf(
            c, n0, expit(middle - effect / 2)
        )
        assert found[i] == pytest.approx(math.log(COARSE_MASS @ chance @ COARSE_MASS), abs=INTEGRAL)
        chance = stats.poisson.pmf(a, n1 * np.exp(middle + effect / 2))
        chance *= stats.poisson.pmf(c, n0 * np.exp(middle - effect / 2))
        assert rates[i] == pytest.approx(math.log(COARSE_MASS @ chance @ COARSE_MASS), abs=INTEGRAL)


@pytest.mark.parametrize("method", ["CM.EL", "UM.FS", "UM.RS"])
def test_gradient_and_hessian_are_those_of_the_likelihood(method):
    model = make_model(method, "OR", EVENTS, SIZES)
    shared = np.array([-0.4, -1.2, 0.7, 0.9] if method == "UM.RS" else [-0.4, 0.7])
    own = np.array([-3.0, -1.1, -1.0, -1.5, -4.0])
    here = model.contributions(Point(shared, own))
    for parameter in range(here.gradient.shape[1]):
        step = 1e-5 * np.eye(len(shared) + 1)[parameter]
        up, down = (
            model.contributions(Point(shared + side * step[:-1], own + side * step[-1])) for side in (1, -1)
        )
        scale = np.abs(here.hessian[:, parameter]).max()
        slope = (up.value - down.value) / 2e-5
        assert here.gradient[:, parameter] == pytest.approx(slope, abs=DIFFERENCE * scale)
        bend = (up.gradient - down.gradient) / 2e-5
        assert here.hessian[:, parameter] == pytest.approx(bend, abs=DIFFERENCE * scale)


def test_a_shape_of_linear_predictors_is_kept():
    x = np.linspace(-2, 2, 3 * 4 * 2).reshape(3, 4, 2)
    for family in (Binomial(EVENTS[:3], SIZES[:3], np.zeros((3, 2))), Poisson(EVENTS[:3], SIZES[:3])):
        assert [part.shape for part in family(x)] == [x.shape] * 3
    exact = hypergeometric(EVENTS[:3], SIZES[:3])
    assert [part.shape for part in exact(x[..., :1])] == [(3, 4, 1)] * 3
    assert (exact(np.full((3, 1, 1), 700.0))[2] <= 0).all()


@pytest.mark.parametrize("counts", [(505, 88391, 499, 88391), (3, 5000, 900, 5000), (0, 400, 300, 400)])
def test_many_possible_numbers_are_summed_as_well_by_steps(counts):
    a, n1, c, n0 = counts
    theta = np.linspace(-8, 8, 17)
    found = hypergeometric(np.array([[a, c]], float), np.array([[n1, n0]], float))(
        theta[np.newaxis, :, np.newaxis]
    )
    j = np.arange(max(0, a + c - n0), min(n1, a + c) + 1)
    terms = stats.hypergeom.logpmf(j, n1 + n0, n1, a + c) + np.multiply.outer(theta, j)
    terms -= np.logaddexp.reduce(terms, axis=1)[:, np.newaxis]
    mean = np.exp(terms) @ j
    variance = (np.exp(terms) * (j - mean[:, np.newaxis]) ** 2).sum(axis=1)
    assert found[0].ravel() == pytest.approx(terms[:, j == a].ravel(), abs=1e-9)
    assert found[1].ravel() == pytest.approx(a - mean, abs=1e-9 * max(a, c))
    assert found[2].ravel() == pytest.approx(-variance, rel=1e-8)


def test_the_highest_likelihood_is_that_of_every_counts_own_estimate():
    kept, sizes = EVENTS[1:4], SIZES[1:4]
    binomial = stats.binom.logpmf(kept, sizes, kept / sizes).sum(axis=1)
    assert Binomial(kept, sizes, np.zeros(kept.shape)).highest == pytest.approx(binomial, rel=1e-12)
    poisson = stats.poisson.logpmf(kept, kept).sum(axis=1)
    assert Poisson(kept, sizes).highest == pytest.approx(poisson, rel=1e-12)
    exact = hypergeometric(EVENTS, SIZES)
    grid = exact(np.tile(np.linspace(-4, 4, 4001)[:, np.newaxis], (len(EVENTS), 1, 1)))[0].max(axis=(1, 2))
    assert exact.highest[[1, 3]] == pytest.approx(grid[[1, 3]], abs=1e-3)
    assert exact.highest[0] == 0  # no event under treatment: certain under an odds ratio of 0


def test_an_effect_for_every_study_beside_random_intercepts_is_a_maximum():
    events, sizes = EVENTS[[1, 3, 4]], SIZES[[1, 3, 4]]
    common = fit_common(make_model("UM.RS", "OR", events, sizes))
    model = saturated_model("OR", events, sizes)
    start = Point(common.summit.point.shared[1:], np.array([-0.9, -0.8, 1.0]))
    top = climb(model, start, np.ones(2, dtype=bool))
    assert top.converged
    gamma, sigma = top.point.shared
    middle = gamma + abs(sigma) * Z
    best = 0.0
    for (a, c), (n1, n0) in zip(events, sizes, strict=True):
        each = []
        for theta in np.linspace(-4, 8, 61):
            chance = stats.binom.pmf(a, n1, expit(middle[::2] + theta / 2))
            chance *= stats.binom.pmf(c, n0, expit(middle[::2] - theta / 2))
            each.append(math.log(max(chance @ MASS[::2] * 2, 1e-300)))
        best += max(each)
    assert best <= top.value <= best + 0.2


def test_what_is_no_maximum_is_not_called_one():
    """The likelihood rises with tau from 0, so that a climb which starts there goes nowhere."""
    model = MixedModel(
        Binomial(np.array([[1.0], [9.0]]), np.full((2, 1), 10.0), np.zeros((2, 1))), *[np.ones((1, 1))] * 2
    )
    stuck = climb(model, Point(np.zeros(2), np.zeros(2)), np.ones(2, dtype=bool))
    assert not stuck.converged
    moved = climb(model, Point(np.array([0.0, 1.0]), np.zeros(2)), np.ones(2, dtype=bool))
    assert moved.converged
    assert moved.value > stuck.value
