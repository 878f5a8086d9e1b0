"""A Fit's tree is what ArviZ expects, repeatable, and honest about what cannot be fitted."""

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mutau
from mutau import priors
from mutau.errors import ArgumentError, ImproperPosteriorError, StudyDataError
from mutau.fitting import prepare, refit

GROUPS = {
    "posterior",
    "posterior_predictive",
    "prior",
    "log_likelihood",
    "log_prior",
    "observed_data",
    "constant_data",
    "sample_stats",
}


@pytest.fixture(params=["epds", "secure", "five_studies"])
def any_fit(request):
    """Fits of one, two and five studies."""
    return request.getfixturevalue(request.param)


def test_groups_and_dims(any_fit):
    tree = any_fit.tree
    assert set(tree.children) - {"predictions"} == GROUPS
    assert {name: tree["posterior"][name].dims for name in tree["posterior"].data_vars} == {
        "mu": ("chain", "draw"),
        "tau": ("chain", "draw"),
        "theta": ("chain", "draw", "study"),
        "theta_new": ("chain", "draw"),
    }
    for group in ("posterior_predictive", "log_likelihood"):
        assert tree[group]["yi"].dims == ("chain", "draw", "study")
    assert list(tree["posterior"]["study"].values) == list(any_fit.effects["study"])
    assert "created_at" not in str([tree[group].attrs for group in tree.children])


# With one to five studies ArviZ has reason to warn (Pareto k, few points for a density); it must still run.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_arviz_works_on_the_tree_as_it_is(any_fit):
    tree = any_fit.tree
    assert {"mu", "tau", "theta_new"} <= set(az.summary(tree).index)
    assert np.isfinite(az.loo(tree).elpd)
    assert set(az.psense_summary(tree, var_names=["mu", "tau"]).index) == {"mu", "tau"}
    assert az.plot_forest(tree) is not None
    assert az.plot_ppc_dist(tree) is not None


def test_log_likelihood_integrates_theta_out(any_fit):
    tree = any_fit.tree
    mu, tau = tree["posterior"]["mu"], tree["posterior"]["tau"]
    sd = np.hypot(tree["constant_data"]["sei"], tau)
    z = (tree["observed_data"]["yi"] - mu) / sd
    expected = -0.5 * z**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    xr.testing.assert_allclose(tree["log_likelihood"]["yi"], expected.transpose("chain", "draw", "study"))


def test_log_prior_is_of_mu_and_tau_only(any_fit):
    group = any_fit.tree["log_prior"]
    assert set(group.data_vars) == {"mu", "tau"}
    mu = any_fit.tree["posterior"]["mu"].values
    np.testing.assert_allclose(group["mu"].values, any_fit.model.mu_prior.logpdf(mu))


def test_theta_new_adds_tau(five_studies):
    posterior = five_studies.tree["posterior"]
    z = (posterior["theta_new"] - posterior["mu"]) / posterior["tau"]
    assert abs(float(z.mean())) < 4 / np.sqrt(z.size)
    assert float(z.std()) == pytest.approx(1, abs=4 / np.sqrt(2 * z.size))
    assert abs(np.corrcoef(z.values.ravel(), posterior["mu"].values.ravel())[0, 1]) < 4 / np.sqrt(z.size)


def test_prior_group_is_drawn_from_the_priors(secure):
    prior = secure.tree["prior"]
    for name, declared in (("mu", secure.model.mu_prior), ("tau", secure.model.tau_prior)):
        ranks = np.sort(declared.cdf(prior[name].values.ravel()))
        assert np.abs(ranks - np.linspace(0, 1, ranks.size)).max() < 1.95 / np.sqrt(ranks.size)


def test_predictions_hold_what_a_new_study_would_estimate(five_studies, secure):
    spread = five_studies.tree["predictions"]["y_new"] - five_studies.tree["posterior"]["theta_new"]
    assert float(spread.std()) == pytest.approx(0.2, rel=0.05)
    assert "predictions" not in secure.tree.children  # no standard error was stated


def test_same_seed_same_tree_and_the_seed_is_recorded(secure, pip_studies):
    again = mutau.fit(pip_studies, secure.model, seed=secure.engine.seed)
    xr.testing.assert_identical(again.tree, secure.tree)
    unseeded = mutau.fit(pip_studies, secure.model)
    repeated = mutau.fit(pip_studies, secure.model, seed=unseeded.engine.seed)
    xr.testing.assert_identical(unseeded.tree, repeated.tree)


def test_engine_record_is_enough_to_repeat(secure):
    engine = secure.engine
    assert engine.name == "sampling"
    assert engine.converged
    assert {"mutau", "pymc", "nutpie"} <= set(engine.versions)
    assert {"draws", "tune", "chains", "target_accept", "sampler"} == set(engine.settings)


def test_refit_changes_the_tau_prior_only(secure):
    other = refit(secure, priors.HalfNormal(1))
    assert str(other.model.tau_prior) == "HalfNormal(1)"
    assert other.model.mu_prior == secure.model.mu_prior
    assert float(other.tree["posterior"]["tau"].median()) > float(secure.tree["posterior"]["tau"].median())


def test_netcdf_round_trip(secure, tmp_path):
    path = secure.to_netcdf(tmp_path / "fit.nc")
    assert [item.name for item in tmp_path.iterdir()] == ["fit.nc"]
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        xr.testing.assert_equal(tree["posterior"].to_dataset(), secure.tree["posterior"].to_dataset())
        assert tree.attrs["tau_prior"] == "HalfNormal(0.5)"
        assert list(tree["constant_data"]["provenance"].values) == list(secure.effects["provenance"])


def frame(**columns):
    return pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.3], "sei": [0.2, 0.2]} | columns)


def model(**changes):
    given = {"name": "m", "measure": "GEN", "benefit": "higher"} | changes
    return mutau.OutcomeModel(
        **({"mu_prior": priors.Normal(0, 1), "tau_prior": priors.HalfNormal(1)} | given)
    )


def test_improper_posterior_is_refused_with_the_reason():
    improper = model(mu_prior=priors.Flat(), tau_prior=priors.Uniform(0, np.inf))
    with pytest.raises(ImproperPosteriorError, match=r"m: .*needs at least 3 studies"):
        mutau.fit(frame(), improper)


def test_unknown_engine_names_the_valid_ones():
    with pytest.raises(ArgumentError, match="Did you mean 'sampling'"):
        mutau.fit(frame(), model(), engine="samplng")


def test_a_new_standard_error_must_be_positive():
    with pytest.raises(ArgumentError, match="sei_new"):
        mutau.fit(frame(), model(), sei_new=0.0)


def test_undefined_effects_are_faults_each_naming_its_study():
    counts = pd.DataFrame(
        {
            "study": ["empty", "full", "fine"],
            "events_treatment": [0, 10, 3],
            "n_treatment": [10, 10, 10],
            "events_control": [0, 10, 4],
            "n_control": [10, 10, 10],
        }
    )
    ratio = mutau.OutcomeModel(
        name="m", measure="RR", benefit="higher", zero_cells=mutau.outcomes.ZeroCells(to="none")
    )
    with pytest.raises(StudyDataError, match="empty") as caught:
        prepare(counts, ratio)
    assert [fault.study for fault in caught.value.faults] == ["empty"] or len(caught.value.faults) == 2


def test_inputs_are_not_changed(pip_studies, secure):
    before = pip_studies.arms
    mutau.fit(pip_studies, secure.model, seed=3)
    pd.testing.assert_frame_equal(pip_studies.arms, before)


def test_pymc_model_is_public_and_names_its_numbers(pip_studies, secure):
    graph = mutau.pymc_model(pip_studies, secure.model)
    assert {"mu", "tau", "z", "theta", "yi"} <= set(graph.named_vars)
    assert graph.coords["study"] == tuple(secure.effects["study"])
    np.testing.assert_array_equal(graph["yi_data"].get_value(), secure.effects["yi"])
