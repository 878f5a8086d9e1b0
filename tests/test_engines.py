"""The exact engine behind `fit`: the same kind of Fit, chosen aloud, answered from its marginals."""

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mutau
from mutau import priors
from mutau.comparing import disagreement, fit_alternatives
from mutau.engines import ENGINES, choose
from mutau.errors import ArgumentError, ImproperPosteriorError
from mutau.fitting import refit
from mutau.requests import ModelRequest
from mutau.tables import agreement_sentence, agreement_table, comparison_table, summary_table
from mutau.trees import MARGINAL_PROBABILITIES


@pytest.fixture(scope="module")
def exact_secure(pip_studies, secure):
    return mutau.fit(pip_studies, secure.model, engine="exact", seed=1)


def frame_of(k):
    rng = np.random.default_rng(k)
    return pd.DataFrame(
        {"study": [f"s{i}" for i in range(k)], "yi": rng.normal(0.2, 0.3, k), "sei": rng.uniform(0.1, 0.5, k)}
    )


def model_of(mu=priors.Normal(0, 1), tau=priors.HalfNormal(0.5)):
    return mutau.OutcomeModel(name="m", measure="GEN", benefit="higher", mu_prior=mu, tau_prior=tau)


def test_auto_takes_exact_where_it_can_and_says_so(exact_secure, pip_studies, secure):
    auto = mutau.fit(pip_studies, secure.model, engine="auto", seed=1)
    assert (auto.engine.name, auto.engine.asked) == ("exact", "auto")
    assert (exact_secure.engine.name, exact_secure.engine.asked) == ("exact", "exact")
    only_sampled = mutau.fit(frame_of(3), model_of(mu=priors.Uniform(-2, 2)), engine="auto", seed=1)
    assert (only_sampled.engine.name, only_sampled.engine.asked) == ("sampling", "auto")


def test_an_engine_that_cannot_says_why():
    with pytest.raises(ArgumentError, match="no rule for Uniform as the prior of mu"):
        mutau.fit(frame_of(3), model_of(mu=priors.Uniform(-2, 2)), engine="exact")


def test_every_engine_answers_supports():
    request = ModelRequest(
        "normal",
        {"yi": np.zeros(2), "sei": np.ones(2)},
        priors.Normal(0, 1),
        priors.HalfNormal(1),
        ("a", "b"),
    )
    assert all(engine.supports(request) is None for engine in ENGINES.values())
    assert choose("auto", request).name == "exact"
    unknown = ModelRequest("no such", request.data, request.mu_prior, request.tau_prior, request.study)
    assert all(engine.supports(unknown) for engine in ENGINES.values())


def test_the_tree_has_the_groups_and_draws_that_arviz_needs(exact_secure):
    tree = exact_secure.tree
    assert "marginals" in tree.children
    assert "sample_stats" not in tree.children  # nothing was sampled
    assert set(tree["posterior"].data_vars) == {"mu", "tau", "theta", "theta_new"}
    assert tree["posterior"]["theta"].dims == ("chain", "draw", "study")
    table = az.summary(tree)
    assert float(table.loc["mu", "ess_bulk"]) > 3000  # independent draws


# With one to five studies ArviZ has reason to warn; it must still run.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("k", [1, 2, 5])
def test_arviz_works_on_the_exact_tree(k):
    tree = mutau.fit(frame_of(k), model_of(), engine="exact", seed=1).tree
    assert np.isfinite(az.loo(tree).elpd)
    assert set(az.psense_summary(tree, var_names=["mu", "tau"]).index) == {"mu", "tau"}
    assert az.plot_forest(tree) is not None
    assert az.plot_ppc_dist(tree) is not None


def test_marginals_tabulate_the_posterior(exact_secure):
    group = exact_secure.tree["marginals"]
    np.testing.assert_allclose(
        exact_secure.exact.mu.cdf(group["mu"].values), MARGINAL_PROBABILITIES, atol=1e-10
    )
    np.testing.assert_allclose(
        exact_secure.exact.tau.cdf(group["tau"].values), MARGINAL_PROBABILITIES, atol=1e-10
    )
    assert group["theta"].dims == ("study", "p")
    inside = np.diff(group["p"]) / np.diff(group["mu"])  # mean density between neighbours
    density = group["mu_density"].values
    assert (inside >= np.minimum(density[1:], density[:-1]) * 0.97).all()


def test_answers_come_from_the_marginals_not_the_draws(exact_secure, pip_studies, secure):
    other_draws = mutau.fit(pip_studies, secure.model, engine="exact", seed=2)
    assert not np.array_equal(other_draws.posterior["mu"], exact_secure.posterior["mu"])
    pd.testing.assert_frame_equal(mutau.summary(other_draws), mutau.summary(exact_secure))
    assert str(mutau.probability_of_benefit(other_draws)) == str(mutau.probability_of_benefit(exact_secure))


def test_secure_attachment_to_the_recorded_digits(exact_secure):
    """docs/statistics.md: median 5.44 [2.10, 18.8], P(RR > 1) .9982, by independent integration."""
    row = mutau.summary(exact_secure).iloc[0]
    assert [round(row[name], 2) for name in ("estimate", "lower", "upper")] == [5.44, 2.10, 18.84]
    answer = mutau.probability_of_benefit(exact_secure)
    assert round(answer.benefit, 4) == 0.9982
    assert answer.mcse == 0


def test_the_same_seed_gives_the_same_draws(exact_secure, pip_studies, secure):
    again = mutau.fit(pip_studies, secure.model, engine="exact", seed=1)
    xr.testing.assert_identical(again.tree, exact_secure.tree)


def test_refit_keeps_the_engine(exact_secure):
    wide = refit(exact_secure, priors.HalfNormal(1))
    assert wide.engine.name == "exact"
    assert round(mutau.probability_of_benefit(wide).benefit, 3) == 0.984  # docs/statistics.md


def test_tau_fixed_at_zero_is_the_common_effect_model(exact_secure):
    common = refit(exact_secure, priors.PointMass(0.0))
    yi, vi = exact_secure.effects["yi"], exact_secure.effects["vi"]
    precision = (1 / vi).sum() + 1 / 2.82**2
    assert common.exact.mu.mean == pytest.approx((yi / vi).sum() / precision, rel=1e-12)
    assert common.exact.mu.sd == pytest.approx(precision**-0.5, rel=1e-12)
    table = mutau.summary(common).set_index("quantity")
    assert table.loc["tau", "estimate"] == 0


@pytest.mark.parametrize(
    "tau",
    [priors.HalfNormal(0.5), priors.HalfCauchy(0.5), priors.LogStudentT(-1.7, 1.3, 5), priors.Uniform(0, 3)],
)
def test_draws_of_tau_are_its_quantiles(tau):
    posterior = mutau.exact.normal([0.1, 0.5, 0.2], [0.2, 0.1, 0.3], mu=priors.Normal(0, 1), tau=tau)
    u = np.linspace(1e-4, 1 - 1e-4, 2001)
    moved = np.abs(posterior.tau.cdf(posterior.tau.draw(u)) - u)
    assert moved.max() < 1e-4
    assert np.median(moved) < 1e-6


def test_tables_tell_exact_from_sampled(exact_secure, secure):
    compared = mutau.compare(exact_secure, {}, others={"default": secure})
    methods = comparison_table(compared, secure.model)["Method"]
    assert methods[0] == "Bayesian random effects, normal likelihood, exact"
    assert methods[1] == "Bayesian random effects, normal likelihood, sampled"
    assert set(summary_table(mutau.summary(exact_secure))["ESS (bulk, tail)"]) == {"exact"}


def test_an_improper_posterior_is_refused():
    with pytest.raises(ImproperPosteriorError, match="needs at least 3 studies"):
        mutau.fit(frame_of(2), model_of(priors.Flat(), priors.Uniform(0, np.inf)), engine="exact")


def test_netcdf_of_an_exact_fit(exact_secure, tmp_path):
    with xr.open_datatree(exact_secure.to_netcdf(tmp_path / "fit.nc"), engine="h5netcdf") as tree:
        np.testing.assert_array_equal(tree["marginals"]["mu"], exact_secure.tree["marginals"]["mu"])
        assert tree.attrs["engine"] == "exact"


def test_engines_agree_and_disagreement_is_measured(exact_secure, secure, secure_alternatives):
    exact = {"default": exact_secure, **fit_alternatives(exact_secure)}
    sampled = {"default": secure, **secure_alternatives}
    found = disagreement(exact, sampled)
    assert len(found) == 3 * 2 * 4
    assert found["z"].abs().max() < 5
    effects, chances = found[found["figure"] != "P(benefit)"], found[found["figure"] == "P(benefit)"]
    sentence = agreement_sentence(found)
    assert f"at most {effects['difference'].abs().max():.3f} posterior SD" in sentence
    assert f"and {chances['difference'].abs().max():.4f} in P(benefit)" in sentence
    assert f"{found['z'].abs().max():.1f} Monte Carlo standard errors" in sentence
    assert list(agreement_table(found)["Prior for tau"].unique()) == ["default", "doubled", "tau = 0"]


def test_a_wrong_engine_would_be_noticed(exact_secure, secure):
    """The exact answer under a doubled prior, passed off as the default one."""
    wrong = refit(exact_secure, priors.HalfNormal(1))
    found = disagreement({"default": wrong}, {"default": secure})
    assert found["z"].abs().max() > 5
