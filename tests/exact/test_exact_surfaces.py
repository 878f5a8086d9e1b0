"""The exact engine for any likelihood: against the normal-normal engine, and against plain sums for counts."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mutau import exact, priors
from mutau.errors import ArgumentError
from mutau.exact.surfaces import surface

spec = importlib.util.spec_from_file_location("exact_brute", Path(__file__).with_name("brute.py"))
module = sys.modules["exact_brute"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

IN_SD = 1e-6  # quantiles in posterior SDs: the bar; most are a hundred times nearer
LOG_MARGINAL = 1e-6
P = np.array([0.001, 0.025, 0.5, 0.975, 0.999])
MU, TAU = priors.Normal(0, 2.82), priors.HalfNormal(0.5)


def normal_tables(yi, sei):
    """What a normal likelihood says of theta."""
    return lambda i, theta: stats.norm.logpdf(yi[i], theta, sei[i])


def normal_case(name):
    rng = np.random.default_rng(7)
    if name == "one study":
        return np.array([0.4]), np.array([0.3])
    if name == "forty standard errors apart":
        return np.array([0.0, 0.05, 4.0]), np.array([0.1, 0.1, 0.1])
    if name == "standard errors of 0.01 to 3":
        return rng.normal(0, 0.5, 7), np.array([0.01, 0.02, 0.1, 0.3, 1.0, 2.0, 3.0])
    if name == "no spread":
        return np.full(6, 0.2), np.full(6, 0.3)
    k = int(name.split()[0])
    return rng.normal(0.3, 0.4, k), np.exp(rng.normal(-1, 0.5, k))


@pytest.mark.parametrize(
    "name",
    [
        "one study",
        "2 studies",
        "13 studies",
        "forty standard errors apart",
        "standard errors of 0.01 to 3",
        "no spread",
    ],
)
@pytest.mark.parametrize("tau", [TAU, priors.HalfCauchy(0.3), priors.LogNormal(-1.5, 0.8)], ids=str)
def test_normal_likelihoods_give_the_normal_engines_answers(name, tau):
    yi, sei = normal_case(name)
    found = surface(normal_tables(yi, sei), yi, sei, MU, tau).posterior(MU, tau)
    expected = exact.normal(yi, sei, MU, tau)
    assert abs(found.log_marginal - expected.log_marginal) < LOG_MARGINAL
    assert (
        found.error_estimate < 1e-4
    )  # of the polynomials between nodes; the nodes themselves are far better
    pairs = [(found.mu, expected.mu), (found.theta_new, expected.theta_new), (found.tau, expected.tau)]
    pairs += [(found.theta[i], expected.theta[i]) for i in range(min(len(yi), 3))]
    for own, right in pairs:
        q = right.quantile(P)
        spread = (q[3] - q[1]) / 3.92
        heavy = tau.family == "HalfCauchy" and own.quantity in ("theta_new", "tau")
        inner = slice(1, 4) if heavy else slice(None)  # the outer ones lie where tau's panels end
        np.testing.assert_allclose(own.quantile(P)[1:4], q[1:4], rtol=0, atol=IN_SD * spread)
        np.testing.assert_allclose(own.cdf(q)[inner], P[inner], rtol=0, atol=IN_SD)
        np.testing.assert_allclose(own.pdf(q[1:4]), right.pdf(q[1:4]), rtol=1e-4)


@pytest.mark.slow
def test_two_hundred_studies():
    yi, sei = normal_case("200 studies")
    found = surface(normal_tables(yi, sei), yi, sei, MU, TAU).posterior(MU, TAU)
    expected = exact.normal(yi, sei, MU, TAU)
    for own, right in (
        (found.mu, expected.mu),
        (found.theta_new, expected.theta_new),
        (found.tau, expected.tau),
    ):
        np.testing.assert_allclose(
            own.quantile(P)[1:4], right.quantile(P)[1:4], rtol=0, atol=IN_SD * right.sd
        )
        np.testing.assert_allclose(own.cdf(right.quantile(P)), P, rtol=0, atol=IN_SD)


def count_tables(measure, rows, sd=10.0):
    def log_likelihood(i, theta):
        return module.study(measure, rows[i], np.clip(theta, -30, 30), sd)  # beyond, p is 0 or 1 to rounding

    a, n1, c, n0 = np.array(rows, float).T + 0.5
    centre = (
        np.log(a / n1 / (c / n0)) if measure == "RR" else np.log(a * (n0 - c + 0.5) / (c * (n1 - a + 0.5)))
    )
    return (
        log_likelihood,
        centre,
        np.sqrt(1 / a + 1 / c + (1 / (n1 - a) + 1 / (n0 - c) if measure == "OR" else 0.0)),
    )


COUNTS = {
    "secure": ("RR", [(31, 46, 9, 54), (8, 14, 1, 54)], (-7.0, 11.0)),
    "double zero": ("RR", [(0, 20, 0, 25), (3, 30, 5, 28)], (-12.0, 12.0)),
    "rare": ("OR", [(1, 1000, 4, 1000)], (-16.0, 14.0)),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_against_plain_sums(name):
    measure, rows, reach = COUNTS[name]
    found = surface(*count_tables(measure, rows), MU, TAU).posterior(MU, TAU)
    truth = module.Brute(measure, rows, reach=reach)
    assert abs(found.log_marginal - truth.log_marginal) < LOG_MARGINAL
    for marginal, cdf in ((found.mu, truth.cdf), (found.theta_new, truth.cdf_new)):
        q = marginal.quantile(P)
        gap = np.array([cdf(x) for x in q]) - P
        assert np.abs(gap / (marginal.pdf(q) * marginal.sd))[1:4].max() < IN_SD
        assert np.abs(gap).max() < IN_SD


@pytest.mark.parametrize("df", [1.5, 4.0, 30.0])
def test_t_effects_against_integration(df):
    """k = 1: mu + tau t_df + a standard error, by SciPy's quadrature over all three."""
    yi, sei = np.array([0.6]), np.array([0.3])
    tau = priors.HalfNormal(0.5)
    found = surface(normal_tables(yi, sei), yi, sei, MU, tau, effects_df=df).posterior(MU, tau)
    x, w = np.polynomial.legendre.leggauss(200)
    s = 2.25 * (1 + x)
    angle = np.linspace(-14, 14, 4001)
    z, dz = np.sinh(angle), np.cosh(angle) * (angle[1] - angle[0])
    given = np.array(
        [(stats.t.pdf(z, df) * dz * stats.norm.pdf(yi[0] - t * z, 0, math.hypot(0.3, 2.82))).sum() for t in s]
    )
    log_marginal = math.log(float((2.25 * w * stats.halfnorm.pdf(s, scale=0.5) * given).sum()))
    assert abs(found.log_marginal - log_marginal) < LOG_MARGINAL


def test_t_effects_of_many_degrees_of_freedom_are_normal():
    yi, sei = normal_case("2 studies")
    found = surface(normal_tables(yi, sei), yi, sei, MU, TAU, effects_df=1e6).posterior(MU, TAU)
    expected = exact.normal(yi, sei, MU, TAU)
    np.testing.assert_allclose(found.mu.quantile(P), expected.mu.quantile(P), atol=1e-4)


def test_other_priors_weigh_the_same_surface():
    yi, sei = normal_case("13 studies")
    whole = surface(normal_tables(yi, sei), yi, sei, MU, TAU)
    for mu, tau in (
        (priors.Normal(0.2, 0.7), priors.HalfNormal(1.0)),
        (priors.Normal(0, 2), priors.HalfCauchy(0.1)),
    ):
        found, expected = whole.posterior(mu, tau), exact.normal(yi, sei, mu, tau)
        np.testing.assert_allclose(
            found.mu.quantile(P[1:4]), expected.mu.quantile(P[1:4]), atol=IN_SD * expected.mu.sd
        )
        assert abs(found.log_marginal - expected.log_marginal) < LOG_MARGINAL


@pytest.mark.parametrize(
    ("mu", "tau", "words"),
    [
        (priors.Normal(0, 50), TAU, "reaches beyond"),
        (MU, priors.HalfNormal(0.0001), "far below the surface"),
        (MU, priors.Uniform(0, math.inf), "is improper"),
        (priors.Flat(), TAU, "is improper"),
        (MU, priors.PointMass(0), "no single one"),
    ],
)
def test_priors_that_a_surface_does_not_hold_are_refused(mu, tau, words):
    yi, sei = normal_case("2 studies")
    with pytest.raises(ArgumentError) as error:
        surface(normal_tables(yi, sei), yi, sei, MU, TAU).posterior(mu, tau)
    assert words in str(error.value)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_a_point_for_tau(value):
    yi, sei = normal_case("13 studies")
    tau = priors.PointMass(value)
    found, expected = (
        surface(normal_tables(yi, sei), yi, sei, MU, tau).posterior(MU, tau),
        exact.normal(yi, sei, MU, tau),
    )
    for own, right in (
        (found.mu, expected.mu),
        (found.theta_new, expected.theta_new),
        (found.theta[2], expected.theta[2]),
    ):
        np.testing.assert_allclose(own.quantile(P), right.quantile(P), atol=IN_SD * right.sd)
    assert found.tau.quantile(0.5) == value


def test_threads_change_no_bit():
    yi, sei = normal_case("2 studies")
    one, many = (surface(normal_tables(yi, sei), yi, sei, MU, TAU, threads=n).values for n in (1, 3))
    assert np.array_equal(one, many)


@pytest.mark.parametrize("df", [math.inf, 4.0])
def test_draws_are_from_the_posterior(df):
    measure, rows, _ = COUNTS["secure"]
    found = surface(*count_tables(measure, rows), MU, TAU, effects_df=df).posterior(MU, TAU)
    draws = found.sample(np.random.default_rng(5), 20_000)
    columns = {
        "mu": draws.mu,
        "tau": draws.tau,
        "theta_new": draws.theta_new,
        "0": draws.theta[:, 0],
        "1": draws.theta[:, 1],
    }
    for name, values in columns.items():
        marginal = found.theta[int(name)] if name in "01" else getattr(found, name)
        assert stats.kstest(values, marginal.cdf).pvalue > 1e-3
    # Jointly: the spread of theta_1 - mu given tau is right on average
    z = (draws.theta_new - draws.mu) / draws.tau
    law = stats.norm if math.isinf(df) else stats.t(df)
    assert stats.kstest(z, law.cdf).pvalue > 1e-3
