"""The verdict: words from numbers and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.sensitivities import VerdictThresholds, sensitivity

NUMBER = re.compile(r"\d*\.\d+|\d+")


@pytest.fixture(scope="module")
def found(avoidant):
    return sensitivity(avoidant, level=0.9)


def test_every_sentence_rests_on_rows_that_can_be_looked_up(found):
    frames = found.to_frames()
    place = {
        "named priors": "named_priors",
        "power-scaling": "power_scaling",
        "prior-data conflict": "prior_conflict",
    }
    for sentence in found.verdict.sentences:
        assert sentence.rows, sentence.text
        for row in sentence.rows:
            if row.table == "thresholds":
                continue
            frame = frames[place.get(row.table, row.table)]
            assert row.value in set(frame[row.column]), row


def test_a_larger_shift_makes_it_robust_and_a_smaller_one_not(avoidant):
    labels = [
        sensitivity(avoidant, thresholds=VerdictThresholds(shift=shift, several=10)).verdict.label
        for shift in (0.2, 0.03, 1e-4)
    ]
    assert labels[0] == "robust"
    assert labels[1].startswith("depends on the prior for tau")
    assert len(labels[2]) > len(labels[1])


def test_several_dependences_are_not_robust(avoidant):
    verdict = sensitivity(avoidant, thresholds=VerdictThresholds(shift=1e-4, several=2)).verdict
    assert verdict.label == "not robust"


def test_no_level_is_spoken_of_that_nobody_stated(found, avoidant):
    assert "0.95 " not in re.sub(r"P\(benefit\) is 0\.95\d", "", found.verdict.text)
    assert "stated level" not in found.verdict.text
    stated = sensitivity(avoidant, thresholds=VerdictThresholds(level=0.9)).verdict.text
    assert "the stated level 0.9" in stated


def test_two_studies_never_make_the_answer_depend_on_one(found):
    assert "one study" not in found.verdict.depends_on
    assert "not whether the answer depends on one" in found.verdict.text


def test_three_studies_may(scores):
    wide = scores.studies.wide().drop(columns="row")
    wide.loc[wide["study"] == "C", ["mean_treatment", "mean_control"]] = [1.0, 30.0]
    model = replace(scores.model, tau_prior=priors.HalfNormal(0.05), tau_alternatives=())
    fit = mutau.fit(wide[wide["study"].isin(["B", "C", "D"])], model, engine="exact", seed=1)
    verdict = sensitivity(fit).verdict
    assert "one study" in verdict.depends_on
    assert "without C" in verdict.text


def test_attitudes_are_shown_and_not_held_against_the_answer(found):
    assert {"sceptic", "enthusiast"} <= set(found.named["prior_label"])
    assert "sceptic" not in found.verdict.text


def test_thresholds_that_make_no_sense_are_named_together():
    with pytest.raises(ArgumentError) as error:
        VerdictThresholds(shift=2, several=1, fewest_studies=2, level=3)
    assert len(error.value.faults) == 4


def test_a_level_that_cannot_be_used_is_refused(avoidant):
    with pytest.raises(ArgumentError, match=r"between 0\.5 and 1"):
        sensitivity(avoidant, level=0.3)
