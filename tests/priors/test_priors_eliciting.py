"""Priors from statements: what was stated is what the prior says; what cannot be is refused with its reason."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mutau import priors
from mutau.errors import ArgumentError
from mutau.measures import MEASURES
from mutau.outcomes import OutcomeModel
from mutau.priors.scales import SCALE_OF


def test_scales_are_the_measures():
    assert dict(SCALE_OF) == {code: measure.scale_kind for code, measure in MEASURES.items()}


# Diamond and Kaul (2004), doi:10.1016/j.jacc.2004.01.035, figure 1: log odds ratios within 5% of 0 have these
# probabilities under these "mildly", "moderately" and "highly skeptical" SDs
@pytest.mark.parametrize(("sure", "printed", "digits"), [(0.1, 0.4, 1), (0.5, 0.07, 2), (0.9, 0.03, 2)])
def test_diamond_and_kaul_2004(sure, printed, digits):
    prior = priors.elicit_normal(between=(-0.05, 0.05), sure=sure, measure="OR", scale="analysis")
    assert prior.mean == pytest.approx(0.0, abs=1e-15)
    assert round(prior.sd, digits) == printed


def test_laptook_2017():
    """Each of three priors has a 95% interval from half to twice its centre, "SD, 0.35 in the log scale"."""
    for centre in (1.0, 0.72, 1.1):
        prior = priors.elicit_normal(between=(centre / 2, centre * 2), measure="RR")
        assert (round(prior.sd, 2), round(math.exp(prior.mean), 12)) == (0.35, centre)
    assert priors.neutral(2, measure="RR").sd == pytest.approx(math.log(2) / stats.norm.ppf(0.975), rel=1e-12)


FAMILIES = {
    "normal": priors.elicit_normal,
    "t": lambda *args, **words: priors.elicit_t(*args, df=3.5, **words),
}


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_what_was_stated_is_what_it_says(make):
    prior = make(0.8, above=0.5, sure=0.9, measure="RR")
    assert prior.sf(math.log(0.5)) == pytest.approx(0.9, abs=1e-12)
    assert prior.ppf(0.5) == pytest.approx(math.log(0.8), abs=1e-12)
    assert prior.pdf(math.log(0.8)) > max(prior.pdf([math.log(0.79), math.log(0.81)]))
    prior = make(-0.02, below=0.03, sure=0.8, measure="RD")
    assert prior.cdf(0.03) == pytest.approx(0.8, abs=1e-12)
    prior = make(above=0.7, below=1.4, sure=0.6, measure="OR")
    assert prior.sf(math.log(0.7)) == pytest.approx(0.6, abs=1e-12)
    assert prior.cdf(math.log(1.4)) == pytest.approx(0.6, abs=1e-12)
    prior = make(between=(-3, 8), sure=0.5, measure="MD")
    np.testing.assert_allclose(prior.cdf([-3.0, 8.0]), [0.25, 0.75], atol=1e-12)
    assert prior.origin.measure == "MD"


def test_the_natural_and_the_analysis_scale_say_the_same():
    natural = priors.elicit_normal(0.8, above=0.5, measure="RR")
    analysis = priors.elicit_normal(math.log(0.8), above=math.log(0.5), measure="RR", scale="analysis")
    assert natural.sd == pytest.approx(analysis.sd, rel=1e-14)
    assert "log RR" in analysis.origin.name


@pytest.mark.parametrize(
    ("words", "below", "level"),
    [
        ({"most_likely": 0.2, "below": 0.6, "sure": 0.95}, 0.6, 0.95),
        ({"most_likely": 0.2, "above": 0.15, "sure": 0.9}, 0.15, 0.1),
        ({"median": 0.2, "below": 0.6, "sure": 0.9}, 0.6, 0.9),
        ({"between": (0.1, 0.6), "sure": 0.8}, 0.6, 0.9),
    ],
)
def test_log_normal_of_tau(words, below, level):
    prior = priors.elicit_log_normal(**words, measure="RR")
    assert prior.cdf(below) == pytest.approx(level, abs=1e-12)
    if "most_likely" in words:
        mode = math.exp(prior.meanlog - prior.sdlog**2)
        assert mode == pytest.approx(words["most_likely"], rel=1e-12)
    if "median" in words:
        assert prior.ppf(0.5) == pytest.approx(words["median"], rel=1e-12)


def test_tau_by_the_spread_it_makes():
    by_factor = priors.elicit_log_normal(median=1.5, below=3, measure="OR", scale="natural")
    assert math.exp(1.959963984540054 * by_factor.ppf(0.5)) == pytest.approx(1.5, rel=1e-12)
    by_points = priors.elicit_log_normal(median=0.05, below=0.1, measure="RD", scale="natural")
    assert 1.959963984540054 * by_points.ppf(0.95) == pytest.approx(0.1, rel=1e-12)


@pytest.mark.parametrize("effect", [0.6, 1.8])
def test_the_four_attitudes(effect):
    """Spiegelhalter, Freedman and Parmar (1994): 5% beyond the plausible effect, 5% for no benefit."""
    delta = math.log(effect)
    made = {
        name: getattr(priors, name)(effect, measure="RR")
        for name in ("sceptical", "neutral", "enthusiastic", "pessimistic")
    }

    def beyond(prior, x):
        return prior.sf(x) if delta > 0 else prior.cdf(x)

    assert beyond(made["sceptical"], delta) == pytest.approx(0.05, abs=1e-12)
    assert beyond(made["sceptical"], 0.0) == 0.5
    assert 1 - beyond(made["enthusiastic"], 0.0) == pytest.approx(0.05, abs=1e-12)
    assert beyond(made["enthusiastic"], delta) == pytest.approx(0.5)
    assert beyond(made["pessimistic"], 0.0) == pytest.approx(0.05, abs=1e-12)
    assert beyond(made["pessimistic"], -delta) == pytest.approx(0.5)
    assert beyond(made["neutral"], delta) == pytest.approx(0.025, abs=1e-12)
    assert made["sceptical"].sd == made["enthusiastic"].sd == made["pessimistic"].sd
    assert "10.2307/2983527" in made["sceptical"].origin.source


WRONG = [
    ({"measure": "RR"}, "statements: none. A distribution of two parameters follows from two statements"),
    ({"most_likely": 0.8, "measure": "RR"}, "statements: most_likely = 0.8. A distribution"),
    ({"most_likely": 0.8, "above": 0.5, "below": 1.2, "measure": "RR"}, "no fewer and no more"),
    ({"most_likely": 0.8, "between": (0.5, 1.2), "measure": "RR"}, "no fewer and no more"),
    ({"most_likely": 0.8, "above": 0.9, "measure": "RR"}, "these statements contradict each other"),
    ({"most_likely": 0.8, "below": 0.8, "measure": "RR"}, "these statements contradict each other"),
    ({"between": (1.2, 0.5), "measure": "RR"}, "these statements contradict each other"),
    ({"between": 0.5, "measure": "RR"}, "An interval has two ends"),
    (
        {"most_likely": 0.8, "above": 0.5, "sure": 0.4, "measure": "RR"},
        "How sure one is lies between 0.5 and 1",
    ),
    ({"most_likely": 0.8, "above": 0.5, "sure": 95, "measure": "RR"}, "Give 0.95 for 95%"),
    ({"most_likely": -0.2, "above": 0.5, "measure": "RR"}, "A ratio is above 0"),
    ({"most_likely": 5, "above": 2, "measure": "RD"}, "A risk difference lies between -1 and 1"),
    ({"most_likely": math.nan, "above": 2, "measure": "MD"}, "It is a finite number"),
    ({"most_likely": 0.8, "above": 0.5, "measure": "rr"}, "Did you mean 'RR'?"),
    (
        {"most_likely": 0.8, "above": 0.5, "measure": "RR", "scale": "log"},
        "Effects are stated as they are read",
    ),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_impossible_statements(words, said):
    with pytest.raises(ArgumentError) as caught:
        priors.elicit_normal(**words)
    assert said in str(caught.value)


def test_every_fault_at_once():
    with pytest.raises(ArgumentError) as caught:
        priors.elicit_normal(-1, above=0, sure=2, measure="RR")
    assert len(caught.value.faults) == 3


def test_a_mode_and_a_low_bound_that_no_log_normal_has():
    with pytest.raises(ArgumentError, match="No log-normal distribution with this mode"):
        priors.elicit_log_normal(0.5, above=0.01, measure="RR")
    with pytest.raises(ArgumentError, match="A factor by which ratios differ is above 1"):
        priors.elicit_log_normal(median=0.9, below=2, measure="RR", scale="natural")
    with pytest.raises(ArgumentError, match="tau, and what it spreads, is above 0"):
        priors.elicit_log_normal(median=0, below=2, measure="RR")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"effect": 1, "measure": "RR"}, "The plausible effect is an effect, not the absence of one"),
        ({"effect": 0.5, "measure": "RR", "probability": 0.6}, "lies between 0 and 0.5"),
        ({"effect": -0.5, "measure": "RR"}, "A ratio is above 0"),
    ],
)
def test_impossible_attitudes(words, said):
    with pytest.raises(ArgumentError, match=said):
        priors.sceptical(**words)


def test_a_stated_prior_stays_on_its_scale():
    prior = priors.sceptical(0.6, measure="OR")
    with pytest.raises(
        ArgumentError, match=r"stated for OR, and the measure is RR.*used for another only where that"
    ):
        OutcomeModel(name="x", measure="RR", benefit="lower", mu_prior=prior)
    with pytest.raises(ArgumentError, match="Say across_scales = true if it is meant"):
        prior.for_measure("RR")
    crossed = prior.for_measure("RR", across_scales=True)
    model = OutcomeModel(name="x", measure="RR", benefit="lower", mu_prior=crossed)
    assert model.mu_prior.label.endswith("(plausible OR 0.6, 5%); stated for OR, used for RR]")
    with pytest.raises(ArgumentError, match=r"prior\.scaled\(sd\)"):
        prior.for_measure("MD", across_scales=True)
    assert priors.Normal(0, 1).for_measure("MD") == priors.Normal(0, 1)
    with pytest.raises(ArgumentError, match=r"is a prior of mu\. Here stands a prior of tau"):
        OutcomeModel(name="x", measure="OR", benefit="lower", tau_prior=crossed_tau())


def crossed_tau():
    from dataclasses import replace

    return replace(priors.HalfNormal(1), origin=priors.sceptical(0.6, measure="OR").origin)
