"""Prior predictive p-values: against simulation, bayesmeta's prior predictive quantiles, and scipy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

import mutau
from mutau import priors
from mutau.sensitivities import PriorConflict, prior_conflict
from mutau.sensitivities.conflict import weighted_chi2_cdf

ROOT = Path(__file__).parents[2]
DRAWS = 400_000
SIX_SIGMA = 6 * np.sqrt(0.25 / DRAWS)  # of a simulated probability
MU = [
    priors.Normal(0, 2.82),
    priors.StudentT(0, 0.39, 3),
    priors.NormalMixture((0.5, 0.5), (-1, 1), (0.1, 0.05)),
    priors.Cauchy(0, 0.7),
]
TAU = [priors.HalfNormal(0.5), priors.InverseGamma(0.97, 0.11), priors.HalfCauchy(0.5), priors.PointMass(0.3)]


def simulated(fit):
    """P(T >= observed), P(Q >= observed) by draws of the data from the prior predictive distribution."""
    rng = np.random.default_rng(7)
    y, s = (fit.effects[name].to_numpy(float) for name in ("yi", "sei"))
    w = s**-2.0
    mu, tau = (prior.sample(rng, DRAWS) for prior in (fit.model.mu_prior, fit.model.tau_prior))
    data = mu[:, None] + np.sqrt(s**2 + tau[:, None] ** 2) * rng.standard_normal((DRAWS, len(y)))

    def statistics(rows):
        t = rows @ w / w.sum()
        return t, ((rows - t[:, None]) ** 2 @ w)

    return [
        (drawn >= seen[0]).mean() for drawn, seen in zip(statistics(data), statistics(y[None]), strict=True)
    ]


@pytest.mark.parametrize(("mu", "tau"), list(zip(MU, TAU, strict=True)))
@pytest.mark.parametrize("name", ["secure_exact", "bcg"])
def test_tails_agree_with_simulation(name, mu, tau, request):
    fit = request.getfixturevalue(name)
    model = replace(fit.model, mu_prior=mu, tau_prior=tau, tau_alternatives=())
    checks = prior_conflict(replace(fit, model=model))
    for check, upper in zip(checks, simulated(replace(fit, model=model)), strict=True):
        assert check.p_upper == pytest.approx(upper, abs=SIX_SIGMA)
        assert check.p_lower + check.p_upper == pytest.approx(1, abs=1e-9)
        assert check.p == pytest.approx(2 * min(check.p_lower, check.p_upper))


@pytest.mark.parametrize(
    ("tau", "quantile"),
    [  # bayesmeta 3.4, `normalmixture`: 97.5% of theta ~ Normal(0, tau)
        (priors.HalfNormal(0.5), 1.092287),
        (priors.HalfNormal(1), 2.184573),
        (priors.HalfCauchy(0.5), 5.050571),
    ],
)
def test_bayesmeta_prior_predictive_quantiles(tau, quantile):
    frame = pd.DataFrame({"study": ["one"], "yi": [quantile], "sei": [1e-6], "provenance": ["made up"]})
    model = mutau.OutcomeModel(
        name="m", measure="GEN", benefit="higher", mu_prior=priors.PointMass(0), tau_prior=tau
    )
    check, _ = prior_conflict(mutau.fit(frame, model, engine="exact", seed=1))
    assert check.p_upper == pytest.approx(0.025, abs=1e-4)  # bayesmeta sums over a grid that is right to 1%


@pytest.mark.parametrize("q", [1e-6, 0.01, 1.0, 5.0, 30.0])
def test_weighted_chi_squares_against_scipy(q):
    for m in (1, 2, 5, 12):
        assert weighted_chi2_cdf(q, np.full((1, m), 2.5))[0] == pytest.approx(chi2.cdf(q / 2.5, m), abs=1e-9)
    spread = np.array([[1.0, 4.0]])  # two chi-squares: a closed form by one integral
    truth = quad(
        lambda z: 2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * chi2.cdf((q - z * z) / 4, 1), 0, np.sqrt(q)
    )[0]
    assert weighted_chi2_cdf(q, spread)[0] == pytest.approx(truth, abs=1e-7)


def test_a_prior_that_conflicts_is_found(bcg):
    sceptical = replace(bcg.model, mu_prior=priors.Normal(2, 0.1), tau_prior=priors.HalfNormal(0.02))
    mu, tau = prior_conflict(replace(bcg, model=sceptical))
    assert mu.p < 1e-6
    assert tau.p_upper < 1e-6


@pytest.mark.parametrize(
    ("changes", "quantities", "said"),
    [
        ({"mu_prior": priors.Flat()}, ["mu"], "improper"),
        ({"tau_prior": priors.Uniform(0, np.inf)}, ["mu", "tau"], "improper"),
        ({"effects_df": 4.0}, ["mu", "tau"], "no rule"),
    ],
)
def test_what_does_not_exist_is_nan_with_the_reason(bcg, changes, quantities, said):
    for check in prior_conflict(replace(bcg, model=replace(bcg.model, tau_alternatives=(), **changes))):
        assert np.isnan(check.p) == (check.quantity in quantities)
        assert (said in check.note) == (check.quantity in quantities)


def test_one_study_says_nothing_of_tau(pip_studies):
    model = mutau.load_model(ROOT / "models" / "epds_routine_smd.toml")
    mu, tau = prior_conflict(mutau.fit(pip_studies, model, engine="exact", seed=1))
    assert np.isfinite(mu.p)
    assert np.isnan(tau.p)
    assert "single" in tau.note


def test_counts_are_checked_by_their_estimates_and_that_is_said(avoidant, bcg):
    checks = prior_conflict(avoidant)
    assert all("normal likelihood" in check.note for check in checks)
    difference = replace(bcg.model, measure="RD", likelihood="binomial", mu_prior=None, tau_prior=None)
    fit = replace(bcg, model=difference, effects=mutau.effects(bcg.studies.wide(), measure="RD"))
    assert "atanh" in prior_conflict(fit)[0].note
    assert list(PriorConflict.to_frame(checks)["quantity"]) == ["mu", "tau"]
