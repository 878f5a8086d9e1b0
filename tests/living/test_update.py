"""Further trials: the same as a fit of all, old answers against new, and everything wrong with new rows at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.errors import StudyDataError
from mutau.living import UPDATE_COLUMNS, cumulative, update

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table():
    return mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv")


@pytest.fixture(scope="module")
def early(table):
    model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower", where={"outcome": "tuberculosis"})
    return mutau.fit(table.without(year=1980), model, engine="exact", seed=7)


def test_update_with_the_missing_trial_is_the_fit_of_all(table, early):
    found = update(early, table.select(year=1980))
    whole = mutau.fit(table, early.model, engine="exact", seed=7)
    assert found.added == ("TPT Madras 1980",)
    assert sorted(found.after.effects["study"]) == sorted(whole.effects["study"])
    for quantity in ("mu", "theta_new"):
        ours, theirs = (mutau.interval(fit, quantity) for fit in (found.after, whole))
        assert (ours.lower, ours.upper) == pytest.approx((theirs.lower, theirs.upper), rel=1e-9)
    assert found.after.engine.seed == 7
    assert found.before is early


def test_the_frame_sets_the_answers_of_both_fits_side_by_side(table, early):
    found = update(early, table.select(year=1980))
    frame = found.to_frame(prob=0.9)
    assert tuple(frame) == UPDATE_COLUMNS
    assert set(zip(frame["k_before"], frame["k_after"], strict=True)) == {(12, 13)}
    mean = frame.loc[frame["answer"] == "mean effect"].iloc[0]
    for side, fit in (("before", found.before), ("after", found.after)):
        inside = mutau.interval(fit, prob=0.9)
        assert (mean[f"{side}_lower"], mean[f"{side}_upper"]) == (inside.lower, inside.upper)
        chance = frame.loc[
            frame["answer"].str.startswith("P(benefit") & (frame["quantity"] == "mu"), side
        ].item()
        assert chance == float(mutau.probability_of_benefit(fit))


def test_ready_made_estimates_may_come_to_counts(early):
    new = pd.DataFrame({"study": ["x"], "yi": [-0.4], "sei": [0.2], "outcome": "tuberculosis", "year": 1990})
    found = update(early, new)
    assert found.after.k == 13
    last = cumulative(found.after).steps[-1]
    assert (last.added, last.when) == ("x", 1990)
    assert last.p_benefit == pytest.approx(float(mutau.probability_of_benefit(found.after)), rel=1e-9)


def test_a_prior_made_from_standard_errors_is_made_from_those_of_all_trials(table, early):
    before = mutau.fit(
        early.studies, replace(early.model, tau_prior=priors.DuMouchel()), engine="exact", seed=7
    )
    found = update(before, table.select(year=1980))
    assert found.after.model.tau_prior == priors.DuMouchel().given(found.after.effects["sei"])
    frame = found.to_frame()
    assert (frame["tau_prior_before"] != frame["tau_prior_after"]).all()


def test_trials_that_do_not_define_a_posterior_alone_may_be_added():
    model = mutau.OutcomeModel(
        name="m", measure="GEN", benefit="higher", mu_prior=priors.Flat(), tau_prior=priors.Uniform(0, np.inf)
    )
    frame = pd.DataFrame({"study": list("abcd"), "yi": [0.1, 0.5, 0.3, 0.2], "sei": [0.1, 0.2, 0.1, 0.3]})
    found = update(mutau.fit(frame[:3], model, engine="exact", seed=1), frame[3:])
    assert found.after.k == 4


def test_everything_wrong_with_new_rows_is_said_at_once(early):
    rows = pd.DataFrame(
        {
            "study": ["Aronson 1948", "new"],
            "events_treatment": [5, 9],
            "n_treatment": [4, 10],
            "events_control": [3, 2],
            "n_control": [4, None],
            "outcome": "tuberculosis",
        }
    )
    with pytest.raises(StudyDataError) as caught:
        update(early, rows)
    said = str(caught.value)
    assert len(caught.value.faults) == 3
    for words in ("has this trial already", "events 5 above n 4", "the cell is empty"):
        assert words in said


def test_a_trial_that_the_model_passes_over_is_refused(early):
    new = pd.DataFrame(
        {
            "study": ["x", "y", "z"],
            "yi": [-0.4, 0, 1],
            "sei": [0.2, 1, 1],
            "outcome": ["tuberculosis", "death", "death"],
        }
    )
    with pytest.raises(StudyDataError, match="does not select") as caught:
        update(early, new)
    assert [fault.study for fault in caught.value.faults] == ["y", "z"]
