"""A new trial of counts, for every likelihood and measure, against sums that share no grid with it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

import mutau
from mutau import priors
from mutau.decisions import next_trial, predict_trial
from mutau.likelihoods import LIKELIHOODS

from .conftest import counts  # noqa: TID252

LEVEL, N = 0.88, 3
GRIDS = 2e-3  # of grids of effects and risks, in a chance that moves in steps
SMOOTH = 2e-4  # the same, where nothing steps


def _after(fit, columns, chance_given, tau, level=LEVEL):
    """Go through every outcome by a rule over mu and theta_new: assurance, expected SD, EVSI."""
    low, high = np.asarray(fit.marginal("mu").quantile(np.array([1e-7, 1 - 1e-7])))
    step = (high - low) / 200
    mu = step * (
        np.arange(np.floor(low / step), np.ceil(high / step)) + 0.5
    )  # no effect is where two cells meet
    z, w = np.polynomial.hermite_e.hermegauss(6 if tau else 1)
    mass = np.asarray(fit.marginal("mu").pdf(mu))[:, None] * w
    mass /= mass.sum()
    t = (mu[:, None] + tau * z).ravel()
    logs = LIKELIHOODS[fit.model.likelihood].study_log_likelihood(
        columns, t, fit.model.measure, fit.model.baseline_sd
    )
    likelihood = np.exp(np.asarray(logs)).reshape(-1, *mass.shape)
    joint = (likelihood * mass).sum(axis=2)
    after = joint / joint.sum(axis=1, keepdims=True)
    chance = (chance_given(t) * mass.ravel()).sum(axis=1)
    chance = chance / chance.sum()
    good = fit.model.benefit_sign * mu
    use, withhold = np.maximum(-good, 0), np.maximum(good, 0)
    probability = after @ (good > 0)
    assert np.abs(probability - level).min() > 1e-3  # a step on the level would be on either side of it
    sd = np.sqrt(after @ mu**2 - (after @ mu) ** 2)
    best = np.minimum(after @ use, after @ withhold)
    now = chance @ after  # which is today's, where the new trial arises as it is analysed
    return {
        "chance": chance @ (probability > level),
        "sd_expected": chance @ sd,
        "evsi": min(now @ use, now @ withhold) - chance @ best,
    }


def _pairs(most):
    return np.array(list(itertools.product(range(most + 1), repeat=2)), dtype=float).T


@pytest.mark.parametrize(
    ("measure", "likelihood", "risk"),
    [
        ("OR", "binomial", lambda p, t: 1 / (1 + np.exp(-np.log(p / (1 - p)) - t))),
        ("OR", "hypergeometric", lambda p, t: 1 / (1 + np.exp(-np.log(p / (1 - p)) - t))),
        ("RR", "binomial", lambda p, t: p * np.exp(t)),
        ("RD", "binomial", lambda p, t: p + np.tanh(t)),
    ],
)
def test_a_trial_of_people_agrees_with_brute_force(measure, likelihood, risk):
    tau, p0 = (0.3 if measure == "OR" else 0.0), 0.45
    fit = counts([24], [80], [33], [80], measure, likelihood=likelihood, tau=priors.PointMass(tau))
    a, c = _pairs(N)
    columns = {"events_treatment": a, "events_control": c, "n_treatment": a * 0 + N, "n_control": a * 0 + N}

    def chance_given(t):
        p1 = risk(p0, t)
        p1 = np.where((p1 >= 0) & (p1 <= 1), p1, np.nan)
        return np.nan_to_num(binom.pmf(a[:, None], N, p1) * binom.pmf(c[:, None], N, p0))

    expected = _after(fit, columns, chance_given, tau)
    found = next_trial(fit, [2 * N], level=LEVEL, baseline=p0).curve.iloc[0]
    for name, tolerance in (("chance", GRIDS), ("sd_expected", SMOOTH), ("evsi", SMOOTH)):
        assert found[name] == pytest.approx(expected[name], abs=tolerance), name


def test_a_trial_of_rates_agrees_with_brute_force():
    table = {"study": ["a"], "events_treatment": [14], "time_treatment": [50.0], "events_control": [22]}
    model = mutau.OutcomeModel(
        name="rates", measure="IRR", benefit="lower", likelihood="poisson", tau_prior=priors.PointMass(0.3)
    )
    fit = mutau.fit(pd.DataFrame(table | {"time_control": [55.0]}), model, engine="exact", seed=3)
    time = 1.5
    a, c = _pairs(8)
    columns = {
        "events_treatment": a,
        "events_control": c,
        "time_treatment": a * 0 + time,
        "time_control": a * 0 + time,
    }
    centre, sd = np.log(14.5 / 50) + np.log(22.5 / 55), np.sqrt(1 / 14.5 + 1 / 22.5)
    z, w = np.polynomial.hermite_e.hermegauss(12)

    def chance_given(t):
        etas = centre + sd * z
        return sum(
            share
            * poisson.pmf(a[:, None], time * np.exp((eta + t) / 2))
            * poisson.pmf(c[:, None], time * np.exp((eta - t) / 2))
            for eta, share in zip(etas, w / w.sum(), strict=True)
        )

    expected = _after(fit, columns, chance_given, 0.3, 0.9)
    found = next_trial(fit, [2 * time], level=0.9).curve.iloc[0]
    for name, tolerance in (("chance", GRIDS), ("sd_expected", SMOOTH), ("evsi", SMOOTH)):
        assert found[name] == pytest.approx(expected[name], abs=tolerance), name


def test_counts_too_rare_to_matter_are_said_to_be_left_out():
    fit = counts([3, 4], [60, 80], [7, 9], [60, 80], "OR")
    made = predict_trial(fit, 200, 200, baseline=0.05)
    assert made.chance[:, 150:].sum() == 0
    assert made.left_out < 1e-4
    assert made.chance.sum(axis=0)[:30] == pytest.approx(binom.pmf(np.arange(30), 200, 0.05), abs=2e-4)
