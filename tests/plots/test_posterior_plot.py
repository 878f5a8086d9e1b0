from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from mutau.outcomes import OutcomeModel
from mutau.plots import DENSITY_COLUMNS, plot_posterior, prepare_posterior, svg_text
from mutau.priors import Flat


@pytest.fixture(scope="module")
def frame(secure):
    return prepare_posterior(secure.fit)


def area(curve, mask=None):
    density = curve["density"].to_numpy()
    if mask is not None:
        density = np.where(mask, density, 0.0)
    return np.trapezoid(density, curve["analysis"].to_numpy())


def texts(axes):
    root = ElementTree.fromstring(svg_text(axes))
    return [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]


def test_curves_and_columns(frame):
    assert tuple(frame.columns) == DENSITY_COLUMNS
    assert list(frame["curve"].unique()) == ["posterior", "prior", "new"]
    np.testing.assert_allclose(frame["natural"], np.exp(frame["analysis"]))


def test_areas_are_probabilities(frame, secure):
    posterior = frame[frame["curve"] == "posterior"]
    mu = secure.fit.tree["posterior"]["mu"].values
    assert area(posterior) == pytest.approx(1, abs=0.01)
    assert area(posterior, posterior["benefit"]) == pytest.approx((mu > 0).mean(), abs=0.01)
    new = frame[frame["curve"] == "new"]
    assert area(new) == pytest.approx(0.97, abs=0.03)


def test_the_prior_is_its_own_density(frame, secure):
    prior = frame[frame["curve"] == "prior"]
    np.testing.assert_allclose(prior["density"], secure.model.mu_prior.pdf(prior["analysis"].to_numpy()))


def test_benefit_turns_with_its_direction(secure):
    fit = replace(secure.fit, model=replace(secure.model, benefit="lower", thresholds=()))
    frame = prepare_posterior(fit)
    assert (frame["benefit"] == (frame["analysis"] < 0)).all()


def test_an_improper_prior_is_said_not_drawn(secure, made):
    case = made(
        secure.fit.effects[["study", "yi", "sei", "provenance"]], replace(secure.model, mu_prior=Flat())
    )
    frame = prepare_posterior(case.fit)
    assert "prior" not in set(frame["curve"])
    assert any("improper" in note for note in frame.attrs["labels"].notes)
    assert any("improper" in text for text in texts(plot_posterior(frame)))


def test_without_heterogeneity_there_is_no_curve_of_its_own_for_a_new_setting(secure):
    frame = prepare_posterior(secure.alternatives["tau = 0"])
    assert set(frame["curve"]) == {"posterior", "prior"}
    assert "same effect" in frame.attrs["labels"].curves["posterior"]


def test_the_picture_says_what_its_probabilities_depend_on(frame):
    shown = " ".join(texts(plot_posterior(frame)))
    labels = frame.attrs["labels"]
    assert labels.chance.startswith(("P(benefit) = 0.99", "P(benefit) > 0.99"))
    assert labels.chance in shown
    assert "given unbiased trials, mu ~ normal(0, 2.82), tau ~ half-normal(0.5), normal likelihood" in shown
    assert "appreciable benefit (RR > 1.25)" in shown
    assert "reconstructed (unique solution)" in shown
    assert "mean effect (mu), prior: normal(0, 2.82)" in shown


def test_the_same_picture_gives_the_same_bytes(frame):
    assert svg_text(plot_posterior(frame)) == svg_text(plot_posterior(frame))


def test_texts_stay_on_the_figure_and_apart(made, make_model, make_counts):
    title = "A very long title of an outcome measured in several ways at several times " * 2
    case = made(
        make_counts(["A", "B", "C"]),
        make_model(title=title, treatment_label="A long name of a treatment " * 2),
    )
    axes = plot_posterior(prepare_posterior(case.fit))
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts] + [axes.get_legend().get_window_extent()]
    figure = axes.figure.bbox
    assert all(box.x0 >= 0 and box.x1 <= figure.x1 and box.y0 >= 0 and box.y1 <= figure.y1 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1


def test_close_thresholds_have_numbers_on_different_levels(made, make_counts):
    from mutau.outcomes import Threshold

    thresholds = tuple(Threshold(value, "x") for value in (0.78, 0.79, 0.8))
    model = OutcomeModel(name="x", measure="RR", benefit="lower", thresholds=thresholds)
    axes = plot_posterior(prepare_posterior(made(make_counts(["A", "B"]), model).fit))
    levels = {text.get_position()[1] for text in axes.texts if text.get_text() in {"0.78", "0.79", "0.8"}}
    assert len(levels) == 3


def test_a_difference_has_a_linear_axis(made):
    given = pd.DataFrame(
        {"study": ["A", "B"], "yi": [-2.0, -1.0], "sei": [0.9, 1.2], "provenance": "abstract"}
    )
    case = made(given, OutcomeModel(name="md", measure="MD", benefit="lower", reference_sd=5.0))
    axes = plot_posterior(prepare_posterior(case.fit))
    assert axes.get_xscale() == "linear"
