"""Cumulative meta-analysis drawn: its frame without drawing, a row for each trial, its words as they are."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.living import cumulative
from mutau.plots import CUMULATIVE_TEXTS, plot_cumulative, prepare_cumulative, svg_text, why_no_cumulative


@pytest.fixture(scope="module")
def found():
    studies = pd.DataFrame(
        {
            "study": ["B & <b>", "A $x$", "C"],
            "yi": [-0.5, -0.2, -0.4],
            "sei": [0.2, 0.3, 0.1],
            "year": [2001, 1999, 2001],
            "provenance": "reconstructed",
        }
    )
    model = mutau.OutcomeModel(
        name="m",
        title="Pain after a day",
        measure="RR",
        benefit="lower",
        treatment_label="drug",
        control_label="placebo",
        mu_prior=priors.Flat(),
        tau_prior=priors.Uniform(0, np.inf),
    )
    return cumulative(mutau.fit(studies, model, engine="exact", seed=1))


def test_the_frame_holds_the_steps_and_their_words(found):
    frame = prepare_cumulative(found)
    pd.testing.assert_frame_equal(
        frame.drop(columns=list(CUMULATIVE_TEXTS)), found.to_frame(), check_exact=True
    )
    assert list(frame["text_when"]) == ["1999", "2001", "2001"]
    assert list(frame["text_bayesian"][:2]) == ["no posterior"] * 2
    assert frame["text_p"][2] == f"{found.steps[2].p_benefit:.3f}"
    assert frame["text_classic"][0].endswith("no interval")


def test_the_words_name_the_priors_the_order_what_is_undefined_and_the_provenance(found):
    labels = prepare_cumulative(found).attrs["labels"]
    notes = " ".join(labels.notes)
    assert f"mu ~ {found.mu_prior}, tau ~ {found.tau_prior}" in notes
    assert "No posterior after 1 trial:" in notes
    assert "needs at least 3 studies; there are 2." in notes
    assert "year 2001: B & <b>, C came together" in notes
    assert "reconstructed (3 of 3 rows). None is an extraction from a trial report." in notes
    assert labels.directions == ("Favours drug", "Favours placebo")


def test_the_drawing_has_a_mark_for_each_answer_and_its_words_in_rows(found):
    frame = prepare_cumulative(found)
    ax = plot_cumulative(frame)
    left, right = ax.get_xlim()
    marks = {shape: [line for line in ax.lines if line.get_marker() == shape] for shape in "os"}
    assert [line.get_xdata()[0] for line in marks["o"]] == [frame["estimate"][2]]
    assert [line.get_xdata()[0] for line in marks["s"]] == list(frame["classic_estimate"])
    assert all(left <= line.get_xdata()[0] <= right for line in marks["s"])
    places = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert [places[f"+ {step.added}"] for step in found.steps] == [0.5, 1.5, 2.5]
    words = [element.text for element in ET.fromstring(svg_text(ax)).iter("{http://www.w3.org/2000/svg}text")]
    for said in (
        "Pain after a day",
        "+ B & <b>",
        "+ A $x$",
        "P(benefit)",
        frame["text_p"][2],
        "Favours drug",
    ):
        assert said in words


@pytest.mark.parametrize(
    ("years", "why"),
    [
        ([2001, 1999, 2001], ""),
        (["2001", "", "1999"], "Not every trial has a number in column 'year'"),
        ([2001, 2001, 2001], "All trials have the same year"),
        (None, "no column 'year'"),
        ([2001], "there are 1"),
    ],
)
def test_a_run_draws_it_only_where_years_give_an_order(years, why):
    count = 3 if years is None else len(years)
    studies = pd.DataFrame({"study": list("ABC")[:count], "yi": -0.2, "sei": 0.2})
    studies = studies if years is None else studies.assign(year=years)
    fit = mutau.fit(
        studies, mutau.OutcomeModel(name="m", measure="RR", benefit="lower"), engine="exact", seed=1
    )
    said = why_no_cumulative(fit)
    assert why in said if why else not said
