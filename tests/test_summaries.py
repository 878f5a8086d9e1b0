"""Answers of a fit against the draws, against brute-force integration, and against what cannot exist."""

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
