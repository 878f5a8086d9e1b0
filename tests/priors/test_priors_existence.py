"""Which posteriors and moments exist: the rule against integrals with growing cut-offs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.priors import moment_exists, posterior_is_proper, tau_prior_faults

Y = np.array([0.5, -0.3, 1.2, 0.1, 0.8])
S = np.array([0.3, 0.4, 0.5, 0.2, 0.6])

UNIFORM, FLAT = priors.Uniform(0, math.inf), priors.Flat()
HALF_CAUCHY, LOG_T = priors.HalfCauchy(0.5), priors.LogStudentT(-1.72, 1.295, 5)
NORMAL, CAUCHY = priors.Normal(0, 2.82), priors.Cauchy(0, 1)

# log tau and log |mu| run far out, where the tails show themselves; given tau, mu spreads over its order of
# magnitude, which these steps resolve
LOG_TAU = np.linspace(40.0, 160.0, 241)
LOG_MU = np.linspace(-6.0, 170.0, 353)


def joint(mu, tau, k):
    """Log of prior times likelihood per unit of log tau and log |mu|, for mu below and above 0."""
    taus, sizes = np.exp(LOG_TAU)[:, None], np.exp(LOG_MU)[None, :]
    out = []
    for sign in (-1.0, 1.0):
        total = tau.logpdf(taus) + LOG_TAU[:, None] + mu.logpdf(sign * sizes) + LOG_MU[None, :]
        for y, s in zip(Y[:k], S[:k], strict=True):
            root = np.hypot(s, taus)
            total = total - np.log(root) - 0.5 * ((sign * sizes - y) / root) ** 2
        out.append(total)
    return out


def settles(log_terms):
    """Whether the integral over log tau converges: its increments over doubled cut-offs (40, 80, 160) shrink.

    A power tail's increments shrink at once, a log-t's by a factor of about 2**-5, those of 1/tau double, and
    heavier tails' grow without bound.
    """
    per_tau = np.logaddexp.reduce(log_terms, axis=1)
    middle = np.searchsorted(LOG_TAU, 80.0)
    return np.logaddexp.reduce(per_tau[middle:]) < np.logaddexp.reduce(per_tau[:middle])


def moment_terms(quantity, r, mu, tau, k):
    log_tau, log_mu = LOG_TAU[:, None], LOG_MU[None, :]
    terms = []
    for sign, log_joint in zip((-1.0, 1.0), joint(mu, tau, k), strict=True):
        if quantity == "tau":
            extra = r * log_tau + 0 * log_mu
        elif quantity == "mu":
            extra = r * log_mu + 0 * log_tau
        elif quantity == "theta_new":  # E|theta_new|^r is of the order of |mu|^r + tau^r
            extra = np.logaddexp(r * log_mu, r * log_tau)
        else:  # theta in the first study: |y + B (mu - y)|^r + (conditional SD)^r
            weight = 1 / (1 + np.exp(2 * log_tau) / S[0] ** 2)
            centre = np.abs(Y[0] + weight * (sign * np.exp(log_mu) - Y[0]))
            spread = S[0] * np.sqrt(1 - weight)
            extra = np.log(centre**r + spread**r)
        terms.append(log_joint + extra)
    return np.concatenate(terms, axis=1)


PAIRS = [
    (FLAT, UNIFORM),
    (NORMAL, UNIFORM),
    (CAUCHY, UNIFORM),
    (FLAT, HALF_CAUCHY),
    (NORMAL, HALF_CAUCHY),
    (CAUCHY, HALF_CAUCHY),
    (priors.StudentT(0, 1, 4), HALF_CAUCHY),
    (FLAT, priors.InverseGamma(1, 0.15)),
    (FLAT, LOG_T),
    (NORMAL, LOG_T),
    (CAUCHY, LOG_T),
    (FLAT, priors.HalfNormal(0.5)),
    (CAUCHY, priors.HalfNormal(0.5)),
    (priors.StudentT(0, 1, 4), priors.LogNormal(-1, 0.8)),
    (priors.LogStudentT(0, 1, 5), HALF_CAUCHY),
]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("mu", "tau"), PAIRS, ids=[f"{mu}-{tau}" for mu, tau in PAIRS])
def test_propriety_against_integration(mu, tau, k):
    numeric = settles(np.concatenate(joint(mu, tau, k), axis=1))
    assert posterior_is_proper(mu, tau, k).exists == numeric


@pytest.mark.parametrize("quantity", ["mu", "tau", "theta_new", "theta"])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("mu", "tau"), PAIRS, ids=[f"{mu}-{tau}" for mu, tau in PAIRS])
def test_moments_against_integration(mu, tau, k, quantity):
    if not posterior_is_proper(mu, tau, k).exists:
        answer = moment_exists(quantity, 1, mu, tau, k)
        assert not answer.exists
        assert answer.reason.startswith("there is no proper posterior: ")
        return
    for r in (1, 2, 3, 4):
        numeric = settles(moment_terms(quantity, r, mu, tau, k))
        assert moment_exists(quantity, r, mu, tau, k).exists == numeric, r


@pytest.mark.parametrize(
    ("mu", "tau", "enough"),
    [
        (FLAT, UNIFORM, 3),  # Gelman 2006; Röver 2020
        (NORMAL, UNIFORM, 2),
        (FLAT, HALF_CAUCHY, 1),
        (FLAT, LOG_T, 1),  # the boundary: tau's posterior is its prior
        (FLAT, priors.PointMass(0), 1),
        (FLAT, priors.Uniform(0, 10), 1),
        (priors.PointMass(0), UNIFORM, 2),
        (UNIFORM, UNIFORM, 3),  # a mean effect known to be positive
    ],
)
def test_studies_needed(mu, tau, enough):
    assert posterior_is_proper(mu, tau, enough).exists
    if enough > 1:
        answer = posterior_is_proper(mu, tau, enough - 1)
        assert not answer.exists
        assert f"needs at least {enough} studies" in answer.reason


def test_uniform_tau_and_flat_mu_as_in_the_decisions_of_record():
    """k >= 3 for a posterior, k >= 5 for a standard deviation (and k >= 4 for a mean)."""
    exists = [[moment_exists("tau", r, FLAT, UNIFORM, k).exists for r in (0, 1, 2)] for k in (2, 3, 4, 5)]
    assert exists == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_two_studies_and_a_half_cauchy():
    assert moment_exists("tau", 1, FLAT, HALF_CAUCHY, 2).exists
    answer = moment_exists("tau", 2, FLAT, HALF_CAUCHY, 2)
    assert answer.reason == (
        "the standard deviation of tau is infinite: with the half-Cauchy(0.5) prior of tau and the flat prior of mu "
        "it needs at least 3 studies; there are 2"
    )
    assert moment_exists("theta", 7, FLAT, HALF_CAUCHY, 1).exists


def test_a_log_t_prior_has_moments_up_to_the_number_of_studies():
    """The boundary: tau**r * tau**-k * prior is the prior again at r = k, and that is integrable."""
    assert [moment_exists("tau", r, NORMAL, LOG_T, 2).exists for r in (1, 2, 2.001, 3)] == [
        True,
        True,
        False,
        False,
    ]
    assert [moment_exists("tau", r, FLAT, LOG_T, 2).exists for r in (0, 1, 1.001, 2)] == [
        True,
        True,
        False,
        False,
    ]


def test_all_moments_under_light_tails():
    for quantity in ("mu", "tau", "theta", "theta_new"):
        assert moment_exists(quantity, 50, FLAT, priors.HalfNormal(0.5), 1).exists
        assert moment_exists(quantity, 50, NORMAL, priors.PointMass(0), 1).exists


@pytest.mark.parametrize(
    "tau", [priors.Flat(), priors.Normal(0, 1), priors.Uniform(-1, 1), priors.PointMass(-0.1)]
)
def test_a_prior_of_tau_must_not_reach_below_zero(tau):
    assert len(tau_prior_faults(tau)) == 1
    with pytest.raises(ArgumentError, match="tau is a standard deviation"):
        posterior_is_proper(FLAT, tau, 5)


@pytest.mark.parametrize(
    "tau", [UNIFORM, HALF_CAUCHY, LOG_T, priors.PointMass(0), priors.Uniform(0.1, 1)], ids=str
)
def test_what_may_be_a_prior_of_tau(tau):
    assert tau_prior_faults(tau) == ()


def test_faults_all_at_once():
    with pytest.raises(ArgumentError) as caught:
        moment_exists("theta_neu", -1, FLAT, priors.Normal(0, 1), 0)
    assert len(caught.value.faults) == 4
    assert "Did you mean 'theta_new'?" in str(caught.value)
