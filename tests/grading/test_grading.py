"""Statements against the published table, and GRADE's tables against the fits that they are made from."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from docx import Document

import mutau
from mutau import tables
from mutau.errors import ArgumentError
from mutau.grading import PerThousand, languages, size_class, statement
from mutau.grading.graded import as_graded
from mutau.grading.language import words_of
from mutau.outcomes import CERTAINTIES, DOMAINS, Certainty, DomainJudgement, Threshold

# Santesso et al. 2020, one wording of each cell, of a reduction; very low has one sentence whatever the size.
VERY_LOW = "The evidence is very uncertain about the effect of X on Y."
PUBLISHED = {
    ("high", "large"): "X results in a large reduction in Y.",
    ("high", "moderate"): "X reduces Y.",
    ("high", "small"): "X reduces Y slightly.",
    ("high", "trivial"): "X results in little to no difference in Y.",
    ("moderate", "large"): "X likely results in a large reduction in Y.",
    ("moderate", "moderate"): "X likely reduces Y.",
    ("moderate", "small"): "X likely reduces Y slightly.",
    ("moderate", "trivial"): "X likely results in little to no difference in Y.",
    ("low", "large"): "X may result in a large reduction in Y.",
    ("low", "moderate"): "X may reduce Y.",
    ("low", "small"): "X may reduce Y slightly.",
    ("low", "trivial"): "X may result in little to no difference in Y.",
} | {("very low", size): VERY_LOW for size in ("large", "moderate", "small", "trivial")}
EFFECTS = {"large": -0.9, "moderate": -0.6, "small": -0.3, "trivial": -0.1}
SIZES = tuple(
    Threshold(sign * value, f"{size} effect", size)
    for sign in (-1, 1)
    for value, size in ((0.2, "small"), (0.5, "moderate"), (0.8, "large"))
)


def fitted(effect=-0.6, **changes):
    given = {
        "name": "y",
        "measure": "SMD",
        "benefit": "lower",
        "treatment_label": "X",
        "outcome_label": "Y",
        "title": "Y at a year",
        "thresholds": SIZES,
        "tau_prior": mutau.priors.PointMass(0),
    } | changes
    frame = pd.DataFrame({"study": ["a", "b"], "yi": [effect, effect], "sei": [0.01, 0.01]})
    return mutau.fit(frame, mutau.OutcomeModel(**given), engine="exact", seed=1)


@pytest.fixture(scope="module")
def fit():
    return fitted()


def graded(fit, **changes):
    """The same answers under a model with other words."""
    (outcome,) = as_graded([fit])
    return replace(outcome, model=replace(fit.model, **changes))


@pytest.mark.parametrize(("rating", "size"), PUBLISHED)
def test_every_cell_of_the_published_table(fit, rating, size):
    outcome = graded(fit, certainty=Certainty(rating))
    rows = outcome.compared.assign(estimate=EFFECTS[size])
    for sign in (1, -1):
        said = statement(replace(outcome, compared=rows.assign(estimate=sign * rows["estimate"])))
        text = PUBLISHED[rating, size]
        if sign < 0:
            text = text.replace("reduction", "increase").replace("reduces", "increases")
            text = text.replace("reduce ", "increase ")
            text = text.replace("reduce Y", "increase Y")
        assert (said.text, said.size, said.rating) == (text, size, rating)


def test_each_language_has_every_sentence():
    for language in languages():
        words = words_of(language)
        assert set(words["statements"]) == set(CERTAINTIES)
        for rating in CERTAINTIES:
            assert {"large", "moderate", "small", "trivial"} <= set(words["statements"][rating])
    with pytest.raises(ArgumentError, match="klingon"):
        words_of("klingon")


def test_nothing_is_said_without_a_rating_or_sizes(fit):
    assert statement(fit).text == "No statement: no certainty rating was given for Y."
    bare = {"thresholds": (Threshold(-0.2, "worth it"),)}
    assert statement(graded(fit, certainty=Certainty("high"), **bare)).text.startswith(
        "No statement: what a small"
    )
    assert statement(graded(fit, certainty=Certainty("very low"), **bare)).text == VERY_LOW
    table = mutau.summary_of_findings([fit])
    assert table.frame["Certainty, as rated"].tolist() == ["not rated"]
    assert table.numbers["rating"].tolist() == [""]
    profile = mutau.evidence_profile([fit]).frame.iloc[0]
    assert {profile[name.replace("_", " ").capitalize()] for name in DOMAINS} == {"not stated"}


def test_sizes_of_ratios_and_of_one_side():
    sizes = (Threshold(0.75, "a", "moderate"), Threshold(0.5, "b", "large"), Threshold(1.5, "c", "small"))
    model = mutau.OutcomeModel(name="r", measure="RR", benefit="lower", thresholds=sizes)
    found = [size_class(model, effect)[0] for effect in (0.9, 0.75, 0.74, 0.4, 1.0, 1.2, 9.0)]
    assert found == ["trivial", "trivial", "moderate", "large", "trivial", "trivial", "small"]
    one_side = replace(model, thresholds=sizes[:2])
    assert size_class(one_side, 1.2) == ("", "no size is stated for effects on the side of RR 1.20")


def test_the_numbers_of_a_sentence_are_those_of_the_table(secure):
    table = mutau.summary_of_findings([secure])
    row, numbers = table.frame.iloc[0], table.numbers.iloc[0]
    said = str(statement(secure))
    assert row["Bayesian [95% credible interval]"] in said
    assert f"P(benefit) {row['P(benefit): default']}," in said
    limits = mutau.interval(secure, "mu")
    assert (numbers["lower"], numbers["upper"]) == pytest.approx((limits.lower, limits.upper))
    assert row["Bayesian [95% credible interval]"] == tables.effect_interval(
        numbers["estimate"], numbers["lower"], numbers["upper"]
    )
    chances = mutau.probabilities(secure)
    beyond = chances[(chances["event"] == "beyond 1.25") & (chances["quantity"] == "mu")]
    assert numbers["p_beyond"] == pytest.approx(beyond["probability"].iloc[0])
    assert row["In words"].startswith("The evidence is very uncertain")


def test_the_profile_describes_and_does_not_judge(secure):
    table = mutau.evidence_profile([secure])
    rows = table.numbers.set_index("event")
    for threshold in secure.model.thresholds:
        row = rows.loc[f"beyond {threshold.value:g}"]
        assert row["bound"] == pytest.approx(threshold.value)
        assert row["inside"] == (row["lower"] <= threshold.value <= row["upper"])
    yi, sei = (secure.effects[name].to_numpy() for name in ("yi", "sei"))
    q = np.sum((yi - np.average(yi, weights=sei**-2)) ** 2 / sei**2)
    assert rows["i2"].iloc[0] == pytest.approx(100 * max(0, 1 - 1 / q), rel=1e-6)
    new = mutau.interval(secure, "theta_new")
    assert rows["new_upper"].iloc[0] == pytest.approx(new.upper)
    words = table.frame.iloc[0]["Imprecision, in numbers"]
    assert len(re.findall("includes|excludes", words)) == 1 + len(secure.model.thresholds)


def test_domains_stand_with_their_reasons(fit):
    domains = (DomainJudgement("imprecision", "very serious", "40 events"),)
    outcome = graded(fit, certainty=Certainty("low", source="our team", domains=domains))
    row = mutau.evidence_profile([outcome]).frame.iloc[0]
    assert row["Imprecision"] == "very serious: 40 events"
    assert row["Risk of bias"] == "not stated"
    assert row["Certainty, as rated"] == "low: imprecision, very serious: 40 events (our team)"


def test_wrong_gradings_are_refused_all_at_once():
    domains = (DomainJudgement("imprecision", "undetected", " "), DomainJudgement("luck", "serious", "x"))
    wrong = {"certainty": Certainty("lowish", domains=domains)}
    sizes = (Threshold(-0.2, "a", "large"), Threshold(-0.5, "b", "small"), Threshold(0.2, "c", "huge"))
    with pytest.raises(ArgumentError) as raised:
        fitted(**wrong, thresholds=sizes)
    message = str(raised.value)
    for part in ("lowish", "undetected", "it is empty", "luck", "huge", "Sizes grow away from no effect"):
        assert part in message
    with pytest.raises(ArgumentError, match="no outcome"):
        mutau.summary_of_findings([])
    with pytest.raises(ArgumentError, match="str"):
        mutau.evidence_profile(["y"])


def test_events_per_1000_have_columns_where_they_are_given(fit):
    people = PerThousand("10%, a cohort", 100.0, 60.0, -40.0, -70.0, -15.0)
    table = mutau.summary_of_findings([fit], absolute={"y": [people]})
    row = table.frame.iloc[0]
    assert row["Per 1,000 without"] == "100"
    assert "10%, a cohort" in table.notes[-1]
    assert row["Difference per 1,000 [95% credible interval]"] == "-40 [-70, -15]"


def test_hostile_text_is_text_in_every_format(fit):
    hostile = "=cmd() <script>alert(1)</script> | {title} {0}"
    outcome = graded(
        fit, title=hostile, outcome_label="", treatment_label=hostile, certainty=Certainty("low")
    )
    assert hostile in statement(outcome).text  # braces are not taken for places to fill
    for table in (mutau.summary_of_findings([outcome]), mutau.evidence_profile([outcome])):
        assert "<script" not in table.to_html()
        assert r"\<script" in table.to_markdown() or "&lt;script" in table.to_markdown()
        assert not pd.read_csv(io.StringIO(table.to_csv()))["outcome"].str.startswith("=").any()
        document = Document(io.BytesIO(table.to_docx()))
        assert hostile in document.tables[0].rows[1].cells[0].text
