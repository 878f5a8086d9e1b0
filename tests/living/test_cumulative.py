"""Cumulative posteriors against the fit, closed forms and metafor; and what is refused or not defined."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.errors import ArgumentError, StudyDataError
from mutau.living import CUMULATIVE_COLUMNS, cumulative

ROOT = Path(__file__).parents[2]
METAFOR = json.loads((ROOT / "tests" / "reference" / "metafor_cumul.json").read_text())


@pytest.fixture(scope="module")
def bcg():
    model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
    return mutau.fit(mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv"), model, engine="exact", seed=1)


def estimates(**changes):
    """Four trials in an order of years that is not the table's, and a model whose tau is known."""
    frame = pd.DataFrame(
        {
            "study": ["late", "first", "middle", "second"],
            "yi": [0.4, -0.2, 0.1, 0.7],
            "sei": [0.2, 0.5, 0.3, 0.25],
            "year": [2004, 1990, 2001, 1995],
        }
    )
    known = {"mu_prior": priors.Normal(0.1, 1.5), "tau_prior": priors.PointMass(0.3)}
    return frame, mutau.OutcomeModel(name="m", measure="GEN", benefit="higher", **(known | changes))


def fitted(frame, model):
    return mutau.fit(frame, model, engine="exact", seed=1)


def test_the_last_step_is_the_fit(bcg):
    found = cumulative(bcg)
    frame, last = found.to_frame(), found.steps[-1]
    assert tuple(frame) == CUMULATIVE_COLUMNS
    assert list(frame["k"]) == list(range(1, 14))
    whole = mutau.interval(bcg)
    assert (last.lower, last.upper) == pytest.approx((whole.lower, whole.upper), rel=1e-9)
    assert last.p_benefit == pytest.approx(float(mutau.probability_of_benefit(bcg)), rel=1e-9)
    assert last.tau == pytest.approx(float(bcg.exact.tau.quantile(0.5)), rel=1e-9)


@pytest.mark.parametrize("likelihood", ["normal", "binomial"])
def test_a_step_is_a_fit_of_the_trials_so_far(bcg, likelihood):
    table = mutau.StudyTable.from_frame(
        bcg.effects[bcg.effects["year"] < 1950].drop(columns=["yi", "vi", "sei"])
    )
    whole = fitted(table, replace(bcg.model, likelihood=likelihood))
    step = cumulative(whole).steps[0]
    alone = mutau.interval(fitted(table.without(study="Ferguson & Simes 1949"), whole.model))
    assert step.added == "Aronson 1948"
    assert (step.lower, step.upper) == pytest.approx((alone.lower, alone.upper), rel=1e-7)


def test_with_tau_known_each_step_updates_the_one_before_in_closed_form():
    frame, model = estimates()
    found = cumulative(fitted(frame, model))
    mean, variance = 0.1, 1.5**2
    for step, (_, row) in zip(found.steps, frame.sort_values("year").iterrows(), strict=True):
        noise = row["sei"] ** 2 + 0.3**2
        mean, variance = (
            (mean * noise + row["yi"] * variance) / (noise + variance),
            1 / (1 / variance + 1 / noise),
        )
        posterior = stats.norm(mean, np.sqrt(variance))
        assert step.added == row["study"]
        assert (step.estimate, step.tau) == pytest.approx((mean, 0.3), abs=1e-9)
        assert (step.lower, step.upper) == pytest.approx(posterior.interval(0.95), abs=1e-9)
        assert step.p_benefit == pytest.approx(posterior.sf(0), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "tau2", "ci"), [("REML_z", "REML", "wald"), ("REML_knha", "REML", "HK"), ("DL_z", "DL", "wald")]
)
def test_the_classic_side_is_metafors_cumul(bcg, name, tau2, ci):
    steps = cumulative(bcg, tau2=tau2, ci=ci).steps
    trial = dict(zip(bcg.effects["study"], bcg.effects["trial"], strict=True))
    assert [trial[step.added] for step in steps] == METAFOR["trial"]
    for field in ("estimate", "lower", "upper"):
        ours = np.log([getattr(step, f"classic_{field}") for step in steps[1:]])
        assert ours == pytest.approx(np.array(METAFOR[name][field]), rel=1e-8)
    assert steps[0].classic_estimate == pytest.approx(np.exp(bcg.effects["yi"].iloc[0]))


def test_trials_of_one_year_enter_one_at_a_time_and_a_note_says_so(bcg):
    found = cumulative(bcg)
    same = [step.added for step in found.steps if step.when == 1973]
    assert same == ["Frimodt-Moller et al 1973", "Vandiviere et al 1973"]
    assert [note for note in found.notes if "came together" in note] == [
        "year 1973: Frimodt-Moller et al 1973, Vandiviere et al 1973 came together; they enter one at a time in the "
        "order of the table"
    ]


def test_every_trial_without_a_year_is_named():
    frame, model = estimates()
    whole = fitted(frame.assign(year=["2004", "unknown", "2001", ""]), model)
    with pytest.raises(StudyDataError) as caught:
        cumulative(whole)
    assert [(fault.study, fault.column) for fault in caught.value.faults] == [
        ("first", "year"),
        ("second", "year"),
    ]
    assert all("order=" in fault.remedy for fault in caught.value.faults)
    with pytest.raises(StudyDataError) as caught:
        cumulative(fitted(frame.drop(columns="year"), model))
    assert len(caught.value.faults) == 4


def test_another_column_orders_the_trials():
    frame, model = estimates()
    found = cumulative(fitted(frame.assign(batch=[1, 2, 4, 3]), model), order="batch")
    assert [step.added for step in found.steps] == ["late", "first", "second", "middle"]


def test_what_few_trials_do_not_define_is_nan_with_the_reason():
    frame, model = estimates(mu_prior=priors.Flat(), tau_prior=priors.Uniform(0, np.inf))
    steps = cumulative(fitted(frame, model)).steps
    assert [np.isnan(step.p_benefit) for step in steps] == [True, True, False, False]
    assert "needs at least 3 studies; there are 2" in steps[1].reason
    assert np.isfinite(steps[1].classic_estimate)


def test_a_prior_made_from_standard_errors_is_made_anew_at_each_step():
    frame, model = estimates(tau_prior=priors.DuMouchel())
    found = cumulative(fitted(frame, model))
    two = fitted(frame[frame["year"] < 2000], model)
    assert found.tau_prior == "DuMouchel"
    assert found.steps[1].p_benefit == pytest.approx(float(mutau.probability_of_benefit(two)), rel=1e-9)
    stated = cumulative(fitted(frame, replace(model, tau_prior=priors.DuMouchel((0.9, 1.1)))))
    assert stated.tau_prior == priors.DuMouchel((0.9, 1.1)).label
    assert stated.steps[1].p_benefit != pytest.approx(found.steps[1].p_benefit, rel=1e-3)


def test_a_prior_that_one_standard_error_cannot_make_is_a_reason():
    frame, model = estimates(tau_prior=priors.UniformI2())
    steps = cumulative(fitted(frame, model)).steps
    assert "two studies or more" in steps[0].reason
    assert steps[1].reason == ""


def test_wrong_arguments_are_refused_all_at_once(bcg):
    with pytest.raises(ArgumentError) as caught:
        cumulative(bcg, prob=1.0, tau2="nearest")
    assert {fault.key for fault in caught.value.faults} == {"prob", "tau2"}


def test_a_model_that_the_exact_engine_cannot_answer_is_refused(bcg):
    beyond = replace(bcg, model=replace(bcg.model, mu_prior=priors.Uniform(-1, 1)))
    with pytest.raises(ArgumentError, match="no rule for Uniform as the prior of mu"):
        cumulative(beyond)
