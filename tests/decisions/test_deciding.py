"""`decide` takes what the model states, says what nobody stated, and its words and tables quote its numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors, tables
from mutau.decisions import NextTrial
from mutau.errors import ArgumentError
from mutau.grading import PerThousand
from mutau.outcomes import Threshold
from mutau.report import DecisionPage
from mutau.report.decision import decision_view
from mutau.stakes import ControlArms, FixedRisk, Instrument, Loss, Stakes

LOSS = Loss("threshold", worthwhile=0.9, use=3.0, source="a panel")


def falls(stakes, **changes):
    """Ready-made log risk ratios of trials whose arms are not known."""
    table = pd.DataFrame({"study": ["a", "b"], "yi": [-0.4, -0.2], "sei": [0.2, 0.3]})
    given = {
        "name": "falls",
        "measure": "RR",
        "benefit": "lower",
        "treatment_label": "exercise",
        "outcome_label": "a fall",
        "tau_prior": priors.PointMass(0),
        "thresholds": (Threshold(0.8, "appreciable benefit"),),
        "decision": stakes,
    }
    return mutau.fit(table, mutau.OutcomeModel(**given | changes), engine="exact", seed=1)


@pytest.fixture(scope="module")
def stated():
    return falls(Stakes(LOSS, (FixedRisk(0.17, "a cohort"),), level=0.95, next_trial_sizes=(100,)))


@pytest.fixture(scope="module")
def decided(stated):
    return mutau.decide(stated, alternatives={})


def test_what_the_model_states_is_what_is_asked(stated, decided):
    bare = falls(None)
    given = mutau.decide(bare, loss=LOSS, baselines=[FixedRisk(0.17, "a cohort")], alternatives={})
    for name in ("chances", "losses", "absolute"):
        pd.testing.assert_frame_equal(decided.to_frames()[name], given.to_frames()[name])
    assert {"threshold loss: worthwhile from 0.9"} <= {text.split(";")[0] for text in decided.assumptions}
    assert any("(a cohort)" in text for text in decided.assumptions)


def test_an_argument_comes_before_the_model(stated):
    other = mutau.decide(stated, loss=Loss(), baselines=(), sizes=(), alternatives={})
    assert other.importance.loss == Loss()
    assert other.absolute is None
    assert other.next_trial is None


def test_what_nobody_stated_is_said():
    found = mutau.decide(falls(None, thresholds=()), alternatives={})
    assert [text.split(",")[0] for text in found.unstated] == [
        "no loss is stated",
        "no region of practical equivalence: the model states no threshold",
        "no baseline risk is stated",
    ]


def test_a_trial_that_cannot_be_planned_is_left_out_with_the_reason_or_refused_where_it_is_asked_for(decided):
    assert decided.next_trial is None
    assert "how precise a trial of a given size is" in decided.unstated[-1]
    with pytest.raises(ArgumentError, match="unit_sd"):
        mutau.decide(falls(None), level=0.95, sizes=(100,), alternatives={})


def test_control_arms_are_learnt_from_where_the_model_says_so(avoidant):
    risk = 29 / 108
    model = replace(avoidant.model, decision=Stakes(baselines=(risk, ControlArms())))
    found = mutau.decide(replace(avoidant, model=model), alternatives={}).absolute.frame
    learnt = found[found["baseline_label"] == "learnt from 2 control arms"]
    assert learnt["without_lower"].iloc[0] < 1000 * risk < learnt["without_upper"].iloc[0]


def test_every_number_of_the_sentences_stands_in_the_tables(stated, decided):
    frames = decided.to_frames()
    sentences = tables.decision_sentences(frames, stated.model)
    shown = tables.decision_tables(frames, stated.model)
    known = {
        number for frame in shown.values() for cell in frame.to_numpy().ravel() for number in digits(cell)
    }
    known |= {number for frame in shown.values() for name in frame for number in digits(name)}
    known |= digits(decided.importance.loss) | digits("1,000 95% 17%")
    assert len(sentences) >= 6
    for sentence in sentences:
        assert digits(sentence) <= known, sentence
    assert "Of 1,000 people without exercise, 170 would have a fall" in sentences[2]


def digits(text):
    return set(re.findall(r"\d[\d.,]*\d|\d", str(text)))


def test_people_are_counted_from_the_posterior_in_closed_form(stated, decided):
    precision = 1 / 0.2**2 + 1 / 0.3**2 + 1 / stated.model.mu_prior.sd**2
    mean = (-0.4 / 0.2**2 - 0.2 / 0.3**2) / precision
    (people,) = PerThousand.of_frame(decided.absolute.frame, "RR")
    assert people.treated == pytest.approx(170 * np.exp(mean), rel=1e-6)
    assert people.upper == pytest.approx(170 * (np.exp(mean + 1.959964 / precision**0.5) - 1), rel=1e-5)
    assert people.baseline == "17%"


def test_the_summary_of_findings_counts_in_people_what_the_model_states(stated, decided):
    table = mutau.summary_of_findings([stated])
    (people,) = PerThousand.of_frame(decided.absolute.frame, "RR")
    row = table.numbers.iloc[0]
    assert row["treated_per_1000_1"] == people.treated
    assert table.frame["Per 1,000 without"].iloc[0] == "170"
    assert "falls: 17%" in table.notes[-1]


def test_an_odds_ratio_stands_in_where_a_risk_would_pass_1():
    known = {"without": 90.0, "with": 620.0, "difference": 530.0, "difference_lower": 260.0}
    rows = [
        {"prior_label": "default", "measure": "RR"} | dict.fromkeys(known, np.nan) | {"without": 90.0},
        {"prior_label": "odds ratio instead", "measure": "OR"} | known,
    ]
    frame = pd.DataFrame(rows).assign(
        quantity="mu", baseline="9% (a cohort)", baseline_label="9%", difference_upper=760.0
    )
    (people,) = PerThousand.of_frame(frame, "RR")
    assert people == PerThousand("9%, by an odds ratio", 90.0, 620.0, 530.0, 260.0, 760.0)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((100, 40, 300), "10 treated for one more to benefit (from 3.3 to 25)"),
        (
            (100, -50, 250),
            "10 treated for one more to benefit (from 4.0 treated for one more to benefit, through no difference, to "
            "20 treated for one more to be harmed)",
        ),
        ((-100, -200, -50), "10 treated for one more to be harmed (from 5.0 to 20)"),
    ],
)
def test_a_number_needed_goes_through_no_difference_where_it_must(decided, stated, limits, words):
    helped = dict(zip(("nnt", "nnt_upper", "nnt_lower"), (1000 / limit for limit in limits), strict=True))
    frames = decided.to_frames()
    frames["absolute"] = frames["absolute"].assign(**helped)
    assert any(words in text for text in tables.decision_sentences(frames, stated.model))


def test_an_instrument_says_an_smd_in_points():
    table = pd.DataFrame({"study": ["a"], "yi": [-0.4], "sei": [0.2], "n_treatment": 50, "n_control": 50})
    model = mutau.OutcomeModel(
        name="low mood",
        measure="SMD",
        benefit="lower",
        tau_prior=priors.PointMass(0),
        decision=Stakes(instrument=Instrument("EPDS", 5.0, "stated"), level=0.9, next_trial_sizes=(40,)),
    )
    fit = mutau.fit(table, model, engine="exact", seed=1)
    found = mutau.decide(fit, alternatives={})
    assert isinstance(found.next_trial, NextTrial)
    said = " ".join(tables.decision_sentences(found.to_frames(), model))
    (points,) = re.findall(r"is ([\d.]+) lower in points of the EPDS", said)
    assert float(points) == pytest.approx(5 * 0.4 / (1 + 0.04 / 1.55**2), abs=0.01)
    assert "one more trial of 40" in said
    assert [mutau.table(found, kind).name for kind in ("chances", "losses", "points", "next_trial")] == [
        f"decision_{kind}" for kind in ("chances", "losses", "points", "next_trial")
    ]


def test_the_page_shows_the_default_priors_first_and_the_others_on_demand(decided, stated):
    frames = decided.to_frames()
    more = pd.concat([frames["absolute"], frames["absolute"].assign(prior_label="doubled")])
    shown = tables.decision_tables(frames | {"absolute": more}, stated.model)
    found = DecisionPage(
        ("It helps.",), shown, dict.fromkeys(shown, ()), decided.assumptions, decided.unstated
    )

    class Outcome:
        model, decision = stated.model, found

    view = decision_view(Outcome, "falls", "made up")
    counted = {len(table.rows) for table in view.tables if "in people" in table.caption}
    assert counted == {2}
    assert {words: len(table.rows) for words, table in view.details}[
        "In people, under every prior for tau"
    ] == 4
    assert {"made up"} == {table.provenance for table in view.tables}
