"""Figures of a sensitivity analysis: named priors and grids, frames without drawing, drawings by their words."""

import math
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from mutau.errors import ArgumentError
from mutau.plots import (
    NAMED_PRIOR_COLUMNS,
    plot_named_priors,
    plot_prior_grid,
    prepare_named_priors,
    prepare_prior_grid,
    svg_text,
)
from mutau.sensitivities.cells import Cells
from mutau.sensitivities.scales import Axis, PriorGrid

WAYS = ["exact"] * 5


@pytest.fixture
def named():
    """Four answers and one that there is not; an interval that runs far out; a name that would be markup."""
    return pd.DataFrame(
        {
            "prior_label": ["default", "doubled", "flat mu", "<b>$x$</b>", "sceptic"],
            "mu_prior": ["normal(0, 2.82)", "normal(0, 2.82)", "flat", "normal(0, 2)", "normal(0, 0.1)"],
            "tau_prior": ["half-normal(0.5)", "half-normal(1)", *["half-normal(0.5)"] * 3],
            "estimate": [2.0, 2.1, math.nan, 1.9, 1.1],
            "lower": [1.5, 1.2, math.nan, 1e-9, 0.9],
            "upper": [3.0, 4.0, math.nan, 1e9, 1.3],
            "prob": 0.95,
            "p_benefit": [0.99, 0.97, math.nan, 0.9, 0.7],
            "ess": [math.inf, math.inf, math.nan, math.inf, math.inf],
            "how": WAYS,
            "reason": ["", "", "it has no posterior", "", ""],
        }
    )


def words(picture):
    root = ElementTree.fromstring(svg_text(picture))
    return [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]


def test_a_row_names_the_prior_that_is_other_and_its_numbers(secure, named):
    frame = prepare_named_priors(secure.fit, named)
    assert tuple(frame) == NAMED_PRIOR_COLUMNS
    assert frame["priors"].to_list() == [
        "mu ~ normal(0, 2.82); tau ~ half-normal(0.5)",
        "tau ~ half-normal(1)",
        "mu ~ flat",
        "mu ~ normal(0, 2)",
        "mu ~ normal(0, 0.1)",
    ]
    assert list(frame["own"]) == [True, False, False, False, False]
    assert frame["interval"].iloc[1] == "2.10 [1.20, 4.00]"
    assert frame["chance"].iloc[2] == "–"
    labels = frame.attrs["labels"]
    assert labels.chance == "P(benefit) 0.700 (sceptic) to 0.990 (default)"
    assert "No answer for flat mu: it has no posterior." in labels.notes
    assert "unbiased trials" in labels.notes[0]
    assert not any("Read from draws" in note for note in labels.notes)


def test_draws_behind_an_answer_are_said_and_round_it(secure, named):
    drawn = named.assign(ess=500.0, how=["sampled", "re-weighted", "", "refitted", "re-weighted"])
    drawn.loc[0, "p_benefit"] = 1.0
    frame = prepare_named_priors(secure.fit, drawn)
    assert frame["chance"].iloc[0] == "> 0.998"
    assert any("Read from draws" in note for note in frame.attrs["labels"].notes)


def test_the_drawing_has_every_row_and_an_arrow_where_an_interval_runs_out(secure, named):
    axes = plot_named_priors(prepare_named_priors(secure.fit, named))
    shown = words(axes)
    for text in ("default", "<b>$x$</b>", "tau ~ half-normal(1)", "2.00 [1.50, 3.00]", "0.970", "P(benefit)"):
        assert text in shown, text
    marks = [line.get_marker() for line in axes.get_lines()]
    assert (marks.count("D"), marks.count("o"), marks.count("<"), marks.count(">")) == (1, 3, 1, 1)
    places = [float(line.get_xdata()[0]) for line in axes.get_lines() if line.get_marker() in "Do"]
    assert places == [2.0, 2.1, 1.9, 1.1]
    assert axes.get_xscale() == "log"


def test_without_any_answer_there_is_no_picture(secure, named):
    with pytest.raises(ArgumentError, match="at least one pair"):
        prepare_named_priors(secure.fit, named.assign(p_benefit=math.nan))


@pytest.fixture
def grid():
    """Four by four cells from draws, of which two are not known."""
    chance = np.linspace(0.6, 0.99, 16).reshape(4, 4)
    chance[0, :2] = math.nan
    median = np.where(np.isnan(chance), math.nan, 1.5)
    source = np.where(np.isnan(chance), -1, 0)
    source[3, 3] = 1
    reasons = np.where(source < 0, "Pareto k is 0.90", "").astype(object)
    logs = np.stack([np.log(median) + shift for shift in (-0.3, 0.0, 0.3)], axis=-1)
    cells = Cells(
        0.95, logs, 1 - chance, chance, np.full((4, 4), 0.3), np.full((4, 4), 900.0), source, False, reasons,
        ("mu ~ normal(0, 1); tau ~ half-normal(0.1)",),
    )  # fmt: skip
    axis = (
        Axis("SD of mu's prior", np.array([1.0, 2, 3, 4])),
        Axis("scale of tau's prior", np.array([1.0, 2, 3, 4])),
    )
    priors = tuple("abcd")
    return PriorGrid(
        "scales",
        *axis,
        (2, 2),
        priors,
        priors,
        chance,
        median,
        0.8 * median,
        1.2 * median,
        0.95,
        "normal",
        cells,
    )


def test_cells_without_an_answer_are_grey_and_the_notes_count_them(secure, grid):
    frame = prepare_prior_grid(secure.fit, grid, 0.9)
    assert frame["p_benefit"].isna().sum() == 2
    assert frame["reason"].iloc[0] == "Pareto k is 0.90"
    assert frame["draws_of"].iloc[15] == "mu ~ normal(0, 1); tau ~ half-normal(0.1)"
    notes = " ".join(frame.attrs["labels"].notes)
    assert "13 are weighed from the draws of the fit, 1 from those of a further fit" in notes
    assert "2 have no answer" in notes
    figure = plot_prior_grid(frame)
    shown = figure.axes[0].get_images()[0]
    assert np.ma.getmaskarray(shown.get_array()).sum() == 2
    assert "P(benefit)" in words(figure)
