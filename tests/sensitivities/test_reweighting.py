"""Answers without the exact engine: importance weights where they hold, their refusal, and a fit of its own."""

from dataclasses import replace

import numpy as np
import pytest

from mutau import priors
from mutau.engines import ENGINES, EngineResult
from mutau.errors import ArgumentError
from mutau.fitting import model_request
from mutau.sensitivities import answer
from mutau.sensitivities.weights import WeightedMarginal, pareto_k_limit, rarer_side, smoothed, why_unusable
from mutau.surfacing import surface_posterior

SIX_MCSE = 6.0


def other(fit, **changes):
    return replace(fit.model, tau_alternatives=(), **changes)


def test_what_the_exact_engine_cannot_do_is_read_from_the_draws(secure):
    """A uniform prior of mu has no rule for the normal likelihood; its surface is the truth here."""
    model = other(secure, mu_prior=priors.Uniform(-4, 4))
    found = answer(secure, model)
    truth = surface_posterior(model_request(secure.effects, model))
    assert found.how == "re-weighted"
    assert found.pareto_k < pareto_k_limit(16000)
    error = SIX_MCSE * np.sqrt(0.25 / found.ess)
    for p in (0.025, 0.25, 0.5, 0.975):
        assert truth.mu.cdf(float(found.mu.quantile(p))) == pytest.approx(p, abs=error)
        assert truth.tau.cdf(float(found.tau.quantile(p))) == pytest.approx(p, abs=error)
    assert found.p_benefit == pytest.approx(truth.mu.sf(0.0), abs=error)
    assert found.mu.mean == pytest.approx(truth.mu.mean, abs=SIX_MCSE * truth.mu.sd / np.sqrt(found.ess))


def test_weights_that_fail_are_refused_with_their_pareto_k(secure_exact):
    far = other(secure_exact, mu_prior=priors.Uniform(-9, 0.01))
    with pytest.raises(
        ArgumentError, match=r"(?s)no exact answer.*do not answer it.*Ask it of a sampled fit"
    ):
        answer(secure_exact, far)


def test_a_sampled_fit_is_refitted_where_weights_fail_and_that_is_said(secure, secure_exact, monkeypatch):
    asked = []

    def sampled_anew(request, seed, settings):
        asked.append((request, settings))
        return EngineResult(lambda: secure_exact.posterior, {}, 1, (), ("no check failed",), 0.0)

    monkeypatch.setitem(ENGINES, "sampling", replace(ENGINES["sampling"], run=sampled_anew))
    far = other(secure, mu_prior=priors.Uniform(-9, 0.01))
    found = answer(secure, far)
    assert asked[0][0].mu_prior == far.mu_prior
    assert asked[0][1].draws == secure.engine.settings["draws"]
    assert found.how == "refitted"
    assert "sampled anew" in found.note
    assert "no check failed" in found.note
    with pytest.raises(ArgumentError, match="sampled fit"):
        answer(secure, far, refit=False)


def test_a_point_and_a_density_share_no_draws(secure_exact):
    model = other(secure_exact, mu_prior=priors.Uniform(-4, 4), tau_prior=priors.PointMass(0))
    with pytest.raises(ArgumentError, match=r"tau is a fixed number in one of the two"):
        answer(secure_exact, model)


def test_the_fit_itself_is_read_as_it_is(secure, secure_exact):
    assert (answer(secure).how, answer(secure_exact).how) == ("sampled", "exact")
    assert answer(secure_exact).p_benefit == secure_exact.marginal("mu").sf(0.0)


def test_equal_weights_are_plain_draws():
    rng = np.random.default_rng(3)
    draws = rng.standard_normal(5001)
    same = smoothed(np.zeros(5001))
    plain = WeightedMarginal(draws, same.weights, same.ess)
    assert (same.pareto_k, same.ess) == (0, pytest.approx(5001))
    assert plain.mean == pytest.approx(draws.mean())
    assert plain.sd == pytest.approx(draws.std())
    assert plain.quantile([0.1, 0.5]) == pytest.approx(np.quantile(draws, [0.1, 0.5]), abs=2e-3)
    assert plain.cdf(0.3) == pytest.approx((draws <= 0.3).mean())
    assert plain.mcse_quantile(0.5) == pytest.approx(np.sqrt(np.pi / 2 / 5001), rel=0.1)
    assert plain.pdf(np.zeros(1))[0] == pytest.approx(0.4, abs=0.02)


def test_smoothed_weights_know_when_they_fail():
    x = np.random.default_rng(1).standard_normal(4000)
    near, far = smoothed(0.25 * x), smoothed(x**2 / 2 - (x / 3) ** 2 / 2)
    both = x > 0
    assert near.why_unusable(both) == ""
    assert near.weights @ x == pytest.approx(0.25, abs=0.1)
    assert "Pareto k" in far.why_unusable(both)
    nowhere = smoothed(np.where(x > 2.5, 0.0, -np.inf))
    assert "fewer than 400" in nowhere.why_unusable(both) or "Pareto k" in nowhere.why_unusable(both)


def test_where_hardly_a_draw_lies_on_the_other_side_a_large_pareto_k_is_not_enough():
    told = why_unusable(0.6, 2000.0, 3.0, 4000)
    assert "rarer side of no effect are worth 3" in told
    assert why_unusable(0.6, 2000.0, 300.0, 4000) == ""
    assert why_unusable(0.4, 2000.0, 3.0, 4000) == ""
    weights = np.array([[0.25, 0.25, 0.5, 0.0], [0.0, 0.0, 0.5, 0.5]])
    above = np.array([True, True, False, False])
    np.testing.assert_allclose(rarer_side(weights, above), [1.0, 0.0])
