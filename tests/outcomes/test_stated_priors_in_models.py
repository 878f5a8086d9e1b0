"""Priors that a model file states as a table, or that are made from the studies' standard errors."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.describing import describe_model, describe_prior, describe_written
from mutau.errors import ArgumentError, ModelFileError, StudyDataError
from mutau.outcomes import load_model

STUDIES = pd.DataFrame({"study": list("abc"), "yi": [-0.4, -0.1, -0.3], "sei": [0.2, 0.15, 0.3]})


def loaded(tmp_path, text, measure="RR"):
    path = tmp_path / "falls.toml"
    path.write_text(f'measure = "{measure}"\nbenefit = "lower"\n{text}\n', encoding="utf-8")
    return load_model(path)


MU = [
    (
        '{ elicited = "normal", most_likely = 0.8, above = 0.5 }',
        priors.elicit_normal(0.8, above=0.5, measure="RR"),
    ),
    (
        '{ elicited = "t", df = 3.0, between = [0.5, 2], sure = 0.9 }',
        priors.elicit_t(between=(0.5, 2), sure=0.9, df=3, measure="RR"),
    ),
    ("{ sceptical = 0.6 }", priors.sceptical(0.6, measure="RR")),
    ("{ enthusiastic = 0.6, probability = 0.1 }", priors.enthusiastic(0.6, measure="RR", probability=0.1)),
    ("{ neutral = 2 }", priors.neutral(2, measure="RR")),
    ('{ pessimistic = -0.5, scale = "analysis" }', priors.pessimistic(-0.5, measure="RR", scale="analysis")),
    ("{ unit_information = 1, baseline_risk = 0.2 }", priors.unit_information("RR", baseline_risk=0.2)),
]


@pytest.mark.parametrize(("text", "prior"), MU, ids=[text for text, _ in MU])
def test_forms_of_mu(tmp_path, text, prior):
    model = loaded(tmp_path, f"priors.mu = {text}")
    assert model.mu_prior == prior
    assert model.mu_prior.origin == prior.origin


def test_tau_and_alternatives(tmp_path):
    text = """
    [priors]
    tau = { elicited = "log_normal", median = 0.2, below = 0.6 }
    [[priors.tau_alternatives]]
    label = "vague once"
    prior = "InverseGamma.on_tau2(0.001, 0.001)"
    """
    model = loaded(tmp_path, text)
    assert model.tau_prior == priors.elicit_log_normal(median=0.2, below=0.6, measure="RR")
    assert model.tau_alternatives[-1] == ("vague once", priors.RootInverseGamma(0.001, 0.001))


def test_the_reference_sd_of_the_model_is_the_unit(tmp_path):
    model = loaded(tmp_path, "reference_sd = 7.0\npriors.mu = { unit_information = 4 }", "MD")
    assert model.mu_prior == priors.Normal(0, 7)


def test_a_statement_for_another_measure(tmp_path):
    text = 'priors.mu = { sceptical = 0.6, measure = "OR", across_scales = true }'
    model = loaded(tmp_path, text)
    assert model.mu_prior.label.endswith("stated for OR, used for RR]")
    assert any("stated for OR, used for RR" in line for line in describe_model(model))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{ sceptical = 0.6, measure = "OR" }',
            "key 'priors.mu.sceptical': 'sceptical (plausible OR 0.6, 5%)' is stated",
        ),
        ("{ sceptical = 0.6, neutral = 2 }", "key 'priors.mu.neutral': sceptical and neutral stand together"),
        (
            "{ sceptical = 0.6, above = 2 }",
            "key 'priors.mu.above': it does not belong here. Beside sceptical stand",
        ),
        (
            "{ sceptical = 1 }",
            "key 'priors.mu.sceptical': effect = 1 for RR. The plausible effect is an effect",
        ),
        ('{ elicited = "gamma" }', "key 'priors.mu.elicited': 'gamma' is not known"),
        ('{ elicited = "normal", most_likely = 0.8, above = 0.9 }', "these statements contradict each other"),
        (
            '{ elicited = "normal", most_likely = -1, above = 0.9 }',
            "key 'priors.mu.most_likely': most_likely = -1",
        ),
        ("{ unit_information = 0 }", "key 'priors.mu.unit_information': n = 0"),
        (
            '{ elicited = "log_normal", median = 0.2, below = 0.6 }',
            "is a prior of tau. Here stands a prior of mu",
        ),
        (
            '{ published = "bartos2021/cochrane/smd/mu", sure = 0.9 }',
            "key 'priors.mu.sure': it does not belong here",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, said):
    with pytest.raises(ModelFileError) as caught:
        loaded(tmp_path, f"priors.mu = {text}")
    assert said in str(caught.value)


def test_standard_errors_come_with_the_studies(tmp_path):
    model = loaded(tmp_path, 'priors.tau = "DuMouchel()"')
    assert [label for label, _ in model.tau_alternatives] == ["doubled", "tau = 0"]
    fit = mutau.fit(STUDIES, model, engine="exact", seed=1)
    s0 = math.sqrt(3 / sum(STUDIES["sei"] ** -2))
    assert fit.model.tau_prior.scale == pytest.approx(s0)
    assert fit.model.tau_alternatives[0][1].ppf(0.5) == pytest.approx(2 * s0)
    assert fit.tree.attrs["tau_prior"] == "DuMouchel(sei=(0.2, 0.15, 0.3))"


def test_an_improper_prior_has_no_double(tmp_path):
    model = loaded(tmp_path, 'priors.tau = "Jeffreys()"')
    labels = [label for label, _ in model.tau_alternatives]
    assert labels == ["measure's default", "measure's default, doubled", "tau = 0"]
    fit = mutau.fit(STUDIES, model, engine="exact", seed=1)
    assert fit.model.tau_prior == priors.Jeffreys((0.2, 0.15, 0.3))
    assert "prior" not in fit.tree.children


def test_counts_have_no_standard_errors(tmp_path):
    text = 'likelihood = "binomial"\npriors.tau = "UniformShrinkage()"'
    row = {"study": ["a", "b"], "events_treatment": [3, 4], "n_treatment": [20, 30]}
    studies = pd.DataFrame(row | {"events_control": [6, 7], "n_control": [20, 30]})
    with pytest.raises(
        StudyDataError, match="made from the studies' standard errors, and the binomial likelihood has"
    ):
        mutau.fit(studies, loaded(tmp_path, text), engine="exact", seed=1)


def test_many_meta_analyses_have_many_such_priors(tmp_path):
    model = loaded(tmp_path, 'priors.tau = "UniformI2()"', 'GEN"\npriors.mu = "Normal(0, 1)')
    with pytest.raises(ArgumentError, match="anew for each meta-analysis"):
        mutau.fit_many(STUDIES.assign(meta="x"), model, by="meta")


def test_what_priors_imply_is_told(tmp_path):
    told = "\n".join(describe_model(loaded(tmp_path, 'priors.mu = "Normal(0, 0.35)"')))
    assert "worth about 32.7 participants, by (unit information SD / prior SD)^2" in told
    assert "half of such reviews have tau below 0.337" in told
    assert "P(benefit) is 0.5 on average and 0.5 in one setting" in told


def test_any_prior_is_described():
    lines = describe_written("Normal(-0.2, 0.35)", "OR")
    assert (
        lines[1] == "Prior of the mean effect mu for the odds ratio (OR), on the scale of the log odds ratio."
    )
    assert any("(risks of 50%)" in line for line in lines)
    assert any("tells of tau" in line for line in describe_written("HalfNormal(1)", "OR"))
    told = "\n".join(describe_prior(priors.sceptical(0.6, measure="RR"), "RR"))
    assert "Source\n  Made for this analysis. Spiegelhalter, Freedman and Parmar (1994)" in told
    assert "not counted in participants" in "\n".join(describe_written("Normal(0, 1)", "GEN"))
    with pytest.raises(ArgumentError, match="A prior is of mu or of tau"):
        describe_written("Normal(0, 1)", "OR", "sigma")
    with pytest.raises(ArgumentError, match="no support below 0"):
        describe_written("Normal(0, 1)", "OR", "tau")
