from __future__ import annotations

import pytest

import mutau
from mutau.decisions.roads import ROADS
from mutau.errors import ArgumentError
from mutau.outcomes.decided import RISK_MEASURES
from mutau.stakes import BetaRisk, ControlArms, FixedRisk, Instrument, LogitNormalRisk, Loss, Stakes

SHARED = """
title = "Falls in old age"
decision = { level = 0.9, loss = { kind = "threshold", worthwhile = 0.8, use = 3.0, source = "a panel" } }
"""
OWN = """
title = "Falls"
measure = "RR"
benefit = "lower"
[decision]
{loss}
next_trial_sizes = [40, 160]
baselines = [
    {{ risk = 0.17, source = "a cohort" }},
    {{ beta = [2, 8], source = "a cohort" }},
    {{ logit_normal = [-1.5, 0.4], source = "a cohort" }},
    {{ quantiles = [[0.5, 0.1], [0.95, 0.2]], family = "beta", source = "a panel" }},
    {{ learnt = "control arms" }},
]
"""


def written(folder, **said):
    (folder / "review.toml").write_text(SHARED, encoding="utf-8")
    (folder / "falls.toml").write_text(OWN.format(**{"loss": "", **said}), encoding="utf-8")
    return mutau.load_model(folder / "falls.toml").decision


def test_every_form_is_read_and_what_is_shared_comes_with_it(tmp_path):
    stakes = written(tmp_path)
    assert stakes.loss == Loss("threshold", 0.8, use=3.0, source="a panel")
    assert stakes.level == 0.9
    assert stakes.next_trial_sizes == (40.0, 160.0)
    number, beta, logit, asked, learnt = stakes.baselines
    assert (number, beta) == (FixedRisk(0.17, "a cohort"), BetaRisk(2.0, 8.0, "a cohort"))
    assert logit == LogitNormalRisk(-1.5, 0.4, "a cohort")
    assert asked.quantile([0.5, 0.95]) == pytest.approx([0.1, 0.2])
    assert learnt == ControlArms()


def test_a_loss_of_the_models_own_replaces_the_shared_one_whole(tmp_path):
    stakes = written(tmp_path, loss='loss = { kind = "linear", source = "ours" }')
    assert stakes.loss == Loss(source="ours")


def test_what_is_stated_is_printed(tmp_path):
    stakes = written(tmp_path)
    for said in ("(a panel)", "(a cohort)", "40 or 160 participants", "0.9", "control arms"):
        assert said in "\n".join(stakes.lines)
    assert stakes.brief.startswith("threshold loss; baseline 17%, Beta(2, 8), logit-normal(-1.5, 0.4)")
    model = mutau.load_model(tmp_path / "falls.toml")
    assert set(stakes.lines) <= set(mutau.table(model).numbers["text"])


def test_python_is_held_to_the_same_rules():
    with pytest.raises(ArgumentError) as caught:
        Stakes(level=0.3, next_trial_sizes=(-1.0,))
    assert [fault.key for fault in caught.value.faults] == ["level", "next_trial_sizes[1]"]
    scale = Stakes(instrument=Instrument("EPDS", 5.0, "stated"), baselines=(ControlArms(),))
    with pytest.raises(ArgumentError) as caught:
        mutau.OutcomeModel(name="m", measure="IRR", benefit="lower", decision=scale)
    assert [fault.key for fault in caught.value.faults] == ["decision.baselines[1]", "decision.instrument"]
    with pytest.raises(ArgumentError, match="states no stakes"):
        mutau.OutcomeModel(name="m", measure="RR", benefit="lower", decision=0.17)


def test_risks_belong_to_the_measures_that_have_a_road():
    assert set(RISK_MEASURES) == {*ROADS, "MD"}


def test_no_stakes_are_shared_with_an_outcome_of_a_pooled_result_alone(tmp_path):
    written(tmp_path)
    (tmp_path / "deaths.toml").write_text(
        'measure = "RR"\nbenefit = "lower"\nlikelihood = "pooled"\n'
        "published = { estimate = 0.74, lower = 0.52, upper = 1.05, k = 3 }\n",
        encoding="utf-8",
    )
    assert mutau.load_model(tmp_path / "deaths.toml").decision is None
