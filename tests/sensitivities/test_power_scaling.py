"""Power-scaling: against a closed form, fits of the scaled model, and ArviZ's estimate from draws."""

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.sensitivities import power_scaling
from mutau.sensitivities.distances import reach

CLOSED_FORM = 1e-6  # of a sensitivity: the quadrature of both, and a finite difference of 1e-2 in the power
REFITTED = 2e-6  # of a probability: panels made for the unscaled posterior
PSENSE = 0.015  # of a sensitivity, by 16,000 draws, whose Monte Carlo error is about 0.005; distances agree to 2e-4
PRIORS = ("prior", "mu prior", "tau prior")

YI, SEI = np.array([0.2, 0.5, -0.1]), np.array([0.3, 0.2, 0.25])


def fit(mu=priors.Normal(0.4, 0.5), tau=priors.PointMass(0), yi=YI, sei=SEI):
    frame = pd.DataFrame(
        {"study": [f"s{i}" for i in range(len(yi))], "yi": yi, "sei": sei, "provenance": "made up"}
    )
    model = mutau.OutcomeModel(name="m", measure="GEN", benefit="higher", mu_prior=mu, tau_prior=tau)
    return mutau.fit(frame, model, engine="exact", seed=1)


def conjugate(prior_power, likelihood_power):
    """Posterior of mu with a common effect: normal."""
    precisions = np.array([prior_power / 0.5**2, *(likelihood_power / SEI**2)])
    mean = precisions @ np.array([0.4, *YI]) / precisions.sum()
    return norm(mean, precisions.sum() ** -0.5)


def cjs(p, q, low, high):
    """The distance of Kallioinen et al. (2024), as their text has it."""

    def one_way(first, second):
        def integrand(x):
            a, b = first(x), second(x)
            return a * np.log2(2 * a / (a + b)) + (b - a) / (2 * np.log(2))

        return quad(integrand, low, high, epsabs=1e-14, limit=200)[0]

    total = quad(lambda x: p(x) + q(x), low, high)[0]
    return np.sqrt((one_way(p, q) + one_way(q, p)) / total)


@pytest.mark.parametrize(("component", "powers"), [("mu prior", (1, 0)), ("likelihood", (0, 1))])
def test_a_conjugate_normal_model_agrees_with_its_closed_form(component, powers):
    made = fit()
    found = power_scaling(made).of(component)
    low, high = reach(made.marginal("mu"), 4000)
    base = conjugate(1, 1)
    assert (low, high) == pytest.approx(base.ppf([1 - 0.5 ** (1 / 4000), 0.5 ** (1 / 4000)]))
    distances = []
    for alpha in (0.99, 1.01):
        scaled = conjugate(*(alpha if scales else 1 for scales in powers))
        distances.append(max(cjs(base.cdf, scaled.cdf, low, high), cjs(base.sf, scaled.sf, low, high)))
    assert [found.distance_weaker, found.distance_stronger] == pytest.approx(distances, abs=CLOSED_FORM / 70)
    slope = (distances[1] / np.log2(1.01) - distances[0] / np.log2(0.99)) / 2
    assert found.sensitivity == pytest.approx(slope, abs=CLOSED_FORM)
    for alpha, chance in ((0.5, found.p_benefit_halved), (2, found.p_benefit_doubled)):
        assert chance == pytest.approx(conjugate(*(alpha if s else 1 for s in powers)).sf(0), abs=1e-9)


@pytest.mark.parametrize(
    ("tau", "power", "same"),
    [
        (priors.HalfNormal(0.5), 2.0, priors.HalfNormal(0.5 / np.sqrt(2))),
        (priors.HalfStudentT(0.5, 3), 0.5, priors.HalfCauchy(0.5 * np.sqrt(3))),
        (priors.LogNormal(-1, 0.8), 2.0, priors.LogNormal(-1 - 0.32, 0.8 / np.sqrt(2))),
        (priors.InverseGamma(2, 0.3), 2.0, priors.InverseGamma(5, 0.6)),
        (priors.Exponential(2), 0.5, priors.Exponential(1)),
    ],
)
def test_a_prior_of_tau_to_a_power_is_the_prior_of_that_family(tau, power, same):
    mu = priors.Normal(0, 1)
    found = power_scaling(fit(mu, tau)).of("tau prior")
    chance = found.p_benefit_doubled if power > 1 else found.p_benefit_halved
    assert chance == pytest.approx(fit(mu, same).marginal("mu").sf(0.0), abs=REFITTED)


def test_a_t_prior_of_mu_to_a_power_is_a_t():
    found = power_scaling(fit(priors.StudentT(0, 0.4, 3), priors.HalfNormal(0.3))).of("mu prior")
    same = fit(priors.StudentT(0, 0.4 * np.sqrt(3 / 7), 7), priors.HalfNormal(0.3))
    assert found.p_benefit_doubled == pytest.approx(same.marginal("mu").sf(0.0), abs=REFITTED)


def test_the_likelihood_twice_is_every_study_twice():
    tau = priors.HalfNormal(0.5)
    found = power_scaling(fit(tau=tau)).of("likelihood")
    twice = fit(tau=tau, yi=np.tile(YI, 2), sei=np.tile(SEI, 2))
    assert found.p_benefit_doubled == pytest.approx(twice.marginal("mu").sf(0.0), abs=REFITTED)


def test_the_prior_of_baselines_to_a_power_is_a_narrower_one(avoidant):
    found = power_scaling(avoidant).of("baseline prior")
    narrower = mutau.fit(
        avoidant.studies, replace(avoidant.model, baseline_sd=10 / np.sqrt(2)), engine="exact", seed=1
    )
    assert found.p_benefit_doubled == pytest.approx(narrower.marginal("mu").cdf(0.0), abs=1e-9)
    assert 0 < found.sensitivity < 0.01


def test_exact_sampled_and_arviz_agree(secure, secure_exact):
    exact, sampled = (power_scaling(each).to_frame() for each in (secure_exact, secure))
    assert list(exact["component"]) == list(sampled["component"])
    assert np.abs(exact["sensitivity"] - sampled["sensitivity"]).max() < PSENSE
    for column in ("distance_weaker", "distance_stronger"):
        assert np.abs(exact[column] - sampled[column]).max() < PSENSE / 70
    for column in ("p_benefit_halved", "p_benefit_doubled"):
        assert np.abs(exact[column] - sampled[column]).max() < 0.01
    summary = az.psense_summary(secure.tree, var_names=["mu", "tau"], round_to=10)
    for component in ("prior", "likelihood"):
        rows = sampled[sampled["component"] == component].set_index("quantity")["sensitivity"]
        assert rows[["mu", "tau"]].to_numpy() == pytest.approx(
            summary.loc[["mu", "tau"], component], abs=1e-9
        )


def test_a_flat_prior_has_nothing_to_scale():
    found = power_scaling(fit(priors.Flat(), priors.HalfNormal(0.5)))
    assert found.of("mu prior").sensitivity == pytest.approx(0, abs=1e-12)
    assert found.of("prior").sensitivity == pytest.approx(found.of("tau prior").sensitivity)


@pytest.mark.parametrize(
    ("mu", "tau", "component", "said"),
    [
        (priors.Normal(0, 1), priors.LogStudentT(-1.7, 1.3, 5), "tau prior", "infinite mass at tau = 0"),
        (priors.Normal(0, 1), priors.LogStudentT(-1.7, 1.3, 5), "prior", "infinite mass at tau = 0"),
        (priors.Flat(), priors.Uniform(0, np.inf), "likelihood", "infinite mass in its upper tail"),
        (priors.Normal(0, 1), priors.PointMass(0.2), "tau prior", "tau is fixed"),
    ],
)
def test_what_leaves_no_posterior_is_refused_with_the_reason(mu, tau, component, said):
    found = power_scaling(fit(mu, tau)).of(component)
    assert said in found.reason
    assert np.isnan([found.p_benefit_halved, found.p_benefit_doubled]).any()


def test_with_counts_a_scaled_prior_has_to_be_proper(avoidant):
    model = replace(avoidant.model, tau_prior=priors.HalfCauchy(0.5), tau_alternatives=())
    found = power_scaling(mutau.fit(avoidant.studies, model, engine="exact", seed=1)).of("tau prior")
    assert np.isnan(found.p_benefit_halved)
    assert "half" in found.reason.lower()
    assert "improper" in found.reason
    assert np.isfinite(found.sensitivity)


def test_a_diagnosis_stands_beside_the_priors_only(secure_exact):
    frame = power_scaling(secure_exact).to_frame()
    said = frame["diagnosis"] != ""
    assert list(frame["component"][said]) == ["prior", "prior"]


def test_wrong_requests_are_refused_with_every_fault():
    with pytest.raises(ArgumentError, match="alphas") as caught:
        power_scaling(fit(priors.PointMass(0), priors.HalfNormal(0.5)), (1.0, 1.01))
    assert len(caught.value.faults) == 2
