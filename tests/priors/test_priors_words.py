"""What a prior says in words: exact sentences, and the promises in them checked against the prior."""

from __future__ import annotations

import math
import re

import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.priors import mu_in_words, tau_in_words

FLAT = "flat: every value equally likely; no probability statement can be made from it alone"


@pytest.mark.parametrize(
    ("prior", "kind", "name", "words"),
    [
        (
            priors.Normal(0, 2.82),
            "ratio",
            "risk ratio",
            "average risk ratio between 1/252 and 252 with probability 95%",
        ),
        (
            priors.Normal(0, 0.1),
            "ratio",
            "odds ratio",
            "average odds ratio between 1/1.22 and 1.22 with probability 95%",
        ),
        (
            priors.Normal(0.5, 0.6),
            "ratio",
            "odds ratio",
            "average odds ratio between 0.509 and 5.34 with probability 95%",
        ),
        (
            priors.Normal(-2, 1),
            "ratio",
            "odds ratio",
            "average odds ratio between 1/52.5 and 0.961 with probability 95%",
        ),
        (
            priors.Cauchy(0, 1),
            "ratio",
            "odds ratio",
            "average odds ratio between 1/329,788 and 329,788 with probability 95%",
        ),
        (
            priors.Cauchy(0, 1e6),
            "ratio",
            "odds ratio",
            "average odds ratio between less than 1/1,000,000 and more than 1,000,000 with probability 95%",
        ),
        (
            priors.Normal(0, 1.55),
            "smd",
            "standardised mean difference",
            "average standardised mean difference between -3.04 and 3.04 with probability 95%",
        ),
        (
            priors.Normal(0, 0.5),
            "rd",
            "risk difference",
            "average risk difference between -98 and 98 percentage points with probability 95%",
        ),
        (
            priors.Normal(0, 1),
            "rd",
            "risk difference",
            "average risk difference between -196 and 196 percentage points with probability 95% "
            "(beyond the 100 percentage points that are possible)",
        ),
        (
            priors.Normal(0, 7.75),
            "md",
            "mean difference",
            "average mean difference between -15.2 and 15.2 in the outcome's own units with probability 95%",
        ),
        (
            priors.Normal(0, 1e9),
            "generic",
            "effect",
            "average effect between less than -1,000,000 and more than 1,000,000 on the analysis scale "
            "with probability 95%",
        ),
        (
            priors.PointMass(0),
            "ratio",
            "risk ratio",
            "average risk ratio fixed at 1: no other value is considered",
        ),
        (
            priors.PointMass(0.1),
            "rd",
            "risk difference",
            "average risk difference fixed at 10 percentage points: no other value is considered",
        ),
        (priors.Flat(), "smd", "standardised mean difference", FLAT),
        (
            priors.Flat(),
            "ratio",
            "risk ratio",
            "flat: every value on the log scale equally likely; no probability statement can be made "
            "from it alone",
        ),
    ],
)
def test_mu(prior, kind, name, words):
    assert mu_in_words(prior, kind, name) == words


@pytest.mark.parametrize(
    ("prior", "kind", "name", "words"),
    [
        (
            priors.HalfNormal(0.5),
            "ratio",
            "risk ratio",
            "tau below 0.337 with probability 50% and below 0.98 with probability 95%; at tau = "
            "0.337, 95% of true "
            "risk ratios lie within a factor of 1.94 of their average, at tau = 0.98 within a factor of 6.83",
        ),
        (
            priors.HalfNormal(0.28),
            "smd",
            "standardised mean difference",
            "tau below 0.189 with probability 50% and below 0.549 with probability 95%; at tau = "
            "0.189, 95% of true "
            "standardised mean differences lie within 0.37 of their average, at tau = 0.549 within 1.08",
        ),
        (
            priors.HalfNormal(0.1),
            "rd",
            "risk difference",
            "tau below 0.0674 with probability 50% and below 0.196 with probability 95%; at tau = "
            "0.0674, 95% of "
            "true risk differences lie within 13.2 percentage points of their average, at tau = "
            "0.196 within 38.4 "
            "percentage points",
        ),
        (
            priors.HalfCauchy(100),
            "ratio",
            "odds ratio",
            "tau below 100 with probability 50% and below 1,271 with probability 95%; at tau = 100, "
            "95% of true "
            "odds ratios lie within a factor of more than 1,000,000 of their average, at tau = 1,271 "
            "within a factor "
            "of more than 1,000,000",
        ),
        (
            priors.PointMass(0),
            "ratio",
            "risk ratio",
            "no heterogeneity: every study estimates the same effect",
        ),
        (
            priors.PointMass(0.3),
            "ratio",
            "risk ratio",
            "tau fixed at 0.3: 95% of true risk ratios lie within a factor of 1.8 of their average",
        ),
        (
            priors.Uniform(0, math.inf),
            "smd",
            "standardised mean difference",
            "flat: every value of tau equally likely; no probability statement can be made from it alone",
        ),
    ],
)
def test_tau(prior, kind, name, words):
    assert tau_in_words(prior, kind, name) == words


def test_quantiles_of_more_than_a_million():
    assert tau_in_words(priors.LogStudentT(0, 300, 1), "md", "mean difference") == (
        "tau below 1 with probability 50%, but above 1,000,000 with probability more than 5%; at tau "
        "= 1, 95% of true "
        "mean differences lie within 1.96 of their average (in the outcome's own units)"
    )
    words = tau_in_words(priors.LogNormal(800, 1), "smd", "SMD")  # quantiles beyond the largest double
    assert words == "tau above 1,000,000 with probability more than 50%"


def test_very_small_values_are_written_out():
    words = tau_in_words(priors.PointMass(0.00001234), "smd", "SMD")
    assert words == "tau fixed at 0.00001234: 95% of true SMDs lie within 0.00002419 of their average"


@pytest.mark.parametrize(
    "prior", [priors.HalfNormal(0.5), priors.HalfCauchy(0.3), priors.LogNormal(-1, 0.8)], ids=str
)
def test_the_promise_about_tau_is_kept(prior):
    words = tau_in_words(prior, "smd", "SMD")
    middle, high = (float(found) for found in re.findall(r"below ([\d.]+) with", words))
    assert prior.cdf(middle) == pytest.approx(0.5, abs=0.005)
    assert prior.cdf(high) == pytest.approx(0.95, abs=0.005)
    within = [float(found) for found in re.findall(r"within ([\d.]+\d)", words)]
    spread = priors.Normal(0, middle)
    assert spread.cdf(within[0]) - spread.cdf(-within[0]) == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("say", [mu_in_words, tau_in_words])
def test_unknown_scale(say):
    with pytest.raises(ArgumentError, match="Did you mean 'ratio'"):
        say(priors.HalfNormal(1), "Ratio", "risk ratio")
