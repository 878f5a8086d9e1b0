"""The next trial drawn: what stands where, the size needed where there is one, and its words in the SVG."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.decisions import next_trial
from mutau.errors import ArgumentError
from mutau.outcomes import Threshold
from mutau.plots import SHEET_COLUMNS, plot_next_trial, prepare_next_trial, svg_text
from mutau.plots.style import figure_of


@pytest.fixture(scope="module")
def fit():
    studies = pd.DataFrame({"study": ["A"], "yi": [-0.2], "sei": [0.2], "provenance": "reconstructed"})
    model = mutau.OutcomeModel(
        name="m",
        title="Pain & <b>",
        measure="RR",
        benefit="lower",
        treatment_label="drug",
        control_label="placebo",
        mu_prior=priors.Normal(0, 1),
        tau_prior=priors.PointMass(0),
        thresholds=(Threshold(0.9, "small"),),
    )
    return mutau.fit(studies, model, engine="exact", seed=1)


@pytest.fixture(scope="module")
def found(fit):
    return next_trial(fit, [640, 40, 160], level=0.95, unit_sd=2.0, chance=0.4)


@pytest.fixture(scope="module")
def frame(fit, found):
    return prepare_next_trial(fit, found)


def test_the_frame_holds_the_curve_of_each_goal_and_the_chance_without_end(found, frame):
    assert tuple(frame.columns) == SHEET_COLUMNS
    for j, goal in enumerate(map(str, found.goals), 1):
        rows = found.curve[found.curve["goal"] == goal].sort_values("size")
        for mark in (f"chance_{j}", f"size_{j}"):
            drawn = frame[frame["mark"] == mark]
            assert list(drawn["x"]) == list(rows["size"]) == [40, 160, 640]
            assert list(drawn["y"]) == list(rows["chance"])
            assert set(drawn["curve"]) == {goal}
        assert list(frame.loc[frame["mark"] == f"limit_{j}", "y"]) == [rows["limit"].iloc[0]]
    assert list(frame.loc[frame["mark"] == "asked", "y"]) == [0.4, 0.4]


def test_the_size_needed_stands_where_the_stated_chance_is_reached_and_nowhere_else(found, frame):
    known = np.isfinite(found.needed["size"])
    assert 0 < known.sum() < len(known)
    for j, (_, row) in enumerate(found.needed.iterrows(), 1):
        here = frame[frame["mark"] == f"needed_{j}"]
        assert len(here) == np.isfinite(row["size"])
        if len(here):
            assert here[["x", "y"]].to_numpy().tolist() == [[row["size"], 0.4]]
            assert frame.loc[frame["mark"] == f"number_{j}", "text"].item() == f"{row['size']:,.0f}"
            assert f"40% chance with {row['size']:,.0f} participants" in frame.attrs["labels"].reading
    notes = " ".join(frame.attrs["labels"].notes)
    short = "; ".join(found.needed.loc[~known, "goal"])
    assert f"not reached by any of these sizes for {short}." in notes


def test_a_size_reached_at_once_is_said_to_be_at_most_that(fit):
    frame = prepare_next_trial(fit, next_trial(fit, [320, 640], level=0.9, unit_sd=2.0, chance=0.2))
    assert frame.loc[frame["mark"] == "number_1", "text"].item() == "≤ 320"
    at = frame[frame["mark"] == "size_1"].iloc[0]
    assert frame.loc[frame["mark"] == "needed_1", "y"].item() == at["y"] > 0.2


def test_the_drawing_has_its_marks_its_words_and_an_alternative_text(found, frame):
    ax = plot_next_trial(frame)
    assert ax.get_xscale() == "log"
    assert len(ax.collections) == frame["mark"].str.match("size_|limit_|needed_").pipe(
        lambda of: frame.loc[of, "mark"].nunique()
    )
    labels = frame.attrs["labels"]
    assert figure_of(ax).get_label() == f"{labels.title}. {labels.reading}"
    root = ET.fromstring(svg_text(ax))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    said = ("Pain & <b>: what one more trial may bring", "stated chance, 40%", str(found.goals[0]))
    assert set(said) <= set(words)
    assert "reconstructed (1 of 1 rows). None is an extraction" in " ".join(labels.notes)
    now = found.curve["probability_now"].iloc[0]
    assert f"Today: P(benefit (RR < 1)) is {now:.3f}; P(important benefit" in " ".join(labels.notes)


def test_without_a_size_asked_about_there_is_no_picture(fit):
    nothing = mutau.decide(fit, sizes=[], baselines=[], alternatives={}).next_trial
    with pytest.raises(ArgumentError, match="No size of a next trial was asked about"):
        prepare_next_trial(fit, nothing)
