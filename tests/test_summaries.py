"""Answers of a fit against the draws, against brute-force integration, and against what cannot exist."""

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.summaries import events


def brute_force(yi, sei, mu_sd, tau_scale):
    """P(mu > 0) and the posterior's quantile function of mu, on a dense grid (independent of mutau)."""
    mu = np.linspace(-8, 8, 4001)[:, None]
    tau = np.linspace(0, 6 * tau_scale, 1201)[None, :]
    log_density = stats.norm.logpdf(mu, 0, mu_sd) + stats.halfnorm.logpdf(tau, scale=tau_scale)
    for y, s in zip(yi, sei, strict=True):
        log_density = log_density + stats.norm.logpdf(y, mu, np.hypot(s, tau))
    weight = np.exp(log_density - log_density.max())
    weight[:, [0, -1]] /= 2
    marginal = weight.sum(axis=1)
    cdf = np.cumsum(marginal) - marginal / 2
    cdf /= marginal.sum()
    return 1 - np.interp(0, mu[:, 0], cdf), lambda p: np.interp(p, cdf, mu[:, 0])


def test_secure_attachment_is_what_integration_says(secure):
    chance, quantile = brute_force(secure.effects["yi"], secure.effects["sei"], 2.82, 0.5)
    assert chance == pytest.approx(0.9982, abs=5e-5)  # docs/statistics.md
    answer = mutau.probability_of_benefit(secure)
    assert answer.benefit == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 400))
    table = mutau.summary(secure)
    row = table[(table["quantity"] == "mu") & (table["scale"] == "natural")].iloc[0]
    draws = secure.tree["posterior"]["mu"].values
    for column, p in (("estimate", 0.5), ("lower", 0.025), ("upper", 0.975)):
        mcse = float(az.mcse(draws, method="quantile", prob=p))
        assert abs(np.log(row[column]) - quantile(p)) < 4 * mcse
    np.testing.assert_allclose(
        np.exp([quantile(0.5), quantile(0.025), quantile(0.975)]), [5.44, 2.10, 18.85], atol=0.01
    )


def test_one_trial_shows_the_study_and_the_mean_side_by_side(epds):
    """EPDS: theta_1 .994, mu .940 under half-normal(0.28) (docs/statistics.md)."""
    table = mutau.probabilities(epds).query("event == 'benefit'").set_index("quantity")["probability"]
    assert table["theta"] == pytest.approx(0.994, abs=0.006)
    assert table["mu"] == pytest.approx(0.940, abs=0.015)


def test_a_ratio_has_no_mean_on_the_natural_scale(secure):
    table = mutau.summary(secure)
    natural = table[table["scale"] == "natural"]
    assert natural["mean"].isna().all()
    assert natural["note"].str.contains("not given for a ratio").all()
    assert table[table["scale"] == "analysis"]["mean"].notna().all()


def test_natural_scale_is_the_transformed_analysis_scale(secure):
    table = mutau.summary(secure).query("quantity == 'mu'").set_index("scale")
    for column in ("lower", "upper"):
        assert table.loc["natural", column] == pytest.approx(np.exp(table.loc["analysis", column]), rel=1e-3)


def test_moments_that_do_not_exist_are_nan_with_the_reason():
    frame = pd.DataFrame({"study": ["a"], "yi": [0.3], "sei": [0.2]})
    model = mutau.OutcomeModel(
        name="m",
        measure="GEN",
        benefit="higher",
        mu_prior=priors.Normal(0, 1),
        tau_prior=priors.HalfCauchy(0.5),
    )
    # k = 1: a half-Cauchy tail leaves tau and theta_new a mean (2 + 1 - 1 > 1) but no SD
    table = mutau.summary(mutau.fit(frame, model, seed=1)).set_index("quantity")
    for quantity in ("tau", "theta_new"):
        assert np.isfinite(table.loc[quantity, "mean"])
        assert np.isnan(table.loc[quantity, "sd"])
        assert "sd" in table.loc[quantity, "note"]
    assert np.isfinite(table.loc["mu", "sd"])


def test_probabilities_are_shares_of_draws(secure):
    table = mutau.probabilities(secure).set_index(["event", "quantity", "study"])["probability"]
    draws = secure.tree["posterior"]
    assert table["benefit", "mu", ""] == float((draws["mu"] > 0).mean())
    assert table["harm", "theta_new", ""] == float((draws["theta_new"] < 0).mean())
    threshold = secure.model.thresholds[0].value
    assert table[f"beyond {threshold:g}", "mu", ""] == float((draws["mu"] > np.log(threshold)).mean())


def test_benefit_that_is_lower_turns_the_sign(epds):
    table = mutau.probabilities(epds).set_index(["event", "quantity", "study"])["probability"]
    assert table["benefit", "mu", ""] == float((epds.tree["posterior"]["mu"] < 0).mean())


def test_thresholds_on_the_harm_side_ask_about_harm():
    model = mutau.OutcomeModel(
        name="m",
        measure="RR",
        benefit="lower",
        thresholds=(mutau.outcomes.Threshold(0.75, "less"), mutau.outcomes.Threshold(1.25, "more")),
    )
    sides = {event.name: event.side for event in events(model)}
    assert sides == {"benefit": -1, "harm": 1, "beyond 0.75": -1, "beyond 1.25": 1}


def test_the_priors_own_probability(secure):
    answer = mutau.probability_of_benefit(secure)
    assert answer.prior_benefit == 0.5
    table = mutau.probabilities(secure).query("quantity == 'mu'").set_index("event")["prior_probability"]
    threshold = secure.model.thresholds[0].value
    assert table[f"beyond {threshold:g}"] == pytest.approx(stats.norm.sf(np.log(threshold), 0, 2.82))


def test_a_probability_names_what_it_depends_on(secure):
    answer = mutau.probability_of_benefit(secure)
    assert float(answer) == answer.benefit
    for part in ("half-normal(0.5)", "normal(0, 2.82)", "normal likelihood", "unbiased trials"):
        assert part in str(answer)


def test_interval_says_what_it_is(secure):
    got = mutau.interval(secure, "mu", prob=0.9, scale="analysis")
    draws = secure.tree["posterior"]["mu"].values
    np.testing.assert_allclose([got.lower, got.upper], np.quantile(draws, [0.05, 0.95]), rtol=1e-3)
    assert (got.kind, got.prob, got.scale) == ("eti", 0.9, "analysis")


@pytest.mark.parametrize("ask", [{"prob": 1.0}, {"quantity": "eta"}, {"quantity": "tau", "scale": "natural"}])
def test_a_wrong_question_is_refused(secure, ask):
    with pytest.raises(ArgumentError):
        mutau.interval(secure, **ask)


@pytest.fixture(scope="module")
def exact_secure(pip_studies, secure):
    """The counts' normal approximation, whose answer given tau is a formula."""
    alternatives = (("doubled", priors.HalfNormal(1)),)
    model = replace(secure.model, likelihood="normal", tau_alternatives=alternatives)
    return mutau.fit(pip_studies, model, engine="exact", seed=1)


def test_benefit_by_tau_is_what_fixed_values_of_tau_give(exact_secure):
    taus = [0.0, 0.3, 1.0]
    table = mutau.benefit_by_tau(exact_secure, taus)
    assert list(table.columns) == ["tau", "p_benefit", "p_benefit_new", "tau_quantile", "prior_quantile"]
    yi, sei = (exact_secure.effects[name].to_numpy() for name in ("yi", "sei"))
    for tau, row in zip(taus, table.itertuples(), strict=True):
        weights = 1 / (sei**2 + tau**2)
        variance = 1 / (weights.sum() + 1 / 2.82**2)
        mean = variance * (weights * yi).sum()
        assert row.p_benefit == pytest.approx(stats.norm.sf(0, mean, np.sqrt(variance)), abs=1e-12)
        assert row.p_benefit_new == pytest.approx(
            stats.norm.sf(0, mean, np.hypot(np.sqrt(variance), tau)), abs=1e-12
        )
        assert row.prior_quantile == pytest.approx(stats.halfnorm.cdf(tau, scale=0.5), abs=1e-12)
        assert row.tau_quantile == pytest.approx(exact_secure.exact.tau.cdf(tau), abs=1e-12)


def test_benefit_by_tau_averages_to_the_probability_of_benefit(exact_secure):
    table = mutau.benefit_by_tau(exact_secure, np.linspace(0, 4, 2001))
    for column, whole in (
        ("p_benefit", mutau.probability_of_benefit(exact_secure).benefit),
        ("p_benefit_new", mutau.probability_of_benefit(exact_secure).benefit_new),
    ):
        middle = (table[column].to_numpy()[1:] + table[column].to_numpy()[:-1]) / 2
        assert middle @ np.diff(table["tau_quantile"]) == pytest.approx(whole, abs=1e-6)


def test_the_default_grid_reaches_the_widest_prior(exact_secure):
    table = mutau.benefit_by_tau(exact_secure)
    assert len(table) == 61
    assert table["tau"].iloc[0] == 0
    assert table["tau"].is_monotonic_increasing
    assert table["tau"].iloc[-1] == pytest.approx(stats.halfnorm.ppf(0.999, scale=1.0))  # doubled
    assert table["p_benefit"].is_monotonic_decreasing  # two trials on one side: a larger tau says less


def test_the_default_grid_is_fine_where_tau_lies_also_beside_a_heavy_prior(pip_studies, exact_secure):
    alternatives = (("heavy", priors.HalfCauchy(1)),)
    model = replace(exact_secure.model, tau_alternatives=alternatives)
    table = mutau.benefit_by_tau(mutau.fit(pip_studies, model, engine="exact", seed=1))
    assert table["tau"].iloc[-1] == pytest.approx(stats.halfcauchy.ppf(0.999))
    assert table["tau_quantile"].diff().max() < 0.1


def test_benefit_by_tau_where_lower_helps(pip_studies, epds):
    fit = mutau.fit(pip_studies, epds.model, engine="exact", seed=1)
    table = mutau.benefit_by_tau(fit, [0.1])
    assert table["p_benefit"].iloc[0] == pytest.approx(1 - fit.exact.mu_above(0.0, 0.1))
    assert table["p_benefit"].iloc[0] > 0.9


def five_exact(tau):
    frame = pd.DataFrame({"study": list("abcde"), "yi": [0.1, 0.3, -0.2, 0.5, 0.15], "sei": [0.2] * 5})
    model = mutau.OutcomeModel(
        name="m",
        measure="GEN",
        benefit="higher",
        mu_prior=priors.Normal(0, 1),
        tau_prior=tau,
        tau_alternatives=(),
    )
    return mutau.fit(frame, model, engine="exact", seed=1)


def test_benefit_by_tau_under_a_fixed_and_an_improper_tau():
    fixed = five_exact(priors.PointMass(0.2))
    table = mutau.benefit_by_tau(fixed)
    assert table["tau"].tolist() == [0.2]
    assert table["p_benefit"].iloc[0] == pytest.approx(mutau.probability_of_benefit(fixed).benefit, abs=1e-12)
    assert mutau.benefit_by_tau(fixed, [0.1])["p_benefit"].isna().all()
    improper = mutau.benefit_by_tau(five_exact(priors.Uniform(0, np.inf)))
    assert improper["prior_quantile"].isna().all()
    assert improper["tau_quantile"].iloc[-1] == pytest.approx(
        0.999
    )  # no proper prior: to where the posterior ends
    assert improper["p_benefit"].between(0, 1).all()


def test_benefit_by_tau_of_a_sampled_fit_names_the_remedy(secure):
    with pytest.raises(ArgumentError, match='engine="exact"'):
        mutau.benefit_by_tau(secure)


def test_benefit_by_tau_of_counts(pip_studies, secure):
    fit = mutau.fit(pip_studies, replace(secure.model, likelihood="binomial"), engine="auto", seed=1)
    assert fit.exact is not None
    table = mutau.benefit_by_tau(fit)
    assert table["p_benefit"].between(0, 1).all()
    dense = mutau.benefit_by_tau(fit, np.linspace(0, 4, 801))
    middle = (dense["p_benefit"].to_numpy()[1:] + dense["p_benefit"].to_numpy()[:-1]) / 2
    whole = mutau.probability_of_benefit(fit).benefit
    assert middle @ np.diff(dense["tau_quantile"]) == pytest.approx(whole, abs=1e-5)
