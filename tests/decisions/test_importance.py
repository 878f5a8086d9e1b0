"""Probabilities of an effect that matters, and the action of least expected loss."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import mutau
from mutau.decisions import Loss, importance, rope_of
from mutau.decisions.expectations import expectation, probability_between
from mutau.errors import ArgumentError
from mutau.outcomes import Threshold
from mutau.priors import Flat, HalfNormal, Jeffreys

from .conftest import ready_made  # noqa: TID252

EXACT = 1e-9  # quadrature against a closed form


def told(found, quantity="mu", prior="default"):
    rows = found.chances
    rows = rows[(rows["quantity"] == quantity) & (rows["prior_label"] == prior)]
    return rows.set_index("statement")["probability"]


def test_a_normal_posterior_has_its_closed_forms(normal_case, normal_posterior):
    mean, sd = normal_posterior
    found = importance(normal_case, alternatives={}, loss=Loss("asymmetric", 0.1, use=3.0, withhold=2.0))
    chances = told(found)
    assert chances["benefit"] == pytest.approx(norm.sf(0, mean, sd), abs=EXACT)
    assert chances["harm"] == pytest.approx(norm.cdf(0, mean, sd), abs=EXACT)
    assert chances["important benefit"] == pytest.approx(norm.sf(0.2, mean, sd), abs=EXACT)
    assert chances["important harm"] == pytest.approx(norm.cdf(-0.2, mean, sd), abs=EXACT)
    assert chances["worthwhile"] == pytest.approx(norm.sf(0.1, mean, sd), abs=EXACT)
    z = (mean - 0.1) / sd
    loss = found.losses.iloc[0]
    assert loss["loss_use"] == pytest.approx(3 * sd * (norm.pdf(z) - z * norm.sf(z)), abs=EXACT)
    assert loss["loss_not"] == pytest.approx(2 * sd * (norm.pdf(z) + z * norm.cdf(z)), abs=EXACT)
    assert (loss["action"], loss["mcse_use"]) == ("use", 0)


def test_the_three_ways_sum_to_one_for_every_prior_and_quantity(secure_counts):
    found = importance(secure_counts)
    three = found.chances[
        found.chances["statement"].isin(["important benefit", "unimportant", "important harm"])
    ]
    sums = three.groupby(["prior_label", "quantity"])["probability"].sum()
    assert len(sums) == 2 * (1 + len(secure_counts.model.tau_alternatives))
    assert np.allclose(sums, 1.0, atol=1e-9)
    assert found.actions == {"mu": ("use",), "theta_new": ("use",)}
    own = mutau.probability_of_benefit(secure_counts)
    assert told(found)["benefit"] == own.benefit
    assert told(found, "theta_new")["harm"] == own.harm_new


@given(st.lists(st.floats(0.01, 2.0), min_size=2, max_size=4, unique=True))
def test_the_farther_the_threshold_the_less_probable(three_trials, mids):
    chances = [
        told(importance(three_trials, mid=mid, alternatives={}))["important benefit"] for mid in sorted(mids)
    ]
    assert all(a >= b for a, b in pairwise(chances))


def test_swapping_the_arms_swaps_benefit_and_harm():
    limits = (Threshold(0.2, "small"), Threshold(-0.3, "harm"))
    one = ready_made([0.5, 0.1], [0.3, 0.2], HalfNormal(0.5), thresholds=limits)
    other = ready_made([-0.5, -0.1], [0.3, 0.2], HalfNormal(0.5), benefit="lower", thresholds=(
        Threshold(-0.2, "small"), Threshold(0.3, "harm")))  # fmt: skip
    same = ready_made([-0.5, -0.1], [0.3, 0.2], HalfNormal(0.5), thresholds=(
        Threshold(-0.2, "harm"), Threshold(0.3, "small")))  # fmt: skip
    a, b, c = (told(importance(fit, alternatives={})) for fit in (one, other, same))
    assert np.allclose(a, b, atol=1e-10)
    assert a["important benefit"] == pytest.approx(c["important harm"], abs=1e-10)
    assert a["benefit"] == pytest.approx(c["harm"], abs=1e-10)


def test_the_rule_of_a_threshold_loss_is_its_level(three_trials):
    chance = told(importance(three_trials, alternatives={}))["benefit"]
    for weight, action in (
        (0.99 * chance / (1 - chance), "use"),
        (1.01 * chance / (1 - chance), "do not use"),
    ):
        loss = Loss("threshold", use=weight)
        assert (loss.enough < chance) == (action == "use")
        assert importance(three_trials, alternatives={}, loss=loss).losses["action"].iloc[0] == action


def test_a_linear_loss_asks_for_the_mean(three_trials):
    mean = three_trials.exact.mu.mean
    for worthwhile, action in ((mean - 1e-3, "use"), (mean + 1e-3, "do not use")):
        losses = importance(three_trials, alternatives={}, loss=Loss(worthwhile=worthwhile)).losses.iloc[0]
        assert losses["action"] == action
        assert losses["loss_not"] - losses["loss_use"] == pytest.approx(mean - worthwhile, abs=1e-7)


@pytest.mark.slow  # samples
def test_monte_carlo_agrees_with_exact_within_its_error(secure, pip_studies, secure_model):
    exact = mutau.fit(pip_studies, secure_model, engine="exact", seed=1)
    loss = Loss("linear", worthwhile=1.25)
    drawn, true = (importance(fit, alternatives={}, loss=loss) for fit in (secure, exact))
    gap = np.abs(drawn.chances["probability"] - true.chances["probability"])
    assert (gap <= 4 * drawn.chances["mcse"] + 1e-3 * (drawn.chances["mcse"] == 0)).all()
    for action in ("use", "not"):
        error = 4 * drawn.losses[f"mcse_{action}"] + 1e-9
        assert (np.abs(drawn.losses[f"loss_{action}"] - true.losses[f"loss_{action}"]) <= error).all()
    assert (true.chances["mcse"] == 0).all()


def test_without_thresholds_what_matters_is_nan_with_the_reason():
    fit = ready_made([0.5, 0.1], [0.3, 0.2], HalfNormal(0.5))
    rows = importance(fit, alternatives={}).chances.set_index("statement").loc["important benefit"]
    assert rows["probability"].isna().all()
    assert rows["note"].str.contains("states no threshold").all()
    assert rope_of(fit.model, 0.25).harm == -0.25


def test_an_expected_loss_that_does_not_exist_is_nan_with_the_reason():
    fit = ready_made([0.5, 0.2], [0.3, 0.3], Jeffreys(), mu=Flat())  # two are too few for a mean
    losses = importance(fit, alternatives={}).losses.set_index("quantity").loc["theta_new"]
    assert np.isnan(losses["loss_use"])
    assert losses["action"] == ""
    assert losses["note"].startswith("expected loss: ")
    assert importance(fit, alternatives={}, loss=Loss("threshold")).losses["action"].iloc[1] == "use"


def test_wrong_losses_and_limits_say_what_is_wrong(three_trials, secure_counts):
    with pytest.raises(ArgumentError) as found:
        Loss("quadratic", use=-1.0)
    assert len(found.value.faults) == 2
    with pytest.raises(ArgumentError, match="weighs both errors alike"):
        Loss("linear", use=2.0)
    with pytest.raises(ArgumentError, match="one side of no effect"):
        importance(secure_counts, mid=(1.25, 2.0))
    with pytest.raises(ArgumentError, match="one side of no effect"):
        importance(three_trials, mid=0.0)


def test_a_constant_has_no_error(normal_case):
    assert expectation(normal_case, "mu", np.ones_like).value == pytest.approx(1.0, abs=1e-12)
    assert probability_between(normal_case.marginal("mu"), -np.inf, np.inf).value == 1.0
