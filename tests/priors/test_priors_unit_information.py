"""Unit information from the variances of trials, and what priors are worth, against integration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from mutau import effects, priors
from mutau.errors import ArgumentError

MANY = 20_000  # participants of a trial large enough for its variance to be the large-sample one


@pytest.mark.parametrize("risk", [0.5, 0.2])
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_the_variance_of_a_trial_without_effect(measure, risk):
    half = MANY // 2
    row = {"study": ["a"], "events_treatment": [risk * half], "n_treatment": [half]}
    row |= {"events_control": [risk * half], "n_control": [half]}
    sei = effects(pd.DataFrame(row), measure=measure)["sei"].iloc[0]
    unit = priors.unit_information_sd(measure, baseline_risk=risk)
    assert sei * math.sqrt(MANY) == pytest.approx(unit, rel=1e-9)
    assert priors.estimated_unit_information_sd([sei], [MANY]) == pytest.approx(unit, rel=1e-9)


@pytest.mark.parametrize(("measure", "sd"), [("SMD", 1.0), ("MD", 7.0)])
def test_means(measure, sd):
    half = MANY // 2
    row = {"study": ["a"], "mean_treatment": [3.0], "sd_treatment": [sd], "n_treatment": [half]}
    row |= {"mean_control": [3.0], "sd_control": [sd], "n_control": [half]}
    sei = effects(pd.DataFrame(row), measure=measure)["sei"].iloc[0]
    unit = priors.unit_information_sd(measure, reference_sd=sd)
    assert sei * math.sqrt(MANY) == pytest.approx(unit, rel=1e-3)


def test_rates_are_per_event():
    row = {"study": ["a"], "events_treatment": [50], "time_treatment": [9.0], "events_control": [50]}
    sei = effects(pd.DataFrame(row | {"time_control": [9.0]}), measure="IRR")["sei"].iloc[0]
    assert sei * math.sqrt(100) == pytest.approx(priors.unit_information_sd("IRR"), rel=1e-12)
    assert priors.effective_sample_size(priors.Normal(0, 1), "HR").unit == "events"


def test_the_prior_is_worth_what_it_says():
    for n in (1, 12.5):
        prior = priors.unit_information("RR", n=n, baseline_risk=0.1, mean=0.8)
        assert math.exp(prior.mean) == pytest.approx(0.8)
        worth = priors.effective_sample_size(prior, "RR", baseline_risk=0.1)
        assert worth.value == pytest.approx(n, rel=1e-12)
    assert prior.origin.name == "unit information (worth 12.5 participants, baseline risk 0.1)"
    assert "10.1080/01621459.1995.10476592" in prior.origin.source


MIXTURE = priors.NormalMixture((0.7, 0.3), (-0.5, 0.4), (0.2, 1.5))


@pytest.mark.parametrize(
    "prior",
    [priors.Normal(0.3, 0.7), priors.StudentT(0.1, 0.4, 3), priors.Cauchy(0, 0.5), MIXTURE],
    ids=str,
)
def test_the_local_information_ratio(prior):
    """16 times the integral of p'^2 / p, with p' by central differences."""

    def term(x):
        slope = (prior.pdf(x + 1e-5) - prior.pdf(x - 1e-5)) / 2e-5
        return slope**2 / prior.pdf(x)

    reach = (-300, -3, 0, 3, 300) if prior.tail_exponent < math.inf else (-8, -1, 0.3, 1, 8)
    parts = [integrate.quad(term, low, high, limit=400)[0] for low, high in itertools.pairwise(reach)]
    whole = math.fsum(parts)
    assert priors.effective_sample_size(prior, "OR").value == pytest.approx(16 * whole, rel=2e-6)


def test_what_has_no_worth():
    assert priors.effective_sample_size(priors.Flat(), "OR").value == 0
    assert math.isinf(priors.effective_sample_size(priors.PointMass(0), "OR").value)
    edged = priors.effective_sample_size(priors.Uniform(-1, 1), "OR")
    assert math.isnan(edged.value)
    assert "edges" in edged.reason
    of_tau = priors.effective_sample_size(priors.HalfNormal(1), "OR", parameter="tau")
    assert math.isnan(float(of_tau))
    assert "tells of tau" in of_tau.reason
    assert priors.effective_sample_size(priors.Normal(0, 1), "GEN", unit_sd=3).value == 9


def test_words():
    worth = priors.effective_sample_size(priors.Normal(0, 2.82), "OR")
    assert priors.weight_in_words(worth).startswith("worth about 2.01 participants, by (unit information SD")
    heavy = priors.effective_sample_size(priors.StudentT(0, 1, 4), "OR")
    assert "local-information ratio" in priors.weight_in_words(heavy)
    fixed = priors.effective_sample_size(priors.PointMass(0), "OR")
    assert priors.weight_in_words(fixed) == "worth more participants than any trial has"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: priors.unit_information("GEN"), "An effect of unknown unit has no unit information"),
        (lambda: priors.unit_information("MD"), "the outcome's SD between participants"),
        (lambda: priors.unit_information("OR", baseline_risk=20), "A risk lies between 0 and 1"),
        (lambda: priors.unit_information("OR", n=0), "a finite number above 0"),
        (lambda: priors.unit_information("OR", mean=0), "A ratio is above 0"),
        (lambda: priors.estimated_unit_information_sd([0.1], [1, 2]), "one positive number each"),
        (
            lambda: priors.effective_sample_size(priors.Normal(0, 1), "OR", unit_sd=-1),
            "a finite number above 0",
        ),
    ],
)
def test_refusals(call, said):
    with pytest.raises(ArgumentError, match=said):
        call()


def test_bayesmeta_and_robma_print_the_estimate():
    """The formula of bayesmeta's ``uisd`` and RoBMA's ``estimate_unit_information_sd`` on RoBMA's example."""
    sei, n = np.array([0.2, 0.3, 0.25, 0.15]), np.array([50, 30, 40, 80])
    expected = math.sqrt(n.mean() / np.mean(sei**-2.0))
    assert priors.estimated_unit_information_sd(sei, n) == pytest.approx(expected, rel=1e-12)
