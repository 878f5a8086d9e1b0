"""The exact engine against numbers made by other programs: exact.json, and Bayes factors printed in papers."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from mutau import exact, priors

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "exact.json").read_text())
BMA = json.loads((REFERENCE / "bma_data.json").read_text())

IN_SD = 1e-8  # quantiles and means, in posterior SDs: the bar set for the engine; it reaches 1e-13
LOG_MARGINAL = 1e-9  # the reference's own log marginals agree to 1e-13 between rules
TAIL_ABSOLUTE, TAIL_RELATIVE = 1e-9, 1e-6
PRINTED = 0.6  # of the last printed digit


def parse(text):
    if text == "flat":
        return priors.Flat()
    if text == "improper uniform":
        return priors.Uniform(0, math.inf)
    half_t = re.fullmatch(r"HalfStudentT\(df (\S+), scale (\S+)\)", text)
    if half_t:
        return priors.HalfStudentT(float(half_t[2]), float(half_t[1]))
    return priors.parse_prior(text.removesuffix(" on tau").replace("rate ", ""))


def spread(marginal):
    if math.isfinite(marginal.sd):
        return marginal.sd
    low, high = marginal.quantile([0.25, 0.75])
    return (high - low) / 1.349


@pytest.mark.parametrize("name", CASES)
def test_every_reference_case(name):
    case = CASES[name]
    mu, tau = parse(case["mu_prior"]), parse(case["tau_prior"])
    posterior = exact.normal(case["yi"], case["sei"], mu=mu, tau=tau)
    for which, key, tail in (("mu", "mu_q", "P_mu_gt_0"), ("theta_new", "theta_new_q", "P_new_gt_0")):
        marginal = getattr(posterior, which)
        probabilities = [float(p) for p in case[key]]
        expected = np.array(list(case[key].values()))
        worst = np.abs(marginal.quantile(probabilities) - expected).max() / spread(marginal)
        assert worst < IN_SD
        assert worst <= posterior.error_estimate
        assert abs(marginal.sf(0) - case[tail]) < TAIL_ABSOLUTE
        if case[tail] > 1e-12:
            assert abs(marginal.sf(0) / case[tail] - 1) < TAIL_RELATIVE
    assert abs(posterior.mu.mean - case["mu_mean"]) / spread(posterior.mu) < IN_SD
    assert abs(posterior.tau.mean - case["tau_mean"]) / spread(posterior.tau) < IN_SD
    if mu.is_proper and tau.is_proper:
        assert abs(posterior.log_marginal - case["logml"]) < LOG_MARGINAL
    else:
        assert math.isnan(posterior.log_marginal)
        assert "improper" in posterior.log_marginal_reason


def four_models(yi, sei, mu, tau, positive):
    """Log marginal likelihoods: fixed H0, fixed H1, random H0, random H1 (metaBMA's order).

    A prior of mu cut at 0 is twice the whole one on mu > 0, so its marginal likelihood is the whole one's times
    2 P(mu > 0).
    """
    out = []
    for spread_prior in (priors.PointMass(0), tau):
        out.append(exact.normal(yi, sei, mu=priors.PointMass(0), tau=spread_prior).log_marginal)
        whole = exact.normal(yi, sei, mu=mu, tau=spread_prior)
        out.append(whole.log_marginal + (math.log(2 * whole.mu.sf(0)) if positive else 0.0))
    return np.array(out)


def columns(name, effect, error):
    return np.array([[row[effect], row[error]] for row in BMA[name]]).T


def test_power_pose():
    """Gronau et al. (2017), doi:10.1080/23743603.2017.1326760; metaBMA's own test, and PUBLISHED 3.10."""
    yi, sei = columns("power_pose", "effectSize", "SE")
    logs = four_models(yi, sei, priors.Cauchy(0, 1 / math.sqrt(2)), priors.InverseGamma(1, 0.15), True)
    np.testing.assert_allclose(logs, [-1.5529, 2.9421, -0.6879, 1.5501], atol=PRINTED * 1e-4)
    weights = np.exp(logs) / np.exp(logs).sum()
    np.testing.assert_allclose(weights, [0.00868, 0.77745, 0.02061, 0.19325], atol=PRINTED * 1e-5)
    assert abs((weights[1] + weights[3]) / (weights[0] + weights[2]) - 33.1359) < PRINTED * 1e-4


def test_oral_health():
    """Poulsen et al. (2006) as analysed by Bartos et al. (2021), doi:10.1002/sim.9170: BF10 218.53, BFrf 3.52."""
    yi, sei = columns("Poulsen2006", "d", "se")
    logs = four_models(yi, sei, priors.StudentT(0, 0.51, 5), priors.InverseGamma(1.79, 0.28), False)
    m = np.exp(logs)
    assert abs((m[1] + m[3]) / (m[0] + m[2]) - 218.526) < PRINTED * 1e-3
    assert abs((m[2] + m[3]) / (m[0] + m[1]) - 3.5237) < PRINTED * 1e-4


@pytest.mark.parametrize(("scale", "factor"), [(0.3, 9.8509), (0.25, 9.8638)])
def test_towels(scale, factor):
    """metaBMA's vignette (half-normal for mu); 0.25 is Scheibehenne et al. (2017), printed 9.8829 by MCMC."""
    yi, sei = columns("towels", "logOR", "SE")
    logs = four_models(yi, sei, priors.Normal(0, 0.3), priors.HalfCauchy(scale), True)
    if scale == 0.3:
        np.testing.assert_allclose(logs, [-5.5771, -2.4046, -4.7397, -3.4089], atol=PRINTED * 1e-4)
    m = np.exp(logs)
    assert abs((m[1] + m[3]) / (m[0] + m[2]) - factor) < PRINTED * 1e-4
