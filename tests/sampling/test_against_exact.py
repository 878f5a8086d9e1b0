"""Sampled posteriors against exact ones (tests/reference/exact.json: quadrature converged to 1e-13).

Tolerances, from docs/statistics.md: means and quantiles within 4 Monte Carlo standard errors (a true engine
fails one such comparison in 16,000); probabilities inside the binomial interval of the same level at the
indicator's effective sample size; where fewer than 5 draws are expected in a tail, only an excess counts.
"""

import json
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mutau
from mutau import priors

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "exact.json").read_text())
MCSE_ALLOWED = 4.0
LEVEL = 2 * stats.norm.sf(MCSE_ALLOWED)

FAST = ("crins/HN0.5", "crins/HN1", "crins_rct2/HN0.5", "schools/HC25_N0_50", "bcg_RR/HN0.5_N0_4")
TAU_PRIORS = {  # how the reference names what is not in mutau's call form
    "HalfStudentT(df 4, scale 0.5)": priors.HalfStudentT(0.5, 4),
    "Exponential(rate 2)": priors.Exponential(2),
    "LogNormal(-1.07, 0.87) on tau": priors.LogNormal(-1.07, 0.87),
    "improper uniform": priors.Uniform(0, np.inf),
}


def tau_prior(text):
    return TAU_PRIORS[text] if text in TAU_PRIORS else priors.parse_prior(text)


def mu_prior(text):
    return priors.Flat() if text == "flat" else priors.parse_prior(text)


def fit_case(case):
    frame = pd.DataFrame(
        {"study": [f"study {i}" for i in range(len(case["yi"]))], "yi": case["yi"], "sei": case["sei"]}
    )
    model = mutau.OutcomeModel(
        name="reference",
        measure="GEN",
        benefit="lower",
        mu_prior=mu_prior(case["mu_prior"]),
        tau_prior=tau_prior(case["tau_prior"]),
    )
    return mutau.fit(frame, model, seed=20261123)


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in REFERENCE]
)
def test_posterior_agrees_with_quadrature(name):
    case = REFERENCE[name]
    fit = fit_case(case)
    posterior = fit.tree["posterior"]
    assert fit.engine.converged
    errors = {}
    for quantity, key in (("mu", "mu_q"), ("theta_new", "theta_new_q")):
        draws = posterior[quantity]
        for p, expected in case[key].items():
            mcse = float(az.mcse(draws.values, method="quantile", prob=float(p)))
            errors[quantity, p] = (float(draws.quantile(float(p))) - expected) / mcse
    if np.isfinite(mutau.summary(fit).query("quantity == 'mu'")["mean"].iloc[0]):
        mcse = float(az.mcse(posterior["mu"].values, method="mean"))
        errors["mu", "mean"] = (float(posterior["mu"].mean()) - case["mu_mean"]) / mcse
    if case["tau_mean"] is not None and np.isfinite(case["tau_mean"]):
        mcse = float(az.mcse(posterior["tau"].values, method="mean"))
        errors["tau", "mean"] = (float(posterior["tau"].mean()) - case["tau_mean"]) / mcse
    assert max(map(abs, errors.values())) < MCSE_ALLOWED, errors
    for quantity, key in (("mu", "P_mu_gt_0"), ("theta_new", "P_new_gt_0")):
        check_probability(posterior[quantity].values > 0, case[key])


def check_probability(holds, expected):
    """Compare a share of draws with an exact probability, as counts of effectively independent draws."""
    ess = float(az.ess(holds.astype(float), method="mean")) if 0 < holds.mean() < 1 else holds.size
    ess = min(ess, holds.size)
    count = holds.mean() * ess
    lower, upper = stats.binom.ppf([LEVEL / 2, 1 - LEVEL / 2], int(ess), expected)
    assert count <= upper + 1
    if min(expected, 1 - expected) * ess >= 5:
        assert count >= lower - 1
