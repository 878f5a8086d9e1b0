from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.errors import ArgumentError
from mutau.plots import (
    BENEFIT_BY_TAU_COLUMNS,
    plot_benefit_by_tau,
    prepare_benefit_by_tau,
    save,
    svg_text,
    why_no_benefit_by_tau,
)
from mutau.priors import HalfCauchy, PointMass, Uniform


@pytest.fixture(scope="module")
def fit(secure):
    return exact(secure.fit.studies, secure.model)


@pytest.fixture(scope="module")
def frame(fit):
    return prepare_benefit_by_tau(fit)


def exact(studies, model):
    return mutau.fit(studies, model, engine="exact", seed=1)


def texts(axes):
    root = ElementTree.fromstring(svg_text(axes))
    return [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]


def test_the_frame_is_the_answer_and_says_where_tau_lies(frame, fit):
    assert tuple(frame.columns) == BENEFIT_BY_TAU_COLUMNS
    pd.testing.assert_frame_equal(frame, mutau.benefit_by_tau(fit))
    posterior, prior = frame.attrs["labels"].rows
    levels = np.array([0.025, 0.5, 0.975])
    assert (posterior.lower, posterior.median, posterior.upper) == tuple(fit.exact.tau.quantile(levels))
    assert (prior.lower, prior.median, prior.upper) == tuple(fit.model.tau_prior.ppf(levels))


def test_the_picture_says_what_it_is_given(frame):
    axes = plot_benefit_by_tau(frame)
    shown = " ".join(texts(axes))
    for words in (
        "given unbiased trials, mu ~ normal(0, 2.82), normal likelihood and that value of tau",
        "no prior for tau enters the curves",
        "tau, posterior under half-normal(0.5): median",
        "tau, prior half-normal(0.5): median 0.34, 95% interval 0.016 to 1.12",
        "the between-study SD of the log risk ratio",
        "effect in a new setting",
        "reconstructed (unique solution)",
        "P(benefit given tau): > 0.9999 at tau = 0",
    ):
        assert words in shown, words


def test_the_axis_is_a_probability_without_a_line_at_095(frame):
    axes = plot_benefit_by_tau(frame)
    assert axes.get_yticks().tolist() == [0, 0.25, 0.5, 0.75, 1]
    level = {line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1}
    assert 0.95 not in level
    assert axes.get_ylim()[1] < 1.05
    assert axes.get_xlim() == (0, frame.attrs["labels"].end)


def test_the_same_picture_gives_the_same_bytes(frame, tmp_path):
    assert svg_text(plot_benefit_by_tau(frame)) == save(plot_benefit_by_tau(frame), tmp_path / "by_tau")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["by_tau.pdf", "by_tau.png", "by_tau.svg"]


def test_an_improper_prior_has_no_interval_and_says_so(make_counts, make_model):
    model = make_model(tau_prior=Uniform(0, np.inf))
    labels = prepare_benefit_by_tau(exact(make_counts(list("ABCDE")), model)).attrs["labels"]
    assert [row.name for row in labels.rows] == ["posterior"]
    assert any("improper" in note for note in labels.notes)


def test_a_heavy_prior_leaves_the_curves_readable(secure):
    labels = prepare_benefit_by_tau(
        exact(secure.fit.studies, replace(secure.model, tau_prior=HalfCauchy(0.5), tau_alternatives=()))
    ).attrs["labels"]
    assert labels.end < 30  # the grid ends at 318


def test_counts_have_the_same_figure(secure):
    fit = exact(secure.fit.studies, replace(secure.model, likelihood="binomial"))
    assert any("binomial likelihood" in note for note in prepare_benefit_by_tau(fit).attrs["labels"].notes)


def test_what_has_no_figure_says_why(secure, fit):
    fixed = exact(secure.fit.studies, replace(secure.model, tau_prior=PointMass(0)))
    assert why_no_benefit_by_tau(fit) == ""
    for each, words in ((secure.fit, "were sampled"), (fixed, "fixed at 0 by its prior")):
        assert words in why_no_benefit_by_tau(each)
        with pytest.raises(ArgumentError, match=words):
            prepare_benefit_by_tau(each)


def test_texts_stay_on_the_figure_and_apart(make_counts, make_model):
    title = "A very long title of an outcome measured in several ways at several times " * 2
    axes = plot_benefit_by_tau(
        prepare_benefit_by_tau(exact(make_counts(["A", "B"]), make_model(title=title)))
    )
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    boxes += [axes.get_legend().get_window_extent(), axes.yaxis.label.get_window_extent()]
    figure = axes.figure.bbox
    assert all(box.x0 >= 0 and box.x1 <= figure.x1 and box.y0 >= 0 and box.y1 <= figure.y1 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
