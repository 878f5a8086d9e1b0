"""Models of one group, of correlations, of changes and of matched pairs: what they ask for, answer and say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.describing import describe_model
from mutau.errors import ArgumentError, StudyDataError
from mutau.grading.statements import statement
from mutau.outcomes import Threshold
from mutau.plots.forest_words import direction_words
from mutau.priors import HalfNormal, Normal

NAMES = ["Ash 2001", "Birch 2004", "Cedar 2009"]
PRIORS = {"mu_prior": Normal(-1.5, 1.5), "tau_prior": HalfNormal(0.5)}
CARRIAGE = pd.DataFrame({"study": NAMES, "events": [3, 8, 12], "n": [40, 25, 60]})
GRIT = pd.DataFrame({"study": NAMES, "r": [0.3, 0.5, 0.1], "n": [40, 25, 60]})


def carriage(**given):
    return mutau.OutcomeModel(
        **{"name": "carriage", "measure": "PLO", "benefit": "lower", "compared_with": 0.2, **PRIORS, **given}
    )


@pytest.fixture(scope="module")
def fit():
    model = carriage(thresholds=(Threshold(0.1, "rare"),))
    return mutau.fit(CARRIAGE, model, engine="exact", seed=1)


@pytest.fixture(scope="module")
def correlations():
    model = mutau.OutcomeModel(
        name="grit", measure="ZCOR", benefit="higher", mu_prior=Normal(0, 0.5), tau_prior=HalfNormal(0.2)
    )
    return mutau.fit(GRIT, model, engine="exact", seed=1)


def test_one_group_is_asked_whether_it_lies_beyond_a_stated_value(fit):
    plain = mutau.OutcomeModel(name="plain", measure="GEN", benefit="lower", **PRIORS)
    logits = np.log(0.2 / 0.8)
    ready = mutau.effects(CARRIAGE, "PLO")[["study", "yi", "sei"]]
    other = mutau.fit(ready, plain, engine="exact", seed=1)
    benefit = mutau.probability_of_benefit(fit)
    assert float(benefit) == pytest.approx(float(other.marginal("mu").cdf(logits)), rel=1e-9)
    rare = mutau.probabilities(fit).set_index(["event", "quantity"])["probability"]["beyond 0.1", "mu"]
    assert rare == pytest.approx(float(other.marginal("mu").cdf(np.log(0.1 / 0.9))), rel=1e-9)


def test_a_proportion_is_read_as_one_with_mean_and_sd(fit):
    mean = mutau.summary(fit).iloc[0]
    assert (mean["scale"], mean["quantity"]) == ("natural", "mu")
    levels = (np.arange(20_000) + 0.5) / 20_000
    values = 1 / (1 + np.exp(-np.asarray(fit.marginal("mu").quantile(levels))))
    assert [mean["mean"], mean["sd"]] == pytest.approx([values.mean(), values.std()], rel=1e-3)


def test_before_any_trial_the_benefit_is_measured_from_the_same_value(fit):
    told = "\n".join(describe_model(fit.model))
    chance = Normal(-1.5, 1.5).cdf(np.log(0.2 / 0.8))
    assert f"P(benefit) is {chance:.3g} on average" in told
    assert "what one tells of PLO is not known" in told


def test_without_the_value_one_group_has_no_benefit():
    with pytest.raises(ArgumentError, match=r"PLO \(proportion\) describes one group.*compared_with = 0.1"):
        carriage(compared_with=None)
    with pytest.raises(ArgumentError, match="a proportion, not a percentage"):
        carriage(compared_with=20)
    with pytest.raises(ArgumentError, match="no effect is 1"):
        mutau.OutcomeModel(name="falls", measure="RR", benefit="lower", compared_with=0.5)
    with pytest.raises(ArgumentError, match=r"15 cannot be used. It is a possible value of the proportion"):
        carriage(thresholds=(Threshold(15, "rare"),))
    with pytest.raises(ArgumentError, match="each study's goes back by its own size"):
        carriage(measure="PFT")
    with pytest.raises(ArgumentError, match="A threshold lies away from no effect"):
        carriage(thresholds=(Threshold(0.2, "the same"),))


def test_without_default_priors_both_are_asked_for():
    with pytest.raises(ArgumentError) as caught:
        carriage(mu_prior=None, tau_prior=None)
    assert len(caught.value.faults) == 2
    assert "PLO has no default priors" in str(caught.value)


def test_a_change_has_an_smds_default_priors():
    model = mutau.OutcomeModel(name="sleep", measure="SMCC", benefit="higher")
    assert str(model.tau_prior) == "HalfNormal(0.28)"
    assert model.contrast() == "after versus before"
    assert direction_words(model) == ("Lower after", "Higher after")


def test_nothing_speaks_of_treatment_and_control_where_there_are_none(fit, correlations):
    for each, said in (
        (fit, "single groups, compared with 0.2"),
        (correlations, "two variables in one sample"),
    ):
        table = mutau.table(each, "data").to_markdown()
        words = "\n".join([*describe_model(each.model), table, str(statement(each))])
        assert said in words
        assert not {"treatment", "control"} & set(words.lower().split())
    assert direction_words(fit.model) == ("Below 0.2", "Above 0.2")
    assert direction_words(correlations.model) == ("Negative", "Positive")


def test_the_data_are_shown_as_they_came(fit, correlations):
    assert "3/40" in mutau.table(fit, "data").to_markdown()
    assert "0.30, 40" in mutau.table(correlations, "data").to_markdown()


def test_a_model_file_names_the_value(tmp_path):
    CARRIAGE.to_csv(tmp_path / "studies.csv", index=False)
    text = 'measure = "PLO"\nbenefit = "lower"\ncompared_with = 0.2\ndata = "studies.csv"\n'
    text += '[priors]\nmu = "Normal(-1.5, 1.5)"\ntau = "HalfNormal(0.5)"\n'
    (tmp_path / "carriage.toml").write_text(text, encoding="utf-8")
    assert mutau.load_model(tmp_path / "carriage.toml").measure_record.null_natural == 0.2


def test_a_measure_of_two_arms_says_that_the_table_has_one():
    with pytest.raises(StudyDataError, match="one group in each row: add a column arm"):
        mutau.effects(mutau.StudyTable.from_frame(CARRIAGE), "RR")
