"""Counts told by their own likelihood, from table to answer: targets, published figures, plain sums."""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.engines import choose
from mutau.errors import ArgumentError
from mutau.fitting import model_request, prepare
from mutau.surfacing import surface_posterior, unsupported

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("exact_brute", ROOT / "tests" / "exact" / "brute.py")
brute = sys.modules["exact_brute"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(brute)

STUDIES = mutau.read_studies(ROOT / "data" / "pip" / "studies.csv")
BCG = mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv")
PRINTED = 0.6  # of the last printed digit
IN_SD = 1e-6
P = np.array([0.025, 0.5, 0.975])

TARGETS = {  # docs/statistics.md: median, limits and P(benefit), as printed there
    "secure": (6.91, 0.01, 2.54, 24.0, 0.9988),
    "insecure_to_secure": (11.6, 0.1, 4.05, 39.2, 0.9998),
    "avoidant": (0.469, 0.001, 0.165, 1.18, 0.9527),
    "disorganised": (0.305, 0.001, 0.123, 0.69, 0.9941),
}


def exact_fit(studies, model):
    return mutau.fit(studies, model, engine="exact", seed=1)


@pytest.mark.parametrize("name", TARGETS)
def test_the_attachment_outcomes(name):
    model = mutau.load_model(ROOT / "models" / f"{name}.toml")
    assert model.likelihood == "binomial"
    fit = exact_fit(STUDIES, model)
    median, digit, lower, upper, chance = TARGETS[name]
    interval = mutau.interval(fit)
    assert abs(math.exp(fit.exact.mu.quantile(0.5)) - median) < PRINTED * digit
    assert interval.lower == pytest.approx(lower, abs=0.006)
    assert interval.upper == pytest.approx(upper, rel=0.01)
    assert abs(mutau.probability_of_benefit(fit).benefit - chance) < PRINTED * 1e-4
    rows = fit.effects[["events_treatment", "n_treatment", "events_control", "n_control"]].to_numpy(float)
    reach = (-7.0, 11.0) if median > 1 else (-11.0, 7.0)
    truth = brute.Brute("RR", [tuple(row) for row in rows], reach=reach)
    for marginal, cdf in ((fit.exact.mu, truth.cdf), (fit.exact.theta_new, truth.cdf_new)):
        q = marginal.quantile(P)
        gap = np.array([cdf(x) for x in q]) - P
        assert np.abs(gap / (marginal.pdf(q) * marginal.sd)).max() < IN_SD


@pytest.mark.slow
def test_every_admissible_set():
    table = pd.read_csv(ROOT / "data" / "pip" / "admissible_attachment.csv")
    counts = [name for name in table.columns if name.startswith(("events", "n_"))]
    assert counts
    model = mutau.load_model(ROOT / "models" / "avoidant.toml")
    for (_, number), rows in table.groupby(["outcome", "set"]):
        fit = exact_fit(rows.drop(columns=["outcome", "set"]), replace(model, where={}))
        given = fit.effects[["events_treatment", "n_treatment", "events_control", "n_control"]].to_numpy(
            float
        )
        truth = brute.Brute("RR", [tuple(row) for row in given], reach=(-11.0, 7.0))
        q = fit.exact.mu.quantile(P)
        gap = np.array([truth.cdf(x) for x in q]) - P
        assert np.abs(gap / (fit.exact.mu.pdf(q) * fit.exact.mu.sd)).max() < IN_SD, number


def bcg_model(**changes):
    return mutau.OutcomeModel(name="bcg", measure="OR", benefit="lower", likelihood="binomial", **changes)


def test_bcg_against_metastan():
    """MetaStan's vignette (binomial-normal): mean -0.76 [-1.16, -0.38], median of tau 0.58 [0.35, 0.91], by MCMC."""
    model = bcg_model(mu_prior=priors.Normal(0, 10), tau_prior=priors.HalfNormal(0.5), baseline_sd=100.0)
    posterior = exact_fit(BCG, model).exact
    assert posterior.mu.mean == pytest.approx(-0.76, abs=0.015)
    np.testing.assert_allclose(posterior.mu.quantile([0.025, 0.975]), [-1.16, -0.38], atol=0.02)
    assert posterior.tau.quantile(0.5) == pytest.approx(0.58, abs=0.006)
    np.testing.assert_allclose(
        posterior.tau.quantile([0.025, 0.975]), [0.35, 0.91], atol=0.03
    )  # of 4,000 draws


def test_bcg_against_nice():
    """NICE TSD 3 as checked by multinma: d -0.762 (sd 0.22), median of tau 0.649 [0.39, 1.17], by MCMC."""
    model = bcg_model(mu_prior=priors.Normal(0, 100), tau_prior=priors.HalfNormal(5.0), baseline_sd=200.0)
    posterior = exact_fit(BCG, model).exact
    assert posterior.mu.mean == pytest.approx(-0.762, abs=0.01)
    assert posterior.mu.sd == pytest.approx(0.22, abs=0.01)
    assert posterior.tau.quantile(0.5) == pytest.approx(0.649, abs=0.01)
    np.testing.assert_allclose(posterior.theta_new.quantile([0.025, 0.975]), [-2.27, 0.72], atol=0.06)


@pytest.mark.slow
def test_bcg_risk_ratio_against_plain_sums():
    fit = exact_fit(BCG, replace(bcg_model(), measure="RR"))
    rows = fit.effects[["events_treatment", "n_treatment", "events_control", "n_control"]].to_numpy(float)
    truth = brute.Brute("RR", [tuple(row) for row in rows], step=0.01, reach=(-6.0, 5.0))
    q = fit.exact.mu.quantile(P)
    gap = np.array([truth.cdf(x) for x in q]) - P
    assert np.abs(gap / (fit.exact.mu.pdf(q) * fit.exact.mu.sd)).max() < IN_SD


@pytest.mark.slow
def test_bcg_sampled_agrees_with_exact():
    model = bcg_model()
    sampled, posterior = mutau.fit(BCG, model, engine="sampling", seed=1), exact_fit(BCG, model).exact
    for name in ("mu", "tau", "theta_new"):
        drawn, exact = sampled.marginal(name), getattr(posterior, name)
        for p in P:
            assert abs(drawn.quantile(p) - exact.quantile(p)) < 4.5 * drawn.mcse_quantile(p)


def test_poisson_with_a_flat_baseline_is_the_conditional_binomial():
    """Given the events in both arms together, those of the treatment are binomial: summed here over mu and tau."""
    data = {"study": ["a", "b"], "events_treatment": [4, 11], "time_treatment": [120.0, 300.0],
            "events_control": [9, 10], "time_control": [110.0, 310.0]}  # fmt: skip
    model = mutau.OutcomeModel(
        name="m", measure="IRR", benefit="lower", likelihood="poisson", baseline_sd=1e4
    )
    posterior = exact_fit(pd.DataFrame(data), model).exact
    mu = np.arange(-6.0, 6.0, 0.02)
    x, w = np.polynomial.legendre.leggauss(60)
    tau, w = 2.0 * (1 + x), 2.0 * w
    z, wz = np.polynomial.hermite_e.hermegauss(80)
    logs = stats.norm.logpdf(mu, 0, 2.82) + (stats.halfnorm.logpdf(tau, scale=0.5) + np.log(w))[:, None]
    for a, t, c, s in zip(*list(data.values())[1:], strict=True):
        theta = mu[None, :, None] + tau[:, None, None] * z
        own = stats.binom.pmf(a, a + c, 1 / (1 + s / (t * np.exp(theta)))) @ (wz / wz.sum())
        logs += np.log(own)
    density = np.exp(logs - logs.max()).sum(axis=0)
    cdf = brute._spline(mu, density / (density.sum() * 0.02)).antiderivative()
    q = posterior.mu.quantile(P)
    np.testing.assert_allclose(cdf(q), P, atol=1e-5)  # the flat limit, reached to that


def test_t_effects_widen_what_a_new_setting_may_bring():
    model = mutau.load_model(ROOT / "models" / "secure.toml")
    normal, heavy = (exact_fit(STUDIES, replace(model, effects_df=df)).exact for df in (math.inf, 3.0))
    assert np.diff(heavy.theta_new.quantile([0.005, 0.995])) > 1.1 * np.diff(
        normal.theta_new.quantile([0.005, 0.995])
    )


def test_other_likelihoods_stand_beside():
    model = mutau.load_model(ROOT / "models" / "avoidant.toml")
    found = mutau.compare_likelihoods(exact_fit(STUDIES, model)).set_index("likelihood_label")
    assert list(found.index) == ["binomial", "baseline SD 5", "baseline SD 20", "normal"]
    assert found.loc["binomial", "p_benefit"] == pytest.approx(0.9527, abs=6e-5)
    assert found.loc["normal", "p_benefit"] == pytest.approx(0.9380, abs=6e-5)
    assert found.loc["normal", "estimate"] == pytest.approx(0.483, abs=6e-4)
    odds = mutau.compare_likelihoods(
        exact_fit(STUDIES, replace(model, measure="OR", thresholds=(), published=None, tau_alternatives=()))
    )
    assert "conditional" in set(odds["likelihood_label"])
    smd = mutau.load_model(ROOT / "models" / "epds_routine_smd.toml")
    with pytest.raises(ArgumentError, match="is of counts"):
        mutau.compare_likelihoods(exact_fit(STUDIES, smd))


def requests(**changes):
    model = replace(mutau.load_model(ROOT / "models" / "secure.toml"), **changes)
    return model_request(prepare(STUDIES, model)[1], model)


def test_another_prior_weighs_the_kept_surface():
    first = surface_posterior(requests())
    start = time.perf_counter()
    second = surface_posterior(requests(tau_prior=priors.HalfNormal(1.0)))
    assert second.surface is first.surface
    assert time.perf_counter() - start < 0.05  # milliseconds, on any machine
    assert surface_posterior(requests(baseline_sd=5.0)).surface is not first.surface


def test_a_corner_in_the_likelihood_is_left_to_sampling():
    data = pd.DataFrame(
        {
            "study": ["all"],
            "events_treatment": [12],
            "n_treatment": [12],
            "events_control": [5],
            "n_control": [11],
        }
    )
    model = mutau.OutcomeModel(name="m", measure="RR", benefit="higher", likelihood="binomial")
    request = model_request(prepare(data, model)[1], model)
    assert "corner" in unsupported(request)
    assert choose("auto", request).name == "sampling"
    odds = replace(model, measure="OR")
    assert unsupported(model_request(prepare(data, odds)[1], odds)) is None


def test_double_zero_trials_need_no_correction():
    data = pd.DataFrame({"study": ["none", "some"], "events_treatment": [0, 3], "n_treatment": [20, 30],
                         "events_control": [0, 5], "n_control": [25, 28]})  # fmt: skip
    model = mutau.OutcomeModel(name="m", measure="RR", benefit="lower", likelihood="binomial")
    both = exact_fit(data, model).exact
    alone = exact_fit(data.iloc[1:], model).exact
    assert both.mu.quantile(0.5) != alone.mu.quantile(
        0.5
    )  # it shrinks the answer a little, through its baseline
    assert both.mu.quantile(0.5) == pytest.approx(alone.mu.quantile(0.5), abs=0.15)


def test_swapping_the_arms_swaps_benefit_and_harm():
    model = mutau.load_model(ROOT / "models" / "secure.toml")
    counts = prepare(STUDIES, model)[1][
        ["study", "events_treatment", "n_treatment", "events_control", "n_control"]
    ]
    other_arm = {"treatment": "control", "control": "treatment"}
    swapped = counts.rename(
        columns={
            f"{kind}_{arm}": f"{kind}_{other}" for kind in ("events", "n") for arm, other in other_arm.items()
        }
    )
    plain = replace(model, where={})
    one, other = (exact_fit(table, plain).exact for table in (counts, swapped))
    np.testing.assert_allclose(other.mu.quantile(P), -one.mu.quantile(P)[::-1], atol=1e-8)
    assert other.log_marginal == pytest.approx(one.log_marginal, abs=1e-8)


def nielweise():
    """Catheter infections, 18 trials (Niel-Weise et al. 2007), as metafor's ``dat.nielweise2007`` has them."""
    ai = [0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4]
    n1i = [116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64]
    ci = [3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1]
    n2i = [117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69]
    return pd.DataFrame({"study": range(18), "ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i})


def test_sparse_data_against_stijnen_and_metafor():
    """Stijnen, Hamza and Ozdemir (2010), doi:10.1002/sim.4040: conditional exact likelihood, estimate -1.353 (0.351).

    metafor's rma.glmm (model CM.EL) gives the maximum's place, standard error and height: -1.353158, 0.351068 with
    tau squared 0.693459, log likelihood -24.944458. Under wide priors the posterior peaks there.
    """
    model = mutau.OutcomeModel(
        name="m", measure="OR", benefit="lower", likelihood="hypergeometric",
        mu_prior=priors.Normal(0, 50), tau_prior=priors.HalfNormal(20.0),
    )  # fmt: skip
    surface = exact_fit(nielweise(), model).exact.surface
    best = np.unravel_index(surface.values.argmax(), surface.values.shape)
    assert surface.values.max() == pytest.approx(-24.9445, abs=0.02)  # the best of the nodes
    assert surface.values.max() < -24.944457
    assert surface.tau[best[0]] == pytest.approx(math.sqrt(0.693459), rel=0.1)
    likelihood, table = mutau.likelihoods.LIKELIHOODS["hypergeometric"], prepare(nielweise(), model)[1]
    data = {name: table[name].to_numpy(float) for name in likelihood.data_columns}

    def height(mu, tau):
        return float(likelihood.log_likelihood(data, np.array(mu), np.array(tau), measure="OR").sum())

    top = (-1.353158282664, math.sqrt(0.6934592653071))
    assert height(*top) == pytest.approx(-24.944457610755, abs=1e-4)  # metafor integrates to some 1e-5
    for step in ((0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)):
        assert height(top[0] + step[0], top[1] + step[1]) < height(*top)


def test_sparse_rates_against_stijnen_and_metafor():
    """Bloodstream infections in catheter days, nine trials: Stijnen et al. (2010) section 4, as metafor has them.

    A flat baseline integrates out to the conditional likelihood (`mutau.likelihoods.poisson`), so with a baseline SD
    of 1e4 the peak is that of metafor's ``rma.glmm(measure="IRR", model="CM.EL")``: -0.4762, tau 0.3501 (metafor
    integrates with 7 nodes: some 1e-4 of tau). Its height, which metafor prints less a constant, is that of binomials
    integrated by Gauss and Hermite.
    """
    data = {
        "events_treatment": [7, 8, 3, 6, 1, 1, 17, 3, 2],
        "time_treatment": [1344, 1600, 12012, 1536, 370, 729, 6760, 1107, 320],
        "events_control": [11, 8, 14, 10, 1, 8, 15, 7, 3],
        "time_control": [1988, 1461, 10962, 1503, 483, 913, 6840, 1015, 440],
    }
    events, times, controls, control_times = arrays = [
        np.array(values, dtype=float) for values in data.values()
    ]
    likelihood, sd = mutau.likelihoods.LIKELIHOODS["poisson"], 1e4
    constant = np.sum(np.log(2 / (events + controls)) - np.log(sd * math.sqrt(2 * math.pi)))

    def height(mu, tau):
        given = dict(zip(data, arrays, strict=True))
        rows = likelihood.log_likelihood(given, np.array(mu), np.array(tau), measure="IRR", baseline_sd=sd)
        return float(rows.sum()) - constant

    top = (-0.476239431396, 0.350087679595)
    nodes, weights = np.polynomial.hermite.hermgauss(60)
    rates = times * np.exp(top[0] + top[1] * math.sqrt(2) * nodes[:, None])
    share = stats.binom.pmf(events, events + controls, rates / (rates + control_times))
    assert height(*top) == pytest.approx(np.log(weights @ share / math.sqrt(math.pi)).sum(), abs=1e-4)
    for step in ((0.005, 0.0), (-0.005, 0.0), (0.0, 0.005), (0.0, -0.005)):
        assert height(top[0] + step[0], top[1] + step[1]) < height(*top)
