from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.outcomes import OutcomeModel
from mutau.plots import PRIOR_COLUMNS, plot_prior, prepare_prior, svg_text

MODEL = OutcomeModel(name="falls", title="Falls", measure="RR", benefit="lower")


@pytest.fixture(scope="module")
def frame():
    return prepare_prior(MODEL)


def texts(axes):
    root = ElementTree.fromstring(svg_text(axes))
    return [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]


def curve(frame, name):
    return frame[frame["curve"] == name]


def test_curves_and_columns(frame):
    assert tuple(frame.columns) == PRIOR_COLUMNS
    assert list(frame["curve"].unique()) == ["mu", "new", "default", "doubled"]
    assert set(curve(frame, "new")["parameter"]) == {"mu"}
    np.testing.assert_allclose(curve(frame, "mu")["natural"], np.exp(curve(frame, "mu")["analysis"]))
    tau = curve(frame, "default")
    np.testing.assert_allclose(tau["natural"], np.exp(2 * 1.959963984540054 * tau["analysis"]))


def test_densities_are_the_priors(frame):
    mu, tau = curve(frame, "mu"), curve(frame, "doubled")
    np.testing.assert_allclose(mu["density"], MODEL.mu_prior.pdf(mu["analysis"].to_numpy()))
    np.testing.assert_allclose(tau["density"], priors.HalfNormal(1).pdf(tau["analysis"].to_numpy()))
    new = curve(frame, "new")
    expected = priors.prior_predictive(MODEL.mu_prior, MODEL.tau_prior).theta_new.pdf(
        new["analysis"].to_numpy()
    )
    np.testing.assert_allclose(new["density"], expected)


def test_quantiles_are_marked(frame):
    marks = frame.attrs["labels"].marks
    assert [p for p, _, _ in marks["mu"]] == [0.025, 0.5, 0.975]
    for p, place, _ in marks["mu"]:
        assert MODEL.mu_prior.cdf(np.log(place)) == pytest.approx(p)
    assert [text for _, _, text in marks["tau"]] == ["0.34 (3.75)", "0.98 (46.59)"]


def test_drawing(frame):
    left, right = plot_prior(frame)
    shown = texts(left)
    for text in (
        "Priors: Falls",
        "mean effect (mu): normal(0, 2.82)",
        "effect in one setting",
        "default: half-normal(0.5)",
        "50%: 0.34 (3.75)",
        "97.5%: 251.41",
        "Not drawn: tau = 0, point mass at 0, which is a fixed value.",
    ):
        assert text in shown
    assert (left.get_xscale(), right.get_xscale()) == ("log", "linear")


def test_drawing_into_axes_of_ones_own(frame):
    first = plot_prior(frame)
    assert plot_prior(frame, axes=first) == first


def test_what_has_no_density_is_said(frame):
    model = replace(MODEL, mu_prior=priors.Flat(), tau_prior=priors.Jeffreys())
    improper = prepare_prior(model)
    assert "mu" not in set(improper["parameter"])
    notes = improper.attrs["labels"].notes
    assert "Not drawn: mu, flat, which is improper." in notes
    assert "Not drawn: tau, Jeffreys (improper), which is made from the studies' standard errors." in notes
    assert "nothing to draw: see the notes" in texts(plot_prior(improper)[0])


def test_a_curve_above_the_frame_is_said():
    model = replace(MODEL, tau_alternatives=(("peaked", priors.HalfNormal(0.05)),))
    assert any("leaves the frame" in note for note in prepare_prior(model).attrs["labels"].notes)


def test_nothing_to_draw_at_all():
    model = OutcomeModel(
        name="x", measure="GEN", benefit="lower", mu_prior=priors.Flat(), tau_prior=priors.PointMass(0)
    )
    with pytest.raises(ArgumentError, match="needs one that is proper"):
        prepare_prior(model)
