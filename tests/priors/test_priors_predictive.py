"""The prior predictive distribution against adaptive integration and bayesmeta; what is said of it in words."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, special, stats

from mutau import priors
from mutau.errors import ArgumentError

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayesmeta_priors.json").read_text())
TAUS = [
    priors.HalfNormal(0.5),
    priors.HalfCauchy(0.5),
    priors.LogNormal(-1.07, 0.87),
    priors.LogStudentT(-1.72, 1.295, 5),
    priors.InverseGamma(1, 0.15),
    priors.Uniform(0, 2),
    priors.DuMouchel((0.3, 0.5)),
]


def over_tau(tau, given):
    """Integrate over tau's prior in the normal quantile of its distribution function."""

    def term(z):
        return given(max(tau.ppf(float(special.ndtr(z))), 1e-300)) * math.exp(-0.5 * z * z)

    value = integrate.quad(term, -7.9, 7.9, epsabs=1e-13, limit=800)[0]
    return value / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("tau", TAUS, ids=str)
def test_adaptive_integration(tau):
    alone = priors.prior_predictive(priors.PointMass(0), tau)
    spread = priors.prior_predictive(priors.Normal(0.2, 1.1), tau)
    for x in (0.05, 0.5, 3.0):
        assert alone.theta_new.sf(x) == pytest.approx(
            over_tau(tau, lambda t, x=x: special.ndtr(-x / t)), abs=1e-9
        )
        new = over_tau(tau, lambda t, x=x: special.ndtr((0.2 - x) / math.hypot(1.1, t)))
        assert spread.theta_new.sf(x) == pytest.approx(new, abs=1e-9)
        two = over_tau(tau, lambda t, x=x: special.ndtr(-x / (t * math.sqrt(2))))
        assert spread.difference.sf(x) == pytest.approx(two, abs=1e-9)
    assert spread.deviation.ppf(0.9) == pytest.approx(alone.theta_new.ppf(0.9), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "tau"), [("HN0.5", TAUS[0]), ("HN1", priors.HalfNormal(1)), ("HC0.5", TAUS[1])]
)
def test_bayesmeta(name, tau):
    """Its default grid cuts tau at 1e-4 and has bins of 1% divergence: these quantiles lie 0.13% too far out."""
    printed = REFERENCE["prior_predictive_97.5%"][name]
    ours = priors.prior_predictive(priors.PointMass(0), tau).theta_new.ppf(0.975)
    assert ours == pytest.approx(printed, rel=1.5e-3)
    assert printed - ours > 0


def test_a_t_prior_of_mu():
    found = priors.prior_predictive(priors.StudentT(0, 0.5, 3), priors.HalfCauchy(0.5)).theta_new
    z, w = np.polynomial.legendre.leggauss(80)
    z, w = 7.6 * z, 7.6 * w * stats.norm.pdf(7.6 * z)

    def given(tau, x):
        grid = np.linspace(-60, 60, 120_001)
        return np.trapezoid(special.ndtr((grid - x) / tau) * stats.t(3, 0, 0.5).pdf(grid), grid)

    for x in (0.5, 2.0):
        taus = priors.HalfCauchy(0.5).ppf(special.ndtr(z))
        expected = sum(weight * given(tau, x) for tau, weight in zip(taus, w, strict=True))
        assert found.sf(x) == pytest.approx(expected, abs=3e-6)
    assert math.isnan(found.mean)


def test_moments_where_they_exist():
    both = priors.prior_predictive(priors.Normal(0.3, 1), priors.HalfNormal(0.5)).theta_new
    assert (both.mean, both.sd) == (0.3, pytest.approx(math.sqrt(1 + 0.25), rel=1e-12))
    heavy = priors.prior_predictive(priors.Normal(0.3, 1), priors.HalfCauchy(0.5))
    assert math.isnan(heavy.theta_new.sd)
    assert math.isnan(heavy.difference.mean)


def test_no_heterogeneity():
    none = priors.prior_predictive(priors.Normal(0, 1), priors.PointMass(0))
    assert none.theta_new.ppf(0.9) == priors.Normal(0, 1).ppf(0.9)
    assert none.difference.ppf(0.9) == 0
    fixed = priors.prior_predictive(priors.Normal(0, 3), priors.PointMass(4))
    assert fixed.theta_new.ppf(0.975) == pytest.approx(priors.Normal(0, 5).ppf(0.975), rel=1e-12)


def test_refusals():
    with pytest.raises(ArgumentError, match=r"Flat\(\) for mu is improper"):
        priors.prior_predictive(priors.Flat(), priors.HalfNormal(1))
    with pytest.raises(ArgumentError, match="has no standard errors yet"):
        priors.prior_predictive(priors.Normal(0, 1), priors.DuMouchel())
    with pytest.raises(ArgumentError, match="The mean effect's prior is one of"):
        priors.prior_predictive(priors.Uniform(-1, 1), priors.HalfNormal(1))


def test_words():
    told = priors.prediction_in_words(
        priors.Normal(math.log(0.5), 0.4), priors.HalfNormal(0.5), "ratio", "odds ratio", -1
    )
    benefit = priors.Normal(math.log(0.5), 0.4).cdf(0)
    new = over_tau(priors.HalfNormal(0.5), lambda t: special.ndtr(-math.log(0.5) / math.hypot(0.4, t)))
    assert (
        told[0]
        == f"before any trial is seen, P(benefit) is {benefit:.3g} on average and {new:.3g} in one setting"
    )
    assert len(told) == 3
    assert len(priors.prediction_in_words(priors.Normal(0, 1), priors.PointMass(0), "smd", "SMD", 1)) == 2
    flat = priors.prediction_in_words(priors.Flat(), priors.HalfNormal(1), "smd", "SMD", 1)
    assert flat == (
        "nothing can be predicted before the data: the flat prior of mu gives no probabilities alone",
    )
    assert "percentage points" in priors.spread_in_words(priors.HalfNormal(0.1), "rd", "risk difference")
    assert priors.spread_in_words(priors.Jeffreys(), "rd", "risk difference") == ""


@pytest.mark.parametrize(("tau", "printed"), [(0.1, 1.48), (0.3, 3.24), (0.5, 7.10), (1.0, 50.4)])
def test_the_range_of_true_ratios(tau, printed):
    """exp(3.92 tau): the ratio of the 97.5% to the 2.5% point of true odds ratios."""
    said = priors.spread_in_words(priors.Uniform(0, 2 * tau), "ratio", "odds ratio")
    assert f"differ by a factor of up to {printed:g};" in said


def test_an_improper_prior_of_tau_in_words():
    said = priors.tau_in_words(priors.Jeffreys((0.2, 0.3)), "ratio", "odds ratio")
    assert said.startswith("improper: it falls like 1 / tau")
    assert "not known yet" in priors.tau_in_words(priors.DuMouchel(), "ratio", "odds ratio")
