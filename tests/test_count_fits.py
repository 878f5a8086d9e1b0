"""Outcome models with likelihoods of counts, from the table to the forest plot."""

import warnings
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.describing import describe_model
from mutau.errors import ArgumentError, DataWarning, ImproperPosteriorError, StudyDataError
from mutau.fitting import prepare
from mutau.outcomes import ZeroCells
from mutau.plots.forest_rows import prepare_forest
from mutau.sampling import SamplingSettings
from mutau.tables import data_table

COUNTS = pd.DataFrame(
    {
        "study": ["full", "empty arm", "double zero"],
        "events_treatment": [31, 0, 0],
        "n_treatment": [46, 14, 20],
        "events_control": [9, 3, 0],
        "n_control": [54, 54, 30],
    }
)
SHORT = SamplingSettings(draws=1500, tune=1000)


def model(**changes):
    given = {"name": "m", "measure": "RR", "benefit": "higher", "likelihood": "binomial"} | changes
    return mutau.OutcomeModel(**given)


@pytest.fixture(scope="module")
def fitted():
    return mutau.fit(COUNTS, model(zero_cells=ZeroCells(to="none")), seed=1, sampling=SHORT)


def test_counts_are_taken_as_they_are_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        _, effects = prepare(COUNTS, model())
        _, uncorrected = prepare(COUNTS, model(zero_cells=ZeroCells(to="none")))
    assert list(effects["corrected"]) == [False, True, True]  # for classic pooling alone
    assert list(uncorrected["yi"].isna()) == [False, True, True]


def test_a_study_without_an_estimate_is_fitted_and_shown(fitted):
    assert fitted.engine.name == "sampling"
    assert fitted.engine.converged
    compared = mutau.compare(fitted, {})
    classic = compared[compared["method"] == "REML, Wald"].iloc[0]
    assert classic["k"] == 1
    assert "without empty arm, double zero" in classic["note"]
    forest = prepare_forest(fitted, {}, compared)
    raw = forest[forest["mark"] == "raw"]
    assert list(raw["estimate"].isna()) == [False, True, True]
    assert list(raw["treatment"]) == ["31/46", "0/14", "0/20"]
    assert len(data_table(fitted.effects, fitted.model)) == 3


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_arviz_reads_the_tree(fitted):
    tree = fitted.tree
    assert tree["observed_data"]["events"].dims == ("study", "arm")
    assert tree["posterior_predictive"]["events"].dims == ("chain", "draw", "study", "arm")
    assert tree["log_likelihood"]["events"].dims == ("chain", "draw", "study")
    assert np.isfinite(az.loo(tree).elpd)
    assert set(az.psense_summary(tree, var_names=["mu", "tau"]).index) == {"mu", "tau"}
    assert az.plot_ppc_dist(tree) is not None
    assert tree.attrs["likelihood"] == "binomial"


def test_the_exact_risk_difference_is_read_as_a_difference():
    asked = model(measure="RD", tau_prior=priors.HalfNormal(0.2))
    assert asked.measure_record.analysis_scale == "atanh"
    assert asked.effects_record.analysis_scale == "identity"
    fit = mutau.fit(COUNTS[:1], asked, seed=1, sampling=SHORT)
    table = mutau.summary(fit).set_index(["quantity", "scale"])
    row = table.loc[("theta", "natural")]
    assert -1 < row["lower"] < row["estimate"] < row["upper"] < 1
    assert row["estimate"] == pytest.approx(31 / 46 - 9 / 54, abs=0.05)
    draws = np.tanh(fit.posterior["theta_new"].values)
    assert table.loc[("theta_new", "natural"), "mean"] == pytest.approx(draws.mean(), abs=1e-3)
    assert "atanh of the risk difference" in " ".join(describe_model(asked))


def test_improper_priors_are_refused_with_the_reason():
    with pytest.raises(ImproperPosteriorError, match="the flat prior of mu is improper, and with counts"):
        prepare(COUNTS, model(mu_prior=priors.Flat()))


def test_missing_counts_are_faults_that_name_the_study():
    ready = pd.DataFrame({"study": ["a"], "yi": [0.3], "sei": [0.2]})
    with pytest.raises(StudyDataError, match="counts are missing") as caught:
        prepare(ready, model())
    assert caught.value.faults[0].study == "a"


def test_a_new_standard_error_is_for_the_normal_likelihood():
    with pytest.raises(ArgumentError, match="simulated under the normal likelihood"):
        mutau.fit(COUNTS, model(), sei_new=0.2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "a_i ~ Binomial(n1_i, p1_i)"),
        ({"measure": "OR"}, "logit p1_i = (eta_i + theta_i)/2"),
        ({"measure": "OR", "likelihood": "hypergeometric"}, "NoncentralHypergeometric"),
        ({"measure": "IRR", "likelihood": "poisson"}, "log rate1_i = (eta_i + theta_i)/2"),
        ({"effects_df": 4.0}, "theta_i ~ StudentT(mu, tau, df = 4)"),
        ({"baseline_sd": 5.0}, "eta_i ~ Normal(0, 5^2)"),
    ],
)
def test_the_model_is_said_in_mathematics(changes, said):
    assert said in "\n".join(describe_model(model(**changes)))


def test_every_key_of_the_file_arrives(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'measure = "OR"\nbenefit = "lower"\nlikelihood = "hypergeometric"\nbaseline_sd = 5.0\neffects_df = 4.0\n'
    )
    loaded = mutau.load_model(path)
    assert (loaded.likelihood, loaded.baseline_sd, loaded.effects_df) == ("hypergeometric", 5.0, 4.0)


def test_poisson_and_t_effects_from_a_table():
    frame = COUNTS.rename(columns={"n_treatment": "time_treatment", "n_control": "time_control"})
    asked = model(measure="IRR", likelihood="poisson", effects_df=4.0)
    fit = mutau.fit(frame, asked, seed=1, sampling=SHORT)
    assert np.isfinite(fit.tree["log_likelihood"]["events"]).all()
    noted = mutau.summary(replace(fit, model=replace(asked, effects_df=1.5)))
    assert (
        "degrees of freedom" in noted.query("quantity == 'theta_new' and scale == 'analysis'")["note"].iloc[0]
    )


def test_batches_say_what_they_do_not_do():
    normal = model(likelihood="normal", effects_df=4.0)
    with pytest.raises(ArgumentError, match="t random effects"):
        mutau.fit_many(COUNTS[:1].assign(meta_analysis="a"), normal)
