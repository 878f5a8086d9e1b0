from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from mutau.errors import ArgumentError
from mutau.outcomes import Certainty, OutcomeModel, PublishedResult, Threshold, ZeroCells
from mutau.priors import Flat, HalfCauchy, HalfNormal, Normal, PointMass, Uniform, default_priors


def model(**changes):
    return OutcomeModel(**{"name": "falls", "measure": "RR", "benefit": "lower", **changes})


def keys(caught):
    return [fault.key for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("measure", "kind", "mu", "tau", "doubled"),
    [
        ("RR", "ratio", Normal(0, 2.82), HalfNormal(0.5), HalfNormal(1)),
        ("OR", "ratio", Normal(0, 2.82), HalfNormal(0.5), HalfNormal(1)),
        ("HR", "ratio", Normal(0, 2.82), HalfNormal(0.5), HalfNormal(1)),
        ("SMD", "smd", Normal(0, 1.55), HalfNormal(0.28), HalfNormal(0.5)),
        ("RD", "rd", Normal(0, 0.5), HalfNormal(0.1), HalfNormal(0.2)),
    ],
)
def test_default_priors_of_each_measure(measure, kind, mu, tau, doubled):
    made = model(measure=measure)
    assert (made.mu_prior, made.tau_prior) == (mu, tau)
    assert made.tau_alternatives == (("doubled", doubled), ("tau = 0", PointMass(0)))
    assert made.measure_record.scale_kind == kind


def test_mean_difference_needs_its_reference():
    made = model(measure="MD", reference_sd=5)
    defaults = default_priors("md", 5)
    assert (made.mu_prior, made.tau_prior) == (defaults.mu, defaults.tau)
    assert made.tau_alternatives[0] == ("doubled", defaults.tau_wide)
    stated = model(measure="MD", mu_prior=Normal(0, 10), tau_prior=HalfNormal(2))
    assert stated.tau_alternatives[0] == ("doubled", HalfNormal(4))
    with pytest.raises(ArgumentError) as caught:
        model(measure="MD", mu_prior=Normal(0, 10))
    assert keys(caught) == ["reference_sd"]


def test_ready_made_effects_need_their_priors():
    with pytest.raises(ArgumentError) as caught:
        model(measure="GEN")
    assert keys(caught) == ["mu_prior", "tau_prior"]
    assert model(measure="GEN", mu_prior=Flat(), tau_prior=HalfCauchy(1)).tau_alternatives[0] == (
        "doubled",
        HalfCauchy(2),
    )


def test_own_prior_is_doubled_and_others_follow():
    made = model(tau_prior=HalfCauchy(0.5), tau_alternatives=(("empirical", HalfNormal(0.3)),))
    assert made.tau_alternatives == (
        ("doubled", HalfCauchy(1)),
        ("tau = 0", PointMass(0)),
        ("empirical", HalfNormal(0.3)),
    )


def test_alternatives_follow_a_changed_prior():
    made = dataclasses.replace(
        model(tau_alternatives=(("empirical", HalfNormal(0.3)),)), tau_prior=HalfNormal(0.2)
    )
    assert made.tau_alternatives == (
        ("doubled", HalfNormal(0.4)),
        ("tau = 0", PointMass(0)),
        ("empirical", HalfNormal(0.3)),
    )
    assert dataclasses.replace(made) == made


@pytest.mark.parametrize("tau", [PointMass(0), Uniform(0, float("inf"))])
def test_where_doubling_changes_nothing_the_default_stands_in(tau):
    labels = [label for label, _ in model(tau_prior=tau).tau_alternatives]
    assert labels[:2] == ["measure's default", "measure's default, doubled"]
    again = dataclasses.replace(model(tau_prior=tau))
    assert again.tau_alternatives == model(tau_prior=tau).tau_alternatives


def test_benefit_has_a_sign():
    assert model(benefit="lower").benefit_sign == -1
    assert model(benefit="higher").benefit_sign == 1


def test_every_fault_at_once():
    with pytest.raises(ArgumentError) as caught:
        OutcomeModel(
            name=" ",
            measure="RRR",
            benefit="less",
            likelihood="binomal",
            where={"study": ["A"]},
            mu_prior=2.82,
            tau_prior=Normal(0, 1),
            tau_alternatives=(("a", HalfNormal(1)), ("a", 3), "b"),
            thresholds=(Threshold(float("nan"), ""), 0.8),
            published=PublishedResult(0.4, 0.5, 0.9, prob=95, k=0, participants=2.5, certainty="certain"),
            zero_cells=ZeroCells(-1, "only"),
            smd_variance="hedges",
            reference_sd=0,
        )
    assert keys(caught) == [
        "name",
        "measure",
        "benefit",
        "likelihood",
        "smd_variance",
        "where.study",
        "mu_prior",
        "tau_prior",
        "tau_alternatives[2].label",
        "tau_alternatives[2].prior",
        "tau_alternatives[3]",
        "reference_sd",
        "thresholds[1].label",
        "thresholds[1].value",
        "thresholds[2]",
        "published.estimate",
        "published.prob",
        "published.k",
        "published.participants",
        "published.certainty",
        "zero_cells.add",
        "zero_cells.to",
    ]
    assert "Did you mean 'RR'" in caught.value.faults[1].remedy


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        ("RR", 0.0, "A ratio is above 0"),
        ("RR", -0.3, "A ratio is above 0"),
        ("RR", 1.0, "on either side"),
        ("SMD", 0.0, "on either side"),
        ("RD", 5.0, "between -1 and 1"),
    ],
)
def test_thresholds_are_effects_away_from_none(measure, value, words):
    with pytest.raises(ArgumentError, match=words):
        model(measure=measure, thresholds=(Threshold(value, "x"),))


def test_thresholds_may_be_harms_but_not_twice():
    assert len(model(thresholds=(Threshold(0.75, "benefit"), Threshold(1.25, "harm"))).thresholds) == 2
    with pytest.raises(ArgumentError, match="stands twice"):
        model(thresholds=(Threshold(0.75, "a"), Threshold(0.75, "b")))


@pytest.mark.parametrize("limits", [(0.5, 0.6, 0.9), (0.5, 0.9, 0.4), (-0.5, -0.9, 0.4)])
def test_published_estimate_lies_in_its_interval(limits):
    with pytest.raises(ArgumentError):
        model(published=PublishedResult(*limits))
    assert model(published=PublishedResult(0.5, 0.4, 0.6)).published.prob == 0.95


def test_improper_priors_are_for_the_fit_to_judge():
    assert not model(mu_prior=Flat(), tau_prior=Uniform(0, float("inf"))).tau_prior.is_proper


def test_pure_data():
    where = {"study": "A"}
    made = model(where=where)
    where["study"] = "B"
    assert made.where == {"study": "A"}
    assert pickle.loads(pickle.dumps(made)) == made == copy.deepcopy(made)
    assert hash(made) == hash(model(where={"study": "A"}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.measure = "OR"


def test_the_model_s_own_rating_comes_before_the_printed_one():
    printed = PublishedResult(0.8, 0.5, 0.9, certainty="low", source="the abstract")
    base = {"name": "m", "measure": "RR", "benefit": "lower"}
    assert OutcomeModel(**base).rated is None
    assert OutcomeModel(**base, published=printed).rated == Certainty("low", source="the abstract")
    own = Certainty("very low", ("imprecision: one trial",))
    assert OutcomeModel(**base, published=printed, certainty=own).rated is own
    with pytest.raises(ArgumentError, match="no certainty"):
        OutcomeModel(**base, certainty="low")
