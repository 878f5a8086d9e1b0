"""The posterior of mu given a pooled result alone: against adaptive quadrature and the exact engine."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from mutau import priors
from mutau.errors import ArgumentError
from mutau.exact import normal, pooled_normal

Z = 1.959963984540054
INCIDENCE = (math.log(0.74), (math.log(1.04) - math.log(0.52)) / (2 * Z), 3)
LEVEL = (-0.22, 0.48 / (2 * Z), 4)
SAME = 1e-9  # of a probability: what the decision of record asks of the rule
TAU_PRIORS = (
    priors.HalfNormal(0.5),
    priors.HalfCauchy(0.5),
    priors.HalfStudentT(0.3, 3),
    priors.Exponential(2),
    priors.LogNormal(-1.5, 0.9),
    priors.LogNormal(-0.5, 0.002),  # so narrow that a rule could step over it
    priors.InverseGamma(1.7, 0.4),
    priors.LogStudentT(-1.7, 1.3, 5),
    priors.Uniform(0, 2),
    priors.Uniform(0.3, 0.9),
)


def in_pieces(f, ends):
    return sum(
        integrate.quad(f, a, b, epsabs=1e-14, epsrel=1e-12, limit=400)[0] for a, b in itertools.pairwise(ends)
    )


def by_quad(m, se, k, mu_mean, mu_sd, tau, tau2):
    """P(mu < 0), integrated over tau's own probabilities by scipy's adaptive rule, tau = quantile(u)."""

    def extra(u):
        return max(0.0, min(float(tau.ppf(u)), 1e150) ** 2 - tau2) / k

    def weight(u):
        total = se**2 + extra(u) + mu_sd**2
        return math.exp(-0.5 * (m - mu_mean) ** 2 / total) / math.sqrt(total)

    def below(u):
        share = mu_sd**2 / (se**2 + extra(u) + mu_sd**2)
        mean, sd = mu_mean + share * (m - mu_mean), math.sqrt((se**2 + extra(u)) * share)
        return weight(u) * stats.norm.cdf(-mean / sd)

    inner = (float(tau.cdf(math.sqrt(tau2))), 1e-3, 0.5, 0.99, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9)
    ends = sorted({0.0, 1 - 1e-15, *(u for u in inner if 0 < u < 1)})
    return in_pieces(below, ends) / in_pieces(weight, ends)


@pytest.mark.parametrize("tau", TAU_PRIORS, ids=str)
@pytest.mark.parametrize("tau2", [0.0, 0.04, 0.3])
def test_against_adaptive_quadrature(tau, tau2):
    m, se, k = INCIDENCE
    posterior = pooled_normal(m, se, k, mu=priors.Normal(0.2, 2.82), tau=tau, tau2_published=tau2)
    expected = by_quad(m, se, k, 0.2, 2.82, tau, tau2)
    assert posterior.mu.cdf(0.0) == pytest.approx(expected, abs=SAME)
    assert posterior.error_estimate < SAME


@pytest.mark.parametrize("tau2", [0.0, 0.01])
def test_an_estimate_far_from_its_prior_leans_on_the_far_tail_of_tau(tau2):
    """The estimate is 15 SDs of mu's prior off: what weighs most is a tau that its own prior all but excludes."""
    m, se, k, mu_sd, scale = 3.0, 0.1, 2, 0.2, 0.5

    def log_weight(tau):
        total = se**2 + max(0.0, tau**2 - tau2) / k + mu_sd**2
        return -0.5 * ((tau / scale) ** 2 + m**2 / total + math.log(total))

    top = max(log_weight(tau) for tau in np.linspace(0, 10, 2001))

    def below(tau):
        extra = max(0.0, tau**2 - tau2) / k
        share = mu_sd**2 / (se**2 + extra + mu_sd**2)
        mean, sd = share * m, math.sqrt((se**2 + extra) * share)
        return math.exp(log_weight(tau) - top) * stats.norm.cdf((0.25 - mean) / sd)

    ends = [0.0, *([math.sqrt(tau2)] if tau2 else []), *np.arange(0.5, 10.1, 0.5)]
    whole, part = in_pieces(lambda tau: math.exp(log_weight(tau) - top), ends), in_pieces(below, ends)
    posterior = pooled_normal(
        m, se, k, mu=priors.Normal(0, mu_sd), tau=priors.HalfNormal(scale), tau2_published=tau2
    )
    assert posterior.mu.cdf(0.25) == pytest.approx(part / whole, abs=SAME)


@pytest.mark.parametrize("tau", TAU_PRIORS, ids=str)
@pytest.mark.parametrize(("m", "se", "k"), [INCIDENCE, LEVEL, (2.5, 0.02, 30)])
def test_without_a_published_tau2_it_is_one_study_with_tau_over_root_k(tau, m, se, k):
    mu = priors.Normal(0, 1.55)
    ours = pooled_normal(m, se, k, mu=mu, tau=tau).mu
    theirs = normal([m], [se], mu=mu, tau=tau.scaled(1 / math.sqrt(k))).mu
    p = np.array([0.025, 0.25, 0.5, 0.975])
    np.testing.assert_allclose(ours.quantile(p), theirs.quantile(p), atol=SAME)
    np.testing.assert_allclose(ours.cdf(theirs.quantile(p)), p, atol=SAME)
    assert ours.mean == pytest.approx(theirs.mean, abs=SAME)
    assert ours.sd == pytest.approx(theirs.sd, abs=SAME)


def test_a_flat_prior_for_mu():
    m, se, k = INCIDENCE
    tau = priors.HalfNormal(0.5)
    ours = pooled_normal(m, se, k, mu=priors.Flat(), tau=tau).mu
    theirs = normal([m], [se], mu=priors.Flat(), tau=tau.scaled(1 / math.sqrt(k))).mu
    assert ours.cdf(0.0) == pytest.approx(theirs.cdf(0.0), abs=SAME)
    heavy = pooled_normal(m, se, k, mu=priors.Flat(), tau=priors.HalfCauchy(0.5)).mu
    assert math.isnan(heavy.sd)
    assert heavy.reason


def test_a_point_takes_the_published_standard_error_or_a_stated_tau():
    m, se, k = INCIDENCE
    mu = priors.Normal(0, 2.82)
    at_zero = pooled_normal(m, se, k, mu=mu, tau=priors.PointMass(0)).mu
    shrink = 2.82**2 / (2.82**2 + se**2)
    assert at_zero.mean == pytest.approx(shrink * m, rel=1e-14)
    assert at_zero.sd == pytest.approx(se * math.sqrt(shrink), rel=1e-14)
    below = pooled_normal(m, se, k, mu=mu, tau=priors.PointMass(0.1), tau2_published=0.04).mu
    assert below.sd == at_zero.sd  # max(0, .)
    above = pooled_normal(m, se, k, mu=mu, tau=priors.PointMass(0.3), tau2_published=0.04).mu
    v = se**2 + 0.05 / 3
    assert above.sd == pytest.approx(math.sqrt(v * 2.82**2 / (v + 2.82**2)), rel=1e-14)


def test_a_prior_wholly_below_the_published_tau_is_the_conditional_form():
    m, se, k = INCIDENCE
    inside = pooled_normal(m, se, k, tau=priors.Uniform(0, 0.5), tau2_published=0.25)
    conditional = pooled_normal(m, se, k, tau=priors.PointMass(0))
    assert inside.mu.cdf(0.0) == pytest.approx(conditional.mu.cdf(0.0), abs=1e-14)


def test_equal_trials_give_what_their_own_model_gives():
    """Four equal trials at fixed tau: the pooled result says all that they say of mu (section 9)."""
    y, v, tau_hat2 = np.array([0.1, -0.3, 0.2, 0.5]), 0.09, 0.05
    m, se = float(y.mean()), math.sqrt((v + tau_hat2) / 4)
    mu = priors.Normal(0, 1)
    for tau in (0.4, 0.9):
        ours = pooled_normal(m, se, 4, mu=mu, tau=priors.PointMass(tau), tau2_published=tau_hat2).mu
        theirs = normal(y, np.full(4, math.sqrt(v)), mu=mu, tau=priors.PointMass(tau)).mu
        assert (ours.mean, ours.sd) == pytest.approx((theirs.mean, theirs.sd), rel=1e-12)


def test_every_fault_at_once():
    with pytest.raises(ArgumentError) as caught:
        pooled_normal(
            math.inf, 0.0, 0, mu=priors.Cauchy(0, 1), tau=priors.Uniform(0, math.inf), tau2_published=-1
        )
    said = [fault.what.split(" ")[0] for fault in caught.value.faults]
    assert said == ["estimate", "se", "k", "tau2_published", "Cauchy(0,", "Uniform(0,"]
    with pytest.raises(ArgumentError, match="no support below 0"):
        pooled_normal(0.1, 0.2, 3, tau=priors.Normal(0, 1))
