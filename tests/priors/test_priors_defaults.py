"""The default priors: the decided numbers, the arithmetic behind them, and what is refused."""

from __future__ import annotations

import math

import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.priors import default_priors

logit_to_smd = math.sqrt(3) / math.pi


@pytest.mark.parametrize(
    ("kind", "mu", "tau", "wide"),
    [("ratio", 2.82, 0.5, 1.0), ("smd", 1.55, 0.28, 0.5), ("rd", 0.5, 0.1, 0.2)],
)
def test_the_numbers(kind, mu, tau, wide):
    given = default_priors(kind)
    assert given.mu == priors.Normal(0, mu)
    assert given.tau == priors.HalfNormal(tau)
    assert given.tau_wide == priors.HalfNormal(wide)
    assert given.source


def test_the_arithmetic():
    assert math.exp(1.96 * 2.82) == pytest.approx(251.44, abs=0.005)  # "1/250 to 250" in Günhan et al. 2020
    assert 2.82 * logit_to_smd == pytest.approx(1.555, abs=5e-4)
    assert 0.5 * logit_to_smd == pytest.approx(0.276, abs=5e-4)
    assert default_priors("smd").mu.sd == pytest.approx(2.82 * logit_to_smd, abs=0.005)
    assert default_priors("smd").tau.scale == pytest.approx(0.5 * logit_to_smd, abs=0.005)


def test_mean_difference_is_the_smd_in_the_outcomes_units():
    given, smd = default_priors("md", reference_sd=5), default_priors("smd")
    for ours, rescaled in zip(
        (given.mu, given.tau, given.tau_wide), (smd.mu, smd.tau, smd.tau_wide), strict=True
    ):
        assert ours.parameters == pytest.approx(rescaled.scaled(5).parameters)
    assert [str(prior) for prior in (given.mu, given.tau, given.tau_wide)] == [  # no 1.4000000000000001
        "Normal(0, 7.75)",
        "HalfNormal(1.4)",
        "HalfNormal(2.5)",
    ]
    assert "reference SD of 5" in given.source


@pytest.mark.parametrize("sd", [None, 0.0, -1.0, math.nan, math.inf])
def test_mean_difference_needs_a_reference_sd(sd):
    with pytest.raises(ArgumentError, match="need an SD of the outcome, finite and above 0"):
        default_priors("md", reference_sd=sd)


def test_other_scales_refuse_a_reference_sd():
    with pytest.raises(ArgumentError, match="Leave it out"):
        default_priors("ratio", reference_sd=5)


def test_generic_and_unknown_scales():
    with pytest.raises(ArgumentError, match="State the priors of mu and tau in the model"):
        default_priors("generic")
    with pytest.raises(ArgumentError, match="Did you mean 'ratio'"):
        default_priors("ratios")
