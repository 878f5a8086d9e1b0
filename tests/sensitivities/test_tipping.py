"""Tipping points: P(benefit) there is the level, by a fit of its own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.sensitivities import sceptical_limit, tipping_points
from mutau.sensitivities.case import Case
from mutau.sensitivities.scales import moved
from mutau.sensitivities.trials import added_trial, null_trial

ROOT = 1e-5  # roots are found to 1e-6, and a surface made for another prior has its own panels


def points(fit, level):
    return {point.name: point for point in tipping_points(fit, level)}


@pytest.mark.parametrize(("name", "level"), [("scores", 0.97), ("avoidant", 0.9)])
def test_at_each_tipping_point_a_fit_says_the_level(name, level, request):
    fit = request.getfixturevalue(name)
    case, found = Case.of(fit), points(fit, level)
    side, mu, tau = case.benefit.side, fit.model.mu_prior, fit.model.tau_prior
    chances = {
        "scepticism": case.p_benefit(mu=priors.Normal(0, found["scepticism"].value)),
        "location": case.p_benefit(mu=moved(mu, found["location"].value - mu.mean)),
        "heterogeneity": case.p_benefit(tau=tau.scaled(found["heterogeneity"].value)),
    }
    for what, chance in chances.items():
        assert chance == pytest.approx(level, abs=ROOT), what
    size = float((fit.effects["n_treatment"] + fit.effects["n_control"]).max())
    assert case.p_benefit(data=added_trial(case, found["one more trial"].value, size)) == pytest.approx(
        level, abs=ROOT
    )
    n = found["null participants"].value
    assert (
        case.p_benefit(data=null_trial(case, n))
        < level
        <= case.p_benefit(data=null_trial(case, 0.97 * n - 2))
    )
    assert side * found["bias"].value > 0
    assert all(f"{level:g}" in point.sentence for point in found.values())


def test_a_shared_bias_of_known_size_is_taken_from_every_effect(scores):
    value = points(scores, 0.97)["bias"].value
    case = Case.of(scores)
    data = dict(case.request.data)
    assert case.p_benefit(data=data | {"yi": data["yi"] - value}) == pytest.approx(0.97, abs=ROOT)


def test_a_shared_bias_of_uncertain_size_against_a_sum_over_its_values(scores):
    sd = points(scores, 0.97)["uncertain bias"].value
    case = Case.of(scores)
    data = dict(case.request.data)
    biases = np.linspace(-6, 6, 241) * sd
    chance, weight = np.empty(len(biases)), stats.norm.pdf(biases, scale=sd)
    for i, bias in enumerate(biases):
        posterior = case.posterior(data=data | {"yi": data["yi"] - bias})
        chance[i] = case.benefit.probability(posterior.mu)
        weight[i] *= math.exp(posterior.log_marginal)
    assert (chance * weight).sum() / weight.sum() == pytest.approx(0.97, abs=ROOT)


def test_the_sceptical_limit_is_the_prior_under_which_the_interval_touches_no_effect(one_effect):
    limit = sceptical_limit(-0.5, 0.2)
    at = points(one_effect, 0.975)["scepticism"].value
    assert 1.959963984540054 * at == pytest.approx(limit, rel=1e-5)
    assert math.isnan(sceptical_limit(-0.3, 0.2))


def test_under_the_level_from_the_start_nothing_is_moved(scores):
    weak = replace(scores.model, tau_prior=priors.HalfNormal(5))
    fit = mutau.fit(scores.studies, weak, engine="exact", seed=1)
    (only,) = tipping_points(fit, 0.99)
    assert only.name == "none"
    assert "under 0.99 as it is" in only.sentence


@pytest.mark.parametrize("level", [0.5, 1.0, -1, 2])
def test_a_level_is_a_probability_above_a_half(scores, level):
    with pytest.raises(ArgumentError, match=r"between 0\.5 and 1"):
        tipping_points(scores, level)
