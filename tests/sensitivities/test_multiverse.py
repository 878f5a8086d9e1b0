"""A multiverse: each specification is a fit of its own, and what cannot be fitted says why."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import mutau
from mutau.errors import ArgumentError
from mutau.sensitivities import Choice, data_set_choices, default_choices, multiverse, unhalved_choices
from mutau.sensitivities.choices import LEAVE_ONE_OUT

SAME = 1e-8  # the same exact posterior, by another way to it


def p_benefit(studies, model):
    return mutau.probability_of_benefit(mutau.fit(studies, model, engine="exact", seed=1)).benefit


@pytest.fixture(scope="module")
def of_scores(scores):
    return multiverse(scores)


def test_leaving_one_out_is_a_fit_without_that_study(scores, of_scores):
    left = {each.choices[0].option: each for each in of_scores.of(LEAVE_ONE_OUT)}
    assert len(left) == 4
    wide = scores.studies.wide().drop(columns="row")
    for name in "AD":
        found = left[f"without {name}"]
        assert found.p_benefit == pytest.approx(
            p_benefit(wide[wide["study"] != name], scores.model), abs=SAME
        )
        assert (found.k, found.counts) == (3, True)


def test_other_likelihoods_and_effects_are_fits_of_their_own(avoidant):
    found = {each.label: each for each in multiverse(avoidant).fitted}
    for label, change in (
        ("likelihood: normal", {"likelihood": "normal"}),
        ("random effects: t with 4 degrees of freedom", {"effects_df": 4.0}),
        ("baseline prior: baseline SD 5", {"baseline_sd": 5.0}),
    ):
        again = p_benefit(avoidant.studies, replace(avoidant.model, where={}, **change))
        assert found[label].p_benefit == pytest.approx(again, abs=SAME), label


def test_with_two_studies_leaving_one_out_is_reported_and_does_not_count(avoidant):
    left = multiverse(avoidant).of(LEAVE_ONE_OUT)
    assert len(left) == 2
    assert not any(each.counts for each in left)


def test_every_admissible_data_set_and_the_range(avoidant, admissible):
    sets = multiverse(avoidant, data_set_choices(avoidant, admissible))
    assert len(sets.of("data set")) == 17
    found = sets.conclusion(0.5)
    chances = [each.p_benefit for each in sets.fitted]
    assert (found.counted, found.lowest.p_benefit, found.highest.p_benefit) == (
        18,
        min(chances),
        max(chances),
    )
    assert found.holds
    assert found.lowest.p_benefit <= sets.base.p_benefit < found.highest.p_benefit


def test_an_unhalved_arm_is_twice_the_arm_with_either_number_of_events(avoidant):
    choices = unhalved_choices(avoidant, "Cicchetti 2006b")
    row = avoidant.effects.set_index("study").loc["Cicchetti 2006b"]
    x, n = int(row["events_treatment"]), int(row["n_treatment"])
    assert [choice.option for choice in choices] == [
        f"Cicchetti 2006b, treatment: {2 * x + odd} of {2 * n}" for odd in (0, 1)
    ]
    assert all(each.fitted for each in multiverse(avoidant, choices).specifications)


def test_what_cannot_be_fitted_is_listed_with_its_reason(scores):
    empty = Choice("data set", "nothing", studies=lambda table: table.without(study=["A", "B", "C", "D"]))
    stated = Choice("measure", "MD, its default priors", reason="the model states no reference SD")
    found = multiverse(scores, [empty, stated])
    assert len(found.unfitted) == 2
    assert all(each.reason for each in found.unfitted)
    assert found.to_frame()["p_benefit"].isna().sum() == 2


def test_crossing_makes_every_combination(scores):
    choices = [
        choice for choice in default_choices(scores) if choice.dimension in ("random effects", LEAVE_ONE_OUT)
    ]
    found = multiverse(scores, choices, crossed=True)
    assert len(found.specifications) == 1 + 1 + 4 + 4


def test_excluding_by_a_column_names_what_is_left_out(scores):
    wide = (
        scores.studies.wide().drop(columns="row").assign(provenance=["report", "report", "report", "letter"])
    )
    fit = mutau.fit(wide, scores.model, engine="exact", seed=1)
    found = [each for each in multiverse(fit).fitted if each.dimension == "without studies by provenance"]
    assert [each.choices[0].option for each in found] == ["without report", "without letter"]
    assert [each.k for each in found] == [1, 3]


def test_an_unknown_set_column_is_named(avoidant):
    with pytest.raises(ArgumentError, match="Did you mean 'set'"):
        data_set_choices(avoidant, pd.DataFrame({"set": [1], "study": ["A"]}), by="sett")
