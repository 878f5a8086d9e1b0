"""The next trial: assurance, expected spread, value of information."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from mutau import priors
from mutau.decisions import Loss, next_trial, predict_trial
from mutau.errors import ArgumentError

from .conftest import counts, ready_made  # noqa: TID252


@pytest.fixture(scope="module")
def planned(normal_case):
    return next_trial(normal_case, [10, 40, 160, 640], level=0.95, unit_sd=2.0)


def test_assurance_and_value_have_their_closed_forms_in_the_normal_case(planned, normal_posterior):
    """Without heterogeneity the posterior mean after the trial is normal around today's."""
    mean, sd = normal_posterior
    rows = planned.curve[planned.curve["goal"].str.startswith("P(benefit")]
    sei = 2.0 * np.sqrt(4 / rows["size"].to_numpy())
    after = np.sqrt(1 / (1 / sd**2 + 1 / sei**2))
    moves = np.sqrt(sd**2 - after**2)
    assert rows["chance"].to_numpy() == pytest.approx(
        norm.sf((norm.ppf(0.95) * after - mean) / moves), abs=5e-4
    )
    assert rows["sd_expected"].to_numpy() == pytest.approx(after, rel=1e-4)
    z = mean / moves
    assert rows["evsi"].to_numpy() == pytest.approx(moves * (norm.pdf(z) - z * norm.sf(z)), abs=2e-5)
    assert (rows["evsi"] <= rows["evpi"] + 1e-9).all()
    assert (np.diff(rows["evsi"]) >= 0).all()


def test_the_size_found_reaches_the_stated_chance_and_less_does_not(normal_case):
    asked = next_trial(normal_case, [10, 40, 160, 640], level=0.95, unit_sd=2.0, chance=0.6)
    size = asked.needed["size"].iloc[0]
    chances = next_trial(normal_case, [0.96 * size, size], level=0.95, unit_sd=2.0).curve
    chances = chances[chances["goal"].str.startswith("P(benefit")]["chance"].to_numpy()
    assert chances[0] < 0.6 <= chances[1]


def test_a_stricter_level_is_reached_less_often(three_trials):
    chances = [
        next_trial(three_trials, [80], level=level, unit_sd=2.0).curve["chance"].iloc[0]
        for level in (0.8, 0.9, 0.97)
    ]
    assert chances[0] > chances[1] > chances[2]


def test_counts_agree_with_brute_force_over_refits():
    """Each pair of counts refitted with the first trial, weighed by its predictive probability."""
    import mutau

    fit = counts([3], [20], [7], [20], "OR", tau=priors.PointMass(0))
    n = 2
    planned = next_trial(fit, [2 * n], level=0.9, baseline=0.3)
    draws = np.asarray(fit.marginal("mu").quantile((np.arange(2000) + 0.5) / 2000))
    p1 = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + draws)))
    reached = 0.0
    for a in range(n + 1):
        for c in range(n + 1):
            chance = binom.pmf(a, n, p1).mean() * binom.pmf(c, n, 0.3)
            after = counts([3, a], [20, n], [7, c], [20, n], "OR", tau=priors.PointMass(0))
            reached += chance * (mutau.probability_of_benefit(after).benefit > 0.9)
    assert planned.curve["chance"].iloc[0] == pytest.approx(reached, abs=2e-3)


def test_the_predictive_distribution_of_a_trial(normal_case, normal_posterior):
    mean, sd = normal_posterior
    found = predict_trial(normal_case, 50, 50, unit_sd=2.0)
    spread = np.hypot(sd, 0.4)
    assert found.frame[["median", "lower", "upper"]].to_numpy()[0] == pytest.approx(
        norm.ppf([0.5, 0.025, 0.975], mean, spread), abs=2e-3
    )
    assert found.favours_treatment == pytest.approx(norm.sf(0, mean, spread), abs=1e-3)
    made = predict_trial(counts([3, 4], [20, 30], [7, 9], [20, 30], "OR"), 30, 30, baseline=0.3)
    assert made.chance.sum() + made.left_out == pytest.approx(1.0, abs=1e-4)
    control = made.chance.sum(axis=0)
    assert control == pytest.approx(binom.pmf(np.arange(31), 30, 0.3), abs=2e-4)


def test_what_cannot_be_planned_says_so(three_trials, normal_case):
    with pytest.raises(ArgumentError, match="What a trial should bring"):
        next_trial(normal_case, [10], unit_sd=1.0)
    with pytest.raises(ArgumentError, match="State unit_sd"):
        next_trial(normal_case, [10], level=0.9)
    with pytest.raises(ArgumentError, match="control risk belongs"):
        next_trial(three_trials, [10], level=0.9, unit_sd=1.0, baseline=0.2)


def test_a_loss_already_decided_makes_information_worth_little():
    sure = ready_made([2.0], [0.1], priors.PointMass(0))
    found = next_trial(sure, [40], level=0.95, unit_sd=2.0, loss=Loss("threshold"))
    assert found.curve["evsi"].iloc[0] == pytest.approx(0, abs=1e-6)
    assert found.curve["chance"].iloc[0] == pytest.approx(1, abs=1e-6)
