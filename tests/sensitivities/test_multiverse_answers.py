"""The multiverse: further alternatives against fits of their own, figures of the document, crossing, symmetry."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.sensitivities import (
    Choice,
    data_set_choices,
    default_choices,
    exclusion_choices,
    multiverse,
    stated_choices,
    unhalved_choices,
)

SAME = 1e-8  # of a probability: the same quadrature, on a surface made for another order of calls


@pytest.fixture(scope="module")
def found(avoidant, admissible):
    return multiverse(avoidant, default_choices(avoidant))


def only(found, dimension, option):
    return next(each for each in found.of(dimension) if option in each.choices[0].option)


def chance(studies, model, **changes):
    """P(benefit) of a fit of its own."""
    alone = replace(model, where={}, tau_alternatives=(), thresholds=(), published=None, **changes)
    return float(mutau.probability_of_benefit(mutau.fit(studies, alone, engine="exact", seed=1)))


def table(events):
    rows = zip(("Cicchetti 1999a", "Cicchetti 2006b"), events, strict=True)
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    return pd.DataFrame(
        [{"study": s, **dict(zip(names, e, strict=True)), "provenance": "test"} for s, e in rows]
    )


def test_likelihoods_and_baselines_are_those_of_the_document(found):
    """docs/statistics.md, section 7: recomputed there by brute force."""
    assert only(found, "likelihood", "normal").p_benefit == pytest.approx(0.9380, abs=5e-5)
    assert only(found, "baseline prior", "SD 5").p_benefit == pytest.approx(0.949, abs=6e-4)
    assert only(found, "baseline prior", "SD 20").p_benefit == pytest.approx(0.953, abs=6e-4)


@pytest.mark.parametrize(
    ("dimension", "option", "changes"),
    [
        ("random effects", "t with 4", {"effects_df": 4.0}),
        ("measure", "OR", {"measure": "OR", "mu_prior": None, "tau_prior": None}),
        (
            "zero cells",
            "every study",
            {"likelihood": "normal", "zero_cells": mutau.outcomes.ZeroCells(0.5, "all")},
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")
def test_an_alternative_equals_its_own_fit(found, avoidant, dimension, option, changes):
    own = chance(avoidant.studies, avoidant.model, **changes)
    assert only(found, dimension, option).p_benefit == pytest.approx(own, abs=SAME)


def test_every_admissible_data_set_is_fitted(found, avoidant, admissible):
    sets = found.of("data set")
    assert [each.choices[0].option for each in sets] == [f"set {number}" for number in range(1, 18)]
    counts = pd.read_csv(admissible)
    for each in (sets[0], sets[9]):
        rows = counts[(counts["set"] == each.number) & counts["outcome"].str.contains("avoidant")]
        own = chance(rows.drop(columns="set").assign(provenance="test"), avoidant.model)
        assert each.p_benefit == pytest.approx(own, abs=SAME)
        assert "17 admissible" in each.provenance
    preferred = counts.loc[counts["preferred"] == 1, "set"].iloc[0]
    assert sets[preferred - 1].p_benefit == pytest.approx(found.base.p_benefit, abs=SAME)


def test_the_halved_arm_is_doubled_with_and_without_the_lost_event(found, avoidant, secure_exact):
    two, three = found.of("halved arm")
    assert ("2 of 28" in two.label, "3 of 28" in three.label) == (True, True)
    own = chance(table([(8, 46, 19, 54), (3, 28, 10, 54)]), avoidant.model)
    assert three.p_benefit == pytest.approx(own, abs=SAME)
    options = [choice.option for choice in unhalved_choices(secure_exact, "Cicchetti 2006b")]
    assert [option.split(": ")[1] for option in options] == [
        "16 of 28",
        "17 of 28",
    ]  # docs: the review halved 28


def test_the_conclusion_is_that_of_the_rows(found):
    frame = found.to_frame()
    counted = frame[frame["counts"]]
    for level in (0.5, 0.94):
        said = found.conclusion(level)
        assert said.holding == (counted["p_benefit"] > level).sum()
        assert said.counted == len(counted)
        assert (said.lowest.p_benefit, said.highest.p_benefit) == (
            counted["p_benefit"].min(),
            counted["p_benefit"].max(),
        )
    assert found.conclusion().holds
    assert not found.conclusion(0.94).holds


def test_studies_are_left_out_by_any_column():
    frame = pd.DataFrame(
        {
            "study": list("abcd"),
            "yi": [0.1, 0.5, 0.2, 0.9],
            "sei": [0.2] * 4,
            "risk_of_bias": ["low", "high", "low", "some"],
            "provenance": "made up",
        }
    )
    model = mutau.OutcomeModel(
        name="m",
        measure="GEN",
        benefit="higher",
        mu_prior=priors.Normal(0, 1),
        tau_prior=priors.HalfNormal(0.5),
    )
    fit = mutau.fit(frame, model, engine="exact", seed=1)
    made = multiverse(fit, [*exclusion_choices(fit, "risk_of_bias"), *exclusion_choices(fit, "country")])
    assert [(each.choices[0].option, each.k) for each in made.fitted[1:]] == [
        ("without low", 2),
        ("without high", 3),
        ("without some", 3),
    ]
    assert made.fitted[1].p_benefit == pytest.approx(chance(frame.iloc[[1, 3]], model), abs=SAME)
    assert "no column 'country'" in made.unfitted[0].reason


def test_a_full_crossing_combines_dimensions_and_lists_contradictions(avoidant):
    choices = [
        Choice("likelihood", "normal", {"likelihood": "normal"}),
        Choice("likelihood", "conditional", {"likelihood": "hypergeometric", "measure": "OR"}),
        Choice("baselines", "SD 5", {"baseline_sd": 5.0}),
        Choice("measure", "OR", {"measure": "OR", "mu_prior": None, "tau_prior": None}),
        Choice("measure", "RD", {"measure": "RD", "mu_prior": None, "tau_prior": None}),
        Choice("hopeless", "never", reason="it cannot be"),
    ]
    made = multiverse(avoidant, choices, crossed=True)
    assert len(made.specifications) == 3 * 2 * 3 + 1
    reasons = [each.reason for each in made.unfitted]
    assert sum("contradict each other in measure" in reason for reason in reasons) == 2
    assert "it cannot be" in reasons
    both = next(each for each in made.fitted if each.label == "likelihood: normal + measure: OR")
    own = chance(
        avoidant.studies, avoidant.model, likelihood="normal", measure="OR", mu_prior=None, tau_prior=None
    )
    assert both.p_benefit == pytest.approx(own, abs=SAME)


def test_a_crossing_too_large_is_refused(avoidant):
    choices = [Choice(f"d{i}", f"o{j}", {}) for i in range(8) for j in range(2)]
    with pytest.raises(ArgumentError, match="6561"):
        multiverse(avoidant, choices, crossed=True)


def test_swapping_arms_and_benefit_gives_the_same_answers(avoidant):
    """Priors of mu and baselines are symmetric, so nothing but the sign changes."""
    frame = table([(19, 54, 8, 46), (10, 54, 1, 14)])
    swapped = mutau.fit(
        frame,
        replace(avoidant.model, where={}, benefit="higher", thresholds=(), published=None),
        engine="exact",
        seed=1,
    )
    names = {"likelihood", "baseline prior", "random effects", "leave one study out"}
    a, b = (
        multiverse(each, [c for c in default_choices(each) if c.dimension in names]).to_frame()["p_benefit"]
        for each in (avoidant, swapped)
    )
    assert np.abs(a - b).max() < 1e-7


def test_wrong_data_sets_and_arms_are_refused(avoidant, admissible):
    with pytest.raises(ArgumentError, match=r"'sett'.*'set'"):
        data_set_choices(avoidant, admissible, by="sett")
    with pytest.raises(ArgumentError, match="no row is left"):
        data_set_choices(avoidant, pd.DataFrame({"set": [1], "outcome": ["another"]}))
    with pytest.raises(ArgumentError) as caught:
        unhalved_choices(avoidant, "Nobody 1999", "placebo")
    assert len(caught.value.faults) == 2


def test_what_a_model_states_comes_first_and_only_what_it_states(avoidant):
    stated = stated_choices(avoidant.model, avoidant.studies, avoidant.effects)
    assert [choice.dimension for choice in stated] == ["data set"] * 17 + ["halved arm"] * 2
    assert [each.label for each in default_choices(avoidant)[:19]] == [each.label for each in stated]
    bare = replace(avoidant.model, sensitivity=mutau.outcomes.OtherAnalyses(exclude=("study",)))
    assert stated_choices(bare, avoidant.studies, avoidant.effects) == ()
    fit = mutau.fit(avoidant.studies, bare, engine="exact", seed=1)
    assert {choice.dimension for choice in default_choices(fit)} >= {"without studies by study"}
