"""The shipped review: every model loads, selects its studies, and carries what the review printed."""

from __future__ import annotations

import csv

import pytest

from mutau.outcomes import load_model, load_review
from mutau.shipped import shipped_path
from mutau.studies import read_studies

PIP = shipped_path("data", "pip")
REVIEW = load_review(shipped_path("models"))
ATTACHMENT = ("secure", "insecure_to_secure", "avoidant", "disorganised")
POOLED = ("depression_incidence", "depression_level")
DEPRESSION = tuple(
    f"epds_{arm}_{measure}" for arm in ("routine", "cbt", "counselling") for measure in ("smd", "md")
)
WITH_TRIALS = tuple(model for model in REVIEW.models if not model.is_pooled)


def select(model):
    selected = read_studies(model.data).select(**model.where)
    selected.require_unique_studies()
    return selected


def test_the_models():
    assert [model.name for model in REVIEW.models] == [*ATTACHMENT, *DEPRESSION, *POOLED]
    assert "doi:10.1002/14651858.CD010534.pub2" in REVIEW.citation
    assert "extracted from a trial report" in REVIEW.note


@pytest.mark.parametrize("model", WITH_TRIALS, ids=lambda model: model.name)
def test_each_selects_its_studies(model):
    selected = select(model)
    k = 2 if model.name in ATTACHMENT else 1
    assert (selected.k, len(selected.arms), len(selected.estimates)) == (k, 2 * k, 0)
    assert model.data == (PIP / "studies.csv").resolve()
    needed = selected.wide()[list(model.measure_record.inputs)]
    assert needed.notna().all(axis=None)
    assert model.provenance_note
    assert "xtracted from the trial report" in model.provenance_note
    assert selected.wide()["timepoint"].unique().tolist() == [model.timepoint]
    assert load_model(REVIEW.folder / f"{model.name}.toml") == model


@pytest.mark.parametrize("model", REVIEW.models, ids=lambda model: model.name)
def test_priors_are_the_defaults_and_thresholds_lie_on_the_side_of_benefit_first(model):
    shown = {"RR": ("HalfNormal(0.5)", "HalfNormal(1)"), "SMD": ("HalfNormal(0.28)", "HalfNormal(0.5)")}
    if model.measure in shown:
        assert (str(model.tau_prior), str(model.tau_alternatives[0][1])) == shown[model.measure]
    null = model.measure_record.null_natural
    assert (model.thresholds[0].value - null) * model.benefit_sign > 0


def test_mean_differences_say_their_reference():
    models = [model for model in REVIEW.models if model.measure == "MD"]
    assert len(models) == 3
    for model in models:
        assert model.reference_sd == 5
        assert model.mu_prior.sd == pytest.approx(7.75)
        assert model.tau_prior.parameters["scale"] == pytest.approx(1.4)


def printed_row(outcome):
    with (PIP / "published.csv").open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["outcome"] == outcome]
    return row


def has_what_is_printed(model, row):
    published = model.published
    assert (published.estimate, published.lower, published.upper, published.prob) == tuple(
        float(row[column]) for column in ("estimate", "ci_lower", "ci_upper", "ci_prob")
    )
    assert (published.k, published.participants) == (int(row["k"]), int(row["participants"]))
    assert (published.certainty, published.conclusion) == (row["certainty"], row["conclusion_in_review"])
    assert (model.measure, model.benefit) == (row["measure"], row["benefit"])


@pytest.mark.parametrize("name", ATTACHMENT)
def test_published_results_are_those_of_the_table(name):
    model = next(model for model in REVIEW.models if model.name == name)
    has_what_is_printed(model, printed_row(model.where["outcome"]))
    published, wide = model.published, select(model).wide()
    assert wide[["n_treatment", "n_control"]].sum().sum() == published.participants


def test_depression_has_nothing_to_compare_with():
    assert all(model.published is None for model in REVIEW.models if model.name in DEPRESSION)


@pytest.mark.parametrize("name", POOLED)
def test_pooled_results_are_those_of_the_table_and_read_no_trials(name):
    model = next(model for model in REVIEW.models if model.name == name)
    row = printed_row(f"Parental depression: {name.removeprefix('depression_')}")
    has_what_is_printed(model, row)
    assert (model.is_pooled, model.data, model.where) == (True, None, {})  # although the review names a table
    assert (model.timepoint, model.comparison) == (row["timepoint"], row["comparison"])
    assert (model.published.ci_method, model.published.tau2_published) == ("wald", None)
    assert "Only the pooled result as printed in the review's abstract is known" in model.provenance_note
    assert load_model(REVIEW.folder / f"{name}.toml") == model
